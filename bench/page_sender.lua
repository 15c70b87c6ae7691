-- page_sender: events for SECONDS from client:fire, whose history is looked at meanwhile.
--
--     lua5.4 bench/page_sender.lua URL HISTORY SECONDS RATE PORT_FILE serve|-
--
-- RATE: events a second, fired at a fixed rate whatever becomes of them, with a stamp for the receiver as phone; 0: as
-- fast as they are delivered and recorded, so that about OUTSTANDING wait or are in flight. With "serve" the client
-- serves its page. Once the history is there, writes to PORT_FILE the page's port (0 without one), and begins when it
-- reads a line. Ends when its standard input does, so that the page is there for as long as somebody looks.
--
-- Prints deliveries a second, and the milliseconds of processor time that they took of: the process, the host's thread,
-- the sender's, the history's, the page's own, and those of the HTTP server.

local clock = require "bench_clock"
local contract = require "contract"
local webhook = require "intent_webhook"

local OUTSTANDING, UNRECORDED, QUEUE_BYTES, LOOK_US = 512, 5000, 1024 * 1024 * 1024, 1000

local url, path, seconds, rate, port_file, serve =
  arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4]), arg[5], arg[6] == "serve"
if not arg[6] then contract.fail("usage: page_sender.lua URL HISTORY SECONDS RATE PORT_FILE serve|-") end

local client = assert(webhook.new {
  history = path,
  queue_bytes = QUEUE_BYTES,
  intents = { contract.intent("book_appointment", url, { in_flight = 64 }) },
})
local server = serve and assert(client:serve { port = 0 })

-- Of each kind of thread, in milliseconds.
local KINDS = { ["webhook-sender"] = "sender", ["iw-history"] = "history", ["iw-page"] = "page" }
local function thread_times()
  local times = { host = 0, sender = 0, history = 0, page = 0, http = 0 }
  local pipe = assert(io.popen [[
    cd /proc/$PPID/task && for t in *; do echo "$t $(cat $t/comm) $(cat $t/schedstat)"; done; echo $PPID]])
  local threads, main = {}, nil
  for line in pipe:lines() do
    local id, name, spent = line:match("^(%d+) (.-) (%d+) %d+ %d+$")
    if id then threads[#threads + 1] = { id = id, name = name, ms = spent / 1e6 } else main = line end
  end
  pipe:close()
  for _, thread in ipairs(threads) do
    local kind = thread.id == main and "host" or KINDS[thread.name] or "http"
    times[kind] = times[kind] + thread.ms
  end
  return times
end

-- One delivery, so that there is a history to be looked at.
assert(client:wait(assert(client:fire("book_appointment", contract.slots)), 5))
assert(client:flush(5))
local file = assert(io.open(port_file, "w"))
file:write(server and server.port or 0, "\n")
file:close()
if not io.read("l") then os.exit(1) end

local before, delivered_before = thread_times(), client:stats().delivered
local start = clock.now()
local deadline = start + seconds * 1e6

local function fire_fast()
  repeat
    local stats = client:stats()
    local waiting = stats.queued + stats.in_flight
    for _ = 1, math.min(OUTSTANDING - waiting, UNRECORDED - stats.unrecorded - waiting) do
      assert(client:fire("book_appointment", contract.slots))
    end
    clock.sleep_until(clock.now() + LOOK_US)
  until clock.now() >= deadline
end

local function fire_at_rate()
  local slots = { customer_name = contract.slots.customer_name, appointment_date = contract.slots.appointment_date }
  for i = 1, seconds * rate do
    clock.sleep_until(start + i * 1e6 / rate)
    slots.phone = string.format("%.0f", clock.now())
    assert(client:fire("book_appointment", slots))
  end
end

if rate == 0 then fire_fast() else fire_at_rate() end
assert(client:flush(60))
local elapsed = (clock.now() - start) / 1e6
local stats, after = client:stats(), thread_times()
if stats.failed > 0 then contract.fail(stats.failed, "events were not delivered") end

local columns, whole = {}, 0
for i, kind in ipairs { "host", "sender", "history", "page", "http" } do
  local spent = after[kind] - before[kind]
  whole, columns[i] = whole + spent, string.format("%.0f", spent)
end
print(string.format("%.0f %.0f %s", (stats.delivered - delivered_before) / elapsed, whole, table.concat(columns, " ")))
io.stdout:flush()
io.read("a")
if server then server:close() end
assert(client:close(10))
