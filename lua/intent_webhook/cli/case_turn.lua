--- case_turn: one turn of a user's case: what is said, and what should come of it. Only what it names is compared.

local check = require "intent_webhook.check"
local null = require("intent_webhook.json").null

local case_turn = {}

local STATUSES = { "fired", "collecting", "confirming", "cancelled", "handoff", "unmatched" }

-- What is given.
local GIVEN = {
  { name = "say", type = "string", also = { "user", "input", "message", "said" } },
  { name = "nlu", type = "table|string", also = { "result" } },
  { name = "format", type = "string" },
  { name = "least_confidence", type = "number", from = 0, to = 1 },
  { name = "context", type = "table" },
  { name = "best_slot", type = "string" },
  { name = "wait", type = "number", default = 0, from = 0, to = 2 ^ 40, hint = "it counts seconds" },
}

-- What is expected: fields of the turn; expectation.lua compares them.
local EXPECTED = {
  { name = "status", type = "string", one_of = STATUSES },
  { name = "intent", type = "string" },
  { name = "slot", type = "string", also = { "asks", "asked" } },
  { name = "attempt", type = "integer", from = 1 },
  { name = "rule", type = "integer", from = 1 },
  { name = "text", type = "string", also = { "reply", "bot", "answer" } },
  { name = "text_matches", type = "string", also = { "matches", "pattern" } },
  { name = "prompt", type = "string" },
  { name = "slots", type = "table", hint = 'write it like { date = "2026-11-28" }' },
  { name = "rejected", type = "table", hint = 'give reasons by slot, like { date = "impossible" }' },
  { name = "refused", type = "table", hint = 'give codes by slot or intent, like { date = "unknown_slot" }' },
  { name = "missing", type = "list" },
  { name = "filled", type = "list" },
  { name = "replies", type = "list" },
  { name = "handoff", type = "boolean|string" },
  { name = "reason", type = "string" },
  { name = "resumed", type = "string" },
  { name = "interrupted", type = "string" },
  { name = "dropped", type = "list" },
  { name = "expired", type = "boolean" },
  { name = "events", type = "list", also = { "fires" }, hint = 'write it like { { intent = "book_table" } }' },
}

local TURN = {}
for _, list in ipairs { GIVEN, EXPECTED } do
  for _, option in ipairs(list) do TURN[#TURN + 1] = option end
end

local EVENT = {
  { name = "intent", type = "string", required = true },
  { name = "slots", type = "table" },
}

local function check_intent(mistakes, path, name, client)
  if name == nil or client.intents[name] then return end
  local names = {}
  for index, one in ipairs(client.list) do names[index] = one.name end
  mistakes:add(path, ('is "%s", which is no intent%s'):format(name, check.suggestion(name, names)))
end

-- The names of slots that can be meant: those of the intent, or of all.
local function slot_names(client, intent)
  local checked = intent and client.intents[intent]
  if checked then return checked.names end
  local names = {}
  for name in pairs(client.slot_names) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function check_slot_name(mistakes, path, name, client, intent)
  local names = slot_names(client, intent)
  for _, known in ipairs(names) do
    if known == name then return end
  end
  mistakes:add(path, "is no slot" .. check.suggestion(name, names))
end

local function check_slots(mistakes, path, slots, client, intent)
  if not slots then return end
  for _, name in ipairs(check.names(mistakes, path, slots, "give values by slot")) do
    local place = check.within(path, name)
    check_slot_name(mistakes, place, name, client, intent)
    if slots[name] ~= null then check.scalar(mistakes, place, slots[name], "give a value, or null for none") end
  end
end

local function check_reasons(mistakes, path, reasons)
  for _, name in ipairs(check.names(mistakes, path, reasons or {}, "give reasons by name")) do
    check.type(mistakes, check.within(path, name), reasons[name], "string", "give the reason's code")
  end
end

local function check_events(mistakes, path, events, client)
  local checked = {}
  for index, one in ipairs(events) do
    local place = check.within(path, index)
    local event = check.options(mistakes, place, one, EVENT)
    if event then
      check_intent(mistakes, check.within(place, "intent"), event.intent, client)
      check_slots(mistakes, check.within(place, "slots"), event.slots, client, event.intent)
    end
    checked[index] = event
  end
  return checked
end

local function check_pattern(mistakes, path, pattern)
  if not pattern then return end
  local good, problem = pcall(string.find, "", pattern)
  if not good then mistakes:add(path, "is no Lua pattern: " .. tostring(problem)) end
end

-- What is said, or that it is silence.
local function check_given(mistakes, path, turn)
  if turn.say and turn.nlu then return mistakes:add(path, "has both say and nlu: make two turns of it") end
  if turn.say or turn.nlu then return end
  for _, option in ipairs(EXPECTED) do
    if turn[option.name] ~= nil then
      return mistakes:add(path, ("expects %s, but nothing is said: give say or nlu"):format(option.name))
    end
  end
  if turn.wait == 0 then mistakes:add(path, 'is empty: give say, nlu or wait, like { say = "hello" }') end
end

---Checks a turn; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition any
---@param client intent_webhook.Client whose intents and slots may be named
---@return table|nil # the turn, with defaults
function case_turn.check(mistakes, path, definition, client)
  local turn = check.options(mistakes, path, definition, TURN)
  if not turn then return nil end
  local function within(name) return check.within(path, name) end
  check_given(mistakes, path, turn)
  check_intent(mistakes, within("intent"), turn.intent, client)
  check_intent(mistakes, within("resumed"), turn.resumed, client)
  check_intent(mistakes, within("interrupted"), turn.interrupted, client)
  if turn.slot then check_slot_name(mistakes, within("slot"), turn.slot, client) end
  if turn.best_slot then check_slot_name(mistakes, within("best_slot"), turn.best_slot, client) end
  check_slots(mistakes, within("slots"), turn.slots, client, turn.intent)
  check_reasons(mistakes, within("rejected"), turn.rejected)
  check_reasons(mistakes, within("refused"), turn.refused)
  check_pattern(mistakes, within("text_matches"), turn.text_matches)
  for _, name in ipairs { "missing", "filled", "replies", "dropped" } do
    check.strings(mistakes, within(name), turn[name] or {}, "give a text")
  end
  for _, key in ipairs(check.names(mistakes, within("context"), turn.context or {}, "give values by key")) do
    check.scalar(mistakes, check.within(within("context"), key), turn.context[key])
  end
  turn.events = turn.events and check_events(mistakes, within("events"), turn.events, client)
  return turn
end

return case_turn
