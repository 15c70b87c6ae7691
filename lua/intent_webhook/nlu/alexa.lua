--- alexa: the request that Alexa sends to a skill.
--
--     intent       request.intent.name; requests of other types (LaunchRequest, SessionEndedRequest) have none
--     confidence   none
--     slots        request.intent.slots{}: the name of the first value of the first authority in `resolutions` whose
--                  status is ER_SUCCESS_MATCH, else .value; of a slotValue of the type "List" all of them
--     session      session.sessionId
--     text         none
--
-- Alexa's own intents keep their names ("AMAZON.HelpIntent"); those that answer a question are in `act` as well. A slot
-- or an intent that the person denied is not used. "?" is a number or date that Alexa did not understand.

local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local alexa = { name = "alexa", needs = "request, an object with a type" }

local ACTS = {
  ["AMAZON.YesIntent"] = "yes",
  ["AMAZON.NoIntent"] = "no",
  ["AMAZON.CancelIntent"] = "cancel",
  ["AMAZON.StopIntent"] = "cancel",
  ["AMAZON.HelpIntent"] = "help",
  ["AMAZON.RepeatIntent"] = "repeat",
}

---@param given table
---@return boolean
function alexa.fits(given)
  local request = value.object(given, "request")
  return request ~= nil and rawget(request, "type") ~= nil
end

-- The name that what was said stands for, or nil.
local function resolved(slot)
  local resolutions = slot:object("resolutions")
  for _, authority in ipairs(resolutions and resolutions:objects("resolutionsPerAuthority") or {}) do
    local status = authority:object("status")
    if status and status:get("code") == "ER_SUCCESS_MATCH" then
      local first = authority:objects("values")[1]
      local found = first and first:object("value")
      local name = found and found:text("name")
      if name then return name end
    end
  end
end

-- What a slot has; nil when it has nothing, or nothing to rely on, which is on record then.
local function slot_value(slot, name)
  local simple = slot:get("slotValue") ~= nil and slot:object("slotValue")
  local values = simple and simple:objects("values") or {}
  if values[1] then
    local list = {}
    for _, item in ipairs(values) do list[#list + 1] = slot_value(item, name) end
    return list
  end
  local found = resolved(slot)
  if found == nil then found = slot:get("value") end
  if found == nil and simple then return slot_value(simple, name) end
  if found == "?" then return slot:ignore("value", "was not understood", "unresolved", name) end
  return found
end

local function read_slots(slots, record)
  for _, name in ipairs(slots:names()) do
    local slot = slots:object(name)
    if slot and slot:get("confirmationStatus") == "DENIED" then
      slot:ignore("confirmationStatus", "the person said no", "denied", name)
    elseif slot then
      result.slot(record, name, slot_value(slot, name), slot, "value")
    end
  end
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function alexa.read(message, record)
  local request, session = message:object("request"), message:object("session")
  record.session = session and session:text("sessionId")
  local kind = request:text("type")
  local intent = request:object("intent")
  if not intent then
    if kind == "IntentRequest" then result.fail(record, request:place("intent"), "is missing") end
    return
  end
  result.name(record, intent, "name")
  record.act = ACTS[record.intent]
  if intent:get("confirmationStatus") == "DENIED" then
    result.fail(record, intent:place("confirmationStatus"), "the person said no", "denied")
  end
  local slots = intent:object("slots")
  if slots then read_slots(slots, record) end
end

return alexa
