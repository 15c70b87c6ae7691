--- value: JSON values that came from outside, and the limits that they keep to.
--
-- What is given as text is decoded; what is given as a table is not trusted either. No metamethod of it is called, and
-- it is measured before anything looks at it, so that a table that holds itself, or a huge one, is refused and not
-- walked for ever. JSON's null is cjson.null.
--
-- Limits: 1 MiB of text (of a table: of all its strings), 64 levels, 100,000 values. Text that is not UTF-8 is refused.
-- Of keys that an object has twice, the last counts.

local core = require "intent_webhook.core"
local json = require "intent_webhook.json"

local value = { null = json.null }

local MOST_BYTES = 1024 * 1024
local MOST_LEVELS = 64
local MOST_VALUES = 100000
local MOST_EXACT = 2 ^ 53 -- beyond it a double is no certain whole number

local math_type = rawget(math, "type") -- Lua 5.3 and later
local to_integer = rawget(math, "tointeger") or function(number) return number end

---Whether a table stands for an array; an empty one may stand for either.
---@param given table
---@return boolean
function value.is_list(given)
  return rawget(given, 1) ~= nil
end

---What a value is, in words: "an object".
---@param given any
---@return string
function value.kind(given)
  if given == nil or given == json.null then return "null" end
  local kind = type(given)
  if kind ~= "table" then return "a " .. kind end
  if next(given) == nil then return "an empty table" end
  return value.is_list(given) and "a list" or "an object"
end

---A value under a key when it is an object; for looking without a word about what is wrong.
---@param parent table
---@param key string
---@return table|nil
function value.object(parent, key)
  local found = rawget(parent, key)
  return type(found) == "table" and not value.is_list(found) and found or nil
end

---The same for a list.
---@param parent table
---@param key string
---@return table|nil
function value.list(parent, key)
  local found = rawget(parent, key)
  if type(found) ~= "table" then return nil end
  return (value.is_list(found) or next(found) == nil) and found or nil
end

-- A key that may come from anywhere, made fit for a message: short, without control characters, not cut within one.
local function show_key(key)
  local shown = key:sub(1, 60):gsub("[%z\1-\31\127]", "?")
  if #key > 60 then shown = shown:gsub("[\192-\255][\128-\191]*$", "") .. "..." end
  return core.is_utf8(shown) and shown or "?"
end

---Where a value is, as jq writes it: "entities[0].value", "slots[\"the day\"]"; the first of a list is 0.
---@param path string
---@param key any
---@return string
function value.within(path, key)
  if type(key) == "number" and key % 1 == 0 and key < 2 ^ 31 then return ("%s[%d]"):format(path, key - 1) end
  if type(key) ~= "string" then return path .. "[?]" end
  if not key:find("^[%a_][%w_]*$") then return ('%s["%s"]'):format(path, show_key(key)) end
  return path == "" and show_key(key) or path .. "." .. show_key(key)
end

-- Why a string is beyond the limits; nil when it is not.
local function text_beyond(text, used)
  used.bytes = used.bytes + #text
  if used.bytes > MOST_BYTES then return ("has more than %d bytes of text"):format(MOST_BYTES) end
  if used.check and not core.is_utf8(text) then return "is not UTF-8" end
end

-- Why a table is beyond the limits, and the keys that lead there, innermost first; nil when it is not. `used` counts.
local function beyond(given, level, used)
  if level > MOST_LEVELS then return ("is nested more than %d levels deep"):format(MOST_LEVELS), {} end
  for key, inner in next, given do
    used.values = used.values + 1
    if used.values > MOST_VALUES then return ("has more than %d values"):format(MOST_VALUES), {} end
    local kind, problem, keys = type(inner), nil, nil
    if kind == "string" then
      problem = text_beyond(inner, used)
    elseif kind == "table" then
      problem, keys = beyond(inner, level + 1, used)
    end
    if not problem and type(key) == "string" then problem = text_beyond(key, used) end
    if problem then
      keys = keys or {}
      keys[#keys + 1] = key
      return problem, keys
    end
  end
end

-- nil, or why it is not taken. Text that was decoded is known to be UTF-8.
local function measure(given, is_decoded)
  local problem, keys = beyond(given, 1, { values = 0, bytes = 0, check = not is_decoded })
  if not problem then return nil end
  if problem ~= "is not UTF-8" then return problem end -- the others are of the whole, wherever they came to light
  local path = ""
  for index = #keys, 1, -1 do path = value.within(path, keys[index]) end
  return "has text that is not UTF-8 at " .. path
end

-- What the decoder says, or, of text that was cut off, just that: it takes the end for a mark of its own.
local function explain(problem, text)
  local place = tonumber(problem:match("at character (%d+)$"))
  local ended = not text:find("%S") or problem:find("unexpected end of string", 1, true) or (place and place > #text)
  return ended and "it ends too early" or problem
end

---An object, of JSON text.
---@param text string
---@return table|nil
---@return string|nil message why not, in words that follow a name: "is not JSON: ..."
function value.decode(text)
  if #text > MOST_BYTES then return nil, ("has more than %d bytes"):format(MOST_BYTES) end
  if not core.is_utf8(text) then return nil, "is not UTF-8" end
  local good, decoded = json.decode(text)
  if not good then return nil, "is not JSON: " .. explain(decoded, text) end
  return value.checked(decoded, true)
end

---An object that is within the limits, or why not.
---@param given any
---@param is_decoded boolean|nil that it was JSON text
---@return table|nil
---@return string|nil message
function value.checked(given, is_decoded)
  if type(given) ~= "table" or value.is_list(given) then
    return nil, "must be an object, got " .. value.kind(given)
  end
  local problem = measure(given, is_decoded)
  if problem then return nil, problem end
  return given
end

-- A number as this Lua would write it: whole ones are integers where there are any.
local function copy_number(number)
  if math_type and math_type(number) == "integer" then return number end
  if number ~= number or number - number ~= 0 then return nil, "is not a finite number" end
  if number % 1 ~= 0 then return number end
  if math.abs(number) > MOST_EXACT then
    return nil, "is a whole number beyond 2^53, of which digits are lost: send it as a string"
  end
  return to_integer(number) or number
end

local function copy_table(given)
  local copied = {}
  if value.is_list(given) then
    local at = 1
    while rawget(given, at) ~= nil do
      if rawget(given, at) ~= json.null then
        local inner, problem = value.copy(rawget(given, at))
        if problem then return nil, problem end
        copied[#copied + 1] = inner
      end
      at = at + 1
    end
    return copied
  end
  for key, found in next, given do
    if type(key) == "string" and found ~= json.null then
      local inner, problem = value.copy(found)
      if problem then return nil, problem end
      copied[key] = inner
    end
  end
  return copied
end

---A measured value as a slot gets it: plain tables without null, without metatables, whole numbers as integers.
---@param given any not nil, not null
---@return any # nil when it is no JSON value
---@return string|nil problem in words that follow a name
function value.copy(given)
  local kind = type(given)
  if kind == "string" or kind == "boolean" then return given end
  if kind == "number" then return copy_number(given) end
  if kind == "table" then return copy_table(given) end
  return nil, "must be a JSON value, got " .. value.kind(given)
end

return value
