--- listen: the command that receives webhooks and prints them, for trying things out.

local json = require "intent_webhook.json_writer"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local ANSWER_SECONDS = 0.2 -- for an answer to be written, once it is due
local MOST_EXTRA = 100 -- requests beyond --count that are waited out, unprinted

local TAKE_SECONDS = 0.5 -- so that ^C is noticed soon

local function address_of(host, port)
  return ("http://%s:%d"):format(host:find(":", 1, true) and "[" .. host .. "]" or host, port)
end

local function print_request(screen, request, count)
  screen:print("")
  screen:print(screen:paint("dim", ("#%d  %s"):format(count, os.date("%H:%M:%S"))))
  screen:print(screen:paint("bold", text.line(request.method .. " " .. request.target)) .. " "
    .. text.line(request.version))
  for _, header in ipairs(request.headers) do
    screen:print(screen:paint("dim", text.line(header[1]) .. ":") .. " " .. text.line(header[2]))
  end
  if request.body ~= "" then
    screen:print("")
    screen:print(text.lines(request.body))
  end
end

local function print_json(screen, request)
  local headers = {}
  for index, header in ipairs(request.headers) do
    headers[index] = json.array { json.value(header[1]), json.value(header[2]) }
  end
  screen:print(json.object {
    { "method", json.value(request.method) },
    { "target", json.value(request.target) },
    { "version", json.value(request.version) },
    { "headers", json.array(headers) },
    { "body", json.value(request.body) },
  })
end

local function open(values)
  local found, listener = pcall(require, "intent_webhook.listener")
  if not found then
    terminal.exit(terminal.WORLD, "this installation has no receiver (intent_webhook.listener, needs libmicrohttpd)")
  end
  local good, opened, message, code = pcall(listener.open, {
    address = values.address, port = values.port or 8080, status = values.status or 200, delay = values.delay or 0,
    body = values.body or "",
  })
  if not good then
    local mistake = tostring(opened):match("listener%.open: (.*)$") or error(opened, 0) -- not what ^C raised
    terminal.exit(terminal.USAGE, text.line("--" .. mistake))
  end
  if not opened then terminal.exit_without_port(text.line(message), code) end
  return opened
end

local function run(values, screen)
  local listener = open(values)
  local url = address_of(values.address or "127.0.0.1", listener:port())
  if values.json then
    screen:print(json.object { { "listening", json.value(url) } })
  else
    screen:print(("listening on %s, answering %d"):format(url, values.status or 200))
  end
  screen:flush()
  local count = 0
  while count ~= values.count do
    local request = listener:take(TAKE_SECONDS)
    if request then
      count = count + 1
      if values.json then print_json(screen, request) else print_request(screen, request, count) end
      screen:flush()
    end
  end
  -- a request is taken before it is answered, and closing at once would cut the last answer off
  for _ = 1, MOST_EXTRA do
    if not listener:take((values.delay or 0) + ANSWER_SECONDS) then break end
  end
  listener:close()
  return terminal.OK
end

---@type intent_webhook.Command
return {
  name = "listen",
  summary = "receive webhooks and print them",
  help = [[
Listens on loopback, prints each request as it comes in, and answers as told.
The first line says on which port. Ends after --count requests, or with ^C.

Exit status: 0 all requests came, 3 the port cannot be used, 130 ended with ^C.]],
  operands = {},
  options = {
    { name = "port", value = "N", whole = true, from = 0, to = 65535,
      help = "port (default 8080; 0: any that is free)" },
    { name = "address", value = "IP", help = "address to listen on (default 127.0.0.1)" },
    { name = "status", value = "N", whole = true, from = 200, to = 599, help = "status to answer with (default 200)" },
    { name = "delay", value = "S", number = true, from = 0, to = 3600,
      help = "seconds to wait before the answer (default 0)" },
    { name = "body", value = "TEXT", help = "body of the answer (default empty)" },
    { name = "count", value = "N", whole = true, from = 1, to = 1000000000, help = "end after so many requests" },
    { name = "json", help = "one JSON object a request" },
  },
  run = run,
}
