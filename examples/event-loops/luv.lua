--- A chat over TCP in luv's event loop: every line is a message; the answer to one that fires comes when its webhook
-- has been delivered, and nobody else waits for that meanwhile.
--
--     lua5.4 examples/event-loops/luv.lua URL HISTORY        prints the port that it listens on; SIGTERM ends it
--
-- Try it with `intent-webhook listen --port 8080`, then http://127.0.0.1:8080 as the URL and `nc 127.0.0.1 PORT`.

local uv = require "luv"
local webhook = require "intent_webhook"

local url, history = arg[1], arg[2]
if not history then
  io.stderr:write("usage: luv.lua URL HISTORY\n")
  os.exit(2)
end

local client = assert(webhook.new {
  history = history,
  intents = {
    {
      name = "call_back",
      rules = { "call me at {phone}", "please call me at {phone}" },
      slots = { { name = "phone", sensitive = true } },
      actions = { { webhook = url } },
    },
  },
})

local waiting = {} -- the connection that is to hear of an event, by the event's id

local results = assert(uv.new_poll(assert(client:fd())))
results:start("r", function()
  for _, delivery in ipairs(client:poll()) do
    local connection = waiting[delivery.id]
    waiting[delivery.id] = nil
    if connection and not connection:is_closing() then
      connection:write(delivery.status == "delivered" and "We call you back.\n" or "That did not work, sorry.\n")
    end
  end
end)

local function answer(connection, message)
  local result, problem = client:message(message)
  if not result then
    connection:write("That did not work: " .. problem .. "\n")
  elseif result.status == "fired" then
    waiting[result.id] = connection
  else
    connection:write("Say \"call me at\" and your number.\n")
  end
end

local connections = {}
local server = assert(uv.new_tcp())
assert(server:bind("127.0.0.1", 0))
assert(server:listen(128, function()
  local connection, rest = uv.new_tcp(), ""
  connections[connection] = true
  server:accept(connection)
  connection:read_start(function(_, bytes)
    if not bytes then
      connections[connection] = nil
      return connection:close()
    end
    rest = rest .. bytes
    rest = rest:gsub("([^\r\n]*)\r?\n", function(message)
      answer(connection, message)
      return ""
    end)
  end)
end))
print(server:getsockname().port)
io.stdout:flush()

local stop = assert(uv.new_signal())
stop:start("sigterm", uv.stop)
uv.run()

client:close(5)
results:close()
server:close()
stop:close()
for connection in pairs(connections) do connection:close() end
uv.run()
