-- fire_to_history: COUNT events from client:fire until every one is delivered and recorded. Prints events a second.
--
--     lua5.4 bench/fire_to_history.lua URL COUNT HISTORY OUTSTANDING
--
-- The same 64 in flight as the peers. The host fires as fast as events are delivered, so that about OUTSTANDING of them
-- wait or are in flight; with OUTSTANDING = COUNT it fires all of them at once.

local clock = require "bench_clock"
local contract = require "contract"
local webhook = require "intent_webhook"

local DEFAULT_QUEUE_LIMIT, QUEUE_BYTES, LOOK_US = 10000, 1024 * 1024 * 1024, 1000

local url, count, path, outstanding = arg[1], tonumber(arg[2]), arg[3], tonumber(arg[4])
if not outstanding then contract.fail("usage: fire_to_history.lua URL COUNT HISTORY OUTSTANDING") end

local client = assert(webhook.new {
  history = path,
  queue_limit = math.max(outstanding, DEFAULT_QUEUE_LIMIT),
  queue_bytes = QUEUE_BYTES,
  intents = { contract.intent("book_appointment", url, { in_flight = 64 }) },
})

local fired = 0
local function fill()
  local stats = client:stats()
  for _ = 1, math.min(outstanding - stats.queued - stats.in_flight, count - fired) do
    assert(client:fire("book_appointment", contract.slots))
    fired = fired + 1
  end
end

local start = clock.now()
fill()
while fired < count do
  clock.sleep_until(clock.now() + LOOK_US)
  fill()
end
assert(client:flush(60))
local seconds = (clock.now() - start) / 1e6

local stats = client:stats()
if stats.delivered ~= count then contract.fail("only", stats.delivered, "of", count, "events were delivered") end
assert(client:close(10))
print(string.format("%.0f", count / seconds))
