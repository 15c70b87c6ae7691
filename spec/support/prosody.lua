--- A Prosody with the hosts of examples/prosody, on a free port of loopback, with a data folder of its own.
--
--     local server = prosody.start { options = "intent_webhook_stop_seconds = 2", env = { HELP_DESK_URL = url } }
--     server:connect("juliet")     an XMPP client that is logged in, see spec.support.xmpp
--     server:shell("module:reload('intent_webhook')")
--     server:ask_to_stop()         as systemd would
--     server.history, server:log(), server:stop()
--
-- options: lines for the configuration, ahead of the hosts. intents: source of the file of intents, otherwise the
-- example's. daemon = true: it goes into the background by itself.

local process = require "spec.support.process"
local socket = require "socket"
local xmpp = require "spec.support.xmpp"

local prosody = {}

local Prosody = {}
Prosody.__index = Prosody

local CONFIGURATION = [[
run_as_root = true
data_path = "$folder/data"
plugin_paths = { "$root/examples/prosody" }
pidfile = "$folder/prosody.pid"
log = { info = "$folder/log" }
modules_enabled = { "saslauth", "roster", "disco", "posix", "admin_shell" }
modules_disabled = { "s2s" }
c2s_ports = { $port }
c2s_interfaces = { "127.0.0.1" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
$options
Include "$root/examples/prosody/help_desk.cfg.lua"
]]

-- Prosody says nothing when it is ready, so the first line is the shell's; the last one is how Prosody ended.
local SCRIPT = [[
echo started
prosody "$2" --config "$1/prosody.cfg.lua" &
server=$!
trap 'kill $server' TERM
wait $server
echo "ended with $?"
]]

function prosody.start(options)
  options = options or {}
  local root = process.shell("pwd"):gsub("%s+$", "")
  local folder, port = process.temporary_folder(), process.free_port()
  local values = { folder = folder, root = root, port = port, options = options.options or "" }
  process.shell(("mkdir %s/data %s/certs"):format(folder, folder))
  process.write_file(folder .. "/prosody.cfg.lua", (CONFIGURATION:gsub("%$(%l+)", values)))
  process.write_file(folder .. "/intents.lua", options.intents or process.read_file("examples/prosody/intents.lua"))
  local env = { LUA_PATH = root .. "/lua/?.lua;;", LUA_CPATH = root .. "/build/5.4/?.so;;" }
  for name, value in pairs(options.env or {}) do env[name] = value end
  local mode = options.daemon and "-D" or "-F"
  local started = process.start { "sh", "-c", SCRIPT, "sh", folder, mode, env = env }
  local self = setmetatable({ process = started, folder = folder, port = port, env = env,
    history = folder .. "/data/intent-webhook.db" }, Prosody)
  local good, reason = pcall(process.wait_until, function()
    local connection = socket.connect("127.0.0.1", port)
    return connection and connection:close() and self:pid()
  end, 20, "Prosody to listen")
  if not good then
    reason = ("%s: %s%s%s"):format(reason, started:output(), started:errors(), self:log())
    self:stop()
    error(reason, 2)
  end
  return self
end

--- Of the server itself, which has written it down.
function Prosody:pid()
  return tonumber(process.read_file(self.folder .. "/prosody.pid"))
end

function Prosody:threads()
  return tonumber((process.shell(("ls /proc/%d/task | wc -l"):format(self:pid()))))
end

function Prosody:log()
  return process.read_file(self.folder .. "/log")
end

function Prosody:connect(user)
  return xmpp.connect { port = self.port, user = user, host = "localhost" }
end

--- What Prosody's administration shell answers to one line.
function Prosody:shell(line)
  local status, output, errors = process.run { "prosodyctl", "--config", self.folder .. "/prosody.cfg.lua", "shell",
    line, env = self.env }
  assert(status == 0, output .. errors)
  return output
end

function Prosody:ask_to_stop()
  self.asked = self.asked or self:pid()
  process.shell("kill -TERM " .. self.asked)
end

--- How the server ended, a status as the shell has it, or nil: it has not. A daemon's is always 0.
function Prosody:ended()
  local state = process.shell("ps -o stat= -p " .. self.asked)
  if state ~= "" and state:sub(1, 1) ~= "Z" then return nil end
  return tonumber(self.process:output():match("ended with (%d+)\n"))
end

--- Replaces the file of intents; a reload of the module reads it.
function Prosody:write_intents(source)
  process.write_file(self.folder .. "/intents.lua", source)
end

--- Stops it, whatever it does, and removes its folder; what the tests want to know of it they have asked before.
function Prosody:stop()
  if not self.folder then return end
  local pid = self:pid()
  if pid then process.shell("kill -KILL " .. pid .. " 2>/dev/null") end
  self.process:stop()
  process.remove(self.folder)
  self.folder = nil
end

return prosody
