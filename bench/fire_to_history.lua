-- fire_to_history: COUNT events from client:fire until every one is delivered and recorded. Prints events a second.
-- The same 64 in flight as the peers; a host that has a burst to send, so the queue has room for all of it.
--
--     lua5.4 bench/fire_to_history.lua URL COUNT HISTORY

local clock = require "bench_clock"
local contract = require "contract"
local webhook = require "intent_webhook"

local url, count, path = arg[1], tonumber(arg[2]), arg[3]
if not path then contract.fail("usage: fire_to_history.lua URL COUNT HISTORY") end

local client = assert(webhook.new {
  history = path,
  queue_limit = count,
  queue_bytes = 1024 * 1024 * 1024,
  intents = { contract.intent("book_appointment", url, { in_flight = 64 }) },
})

local start = clock.now()
for _ = 1, count do assert(client:fire("book_appointment", contract.slots)) end
assert(client:flush(60))
local seconds = (clock.now() - start) / 1e6

local stats = client:stats()
if stats.delivered ~= count then contract.fail("only", stats.delivered, "of", count, "events were delivered") end
assert(client:close(10))
print(string.format("%.0f", count / seconds))
