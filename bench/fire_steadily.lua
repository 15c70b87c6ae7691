-- fire_steadily: events at a fixed rate, whatever becomes of them, over ENDPOINTS endpoints in turn; the receiver
-- measures how long each took from fire to there.
--
--     lua5.4 bench/fire_steadily.lua PORT HISTORY SECONDS answer|hang [TIMEOUT]
--
-- Each endpoint is another address of the loopback network, so that it has connections of its own, as endpoints of
-- different people have. With "hang" the last one accepts and never answers. Its queue is filled before the
-- measurement, so that all its requests in flight hang; with a short TIMEOUT the measurement also sees them end, all at
-- once, and the next ones connect. Its own events carry no stamp, in either case. Prints how many events were stamped.

local clock = require "bench_clock"
local contract = require "contract"
local webhook = require "intent_webhook"

local ENDPOINTS, RATE, BACKLOG, SETTLE_US = 100, 2000, 500, 300000

local port, path, seconds, last, timeout = arg[1], arg[2], tonumber(arg[3]), arg[4], tonumber(arg[5])
if not last then contract.fail("usage: fire_steadily.lua PORT HISTORY SECONDS answer|hang [TIMEOUT]") end

local intents = {}
for i = 1, ENDPOINTS do
  local target = i == ENDPOINTS and last == "hang" and "hang" or "hook"
  local url = string.format("http://127.0.0.%d:%s/%s", i, port, target)
  intents[i] = contract.intent("intent" .. i, url, { timeout = i == ENDPOINTS and timeout or nil })
end
local client = assert(webhook.new { history = path, intents = intents })

-- Every endpoint has its connection, and the last one its backlog.
for i = 1, ENDPOINTS - 1 do
  local id = assert(client:fire("intent" .. i, contract.slots))
  assert(client:wait(id, 5))
end
for _ = 1, BACKLOG do assert(client:fire("intent" .. ENDPOINTS, contract.slots)) end

local slots = { customer_name = "John Doe", appointment_date = "2026-03-15" }
local stamped = 0
local start = clock.now() + SETTLE_US
for i = 1, seconds * RATE do
  local endpoint = (i - 1) % ENDPOINTS + 1
  clock.sleep_until(start + i * 1e6 / RATE)
  if endpoint == ENDPOINTS then
    slots.phone = "+84901234567"
    client:poll()
  else
    slots.phone = string.format("%.0f", clock.now())
    stamped = stamped + 1
  end
  assert(client:fire("intent" .. endpoint, slots))
end
client:close(0.5)
print(stamped)
