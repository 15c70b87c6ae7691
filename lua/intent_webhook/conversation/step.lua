--- step: what a step of a conversation works with: the forms, what to say, and the turn that it becomes. Here: how
-- forms begin, are asked for their slots, are complete, and end. What a message means is answer.lua's, what the results
-- of an NLU mean is reception.lua's.

local copy = require "intent_webhook.copy"
local filling = require "intent_webhook.filling"
local protected = require "intent_webhook.protected"
local template = require "intent_webhook.template"

local step = {}

---What came of a message in a session.
---@class intent_webhook.Turn
---@field status "fired"|"collecting"|"confirming"|"cancelled"|"handoff"|"unmatched"
---@field intent string|nil the one that fired, was cancelled or handed over, or that is being filled
---@field slots table|nil its values so far
---@field slot string|nil the slot that is asked for
---@field attempt integer|nil how often it has been asked for with this turn, from 1
---@field prompt string|nil what to ask
---@field text string|nil all that is to be said to the person, the prompt included, a line each
---@field missing string[]|nil required slots that have no value
---@field filled string[]|nil slots that this message gave a value
---@field rejected intent_webhook.Rejection[]|nil values that were refused
---@field events intent_webhook.TurnEvent[] what fires, each once
---@field id string|nil of `message` and `nlu`: that of the first event
---@field replies string[]|nil of `message` and `nlu`: what the intents' actions say
---@field refused intent_webhook.Refusal[]|nil of an NLU's results
---@field resumed string|nil the interrupted intent that goes on
---@field interrupted string|nil the intent that has to wait
---@field dropped string[]|nil intents that were given up: too late, too many interruptions, or a handoff
---@field expired boolean|nil whether that was since the message came too late
---@field reason string|nil of a handoff: "attempts", "turns"
---@field score number|nil of the rule that recognised the message
---@field rule integer|nil its number
---@field ambiguous string[]|nil other intents that are as good, but for the order of their definition
---@field errors intent_webhook.RuleError[]|nil what users' functions raised

---@class intent_webhook.TurnEvent
---@field intent string
---@field slots table<string, any>
---@field id string|nil of `message` and `nlu`: the event's
---@field message string|nil why it was refused, as the client's `fire` says
---@field code string|nil

---What a step works with.
---@class intent_webhook.Step
---@field conversation intent_webhook.Conversation
---@field forms table[] our own list; the forms in it are the session's, and replaced before one is changed
---@field own table|nil the form that is this step's own
---@field turn intent_webhook.Turn
---@field texts string[] to be said
---@field context table
---@field errors intent_webhook.RuleError[]
---@field message intent_webhook.Said
---@field failed boolean whether the question was not answered
---@field skipping boolean|nil whether the person wants to skip what cannot be skipped
---@field said_before integer|nil how many texts are to be said before what actions say
---@field rejected intent_webhook.Rejection|nil the refused answer
local Step = {}
Step.__index = Step

---@param self intent_webhook.Conversation
---@param session table|nil
---@param now number
---@return intent_webhook.Step
function step.new(self, session, now)
  local errors = {}
  return setmetatable({
    conversation = self, forms = copy(session and session.forms or {}), turn = { events = {} }, texts = {},
    errors = errors, context = self:context(now, errors), failed = false,
  }, Step)
end

function Step:say(text)
  if text and text ~= "" then self.texts[#self.texts + 1] = text end
end

function Step:open()
  return self.forms[#self.forms]
end

-- All that a form has; named one by one, which LuaJIT compiles.
local function copy_form(form)
  return {
    intent = form.intent, slots = form.slots, raw = form.raw, asked = form.asked, tries = form.tries,
    confirm = form.confirm, confirmed = form.confirmed, skipped = form.skipped, last = form.last, turns = form.turns,
  }
end

-- The open form, as a table that this step may change: the one that came with the session stays as it is.
local function own_form(self)
  local forms = self.forms
  local form = forms[#forms]
  if form ~= self.own then
    form = copy_form(form)
    forms[#forms], self.own = form, form
  end
  return form
end

-- Gives the open form other fields.
function Step:change(changes)
  local form = own_form(self)
  for key, value in next, changes do form[key] = value end
  return form
end

-- Takes fields from the open form.
function Step:clear(...)
  local form = own_form(self)
  for index = 1, select("#", ...) do form[select(index, ...)] = nil end
  return form
end

function Step:drop(form)
  local turn = self.turn
  turn.dropped = turn.dropped or {}
  turn.dropped[#turn.dropped + 1] = form.intent
end

-- Keeps what a filling found.
function Step:keep(found)
  local turn, form, filled = self.turn, self:open(), found.filled
  if filled[1] then
    local raw = copy(form.raw or {})
    found:check_again()
    for _, name in ipairs(filled) do raw[name] = found.raw[name] end
    for _, name in ipairs(found.dropped or {}) do raw[name] = nil end
    local changes = { slots = found.slots, raw = next(raw) and raw or nil, last = filled[#filled] }
    if form.raw and not changes.raw then self:clear("raw") end
    self:change(changes)
    turn.filled = turn.filled or {}
    for _, name in ipairs(filled) do turn.filled[#turn.filled + 1] = name end
  end
  turn.rejected = found:rejections()
end

-- Beginning and interrupting ------------------------------------------------------------------------------------------

-- Puts a new form on top. Too many of them, and the lowest goes.
function Step:push(intent)
  local forms = self.forms
  if forms[1] then self.turn.interrupted = forms[#forms].intent end
  if #forms > self.conversation.depth then self:drop(table.remove(forms, 1)) end
  forms[#forms + 1] = { intent = intent, slots = {}, turns = 1 }
end

-- Brings the form of an intent to the top; whether there is one.
function Step:raise(intent)
  for index, form in ipairs(self.forms) do
    if form.intent == intent then
      if index < #self.forms then self.turn.interrupted = self:open().intent end
      table.remove(self.forms, index)
      self.forms[#self.forms + 1] = form
      return true
    end
  end
  return false
end

-- A message that was recognised as of another intent than the open one.
function Step:begin(match)
  local turn = self.turn
  turn.rule, turn.score, turn.ambiguous = match.rule, match.score, match.ambiguous
  if not self:raise(match.intent) then self:push(match.intent) end
  local checked = self.conversation.intents[match.intent]
  local found = filling.new(checked, self.message, self:open().slots, self.context)
  found:capture(match.slots, match.spans)
  self:take_named(found, { free = true })
  self:take_correction(found, self:open())
  found:scan()
  self:keep(found)
  self.rejected = (self.turn.rejected or {})[1]
end

-- Ending --------------------------------------------------------------------------------------------------------------

function Step:cancel()
  local form = table.remove(self.forms)
  local turn = self.turn
  turn.status, turn.intent, turn.slots = "cancelled", form.intent, form.slots
  self:say(self.conversation.dialogue:say("cancelled", {}))
end

-- A human takes over: nothing of the session stays.
function Step:hand_over(reason)
  local turn, form = self.turn, table.remove(self.forms)
  turn.status, turn.handoff, turn.reason = "handoff", true, reason
  turn.intent, turn.slots, turn.slot = form.intent, form.slots, form.asked
  for _, other in ipairs(self.forms) do self:drop(other) end
  self.forms = {}
  self.texts = {}
  self:say(self.conversation.dialogue:say("handoff", {}))
end

-- The form is complete: its event goes to the turn.
function Step:complete(checked)
  local form, turn = table.remove(self.forms), self.turn
  local slots = copy(form.slots)
  for _, slot in ipairs(checked.fields) do
    if slots[slot.name] == nil then slots[slot.name] = slot.default end
  end
  turn.events[#turn.events + 1] = { intent = form.intent, slots = slots }
  self.said_before = self.said_before or #self.texts -- what actions say comes behind that
  turn.status, turn.intent, turn.slots = "fired", form.intent, slots
end

-- Going on ------------------------------------------------------------------------------------------------------------

-- The next slot to ask for; nil when there is none.
local function next_slot(checked, form)
  for _, slot in ipairs(checked.fields) do
    if form.slots[slot.name] == nil and not (form.skipped and form.skipped[slot.name]) then
      if slot.required and slot.default == nil or slot.prompts then return slot end
    end
  end
end

local function missing_in(checked, form)
  local missing
  for _, slot in ipairs(checked.fields) do
    if slot.required and slot.default == nil and form.slots[slot.name] == nil then
      missing = missing or {}
      missing[#missing + 1] = slot.name
    end
  end
  return missing
end

---Whether the open form needs nothing more, not even a confirmation.
---@return boolean
function Step:is_complete()
  local form = self:open()
  local checked = self.conversation.intents[form.intent]
  return next_slot(checked, form) == nil and (checked.confirm == nil or form.confirmed == true)
end

-- What the turn says of the form that goes on. One that fired or was cancelled in this turn keeps its name.
function Step:describe(checked, status)
  local turn, form = self.turn, self:open()
  turn.missing = missing_in(checked, form)
  if turn.status then
    turn.resumed = form.intent
  else
    turn.status, turn.intent, turn.slots = status, form.intent, form.slots
  end
end

-- Why the answer was refused, in words for the person; whether there is something to say.
function Step:explain_rejection()
  local rejected = self.rejected
  if not rejected then return false end
  local slot = self.conversation.intents[self:open().intent].by_name[rejected.slot]
  local values = { raw = rejected.raw or "", label = slot.label }
  local dialogue = self.conversation.dialogue
  local yes_or_no = slot.type == "boolean" and dialogue:say("yes_or_no", values)
  self:say(rejected.message or yes_or_no or dialogue:reason(rejected.reason, values, slot.type))
  self.rejected = nil
  return true
end

-- That nothing was understood, or that the slot cannot be skipped, where the same question would else come again
-- without a word. A list of prompts has words of its own for that, and silence wants none.
function Step:explain_failure(slot)
  if slot.attempts and slot.attempts > 1 or not self.message.words[1] then return end
  local dialogue, values = self.conversation.dialogue, { label = slot.label, raw = "" }
  local words = self.skipping and dialogue:say("needed", values)
    or slot.type == "boolean" and dialogue:say("yes_or_no", values)
  self:say(words or dialogue:reason("other", values))
end

-- How often the question has been asked, with this time.
function Step:count_tries(form, same)
  if not same then return 1 end
  return (form.tries or 1) + (self.failed and 1 or 0)
end

-- Asks for a slot; false when that was done often enough.
function Step:ask(checked, slot)
  local form = self:open()
  local tries = self:count_tries(form, form.asked == slot.name)
  if tries > (slot.attempts or self.conversation.attempts) then return false end
  local failed = self.failed and form.asked == slot.name and tries > 1
  form = self:change { asked = slot.name, tries = tries }
  self.failed = false
  self:describe(checked, "collecting")
  if not self:explain_rejection() and failed then self:explain_failure(slot) end
  local prompt = slot:prompt(tries, form.slots, self.errors)
    or self.conversation.dialogue:say("ask", { label = slot.label })
  self.turn.slot, self.turn.attempt, self.turn.prompt = slot.name, tries, prompt
  self:say(prompt)
  return true
end

local function confirmation(self, checked, form)
  if form.confirm == "change" then return self.conversation.dialogue:say("change", {}) end
  local confirm = checked.confirm
  if type(confirm) ~= "function" then return template.text(confirm, form.slots) end
  local where = checked.where .. ".confirm"
  local good, text = protected.report(self.errors, where, confirm, copy(form.slots))
  if good and type(text) == "string" then return text end
  if good then
    self.errors[#self.errors + 1] = { where = where, message = ("returned a %s: return a string"):format(type(text)) }
  end
  return self.conversation.dialogue:say("confirm_help", {})
end

-- Asks whether all is right; false when that was done often enough.
function Step:ask_confirmation(checked)
  local form = self:open()
  local tries = self:count_tries(form, form.confirm ~= nil)
  if tries > self.conversation.attempts then return false end
  self:clear("asked")
  form = self:change { confirm = form.confirm or "asked", tries = tries }
  if not self:explain_rejection() and self.failed and form.confirm == "asked" then
    self:say(self.conversation.dialogue:say("confirm_help", {}))
  end
  self.failed = false
  self:describe(checked, "confirming")
  self.turn.attempt, self.turn.prompt = tries, confirmation(self, checked, form)
  self:say(self.turn.prompt)
  return true
end

-- Goes on with the open form, and with those below it when it is done.
function Step:go_on()
  while self.forms[1] do
    local form = self:open()
    local checked = self.conversation.intents[form.intent]
    local slot = next_slot(checked, form)
    if slot then
      if self:ask(checked, slot) then return end
      if slot.required and slot.default == nil then return self:hand_over("attempts") end
      local skipped = copy(form.skipped or {})
      skipped[slot.name] = true
      self:change { skipped = skipped }
    elseif checked.confirm and not form.confirmed then
      if self:ask_confirmation(checked) then return end
      return self:hand_over("attempts")
    else
      self:complete(checked)
    end
    self.failed, self.rejected = false, nil
  end
end

-- First and last ------------------------------------------------------------------------------------------------------

-- Drops what has waited too long, and what is of intents that there are no more.
function Step:expire(session, now)
  local known = {}
  for _, form in ipairs(self.forms) do
    if self.conversation.intents[form.intent] then known[#known + 1] = form else self:drop(form) end
  end
  self.forms = known
  if not known[1] or now - (session.at or now) <= self.conversation.idle_timeout then return end
  for _, form in ipairs(known) do self:drop(form) end
  self.forms = {}
  self.turn.expired = true
  self:say(self.conversation.dialogue:say("expired", {}))
end

-- Errors, each once: a type that raises does so wherever its slot is looked for.
local function each_once(errors)
  local list, seen = {}, {}
  for _, one in ipairs(errors) do
    local key = one.where .. "\n" .. protected.first_line(one.message):gsub("^took.*", "took")
    if not seen[key] then list[#list + 1] = one end
    seen[key] = true
  end
  return list
end

-- The session and the turn, when all is done; and what is to be said, with how much of it comes before the actions'
-- replies.
function Step:finish(now)
  local turn = self.turn
  turn.status = turn.status or "unmatched"
  if self.errors[1] then turn.errors = each_once(self.errors) end
  if self.texts[1] then turn.text = table.concat(self.texts, "\n") end
  if turn.slots then turn.slots = copy(turn.slots) end
  return { at = now, forms = self.forms }, turn, { texts = self.texts, before = self.said_before or 0 }
end

step.Step = Step

return step
