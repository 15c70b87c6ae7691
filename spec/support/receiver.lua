--- The scriptable receiver (receiver.py) as seen from a test.
--
--     local receiver = require "spec.support.receiver"
--     local server = receiver.start { host = "127.0.0.1", certificate = certificate, hello = "hang" }
--     server:url("/status/200")       what to post to
--     server:requests()               { { bytes, head, body, connection, complete, time }, ... } in order of arrival
--     server:stop()

local cjson = require "cjson"
local process = require "spec.support.process"
local socket = require "socket"

local receiver = {}

local Receiver = {}
Receiver.__index = Receiver

--- host: an address of loopback; certificate: { certificate = FILE, key = FILE }, for TLS; hello: see receiver.py.
function receiver.start(options)
  options = options or {}
  local command = { "/usr/bin/python3", "spec/support/receiver.py" }
  local function option(name, value)
    if value then
      command[#command + 1] = name
      command[#command + 1] = value
    end
  end
  option("--host", options.host)
  option("--hello", options.hello)
  if options.certificate then
    option("--cert", options.certificate.certificate)
    option("--key", options.certificate.key)
  end
  local self = setmetatable({ process = process.start(command), host = options.host or "127.0.0.1" }, Receiver)
  self.scheme = options.certificate and "https" or "http"
  self.port, self.control_port = self.process.first_line:match("^(%d+) (%d+)$")
  self.port = tonumber(self.port)
  return self
end

function Receiver:url(path, host)
  host = host or (self.host:find(":", 1, true) and "[" .. self.host .. "]") or self.host
  return ("%s://%s:%d%s"):format(self.scheme, host, self.port, path or "/")
end

function Receiver:ask(command)
  local control = assert(socket.connect(self.host, tonumber(self.control_port)))
  control:settimeout(10)
  assert(control:send(command .. "\n"))
  local line = assert(control:receive("*l"))
  control:close()
  return cjson.decode(line)
end

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

--- Every request since the start or the last forget, optionally only those whose target begins with `path`.
function Receiver:requests(path)
  local list = {}
  for _, request in ipairs(self:ask("report").requests) do
    request.bytes = unhex(request.bytes)
    request.connection = math.floor(request.connection)
    request.head, request.body = request.bytes:match("^(.-\r\n\r\n)(.*)$")
    request.target = request.bytes:match("^%S+ (%S+)") or ""
    if not path or request.target:sub(1, #path) == path then list[#list + 1] = request end
  end
  return list
end

--- How many connections were accepted since the start or the last forget.
function Receiver:connections()
  return math.floor(self:ask("report").connections) -- Lua 5.3 and later: a whole number again
end

function Receiver:forget()
  self:ask("forget")
end

--- The port of a socket that never answers a connection attempt.
function Receiver:blackhole()
  return math.floor(self:ask("blackhole"))
end

function Receiver:stop()
  self.process:stop()
end

return receiver
