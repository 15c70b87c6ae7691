--- serve: the command that shows a history file as a page, until it is ended.

local check = require "intent_webhook.check"
local file = require "intent_webhook.cli.file"
local page = require "intent_webhook.page"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local WAIT_SECONDS = 0.5 -- so that a signal that comes just before a wait is noticed soon

-- What the options are called here.
local WORDS = { token = "--token-env", token_env = "--token-env", hosts = "--host" }

local function check_history(path)
  local problem = check.unreadable(path)
  if not problem then return end
  local sentence = "there is no history to show: %s (a client makes it with its first event; --history names another)"
  terminal.exit(terminal.WORLD, text.line(sentence:format(problem)))
end

local function open(values, history)
  local mistakes = check.mistakes()
  local accepted = page.check_serve(mistakes, {
    address = values.address, port = values.port, prefix = values.prefix, token_env = values["token-env"],
    hosts = values.host,
  })
  local server, message
  if accepted and not mistakes:first() then server, message = page.serve(mistakes, accepted, history) end
  local mistake = mistakes:first()
  if mistake then
    local name, rest = mistake.path:match("^(%w+_?%w*)(.*)$")
    local sentence = ("%s%s: %s"):format(WORDS[name] or "--" .. name, rest, mistake.message)
    terminal.exit(terminal.USAGE, text.line(sentence))
  end
  if not server then terminal.exit(terminal.WORLD, text.line(message)) end
  return server
end

local function run(values, screen)
  local history = values.history or file.DEFAULT_HISTORY
  check_history(history)
  local server = open(values, history)
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

Exit status: 0 ended with SIGTERM, 3 there is no history or the port cannot be used,
130 ended with ^C.]],
  operands = {},
  options = {
    { name = "history", value = "FILE", help = "the history file (default: " .. file.DEFAULT_HISTORY .. ")" },
    { name = "port", value = "N", whole = true, from = 0, to = 65535,
      help = "port (default 8090; 0: any that is free)" },
    { name = "address", value = "IP", help = "address to listen on (default 127.0.0.1)" },
    { name = "token-env", value = "NAME", help = "environment variable with the token that the page asks for" },
    { name = "host", value = "NAME", many = true,
      help = "a name that it is asked for by, besides localhost (may be repeated)" },
    { name = "prefix", value = "PATH", help = "path that it is below, like /a/b (default none)" },
  },
  run = run,
}
