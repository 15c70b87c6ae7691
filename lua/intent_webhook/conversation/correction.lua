--- correction: values that a message gives for slots by name ("change the date to Friday", "phone: 0901 234 567") or by
-- the words of a correction ("no, Friday", "4, no wait, 5"). Methods of a step (step.lua).

local said = require "intent_webhook.said"
local Step = require("intent_webhook.conversation.step").Step

-- Named ---------------------------------------------------------------------------------------------------------------

-- The byte before the next slot that a message names, or its end.
local function end_of_part(message, namings, index)
  local following = namings[index + 1]
  return following and message.firsts[following.first] - 1 or #message.text
end

-- A part of the message, at its place, so that spans stay true: what is before it is blank.
local function part_of(message, first, last)
  return said.new((" "):rep(first - 1) .. message.text:sub(first, last))
end

-- A slot's value in a part of the message.
local function look_in(found, part, slot, at, asked)
  local whole = found.said
  found.said = part
  local got = found:look(slot, at, asked)
  found.said = whole
  return got
end

-- Words of a free text that may stand beside a value that is meant for another slot: "my", "please", "sorry".
local MOST_BESIDE = 3

local function takes_any_text(slot)
  return slot ~= nil and (slot.type == nil or slot.type == "text")
end
Step.takes_any_text = takes_any_text

-- Types whose values stand before a name more often than behind it: "2 adults".
local COUNTS = { integer = true, number = true }

-- Whether a value of a slot is nearly all of a part of the message, from a word on.
function Step:is_nearly_all(slot, part, from, asked)
  local message = self.message
  if not slot.reader then return false end
  local value, first, last = slot.reader:find(part, message.firsts[from], self.context, asked)
  if value == nil then return false end
  local inside = part:index(last + 1) - part:index(first)
  return #part.words - inside <= MOST_BESIDE
end

-- Whether a slot is named in a message that answers a question for any text, and not only talked of. "My e-mail is
-- ann@example.org" is meant for the slot; "the company is growing, and ..." is what the person wants to say.
function Step:is_meant(naming, part)
  local message, slot = self.message, naming.slot
  if not part then
    local beside = #message.words - (naming.value - naming.first)
    return (naming.changes or naming.removes) and beside <= MOST_BESIDE
  end
  if takes_any_text(slot) then return naming.colon or naming.changes and naming.linked end
  if not (naming.colon or naming.changes) then
    return naming.first <= MOST_BESIDE and self:is_nearly_all(slot, part, naming.value, true)
  end
  return slot.reader:find(part, message.firsts[naming.value], self.context, true) ~= nil
end

-- A value right before the name of its slot, behind what was named before: "2 adults and 1 child", "5 May (arrival)",
-- "ann@example.org for billing". Returns whether the slot got it.
function Step:look_before(found, namings, index, bare)
  local message, naming = self.message, namings[index]
  local slot, before = naming.slot, namings[index - 1]
  if naming.first == 1 or not slot.rank or slot.type == "name" then return false end
  if not bare and (not COUNTS[slot.type] or found.slots[slot.name] ~= nil) then return false end
  local first = before and message.lasts[before.value - 1] + 1 or 1
  local ending = self.conversation.dialogue:before_name(message, naming.first)
  local part = part_of(message, first, message.lasts[ending] or 0)
  while true do
    local value, from, to = slot.reader:find(part, first, self.context, false)
    if value == nil then return false end
    if not part.text:find("[^ (]", to + 1) then
      return not found:is_taken(from, to) and look_in(found, part, slot, from, false)
    end
    first = to + 1
  end
end

-- Whether a slot's name is a part of a value of it, as "at" may be one of "at 6".
function Step:is_within(naming)
  local message = self.message
  local value, first, last = naming.slot.reader:find(message, 1, self.context, false)
  return value ~= nil and first < message.firsts[naming.first] and last >= message.firsts[naming.value]
end

-- The first and last byte of a slot's value in a part of the message, or of what is meant as one and is none: of a
-- person who was asked for nothing yet only what is so without being asked.
function Step:place_of(slot, part, at, asked)
  local value, first, last, end_of_reason = slot.reader:find(part, at, self.context, asked)
  if value ~= nil then return first, last end
  local form = self:open()
  if not end_of_reason or asked and not (form.asked or form.confirm) then return nil end
  return last, end_of_reason
end

-- The last byte of a value of the slot that stands right behind its name: "size 6", "arrival on the 2nd". One that is
-- only read of a person who was asked, "arriving the 2nd", has to be nearly all up to the next name.
function Step:follows(found, naming, part)
  local message, slot = self.message, naming.slot
  if not part or not slot.rank or slot.type == "name" then return nil end
  local latest = self.conversation.dialogue:latest_value(message, naming.value)
  if not latest then return nil end
  local at, limit = message.firsts[naming.value], message.lasts[latest]
  local first, last = self:place_of(slot, part, at, false)
  if not first or first > limit then
    first, last = self:place_of(slot, part, at, true)
    if not first or first > limit then return nil end
    if #part.words - (part:index(last + 1) - part:index(first)) > MOST_BESIDE then return nil end
  end
  return not found:is_taken(first, last) and not self:is_within(naming) and last or nil
end

-- What stands behind a name, up to the next, as a part of the message; nil when nothing does.
function Step:part_behind(namings, index)
  local message, naming = self.message, namings[index]
  local first, last = message.firsts[naming.value], end_of_part(message, namings, index)
  if not first or first > last then return nil end
  -- "can you change the name to Ann?" asks for no "Ann?"
  if naming.slot.reader then last = #message.text:sub(1, last):gsub("[%s?]+$", "") end
  return part_of(message, first, last)
end

-- How the names of slots count.
---@class intent_webhook.Naming.Manner
---@field free boolean|nil any text is asked for, or nothing: a name has to be meant
---@field loosely boolean|nil what shall change is asked for: a name alone is enough
---@field confirming boolean|nil all is asked for: "the date is wrong" is enough

-- Whether a message begins with a correction that is more than a "no" at the beginning of a text.
function Step:corrects_text()
  local cue = self.conversation.dialogue:cue(self.message)
  return cue ~= nil and cue.early and cue.certain
end

-- Whether the message has its values before their names: there is none behind the last.
function Step:has_values_first(found, namings)
  local last = #namings
  return not self:follows(found, namings[last], self:part_behind(namings, last))
end

-- "Departure 10 December, no wait, 11 December": what corrects a value that was named goes to the same slot.
function Step:correct_named(found, namings)
  local message, cue = self.message, self.conversation.dialogue:cue(self.message)
  if not cue or cue.early then return end
  local last = #message.text
  for index = #namings, 1, -1 do
    if namings[index].first >= cue.value then last = message.firsts[namings[index].first] - 1 end
  end
  for index = #found.filled, 1, -1 do
    local slot = found.checked.by_name[found.filled[index]]
    local span = found.spans[slot.name]
    if span and span[2] < message.firsts[cue.first] then
      local part = part_of(message, message.firsts[cue.value], last)
      if self:is_nearly_all(slot, part, cue.value, true) then
        look_in(found, part, slot, message.firsts[cue.value], true)
      end
      return
    end
  end
end

-- Values for slots that the message names: "change the date to Friday", "phone: 0901234567". Returns the namings of
-- slots that shall change without a value for them, and whether any slot was named.
---@param found intent_webhook.Filling
---@param manner intent_webhook.Naming.Manner
function Step:take_named(found, manner)
  local message = self.message
  local namings = self.conversation.dialogue:namings(message, found.checked.fields)
  if not namings[1] then return nil, nil end
  local texted = manner.free and self:open().asked -- then a slot has to be meant
  local bare = not texted or self:corrects_text()
  local empty, named
  for index, naming in ipairs(namings) do
    local slot = naming.slot
    local part = self:part_behind(namings, index)
    local wrong = manner.confirming and naming.wrong
    local certain = naming.certain or wrong
    local follows = bare and (not certain or manner.free or naming.removes) and self:follows(found, naming, part)
    local counts = certain or manner.loosely or follows
    local before = not certain
      and (not counts or COUNTS[slot.type] or index < #namings and self:has_values_first(found, namings))
    if before and self:look_before(found, namings, index, bare and not texted) then
      found:take(message.firsts[naming.first], message.lasts[naming.value - 1])
    elseif counts and (follows and not texted or not manner.free or self:is_meant(naming, part)) then
      named = true
      local first = message.firsts[naming.value]
      local looked = part and not ((wrong or naming.removes) and takes_any_text(slot))
      if follows and naming.removes then
        found:take(message.firsts[naming.first], follows) -- "no extra onions"
        looked = false
      end
      if looked and look_in(found, part, slot, first, true) then
        found:take(message.firsts[naming.first], first - 1)
      elseif wrong or naming.removes or (manner.loosely or naming.changes) and not found.rejected[slot.name] then
        empty = empty or {}
        empty[#empty + 1] = naming
      end
    end
  end
  if named and bare then self:correct_named(found, namings) end
  return empty, named
end

-- Corrected -----------------------------------------------------------------------------------------------------------

-- The slots that a correction may be for, in the order in which they are looked for: the one that is asked for, when
-- the message has a value of it before what corrects it, the one that got its value last, and those that have one.
local function slots_to_correct(found, form, asked, head)
  local context, list, seen = found.context, {}, {}
  local function add(slot)
    if slot and slot.rank and not seen[slot.name] then
      seen[slot.name] = true
      list[#list + 1] = slot
    end
  end
  if asked and asked.rank and asked.type ~= "name" and head and asked.reader:find(head, 1, context, true) ~= nil then
    add(asked)
  end
  add(form.last and found.checked.by_name[form.last])
  for _, slot in ipairs(found.checked.scanned) do
    if found.slots[slot.name] ~= nil or head and slot.reader:find(head, 1, context, false) ~= nil then add(slot) end
  end
  return list
end

-- The name that is put right: the one that is asked for, the one that was said last, or the only one there is.
local function name_to_correct(found, form, asked, cue)
  if not cue.early and asked and asked.type == "name" then return asked end
  local last = form.last and found.checked.by_name[form.last]
  if last and last.type == "name" then return last end
  local only
  for _, slot in ipairs(found.checked.fields) do
    if slot.type == "name" and found.slots[slot.name] ~= nil then
      if only then return nil end
      only = slot
    end
  end
  return only
end

-- A name is only put right by one that is all of the rest, and does not begin with a small letter: "Jon, I mean John".
function Step:take_corrected_name(found, form, asked, cue, part)
  local slot = cue.certain and name_to_correct(found, form, asked, cue)
  if not slot then return end
  local first = self.message.firsts[cue.value]
  local other = asked ~= slot and asked and asked.reader
  if other and other:find(part, first, self.context, true) ~= nil then return end
  local value, from, to = slot.reader:find(part, first, self.context, true)
  if not value or value:find("^%l") or part:index(to + 1) <= #part.words then return end
  look_in(found, part, slot, from, true)
end

-- Whether a yes or no that was asked for is in a message that begins with a correction: in "no, make it 3" it is, and
-- in "no wait, Friday" it is not.
function Step:answers_too(asked)
  return asked ~= nil and asked.type == "boolean" and not self.conversation.dialogue:begins_strong(self.message)
end

-- "No, Friday", "4, no wait, 5", "Friday instead": what stands behind the words of the correction goes to the slots
-- that have a value already. Returns the first byte behind these words, when nothing is before them; and whether
-- something was corrected, and the message is nothing else.
function Step:take_correction(found, form, asked)
  local message = self.message
  local cue = self.conversation.dialogue:cue(message)
  if not cue then return nil, false end
  local free = takes_any_text(asked)
  local first = message.firsts[cue.value]
  -- "no nuts, please" is what the person wants to say, and so is a text with "I mean" in it
  if free and not (cue.early and cue.certain) then return nil, false end
  local before = #found.filled
  local part = part_of(message, first, #message.text)
  local head = not cue.early and part_of(message, 1, message.firsts[cue.first] - 1) or nil
  for _, slot in ipairs(slots_to_correct(found, form, asked, head)) do
    local denied = slot.type == "enum" and not cue.certain -- "no mushrooms"
    if not denied and (not free or self:is_nearly_all(slot, part, cue.value, false)) then
      local got = look_in(found, part, slot, first, slot == asked)
      if head and (got or slot == asked and found.rejected[slot.name]) then
        local value, from, to = slot.reader:find(head, 1, self.context, true)
        if value ~= nil then found:take(from, to) end
      end
    end
  end
  if #found.filled == before then self:take_corrected_name(found, form, asked, cue, part) end
  local corrected = #found.filled > before and cue.early and not self:answers_too(asked)
  if corrected then found:take(1, first - 1) end
  return cue.early and first or nil, corrected
end

return Step
