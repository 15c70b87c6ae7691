--- Debian's nginx as a TLS server with HTTP/2, on a free port of loopback.
--
--     local server = require("spec.support.nginx").start { certificate = certificate }
--     server:url("/hook"), server:stop()
--
-- /hook answers 200 with the HTTP version that nginx saw; /refuse answers 403.

local process = require "spec.support.process"
local socket = require "socket"

local nginx = {}

local Nginx = {}
Nginx.__index = Nginx

local CONFIGURATION = [[
daemon off;
master_process off;
error_log $folder/error.log;
pid $folder/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  server {
    listen 127.0.0.1:$port ssl http2;
    ssl_certificate $certificate;
    ssl_certificate_key $key;
    default_type text/plain;
    location = /hook { return 200 $server_protocol; }
    location = /refuse { return 403 refused; }
  }
}
]]

--- certificate: { certificate = FILE, key = FILE }
function nginx.start(options)
  local folder = process.temporary_folder()
  local port = process.free_port()
  local values = { folder = folder, port = port, certificate = options.certificate.certificate,
    key = options.certificate.key }
  local file = assert(io.open(folder .. "/nginx.conf", "w"))
  file:write((CONFIGURATION:gsub("%$(%l+)", values)))
  file:close()
  -- nginx says nothing when it is ready, so the first line is the shell's
  local script = 'PATH="$PATH:/usr/sbin"; echo "$1"; exec nginx -p "$1" -c "$1/nginx.conf"'
  local started = process.start { "sh", "-c", script, "sh", folder }
  local self = setmetatable({ process = started, folder = folder, port = port }, Nginx)
  local ok, reason = pcall(process.wait_until, function()
    local connection = socket.connect("127.0.0.1", port)
    return connection and connection:close()
  end, 10, "nginx to listen")
  if not ok then
    local errors = started:errors()
    self:stop()
    error(reason .. ": " .. errors, 2)
  end
  return self
end

function Nginx:url(path)
  return "https://127.0.0.1:" .. self.port .. path
end

function Nginx:stop()
  self.process:stop()
  if self.folder then process.remove(self.folder) end
  self.folder = nil
end

return nginx
