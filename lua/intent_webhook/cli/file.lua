--- file: the file of intents that a command works with, and the history file that goes with it.

local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.cli.text"
local webhook = require "intent_webhook"

local file = {}

file.DEFAULT_HISTORY = "intent-webhook.db"

---The option that says where the history is.
---@type intent_webhook.CommandOption
file.HISTORY_OPTION = {
  name = "history", value = "FILE",
  help = "the history file (default: that of the intents file, else intent-webhook.db)",
}

---Loads the options of a client from a file. Ends the command when there is no such file.
---@param path string
---@param history string|nil from the command line: goes before what the file says
---@return intent_webhook.ClientOptions|nil
---@return string|nil mistake when the file is not what it should be
function file.load(path, history)
  local options, message, code = webhook.load(path)
  if not options then
    if code == "unreadable" then terminal.exit(terminal.WORLD, text.lines(message)) end
    return nil, message
  end
  options.history = history or options.history or file.DEFAULT_HISTORY
  return options
end

---Makes a client of a file of intents and opens its history. Ends the command when that cannot be done.
---@param path string
---@param history string|nil
---@return intent_webhook.Client
function file.client(path, history)
  local options, mistake = file.load(path, history)
  if not options then terminal.exit(terminal.FAILED, text.lines(mistake)) end
  local mistakes = 0
  local first
  for _, one in ipairs(webhook.check(options)) do
    if one.level == "error" then
      mistakes = mistakes + 1
      first = first or one
    end
  end
  if first then
    local more = mistakes > 1 and (" (and %d more: see intent-webhook check %s)"):format(mistakes - 1, path) or ""
    local status = first.path == "history" and terminal.WORLD or terminal.FAILED
    terminal.exit(status, text.line(("%s: %s: %s%s"):format(path, first.path, first.message, more)))
  end
  local client, message = webhook.new(options)
  local started = client
  if client then started, message = client:start() end
  if not started then terminal.exit(terminal.WORLD, text.line(message)) end
  return client
end

---Opens a history file. Ends the command when that cannot be done.
---@param path string|nil
---@return intent_webhook.History
function file.history(path)
  local history, message = webhook.history(path or file.DEFAULT_HISTORY)
  if not history then terminal.exit(terminal.WORLD, text.line(message)) end
  return history
end

return file
