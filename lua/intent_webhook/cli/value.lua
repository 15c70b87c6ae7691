--- value: JSON values as Lua has them, compared and written: for what a user expects and what came of it.
--
-- Numbers are equal as numbers (4 and 4.0), the order of keys does not count, and an empty table is an empty object or
-- an empty list, as the other side wants it, unless webhook.array has marked it. No metamethod of the user's is called.

local check = require "intent_webhook.check"
local json = require "intent_webhook.json_writer"
local null = require("intent_webhook.json").null

local value = {}

local DEEPEST = 32 -- levels of tables, as many as a payload may have

-- "list", "object", or "empty", which is either.
local function shape(given)
  if rawget(given, 1) ~= nil then return "list" end
  if next(given) ~= nil then return "object" end
  local metatable = debug.getmetatable(given)
  return metatable and rawget(metatable, "__jsontype") == "array" and "list" or "empty"
end

local function sorted_keys(given)
  local keys = {}
  for key in next, given do keys[#keys + 1] = key end
  table.sort(keys, function(one, other) return tostring(one) < tostring(other) end)
  return keys
end

local function table_problem(given, path, level)
  if level > DEEPEST then return path, ("is nested deeper than %d levels"):format(DEEPEST) end
  local strings, numbers = 0, 0
  for key in next, given do
    if type(key) == "string" then strings = strings + 1 else numbers = numbers + 1 end
  end
  if strings > 0 and numbers > 0 then return path, "has both string keys and indices" end
  for index = 1, numbers do
    if rawget(given, index) == nil then return path, "is a list with gaps" end
  end
  for _, key in ipairs(sorted_keys(given)) do
    local place, problem = value.problem(rawget(given, key), check.within(path, key), level + 1)
    if problem then return place, problem end
  end
end

---What JSON does not have in a value: where it is, and what is wrong with it; nil when it can be sent.
---@param given any
---@param path string
---@param level? integer
---@return string|nil path
---@return string|nil problem
function value.problem(given, path, level)
  local kind = type(given)
  if kind == "table" then return table_problem(given, path, level or 1) end
  if kind == "string" or kind == "boolean" or given == nil or given == null then return nil end
  if kind ~= "number" then return path, check.kind(given) .. " cannot be sent" end
  if given - given ~= 0 then return path, check.show(given) .. " cannot be sent" end
end

---A value as JSON; nil is null.
---@param given any without a problem
---@return string
function value.show(given)
  if type(given) ~= "table" then return json.value(given) end
  local parts = {}
  if shape(given) == "list" then
    for index, one in ipairs(given) do parts[index] = value.show(one) end
    return json.array(parts)
  end
  for index, key in ipairs(sorted_keys(given)) do parts[index] = { tostring(key), value.show(rawget(given, key)) } end
  return json.object(parts)
end

---What differs between two values.
---@class intent_webhook.Difference
---@field path string
---@field expected string|nil JSON; nil: nothing should be there
---@field got string|nil JSON; nil: nothing is there
---@field note string|nil what the expectation is, when it is not the value itself

---@param differences intent_webhook.Difference[]
---@param path string
---@param expected any nil: nothing
---@param got any nil: nothing
---@param note? string
function value.differ(differences, path, expected, got, note)
  differences[#differences + 1] = {
    path = path, note = note, expected = expected ~= nil and value.show(expected) or nil,
    got = got ~= nil and value.show(got) or nil,
  }
end

local function compare_tables(differences, path, expected, got)
  local seen = {}
  for _, key in ipairs(sorted_keys(expected)) do
    seen[key] = true
    value.compare(differences, check.within(path, key), rawget(expected, key), rawget(got, key))
  end
  for _, key in ipairs(sorted_keys(got)) do
    if not seen[key] then value.differ(differences, check.within(path, key), nil, rawget(got, key)) end
  end
end

---Compares two values, part by part.
---@param differences intent_webhook.Difference[] gets what differs
---@param path string
---@param expected any
---@param got any
function value.compare(differences, path, expected, got)
  if type(expected) ~= "table" or type(got) ~= "table" then
    if expected ~= got then value.differ(differences, path, expected, got) end
    return
  end
  local one, other = shape(expected), shape(got)
  if one ~= other and one ~= "empty" and other ~= "empty" then
    return value.differ(differences, path, expected, got)
  end
  compare_tables(differences, path, expected, got)
end

return value
