--- check: compares tables that users write with those that say what may stand in them, and collects every mistake.
--
-- A mistake has the path of the value that is wrong, in the notation of Lua, and a sentence that says what is wrong
-- with it and what to do. Nothing here raises: `webhook.new` raises the first mistake, `webhook.check` lists them all.

local core = require "intent_webhook.core"

local check = {}

local MOST_WHOLE = 2 ^ 53 -- of the whole numbers that a double holds, and the core's sentences keep
local math_type = rawget(math, "type") -- Lua 5.3 and later

---What may stand in a table under one name.
---@class intent_webhook.Option
---@field name string
---@field type string what it may be: types joined by "|", of those that `TYPES` below names
---@field required? boolean
---@field default? any the value when there is none; in options.lua, so that the manual and the code agree
---@field from? number the least number
---@field to? number the greatest number
---@field most? integer how many entries a list may have
---@field one_of? string[] the only strings that are meant
---@field hint? string what to do about a mistake
---@field also? string[] names that people write for it, for "did you mean"

---@class intent_webhook.Mistake
---@field path string for example "intents[2].slots[1].name"
---@field message string
---@field level "error"|"warning" a warning stops nothing: the definition works, but perhaps not as meant

---@class intent_webhook.Mistakes
---@field list intent_webhook.Mistake[] in the order of the definition
---@field known table<string, boolean> what is in the list already, so that nothing is said twice
local Mistakes = { __name = "intent_webhook.Mistakes" }
Mistakes.__index = Mistakes

---@return intent_webhook.Mistakes
function check.mistakes()
  return setmetatable({ list = {}, known = {} }, Mistakes)
end

---@param path string
---@param message string
---@param level? "error"|"warning" default "error"
function Mistakes:add(path, message, level)
  local key = path .. "\n" .. message
  if self.known[key] then return end
  self.known[key] = true
  self.list[#self.list + 1] = { path = path, message = message, level = level or "error" }
end

---@param path string
---@param message string
function Mistakes:warn(path, message)
  self:add(path, message, "warning")
end

---Puts what another collection holds after the entry `at`: for what is found later than it should be listed.
---@param at integer 0: before everything
---@param others intent_webhook.Mistakes
function Mistakes:insert(at, others)
  local place = at
  for _, mistake in ipairs(others.list) do
    local key = mistake.path .. "\n" .. mistake.message
    if not self.known[key] then
      self.known[key] = true
      place = place + 1
      table.insert(self.list, place, mistake)
    end
  end
end

---@return intent_webhook.Mistake|nil # the first that is no warning
function Mistakes:first()
  for _, mistake in ipairs(self.list) do
    if mistake.level == "error" then return mistake end
  end
end

---The path of a value within the value at `path`.
---@param path string "" for the outermost table
---@param key any
---@return string
function check.within(path, key)
  if type(key) == "string" and key:find("^[A-Za-z_][A-Za-z0-9_]*$") then
    return path == "" and key or path .. "." .. key
  end
  if type(key) == "string" then return path .. '["' .. key:gsub('[%c"\\]', "?") .. '"]' end
  return path .. "[" .. tostring(key) .. "]"
end

-- Values -----------------------------------------------------------------------------------------------------------

-- A number as people write it; the system's words for what is none differ.
local function show_number(value)
  if value ~= value then return "NaN" end
  if value - value ~= 0 then return value > 0 and "infinity" or "-infinity" end
  return (value == math.floor(value) and math.abs(value) <= 2 ^ 53 and "%.0f" or "%.15g"):format(value)
end

---What a value is, in words that give nothing secret away.
---@param value any
---@return string
function check.kind(value)
  if value == nil then return "nil" end
  if type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

---As check.kind, but numbers as they are.
---@param value any
---@return string
function check.show(value)
  return type(value) == "number" and show_number(value) or check.kind(value)
end

-- Types ------------------------------------------------------------------------------------------------------------

local function is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for key in next, value do
    if type(key) ~= "number" then return false end
    count = count + 1
  end
  for index = 1, count do
    if rawget(value, index) == nil then return false end
  end
  return true
end

local function is_integer(value)
  return type(value) == "number" and value == math.floor(value) and value - value == 0
end

local TYPES = {
  string = { words = "a string", test = function(value) return type(value) == "string" end },
  number = { words = "a number", test = function(value) return type(value) == "number" end },
  integer = { words = "a whole number", test = is_integer },
  boolean = { words = "true or false", test = function(value) return type(value) == "boolean" end },
  ["false"] = { words = "false", test = function(value) return value == false end },
  ["function"] = { words = "a function", test = function(value) return type(value) == "function" end },
  table = { words = "a table", test = function(value) return type(value) == "table" end },
  list = { words = "a list", test = is_list },
  any = { words = "anything", test = function() return true end },
}

---Whether value is of one of the types; adds a mistake when not.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value any
---@param types string joined by "|"
---@param hint? string
---@return boolean
function check.type(mistakes, path, value, types, hint)
  local only = TYPES[types]
  if only and only.test(value) then return true end
  local words = {}
  for name in types:gmatch("[^|]+") do
    if TYPES[name].test(value) then return true end
    words[#words + 1] = TYPES[name].words
  end
  local got = check.kind(value)
  if types:find("list", 1, true) and type(value) == "table" then got = "a table with names or gaps" end
  if types:find("integer", 1, true) then got = check.show(value) end
  mistakes:add(path, ("must be %s, got %s%s"):format(table.concat(words, " or "), got, hint and ": " .. hint or ""))
  return false
end

-- Names ------------------------------------------------------------------------------------------------------------

-- C0 and DEL, and C1 as UTF-8. Not %c, which depends on the host's locale.
local function has_control_character(text)
  return text:find("[%z\1-\31\127]") ~= nil or text:find("\194[\128-\159]") ~= nil
end

---Whether value can name something in headers, JSON keys and terminals; adds a mistake when not.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value any
---@param hint string
---@return boolean
function check.name(mistakes, path, value, hint)
  if not check.type(mistakes, path, value, "string", hint) then return false end
  if value == "" then
    mistakes:add(path, "is empty: " .. hint)
    return false
  end
  if has_control_character(value) then
    mistakes:add(path, "holds a control character, such as a line break: remove it")
    return false
  end
  if not core.is_utf8(value) then -- two such names could be the same key in a payload
    mistakes:add(path, "is not UTF-8: write it in UTF-8")
    return false
  end
  return true
end

-- How many letters have to be changed, added or removed to make one word of the other (Levenshtein).
local function distance(one, other)
  local row = {}
  for j = 0, #other do row[j] = j end
  for i = 1, #one do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #other do
      local above = row[j]
      local substitution = diagonal + (one:byte(i) == other:byte(j) and 0 or 1)
      row[j] = math.min(substitution, above + 1, row[j - 1] + 1)
      diagonal = above
    end
  end
  return row[#other]
end

---The name that was probably meant.
---@param word any
---@param names string[]
---@return string|nil # one at most two letters away, and fewer for a short word
function check.nearest(word, names)
  if type(word) ~= "string" or #word > 64 then return nil end
  local best, best_distance
  for _, name in ipairs(names) do
    local d = distance(word:lower(), name:lower())
    local near = d <= 2 and d * 2 < math.max(#word, #name)
    if near and (not best or d < best_distance) then best, best_distance = name, d end
  end
  return best
end

---": did you mean "x"?", or else ": known are x, y, z".
---@param word any
---@param names string[]
---@return string
function check.suggestion(word, names)
  local nearest = check.nearest(word, names)
  if nearest then return (': did you mean "%s"?'):format(nearest) end
  if #names == 0 then return "" end
  return ": known are " .. table.concat(names, ", ")
end

-- Files ------------------------------------------------------------------------------------------------------------

---Why a file cannot be read; nil when it can.
---@param path string
---@return string|nil problem with the path in it
function check.unreadable(path)
  local file, problem = io.open(path, "r")
  if not file then return problem end
  local _, reason = file:read(0) -- a folder can be opened, but not read
  file:close()
  return reason and path .. ": " .. reason or nil
end

-- Tables of options --------------------------------------------------------------------------------------------------

local function check_number(mistakes, path, value, option)
  local from, to = option.from, option.to
  if value ~= value or (from and value < from) or (to and value > to) then
    local range = to and ("from %s to %s"):format(show_number(from), show_number(to)) or show_number(from) .. " or more"
    local got = show_number(value)
    mistakes:add(path, ("must be %s, got %s%s"):format(range, got, option.hint and ": " .. option.hint or ""))
    return false
  end
  return true
end

local function check_string(mistakes, path, value, option)
  if value:find("%z") then
    mistakes:add(path, "holds a NUL: remove it")
    return false
  end
  if not option.one_of then return true end
  for _, word in ipairs(option.one_of) do
    if value == word then return true end
  end
  local words = table.concat(option.one_of, '" or "')
  local nearest = check.nearest(value, option.one_of)
  mistakes:add(path, ('must be "%s"%s'):format(words, nearest and (': did you mean "%s"?'):format(nearest) or ""))
  return false
end

local function check_list(mistakes, path, value, option)
  if not option.most or #value <= option.most then return true end
  mistakes:add(path, ("has %d entries, but %d is the most"):format(#value, option.most))
  return false
end

local function check_option(mistakes, path, value, option)
  if not check.type(mistakes, path, value, option.type, option.hint) then return option.default end
  local good = true
  if type(value) == "number" then good = check_number(mistakes, path, value, option) end
  if type(value) == "string" then good = check_string(mistakes, path, value, option) end
  if type(value) == "table" then good = check_list(mistakes, path, value, option) end
  if good then return value end
  return option.default
end

local function is_option(key, options)
  for _, option in ipairs(options) do
    if option.name == key then return true end
  end
end

local function unknown_names(value, options)
  local unknown = {}
  for key in next, value do -- no metamethod of the user's
    if not is_option(key, options) then unknown[#unknown + 1] = key end
  end
  if #unknown < 2 then return unknown end
  table.sort(unknown, function(one, other) return tostring(one) < tostring(other) end)
  return unknown
end

local function suggest_option(word, options)
  local names = {}
  for _, option in ipairs(options) do
    names[#names + 1] = option.name
    for _, other in ipairs(option.also or {}) do
      if word == other then return (': did you mean "%s"?'):format(option.name) end
    end
  end
  return check.suggestion(word, names)
end

---Checks a table of named options.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value any
---@param options intent_webhook.Option[]
---@return table|nil # what is good, with defaults for the rest; nil when value is no table
function check.options(mistakes, path, value, options)
  if not check.type(mistakes, path, value, "table") then return nil end
  local accepted = {}
  for _, option in ipairs(options) do
    local name = option.name
    local one = value[name]
    if one == nil and not option.required then
      accepted[name] = option.default
    else
      accepted[name] = check_option(mistakes, check.within(path, name), one, option)
    end
  end
  for _, key in ipairs(unknown_names(value, options)) do
    mistakes:add(check.within(path, key), "is no option" .. suggest_option(key, options))
  end
  return accepted
end

---The names in a table by name, sorted, since such a table has no order; adds a mistake for each key that is none.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value table
---@param hint string
---@return string[]
function check.names(mistakes, path, value, hint)
  local names, wrong = {}, {}
  for key in next, value do
    if type(key) == "string" then names[#names + 1] = key else wrong[#wrong + 1] = key end
  end
  table.sort(names)
  table.sort(wrong, function(one, other) return tostring(one) < tostring(other) end)
  for _, key in ipairs(wrong) do mistakes:add(check.within(path, key), "has no name: " .. hint) end
  local good = {}
  for _, name in ipairs(names) do
    if check.name(mistakes, check.within(path, name), name, hint) then good[#good + 1] = name end
  end
  return good
end

---Whether value is what slots and contexts hold; adds a mistake when not.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value any
---@param hint? string
---@return boolean
function check.scalar(mistakes, path, value, hint)
  if not check.type(mistakes, path, value, "string|number|boolean", hint) then return false end
  if type(value) == "number" and value - value ~= 0 then
    mistakes:add(path, ("must be a number that JSON has, got %s"):format(show_number(value)))
    return false
  end
  if math_type and math_type(value) == "integer" and (value > MOST_WHOLE or value < -MOST_WHOLE) then
    mistakes:add(path, "is beyond 2^53 and would be rounded: write it as a string")
    return false
  end
  return true
end

---Whether value is a string without NUL; adds a mistake when not.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value any
---@param hint string
---@return boolean
function check.text(mistakes, path, value, hint)
  return check.type(mistakes, path, value, "string", hint) and check_string(mistakes, path, value, {})
end

---Checks a list of strings.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param list any[] known to be a list
---@param hint string
---@return string[] # those that are strings
function check.strings(mistakes, path, list, hint)
  local strings = {}
  for index, value in ipairs(list) do
    local place = check.within(path, index)
    if check.text(mistakes, place, value, hint) then
      strings[#strings + 1] = value
    end
  end
  return strings
end

return check
