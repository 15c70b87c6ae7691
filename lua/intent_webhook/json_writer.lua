--- json_writer: JSON as commands print it and as models get it: keys keep their order, and a terminal obeys none of it.
--
-- An object is a list of pairs whose values are JSON already, since a Lua table forgets the order of its keys.

local text = require "intent_webhook.safe_text"

local json = {}

local function number(value)
  if value ~= value or value - value ~= 0 then return "null" end
  if value == math.floor(value) and value > -1e15 and value < 1e15 then return ("%d"):format(value) end
  if rawget(math, "type") and rawget(math, "type")(value) == "integer" then return tostring(value) end
  for digits = 15, 17 do
    local written = ("%." .. digits .. "g"):format(value)
    if tonumber(written) == value then return (written:gsub(",", ".")) end
  end
end

---A string, number, boolean, or null for everything else.
---@param value any
---@return string
function json.value(value)
  if type(value) == "string" then return '"' .. text.json(value) .. '"' end
  if type(value) == "number" then return number(value) end
  if type(value) == "boolean" then return tostring(value) end
  return "null"
end

---A scalar that an object can go without.
---@param value any
---@return string|nil # nil for nil, so that json.object leaves it out
function json.optional(value)
  return value ~= nil and json.value(value) or nil
end

---@param pairs_in_order string[][] { key, JSON } each; those without JSON are left out
---@return string
function json.object(pairs_in_order)
  local members = {}
  for _, pair in ipairs(pairs_in_order) do
    if pair[2] then members[#members + 1] = json.value(pair[1]) .. ":" .. pair[2] end
  end
  return "{" .. table.concat(members, ",") .. "}"
end

---@param elements string[] JSON each
---@return string
function json.array(elements)
  return "[" .. table.concat(elements, ",") .. "]"
end

---A list, each element written by a function.
---@param list any[]|nil
---@param write? fun(element: any): string default: json.value
---@return string|nil # nil when there is no list
function json.list(list, write)
  if not list then return nil end
  local elements = {}
  for index, element in ipairs(list) do elements[index] = (write or json.value)(element) end
  return json.array(elements)
end

local MOST_LEVELS = 32 -- as in payloads; what lies deeper, or in itself, becomes null

local function any(value, level)
  if type(value) ~= "table" then return json.value(value) end
  if level > MOST_LEVELS then return "null" end
  local parts = {}
  if rawget(value, 1) ~= nil then -- no metamethod of the user's
    while rawget(value, #parts + 1) ~= nil do parts[#parts + 1] = any(rawget(value, #parts + 1), level + 1) end
    return json.array(parts)
  end
  local names = {}
  for key in next, value do
    if type(key) == "string" then names[#names + 1] = key end
  end
  table.sort(names)
  for index, name in ipairs(names) do parts[index] = { name, any(rawget(value, name), level + 1) } end
  return json.object(parts)
end

---Any value, objects sorted by name; null for what JSON does not have.
---@param value any
---@return string
function json.any(value)
  return any(value, 1)
end

return json
