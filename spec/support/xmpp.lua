--- A scripted XMPP client over a plain socket: as much of RFC 6120 and of rooms (XEP-0045) as a test needs.
--
--     local juliet = xmpp.connect { port = port, user = "juliet", host = "localhost" }
--     juliet:join("lobby@rooms.localhost")
--     juliet:message("lobby@rooms.localhost", "good evening", "groupchat")
--     juliet:expect("<body>good evening</body>")    the next stanza that contains it, as the bytes that came
--     juliet:close()
--
-- Stanzas are text: they are split at their tags, not understood. TLS and any login but PLAIN are left out.

local mime = require "mime"
local socket = require "socket"

local xmpp = {}

local Client = {}
Client.__index = Client

local ENTITIES = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ["'"] = "&apos;", ['"'] = "&quot;" }

local function escape(text)
  return (text:gsub("[<>&'\"]", ENTITIES))
end

-- Where the first element that is complete ends in the text, or nil.
local function element_end(text)
  local depth, position = 0, 1
  while true do
    local first, last, slash, attributes = text:find("<(/?)[^%s<>/]+([^<>]*)>", position)
    if not first then return nil end
    if slash == "/" then depth = depth - 1
    elseif attributes:sub(-1) ~= "/" then depth = depth + 1 end
    if depth <= 0 then return last end
    position = last + 1
  end
end

function Client:send(text)
  assert(self.connection:send(text))
end

-- Waits for what the stream brings until take(text) returns where it ends; returns it and forgets it.
function Client:await(take, what)
  local deadline = socket.gettime() + 10
  while true do
    local last = take(self.received)
    if last then
      local text = self.received:sub(1, last)
      self.received = self.received:sub(last + 1)
      return text
    end
    self.connection:settimeout(math.max(0, deadline - socket.gettime()))
    local bytes, problem, partial = self.connection:receive(1)
    bytes = bytes or partial
    if bytes == "" then error(("%s while waiting for %s; there is: %s"):format(problem, what, self.received), 3) end
    self.connection:settimeout(0)
    local _, _, more = self.connection:receive(65536)
    self.received = self.received .. bytes .. (more or "")
  end
end

--- The next stanza that contains `text`; those before it are skipped.
function Client:expect(text)
  while true do
    local stanza = self:await(element_end, text)
    if stanza:find(text, 1, true) then return stanza end
  end
end

-- Opens the stream, and once more after the login.
function Client:open()
  self:send(("<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' "
    .. "xmlns:stream='http://etherx.jabber.org/streams'>"):format(self.host))
  self:await(function(text) return select(2, text:find("<stream:stream[^>]*>")) end, "the stream")
  return self:expect("<stream:features")
end

--- Logs in with any password, and is there for messages. options: port, user, host.
function xmpp.connect(options)
  local self = setmetatable({ user = options.user, host = options.host, received = "" }, Client)
  self.connection = assert(socket.connect("127.0.0.1", options.port))
  self.connection:setoption("tcp-nodelay", true)
  self:open()
  self:send(("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>")
    :format(mime.b64("\0" .. self.user .. "\0secret")))
  self:expect("<success")
  self:open()
  self:send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
  self:expect("<jid>")
  self:send("<presence/>")
  self:expect("<presence")
  return self
end

--- Enters a room with the user's name as nickname.
function Client:join(room)
  self:send(("<presence to='%s/%s'><x xmlns='http://jabber.org/protocol/muc'/></presence>"):format(room, self.user))
  self:expect("<subject") -- the last that a room sends to who comes in
end

--- kind: "chat" by default.
function Client:message(to, body, kind)
  self:send(("<message to='%s' type='%s'><body>%s</body></message>"):format(to, kind or "chat", escape(body)))
end

function Client:close()
  self.connection:send("</stream:stream>")
  self.connection:close()
end

return xmpp
