--- compile: the command that writes the compiled sentences of a file of intents.

local file = require "intent_webhook.cli.file"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local function run(values, screen)
  local client = file.recogniser(values.FILE)
  if not client.grammar then
    terminal.exit(terminal.FAILED, text.line(values.FILE .. " has no sentences: there is nothing to compile"))
  end
  local saved, message = client:save_sentences(values.OUT)
  if not saved then terminal.exit(terminal.WORLD, text.line(message)) end
  screen:print(text.line(values.OUT) .. ": the compiled sentences of " .. text.line(values.FILE))
  return terminal.OK
end

---@type intent_webhook.Command
return {
  name = "compile",
  summary = "write the compiled sentences, for the option compiled",
  help = [[
Compiles the sentences of a file of intents and writes them to OUT, for the option compiled = "OUT": a client then
reads them instead of compiling. Do it again whenever sentences, lists or the version of intent-webhook have changed:
what does not fit is refused.

Exit status: 0 written, 1 the file has mistakes or no sentences, 3 a file cannot be read or written.]],
  operands = { "FILE", "OUT" },
  options = {},
  run = run,
}
