--- question: how match and explain are asked about a text: with what is known besides, and which slot counts most.

local reading = require "intent_webhook.json"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local question = {}

---@type intent_webhook.CommandOption[]
question.OPTIONS = {
  { name = "context", value = "KEY=VALUE", many = true,
    help = "what is known besides the text (KEY:=JSON for a number or boolean); may be repeated" },
  { name = "best-slot", value = "NAME", help = "the reading wins that has the longest value for this slot" },
  { name = "json", help = "JSON" },
}

local function usage(message)
  terminal.exit(terminal.USAGE, text.line(message))
end

local function read_context(words)
  if not words then return nil end
  local context = {}
  for _, word in ipairs(words) do
    local key, colon, value = word:match("^([^=]-)(:?)=(.*)$")
    if not key or key == "" then usage(('--context: "%s" is no context: write key=text or key:=JSON'):format(word)) end
    if context[key] ~= nil then usage(("--context: has %s twice: leave one out"):format(key)) end
    if colon == ":" then
      local good, decoded = reading.decode(value)
      if not good then usage(("--context: what is given for %s is no JSON: %s"):format(key, decoded)) end
      if type(decoded) ~= "string" and type(decoded) ~= "number" and type(decoded) ~= "boolean" then
        usage(("--context: %s must be a string, a number or a boolean"):format(key))
      end
      value = decoded
    end
    context[key] = value
  end
  return context
end

---Asks the client. Ends the command when the options are wrong.
---@param client intent_webhook.Client
---@param method "match"|"explain"
---@param values table of the command line
---@return any first what the method returned
---@return any second
function question.ask(client, method, values)
  local given = { context = read_context(values.context), best_slot = values["best-slot"] }
  local good, first, second = pcall(client[method], client, values.TEXT, given)
  if good then return first, second end
  local mistake = tostring(first):match("client:" .. method .. ": (.*)$")
  if not mistake then error(first, 0) end
  return usage((mistake:gsub("^best_slot", "--best-slot")))
end

return question
