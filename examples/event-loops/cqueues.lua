--- Fires some events from a coroutine of cqueues and prints what becomes of them, while another coroutine goes on.
--
--     lua5.4 examples/event-loops/cqueues.lua URL HISTORY COUNT

local cqueues = require "cqueues"
local webhook = require "intent_webhook"

local url, history, count = arg[1], arg[2], tonumber(arg[3])
if not count then
  io.stderr:write("usage: cqueues.lua URL HISTORY COUNT\n")
  os.exit(2)
end

local client = assert(webhook.new {
  history = history,
  intents = { { name = "order", slots = { "number" }, actions = { { webhook = url } } } },
})

-- What cqueues.poll takes: an object with a descriptor and what to wait for.
local results = { pollfd = assert(client:fd()), events = "r" }

local loop, finished, ticks = cqueues.new(), 0, 0

loop:wrap(function()
  for number = 1, count do assert(client:fire("order", { number = number })) end
  while finished < count do
    cqueues.poll(results)
    for _, delivery in ipairs(client:poll()) do
      finished = finished + 1
      print(delivery.id, delivery.status)
    end
  end
end)

loop:wrap(function()
  while finished < count do
    ticks = ticks + 1
    cqueues.sleep(0.01)
  end
end)

assert(loop:loop())
print(("%d finished, %s"):format(finished, ticks > 1 and "and the loop went on meanwhile" or "at once"))
client:close(5)
