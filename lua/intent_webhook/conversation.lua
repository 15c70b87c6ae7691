--- conversation: one message after the other, until an intent has what it needs.
--
--     session, turn = conversation:step(session, "Friday at 7", now)
--
-- A step is a pure function: it reads no clock, stores nothing and fires nothing, and the session that it is given
-- stays as it was. What has to fire is in turn.events, each once. (What users' own functions do is theirs.)
--
-- A session is a plain table for JSON: { at = seconds since 1970, forms = { form, ... } }, the last form is the open
-- one, those before it were interrupted. A form is an intent that is being filled:
--
--     intent   its name
--     slots    values by slot; raw: what was said, where that differs from the value
--     asked    the slot that was asked for; tries: how often
--     confirm  "asked": the person was asked whether all is right; "change": was asked what is wrong
--     skipped  optional slots that the person does not want to give, as { name = true }
--     last     the slot that got a value last
--     turns    messages since it was begun
--
-- What a message does to the open form, the first that fits:
--
--   1. nothing more, when it comes too late (idle_timeout) or too often (turn_limit)
--   2. a command: cancel, help, repeat
--   3. another intent, which interrupts: its form goes on top, and the one below goes on when it is done
--   4. changes, yes and no, when the person was asked to confirm
--   5. that an optional slot shall have no value: skip, no, nothing
--   6. values: named ("the date is Friday"), corrected ("no, Friday"), of the intent's own rules, the answer to the
--      question, and whatever else in the message can only be a value of a slot that is open
--
-- A value that a slot has is only changed by words that say so. Where one has changed, the predicates of the others are
-- asked again. Then the next missing slot is asked for, or the confirmation, or the intent fires.

local dialogue = require "intent_webhook.dialogue"
local said = require "intent_webhook.said"
local secrets = require "intent_webhook.secrets"
local step = require "intent_webhook.conversation.step"
require "intent_webhook.conversation.correction"
require "intent_webhook.conversation.answer"
require "intent_webhook.conversation.reception"

local conversation = {}

local MOST_WORDS = 2000 -- of a message: beyond these no values are looked for, since each slot's type reads them all

---@class intent_webhook.Conversation
---@field intents table<string, intent_webhook.CheckedIntent>
---@field recognition intent_webhook.Recognition
---@field dialogue intent_webhook.Dialogue
---@field language table
---@field offset fun(time: number): number
---@field attempts integer
---@field turn_limit integer
---@field idle_timeout number seconds
---@field depth integer
---@field secret boolean whether an intent has a sensitive slot
local Conversation = { __name = "intent_webhook.Conversation" }
Conversation.__index = Conversation

---A message, with the words in which values are looked for.
---@param text string
---@return intent_webhook.Said
function conversation.heard(text)
  local message = said.new(text)
  for index = #message.words, MOST_WORDS + 1, -1 do
    message.words[index], message.firsts[index], message.lasts[index] = nil, nil, nil
  end
  return message
end

---@param intents table<string, intent_webhook.CheckedIntent> by name
---@param recognised intent_webhook.Recognition
---@param accepted table the client's checked options
---@return intent_webhook.Conversation
function conversation.new(intents, recognised, accepted)
  local limits = accepted.conversation
  return setmetatable({
    intents = intents, recognition = recognised, language = accepted.language_table,
    dialogue = dialogue.new(accepted.language_table), offset = accepted.offset, attempts = limits.attempts,
    turn_limit = limits.turn_limit, idle_timeout = limits.idle_timeout, depth = limits.interruptions,
    secret = secrets.are_in(intents),
  }, Conversation)
end

---What readers are told.
---@param now number
---@param errors intent_webhook.RuleError[]
---@return table
function Conversation:context(now, errors)
  return { now = now, offset = self.offset, errors = errors, dialogue = self.dialogue }
end

-- What a step came to; of what users' functions raised without the values of sensitive slots.
local function finish(self, taken, session, now)
  local after, turn, words = taken:finish(now)
  if turn.errors and self.secret then
    secrets.hide_in_turn(self.intents, session, after, turn, taken.message.text)
  end
  return after, turn, words
end

---Takes one message.
---@param session table|nil what the last step gave; nil at the beginning
---@param text string
---@param now number seconds since 1970
---@param given intent_webhook.MessageOptions|nil checked
---@return table session
---@return intent_webhook.Turn
---@return table words { texts = what is to be said, before = how many of these come before what actions say }
function Conversation:step(session, text, now, given)
  local taken = step.new(self, session, now)
  taken.message = conversation.heard(text)
  taken:expire(session or {}, now)
  if not taken:count_turn() then
    if taken.forms[1] then taken:hear(text, given) else taken:open_with(text, given) end
  end
  if taken.turn.status ~= "handoff" then taken:go_on() end
  return finish(self, taken, session, now)
end

---Takes the results of an NLU or a model.
---@param session table|nil
---@param results intent_webhook.NluResults
---@param now number
---@param least number the confidence that an intent needs, where the result has one
---@return table session
---@return intent_webhook.Turn
---@return table words as those of step
function Conversation:receive(session, results, now, least)
  local taken = step.new(self, session, now)
  taken.message = conversation.heard(results.text or "")
  taken:expire(session or {}, now)
  if not taken:count_turn() then taken:receive(results, least) end
  if taken.turn.status ~= "handoff" then taken:go_on() end
  return finish(self, taken, session, now)
end

return conversation
