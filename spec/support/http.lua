--- HTTP by hand, for what no HTTP library would send: a client that sends the bytes that it is given.
--
--     local connection = http.connect(port)
--     connection:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
--     local response = connection:receive()      { status = 200, headers = { ["content-type"] = ... }, body = "..." }
--     connection:close()
--     http.get(port, "/path", { Cookie = "..." }), http.post(port, "/path", "a=b", headers)     each on its own

local socket = require "socket"

local http = {}

local PATIENCE = 20 -- seconds

local Connection = {}
Connection.__index = Connection

--- A connection to a port of loopback. It waits at most PATIENCE seconds for anything.
function http.connect(port, address)
  local opened = assert(socket.connect(address or "127.0.0.1", port))
  opened:settimeout(PATIENCE)
  return setmetatable({ socket = opened, port = port }, Connection)
end

--- Nil and why, when not all of it could be sent.
function Connection:send(text)
  return self.socket:send(text)
end

--- A request with these headers, and a Host unless that is false.
function Connection:request(method, target, headers, body)
  local lines = { ("%s %s HTTP/1.1"):format(method, target) }
  local host = (headers or {}).Host
  if host == nil then host = "127.0.0.1:" .. self.port end
  if host then lines[2] = "Host: " .. host end
  for name, value in pairs(headers or {}) do
    if name ~= "Host" then lines[#lines + 1] = name .. ": " .. value end
  end
  if body then lines[#lines + 1] = "Content-Length: " .. #body end
  return self:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
end

local function receive_chunks(self)
  local pieces = {}
  while true do
    local length = tonumber(assert(self.socket:receive("*l")), 16)
    if length > 0 then pieces[#pieces + 1] = assert(self.socket:receive(length)) end
    assert(self.socket:receive(2))
    if length == 0 then return table.concat(pieces) end
  end
end

--- The next response; nil and why when the connection ended before it, or in it. without_body: of a HEAD.
function Connection:receive(without_body)
  local line, problem = self.socket:receive("*l")
  if not line then return nil, problem end
  local response = { status = tonumber(line:match("^HTTP/1%.1 (%d+)")), headers = {}, body = "" }
  for header in function() return self.socket:receive("*l") end do
    if header == "" then break end
    local name, value = header:match("^([^:]+):%s*(.*)$")
    response.headers[name:lower()] = value
  end
  local good = true
  local length = tonumber(response.headers["content-length"])
  if without_body or response.status == 304 or response.status == 204 then
    return response
  elseif response.headers["transfer-encoding"] == "chunked" then
    good, response.body = pcall(receive_chunks, self)
  elseif length then
    if length > 0 then response.body, problem = self.socket:receive(length) end
  else
    response.body, problem = self.socket:receive("*a")
  end
  if not good or not response.body then return nil, response.body or problem end
  return response
end

--- Everything until the other side ends the connection.
function Connection:rest()
  return self.socket:receive("*a")
end

function Connection:close()
  self.socket:close()
end

--- One request on a connection of its own.
function http.ask(port, method, target, headers, body)
  local connection = http.connect(port)
  assert(connection:request(method, target, headers, body))
  local response, problem = connection:receive(method == "HEAD")
  connection:close()
  return response, problem
end

function http.get(port, target, headers)
  return http.ask(port, "GET", target, headers)
end

--- A form, as the page itself would send it, unless the headers say otherwise.
function http.post(port, target, body, headers)
  local all = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  for name, value in pairs(headers or { ["Sec-Fetch-Site"] = "same-origin" }) do all[name] = value end
  return http.ask(port, "POST", target, all, body)
end

return http
