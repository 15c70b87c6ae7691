--- argument: what is given to a public function. A wrong one raises at the line that called that function.
--
-- Each function here is called by the public function itself, and not as a tail call: that is how the line is found.

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local options = require "intent_webhook.options"

local argument = {}

local CALLER = 3 -- the level of whoever called the public function

---Raises at the line that called the public function. For one that calls this itself.
---@param caller string the public function's name
---@param message string
function argument.misuse(caller, message)
  error(caller .. ": " .. message, CALLER)
end

---@param caller string the public function's name
---@param name string the argument's
---@param value any
function argument.string(caller, name, value)
  if type(value) ~= "string" then
    error(("%s: %s: must be a string, got %s"):format(caller, name, check.kind(value)), CALLER)
  end
end

---@param caller string
---@param value any
function argument.path(caller, value)
  if type(value) ~= "string" then
    error(("%s: path: must be a string, got %s"):format(caller, check.kind(value)), CALLER)
  end
  if value:find("%z") then error(caller .. ": path: holds a NUL: remove it", CALLER) end
end

---@param caller string
---@param timeout any
---@param default number
---@return number seconds
function argument.seconds(caller, timeout, default)
  if timeout == nil then return default end
  if type(timeout) ~= "number" or timeout ~= timeout or timeout < 0 then
    error(("%s: timeout: must be a number of seconds from 0, got %s"):format(caller, check.show(timeout)), CALLER)
  end
  return timeout
end

---@param caller string
---@param name string the argument's, for when it is no table
---@param value any
---@param known intent_webhook.Option[]
---@return table accepted
function argument.options(caller, name, value, known)
  local mistakes = check.mistakes()
  local accepted = check.options(mistakes, "", value == nil and {} or value, known)
  local mistake = mistakes:first()
  if mistake then
    error(("%s: %s: %s"):format(caller, mistake.path == "" and name or mistake.path, mistake.message), CALLER)
  end
  return accepted
end

-- Messages ---------------------------------------------------------------------------------------------------------

local MOST_CONTEXT = 64 -- keys

local function check_context(mistakes, context)
  local count = #check.names(mistakes, "context", context, "give values by key")
  for key, value in next, context do check.scalar(mistakes, check.within("context", key), value) end
  if count > MOST_CONTEXT then
    mistakes:add("context", ("has %d keys, but %d is the most"):format(count, MOST_CONTEXT))
  end
end

-- People without a name would share one conversation.
local function check_session(mistakes, session)
  if session == "" then mistakes:add("session", "is empty: name the conversation, or leave session out") end
end

local function check_best_slot(mistakes, name, slots)
  if slots[name] then return end
  local names = {}
  for known in pairs(slots) do names[#names + 1] = known end
  table.sort(names)
  mistakes:add("best_slot", ('no intent has the slot "%s"%s'):format(name, check.suggestion(name, names)))
end

---What is given with a message, checked.
---@param caller string the public function's name
---@param given any
---@param slots table<string, boolean> the names of all intents' slots
---@return intent_webhook.MessageOptions|nil
function argument.message(caller, given, slots)
  if given == nil or core.is_plain_message(given, slots) and rawget(given, "session") ~= "" then return given end
  local mistakes = check.mistakes()
  local accepted = check.options(mistakes, "", given, options.message)
  if accepted then check_session(mistakes, accepted.session) end
  if accepted and accepted.context then check_context(mistakes, accepted.context) end
  if accepted and accepted.best_slot then check_best_slot(mistakes, accepted.best_slot, slots) end
  local mistake = mistakes:first()
  if mistake then
    error(("%s: %s: %s"):format(caller, mistake.path == "" and "options" or mistake.path, mistake.message), CALLER)
  end
  return accepted
end

return argument
