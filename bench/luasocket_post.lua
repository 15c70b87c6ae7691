-- luasocket_post: the same posts from Lua as handlers do it today: socket.http.request, one after the other, blocking.
-- socket.http opens a connection for every request (it sends Connection: close); nothing is recorded.
-- Prints requests a second.
--
--     lua5.4 bench/luasocket_post.lua URL COUNT

local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

local url, count = arg[1], tonumber(arg[2])
if not (url and count) then
  io.stderr:write("usage: luasocket_post.lua URL COUNT\n")
  os.exit(2)
end

local body = '{"customer_name":"John Doe","appointment_date":"2026-03-15","phone":"+84901234567"}'
local headers = {
  ["Content-Type"] = "application/json",
  ["User-Agent"] = "rag-go-intent-webhook/1.0",
  ["Authorization"] = "Bearer abc123",
  ["Content-Length"] = #body,
}

local start = socket.gettime()
for _ = 1, count do
  local ok, status = http.request {
    url = url,
    method = "POST",
    headers = headers,
    source = ltn12.source.string(body),
    sink = ltn12.sink.null(),
  }
  if not ok or status < 200 or status > 299 then
    io.stderr:write("luasocket_post: ", tostring(status), "\n")
    os.exit(1)
  end
end
print(string.format("%.0f", count / (socket.gettime() - start)))
