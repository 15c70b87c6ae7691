--- rasa: the answer of Rasa's /model/parse.
--
--     intent       intent.name, null when none
--     confidence   intent.confidence
--     slots        entities[].role, else entities[].entity -> entities[].value
--     session      sender or sender_id, which a channel adds
--     text         text
--
-- An entity that several extractors found, or that was said twice, fills its slot with the first; the others are
-- ignored. Values of Duckling: an interval gives its beginning, a duration becomes ISO 8601.

local composite = require "intent_webhook.nlu.composite"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local rasa = { name = "rasa", needs = "intent, an object with a name, and entities" }

---@param given table
---@return boolean
function rasa.fits(given)
  local intent = value.object(given, "intent")
  if not intent then return false end
  return rawget(intent, "name") ~= nil or value.list(given, "entities") ~= nil or rawget(given, "intent_ranking") ~= nil
end

local function read_entity(entity, record)
  local name = entity:text("role") or entity:needed_text("entity")
  if not name then return end
  local extra = entity:object("additional_info")
  local found = extra and composite.seconds(extra) or entity:get("value")
  if not entity:has("value") then return entity:ignore("value", "is missing", nil, name) end
  if composite.is_interval(found) then return composite.interval(record, name, entity:object("value")) end
  result.slot(record, name, found, entity, "value")
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function rasa.read(message, record)
  local intent = message:object("intent")
  result.name(record, intent, "name")
  result.confidence(record, intent, "confidence")
  record.session = message:text("sender") or message:text("sender_id")
  record.text = message:text("text")
  for _, entity in ipairs(message:objects("entities")) do read_entity(entity, record) end
end

return rasa
