--- rehearsal: a conversation as it would be, without its consequences: nothing is sent, and nothing is recorded.
--
-- Steps are taken as the client takes them, with a clock of its own. When an intent fires, its payloads and replies are
-- made; functions that are actions are not called, since nobody knows what they do. Events are numbered, so that a
-- conversation comes to the same every time.

local action = require "intent_webhook.action"
local nlu = require "intent_webhook.nlu"
local options = require "intent_webhook.options"
local reading = require "intent_webhook.json"
local talk = require "intent_webhook.talk"
local value = require "intent_webhook.cli.value"

local rehearsal = {}

---What a webhook would send.
---@class intent_webhook.RehearsedPayload
---@field url string
---@field body any

---@class intent_webhook.Rehearsal
---@field client intent_webhook.Client
---@field definitions table[] the intents as they are written in the file
---@field coverage intent_webhook.Coverage
---@field name string of the session
---@field now number
---@field session table|nil
---@field count integer events so far
---@field payloads intent_webhook.RehearsedPayload[] so far
---@field errors intent_webhook.RuleError[] what went wrong in the last turn
local Rehearsal = { __name = "intent_webhook.Rehearsal" }
Rehearsal.__index = Rehearsal

---@param client intent_webhook.Client
---@param definitions table[]
---@param coverage intent_webhook.Coverage
---@param name string of the session
---@param now number
---@return intent_webhook.Rehearsal
function rehearsal.new(client, definitions, coverage, name, now)
  return setmetatable({
    client = client, definitions = definitions, coverage = coverage, name = name, now = now, count = 0, payloads = {},
    errors = {},
  }, Rehearsal)
end

local function definition_of(self, checked)
  for index, one in ipairs(self.client.list) do
    if one == checked then return self.definitions[index] end
  end
end

-- What one webhook would send, or that nothing can be.
local function add_payload(self, checked, number, made, flat)
  local where = ("%s.actions[%d]"):format(checked.where, number)
  local definition = definition_of(self, checked).actions[number]
  if made and (made.skip or made.error) or definition.disabled then return end -- what map raised is among the errors
  local body = flat
  if made then body = made[1] end
  local place, problem = value.problem(body, where .. (checked.actions[number].map and ".map" or ".payload"))
  if problem then
    self.errors[#self.errors + 1] = { where = place, message = problem }
    return
  end
  self.payloads[#self.payloads + 1] = { url = definition.webhook, body = body }
end

local function add_payloads(self, checked, payloads, encoded)
  local _, flat = reading.decode(encoded)
  local index = 0
  for number, one in ipairs(checked.actions) do
    if one.kind == "webhook" then
      index = index + 1
      add_payload(self, checked, number, payloads[index], flat)
    end
  end
end

-- Actions that are not run after the event: those that `when` holds back, and functions.
local function held_back(checked, skipped)
  local held = {}
  for number, one in ipairs(checked.actions) do held[number] = skipped[number] or one.kind == "run" or nil end
  return held
end

-- An event, as firing.lua makes it.
local function fire(self, event)
  local checked = self.client.intents[event.intent]
  local encoded, message = self.client.core:encode(checked.core, event.slots)
  if not encoded then
    self.errors[#self.errors + 1] = { where = checked.where, message = message }
    return nil
  end
  self.count = self.count + 1
  local told = {
    id = ("00000000-0000-7000-8000-%012d"):format(self.count), time = self.now, intent = event.intent,
    session = self.name,
  }
  local payloads, skipped = action.payloads(checked.actions, checked.where, event.slots, told, self.errors)
  add_payloads(self, checked, payloads, encoded)
  self.coverage:fired(checked, skipped)
  return action.after(checked.actions, checked.where, event.slots, told, self.errors, held_back(checked, skipped))
end

-- Fires a turn's events, as talk.lua does. A handoff ends what waits.
local function fire_all(self, turn, words)
  local replies, handoff, waits = {}, nil, turn.resumed
  for _, event in ipairs(turn.events) do
    local its_replies, its_handoff = fire(self, event)
    handoff = handoff or its_handoff
    for _, reply in ipairs(its_replies or {}) do replies[#replies + 1] = reply end
  end
  talk.conclude(turn, words, replies, handoff)
  if waits and not turn.resumed then self.session = nil end
end

local function least_confidence()
  for _, option in ipairs(options.nlu) do
    if option.name == "least_confidence" then return option.default end
  end
end

-- The step of a result of an NLU, or nil and why it cannot be read.
local function receive(self, given)
  local results, message = nlu.read(given.nlu, given.format)
  if not results then return nil, message end
  local least = given.least_confidence or least_confidence()
  return self.client.conversation:receive(self.session, results, self.now, least)
end

local SLOW = "^took %d+%.%d+ s: the host waited$" -- says something about the machine, nothing about the case

---Takes a turn of a case.
---@param given table what a case's turn says
---@return intent_webhook.Turn|nil # as the client would give it, but for the events' ids; nil: silence
---@return intent_webhook.RuleError[] errors what users' functions raised, and what cannot be sent
function Rehearsal:take(given)
  self.now, self.errors = self.now + given.wait, {}
  if not (given.say or given.nlu) then return nil, self.errors end
  local session, turn, words
  if given.say then
    session, turn, words = self.client:step(self.session, {
      text = given.say, session = self.name, context = given.context, best_slot = given.best_slot,
    }, self.now)
  else
    session, turn, words = receive(self, given)
    if not session then return nil, { { where = "nlu", message = turn } } end
  end
  self.session = session
  self.coverage:step(session, turn)
  fire_all(self, turn, words)
  local errors = {}
  for _, list in ipairs { turn.errors or {}, self.errors } do
    for _, one in ipairs(list) do
      if not one.message:find(SLOW) then errors[#errors + 1] = one end
    end
  end
  return turn, errors
end

return rehearsal
