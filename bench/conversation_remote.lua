-- conversation_remote: what a message costs at the least when its intent is asked for elsewhere: one round trip over a
-- connection that is kept, on loopback, to a server that computes nothing; without what an NLU itself takes.
--
--     lua5.4 bench/conversation_remote.lua PORT COUNT
--
-- The request is Rasa's, /model/parse with the text; its answer is empty. Prints messages a second, elapsed, and the
-- microseconds of processor time of the asking thread for each.

local clock = require "bench_clock"
local contract = require "contract"
local socket = require "socket"

local port, count = tonumber(arg[1]), tonumber(arg[2])
if not count then contract.fail("usage: conversation_remote.lua PORT COUNT") end

local connection = assert(socket.connect("127.0.0.1", port))
connection:setoption("tcp-nodelay", true)

local function ask(text)
  local body = '{"text":"' .. text .. '"}'
  assert(connection:send("POST /model/parse HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    .. "Content-Length: " .. #body .. "\r\n\r\n" .. body))
  local status = assert(connection:receive("*l"))
  if not status:find("^HTTP/1.1 200") then contract.fail("the server says", status) end
  local length = 0
  repeat
    local line = assert(connection:receive("*l"))
    length = tonumber(line:lower():match("^content%-length: (%d+)")) or length
  until line == ""
  if length > 0 then assert(connection:receive(length)) end
end

for _ = 1, 100 do ask("I'd like to book a table for Saturday evening") end
local since, of_thread = clock.now(), clock.thread_cpu()
for _ = 1, count do ask("I'd like to book a table for Saturday evening") end
print(count / (clock.now() - since) * 1e6, (clock.thread_cpu() - of_thread) / count)
