--- delivery: a finished delivery, as poll and wait give it, in the commands' output.

local json = require "intent_webhook.json_writer"
local text = require "intent_webhook.safe_text"

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

---A line for somebody who waits for it: "webhook 1  delivered 200".
---@param screen intent_webhook.Terminal
---@param one intent_webhook.Delivery
---@return string
function delivery.badge_line(screen, one)
  local name = one.number > 0 and ("webhook %d"):format(one.number) or "event"
  local rest = one.http_status and (" %d"):format(one.http_status) or ""
  local why = one.reason or one.message
  if one.status ~= "delivered" and why then rest = rest .. ": " .. text.line(why) end
  return screen:paint("dim", ("  %-10s "):format(name)) .. screen:badge(one.status) .. screen:paint("dim", rest)
end

return delivery
