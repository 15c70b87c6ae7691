--- serve: the command that shows a history file as a page, until it is ended.

local check = require "intent_webhook.check"
local file = require "intent_webhook.cli.file"
local history = require "intent_webhook.history"
local page = require "intent_webhook.page"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local WAIT_SECONDS = 0.5 -- so that a signal that comes just before a wait is noticed soon

local LOOK_SECONDS = 2 -- for the history to answer at the start; it may be locked for longer

-- Ends the command when the file is none that can be shown. One that does not answer may do so later.
local function check_history(path, screen)
  local problem = check.unreadable(path)
  if problem then
    local sentence = "there is no history to show: %s (a client makes it with its first event; --history names another)"
    terminal.exit(terminal.WORLD, text.line(sentence:format(problem)))
  end
  local reader, message = history.open(path)
  if not reader then terminal.exit(terminal.WORLD, text.line(message)) end
  local answer, trouble, code = reader:events_json { limit = 1, timeout = LOOK_SECONDS }
  reader:close()
  if answer then return end
  if code ~= "timeout" then terminal.exit(terminal.WORLD, text.line(trouble)) end
  local sentence = "intent-webhook: the history does not answer so far, perhaps since another program locks it: %s"
  screen:note(text.line(sentence:format(path)))
end

-- A mistake in the options, in the words of the command line.
local function explain(mistake, values)
  local name, index = mistake.path:match("^([%w_]+)%[?(%d*)")
  if name == "hosts" and index ~= "" then
    return ("--host %s: %s"):format(values.host[tonumber(index)], mistake.message)
  elseif name == "hosts" then
    return "--host: " .. mistake.message
  elseif name == "token" then -- nobody gives it here, so it is missing
    local sentence = "on %s, which others may reach, a token is needed: --token-env NAME; or listen on 127.0.0.1"
    return sentence:format(values.address)
  end
  return ("--%s: %s"):format(name:gsub("_", "-"), mistake.message)
end

local function open(values, path)
  local mistakes = check.mistakes()
  local accepted = page.check_serve(mistakes, {
    address = values.address, port = values.port, prefix = values.prefix, token_env = values["token-env"],
    hosts = values.host,
  })
  local server, message, code
  if accepted and not mistakes:first() then
    server, message, code = page.serve(mistakes, accepted, path, "--host NAME")
  end
  local mistake = mistakes:first()
  if mistake then terminal.exit(terminal.USAGE, text.line(explain(mistake, values))) end
  if not server then terminal.exit_without_port(text.line(message), code) end
  return server
end

local function run(values, screen)
  local path = values.history or file.DEFAULT_HISTORY
  check_history(path, screen)
  local server = open(values, path)
  screen:print("Intent History on " .. server.url)
  screen:flush()
  local await_end = require("intent_webhook.server").await_end
  local good, problem = pcall(function()
    while not await_end(WAIT_SECONDS) do end -- ^C raises here
  end)
  server:close()
  if not good then error(problem, 0) end
  return terminal.OK
end

---@type intent_webhook.Command
return {
  name = "serve",
  summary = "show the history in a browser: the Intent History page",
  help = [[
Serves the page, its API and /metrics on loopback, until ^C or SIGTERM. The first
line says where. On another address a token is needed; there is no TLS, so put a
proxy in front of it there.

Exit status: 0 ended with SIGTERM, 3 the history cannot be read or the port not be
used, 130 ended with ^C.]],
  operands = {},
  options = {
    { name = "history", value = "FILE", help = "the history file (default: " .. file.DEFAULT_HISTORY .. ")" },
    { name = "port", value = "N", whole = true, from = 0, to = 65535,
      help = "port (default 8090; 0: any that is free)" },
    { name = "address", value = "IP", help = "address to listen on (default 127.0.0.1)" },
    { name = "token-env", value = "NAME", help = "environment variable with the token that the page asks for" },
    { name = "host", value = "NAME", many = true,
      help = "a name that it is asked for by, besides localhost (may be repeated)" },
    { name = "prefix", value = "PATH",
      help = "path that it is below, like /a/b: letters, digits, - . _ ~ (default none)" },
  },
  run = run,
}
