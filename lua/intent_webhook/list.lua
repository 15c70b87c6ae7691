--- list: what {name} in a sentence can be: values, a range of numbers, or any text. From what a user wrote to what the
-- core compiles.

local check = require "intent_webhook.check"
local options = require "intent_webhook.options"
local types = require "intent_webhook.types"

local list = {}

---Any text of at least one character.
list.WILDCARD = "wildcard"

---A checked list.
---@class intent_webhook.CheckedList
---@field name string
---@field path string where the user wrote it: "lists.area"
---@field values_path string|nil the path of its values; nil when it has none
---@field description table for the core
---@field reader intent_webhook.Reader|nil of a list that is a type
---@field clean boolean false: there was a mistake in it, so the description stands only for its name

local VALUE_HINT = 'write a string, or { "living room", value = "living_room" }'
local FRACTIONS = { halves = 2, tenths = 10 }

local function read_context(mistakes, path, context)
  local read
  for _, key in ipairs(check.names(mistakes, path, context, "give the value's context by key")) do
    if check.scalar(mistakes, check.within(path, key), context[key]) then
      read = read or {}
      read[key] = context[key]
    end
  end
  return read
end

-- What the core takes for a value: { in, out, context, whether out is as listed }, or the text alone; nil when it is
-- wrong. As listed: the slot gets one spelling, whatever was said, unless the value can be said in several ways.
local function read_value(mistakes, path, index, value)
  if type(value) == "string" and not value:find("%z") then return value end -- as most are
  path = check.within(path, index)
  if not check.type(mistakes, path, value, "string|table", VALUE_HINT) then return nil end
  if type(value) == "string" then
    check.text(mistakes, path, value, VALUE_HINT)
    return nil
  end
  local template, rest = rawget(value, 1), {}
  for key, option in next, value do
    if key ~= 1 then rest[key] = option end
  end
  if not check.text(mistakes, check.within(path, 1), template, VALUE_HINT) then return nil end
  local accepted = check.options(mistakes, path, rest, options.list_value)
  if accepted.value ~= nil then check.scalar(mistakes, check.within(path, "value"), accepted.value) end
  local context = read_context(mistakes, check.within(path, "context"), accepted.context)
  return { template, accepted.value, context, accepted.value == nil }
end

local function read_values(mistakes, path, values)
  local read = {}
  for index, value in ipairs(values) do
    read[#read + 1] = read_value(mistakes, path, index, value)
  end
  return read
end

local function read_value_list(mistakes, path, name, definition)
  local accepted = check.options(mistakes, path, definition, options.value_list)
  return {
    name = name, kind = "values", exact_case = accepted.exact_case, exact_accents = accepted.exact_accents,
    typos = accepted.typos, values = read_values(mistakes, check.within(path, "values"), accepted.values or {}),
  }
end

local function read_range(mistakes, path, name, definition)
  local accepted = check.options(mistakes, path, definition, options.range)
  if accepted.from and accepted.to and accepted.from > accepted.to then
    mistakes:add(path, ("ends at %s, before it begins at %s: exchange from and to"):format(check.show(accepted.to),
      check.show(accepted.from)))
  end
  if not accepted.digits and not accepted.words then
    mistakes:add(path, "takes neither digits nor words: allow one of them")
  end
  return {
    name = name, kind = "range", from = accepted.from, to = accepted.to, step = accepted.step,
    multiplier = accepted.multiplier, fractions = FRACTIONS[accepted.fractions] or 1, digits = accepted.digits,
    words = accepted.words,
  }
end

-- A list that is what a type reads: { type = "date", min = "today" }. Its description, and its reader.
local function read_type(mistakes, path, name, definition, client)
  local found = types.choose(mistakes, path, definition.type, client.own_types)
  if not found then return nil end
  local before = #mistakes.list
  local known = types.options_with({ { name = "type", type = "any" } }, found)
  local accepted = check.options(mistakes, path, definition, known)
  if #mistakes.list > before then return nil end
  local reader = found.new(mistakes, path, accepted, client.language_table)
  if #mistakes.list > before then return nil end
  return { name = name, kind = "type" }, nil, reader
end

local function is_plain(definition)
  if next(definition) == nil then return true end
  for key in next, definition do
    if type(key) ~= "number" then return false end
  end
  return true
end

-- The description, the path of its values, and the reader of a type.
local function read(mistakes, path, name, definition, client)
  if definition == list.WILDCARD then return { name = name, kind = "wildcard" } end
  local hint = "list its values, give from and to, a type, or webhook.wildcard for any text"
  if not check.type(mistakes, path, definition, "table", hint) then return nil end
  if is_plain(definition) then
    if not check.type(mistakes, path, definition, "list", hint) then return nil end
    local values = read_values(mistakes, path, definition)
    return { name = name, kind = "values", exact_case = false, exact_accents = false, typos = false, values = values },
      path
  end
  if definition.type ~= nil then
    if client then return read_type(mistakes, path, name, definition, client) end
    mistakes:add(path, "is a type, which only the client's lists can be: move it there")
    return nil
  end
  if definition.from ~= nil or definition.to ~= nil then return read_range(mistakes, path, name, definition) end
  if definition.values == nil and (definition[1] ~= nil or definition.wildcard ~= nil) then
    mistakes:add(path, definition[1] ~= nil and "has values beside options: move them into values = { ... }"
      or "is no list: for any text write webhook.wildcard in its place")
    return nil
  end
  return read_value_list(mistakes, path, name, definition), check.within(path, "values")
end

---Checks what a user wrote for a list; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param name string
---@param definition any
---@param client table|nil the client's checked options, where a list may be a type: `language_table`, `own_types`
---@return intent_webhook.CheckedList
function list.new(mistakes, path, name, definition, client)
  local before = #mistakes.list
  local description, values_path, reader = read(mistakes, path, name, definition, client)
  local clean = #mistakes.list == before
  if not clean then -- so that nobody is told besides that there is no such list
    description = { name = name, kind = "values", exact_case = false, exact_accents = false, typos = false,
      values = { { name } } }
  end
  return { name = name, path = path, values_path = values_path, description = description, clean = clean,
    reader = reader }
end

---Checks lists by name; adds their mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definitions table
---@param client table|nil as for list.new
---@return intent_webhook.CheckedList[] # sorted by name
function list.all(mistakes, path, definitions, client)
  local lists = {}
  for index, name in ipairs(check.names(mistakes, path, definitions, "give lists by name")) do
    local place = check.within(path, name)
    if name:find("^%s") or name:find("%s$") then
      mistakes:add(place, "begins or ends with white space: remove it, since {a name} is read without")
    end
    if name:find("[%[%]{}()<>|;:,\\]") then
      mistakes:add(place, "holds one of [ ] { } ( ) < > | ; : , \\ in its name: a sentence could not name it")
    end
    lists[index] = list.new(mistakes, place, name, definitions[name], client)
  end
  return lists
end

return list
