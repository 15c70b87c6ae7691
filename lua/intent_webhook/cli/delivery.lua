--- delivery: a finished delivery, as poll and wait give it, in the commands' output.

local json = require "intent_webhook.cli.json"
local text = require "intent_webhook.cli.text"

local delivery = {}

local FIELDS = {
  "id", "intent", "session", "number", "url", "status", "http_status", "cause", "reason", "message", "seconds",
  "recorded",
}

---@param one intent_webhook.Delivery
---@return string # {"delivery":{...}}
function delivery.json(one)
  local members = {}
  for _, name in ipairs(FIELDS) do
    if one[name] ~= nil then members[#members + 1] = { name, json.value(one[name]) } end
  end
  return json.object { { "delivery", json.object(members) } }
end

---A line for people: what became of it.
---@param screen intent_webhook.Terminal
---@param one intent_webhook.Delivery
---@return string
function delivery.line(screen, one)
  local words = {
    text.line(one.intent), one.number > 0 and ("webhook %d"):format(one.number) or "no webhook",
    screen:badge(one.status),
  }
  if one.http_status then words[#words + 1] = ("%d"):format(one.http_status) end
  words[#words + 1] = one.cause
  return table.concat(words, "  ")
end

return delivery
