--- dialogflow: the WebhookRequest of Dialogflow CX.
--
--     intent       intentInfo.displayName, else fulfillmentInfo.tag, else the end of triggerIntent
--     confidence   intentInfo.confidence
--     slots        sessionInfo.parameters{}, and those of intentInfo.parameters{} that are not among them: their
--                  resolvedValue, else originalValue
--     session      sessionInfo.session
--     text         text, transcript or dtmfDigits
--
-- A parameter of the session that is null was cleared by the flow, so the intent's does not stand in for it. Dates are
-- objects { year, month, day }, and stay so.

local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local dialogflow = { name = "dialogflow", needs = "intentInfo or fulfillmentInfo, an object" }

---@param given table
---@return boolean
function dialogflow.fits(given)
  return value.object(given, "intentInfo") ~= nil or value.object(given, "fulfillmentInfo") ~= nil
end

local function read_name(message, intent, record)
  local fulfillment = message:object("fulfillmentInfo")
  local tag = fulfillment and fulfillment:text("tag")
  local trigger = message:text("triggerIntent")
  if intent and (intent:get("displayName") ~= nil or not (tag or trigger)) then
    result.name(record, intent, "displayName")
  elseif tag and tag ~= "" then
    record.intent = tag
  elseif trigger then
    record.intent = trigger:match("([^/]+)$")
  end
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function dialogflow.read(message, record)
  local intent, session = message:object("intentInfo"), message:object("sessionInfo")
  read_name(message, intent, record)
  if intent then result.confidence(record, intent, "confidence") end
  record.session = session and session:text("session")
  record.text = message:text("text") or message:text("transcript") or message:text("dtmfDigits")
  local of_session = session and session:object("parameters")
  if of_session then
    for _, name in ipairs(of_session:names()) do
      result.slot(record, name, of_session:get(name), of_session, name)
    end
  end
  local of_intent = intent and intent:object("parameters")
  for _, name in ipairs(of_intent and of_intent:names() or {}) do
    local parameter = not (of_session and of_session:has(name)) and of_intent:object(name)
    if parameter then
      local key = parameter:get("resolvedValue") ~= nil and "resolvedValue" or "originalValue"
      result.slot(record, name, parameter:get(key), parameter, key)
    end
  end
  table.sort(record.order)
end

return dialogflow
