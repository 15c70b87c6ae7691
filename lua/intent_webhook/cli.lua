--- cli: the command intent-webhook. Finds the subcommand, reads its words, runs it, and turns trouble into a status.
--
-- Each subcommand is a module of intent_webhook.cli that describes itself (see cli/arguments.lua). Results go to
-- standard output, everything else to standard error. Exit statuses: 0 good, 1 something failed, 2 wrong usage, 3 the
-- world (a file, a history, the output), 130 interrupted.

local arguments = require "intent_webhook.cli.arguments"
local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local cli = {}

local COMMANDS = {
  "check", "lint", "match", "explain", "sample", "compile", "test", "chat", "run", "fire", "history", "show", "serve",
  "erase", "listen",
}

local function is_command(name)
  for _, known in ipairs(COMMANDS) do
    if name == known then return true end
  end
  return false
end

local function overview()
  local lines = {
    "usage: intent-webhook COMMAND ...",
    "",
    "Turns conversation into webhooks: messages come in, intents scripted in Lua match them,",
    "and when one fires, a webhook is sent and recorded.",
    "",
    "commands:",
  }
  for _, name in ipairs(COMMANDS) do
    lines[#lines + 1] = ("  %-9s %s"):format(name, require("intent_webhook.cli." .. name).summary)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "intent-webhook COMMAND --help says more. --version shows the version."
  return table.concat(lines, "\n")
end

local function run(words, screen)
  local name = words[1]
  if name == "--version" then
    screen:print("intent-webhook " .. core.version)
    return terminal.OK
  end
  if name == "--help" or name == "-h" or (name == "help" and not words[2]) then
    screen:print(overview())
    return terminal.OK
  end
  if not name then
    screen:note(overview())
    return terminal.USAGE
  end
  local rest = {}
  for index = 2, #words do rest[index - 1] = words[index] end
  if name == "help" then name, rest = words[2], { "--help" } end
  if not is_command(name) then
    terminal.exit(terminal.USAGE, ("%s is no command%s"):format(text.line(name), check.suggestion(name, COMMANDS)))
  end
  local command = require("intent_webhook.cli." .. name)
  local values, mistake = arguments.read(command, rest)
  if not values then
    local hint = "\nintent-webhook " .. name .. " --help says how it is used."
    terminal.exit(terminal.USAGE, text.line(mistake) .. hint)
  end
  if values.help then
    screen:print(arguments.help(command))
    return terminal.OK
  end
  return command.run(values, screen)
end

-- What xpcall keeps of a problem: an orderly end as it is, everything else with its traceback.
local function explain(problem)
  if terminal.is_exit(problem) then return problem end
  problem = tostring(problem)
  if problem:find("interrupted!$") then return terminal.interruption() end -- by ^C, says the interpreter
  return debug.traceback(problem, 2)
end

---Runs the command.
---@param words string[] the words of the command line, without the program's name
---@return integer status for os.exit
function cli.main(words)
  core.ignore_broken_pipe() -- a reader of our output that goes away is an error to report, and deliveries go on
  local screen = terminal.new()
  local good, result = xpcall(function()
    local status = run(words, screen)
    screen:flush()
    return status
  end, explain)
  if good then return result end
  if not terminal.is_exit(result) then
    screen:note("intent-webhook failed in a way that it does not know:\n" .. result)
    return terminal.WORLD
  end
  if result.message ~= "" then screen:note("intent-webhook: " .. result.message) end
  return result.status
end

return cli
