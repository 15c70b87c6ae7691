--- number and integer: numbers in digits, grouped as in the language, and in words.
--
-- Options  min, max   the least and the greatest that is meant
-- Values   numbers; an integer has no decimals. Whole ones are integers where Lua has them.
-- Reasons  "too_small", "too_large"   beyond min and max, or beyond 2^53
--          "ambiguous"   asked, and there are two: "2 or 3", "2-3", "4, no, 5"
--          "invalid"     asked, and it is no number of the language: "1,23" in English; or it should be whole
--
-- Without having been asked, only what stands for an amount by itself is taken: no price, percentage, measure,
-- duration, time, date, telephone number, version, code or name ("room 12"), and no "one" that means a thing.
-- When asked, a number with a unit or a name will do if there is no other; a time or a date never does.

local check = require "intent_webhook.check"
local number_lexicon = require "intent_webhook.number_lexicon"
local number_reading = require "intent_webhook.number_reading"
local numerals = require "intent_webhook.numerals"

local MOST = 2 ^ 53

---@class intent_webhook.NumberReader: intent_webhook.Reader
---@field integer boolean
---@field min number
---@field max number
---@field lexicons table
local NumberReader = { __name = "intent_webhook.NumberReader" }
NumberReader.__index = NumberReader

-- The value as it is handed on, or nil and why it is none.
function NumberReader:judge(value)
  if self.integer and value ~= math.floor(value) then return nil, "invalid" end
  if value > self.max or value > MOST then return nil, "too_large" end
  if value < self.min or value < -MOST then return nil, "too_small" end
  return numerals.whole(value)
end

-- The lexicon, the words that it compares, and whether words alone are too little to go by.
function NumberReader:view(said, at, asked)
  local folded, accented = self.lexicons.folded, self.lexicons.accented
  if not accented then return number_reading.new(said, at, folded, said.words, false) end
  local combining = said.text:find("\204[\128-\191]") or said.text:find("\205[\128-\175]")
  if said.text:find("[\195-\198\225]") and not combining then
    return number_reading.new(said, at, accented, number_lexicon.accented(said), false)
  end
  return number_reading.new(said, at, folded, said.words, not asked)
end

function NumberReader:first(view, at)
  local index = view.start
  while true do
    local item = view:next(index)
    if not item then return nil end
    local whole = item.value and not (self.integer and item.value ~= math.floor(item.value))
    if item.class == 1 and whole and item.first >= at then
      local value, reason = self:judge(item.value)
      if value then return value, item.first, item.last end
      return nil, reason, item.first, item.last
    end
    index = item.after
  end
end

-- What the items of a class say: one value, or a reason.
function NumberReader:settle(items)
  local found
  for _, item in ipairs(items) do
    if item.reason == "ambiguous" then return nil, "ambiguous", item.first, item.last end
    if item.value and found and item.value ~= found.value then
      return nil, "ambiguous", found.first, item.last
    end
    if item.value then found = found or item end
  end
  found = found or items[1]
  if not found.value then return nil, found.reason, found.first, found.last end
  local value, reason = self:judge(found.value)
  if value then return value, found.first, found.last end
  return nil, reason, found.first, found.last
end

function NumberReader:find(said, at, _, asked)
  local view = self:view(said, at, asked)
  if not asked then return self:first(view, at) end
  local classes = { {}, {} }
  local item = view:next(view.start)
  while item do
    local items = classes[item.class]
    if items and item.first >= at then items[#items + 1] = item end
    item = view:next(item.after)
  end
  if classes[1][1] then return self:settle(classes[1]) end
  if classes[2][1] then return self:settle(classes[2]) end
  return nil
end

function NumberReader:take(value)
  if type(value) ~= "number" then return nil, "wrong_type" end
  if value - value ~= 0 then return nil, "invalid" end
  return self:judge(value)
end

local OPTIONS = {
  { name = "min", type = "number", from = -MOST, to = MOST, also = { "from", "minimum", "least" } },
  { name = "max", type = "number", from = -MOST, to = MOST, also = { "to", "maximum", "most" } },
}

local function new(integer, mistakes, path, accepted, language)
  local min, max = accepted.min, accepted.max
  if min and max and min > max then
    mistakes:add(check.within(path, "min"), ("must be at most max, got %s and %s: exchange them"):format(
      check.show(min), check.show(max)))
  end
  return setmetatable({
    integer = integer, min = min or -math.huge, max = max or math.huge, lexicons = number_lexicon.of(language),
    schema = { type = integer and "integer" or "number", minimum = min, maximum = max },
  }, NumberReader)
end

return {
  integer = {
    name = "integer", rank = 60, options = OPTIONS,
    new = function(...) return new(true, ...) end,
  },
  number = {
    name = "number", rank = 61, options = OPTIONS,
    new = function(...) return new(false, ...) end,
  },
}
