--- history: sessions in the client's history file, by the core's thread for them.
--
-- SQLite is never called in the host's thread; get and put wait for that thread's answer, `timeout` seconds at most.

local core = require "intent_webhook.core"
local text = require "intent_webhook.session_store.text"

local history = {}

---@class intent_webhook.HistoryStore: intent_webhook.SessionStore
---@field file userdata|nil the core's; nil when closed
local Store = { __name = "intent_webhook.HistoryStore" }
Store.__index = Store

---@param accepted { ttl: number, timeout: number, key: string|nil }
---@param env intent_webhook.SessionEnvironment
---@return intent_webhook.HistoryStore|nil
---@return string|nil message
---@return string|nil code
function history.new(accepted, env)
  local file, message, code = core.session_file(env.history, accepted.key)
  if not file then return nil, message, code end
  return setmetatable({ file = file, ttl = accepted.ttl, timeout = accepted.timeout, read = env.read }, Store)
end

function Store:get(id, now)
  if not self.file then return false, "the sessions are closed", "closed" end
  local body, version, message, code = self.file:get(id, now, self.timeout)
  if not body then return body, version, message, code end
  local session, problem = text.decode(body)
  if not session then return nil, version, problem .. ", and counts as none", "history" end
  if self.read then session = self.read(session) end
  return session, version
end

function Store:put(id, session, version, now, ttl)
  if not self.file then return nil, "the sessions are closed", "closed" end
  local body, problem
  if session then
    body, problem = text.encode(session)
    if not body then return nil, problem, "session" end
  end
  return self.file:put(id, body, version, now, now + (ttl or self.ttl), self.timeout)
end

-- Counting would read the whole table.
function Store:count()
  return nil
end

function Store:close()
  local file = self.file
  self.file = nil
  if file then file:close() end
  return true
end

return history
