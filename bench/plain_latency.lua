-- plain_latency: how long a server takes for a plain request, one after the other over one connection, at a pace that
-- is no multiple of anything. Prints the median and the 99th percentile in microseconds.
--
--     lua5.4 bench/plain_latency.lua PORT SECONDS

local clock = require "bench_clock"
local contract = require "contract"
local socket = require "socket"

local LEAST_US, MOST_US = 500, 1500 -- from one request to the next

local port, seconds = arg[1], tonumber(arg[2])
if not seconds then contract.fail("usage: plain_latency.lua PORT SECONDS") end

local connection = assert(socket.connect("127.0.0.1", tonumber(port)))
connection:setoption("tcp-nodelay", true)
math.randomseed(1)

local latencies, at = {}, clock.now()
local ending = at + seconds * 1e6
repeat
  at = at + math.random(LEAST_US, MOST_US)
  clock.sleep_until(at)
  local before = clock.now()
  assert(connection:send("GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n"))
  repeat until assert(connection:receive("*l")) == "" -- it has no body
  latencies[#latencies + 1] = clock.now() - before
until at > ending
table.sort(latencies)
print(string.format("%.1f %.1f", latencies[math.ceil(#latencies / 2)], latencies[math.ceil(#latencies * 0.99)]))
