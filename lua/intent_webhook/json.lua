--- json: reads JSON: whole, with lua-cjson, and in parts, where the text itself matters.
--
-- lua-cjson reads every number as a double, so 12345678901234567 becomes 12345678901234568. Whoever needs the number
-- that was written takes its text, by `members`, and gives it to `integer`.

local cjson = require("cjson").new() -- an instance of our own: the host may have set up the shared one otherwise
cjson.decode_invalid_numbers(false) -- no 0x10, 007, nan, infinity: these are no JSON

local json = {
  null = cjson.null,
}

---A Lua value of JSON text; null is cjson.null.
---@param source string
---@return boolean good
---@return any value or the error
function json.decode(source)
  -- cjson alone takes "[1] x" for good, and a bare value only where it is in a list
  local good, value = pcall(cjson.decode, "[" .. source .. "\n]")
  if not good then
    local problem = tostring(value):gsub("^.-:%d+: ", "")
    return false, (problem:gsub("at character (%d+)$", function(place) -- the [ is none of theirs
      return ("at character %d"):format(place - 1)
    end))
  end
  if #value ~= 1 then return false, "Expected one value" end
  return true, value[1]
end

local math_type = rawget(math, "type") -- Lua 5.3 and later

-- Whether value is the number that text says, and not one nearby.
local function is_exact(value, text)
  if math_type then return math_type(value) == "integer" end
  return math.abs(value) <= 2 ^ 53 and ("%.0f"):format(value) == text
end

---The whole number in JSON text. Lua 5.3 and later hold 64 bits; Lua 5.1 and LuaJIT hold up to 2^53.
---@param text string
---@return number|nil # nil when text is no whole number, or when this Lua cannot hold it
---@return boolean whole whether text is a whole number
function json.integer(text)
  if not text:find("^%-?%d+$") then return nil, false end
  local value = tonumber(text)
  return is_exact(value, text) and value or nil, true
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

---The members of the object that stands first under a name in JSON of the core, in their order.
---@param source string
---@param name string
---@return string[][] # { key, JSON } each
function json.members(source, name)
  local members = {}
  local _, at = source:find('"' .. name .. '":{', 1, true) -- in a string the quotes would be escaped
  if not at then return members end
  at = at + 1
  while source:sub(at, at) == '"' do
    local key_end = string_end(source, at)
    local last = value_end(source, key_end + 2) -- over the colon
    members[#members + 1] = { cjson.decode("[" .. source:sub(at, key_end) .. "]")[1], source:sub(key_end + 2, last) }
    at = last + 2 -- over the comma
  end
  return members
end

return json
