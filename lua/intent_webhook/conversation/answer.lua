--- answer: what a message means while a form is open: a command, another intent that interrupts, yes and no, changes,
-- values. Methods of a step (step.lua).

local boolean = require "intent_webhook.types.boolean"
local copy = require "intent_webhook.copy"
local filling = require "intent_webhook.filling"
local Step = require("intent_webhook.conversation.step").Step

local MOST_BARE = 3 -- words of a message that is the name of a slot alone: "the date, please"

-- Types that take nearly any text for their value, and the least score of a rule that goes before that.
local GREEDY = { text = 0.5, name = 0.25 }

-- Whether a message that is of another intent is that, and no answer to what was asked.
function Step:interrupts(match, form)
  local intents = self.conversation.intents
  if match.intent == form.intent or not intents[match.intent].interrupts then return false end
  if not form.asked then
    local least = boolean.answer(self.message, self.conversation.language) == nil and 0 or GREEDY.text
    return match.score > 0 and match.score >= least
  end
  local slot = intents[form.intent].by_name[form.asked]
  local least = slot.type == nil and GREEDY.text or GREEDY[slot.type]
  if least then return match.score >= least end
  if match.score <= 0 then return false end
  local value, first, last = slot.reader:find(self.message, 1, self.context, true)
  if value == nil then return true end
  -- an answer, when nearly nothing else is said
  local rest = #self.message.words - (self.message:index(last + 1) - self.message:index(first))
  return rest > 2
end

-- Answers -------------------------------------------------------------------------------------------------------------

-- What answers the question. A name is looked for when all other slots have taken theirs.
function Step:take_answer(found, slot, corrected)
  if slot.type == "name" then
    found:scan(false, slot.name)
    if corrected and not found:is_taken(1, corrected - 1) then found:take(1, corrected - 1) end
  end
  found:look(slot, 1, true)
end

-- Whether the person does not want to give the optional slot that was asked for.
function Step:skips(form, slot, found, command)
  if slot.required and slot.default == nil then return false end
  if command ~= "skip" and command ~= "nothing" then return false end
  if slot.reader and not GREEDY[slot.type] and found:look(slot, 1, true) then return false end
  local skipped = copy(form.skipped or {})
  skipped[slot.name] = true
  self:change { skipped = skipped }
  return true
end

-- Whether a message is no name, and no wish, but says only whether there is one: "skip", "hold on" for a name, "yes"
-- for an optional text.
function Step:declines(slot, command)
  if slot.type == "name" then
    return command == "skip" or command == "nothing" or self.conversation.dialogue:is_only_cue(self.message)
  end
  return command == "assent" and not slot.required and self.takes_any_text(slot)
end

-- Whether a message that says again what the open intent is about is that, and no text or name that was asked for.
local function says_again(match, form, asked)
  if not match or match.intent ~= form.intent then return false end
  local least = asked.type == nil and GREEDY.text or GREEDY[asked.type]
  return least ~= nil and match.score >= least
end

-- What a message gives for the open form while a slot is asked for. Returns the slots that shall change, and have no
-- value yet; and whether the message names slots or corrects them.
function Step:find_values(found, form, asked, match)
  local empty, named = self:take_named(found, { free = self.takes_any_text(asked) })
  local early, corrected
  if not named then early, corrected = self:take_correction(found, form, asked) end
  if match and match.intent == form.intent then
    self.turn.rule, self.turn.score = match.rule, match.score
    found:capture(match.slots, match.spans)
  end
  if asked and found.slots[asked.name] == nil and not found.rejected[asked.name] then
    local elsewhere = corrected or named and (not found.filled[1] or self.takes_any_text(asked))
    if not elsewhere and not says_again(match, form, asked) then self:take_answer(found, asked, early) end
  end
  found:scan()
  return empty, named or early ~= nil
end

-- A message while a slot is asked for.
function Step:answer(match, command)
  local form = self:open()
  local checked = self.conversation.intents[form.intent]
  local asked = form.asked and checked.by_name[form.asked]
  local found = filling.new(checked, self.message, form.slots, self.context)
  if asked and self:skips(form, asked, found, command) then return end
  if asked and self:declines(asked, command) then
    self.failed, self.skipping = true, asked.required and command == "skip"
    return
  end
  local empty, directed = self:find_values(found, form, asked, match)
  self:keep(found)
  if empty then return self:ask_again(empty) end
  self.rejected = asked and found.rejected[asked.name] or directed and (self.turn.rejected or {})[1] or nil
  self.failed = not found.filled[1]
  self.skipping = self.failed and asked and asked.required and not self.rejected and command == "skip"
end

-- The person wants to give other values for slots, or none for those that are optional: "remove the note".
function Step:ask_again(namings)
  local form = self:open()
  local slots, raw, skipped, asked = copy(form.slots), copy(form.raw or {}), copy(form.skipped or {}), nil
  for _, naming in ipairs(namings) do
    local slot = naming.slot
    slots[slot.name], raw[slot.name] = nil, nil
    local needed = slot.required and slot.default == nil
    if naming.removes and not needed then skipped[slot.name] = true else asked = asked or slot.name end
  end
  self:clear("confirm", "raw")
  self:change { slots = slots, raw = next(raw) and raw or nil, skipped = next(skipped) and skipped or nil }
  if asked then
    self:change { asked = asked, tries = 0 }
    self.failed = true -- which counts the question as the first
  end
end

-- Confirmation --------------------------------------------------------------------------------------------------------

-- Whether a filling has other values than the form.
local function has_changed(found, form)
  for _, name in ipairs(found.filled) do
    if found.slots[name] ~= form.slots[name] then return true end
  end
  return false
end

-- The changes in a message: named, corrected, or any value that can be nothing else. Returns whether there were some;
-- "yes, Friday is fine" has none when it was Friday before.
function Step:take_changes(match, yes)
  local form = self:open()
  local checked = self.conversation.intents[form.intent]
  local found = filling.new(checked, self.message, form.slots, self.context)
  local short = yes == nil and #self.message.words <= MOST_BARE
  local empty, named = self:take_named(found, { loosely = form.confirm == "change" or short, confirming = true })
  if not named then self:take_correction(found, form) end
  if match and match.intent == form.intent then found:capture(match.slots, match.spans) end
  if not named then found:scan(true) end
  if yes and not empty and not has_changed(found, form) then return false end
  self:keep(found)
  if found.filled[1] then self:clear("confirm", "asked", "tries") end
  if empty then self:ask_again(empty) end
  self.rejected = (self.turn.rejected or {})[1]
  return found.filled[1] ~= nil or empty ~= nil
end

function Step:answer_confirmation(match, command)
  local form = self:open()
  local yes = boolean.answer(self.message, self.conversation.language)
  local changing = form.confirm == "change"
  if changing and yes == false and command ~= "nothing" and command ~= nil then return self:cancel() end
  if self:take_changes(match, yes) then return end
  if changing and (yes or command == "nothing" or command == "skip") then
    self:clear("confirm", "tries") -- all is right, it seems: better to ask again than to guess
  elseif changing then
    self.failed = true
  elseif yes then
    self:change { confirmed = true }
  elseif yes == false then
    self:change { confirm = "change", tries = 1 }
  else
    self.failed = true
  end
end

-- A message --------------------------------------------------------------------------------------------------------

function Step:help()
  local form = self:open()
  local slot = form.asked and self.conversation.intents[form.intent].by_name[form.asked]
  if not slot then return self:say(self.conversation.dialogue:say("confirm_help", {})) end
  self:say(slot.help or self.conversation.dialogue:say("help", { label = slot.label }))
end

-- Counts a message for the form that is open, if one is; whether it was one too many, and a human takes over.
function Step:count_turn()
  if not self.forms[1] then return false end
  local form = self:change { turns = (self:open().turns or 0) + 1 }
  if form.turns <= self.conversation.turn_limit then return false end
  self:hand_over("turns")
  return true
end

-- A message while a form is open.
function Step:hear(text, given)
  local form = self:open()
  local command = self.conversation.dialogue:command(self.message)
  if command == "cancel" then return self:cancel() end
  if command == "help" then return self:help() end
  if command == "repeat" then return end
  local match, errors = self.conversation.recognition:match(text, given, nil, self.message, self.context)
  for _, one in ipairs(errors or {}) do self.errors[#self.errors + 1] = one end
  if match and self:interrupts(match, form) then
    self:begin(match)
  elseif form.confirm then
    self:answer_confirmation(match, command)
  else
    self:answer(match, command)
  end
end

-- A message while none is.
function Step:open_with(text, given)
  local match, errors = self.conversation.recognition:match(text, given, nil, self.message, self.context)
  for _, one in ipairs(errors or {}) do self.errors[#self.errors + 1] = one end
  if match then return self:begin(match) end
end

return Step
