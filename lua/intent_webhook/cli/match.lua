--- match: the command that says what a message would fire.

local file = require "intent_webhook.cli.file"
local json = require "intent_webhook.json_writer"
local question = require "intent_webhook.cli.question"
local recognised = require "intent_webhook.cli.recognised"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local function match_json(client, match, errors)
  if not match then
    return json.object { { "intent", "null" }, { "errors", recognised.errors(client, nil, nil, errors) } }
  end
  local checked = client.intents[match.intent]
  return json.object {
    { "intent", json.value(match.intent) },
    { "slots", recognised.slots(checked, match.slots) },
    { "missing", json.list(match.missing) },
    { "spans", match.spans and json.any(match.spans) },
    { "rule", json.value(match.rule) },
    { "template", json.optional(match.template) },
    { "score", json.value(recognised.score(match.score)) },
    { "ambiguous", json.list(match.ambiguous) },
    { "context", recognised.context(checked, match.slots, match.context) },
    { "response", json.optional(match.response) },
    { "metadata", match.metadata ~= nil and json.any(match.metadata) or nil },
    { "errors", recognised.errors(client, checked, match.slots, match.errors) },
  }
end

local function print_match(client, screen, match)
  local checked = client.intents[match.intent]
  screen:print(("%s  rule %d  score %.3f"):format(screen:paint("bold", text.line(match.intent)), match.rule,
    match.score))
  local function line(name, value) screen:print(("  %-9s %s"):format(name, text.line(value))) end
  if match.template then line("sentence", match.template) end
  for index, words in ipairs(recognised.lines(checked, match.slots, match.spans)) do
    line(index == 1 and "slots" or "", words)
  end
  if match.missing then line("missing", table.concat(match.missing, ", ")) end
  if match.ambiguous then line("or", table.concat(match.ambiguous, ", ")) end
  if match.response then line("response", match.response) end
end

local function run(values, screen)
  local client = file.recogniser(values.FILE)
  local match, errors = question.ask(client, "match", values)
  if values.json then
    screen:print(match_json(client, match, errors))
  elseif match then
    print_match(client, screen, match)
    recognised.print_errors(client, screen, client.intents[match.intent], match.slots, match.errors)
  else
    screen:print("no intent")
    recognised.print_errors(client, screen, nil, nil, errors)
  end
  return match and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "match",
  summary = "say what a message would fire",
  help = [[
Says which intent a message is of, with its slots and where they stand in the text (first and last byte), by which
rule and sentence. Fires nothing, and needs no history. Values of sensitive slots are printed as [redacted].

Exit status: 0 an intent matches, 1 none does, or the file has mistakes, 2 a wrong option, 3 the file cannot be read.]],
  operands = { "FILE", "TEXT" },
  options = question.OPTIONS,
  run = run,
}
