--- openai_responses: an answer of OpenAI's Responses API.
--
--     intent       output[].name of those whose type is function_call, one result for each
--     confidence   none
--     slots        JSON in the string output[].arguments
--     session      conversation.id, else id
--     call         output[].call_id, else its id
--     reply        the text of messages in output
--
-- Items of other types (reasoning, searches) are none of ours.

local arguments = require "intent_webhook.nlu.arguments"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local responses = { name = "openai_responses", needs = "output, a list", has_calls = true }

---@param given table
---@return boolean
function responses.fits(given)
  return value.list(given, "output") ~= nil
end

local function read_call(item, results)
  local record = result.new(responses.name)
  results[#results + 1] = record
  item = item:reporting_to(record)
  record.session = results.session
  record.call = item:text("call_id") or item:text("id")
  result.name(record, item, "name", true)
  arguments.read(record, item, "arguments")
end

local function add_texts(item, texts)
  for _, part in ipairs(item:objects("content")) do
    texts[#texts + 1] = part:text("text") or part:text("refusal")
  end
end

---@param message intent_webhook.NluNode
---@param results intent_webhook.NluResults
function responses.read(message, results)
  local conversation = message:object("conversation")
  results.session = conversation and conversation:text("id") or message:text("id")
  local texts = {}
  for _, item in ipairs(message:objects("output")) do
    local kind = item:get("type")
    if kind == "function_call" then
      read_call(item, results)
    elseif kind == "message" then
      add_texts(item, texts)
    elseif kind == nil then
      item:ignore("type", "is missing")
    end
  end
  results.reply = texts[1] and table.concat(texts, "\n") or nil
end

return responses
