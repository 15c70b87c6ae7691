--- sample: the command that shows sentences which intents accept.

local file = require "intent_webhook.cli.file"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local function run(values, screen)
  local client = file.recogniser(values.FILE)
  local name = values.INTENT
  local intents = name and { file.intent(client, name) } or client.list
  local printed = false
  for _, checked in ipairs(intents) do
    for _, sentence in ipairs(client:sample(checked.name, values.count, values.seed)) do
      screen:print((name and "" or text.line(checked.name) .. "\t") .. text.line(sentence))
      printed = true
    end
  end
  if not printed then screen:note("no sentences") end
  return printed and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "sample",
  summary = "show sentences that intents accept",
  help = [[
Prints sentences that an intent accepts, one a line, all different; without INTENT those of every intent, each after
its intent's name and a tab. The same seed gives the same sentences.

Exit status: 0 some were printed, 1 there are none, or the file has mistakes, 2 no such intent, 3 the file cannot be
read.]],
  operands = { "FILE", "[INTENT]" },
  options = {
    { name = "count", value = "N", whole = true, from = 1, to = 100000, help = "how many of an intent (default: 10)" },
    { name = "seed", value = "N", whole = true, from = 0, to = 2 ^ 53, help = "which ones (default: 1)" },
  },
  run = run,
}
