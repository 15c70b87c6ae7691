-- fire_cost: what client:fire costs its host, against lua-cjson's encode of the same table.
--
--     lua5.4 bench/fire_cost.lua URL HISTORY
--
-- Prints, in microseconds a call: fire and encode in processor time of the calling thread, fire and encode in elapsed
-- time, and the elapsed time of one fire when everything of ours is asleep.
--
-- A burst is BURST calls of fire into an empty queue that has room for them, then BURST calls of encode; between
-- bursts everything is sent, recorded and polled, unmeasured. Each figure is the median of the bursts. Processor time
-- is of the calling thread alone (CLOCK_THREAD_CPUTIME_ID): it counts what the host pays, kernel and garbage
-- collection included, and neither what the sender and the receiver do meanwhile, nor the time when other programs
-- have the processor. Elapsed time counts all of that, and with two processors for three busy threads and a receiver
-- it says more about the machine.

local cjson = require "cjson"
local clock = require "bench_clock"
local contract = require "contract"
local median = require "median"
local webhook = require "intent_webhook"

local BURST, BURSTS, SINGLES = 1000, 60, 200

local url, path = arg[1], arg[2]
if not path then contract.fail("usage: fire_cost.lua URL HISTORY") end

local slots, encode = contract.slots, cjson.encode
local client = assert(webhook.new {
  history = path,
  intents = { contract.intent("book_appointment", url) },
})

local function drain()
  assert(client:flush(30))
  while #client:poll() > 0 do end
end

local function measure(calls, call)
  local cpu, now = clock.thread_cpu(), clock.now()
  for _ = 1, calls do call() end
  return (clock.thread_cpu() - cpu) / calls, (clock.now() - now) / calls
end

local function fire() assert(client:fire("book_appointment", slots)) end
local function write() return encode(slots) end

measure(BURST, fire)
drain()
local fire_cpu, fire_elapsed, encode_cpu, encode_elapsed, single = {}, {}, {}, {}, {}
for i = 1, BURSTS do
  fire_cpu[i], fire_elapsed[i] = measure(BURST, fire)
  drain()
  encode_cpu[i], encode_elapsed[i] = measure(BURST, write)
end
for i = 1, SINGLES do
  clock.sleep_until(clock.now() + 5000)
  local _
  _, single[i] = measure(1, fire)
end
drain()
assert(client:close(10))
print(string.format("%.3f %.3f %.3f %.3f %.3f", median(fire_cpu), median(encode_cpu), median(fire_elapsed),
  median(encode_elapsed), median(single)))
