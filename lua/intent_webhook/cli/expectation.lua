--- expectation: what a case expects of a turn, and of payloads, compared with what came of it.

local null = require("intent_webhook.json").null
local check = require "intent_webhook.check"
local value = require "intent_webhook.cli.value"

local expectation = {}

local PLAIN = {
  "status", "intent", "slot", "attempt", "rule", "prompt", "text", "missing", "filled", "replies", "handoff", "reason",
  "resumed", "interrupted", "dropped", "expired",
}

local ABSENT = { handoff = false, expired = false, missing = {}, filled = {}, replies = {}, dropped = {} }

-- The slots that are named; null: there is none.
local function compare_named(differences, path, expected, got)
  local names = {}
  for name in next, expected do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local wanted = expected[name]
    if wanted == null then wanted = nil end
    local place, found = check.within(path, name), got and rawget(got, name)
    if wanted == nil and found ~= nil then
      value.differ(differences, place, nil, found)
    else
      value.compare(differences, place, wanted, found)
    end
  end
end

-- Reasons by slot, or by intent of what is refused as a whole.
local function reasons(list, key)
  local by_name = {}
  for _, one in ipairs(list or {}) do
    local name = one.slot or one.intent or "(none)"
    by_name[name] = by_name[name] or one[key]
  end
  return by_name
end

local function compare_events(differences, expected, got)
  for index, wanted in ipairs(expected) do
    local place, event = check.within("events", index), got[index]
    if not event then
      value.differ(differences, place, { intent = wanted.intent }, nil)
    else
      value.compare(differences, check.within(place, "intent"), wanted.intent, event.intent)
      compare_named(differences, check.within(place, "slots"), wanted.slots or {}, event.slots)
    end
  end
  for index = #expected + 1, #got do
    value.differ(differences, check.within("events", index), nil, { intent = got[index].intent })
  end
end

---What of a turn is not as a case says.
---@param expected table the case's turn
---@param turn intent_webhook.Turn
---@return intent_webhook.Difference[]
function expectation.turn(expected, turn)
  local differences = {}
  for _, name in ipairs(PLAIN) do
    local wanted, got = expected[name], turn[name]
    if wanted ~= nil then
      if got == nil then got = ABSENT[name] end
      value.compare(differences, name, wanted, got)
    end
  end
  if expected.text_matches and not (turn.text or ""):find(expected.text_matches) then
    value.differ(differences, "text", expected.text_matches, turn.text, "a text that matches")
  end
  if expected.slots then compare_named(differences, "slots", expected.slots, turn.slots) end
  if expected.rejected then
    compare_named(differences, "rejected", expected.rejected, reasons(turn.rejected, "reason"))
  end
  if expected.refused then compare_named(differences, "refused", expected.refused, reasons(turn.refused, "code")) end
  if expected.events then compare_events(differences, expected.events, turn.events) end
  return differences
end

---What of a conversation's payloads is not as a case says.
---@param expected table[] { url, body } each, of which a case may leave out either
---@param got intent_webhook.RehearsedPayload[]
---@return intent_webhook.Difference[]
function expectation.payloads(expected, got)
  local differences = {}
  for index, wanted in ipairs(expected) do
    local place, payload = check.within("payloads", index), got[index]
    if not payload then
      value.differ(differences, place, wanted.body ~= nil and wanted.body or wanted.url or "a payload", nil)
    else
      if wanted.url then value.compare(differences, check.within(place, "url"), wanted.url, payload.url) end
      if wanted.body ~= nil then
        value.compare(differences, check.within(place, "body"), wanted.body, payload.body)
      end
    end
  end
  for index = #expected + 1, #got do
    value.differ(differences, check.within("payloads", index), nil, got[index].body)
  end
  return differences
end

return expectation
