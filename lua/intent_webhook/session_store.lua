--- session_store: where the sessions of conversations are kept between one message and the next.
--
--     nil, or { store = "memory", limit = 10000, ttl = 3600 }     in this process
--     { store = "history", ttl = 3600, timeout = 0.5, key_env = "NAME" }
--         in the client's history file: for every process that uses the file, and across restarts
--     { get = function(id), put = function(id, text, ttl, before), ttl = 3600 }     the user's own
--
-- A store is get, put, count and close. A session is a plain table of strings, numbers, booleans and such tables, which
-- nobody changes: a step makes a new one. Each put says which version it replaces, and is refused when somebody else
-- has put meanwhile; so no message is lost between two processes, and none is answered twice.
--
-- With intents that have sensitive slots the history file takes sessions only with a key, and encrypted: the values of
-- such slots never reach the disk as they are. A user's own store sees everything.

local check = require "intent_webhook.check"

local session_store = {}

---@class intent_webhook.SessionStore
---@field get fun(self, id: string, now: number): table|nil|false, any, string|nil, string|nil
---  session, version | nil, version: there is none, or none any more | nil, version, message, "key" or "history": there
---  is one that cannot be decrypted, or is no JSON, and that a put can replace | false, message, code: "history",
---  "timeout", "store", "closed"
---@field put fun(self, id: string, session: table|nil, version: any, now: number, ttl: number|nil): true|nil, ...
---  true | nil, message, code: "conflict": somebody else has put since; "timeout": not known whether it was written;
---  "session": it cannot be written as JSON, or is larger than 1 MiB; "history", "store", "closed". Without a session
---  it deletes. ttl: in seconds; default the store's
---@field count fun(self): integer|nil sessions, those included whose time is over but that nobody asked for yet; nil
---  when that cannot be told
---@field close fun(self): true

local KEY_LEAST = 16 -- bytes of a key

local MOST_TTL = 365 * 24 * 3600

local ttl_option = {
  name = "ttl", type = "number", default = 3600, from = 1, to = MOST_TTL, also = { "expire", "expires", "lifetime" },
  hint = "it counts seconds without a message",
}

---Sessions in the memory of the process. They end with it.
---@class intent_webhook.MemorySessions
---@field store? "memory"
---@field limit? integer sessions, 1 to 10000000; beyond it the one that was used longest ago goes; default 10000
---@field ttl? number seconds without a message after which a session is over, 1 to 31536000; default 3600
local memory_options = {
  { name = "store", type = "string", one_of = { "memory", "history" } },
  { name = "limit", type = "integer", default = 10000, from = 1, to = 10000000, also = { "max", "maximum", "size" } },
  ttl_option,
}

---Sessions in the history file. A message waits for one row to be read and one to be written, which takes some
---hundredths of a millisecond while nobody else writes, and for `timeout` at most.
---@class intent_webhook.HistorySessions
---@field store "history"
---@field ttl? number seconds without a message after which a session is over, 1 to 31536000; default 3600
---@field timeout? number seconds that reading or writing a session may take, 0.001 to 3600; default 0.5
---@field key? string encrypts the sessions; 16 bytes or more, best random ones; needed with sensitive slots
---@field key_env? string the environment variable that holds the key; refused when it is not set
local history_options = {
  { name = "store", type = "string", one_of = { "memory", "history" } },
  ttl_option,
  { name = "timeout", type = "number", default = 0.5, from = 0.001, to = 3600, hint = "it counts seconds" },
  { name = "key", type = "string", also = { "secret", "password" } },
  { name = "key_env", type = "string", hint = "name the environment variable that holds the key" },
}

---Sessions in a store of the user's own. What the functions raise comes back from `message` as nil, message, "store".
---@class intent_webhook.OwnSessions
---@field get fun(id: string): string|nil, string|nil the text of a session, as put gave it; nil when there is none;
---  nil, message when it cannot be told
---@field put fun(id: string, text: string|nil, ttl: number, before: string|nil): boolean|nil, string|nil stores the
---  text, JSON, for `ttl` seconds in place of `before`, which is what get gave, nil for none; without a text deletes.
---  true; false when what is there is not `before` any more; nil, message when it cannot be stored
---@field ttl? number seconds without a message after which a session is over, 1 to 31536000; default 3600
local own_options = {
  { name = "get", type = "function", required = true, also = { "load", "read" },
    hint = "give a function(id) that returns the text of a session, or nil" },
  { name = "put", type = "function", required = true, also = { "set", "save", "write" },
    hint = "give a function(id, text, ttl, before) that stores the text and returns true" },
  ttl_option,
}

-- Checking ---------------------------------------------------------------------------------------------------------

local function read_key(mistakes, path, accepted)
  local name = accepted.key_env
  if not name then return accepted.key, "key" end
  local place = check.within(path, "key_env")
  if accepted.key then
    mistakes:add(place, "is given as well as key: remove one of the two")
  elseif name == "" then
    mistakes:add(place, "is empty: name the variable, or leave key_env out")
  else
    local key = os.getenv(name)
    if key then return key, "key_env" end
    mistakes:add(place, ("names the environment variable %s, which is not set: set it, or leave key_env out"):format(
      name))
  end
end

local function check_key(mistakes, path, accepted, has_sensitive)
  local before = #mistakes.list
  local key, option = read_key(mistakes, path, accepted)
  accepted.key, accepted.key_env = key, nil
  if key and #key < KEY_LEAST then
    local sentence = "holds a key of %d bytes, but %d is the least: take a random one, as of openssl rand -base64 32"
    mistakes:add(check.within(path, option), sentence:format(#key, KEY_LEAST))
  elseif not key and has_sensitive and #mistakes.list == before then
    mistakes:add(check.within(path, "key"), "is missing, and there are sensitive slots, whose values must not reach "
      .. "the disk as they are: give a key, or key_env")
  end
end

-- The kind of store that is meant, and its options.
local function kind_of(given)
  if type(given) ~= "table" then return "memory", memory_options end
  local store = rawget(given, "store")
  if store == "history" then return "history", history_options end
  if store == nil and (rawget(given, "get") ~= nil or rawget(given, "put") ~= nil) then return "own", own_options end
  return "memory", memory_options
end

---Checks what a user wrote for `sessions`; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param given any nil: in memory
---@param has_sensitive boolean whether an intent has a sensitive slot
---@return table|nil accepted for `new`; nil when given is no table
function session_store.check(mistakes, path, given, has_sensitive)
  local kind, options = kind_of(given)
  local accepted = check.options(mistakes, path, given == nil and {} or given, options)
  if not accepted then return nil end
  if kind == "history" then check_key(mistakes, path, accepted, has_sensitive) end
  accepted.store = kind
  return accepted
end

-- Making -----------------------------------------------------------------------------------------------------------

---@class intent_webhook.SessionEnvironment
---@field history string the path of the client's history file
---@field read nil|fun(session: table): table|nil makes one that can be relied on of what was kept elsewhere, nil when
---  there is nothing of a session in it; without the function any table is one

---@param accepted table what `check` returned without a mistake
---@param env intent_webhook.SessionEnvironment
---@return intent_webhook.SessionStore|nil
---@return string|nil message
---@return string|nil code "history": the file cannot be used; "system"
function session_store.new(accepted, env)
  return require("intent_webhook.session_store." .. accepted.store).new(accepted, env)
end

return session_store
