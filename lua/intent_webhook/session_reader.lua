--- session_reader: a session that was kept elsewhere, by a host or in a store, as what a step can rely on.
--
-- Who keeps sessions can give back anything: text that somebody else wrote, what an older file of intents has left,
-- tables that were changed. What a session of a step could not hold is left out, field by field, and the conversation
-- goes on with the rest: a slot without a value is asked for. So no step raises, whatever it is given, and none fires
-- an intent without all of its slots. Whether a value is one of its slot's type beyond that it is a text, a number or
-- a boolean is not looked at: it was when it was said.

local session_reader = {}

local MOST_FORMS = 32 -- more than can wait

local to_integer = rawget(math, "tointeger") or function(value) return value end

-- Numbers that JSON has.
local function number(value)
  return type(value) == "number" and value - value == 0 and value or nil
end

-- How often something has happened.
local function count(value)
  local whole = number(value)
  return whole and whole >= 0 and whole < 2 ^ 31 and whole % 1 == 0 and to_integer(whole) or nil
end

-- A table's own field: metamethods are nobody's data.
local function field(given, name)
  if type(given) ~= "table" then return nil end
  return rawget(given, name)
end

-- What JSON calls the values of the types that have no text.
local KINDS = { number = "number", integer = "number", boolean = "boolean" }

local SCALARS = { string = true, number = true, boolean = true }

-- A value that a slot can have; nil for any other.
local function value_of(slot, value)
  local kind = type(value)
  if not SCALARS[kind] or kind == "number" and not number(value) then return nil end
  if slot.type == nil or slot.type == "own" then return value end
  if kind ~= (KINDS[slot.schema.type] or "string") then return nil end
  if slot.type ~= "integer" then return value end
  if value % 1 ~= 0 then return nil end
  return to_integer(value) or value
end

local function slots_of(checked, given)
  local slots = {}
  for _, slot in ipairs(checked.fields) do slots[slot.name] = value_of(slot, field(given, slot.name)) end
  return slots
end

-- What was said for slots that have a value.
local function raw_of(checked, given, slots)
  local raw
  for _, slot in ipairs(checked.fields) do
    local text = field(given, slot.name)
    if type(text) == "string" and slots[slot.name] ~= nil then
      raw = raw or {}
      raw[slot.name] = text
    end
  end
  return raw
end

-- Slots that the person does not want to give. None can be left out that the intent needs.
local function skipped_of(checked, given)
  local skipped
  for _, slot in ipairs(checked.fields) do
    if field(given, slot.name) == true and not (slot.required and slot.default == nil) then
      skipped = skipped or {}
      skipped[slot.name] = true
    end
  end
  return skipped
end

-- The name of one of the intent's slots.
local function slot_name(checked, value)
  return type(value) == "string" and checked.by_name[value] and value or nil
end

-- A form; nil when it is none. One of an intent that there is not any more keeps its name, so that the turn can say
-- that it was given up.
local function form_of(given, intents)
  local name = field(given, "intent")
  if type(name) ~= "string" then return nil end
  local checked = intents[name]
  if not checked then return { intent = name, slots = {} } end
  local confirm = checked.confirm and field(given, "confirm")
  confirm = (confirm == "asked" or confirm == "change") and confirm or nil
  local tries = count(field(given, "tries"))
  local slots = slots_of(checked, field(given, "slots"))
  return {
    intent = name, slots = slots, raw = raw_of(checked, field(given, "raw"), slots),
    asked = slot_name(checked, field(given, "asked")), tries = tries ~= 0 and tries or nil,
    confirm = confirm, -- but not `confirmed`: what the person has said yes to fires in the same step
    skipped = skipped_of(checked, field(given, "skipped")), last = slot_name(checked, field(given, "last")),
    turns = count(field(given, "turns")) or 0,
  }
end

-- Of several forms of one intent, the last.
local function last_of_each(forms, last)
  local kept = {}
  for _, form in ipairs(forms) do
    if last[form.intent] == form then kept[#kept + 1] = form end
  end
  return kept
end

---A session of our own, with what can be used of the one that is given. Of several forms of one intent the one that
---was open last stays.
---@param given any
---@param intents table<string, intent_webhook.CheckedIntent> by name
---@return table|nil # nil when there is nothing of a session in it
function session_reader.read(given, intents)
  local forms = field(given, "forms")
  if type(forms) ~= "table" then return nil end
  local found, last, again = {}, {}, false
  for index = 1, MOST_FORMS do
    local one = rawget(forms, index)
    if one == nil then break end
    local form = form_of(one, intents)
    if form then
      found[#found + 1] = form
      again = again or last[form.intent] ~= nil
      last[form.intent] = form
    end
  end
  return { at = number(field(given, "at")), forms = again and last_of_each(found, last) or found }
end

return session_reader
