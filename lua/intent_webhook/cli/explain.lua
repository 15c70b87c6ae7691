--- explain: the command that says why a message matches what it matches.

local file = require "intent_webhook.cli.file"
local json = require "intent_webhook.cli.json"
local question = require "intent_webhook.cli.question"
local recognised = require "intent_webhook.cli.recognised"
local recognition = require "intent_webhook.recognition"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.cli.text"

local function optional(value)
  return value ~= nil and json.value(value) or nil
end

-- The reason as a sentence. Of a rule that found no slots nobody knows what is sensitive in the text, so nothing is
-- said that may quote it.
local function detail_of(client, entry, message)
  if not entry.detail then return nil end
  if recognised.has_sensitive(client) then
    if entry.reason == "error" then return recognised.NOT_SHOWN end
    if entry.stopped then return recognition.stop(message, entry.stopped) end
  end
  return client.core:redact(entry.detail, recognised.sensitive(client.intents[entry.intent], entry.slots or {}))
end

local function entry_json(client, entry, message, secrets)
  local checked = client.intents[entry.intent]
  return json.object {
    { "rank", json.value(entry.rank) },
    { "intent", json.value(entry.intent) },
    { "rule", json.value(entry.rule) },
    { "template", optional(entry.template) },
    { "accepted", json.value(entry.accepted) },
    { "priority", json.value(entry.priority) },
    { "slots", entry.slots and recognised.slots(checked, entry.slots, entry.spans, secrets) },
    { "spans", entry.spans and json.any(entry.spans) },
    { "score", entry.score and json.value(recognised.score(entry.score)) },
    { "wildcards", optional(entry.wildcards) },
    { "literals", optional(entry.literals) },
    { "stopped", optional(entry.stopped) },
    { "reason", optional(entry.reason) },
    { "detail", optional(detail_of(client, entry, message)) },
  }
end

local function print_entry(client, screen, entry, message, secrets)
  local checked = client.intents[entry.intent]
  local wins = entry.accepted and not entry.reason
  local verdict = wins and screen:paint("green", "wins")
    or screen:paint("dim", entry.accepted and "loses" or "does not match")
  screen:print(("%2d  %s  rule %d  %s"):format(entry.rank, screen:paint("bold", text.line(entry.intent)), entry.rule,
    verdict))
  local function line(name, value) screen:print(("    %-9s %s"):format(name, text.line(value))) end
  if entry.template then line("sentence", entry.template) end
  for index, words in ipairs(recognised.lines(checked, entry.slots or {}, entry.spans, secrets)) do
    line(index == 1 and "slots" or "", words)
  end
  if entry.accepted then
    local counts = entry.wildcards and (", %d wildcards, %d literal characters"):format(entry.wildcards,
      entry.literals) or ""
    line("figures", ("priority %d, score %.3f%s"):format(entry.priority, entry.score, counts))
  end
  if entry.reason then
    local detail = detail_of(client, entry, message)
    line("why", entry.reason .. (detail and ": " .. detail or ""))
  end
end

local function has_rules(client)
  for _, checked in ipairs(client.list) do
    if checked.rules[1] then return true end
  end
  return false
end

local function print_none(client, screen, errors)
  if errors then
    screen:print("no intent")
  elseif has_rules(client) then
    screen:print("no rule comes near the text: nothing fits from its first character on")
  else
    screen:print("no intent has a rule")
  end
end

local function run(values, screen)
  local client = file.recogniser(values.FILE)
  local entries, errors = question.ask(client, "explain", values)
  local secrets = recognised.secrets(client, entries, values.TEXT)
  for _, entry in ipairs(entries) do
    if values.json then
      screen:print(entry_json(client, entry, values.TEXT, secrets))
    else
      print_entry(client, screen, entry, values.TEXT, secrets)
    end
  end
  if values.json then
    if errors then screen:print(json.object { { "errors", recognised.errors(client, nil, nil, errors) } }) end
  else
    if #entries == 0 then print_none(client, screen, errors) end
    recognised.print_errors(client, screen, nil, nil, errors)
  end
  return entries[1] and entries[1].accepted and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "explain",
  summary = "say why a message matches what it matches",
  help = [[
Lists every candidate for a message, the best first, with the reason why it did not win. When nothing matches, those
that came nearest, and how far they came. --json prints an object a line; {"errors": [...]} is the last when the text is
too long for the sentences. Fires nothing, but calls rules that are functions. Values of sensitive slots are printed as
[redacted], and so is what another slot has of the same text; where an intent of the file has such slots, no reason
quotes the text.

Exit status: 0 an intent matches, 1 none does, or the file has mistakes, 2 a wrong option, 3 the file cannot be read.]],
  operands = { "FILE", "TEXT" },
  options = question.OPTIONS,
  run = run,
}
