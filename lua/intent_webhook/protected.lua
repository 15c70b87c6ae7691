--- protected: calls functions that users wrote. What they raise comes back as text with a traceback; nothing gets out.

local core = require "intent_webhook.core"

local protected = {}

local LONG = 0.1 -- seconds after which a user's function is said to have kept the host waiting

local TEXT_LIMIT = 16 * 1024 -- bytes of an error that are kept; deep recursion makes long ones

local function describe(problem)
  if type(problem) == "string" then return problem end
  local described, text = pcall(tostring, problem) -- a __tostring may raise as well
  if described and type(text) == "string" then return text end
  return "an error that is " .. type(problem)
end

-- What may stand between a user's function and its xpcall.
local OURS = {
  "^%s*%[C%]", "intent_webhook/protected%.lua:", "intent_webhook/rule%.lua:", "intent_webhook/recognition%.lua:",
  "[/%s]intent_webhook%.lua:", "^\nstack traceback:",
}

-- Whether the last line of a traceback is none of the user's: a frame of this library, of C, or no frame at all.
local function is_ours(line)
  for _, pattern in ipairs(OURS) do
    if line:find(pattern) then return true end
  end
end

-- The message and the frames of the user's code; those of the host below us say nothing about it.
local function explain(problem)
  local text = debug.traceback(describe(problem), 2)
  local below = text:find("\n%s*%[C%]: in function 'xpcall'")
  if below then text = text:sub(1, below - 1) end
  local frames = text:find("\nstack traceback:", 1, true)
  local last = text:match("()\n[^\n]*$")
  while frames and last >= frames and is_ours(text:sub(last)) do
    text = text:sub(1, last - 1)
    last = text:match("()\n[^\n]*$") or 0
  end
  if #text > TEXT_LIMIT then text = text:sub(1, TEXT_LIMIT) .. " ..." end
  return text
end

---Calls a function with up to two arguments.
---@param call function
---@return boolean good
---@return any first the function's first result, or what it raised, with its traceback
---@return any second its second result
function protected.call(call, one, two)
  -- no tail calls: the traceback shall name the functions
  local raised
  local good, first, second = xpcall(function()
    local its_first, its_second = call(one, two)
    return its_first, its_second
  end, function(problem)
    raised = problem
    return explain(problem)
  end)
  if not good and first == "error in error handling" then -- as LuaJIT does when the stack has no room for a traceback
    return false, raised ~= nil and describe(raised) or "stack overflow: no room was left to say where"
  end
  return good, first, second
end

---Calls a function with up to three arguments, for who keeps a list of what went wrong: gets an entry when the function
---raises, or takes longer than 0.1 s. It cannot be stopped, since nothing may interrupt a host's Lua.
---@param errors intent_webhook.RuleError[]|nil
---@param where string for example "intents[1].slots[2].validate"
---@param call function
---@return boolean good
---@return any first the function's first result, or what it raised, with its traceback
---@return any second
---@return any third
function protected.report(errors, where, call, one, two, three)
  local started = core.seconds()
  local second, third
  local good, first = protected.call(function()
    local its_first, its_second, its_third = call(one, two, three)
    second, third = its_second, its_third
    return its_first
  end)
  local took = core.seconds() - started
  if errors and not good then errors[#errors + 1] = { where = where, message = first } end
  if errors and good and took > LONG then
    errors[#errors + 1] = { where = where, message = ("took %.2f s: the host waited"):format(took) }
  end
  return good, first, second, third
end

---The first line of an error's text.
---@param text string
---@return string
function protected.first_line(text)
  return (text:match("^[^\r\n]*"))
end

return protected
