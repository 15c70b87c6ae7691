--- hassil: what hassil and Home Assistant recognise; also the plainest form for an NLU of one's own.
--
--     intent       intent, a string, or intent.name; none when match is false
--     confidence   confidence, which hassil has not
--     slots        slots{}
--     session      session, which hassil has not
--     text         text

local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local hassil = { name = "hassil", needs = "match, or intent (a string) and slots (an object)" }

---@param given table
---@return boolean
function hassil.fits(given)
  if type(rawget(given, "match")) == "boolean" then return true end
  return type(rawget(given, "intent")) == "string" and value.object(given, "slots") ~= nil
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function hassil.read(message, record)
  record.session = message:text("session")
  record.text = message:text("text")
  result.confidence(record, message, "confidence")
  if message:get("match") == false then return end
  if type(message:get("intent")) == "table" and message:object("intent") then
    result.name(record, message:object("intent"), "name")
  else
    result.name(record, message, "intent")
  end
  local slots = message:object("slots")
  for _, name in ipairs(slots and slots:names() or {}) do
    result.slot(record, name, slots:get(name), slots, name)
  end
end

return hassil
