--- explain: the command that says why a message matches what it matches.

local explanation = require "intent_webhook.cli.explanation"
local file = require "intent_webhook.cli.file"
local question = require "intent_webhook.cli.question"
local terminal = require "intent_webhook.cli.terminal"

local function run(values, screen)
  local client = file.recogniser(values.FILE)
  local explained = explanation.new(client, values.TEXT, question.ask(client, "explain", values))
  if values.json then explained:print_json(screen) else explained:print(screen) end
  return explained:matches() and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "explain",
  summary = "say why a message matches what it matches",
  help = [[
Lists every candidate for a message, the best first, with what it would give each slot, by the slot's type, or why the
slot gets nothing, and with the reason why it did not win. When nothing matches, those that came nearest, and how far
they came. Fires nothing, but calls rules and predicates that are functions. Values of sensitive slots are printed as
[redacted], and so is what another slot has of the same text; where an intent of the file has such slots, no reason
quotes the text.

--json prints an object a line, with those of these keys that say something, in this order: rank, intent, rule,
template, accepted, priority, slots, spans (first and last byte), missing, rejected ([{slot, reason, message, raw}]),
score, wildcards, literals, stopped, reason, detail. {"errors": [{where, message}]} is the last when the text is too
long for the sentences, or a type or a predicate raised an error.

Exit status: 0 an intent matches, 1 none does, or the file has mistakes, 2 a wrong option, 3 the file cannot be read.]],
  operands = { "FILE", "TEXT" },
  options = question.OPTIONS,
  run = run,
}
