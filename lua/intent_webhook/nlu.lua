--- nlu: results of NLU systems and of models that call tools, read into intents with slots.
--
--     local results, message, code = nlu.read(body)            -- JSON text, or the table that was decoded from it
--     for _, result in ipairs(results) do print(result.intent, result.slots.date) end
--
-- Ten formats, each in a file of nlu/ that says which field becomes what. They are told apart by their keys, in the
-- order of FORMATS below: first those with a key that no other has, last those that share `intent`. Or the caller names
-- the format, and it must fit.
--
-- An NLU gives exactly one result, whose intent is nil when it recognised none: its slots may still answer a question.
-- A model gives one for each tool call, so perhaps none; what it wrote is in `reply`.
--
-- Pure. Never raises, whatever the JSON holds: what cannot be read at all is nil, message, code; what is wrong with one
-- result is its `problem`; what is wrong with one field is in `ignored`, and the rest goes on. Messages name the field
-- by its path and never quote a value.

local node = require "intent_webhook.nlu.node"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local nlu = {}

---@class intent_webhook.NluResults: intent_webhook.NluResult[]
---@field format string
---@field session string|nil
---@field text string|nil what the person said
---@field reply string|nil what a model wrote
---@field ignored intent_webhook.NluIgnored[] what belongs to none of the results

-- In the order in which they are tried; each with the key that tells it.
local FORMATS = {
  require "intent_webhook.nlu.alexa", -- request.type
  require "intent_webhook.nlu.lex", -- sessionState
  require "intent_webhook.nlu.dialogflow", -- intentInfo, fulfillmentInfo
  require "intent_webhook.nlu.openai", -- choices
  require "intent_webhook.nlu.openai_responses", -- output
  require "intent_webhook.nlu.anthropic", -- content and stop_reason
  require "intent_webhook.nlu.wit", -- intents
  require "intent_webhook.nlu.hassil", -- match, or a string for intent
  require "intent_webhook.nlu.snips", -- intent.intentName, or slots beside an object for intent
  (require "intent_webhook.nlu.rasa"), -- intent.name, or entities beside it
}

---The names of the formats, in the order in which they are tried.
---@return string[]
function nlu.formats()
  local names = {}
  for index, format in ipairs(FORMATS) do names[index] = format.name end
  return names
end

local function format_named(name)
  for _, format in ipairs(FORMATS) do
    if format.name == name then return format end
  end
end

-- The format that was named, or the first that fits; or nil, message.
local function find_format(given, name)
  local names = table.concat(nlu.formats(), ", ")
  if name ~= nil then
    local format = type(name) == "string" and format_named(name)
    if not format then
      local shown = type(name) == "string" and ('"%s"'):format(name:sub(1, 40)) or "a " .. type(name)
      return nil, ("cannot be read as format = %s, which there is not: known are %s"):format(shown, names)
    end
    if not format.fits(given) then return nil, ("is not of the format %s, which has %s"):format(name, format.needs) end
    return format
  end
  for _, format in ipairs(FORMATS) do
    if format.fits(given) then return format end
  end
  return nil, "has not the keys of any format: give all of what the system answered; known are " .. names
end

---Reads the result of an NLU or a model.
---@param given string|table JSON text, or what was decoded from it
---@param format? string its name, when it is not to be told by its keys
---@return intent_webhook.NluResults|nil
---@return string|nil message
---@return string|nil code "invalid" (no JSON object, not UTF-8, beyond the limits), "format" (none fits)
function nlu.read(given, format)
  local object, problem
  if type(given) == "string" then
    object, problem = value.decode(given)
  elseif type(given) == "table" then
    object, problem = value.checked(given)
  else
    problem = "must be JSON text or a table, got " .. (given == nil and "nil" or value.kind(given))
  end
  if not object then return nil, "the result " .. problem, "invalid" end
  local found, why = find_format(object, format)
  if not found then return nil, "the result " .. why, "format" end
  local results = { format = found.name, ignored = {} }
  if found.has_calls then
    found.read(node.new(object, results), results)
  else
    local record = result.new(found.name)
    found.read(node.new(object, record), record)
    results[1], results.session, results.text = record, record.session, record.text
  end
  return results
end

---The conversation that results say they are of. What a model calls a session is one answer of its own, and no
---conversation.
---@param results intent_webhook.NluResults
---@return string|nil
function nlu.session(results)
  if format_named(results.format).has_calls or results.session == "" then return nil end
  return results.session
end

return nlu
