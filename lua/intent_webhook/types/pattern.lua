--- pattern: what a Lua pattern matches, such as an order number: { type = "pattern", pattern = "%f[%w]AB%-%d+" }.
--
-- Options  pattern   required; its first capture is the value when it has one, else the whole match
-- Values   text, never empty
-- Reasons  none
--
-- It is looked for anywhere in the message as it is, so upper and lower case differ, also within words: %f[%w] stands
-- for the beginning of a word. With ^ it has to begin the message. The span is that of the whole match.

local check = require "intent_webhook.check"
local lua_pattern = require "intent_webhook.pattern"

local MOST_TEXT = 65536 -- bytes of a message that are looked at

---@class intent_webhook.PatternReader: intent_webhook.Reader
---@field pattern string
local PatternReader = { __name = "intent_webhook.PatternReader" }
PatternReader.__index = PatternReader

function PatternReader:find(said, at)
  local text = said.text
  if #text > MOST_TEXT then text = text:sub(1, MOST_TEXT) end
  if at > 1 and self.pattern:sub(1, 1) == "^" then return nil end
  while at <= #text do
    local good, first, last, capture = pcall(text.find, text, self.pattern, at) -- Lua may call it too complex
    if not good or not first then return nil end
    local value = type(capture) == "string" and capture or text:sub(first, last)
    if value ~= "" then return value, first, last end
    if self.pattern:sub(1, 1) == "^" then return nil end
    at = math.max(first, last) + 1
  end
  return nil
end

local function new(mistakes, path, accepted)
  local place = check.within(path, "pattern")
  if accepted.pattern == "" then mistakes:add(place, "is empty: it would match every message") end
  local _, mistake = lua_pattern.read(accepted.pattern)
  if mistake then mistakes:add(place, mistake) end
  local class = accepted.pattern:match("\\(%a)")
  if class then
    mistakes:warn(place, ("has \\%s, as regular expressions have: a Lua pattern writes %%%s, see string.find"):format(
      class, class))
  end
  return setmetatable({ pattern = accepted.pattern, schema = { type = "string" } }, PatternReader)
end

return {
  name = "pattern", rank = 40, new = new,
  options = {
    { name = "pattern", type = "string", required = true, also = { "regex", "match" },
      hint = 'give a Lua pattern, like "AB%-%d+"' },
  },
}
