--- turn: what came of a message, as JSON and in lines for people, without the values of sensitive slots.
--
-- A turn has many texts: what is said to the person, why a value was refused, what a function raised. Any of them may
-- quote a sensitive value, so all of them go through recognised.hide.

local json = require "intent_webhook.json_writer"
local recognised = require "intent_webhook.cli.recognised"
local text = require "intent_webhook.safe_text"

local LEAST = require("intent_webhook.secrets").LEAST

local turn = {}

local function add_sensitive(client, secrets, name, slots)
  local checked = name and client.intents[name]
  if not (checked and slots) then return end
  for _, value in ipairs(recognised.sensitive(checked, slots)) do
    if value ~= "" then secrets[#secrets + 1] = value end
  end
end

---What must not be shown of a turn: the sensitive values of all intents that it is about. Of a sensitive value that was
---refused nobody knows in what form a predicate's message quotes it, so that message is a secret, too.
---@param client intent_webhook.Client
---@param one intent_webhook.Turn
---@param session table|nil what is kept of the session: values of interrupted intents
---@return string[]
function turn.secrets(client, one, session)
  local secrets = {}
  add_sensitive(client, secrets, one.intent, one.slots)
  for _, event in ipairs(one.events or {}) do add_sensitive(client, secrets, event.intent, event.slots) end
  for _, form in ipairs(session and session.forms or {}) do add_sensitive(client, secrets, form.intent, form.slots) end
  for _, rejected in ipairs(one.rejected or {}) do
    if recognised.is_sensitive(client, rejected.slot) then
      if rejected.raw and rejected.raw ~= "" then secrets[#secrets + 1] = rejected.raw end
      if rejected.message and rejected.message ~= "" then secrets[#secrets + 1] = rejected.message end
    end
  end
  return secrets
end

---What is kept of a session, where a turn speaks of an intent that was interrupted: its values are not in the turn.
---@param client intent_webhook.Client
---@param one intent_webhook.Turn
---@param id string|nil
---@return table|nil
function turn.session(client, one, id)
  if not (id and one.resumed and recognised.has_sensitive(client)) then return nil end
  return client.sessions:get(id, client.now and client.now() or os.time()) or nil
end

-- JSON ----------------------------------------------------------------------------------------------------------------

local function hidden(client, value, secrets)
  if type(value) ~= "string" then return json.optional(value) end
  return json.value(recognised.hide(client, value, secrets))
end

local function long_ones(secrets)
  local long = {}
  for _, secret in ipairs(secrets) do
    if #secret >= LEAST then long[#long + 1] = secret end
  end
  return long
end

---Values that were refused, as JSON.
---@param client intent_webhook.Client
---@param rejected intent_webhook.Rejection[]|nil
---@param secrets string[]
---@return string|nil
function turn.rejected_json(client, rejected, secrets)
  return json.list(rejected, function(one)
    return json.object {
      { "slot", json.value(one.slot) }, { "reason", json.value(one.reason) },
      { "message", hidden(client, one.message, secrets) }, { "raw", hidden(client, one.raw, secrets) },
    }
  end)
end

local function refused_json(client, refused, secrets)
  return json.list(refused, function(one)
    return json.object {
      { "intent", json.optional(one.intent) }, { "slot", json.optional(one.slot) }, { "where", json.value(one.where) },
      { "code", json.value(one.code) }, { "message", hidden(client, one.message, secrets) },
    }
  end)
end

local function events_json(client, events, secrets)
  if not (events and events[1]) then return nil end
  return json.list(events, function(one)
    return json.object {
      { "intent", json.value(one.intent) }, { "id", json.optional(one.id) },
      { "slots", recognised.slots(client.intents[one.intent], one.slots, nil, secrets) },
      { "error", hidden(client, one.message, secrets) }, { "code", json.optional(one.code) },
    }
  end)
end

---What came of a message, or of an NLU's result: a turn, or what `client:message` gives without a session. Fields that
---have nothing to say are left out; the order is always this one.
---@param client intent_webhook.Client
---@param one intent_webhook.Turn|intent_webhook.MessageResult
---@param session string|nil
---@return string
function turn.json(client, one, session)
  local checked = one.intent and client.intents[one.intent]
  local secrets = turn.secrets(client, one, turn.session(client, one, session))
  local long = long_ones(secrets)
  local function shown(value) return hidden(client, value, secrets) end
  return json.object {
    { "status", json.value(one.status) },
    { "intent", json.optional(one.intent) },
    { "session", json.optional(session) },
    { "slots", checked and one.slots and recognised.slots(checked, one.slots, nil, long) },
    { "slot", json.optional(one.slot) },
    { "attempt", json.optional(one.attempt) },
    { "prompt", shown(one.prompt) },
    { "text", shown(one.text) },
    { "missing", json.list(one.missing) },
    { "filled", json.list(one.filled) },
    { "rejected", turn.rejected_json(client, one.rejected, secrets) },
    { "refused", refused_json(client, one.refused, secrets) },
    { "ambiguous", json.list(one.ambiguous) },
    { "score", one.score and json.value(recognised.score(one.score)) },
    { "rule", json.optional(one.rule) },
    { "id", json.optional(one.id) },
    { "events", session and events_json(client, one.events, long) },
    { "replies", json.list(one.replies, shown) },
    { "handoff", shown(one.handoff) },
    { "reason", json.optional(one.reason) },
    { "resumed", json.optional(one.resumed) },
    { "interrupted", json.optional(one.interrupted) },
    { "dropped", json.list(one.dropped) },
    { "expired", json.optional(one.expired) },
    { "errors", recognised.errors(client, checked, one.slots, one.errors, secrets) },
  }
end

-- Lines ---------------------------------------------------------------------------------------------------------------

---A value that was refused, in a line.
---@param client intent_webhook.Client
---@param one intent_webhook.Rejection
---@param secrets string[]
---@return string
function turn.rejected_line(client, one, secrets)
  local words = one.slot .. ": " .. one.reason
  if one.raw then words = words .. (' "%s"'):format(recognised.hide(client, one.raw, secrets)) end
  if one.message then words = words .. ": " .. recognised.hide(client, one.message, secrets) end
  return words
end

local function event_line(client, one, secrets)
  if one.id then return "event", one.intent .. "  " .. one.id end
  return "refused", ("%s: %s (%s)"):format(one.intent, recognised.hide(client, one.message or "", secrets),
    one.code or "unknown")
end

-- A turn in lines, { name, words } each, as they are: not yet fit for a terminal.
local function lines_of(client, one, secrets)
  local checked, lines = one.intent and client.intents[one.intent], {}
  local function add(name, words)
    if words then lines[#lines + 1] = { name, words } end
  end
  local state = { one.intent }
  if checked and one.slots then
    local slots = recognised.lines(checked, one.slots, nil, long_ones(secrets))
    for _, words in ipairs(slots) do state[#state + 1] = words end
  end
  add(one.status, table.concat(state, "  "))
  for _, rejected in ipairs(one.rejected or {}) do add("rejected", turn.rejected_line(client, rejected, secrets)) end
  for _, refused in ipairs(one.refused or {}) do
    add("refused", ("%s: %s: %s"):format(refused.where, refused.code,
      recognised.hide(client, refused.message, secrets)))
  end
  for _, event in ipairs(one.events) do add(event_line(client, event, secrets)) end
  if one.handoff then
    add("handoff", type(one.handoff) == "string" and recognised.hide(client, one.handoff, secrets)
      or one.reason or "a human takes over")
  end
  add("dropped", one.dropped and table.concat(one.dropped, ", ") .. (one.expired and ": it has been too long" or ""))
  add("waiting", one.interrupted ~= one.resumed and one.interrupted or nil)
  add("resumed", one.resumed)
  return lines
end

---Prints a turn for people.
---@param screen intent_webhook.Terminal
---@param client intent_webhook.Client
---@param one intent_webhook.Turn
---@param session string
function turn.print(screen, client, one, session)
  local secrets = turn.secrets(client, one, turn.session(client, one, session))
  for _, line in ipairs(lines_of(client, one, secrets)) do
    local words = ("  %-10s %s"):format(line[1], text.line(line[2]))
    screen:print(screen:paint("dim", (words:gsub("%s+$", ""))))
  end
  recognised.print_errors(client, screen, nil, nil, one.errors, secrets)
end

return turn
