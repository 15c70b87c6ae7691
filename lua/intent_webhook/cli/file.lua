--- file: the file of intents that a command works with, and the history file that goes with it.

local check = require "intent_webhook.check"
local intent = require "intent_webhook.intent"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"
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

---The exit status for what webhook.check found: mistakes in the file, or only a history that cannot be used.
---@param mistakes intent_webhook.Mistake[]
---@return integer status
---@return intent_webhook.Mistake[] # those that are no warnings
function file.judge(mistakes)
  local errors, status = {}, terminal.OK
  for _, one in ipairs(mistakes) do
    if one.level == "error" then
      errors[#errors + 1] = one
      if one.path ~= "history" then
        status = terminal.FAILED
      elseif status == terminal.OK then
        status = terminal.WORLD
      end
    end
  end
  return status, errors
end

-- The options of a file without a mistake; anything else ends the command.
local function good_options(path, history, adapt)
  local options, mistake = file.load(path, history)
  if not options then terminal.exit(terminal.FAILED, text.lines(mistake)) end
  adapt(options)
  local status, mistakes = file.judge(webhook.check(options))
  local first = mistakes[1]
  if first then
    local more = #mistakes > 1 and (" (and %d more: see intent-webhook check %s)"):format(#mistakes - 1, path) or ""
    terminal.exit(status, text.line(("%s: %s: %s%s"):format(path, first.path, first.message, more)))
  end
  return options
end

---Makes a client of a file of intents and opens its history. Ends the command when that cannot be done.
---@param path string
---@param history string|nil
---@param adapt? fun(options: table) changes the options of the file
---@return intent_webhook.Client
function file.client(path, history, adapt)
  local client, message = webhook.new(good_options(path, history, adapt or function() end))
  local started = client
  if client then started, message = client:start() end
  if not started then terminal.exit(terminal.WORLD, text.line(message)) end
  return client
end

---A path for a history that is never written: of a client that fires nothing.
---@return string
function file.no_history()
  local path = os.tmpname()
  os.remove(path)
  return path
end

---Makes a client of a file of intents that only recognises: it has no history, and compiles its sentences itself. Ends
---the command when that cannot be done.
---@param path string
---@param adapt? fun(options: intent_webhook.ClientOptions) changes what the file says
---@return intent_webhook.Client
function file.recogniser(path, adapt)
  local options = good_options(path, file.no_history(), function(options)
    options.compiled = nil
    if adapt then adapt(options) end
  end)
  local client, message = webhook.new(options)
  if not client then terminal.exit(terminal.WORLD, text.line(message)) end
  return client
end

---The intent of that name. Ends the command when there is none.
---@param client intent_webhook.Client
---@param name string
---@return intent_webhook.CheckedIntent
function file.intent(client, name)
  local checked = client.intents[name]
  if checked then return checked end
  local names = {}
  for index, one in ipairs(client.list) do names[index] = one.name end
  terminal.exit(terminal.USAGE, text.line(('there is no intent "%s"%s'):format(name, check.suggestion(name, names))))
end

-- A client's end ---------------------------------------------------------------------------------------------------

local STEP_SECONDS = 0.2 -- so that ^C is noticed soon
local GRACE_SECONDS = 5 -- beyond the endpoints' timeout: for recording

-- Whether to wait on: not when nothing has come of it for the longest timeout and GRACE_SECONDS, or for GRACE_SECONDS
-- when only recording is left.
local function patience(client)
  local longest = 0
  for _, checked in ipairs(client.list) do longest = math.max(longest, intent.longest_timeout(checked)) end
  local since, before = os.time(), nil
  return function()
    local stats = client:stats()
    local done = stats.delivered + stats.failed + stats.history_recorded
    if done ~= before then since, before = os.time(), done end
    return os.time() - since < GRACE_SECONDS + (stats.queued + stats.in_flight > 0 and longest or 0)
  end
end

-- What is not in the history, as a sentence; nil when everything is.
local function gap(client, closed, message, last)
  local problem = client:stats().history_error
  if problem then return "not recorded: " .. problem end
  for _, delivery in ipairs(last) do
    if delivery.cause == "client_closed" then return nil end -- that is what message is about
  end
  return not closed and message or nil
end

---Waits until everything is finished and recorded, as long as something comes of it, and ends the client. Says on
---standard error when something could not be recorded.
---@param screen intent_webhook.Terminal
---@param client intent_webhook.Client
---@param take fun(deliveries: intent_webhook.Delivery[]) gets those that finish meanwhile
---@param most? number seconds to wait at most
---@return boolean recorded
function file.close(screen, client, take, most)
  local goes_on = patience(client)
  local deadline = os.time() + (most or math.huge)
  while not client:flush(STEP_SECONDS) and goes_on() and os.time() < deadline do take(client:poll()) end
  take(client:poll())
  local closed, message = client:close(0)
  local last = client:poll() -- those that were cut off
  take(last)
  local missing = gap(client, closed, message, last)
  if missing then screen:note("intent-webhook: " .. text.line(missing)) end
  return missing == nil
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
