--- pattern: the rule that is a Lua pattern whose captures are slots: { pattern = "order #(%d+)", slots = { "order" } }.
--
-- It is looked for in the message as it is, so upper and lower case differ, and it need not match all of it: anchor
-- it with ^ and $ where that is meant. A capture that took nothing leaves its slot out.
--
-- Score: the share of the message's bytes that matched outside of captures, as for sentences.
--
-- Lua looks at a pattern only as far as it matches, so a mistake in it may show late; here it is read once, in whole.

local check = require "intent_webhook.check"

local pattern = {}

local MOST_CAPTURES = 32 -- Lua's own limit

---@class intent_webhook.Pattern: intent_webhook.Rule
---@field pattern string
---@field slots string[]
local Pattern = { __name = "intent_webhook.Pattern" }
Pattern.__index = Pattern

function Pattern:match(message)
  local found = { message:find(self.pattern) }
  local first, last = found[1], found[2]
  if not first then return nil end
  local slots, taken = {}, 0
  for index, name in ipairs(self.slots) do
    local value = found[index + 2]
    if value ~= "" then
      slots[name] = value
      if type(value) == "string" then taken = taken + #value end -- a number is a position
    end
  end
  if #message == 0 then return slots, 1 end
  return slots, math.max(0, last - first + 1 - taken) / #message
end

-- Definition -------------------------------------------------------------------------------------------------------

-- Where the set that begins at `at` ends, or nil. A ] that comes first in it is a member.
local function set_end(text, at)
  local place = at + 1
  if text:sub(place, place) == "^" then place = place + 1 end
  repeat
    local byte = text:sub(place, place)
    if byte == "" then return nil end
    place = place + (byte == "%" and 2 or 1)
    if byte == "%" and place > #text then return nil end
  until text:sub(place, place) == "]"
  return place
end

-- Reads an item that begins with %; returns where the next one begins, or nil and what is wrong.
local function skip_escape(text, at, open, closed)
  local letter = text:sub(at + 1, at + 1)
  if letter == "" then return nil, "ends with %: write %% for the character" end
  if letter == "b" then
    if at + 3 > #text then return nil, "has %b without the two characters that it balances" end
    return at + 4
  end
  if letter == "f" then
    if text:sub(at + 2, at + 2) ~= "[" then return nil, "has %f without a [set] behind it" end
    return at + 2
  end
  if letter:find("%d") then
    local index = tonumber(letter)
    if index == 0 or index > closed or open[index] then
      return nil, ("refers to capture %%%d, which is not complete there"):format(index)
    end
  end
  return at + 2
end

---Reads a Lua pattern.
---@param text string
---@return integer|nil captures how many it has; nil when Lua would refuse it
---@return string|nil mistake what is wrong
function pattern.read(text)
  local at = text:sub(1, 1) == "^" and 2 or 1
  local captures, stack, open = 0, {}, {}
  while at <= #text do
    local letter = text:sub(at, at)
    if letter == "(" then
      captures = captures + 1
      if captures > MOST_CAPTURES then return nil, "has more than 32 captures" end
      stack[#stack + 1] = captures
      open[captures] = true
      at = at + 1
    elseif letter == ")" then
      if #stack == 0 then return nil, "has a ) without its (: write %) for the character" end
      open[table.remove(stack)] = nil
      at = at + 1
    elseif letter == "[" then
      local last = set_end(text, at)
      if not last then return nil, "has a [ without its ]: write %[ for the character" end
      at = last + 1
    elseif letter == "%" then
      local after, mistake = skip_escape(text, at, open, captures)
      if not after then return nil, mistake end
      at = after
    else
      at = at + 1
    end
  end
  if #stack > 0 then return nil, "has a ( without its ): write %( for the character" end
  return captures
end

local function check_names(mistakes, path, names, slots)
  local known, seen = {}, {}
  for name in pairs(slots) do known[#known + 1] = name end
  table.sort(known)
  for index, name in ipairs(names) do
    local place = check.within(path, index)
    if not slots[name] then
      mistakes:add(place, ('is "%s", but the intent has no such slot%s'):format(name, check.suggestion(name, known)))
    elseif seen[name] then
      mistakes:add(place, ('is "%s" again: a slot has one value'):format(name))
    end
    seen[name] = true
  end
  return seen
end

---Makes the rule; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition { pattern: string, slots: any[] }
---@param slots table<string, boolean> the names of the intent's slots
---@return intent_webhook.Pattern|nil
function pattern.new(mistakes, path, definition, slots)
  local before = #mistakes.list
  local names = check.strings(mistakes, check.within(path, "slots"), definition.slots, "name the capture's slot")
  local yields = check_names(mistakes, check.within(path, "slots"), names, slots)
  local place = check.within(path, "pattern")
  if definition.pattern == "" then mistakes:add(place, "is empty: it would match every message") end
  local captures, mistake = pattern.read(definition.pattern)
  if mistake then
    mistakes:add(place, mistake)
  elseif captures ~= #definition.slots then
    mistakes:add(path, ("has %d capture%s but %d name%s in slots: name each capture, in order"):format(captures,
      captures == 1 and "" or "s", #definition.slots, #definition.slots == 1 and "" or "s"))
  end
  if #mistakes.list > before then return nil end
  return setmetatable({ pattern = definition.pattern, slots = names, yields = yields }, Pattern)
end

return pattern
