-- openresty: nginx with its Lua module and the gateway of chat_gateway.lua, one process, for a benchmark.
--
--     local server = openresty.start { folder =, case =, receiver_port =, path =, before = "chrt -f 1 ", env = "A=b" }
--     server.port          where it listens: POST /chat, GET /plain
--     server:settle(20)    waits until no webhook is on its way any more
--     server:stop()

local clock = require "bench_clock"
local http = require "socket.http"

local openresty = {}

local Server = {}
Server.__index = Server

local CONFIGURATION = [[
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off;
master_process off;
pid $folder/openresty.pid;
error_log $folder/openresty.log error;
worker_rlimit_nofile $descriptors;
env SLOW_DISK_MS;
events { worker_connections 16000; } # a cosocket in a timer takes two
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path $folder;
  proxy_temp_path $folder;
  fastcgi_temp_path $folder;
  uwsgi_temp_path $folder;
  scgi_temp_path $folder;
  lua_package_path "$root/lua/?.lua;$root/bench/?.lua;;";
  lua_package_cpath "$root/build/5.1/?.so;;";
  lua_max_pending_timers 100000;
  lua_max_running_timers 100000;
  init_by_lua_block {
    gateway = require("chat_gateway").new("$case", $receiver, "$path", "$folder/openresty.db")
  }
  server {
    listen 127.0.0.1:$port backlog=4096;
    location = /chat { content_by_lua_block { gateway.chat() } }
    location = /left { content_by_lua_block { gateway.left() } }
    location = /plain { return 200; }
  }
}
]]

local ports = 31000 -- below those that the system gives to outgoing connections

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function listening(port)
  return (http.request("http://127.0.0.1:" .. port .. "/plain")) ~= nil
end

local function await(condition, seconds)
  local deadline = clock.now() + seconds * 1e6
  repeat
    if condition() then return true end
    clock.sleep_until(clock.now() + 10000)
  until clock.now() > deadline
  return false
end

function openresty.start(options)
  repeat ports = ports + 1 until not listening(ports)
  local folder = options.folder
  for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(folder .. "/openresty.db" .. suffix) end
  local file = assert(io.open(folder .. "/openresty.conf", "w"))
  file:write((CONFIGURATION:gsub("%$(%l+)", {
    folder = folder, port = ports, case = options.case, receiver = options.receiver_port, path = options.path,
    root = output("pwd"), descriptors = output("ulimit -Hn"),
  })))
  file:close()
  local command = "exec %senv %s nginx -p %s -e %s/openresty.log -c %s/openresty.conf"
  local pipe = assert(io.popen(command:format(options.before or "", options.env or "", folder, folder, folder)))
  local self = setmetatable({ port = ports, folder = folder, pipe = pipe }, Server)
  local started = await(function()
    self.pid = tonumber(output("cat " .. folder .. "/openresty.pid 2>/dev/null"))
    return self.pid and listening(self.port)
  end, 10)
  if not started then error("nginx with Lua does not listen: " .. output("cat " .. folder .. "/openresty.log"), 0) end
  return self
end

function Server:settle(seconds)
  local left
  if not await(function()
    left = tonumber((http.request("http://127.0.0.1:" .. self.port .. "/left")))
    return left == 0
  end, seconds) then
    error(left .. " webhooks are still on their way", 0)
  end
end

--- At once: what it was to record is not waited for.
function Server:stop()
  os.execute("kill -KILL " .. self.pid)
  self.pipe:close() -- waits for its end
  os.remove(self.folder .. "/openresty.pid")
end

return openresty
