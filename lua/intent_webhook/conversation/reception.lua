--- reception: what the results of an NLU or a model mean in a conversation. Methods of a step (step.lua).
--
-- Each result is of one intent. What cannot be used of it is refused with a reason: the whole of it, when its intent is
-- not known or not certain enough, or single values; the rest goes on. An intent that has all that it needs fires, the
-- others are asked about like in any conversation, the first of them first.

local check = require "intent_webhook.check"
local filling = require "intent_webhook.filling"
local Step = require("intent_webhook.conversation.step").Step

---What was refused of a result.
---@class intent_webhook.Refusal
---@field intent string|nil
---@field slot string|nil nil: the whole result
---@field where string "nlu", "nlu.slots.date"
---@field code string "unknown_intent", "no_intent", "low_confidence", "unknown_slot", "repeated", or what is wrong with
---  the result or the value: "arguments", "field", "wrong_type", "impossible", ...
---@field message string quotes no value

---@param intent string|nil
---@param slot string|nil
---@param code string
---@param message string
function Step:refuse(intent, slot, code, message)
  local turn = self.turn
  turn.refused = turn.refused or {}
  turn.refused[#turn.refused + 1] = {
    intent = intent, slot = slot, where = slot and check.within("nlu.slots", slot) or "nlu", code = code,
    message = message,
  }
end

-- What systems call it when they recognised nothing, unless there is an intent of that name.
local FALLBACKS = {
  nlu_fallback = true, -- Rasa
  ["Default Fallback Intent"] = true, -- Dialogflow
  FallbackIntent = true, -- Lex
  ["AMAZON.FallbackIntent"] = true, -- Lex and Alexa
  None = true, -- LUIS and its followers
}

local function names_of(intents)
  local names = {}
  for name in pairs(intents) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- The intent of a result that can be used, or nil when it was refused.
function Step:usable(result, least)
  local name = result.intent
  if result.problem then
    self:refuse(name, nil, result.problem.code, result.problem.message)
    return nil
  end
  local intents = self.conversation.intents
  if not intents[name] then
    local known = check.suggestion(name, names_of(intents))
    self:refuse(name, nil, "unknown_intent", "there is no such intent" .. known)
    return nil
  end
  if result.confidence and result.confidence < least then
    local sentence = "its confidence is %.3f, the least is %.3f"
    self:refuse(name, nil, "low_confidence", sentence:format(result.confidence, least))
    return nil
  end
  return name
end

local REASONS = {
  wrong_type = "is of a type that the slot does not take", absent = "holds no value of the slot's type",
  refused = "was refused by the slot's validate",
}

-- Gives the open form the values of a result.
function Step:receive_slots(result)
  local form = self:open()
  local checked = self.conversation.intents[form.intent]
  local found = filling.new(checked, self.message, form.slots, self.context)
  for _, name in ipairs(result.order) do
    local slot = checked.by_name[name]
    if not slot then
      self:refuse(form.intent, name, "unknown_slot",
        "the intent has no such slot" .. check.suggestion(name, checked.names))
    elseif not found:receive(slot, result.slots[name]) then
      local rejected = found.rejected[name]
      self:refuse(form.intent, name, rejected.reason,
        rejected.message or REASONS[rejected.reason] or ("is no value of the slot: " .. rejected.reason))
    end
  end
  for _, one in ipairs(result.ignored) do self:refuse(form.intent, one.name, one.code, one.message) end
  self:keep(found)
end

-- What an NLU understood without an intent of ours: an answer to what was asked, or just words.
function Step:receive_answer(result)
  if self.forms[1] and result.act then return self:act(result.act) end
  if self.forms[1] and result.order[1] then
    self:receive_slots(result)
    self.failed = not self.turn.filled
  elseif self.forms[1] and result.text and result.text == self.message.text then
    self:hear(result.text)
  else
    self:refuse(nil, nil, "no_intent", "the result has no intent")
  end
end

-- An intent of a voice assistant's own: yes, no, cancel, help, repeat.
function Step:act(act)
  local form = self:open()
  if act == "cancel" then
    self:cancel()
  elseif act == "help" then
    self:help()
  elseif form.confirm and act == "yes" then
    self:change { confirmed = true }
  elseif form.confirm and act == "no" then
    self:change { confirm = "change", tries = 1 }
  elseif act ~= "repeat" then
    self.failed = true
  end
end

-- Whether a result is of no intent of ours: none was recognised, or one that a voice assistant has by itself.
function Step:is_no_intent(result)
  if result.problem then return false end
  if result.intent == nil then return true end
  return not self.conversation.intents[result.intent] and (FALLBACKS[result.intent] or result.act) ~= nil
end

-- Gives the form of an intent, a new one or that which there is, what a result has for it; returns its name if it needs
-- more.
function Step:receive_intent(name, result)
  local again = self:raise(name)
  if not again then self:push(name) end
  self:receive_slots(result)
  if again and not self.turn.filled then self.failed = true end -- it did not answer the question
  if not self:is_complete() then return name end
  self:complete(self.conversation.intents[name])
end

---Takes the results of one message.
---@param results intent_webhook.NluResults
---@param least number the confidence that an intent needs
function Step:receive(results, least)
  local begun = {}
  for _, result in ipairs(results) do
    if self:is_no_intent(result) then
      self:receive_answer(result)
    else
      local name = self:usable(result, least)
      begun[#begun + 1] = name and self:receive_intent(name, result)
    end
  end
  for _, one in ipairs(results.ignored) do self:refuse(nil, nil, one.code, one.message) end
  -- the one that came first is asked about first
  for index = #begun, 1, -1 do self:raise(begun[index]) end
end

return Step
