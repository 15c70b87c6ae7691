--- lint: the command that shows what each sentence yields, and what is doubtful about it.

local file = require "intent_webhook.cli.file"
local mistakes = require "intent_webhook.cli.mistakes"
local text = require "intent_webhook.safe_text"
local webhook = require "intent_webhook"

local function print_yield(screen, one)
  screen:print(("  %d  %s"):format(one.rule, text.line(one.template)))
  local function line(name, slots)
    if #slots > 0 then screen:print(("     %-9s %s"):format(name, text.line(table.concat(slots, ", ")))) end
  end
  line("always", one.always)
  line("sometimes", one.sometimes)
end

local function print_yields(screen, client)
  local intent
  for _, one in ipairs(client:yields()) do
    if one.intent ~= intent then screen:print(screen:paint("bold", text.line(one.intent))) end
    intent = one.intent
    print_yield(screen, one)
  end
end

local function run(values, screen)
  local options, problem = file.load(values.FILE, file.no_history())
  if not options then
    return mistakes.report(screen, values.FILE, nil, { { path = "", message = problem, level = "error" } })
  end
  options.compiled = nil
  local found = webhook.check(options)
  local _, errors = file.judge(found)
  if #errors == 0 then print_yields(screen, assert(webhook.new(options))) end
  return mistakes.report(screen, values.FILE, options, found)
end

---@type intent_webhook.Command
return {
  name = "lint",
  summary = "show which slots each sentence yields, and what is doubtful",
  help = [[
Lists the sentences of every intent, each after the number of its rule, with the slots that it always yields and those
that only some of its branches do; then what check finds: mistakes, and warnings of sentences that can never win, that
two intents accept, or that leave required slots out.

Exit status: 0 no mistakes, 1 mistakes, 3 the file cannot be read.]],
  operands = { "FILE" },
  options = {},
  run = run,
}
