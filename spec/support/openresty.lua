--- Debian's nginx with its Lua module, as a master with workers on a free port of loopback, in a folder of its own.
--
--     local openresty = require "spec.support.openresty"
--     openresty.build()                                   the module for the 5.1 ABI, which nginx's LuaJIT loads
--     local server = openresty.start { http = "init_by_lua_block { ... }", server = "location / { ... }" }
--     server:post("/chat", "book a table")                status, body
--     server:signal("QUIT"), server:await_end()
--     server:log()                                        what is in the error log, from notice on
--     server:stop()                                       the workers too, whatever became of the master
--
-- In the configuration $folder is the server's folder.

local process = require "spec.support.process"
local socket = require "socket"

local openresty = {}

local Server = {}
Server.__index = Server

local running = {} -- of this test run

local ANSWER_SECONDS = 15

local CONFIGURATION = [[
load_module $modules/ndk_http_module.so;
load_module $modules/ngx_http_lua_module.so;
$user
daemon off;
worker_processes $workers;
error_log $folder/error.log notice;
pid $folder/nginx.pid;
$main
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  lua_package_path "$root/lua/?.lua;;";
  lua_package_cpath "$root/build/5.1/?.so;;";
  lua_shared_dict notes 1m;
$http
  server {
    listen 127.0.0.1:$port;
$server
  }
}
]]

local function lines_of(command)
  local lines = {}
  for line in process.shell(command):gmatch("[^\n]+") do lines[#lines + 1] = line end
  return lines
end

--- Builds the module for nginx, if that has not been done.
function openresty.build()
  local status, output, errors = process.run({ "make", "--no-print-directory", "LUA_VERSION=5.1", "all" }, 300)
  if status ~= 0 then error("the module could not be built for nginx: " .. output .. errors, 2) end
end

--- Where Debian keeps nginx's modules.
function openresty.modules()
  return "/usr/lib/nginx/modules"
end

--- Starts nginx with a configuration that is complete but for $port, $user and the like. env: for the master.
--- Waits until it listens.
function openresty.run(configuration, folder, env)
  local self = setmetatable({ folder = folder, port = process.free_port() }, Server)
  local values = {
    folder = folder, port = self.port, root = lines_of("pwd")[1], modules = openresty.modules(),
    user = lines_of("id -u")[1] == "0" and "user root;" or "",
  }
  process.write_file(folder .. "/nginx.conf", (configuration:gsub("%$(%l+)", values)))
  -- nginx says nothing when it is ready, so the first line is the shell's
  local script = 'PATH="$PATH:/usr/sbin"; echo "$1"; exec nginx -p "$1" -e "$1/error.log" -c "$1/nginx.conf"'
  self.process = process.start { "sh", "-c", script, "sh", folder, env = env }
  self.pid = self.process.pid
  running[self] = true
  local ok, reason = pcall(process.wait_until, function()
    local connection = socket.connect("127.0.0.1", self.port)
    return connection and connection:close() or self.process:ended()
  end, 20, "nginx to listen")
  if not ok or self.process:ended() then
    local errors = self.process:errors() .. self:log()
    self:stop()
    error(("nginx does not start: %s: %s"):format(tostring(reason), errors), 2)
  end
  return self
end

--- main, http, server: directives of these levels; workers: how many, default 1; env: environment of the master.
function openresty.start(options)
  local parts = {
    main = options.main or "", http = options.http or "", server = options.server or "", workers = options.workers or 1,
  }
  return openresty.run((CONFIGURATION:gsub("%$(%l+)", parts)), process.temporary_folder(), options.env)
end

--- Sends a request and does not wait for its answer, which answer() of the connection that this returns gives.
function Server:send(path, body)
  local connection = assert(socket.connect("127.0.0.1", self.port))
  connection:settimeout(ANSWER_SECONDS)
  local head = "%s %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n" -- 1.0: no chunks
  assert(connection:send(head:format(body and "POST" or "GET", path, #(body or "")) .. (body or "")))
  return connection
end

--- Status and body, or nil and why there is none.
function Server:answer(connection)
  local text, problem = connection:receive("*a")
  connection:close()
  if not text then return nil, problem end
  local status, body = text:match("^HTTP/1%.1 (%d+).-\r\n\r\n(.*)$")
  if not status then return nil, "no complete answer: " .. text end
  return tonumber(status), body
end

function Server:post(path, body)
  return self:answer(self:send(path, body))
end

function Server:get(path)
  return self:answer(self:send(path))
end

--- The pids of its workers, those that are shutting down among them.
function Server:workers()
  local pids = {}
  for index, line in ipairs(lines_of("ps -o pid= --ppid " .. self.pid)) do pids[index] = tonumber(line) end
  return pids
end

--- To the master, or to one worker.
function Server:signal(name, pid)
  process.shell("kill -" .. name .. " " .. (pid or self.pid))
end

--- Waits until master and workers have ended; returns how many seconds that took, or raises.
function Server:await_end(timeout)
  local start, workers = socket.gettime(), self:workers()
  process.wait_until(function() return self.process:ended() end, timeout or 20, "nginx to end")
  for _, pid in ipairs(workers) do
    process.wait_until(function() return lines_of("ps -o stat= -p " .. pid)[1] == nil end, 5, "a worker to end")
  end
  return socket.gettime() - start
end

function Server:log()
  return process.read_file(self.folder .. "/error.log")
end

--- Waits until the log has so many lines that match; returns what the first capture was in each, in order.
function Server:await_log(pattern, count, timeout)
  local found
  process.wait_until(function()
    found = {}
    for line in self:log():gmatch("[^\n]+") do found[#found + 1] = line:match(pattern) end
    return #found >= (count or 1)
  end, timeout or 20, "the log to have " .. pattern)
  return found
end

function Server:stop()
  if not running[self] then return end
  running[self] = nil
  local workers = self:workers()
  if not self.process:ended() then
    self:signal("TERM")
    pcall(process.wait_until, function() return self.process:ended() end, 5, "nginx to end")
    for _, pid in ipairs(self:workers()) do workers[#workers + 1] = pid end
  end
  self.process:stop()
  for _, pid in ipairs(workers) do
    if lines_of("ps -o comm= -p " .. pid)[1] == "nginx" then process.shell("kill -KILL " .. pid) end
  end
  process.remove(self.folder)
end

function openresty.stop_all()
  local list = {}
  for server in pairs(running) do list[#list + 1] = server end
  for _, server in ipairs(list) do server:stop() end
end

return openresty
