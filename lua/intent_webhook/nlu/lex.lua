--- lex: the event that Amazon Lex V2 sends to a Lambda function, and the answer of its RecognizeText.
--
--     intent       sessionState.intent.name, else that of interpretations[0].intent
--     confidence   nluConfidence of that intent's interpretation, a number or { score }
--     slots        sessionState.intent.slots{}.value.interpretedValue, else originalValue; null: not filled
--     session      sessionId
--     text         inputTranscript
--
-- A slot with `values` (shape "List") gives a list, one with `subSlots` (a composite) an object. An intent whose
-- confirmationState is "Denied" is a problem: the person said no.

local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local lex = { name = "lex", needs = "sessionState, an object" }

---@param given table
---@return boolean
function lex.fits(given)
  return value.object(given, "sessionState") ~= nil
end

-- What a slot has, as a plain value, and the field that it is under.
local function slot_value(slot)
  local values = slot:objects("values")
  if values[1] then
    local list = {}
    for _, item in ipairs(values) do list[#list + 1] = (slot_value(item)) end
    return list, "values"
  end
  local parts = slot:get("subSlots") ~= nil and slot:object("subSlots")
  if parts then
    local object = {}
    for _, name in ipairs(parts:names()) do
      local part = parts:object(name)
      if part then object[name] = slot_value(part) end
    end
    return object, "subSlots"
  end
  local found = slot:object("value")
  if not found then return nil, "value" end
  local interpreted = found:get("interpretedValue")
  if interpreted == nil then interpreted = found:get("originalValue") end
  return interpreted, "value"
end

-- The interpretation with that name, else the first that does not say of which intent it is.
local function interpretation_of(interpretations, name)
  local unnamed
  for _, one in ipairs(interpretations) do
    local intent = one:get("intent")
    if type(intent) == "table" and rawget(intent, "name") == name then return one end
    if intent == nil then unnamed = unnamed or one end
  end
  return unnamed
end

local function read_confidence(interpretation, record)
  if type(interpretation:get("nluConfidence")) ~= "table" then
    return result.confidence(record, interpretation, "nluConfidence")
  end
  local confidence = interpretation:object("nluConfidence")
  if not confidence then return result.fail(record, interpretation:place("nluConfidence"), "must be a number") end
  result.confidence(record, confidence, "score")
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function lex.read(message, record)
  record.session = message:text("sessionId")
  record.text = message:text("inputTranscript")
  local interpretations = message:objects("interpretations")
  local intent = message:object("sessionState"):object("intent")
  if not intent and interpretations[1] then intent = interpretations[1]:object("intent") end
  if not intent then return end
  result.name(record, intent, "name")
  local interpretation = interpretation_of(interpretations, record.intent)
  if interpretation then read_confidence(interpretation, record) end
  if intent:get("confirmationState") == "Denied" then
    result.fail(record, intent:place("confirmationState"), "the person said no", "denied")
  end
  local slots = intent:object("slots")
  for _, name in ipairs(slots and slots:names() or {}) do
    local slot = slots:object(name)
    if slot then
      local found, key = slot_value(slot)
      result.slot(record, name, found, slot, key)
    end
  end
end

return lex
