--- check: the command that finds every mistake in a file of intents.

local file = require "intent_webhook.cli.file"
local text = require "intent_webhook.cli.text"
local webhook = require "intent_webhook"

local function plural(count, word)
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

local function print_mistake(screen, mistake)
  local warning = mistake.level == "warning" and screen:paint("yellow", "warning: ") or ""
  local place = mistake.path == "" and "" or screen:paint("bold", text.line(mistake.path)) .. ": "
  screen:print(place .. warning .. text.lines(mistake.message))
end

local function contents(options)
  local intents, rules, actions = #options.intents, 0, 0
  for _, intent in ipairs(options.intents) do
    rules = rules + #(intent.rules or {})
    actions = actions + #(intent.actions or {})
  end
  return ("%s, %s, %s"):format(plural(intents, "intent"), plural(rules, "rule"), plural(actions, "action"))
end

local function run(values, screen)
  local options, problem = file.load(values.FILE, values.history)
  local mistakes = options and webhook.check(options) or { { path = "", message = problem, level = "error" } }
  for _, mistake in ipairs(mistakes) do print_mistake(screen, mistake) end
  local status, list = file.judge(mistakes)
  local errors, warnings = #list, #mistakes - #list
  local found = errors == 0 and contents(options) .. ": " .. screen:paint("green", "no mistakes")
    or screen:paint("red", plural(errors, "mistake"))
  if warnings > 0 then found = found .. ", " .. plural(warnings, "warning") end
  screen:print(text.line(values.FILE) .. ": " .. found)
  return status
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
