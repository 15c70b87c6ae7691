--- names: intents and slots under names that models' APIs take.
--
-- Those are [a-zA-Z0-9_-] up to 64 characters for a tool, and "." besides for a property. A name that fits stays.
-- Another is written with what it has of these, and ends with six digits that are made of all of it, like
-- "dat_ban_88b573". They do not depend on what other intents there are, so they stay from release to release.

local said = require "intent_webhook.said"

local names = {}

local MOST_CHARACTERS = 64
local DIGITS = 6

-- Six hexadecimal digits that are the same for the same text on every Lua.
local function digest(text)
  local sum = 5381
  for index = 1, #text do sum = (sum * 33 + text:byte(index)) % 4294967296 end
  return ("%06x"):format(sum % 16777216)
end

-- A name of the characters that are allowed; nil when the name itself is one.
local function replacement(name, others)
  if #name <= MOST_CHARACTERS and name:find("^[a-zA-Z0-9_" .. others .. "-]+$") then return nil end
  local readable = said.fold(name):gsub("[^a-zA-Z0-9]+", "_"):gsub("^_", ""):gsub("_$", "")
  if readable == "" then readable = "unnamed" end
  return readable:sub(1, MOST_CHARACTERS - DIGITS - 1) .. "_" .. digest(name)
end

-- Maps names there and back. Those that fit keep theirs, wherever they stand.
local function map_names(list, others)
  local there, back = {}, {}
  for _, named in ipairs(list) do
    if not replacement(named.name, others) then there[named.name], back[named.name] = named.name, named.name end
  end
  for _, named in ipairs(list) do
    local salted = named.name -- a # never fits, so there is a replacement each time
    while not there[named.name] do
      local name = replacement(salted, others)
      if back[name] == nil then there[named.name], back[name] = name, named.name end
      salted = salted .. "#"
    end
  end
  return there, back
end

---@class intent_webhook.ToolNames
---@field tools table<string, string> the tool's name of each intent
---@field intents table<string, string> and back
---@field properties table<string, table<string, string>> by intent: the property of each slot
---@field slots table<string, table<string, string>> by intent, and back

---The names that intents and slots have as tools and properties. A pure function: whoever needs it often keeps it.
---@param intents intent_webhook.ToolIntent[]
---@return intent_webhook.ToolNames
function names.of(intents)
  local found = { properties = {}, slots = {} }
  found.tools, found.intents = map_names(intents, "")
  for _, intent in ipairs(intents) do
    found.properties[intent.name], found.slots[intent.name] = map_names(intent.slots, ".")
  end
  return found
end

-- A name back from its tool's or property's; one that is known as it is, or not at all, stays.
local function restored(there, back, name)
  if not there or there[name] ~= nil then return name end
  return back[name] or name
end

---Puts the intents' own names into what nlu.read made of a tool call.
---@param found intent_webhook.ToolNames
---@param result intent_webhook.NluResult changed
---@return intent_webhook.NluResult # the same
function names.restore(found, result)
  if not result.intent then return result end
  result.intent = restored(found.tools, found.intents, result.intent)
  local there, back = found.properties[result.intent], found.slots[result.intent]
  local slots, order = {}, {}
  for _, property in ipairs(result.order) do
    local name = restored(there, back, property)
    if slots[name] == nil then
      slots[name] = result.slots[property]
      order[#order + 1] = name
    end
  end
  for _, one in ipairs(result.ignored) do
    if one.name then one.name = restored(there, back, one.name) end
  end
  result.slots, result.order = slots, order
  return result
end

return names
