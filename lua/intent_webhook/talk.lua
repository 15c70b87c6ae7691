--- talk: what a client does with one message of a session: fetches the session, takes the step, puts the session back,
-- and fires what the step said.
--
-- The session is stored before anything fires, so that a message that is handled twice cannot fire twice. When the
-- event is refused (a full queue), the session from before is put back and the message can be sent again. When somebody
-- else has changed the session meanwhile, the step is taken again with theirs.

local core = require "intent_webhook.core"
local firing = require "intent_webhook.firing"

local talk = {}

local MOST_CONFLICTS = 16 -- steps that are taken again, since somebody else was faster
local MOST_NAME = 200 -- bytes of the name of an intent that there is not
local MOST_REFUSALS = 100 -- of one result that are recorded one by one

-- The steps that there are: of a message, and of the results of an NLU.
local function hear(client, session, now, text, given)
  return client.conversation:step(session, text, now, given)
end

local function receive(client, session, now, results, least)
  return client.conversation:receive(session, results, now, least)
end

-- Takes a step and stores what comes of it: the turn, the session from before, and words; or nil, message, code.
local function take_step(client, id, now, step, input, given)
  for _ = 1, MOST_CONFLICTS do
    local before, version, problem, code = client.sessions:get(id, now)
    if before == false then return nil, version, problem end
    local after, turn, words = step(client, before, now, input, given)
    if problem then
      turn.errors = turn.errors or {}
      turn.errors[#turn.errors + 1] = { where = "sessions", message = problem, code = code }
    end
    if not after.forms[1] then after = nil end
    if not before and not after then return turn, before, nil, words end
    local stored, message
    stored, message, code = client.sessions:put(id, after, version, now)
    if stored then return turn, before, nil, words end
    if code ~= "conflict" then return nil, message, code end
  end
  return nil, "the session is changed by others all the time", "conflict"
end

-- Puts a session back as it was, unless somebody else has changed it since.
local function put_back(client, id, before, now)
  local current, version = client.sessions:get(id, now)
  if current ~= false then client.sessions:put(id, before, version, now) end
end

-- What the step says, with what actions say at its place: behind why something was given up, before the next question.
local function with_replies(words, replies)
  local lines = {}
  for index = 1, words.before do lines[index] = words.texts[index] end
  for _, reply in ipairs(replies) do lines[#lines + 1] = reply end
  for index = words.before + 1, #words.texts do lines[#lines + 1] = words.texts[index] end
  return table.concat(lines, "\n")
end

-- A human takes over: nothing of what waits is asked for any more.
local function stop(turn, words)
  for index = words.before + 1, #words.texts do words.texts[index] = nil end
  turn.text = words.texts[1] and table.concat(words.texts, "\n") or nil
  turn.dropped = turn.dropped or {}
  turn.dropped[#turn.dropped + 1] = turn.resumed
  turn.resumed, turn.slot, turn.prompt, turn.attempt, turn.missing = nil, nil, nil, nil, nil
end

---Gives a turn what actions said: `replies` and `handoff` came of the events.
---@param turn intent_webhook.Turn
---@param words table as the step gave them
---@param replies string[]
---@param handoff true|string|nil
function talk.conclude(turn, words, replies, handoff)
  turn.handoff = turn.handoff or handoff
  if turn.handoff and turn.resumed then stop(turn, words) end
  if replies[1] then turn.replies, turn.text = replies, with_replies(words, replies) end
end

-- What was refused of an intent, as errors that its event keeps.
local function refusals_of(turn, intent)
  local errors
  for index, one in ipairs(turn.refused or {}) do
    if one.intent == intent and index <= MOST_REFUSALS then
      errors = errors or {}
      errors[#errors + 1] = { where = one.where, message = one.message }
    end
  end
  return errors
end

-- Adds what actions raised to the turn's errors: those of a list behind the `known` ones.
local function add_errors(turn, errors, known)
  for index = known + 1, #errors do
    turn.errors = turn.errors or {}
    turn.errors[#turn.errors + 1] = errors[index]
  end
end

-- Fires the turn's events. nil, message, code when the first is refused; of the others the turn tells.
local function fire_events(client, turn, words, session, time)
  local replies, handoff = {}, nil
  for index, event in ipairs(turn.events) do
    local known = refusals_of(turn, event.intent)
    if index == 1 and turn.errors then
      known = known or {}
      for _, one in ipairs(turn.errors) do known[#known + 1] = one end
    end
    local before = known and #known or 0
    local id, message, code, outcome =
      firing.fire(client, client.intents[event.intent], event.slots, session, time, known)
    if not id and index == 1 then return nil, message, code end
    event.id, event.message, event.code = id, message, code
    turn.id = turn.id or id
    if outcome then
      handoff = handoff or outcome.handoff
      for _, reply in ipairs(outcome.replies or {}) do replies[#replies + 1] = reply end
      add_errors(turn, outcome.errors or {}, before)
    end
  end
  talk.conclude(turn, words, replies, handoff)
  return true
end

-- Records what was refused of intents that have not fired, each as an event with the reasons, and without a delivery.
local function record_refusals(client, turn, session, time)
  local fired, by_intent, names = {}, {}, {}
  for _, event in ipairs(turn.events) do fired[event.intent] = event.id ~= nil end
  for index, one in ipairs(turn.refused) do
    local name = one.intent or "(none)"
    local more = index > MOST_REFUSALS and #turn.refused - MOST_REFUSALS
    if more then name, one = "(none)", { where = "nlu", message = more .. " more were refused" } end
    if more or not fired[name] then
      if not by_intent[name] then names[#names + 1] = name end
      by_intent[name] = by_intent[name] or {}
      table.insert(by_intent[name], { where = one.where, message = one.message })
    end
    if more then break end
  end
  for _, name in ipairs(names) do
    local recorded = client.core:intent(name:sub(1, MOST_NAME):gsub("%c", "?"), {}, {})
    client.core:fire(recorded, {}, session, time, core.id(time), {}, firing.error_text(by_intent[name]))
  end
end

local function talk_with(client, id, time, step, input, given)
  local now = time or os.time()
  local turn, before, code, words = take_step(client, id, now, step, input, given)
  if not turn then return nil, before, code end
  if turn.events[1] then
    local waits = turn.resumed
    local fired, message
    fired, message, code = fire_events(client, turn, words, id, time)
    if not fired then
      put_back(client, id, before, now)
      return nil, message, code
    end
    if waits and not turn.resumed then put_back(client, id, nil, now) end
  end
  if turn.refused then record_refusals(client, turn, id, time) end
  return turn
end

---A message of a session.
---@param client intent_webhook.Client
---@param text string
---@param given intent_webhook.MessageOptions checked, with a session
---@param time number|nil
---@return intent_webhook.Turn|nil
---@return string|nil message
---@return string|nil code as those of `fire`, and those of the store: "conflict", "history", "timeout", "store", "key"
function talk.message(client, text, given, time)
  return talk_with(client, given.session, time, hear, text, given)
end

---Results of an NLU, for a session or, without one that is kept, for intents that need no more.
---@param client intent_webhook.Client
---@param results intent_webhook.NluResults
---@param session string|nil
---@param least number the confidence that an intent needs
---@param time number|nil
---@return intent_webhook.Turn|nil
---@return string|nil message
---@return string|nil code
function talk.nlu(client, results, session, least, time)
  if session and client.sessions then return talk_with(client, session, time, receive, results, least) end
  local _, turn, words = receive(client, nil, time or os.time(), results, least)
  if turn.status == "collecting" or turn.status == "confirming" then turn.status = "incomplete" end
  if turn.events[1] then
    local fired, message, code = fire_events(client, turn, words, session, time)
    if not fired then return nil, message, code end
  end
  if turn.refused then record_refusals(client, turn, session, time) end
  return turn
end

return talk
