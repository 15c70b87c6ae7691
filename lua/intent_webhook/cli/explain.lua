--- explain: the command that says why a message matches what it matches.

local file = require "intent_webhook.cli.file"
local json = require "intent_webhook.cli.json"
local question = require "intent_webhook.cli.question"
local recognised = require "intent_webhook.cli.recognised"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.cli.text"

local function optional(value)
  return value ~= nil and json.value(value) or nil
end

-- What is said about the losses may name what slots got.
local function detail_of(client, entry)
  if not entry.detail then return nil end
  local checked = client.intents[entry.intent]
  return client.core:redact(entry.detail, recognised.sensitive(checked, entry.slots or {}))
end

local function entry_json(client, entry)
  local checked = client.intents[entry.intent]
  return json.object {
    { "rank", json.value(entry.rank) },
    { "intent", json.value(entry.intent) },
    { "rule", json.value(entry.rule) },
    { "template", optional(entry.template) },
    { "accepted", json.value(entry.accepted) },
    { "priority", json.value(entry.priority) },
    { "slots", entry.slots and recognised.slots(checked, entry.slots) },
    { "spans", entry.spans and json.any(entry.spans) },
    { "score", entry.score and json.value(recognised.score(entry.score)) },
    { "wildcards", optional(entry.wildcards) },
    { "literals", optional(entry.literals) },
    { "stopped", optional(entry.stopped) },
    { "reason", optional(entry.reason) },
    { "detail", optional(detail_of(client, entry)) },
  }
end

local function print_entry(client, screen, entry)
  local checked = client.intents[entry.intent]
  local wins = entry.accepted and not entry.reason
  local verdict = wins and screen:paint("green", "wins")
    or screen:paint("dim", entry.accepted and "loses" or "does not match")
  screen:print(("%2d  %s  rule %d  %s"):format(entry.rank, screen:paint("bold", text.line(entry.intent)), entry.rule,
    verdict))
  local function line(name, value) screen:print(("    %-9s %s"):format(name, text.line(value))) end
  if entry.template then line("sentence", entry.template) end
  for index, words in ipairs(recognised.lines(checked, entry.slots or {}, entry.spans)) do
    line(index == 1 and "slots" or "", words)
  end
  if entry.accepted then
    local counts = entry.wildcards and (", %d wildcards, %d literal characters"):format(entry.wildcards,
      entry.literals) or ""
    line("figures", ("priority %d, score %.3f%s"):format(entry.priority, entry.score, counts))
  end
  if entry.reason then
    local detail = detail_of(client, entry)
    line("why", entry.reason .. (detail and ": " .. detail or ""))
  end
end

local function run(values, screen)
  local client = file.recogniser(values.FILE)
  local entries = question.ask(client, "explain", values)
  for _, entry in ipairs(entries) do
    if values.json then
      screen:print(entry_json(client, entry))
    else
      print_entry(client, screen, entry)
    end
  end
  if #entries == 0 and not values.json then screen:print("no intent has a rule") end
  return entries[1] and entries[1].accepted and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "explain",
  summary = "say why a message matches what it matches",
  help = [[
Lists every candidate for a message, the best first, with the reason why it did not win. When nothing matches, those
that came nearest, and how far they came. --json prints an object a line. Fires nothing, but calls rules that are
functions. Values of sensitive slots are printed as [redacted].

Exit status: 0 an intent matches, 1 none does, or the file has mistakes, 2 a wrong option, 3 the file cannot be read.]],
  operands = { "FILE", "TEXT" },
  options = question.OPTIONS,
  run = run,
}
