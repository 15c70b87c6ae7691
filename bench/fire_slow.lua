-- fire_slow: COUNT events to an endpoint that takes long to answer, all of them on the wire at once. Prints how many
-- were delivered, the most memory that this process ever had (VmHWM, in MB), and the seconds that it took.
--
--     lua5.4 bench/fire_slow.lua URL COUNT HISTORY

local clock = require "bench_clock"
local contract = require "contract"
local webhook = require "intent_webhook"

local url, count, path = arg[1], tonumber(arg[2]), arg[3]
if not path then contract.fail("usage: fire_slow.lua URL COUNT HISTORY") end

local client = assert(webhook.new {
  history = path,
  queue_limit = count,
  intents = { contract.intent("book_appointment", url, { in_flight = count }) },
})
local start = clock.now()
for _ = 1, count do assert(client:fire("book_appointment", contract.slots)) end
assert(client:flush(60))
local seconds = (clock.now() - start) / 1e6
local delivered = client:stats().delivered

local file = assert(io.open("/proc/self/status"))
local peak = tonumber(file:read("a"):match("VmHWM:%s*(%d+)"))
file:close()
client:close(10)
print(string.format("%d %.1f %.2f", delivered, peak / 1024, seconds))
