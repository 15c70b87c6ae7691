--- explanation: the candidates for a text, with what each would give the slots, as JSON and for people.
--
-- Where an intent's slots have types, predicates or defaults, a candidate is shown with the values that its event would
-- have, and with what was refused: what its rule captured is read by the types, and the rest of the text is searched.

local copy = require "intent_webhook.copy"
local filling = require "intent_webhook.filling"
local firing = require "intent_webhook.firing"
local json = require "intent_webhook.json_writer"
local recognised = require "intent_webhook.cli.recognised"
local recognition = require "intent_webhook.recognition"
local said = require "intent_webhook.said"
local text = require "intent_webhook.safe_text"
local turn = require "intent_webhook.cli.turn"

---The candidates for a text, ready to be shown.
---@class intent_webhook.Explained
---@field client intent_webhook.Client
---@field text string
---@field entries intent_webhook.Explanation[] those of intents with types have their typed values, and `rejected`
---@field secrets intent_webhook.SecretTexts
---@field errors intent_webhook.RuleError[]|nil
local Explained = { __name = "intent_webhook.Explained" }
Explained.__index = Explained

local explanation = {}

-- A candidate with what the types of its intent make of it.
local function fill(client, entry, message, now, errors)
  local checked = client.intents[entry.intent]
  if not (entry.accepted and checked.typed) then return entry end
  local filled = copy(entry)
  local found = filling.new(checked, message, {}, client.conversation:context(now, errors))
  found:capture(entry.slots, entry.spans)
  found:scan()
  filled.slots, filled.spans = firing.with_defaults(checked, found.slots), next(found.spans) and found.spans
  filled.rejected = found:rejections()
  filled.missing = recognition.missing_in(checked.required, filled.slots)
  return filled
end

-- What sensitive slots got, with and without their types, and what they refused.
local function secrets_of(client, plain, filled, words)
  local all = {}
  for _, entry in ipairs(plain) do all[#all + 1] = entry end
  for _, entry in ipairs(filled) do all[#all + 1] = entry end
  local secrets = recognised.secrets(client, all, words)
  for _, entry in ipairs(filled) do
    for _, secret in ipairs(turn.secrets(client, { rejected = entry.rejected })) do secrets[#secrets + 1] = secret end
  end
  return secrets
end

---@param client intent_webhook.Client
---@param words string the text
---@param entries intent_webhook.Explanation[] as client:explain gives them
---@param errors intent_webhook.RuleError[]|nil
---@return intent_webhook.Explained
function explanation.new(client, words, entries, errors)
  local raised = {}
  for _, one in ipairs(errors or {}) do raised[#raised + 1] = one end
  local filled, message = {}, said.new(words)
  local now = client.now and client.now() or os.time()
  for index, entry in ipairs(entries) do filled[index] = fill(client, entry, message, now, raised) end
  return setmetatable({
    client = client, text = words, entries = filled, secrets = secrets_of(client, entries, filled, words),
    errors = raised[1] and raised,
  }, Explained)
end

-- The reason as a sentence. Of a rule that found no slots nobody knows what is sensitive in the text, so nothing is
-- said that may quote it.
function Explained:detail(entry)
  if not entry.detail then return nil end
  local client = self.client
  if recognised.has_sensitive(client) then
    if entry.reason == "error" then return recognised.NOT_SHOWN end
    if entry.stopped then return recognition.stop(self.text, entry.stopped) end
  end
  return client.core:redact(entry.detail, recognised.sensitive(client.intents[entry.intent], entry.slots or {}))
end

---@param entry intent_webhook.Explanation
---@return string
function Explained:entry_json(entry)
  local checked = self.client.intents[entry.intent]
  return json.object {
    { "rank", json.value(entry.rank) },
    { "intent", json.value(entry.intent) },
    { "rule", json.value(entry.rule) },
    { "template", json.optional(entry.template) },
    { "accepted", json.value(entry.accepted) },
    { "priority", json.value(entry.priority) },
    { "slots", entry.slots and recognised.slots(checked, entry.slots, entry.spans, self.secrets) },
    { "spans", entry.spans and json.any(entry.spans) },
    { "missing", json.list(entry.missing) },
    { "rejected", turn.rejected_json(self.client, entry.rejected, self.secrets) },
    { "score", entry.score and json.value(recognised.score(entry.score)) },
    { "wildcards", json.optional(entry.wildcards) },
    { "literals", json.optional(entry.literals) },
    { "stopped", json.optional(entry.stopped) },
    { "reason", json.optional(entry.reason) },
    { "detail", json.optional(self:detail(entry)) },
  }
end

---Prints an object a line.
---@param screen intent_webhook.Terminal
function Explained:print_json(screen)
  for _, entry in ipairs(self.entries) do screen:print(self:entry_json(entry)) end
  if not self.errors then return end
  screen:print(json.object { { "errors", recognised.errors(self.client, nil, nil, self.errors, self.secrets) } })
end

-- For people ----------------------------------------------------------------------------------------------------------

-- What the slots get, and those that get nothing, with why.
local function slot_lines(self, entry)
  local checked = self.client.intents[entry.intent]
  local lines = recognised.lines(checked, entry.slots or {}, entry.spans, self.secrets, true)
  local rejected = {}
  for _, one in ipairs(entry.rejected or {}) do
    rejected[one.slot] = true
    lines[#lines + 1] = turn.rejected_line(self.client, one, self.secrets)
  end
  for _, name in ipairs(entry.missing or {}) do
    if not rejected[name] then lines[#lines + 1] = name .. ": not in the text" end
  end
  return lines
end

local function print_entry(self, screen, entry)
  local wins = entry.accepted and not entry.reason
  local verdict = wins and screen:paint("green", "wins")
    or screen:paint("dim", entry.accepted and "loses" or "does not match")
  screen:print(("%2d  %s  rule %d  %s"):format(entry.rank, screen:paint("bold", text.line(entry.intent)), entry.rule,
    verdict))
  local function line(name, value) screen:print(("    %-9s %s"):format(name, text.line(value))) end
  if entry.template then line("sentence", entry.template) end
  for index, words in ipairs(slot_lines(self, entry)) do line(index == 1 and "slots" or "", words) end
  if entry.accepted then
    local counts = entry.wildcards and (", %d wildcards, %d literal characters"):format(entry.wildcards,
      entry.literals) or ""
    line("figures", ("priority %d, score %.3f%s"):format(entry.priority, entry.score, counts))
  end
  if entry.reason then
    local detail = self:detail(entry)
    line("why", entry.reason .. (detail and ": " .. detail or ""))
  end
end

local function has_rules(client)
  for _, checked in ipairs(client.list) do
    if checked.rules[1] then return true end
  end
  return false
end

local function print_none(self, screen)
  if self.errors then
    screen:print("no intent")
  elseif has_rules(self.client) then
    screen:print("no rule comes near the text: nothing fits from its first character on")
  else
    screen:print("no intent has a rule")
  end
end

---Prints them for people.
---@param screen intent_webhook.Terminal
function Explained:print(screen)
  for _, entry in ipairs(self.entries) do print_entry(self, screen, entry) end
  if not self.entries[1] then print_none(self, screen) end
  recognised.print_errors(self.client, screen, nil, nil, self.errors, self.secrets)
end

---Whether an intent matches.
---@return boolean
function Explained:matches()
  return self.entries[1] ~= nil and self.entries[1].accepted
end

return explanation
