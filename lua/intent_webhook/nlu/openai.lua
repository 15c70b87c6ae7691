--- openai: a chat completion of OpenAI, and of the many servers that answer like it.
--
--     intent       choices[0].message.tool_calls[].function.name, one result for each; or that of the old function_call
--     confidence   none
--     slots        JSON in the string ...function.arguments
--     session      id
--     call         tool_calls[].id
--     reply        choices[0].message.content, else refusal
--
-- A message without calls gives no results, and the reply. Only the first choice counts: the others are other answers
-- to the same question. Calls of custom tools have no arguments, and are ignored.

local arguments = require "intent_webhook.nlu.arguments"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local openai = { name = "openai", needs = "choices, a list", has_calls = true }

---@param given table
---@return boolean
function openai.fits(given)
  return value.list(given, "choices") ~= nil
end

-- Reads a function that is under a key of a call, or of the message itself.
local function read_function(parent, key, results)
  local record = result.new(openai.name)
  results[#results + 1] = record
  record.session = results.session
  parent = parent:reporting_to(record)
  local called = parent:object(key)
  if called then
    result.name(record, called, "name", true)
    arguments.read(record, called, "arguments")
  else
    result.fail(record, parent:place(key), parent:has(key) and "must be an object" or "is missing")
  end
  return record
end

local function read_call(call, results)
  local kind = call:get("type")
  if kind ~= nil and kind ~= "function" and not call:has("function") then
    return call:ignore("type", "is not that of a function", "tool")
  end
  local record = read_function(call, "function", results)
  record.call = call:reporting_to(record):text("id")
end

---@param message intent_webhook.NluNode
---@param results intent_webhook.NluResults
function openai.read(message, results)
  results.session = message:text("id")
  local choices = message:objects("choices")
  local choice = choices[1]
  if not choice then
    if not results.ignored[1] then message:ignore("choices", "is empty") end
    return
  end
  if choices[2] then message:ignore("choices", "has several: the first counts", "choice") end
  local answer = choice:object("message")
  if not answer then
    if choice:get("message") == nil then choice:ignore("message", "is missing") end
    return
  end
  results.reply = answer:text("content") or answer:text("refusal")
  for _, call in ipairs(answer:objects("tool_calls")) do read_call(call, results) end
  if not results[1] and answer:get("function_call") ~= nil then read_function(answer, "function_call", results) end
end

return openai
