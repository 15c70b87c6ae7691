-- chat_steadily: posts the contract's slots to a gateway's /chat at a fixed rate, over one connection.
--
--     lua5.4 bench/chat_steadily.lua PORT SECONDS RATE

local cjson = require "cjson"
local clock = require "bench_clock"
local contract = require "contract"
local socket = require "socket"

local port, seconds, rate = arg[1], tonumber(arg[2]), tonumber(arg[3])
if not rate then contract.fail("usage: chat_steadily.lua PORT SECONDS RATE") end

local body = cjson.encode(contract.slots)
local request = ("POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
local connection = assert(socket.connect("127.0.0.1", tonumber(port)))
connection:setoption("tcp-nodelay", true)

-- The answer: a head, and a body in chunks.
local function receive()
  local status = assert(connection:receive("*l"))
  if not status:find(" 200 ", 1, true) then contract.fail("/chat: " .. status) end
  repeat until assert(connection:receive("*l")) == "0" -- the last chunk
  assert(connection:receive("*l"))
end

local start = clock.now()
for i = 1, seconds * rate do
  clock.sleep_until(start + i * 1e6 / rate)
  assert(connection:send(request))
  receive()
end
