--- HAProxy with the configuration of examples/haproxy, in master-worker mode, on a free port of loopback.
--
--     local server = haproxy.start { env = { GATEWAY_URL = url }, global = "user nobody" }
--     server:request("POST", "/chat", "Book ...")      status, body, and the thread that answered
--     server:reload(), server:is_ready(), server:signal("USR1"), server:ended()
--     server.history, server:stop()
--
-- env: for HAProxy. intents: source of the file of intents, otherwise the example's. global: lines for that section.
-- user: the one whom the history belongs to. edit: a function that changes the configuration's text.
--
-- Every response has the number of the thread that sent it in X-Thread.

local process = require "spec.support.process"
local socket = require "socket"

local haproxy = {}

local HAProxy = {}
HAProxy.__index = HAProxy

-- The first line is the master's pid, the last one how it ended.
local SCRIPT = [[
PATH="$PATH:/usr/sbin"
haproxy -W -S "127.0.0.1:$2" -f "$1" &
server=$!
echo $server
trap 'kill $server' TERM
wait $server
echo "ended with $?"
]]

function haproxy.start(options)
  local folder, port = process.temporary_folder(), process.free_port()
  local self = setmetatable({ folder = folder, port = port, control = process.free_port(), reloads = 0,
    history = folder .. "/jail/history/history.db" }, HAProxy)
  process.shell(("chmod 711 %s; mkdir -p %s/jail/history; %s"):format(folder, folder,
    options.user and ("chown %s %s/jail/history"):format(options.user, folder) or ""))
  local configuration = process.read_file("examples/haproxy/haproxy.cfg")
    :gsub("\nglobal\n", "%0  " .. (options.global or "") .. "\n")
    :gsub("\nfrontend gateway\n", "%0  http-after-response set-header X-Thread %%[thread]\n")
  if options.edit then configuration = options.edit(configuration, folder) end
  process.write_file(folder .. "/haproxy.cfg", configuration)
  self:write_intents(options.intents or process.read_file("examples/haproxy/intents.lua"))
  local env = { LUA_PATH = "./lua/?.lua;;", LUA_CPATH = "./build/5.3/?.so;;", PORT = port, HISTORY = self.history,
    INTENTS = folder .. "/intents.lua" }
  for name, value in pairs(options.env or {}) do env[name] = value end
  self.process = process.start { "sh", "-c", SCRIPT, "sh", folder .. "/haproxy.cfg", self.control,
    env = env }
  self.pid = tonumber(self.process.first_line)
  local good, reason = pcall(process.wait_until, function()
    assert(not self:ended(), "it has ended")
    return self:is_ready()
  end, 20, "HAProxy to be ready")
  if not good then
    reason = reason .. ": " .. self.process:errors()
    self:stop()
    error(reason, 2)
  end
  return self
end

--- Replaces the file of intents; a reload reads it.
function HAProxy:write_intents(source)
  process.write_file(self.folder .. "/intents.lua", source)
end

--- Sends a request and leaves the response to be read: HAProxy:response.
function HAProxy:send(method, path, body)
  local connection, problem = socket.connect("127.0.0.1", self.port)
  if not connection then return nil, problem end
  connection:settimeout(20)
  connection:send(("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Session: %s\r\nContent-Length: %d\r\n"
    .. "\r\n%s"):format(method, path, "visitor", #(body or ""), body or ""))
  return connection
end

--- Status, body and thread, as numbers but for the body; or nil and why there is no response.
function HAProxy:response(connection)
  local text, problem, partial = connection:receive("*a")
  connection:close()
  text = text or partial
  local head, body = text:match("^(HTTP/.-)\r\n\r\n(.*)$")
  if not head then return nil, problem or "an empty response" end
  return tonumber(head:match("^HTTP/%S+ (%d+)")), body, tonumber(head:lower():match("x%-thread: (%d+)"))
end

function HAProxy:request(method, path, body)
  local connection, problem = self:send(method, path, body)
  if not connection then return nil, problem end
  return self:response(connection)
end

--- The pids of the workers, those that are to leave as well.
function HAProxy:workers()
  local list = {}
  for pid in process.shell("ps -o pid= --ppid " .. self.pid):gmatch("%d+") do list[#list + 1] = tonumber(pid) end
  return list
end

function HAProxy:signal(name)
  process.shell(("kill -%s %d"):format(name, self.pid))
end

--- Whether the master has started the workers of the last reload, and listens to signals again: while it executes
-- itself anew it loses them.
function HAProxy:is_ready()
  local connection = socket.connect("127.0.0.1", self.control)
  if not connection then return false end
  connection:settimeout(0.2)
  connection:send("show proc\n")
  local text, _, partial = connection:receive("*a")
  connection:close()
  return tonumber((text or partial):match("master%s+(%d+)")) == self.reloads
end

--- Asks for new workers; HAProxy:is_ready says when they are there.
function HAProxy:reload()
  self.reloads = self.reloads + 1
  self:signal("USR2")
end

--- How the master ended, a status as the shell has it, or nil: it has not.
function HAProxy:ended()
  return tonumber(self.process:output():match("ended with (%d+)\n"))
end

--- Stops it, whatever it does.
function HAProxy:stop()
  if not self.folder then return end
  if not self:ended() then
    for _, pid in ipairs(self:workers()) do process.shell("kill -KILL " .. pid .. " 2>/dev/null") end
  end
  self.process:stop()
  process.remove(self.folder)
  self.folder = nil
end

return haproxy
