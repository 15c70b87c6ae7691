--- show: the command that prints one event in full.

local call = require "intent_webhook.cli.call"
local file = require "intent_webhook.cli.file"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local function run(values, screen)
  local history = file.history(values.history)
  local source, message = history:event_json(values.ID)
  history:close()
  if not source then terminal.exit(terminal.WORLD, text.line(message)) end
  if source == "null" then
    terminal.exit(terminal.FAILED, text.line(("there is no event %s in the history"):format(values.ID)))
  end
  if values.json then screen:print(text.json_source(source)) else call.print(screen, source) end
  return terminal.OK
end

---@type intent_webhook.Command
return {
  name = "show",
  summary = "show one event in full: requests, responses, timings",
  help = [[
Shows one event with its webhooks: request and response as they were on the wire, with secrets redacted,
the timings, and for a failure its cause. The ID is one that history, run or fire printed.

Exit status: 0 shown, 1 there is no such event, 3 the history cannot be read.]],
  operands = { "ID" },
  options = {
    { name = "history", value = "FILE", help = "the history file (default: " .. file.DEFAULT_HISTORY .. ")" },
    { name = "json", help = "one JSON object" },
  },
  run = run,
}
