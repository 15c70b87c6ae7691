--- text: a session as JSON text, and back.
--
-- Numbers come back as they were, which lua-cjson's encoder does not promise: it writes 14 digits. A whole number comes
-- back as an integer where Lua has those. A string may hold any bytes; those that are no UTF-8 stand in the text as
-- they are.

local json = require "intent_webhook.json"

local text = {}

local MOST_DEPTH = 32
local MOST_BYTES = 1024 * 1024

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character)
  return ESCAPES[character] or ("\\u%04x"):format(character:byte())
end

local function quote(value)
  if not value:find('[%z\1-\31"\\\127]') then return '"' .. value .. '"' end
  return '"' .. value:gsub('[%z\1-\31"\\\127]', escape) .. '"'
end

-- As few digits as give the same number again; a host's locale may have put a comma.
local function number(value)
  if value - value ~= 0 then error({ "holds a number that JSON does not have" }, 0) end
  if value == math.floor(value) and value < 2 ^ 53 and value > -2 ^ 53 then return ("%.0f"):format(value) end
  local digits = ("%.15g"):format(value)
  if tonumber(digits) ~= value then digits = ("%.17g"):format(value) end
  return (digits:gsub(",", "."))
end

local encode

local function append_list(parts, list, depth)
  for index = 1, #list do
    parts[#parts + 1] = index == 1 and "[" or ","
    encode(parts, list[index], depth)
  end
  parts[#parts + 1] = "]"
end

local function append_object(parts, object, depth)
  local separator = "{"
  for key, value in next, object do
    if type(key) ~= "string" then error({ "holds a table with names and numbers" }, 0) end
    parts[#parts + 1] = separator
    parts[#parts + 1] = quote(key)
    parts[#parts + 1] = ":"
    encode(parts, value, depth)
    separator = ","
  end
  parts[#parts + 1] = separator == "{" and "{}" or "}"
end

-- Whether a table is a list; raises when it is neither that nor an object.
local function is_list(value)
  local length = #value
  if length == 0 then return false end
  local count = 0
  for _ in next, value do count = count + 1 end
  if count ~= length then error({ "holds a table with names and numbers, or gaps" }, 0) end
  return true
end

function encode(parts, value, depth)
  local kind = type(value)
  if kind == "string" then
    parts[#parts + 1] = quote(value)
  elseif kind == "number" then
    parts[#parts + 1] = number(value)
  elseif kind == "boolean" then
    parts[#parts + 1] = tostring(value)
  elseif kind ~= "table" then
    error({ "holds a " .. kind }, 0)
  elseif depth >= MOST_DEPTH then
    error({ "is nested more than " .. MOST_DEPTH .. " deep" }, 0)
  elseif is_list(value) then
    append_list(parts, value, depth + 1)
  else
    append_object(parts, value, depth + 1)
  end
end

---@param session table
---@return string|nil
---@return string|nil message
function text.encode(session)
  local parts = {}
  local good, problem = pcall(encode, parts, session, 0)
  local message = not good and (type(problem) == "table" and problem[1] or tostring(problem))
  if message then return nil, "the session " .. message end
  local whole = table.concat(parts)
  if #whole > MOST_BYTES then return nil, "the session is larger than 1 MiB: keep less in it" end
  return whole
end

local to_integer = rawget(math, "tointeger") -- Lua 5.3 and later

-- Whole numbers as integers; nulls, which no session of ours has, as nothing. In place: it is our own.
local function plain(value)
  for key, member in next, value do
    if type(member) == "table" then
      plain(member)
    elseif type(member) == "number" then
      value[key] = to_integer and to_integer(member) or member
    elseif member == json.null then
      value[key] = nil
    end
  end
  return value
end

---@param encoded string
---@return table|nil
---@return string|nil message
function text.decode(encoded)
  local good, value = json.decode(encoded)
  if not good then return nil, "the session's text is no JSON: " .. value end
  if type(value) ~= "table" then return nil, "the session's text is no JSON object" end
  return plain(value)
end

return text
