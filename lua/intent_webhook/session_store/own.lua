--- own: sessions in a store of the user's own, two functions that get and put text.
--
-- The text is {"expires":SECONDS,"session":{...}}, so that a session ends in time also in a store that knows no time to
-- live. It also is the session's version: what put gets as `before`.

local check = require "intent_webhook.check"
local protected = require "intent_webhook.protected"
local text = require "intent_webhook.session_store.text"

local own = {}

---@class intent_webhook.OwnStore: intent_webhook.SessionStore
local Store = { __name = "intent_webhook.OwnStore" }
Store.__index = Store

---@param accepted { get: function, put: function, ttl: number }
---@param env intent_webhook.SessionEnvironment
---@return intent_webhook.OwnStore
function own.new(accepted, env)
  return setmetatable({
    user_get = accepted.get, user_put = accepted.put, ttl = accepted.ttl, read = env.read,
  }, Store)
end

local function complain(name, problem)
  return ("sessions.%s: %s"):format(name, problem)
end

local function message_of(returned)
  if type(returned) == "string" then return returned end
  return "returned nil and no message: return true when it is stored, or nil and why not"
end

function Store:get(id, now)
  if self.closed then return false, "the sessions are closed", "closed" end
  local good, stored, message = protected.call(self.user_get, id)
  if not good then return false, complain("get", stored), "store" end
  if stored == nil and (message == nil or type(message) ~= "string") then return nil, 0 end
  if stored == nil then return false, complain("get", message), "store" end
  if type(stored) ~= "string" then
    return false, complain("get", ("must return a string or nil, returned %s"):format(check.kind(stored))), "store"
  end
  local envelope, problem = text.decode(stored)
  if not envelope then return false, complain("get", problem), "store" end
  local session, expires = envelope.session, envelope.expires
  if type(session) ~= "table" or type(expires) ~= "number" then
    return false, complain("get", "the text is not what put was given"), "store"
  end
  if expires < now then return nil, stored end -- it is still there, so it is what a put replaces
  if self.read then session = self.read(session) end
  return session, stored
end

function Store:put(id, session, version, now, ttl)
  if self.closed then return nil, "the sessions are closed", "closed" end
  ttl = ttl or self.ttl
  local whole, problem
  if session then
    whole, problem = text.encode { expires = now + ttl, session = session }
    if not whole then return nil, problem, "session" end
  end
  local before = version ~= 0 and version or nil
  local user_put = self.user_put
  local good, stored, message = protected.call(function()
    local first, second = user_put(id, whole, ttl, before)
    return first, second
  end)
  if not good then return nil, complain("put", stored), "store" end
  if stored == true then return true end
  if stored == false then return nil, "the session was changed by somebody else meanwhile", "conflict" end
  if stored == nil then return nil, complain("put", message_of(message)), "store" end
  return nil, complain("put", ("must return true, false, or nil and a message, returned %s"):format(
    check.kind(stored))), "store"
end

function Store:count()
  return nil
end

function Store:close()
  self.closed = true
  return true
end

return own
