--- json: JSON for the commands' output, where keys keep their order; and the parts of JSON that the core wrote.
--
-- An object is a list of pairs whose values are JSON already, since a Lua table forgets the order of its keys.

local cjson = require("cjson").new()
local text = require "intent_webhook.cli.text"

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

---A Lua value of JSON text; null is cjson.null.
---@param source string
---@return boolean good
---@return any value or the error
function json.decode(source)
  -- cjson alone takes "[1] x" for good, and a bare value only where it is in a list
  local good, value = pcall(cjson.decode, "[" .. source .. "\n]")
  if not good then return false, (tostring(value):gsub("^.-:%d+: ", "")) end
  if #value ~= 1 then return false, "Expected one value" end
  return true, value[1]
end

-- The core wrote what follows, without white space, so it is known to be well-formed.

-- Where the string that begins at `from` ends: at the next quote that no \ escapes.
local function string_end(source, from)
  local at = from + 1
  repeat
    local _, last, escapes = source:find('(\\*)"', at)
    at = last + 1
  until #escapes % 2 == 0
  return at - 1
end

-- Where the value that begins at `from` ends.
local function value_end(source, from)
  local first = source:sub(from, from)
  if first == '"' then return string_end(source, from) end
  if first ~= "{" and first ~= "[" then return source:find("[,}%]]", from) - 1 end
  local depth, at = 0, from
  repeat
    local place, _, mark = source:find('(["{}%[%]])', at)
    if mark == '"' then
      at = string_end(source, place) + 1
    else
      depth = depth + ((mark == "{" or mark == "[") and 1 or -1)
      at = place + 1
    end
  until depth == 0
  return at - 1
end

---The elements of the array that stands first in JSON of the core, byte by byte as it wrote them.
---@param source string like {"events":[{...},{...}],"next":1}
---@return string[]
function json.elements(source)
  local elements = {}
  local at = source:find("[", 1, true) + 1
  while source:sub(at, at) == "{" do
    local last = value_end(source, at)
    elements[#elements + 1] = source:sub(at, last)
    at = last + 2 -- over the comma
  end
  return elements
end

---The keys of the object that stands first under a name in JSON of the core, in their order.
---@param source string
---@param name string
---@return string[]
function json.keys(source, name)
  local keys = {}
  local _, at = source:find('"' .. name .. '":{', 1, true) -- in a string the quotes would be escaped
  if not at then return keys end
  at = at + 1
  while source:sub(at, at) == '"' do
    local last = string_end(source, at)
    keys[#keys + 1] = cjson.decode("[" .. source:sub(at, last) .. "]")[1]
    at = value_end(source, last + 2) + 2 -- over the colon, and the comma
  end
  return keys
end

return json
