--- secrets: masks the values of sensitive slots in what users' functions raised, before it is given to the host or
-- recorded with an event. The core masks the values of the event itself; but what a function raises may be about a
-- value that was refused, about one as it was said ("0901 234 567" for +84901234567), or about another intent that
-- waits.
--
-- Like in all free text, values of less than 4 bytes are not looked for.

local secrets = {}

---What stands in place of a secret, as where the core masks.
secrets.MASK = "[redacted]"
---The bytes that a value needs to be looked for: shorter ones are found everywhere by chance.
secrets.LEAST = 4

local function add(texts, value)
  local text = (type(value) == "string" or type(value) == "number") and tostring(value)
  if text and #text >= secrets.LEAST then texts[#texts + 1] = text end
end

-- In place of all of a text that stands in another.
local function replaced(text, secret)
  local parts, at = {}, 1
  while true do
    local first, last = text:find(secret, at, true)
    if not first then break end
    parts[#parts + 1] = text:sub(at, first - 1)
    parts[#parts + 1] = secrets.MASK
    at = last + 1
  end
  if at == 1 then return text end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

---@class intent_webhook.Secrets
---@field texts string[]
local Secrets = { __name = "intent_webhook.Secrets" }
Secrets.__index = Secrets

---@return intent_webhook.Secrets
function secrets.new()
  return setmetatable({ texts = {} }, Secrets)
end

---@param value any a text or a number; anything else is no secret
function Secrets:add(value)
  add(self.texts, value)
end

---The values of an intent's sensitive slots.
---@param checked intent_webhook.CheckedIntent|nil
---@param values table|nil by slot
function Secrets:add_slots(checked, values)
  if not checked or not values then return end
  for _, slot in ipairs(checked.fields) do
    if slot.sensitive then add(self.texts, rawget(values, slot.name)) end
  end
end

---Masks what errors say, in place.
---@param errors intent_webhook.RuleError[]
---@param from integer|nil the first of them that is looked at
function Secrets:hide(errors, from)
  local texts = self.texts
  if not texts[1] then return end
  table.sort(texts, function(one, other) return #one > #other end) -- a part of one may be another
  for index = from or 1, #errors do
    local message = errors[index].message
    for _, secret in ipairs(texts) do message = replaced(message, secret) end
    errors[index].message = message
  end
end

---Whether an intent has a sensitive slot.
---@param intents table<string, intent_webhook.CheckedIntent>|intent_webhook.CheckedIntent[]
---@return boolean
function secrets.are_in(intents)
  for _, checked in pairs(intents) do
    for _, slot in ipairs(checked.fields) do
      if slot.sensitive then return true end
    end
  end
  return false
end

local function add_forms(found, intents, session)
  for _, form in ipairs(session and session.forms or {}) do
    found:add_slots(intents[form.intent], form.slots)
    found:add_slots(intents[form.intent], form.raw)
  end
end

---Masks the errors of a turn. A message as a whole is a secret, too: whether it holds one is not always known.
---@param intents table<string, intent_webhook.CheckedIntent> by name
---@param before table|nil the session that the step was given
---@param after table the next
---@param turn intent_webhook.Turn
---@param text string|nil the message
function secrets.hide_in_turn(intents, before, after, turn, text)
  local found = secrets.new()
  add_forms(found, intents, before)
  add_forms(found, intents, after)
  for _, event in ipairs(turn.events) do found:add_slots(intents[event.intent], event.slots) end
  for _, checked in pairs(intents) do
    for _, one in ipairs(turn.rejected or {}) do found:add_slots(checked, { [one.slot] = one.raw }) end
  end
  found:add(text)
  found:hide(turn.errors)
end

return secrets
