--- check: the command that finds every mistake in a file of intents.

local file = require "intent_webhook.cli.file"
local mistakes = require "intent_webhook.cli.mistakes"
local webhook = require "intent_webhook"

local function run(values, screen)
  local options, problem = file.load(values.FILE, values.history)
  local found = options and webhook.check(options) or { { path = "", message = problem, level = "error" } }
  return mistakes.report(screen, values.FILE, options, found)
end

---@type intent_webhook.Command
return {
  name = "check",
  summary = "find every mistake in a file of intents",
  help = [[
Lists every mistake in a Lua file of intents, with where it is and what to do about it.
Nothing is sent. Warnings do not change the exit status.

Exit status: 0 no mistakes, 1 mistakes, 3 the file cannot be read, or its history not be used.]],
  operands = { "FILE" },
  options = { file.HISTORY_OPTION },
  run = run,
}
