--- snips: the answer of Snips NLU, and the messages of Snips and Rhasspy on hermes/intent.
--
--     intent       intent.intentName, null when none; of "user:intent" what is behind the colon
--     confidence   intent.probability, else intent.confidenceScore
--     slots        slots[].slotName -> slots[].value.value
--     session      sessionId, on hermes
--     text         input
--
-- A TimeInterval gives its beginning, a Duration becomes ISO 8601. Money and temperatures come without their unit.

local composite = require "intent_webhook.nlu.composite"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local snips = { name = "snips", needs = "intent, an object with an intentName" }

---@param given table
---@return boolean
function snips.fits(given)
  local intent = value.object(given, "intent")
  return intent ~= nil and (rawget(intent, "intentName") ~= nil or value.list(given, "slots") ~= nil)
end

local function read_slot(slot, record)
  local name = slot:needed_text("slotName")
  if not name then return end
  local found = slot:get("value")
  if not slot:has("value") then return slot:ignore("value", "is missing", nil, name) end
  if type(found) ~= "table" or value.is_list(found) then return result.slot(record, name, found, slot, "value") end
  local of_kind = slot:object("value")
  local kind = of_kind:get("kind")
  if kind == "TimeInterval" then return composite.interval(record, name, of_kind) end
  if kind == "Duration" then return result.slot(record, name, composite.duration(of_kind), slot, "value") end
  if not of_kind:has("value") then return of_kind:ignore("value", "is missing", nil, name) end
  result.slot(record, name, of_kind:get("value"), of_kind, "value")
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function snips.read(message, record)
  local intent = message:object("intent")
  result.name(record, intent, "intentName")
  record.intent = record.intent and (record.intent:match(":([^:]+)$") or record.intent)
  result.confidence(record, intent, intent:get("probability") ~= nil and "probability" or "confidenceScore")
  record.session = message:text("sessionId")
  record.text = message:text("input")
  for _, slot in ipairs(message:objects("slots")) do read_slot(slot, record) end
end

return snips
