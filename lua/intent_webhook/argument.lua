--- argument: what is given to a public function. A wrong one raises at the line that called that function.
--
-- Each function here is called by the public function itself, and not as a tail call: that is how the line is found.

local check = require "intent_webhook.check"

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
---@param options intent_webhook.Option[]
---@return table accepted
function argument.options(caller, name, value, options)
  local mistakes = check.mistakes()
  local accepted = check.options(mistakes, "", value == nil and {} or value, options)
  local mistake = mistakes:first()
  if mistake then
    error(("%s: %s: %s"):format(caller, mistake.path == "" and name or mistake.path, mistake.message), CALLER)
  end
  return accepted
end

return argument
