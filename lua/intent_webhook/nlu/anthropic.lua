--- anthropic: a message of Anthropic's Messages API.
--
--     intent       content[].name of those whose type is tool_use, one result for each
--     confidence   none
--     slots        the object content[].input
--     session      id
--     call         content[].id
--     reply        the text of those whose type is text
--
-- Blocks of other types (thinking, tools of the server) are none of ours.

local arguments = require "intent_webhook.nlu.arguments"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local anthropic = { name = "anthropic", needs = "content, a list, and stop_reason", has_calls = true }

---@param given table
---@return boolean
function anthropic.fits(given)
  if not value.list(given, "content") then return false end
  return rawget(given, "stop_reason") ~= nil or rawget(given, "type") == "message"
end

local function read_call(block, results)
  local record = result.new(anthropic.name)
  results[#results + 1] = record
  block = block:reporting_to(record)
  record.session = results.session
  record.call = block:text("id")
  result.name(record, block, "name", true)
  arguments.read(record, block, "input")
end

---@param message intent_webhook.NluNode
---@param results intent_webhook.NluResults
function anthropic.read(message, results)
  results.session = message:text("id")
  local texts = {}
  for _, block in ipairs(message:objects("content")) do
    local kind = block:get("type")
    if kind == "tool_use" then
      read_call(block, results)
    elseif kind == "text" then
      texts[#texts + 1] = block:text("text")
    elseif kind == nil then
      block:ignore("type", "is missing")
    end
  end
  results.reply = texts[1] and table.concat(texts, "\n") or nil
end

return anthropic
