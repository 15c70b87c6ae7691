--- mistakes: what webhook.check found in a file of intents, for people.

local file = require "intent_webhook.cli.file"
local text = require "intent_webhook.safe_text"

local mistakes = {}

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

---Prints all of them, and a line that says what the file holds.
---@param screen intent_webhook.Terminal
---@param path string of the file
---@param options table|nil what it returned
---@param found intent_webhook.Mistake[]
---@return integer status for the command
function mistakes.report(screen, path, options, found)
  for _, mistake in ipairs(found) do print_mistake(screen, mistake) end
  local status, list = file.judge(found)
  local errors, warnings = #list, #found - #list
  local sum = errors == 0 and contents(options) .. ": " .. screen:paint("green", "no mistakes")
    or screen:paint("red", plural(errors, "mistake"))
  if warnings > 0 then sum = sum .. ", " .. plural(warnings, "warning") end
  screen:print(text.line(path) .. ": " .. sum)
  return status
end

return mistakes
