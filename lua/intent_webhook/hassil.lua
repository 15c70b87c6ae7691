--- hassil: grammars of hassil and Home Assistant, as options for webhook.new.
--
-- What is the same in both is handed on as it is: templates, phrases (expansion rules), lists, contexts, keywords. An
-- intent there is an intent here, and a block of its data a rule with sentences. Tables by name, which have no order,
-- are taken sorted. JSON's null counts as absent.
--
-- What has no place here is changed or left out, and a note says so. What is no such grammar is refused: `read` returns
-- nil and a sentence with the path of the value.

local check = require "intent_webhook.check"
local list = require "intent_webhook.list"
local null = require("cjson").null
local number_words = require "intent_webhook.number_words"

local hassil = {}

---@class intent_webhook.Refusal
---@field message string
local Refusal = { __name = "intent_webhook.Refusal" }
Refusal.__index = Refusal

local function refuse(path, message)
  error(setmetatable({ message = (path == "" and "grammar" or path) .. ": " .. message }, Refusal), 0)
end

-- Reading ----------------------------------------------------------------------------------------------------------

-- What stands under a name; nil for null.
local function get(value, name)
  local one = value[name]
  if one == null then return nil end
  return one
end

local function table_at(path, value)
  if value == nil then return {} end
  if type(value) ~= "table" then refuse(path, "must be a table, got " .. check.kind(value)) end
  return value
end

local function list_at(path, value)
  value = table_at(path, value)
  local count = 0
  for key in next, value do
    if type(key) ~= "number" then refuse(path, "must be a list, got a table with names") end
    count = count + 1
  end
  if count ~= #value then refuse(path, "must be a list, got a table with gaps") end
  return value
end

local function sorted_names(path, value)
  local names = {}
  for key in next, value do
    if type(key) ~= "string" then refuse(path, "must be a table by name, got a list") end
    names[#names + 1] = key
  end
  table.sort(names)
  return names
end

-- YAML makes numbers and booleans of words that look like some.
local function text_at(path, value)
  if type(value) == "string" then return value end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" then refuse(path, "must be a string, got " .. check.kind(value)) end
  return check.show(value)
end

local function texts_at(path, value)
  local texts = {}
  for index, one in ipairs(list_at(path, value)) do texts[index] = text_at(check.within(path, index), one) end
  return texts
end

local function texts_by_name(path, value)
  value = table_at(path, value)
  local texts = {}
  for _, name in ipairs(sorted_names(path, value)) do
    texts[name] = text_at(check.within(path, name), value[name])
  end
  return texts
end

local function is_scalar(value)
  return type(value) == "string" or type(value) == "number" or type(value) == "boolean"
end

-- A value for a slot or a context: of a list the first.
local function scalar_at(notes, path, value)
  if is_scalar(value) then return value end
  if type(value) == "table" and is_scalar(value[1]) then
    notes:add(path, ("is a list, and a payload is flat: its first value, %s, is taken"):format(tostring(value[1])))
    return value[1]
  end
  if type(value) == "table" and is_scalar(get(value, "value")) then return value.value end
  return refuse(path, "must be a string, a number or a boolean, got " .. check.kind(value))
end

local function scalars_by_name(notes, path, value)
  value = table_at(path, value)
  local scalars = {}
  for _, name in ipairs(sorted_names(path, value)) do
    if value[name] ~= null then scalars[name] = scalar_at(notes, check.within(path, name), value[name]) end
  end
  return scalars
end

local function note_unknown(notes, path, value, known)
  for _, name in ipairs(sorted_names(path, value)) do
    if not known[name] then notes:add(check.within(path, name), "has no place here and is left out") end
  end
end

-- Lists ------------------------------------------------------------------------------------------------------------

local LIST_KEYS = { values = true, range = true, wildcard = true }
local VALUE_KEYS = { ["in"] = true, out = true, context = true, metadata = true }
local RANGE_KEYS = { from = true, to = true, step = true, type = true, multiplier = true, fractions = true,
  fraction_type = true, digits = true, words = true }

local function read_value(notes, path, value)
  if is_scalar(value) then return text_at(path, value) end
  if type(value) ~= "table" then refuse(path, "must be a string or a table, got " .. check.kind(value)) end
  note_unknown(notes, path, value, VALUE_KEYS)
  local read = { text_at(check.within(path, "in"), get(value, "in")) }
  local out, context = get(value, "out"), get(value, "context")
  if out ~= nil then read.value = scalar_at(notes, check.within(path, "out"), out) end
  if context ~= nil then read.context = scalars_by_name(notes, check.within(path, "context"), context) end
  if get(value, "metadata") ~= nil then
    notes:add(check.within(path, "metadata"), "is left out: values have none here")
  end
  return read
end

local function read_values(notes, path, values)
  local read = {}
  for index, value in ipairs(list_at(path, values)) do
    read[index] = read_value(notes, check.within(path, index), value)
  end
  return read
end

local function number_at(path, value)
  if value == nil then return nil end
  local number = tonumber(value)
  if not number then refuse(path, "must be a number, got " .. check.kind(value)) end
  return number
end

local function read_range(notes, path, range)
  range = table_at(path, range)
  note_unknown(notes, path, range, RANGE_KEYS)
  local read = {}
  for _, name in ipairs { "from", "to", "step", "multiplier" } do
    read[name] = number_at(check.within(path, name), get(range, name))
  end
  if not read.from or not read.to then refuse(path, "must have from and to") end
  local fractions = get(range, "fractions") or get(range, "fraction_type")
  if fractions ~= nil and fractions ~= "halves" and fractions ~= "tenths" then
    refuse(check.within(path, "fractions"), 'must be "halves" or "tenths"')
  end
  read.fractions, read.digits, read.words = fractions, get(range, "digits"), get(range, "words")
  return read
end

local function read_list(notes, path, definition)
  if type(definition) ~= "table" then refuse(path, "must be a table, got " .. check.kind(definition)) end
  if definition[1] ~= nil or next(definition) == nil then return read_values(notes, path, definition) end
  note_unknown(notes, path, definition, LIST_KEYS)
  local values, range = get(definition, "values"), get(definition, "range")
  if values ~= nil then return read_values(notes, check.within(path, "values"), values) end
  if range ~= nil then return read_range(notes, check.within(path, "range"), range) end
  if get(definition, "wildcard") then return list.WILDCARD end
  return refuse(path, "must have values, a range, or wildcard")
end

local function read_lists(notes, path, definitions, into)
  definitions = table_at(path, definitions)
  for _, name in ipairs(sorted_names(path, definitions)) do
    into[name] = read_list(notes, check.within(path, name), definitions[name])
  end
  return into
end

-- Slots ------------------------------------------------------------------------------------------------------------

-- Names in the order of their first appearance.
local function collector()
  local names, seen = {}, {}
  return names, function(name)
    if seen[name] then return end
    seen[name] = true
    names[#names + 1] = name
  end
end

-- Gives take the slots of a template and of the phrases in it.
local function take_slots(template, phrases, take, seen)
  local plain = template:gsub("\\.", "")
  for kind, inside in plain:gmatch("([{<])([^{}<>]*)[}>]") do
    if kind == "{" then
      local name = inside:match(":(.*)$") or (not inside:find("..", 1, true) and inside) or ""
      name = name:match("^%s*(.-)%s*$")
      if name ~= "" then take(name) end
    else
      local name = inside:match("^%s*(.-)%s*$")
      if phrases[name] and not seen[name] then
        seen[name] = true
        take_slots(phrases[name], phrases, take, seen)
      end
    end
  end
end

-- Intents ----------------------------------------------------------------------------------------------------------

local INTENT_KEYS = { data = true }
local BLOCK_KEYS = { sentences = true, slots = true, response = true, requires_context = true, excludes_context = true,
  expansion_rules = true, lists = true, metadata = true, required_keywords = true }

-- A value, or a list of values.
local function values_at(path, value)
  if is_scalar(value) then return value end
  if type(value) == "table" and get(value, "value") ~= nil then return values_at(path, value.value) end
  local values = {}
  for index, one in ipairs(list_at(path, value)) do
    if not is_scalar(one) then refuse(check.within(path, index), "must be a value, got " .. check.kind(one)) end
    values[index] = one
  end
  if #values == 0 then refuse(path, "is empty") end
  return values
end

local function read_requires(path, demands)
  local read = {}
  for _, key in ipairs(sorted_names(path, demands)) do
    local place, value = check.within(path, key), demands[key]
    if value == null then
      read[key] = true
    elseif type(value) == "table" and (value.slot ~= nil or value.value ~= nil) then
      local wanted, slot = get(value, "value"), get(value, "slot")
      if slot ~= nil and type(slot) ~= "boolean" and type(slot) ~= "string" then
        refuse(check.within(place, "slot"), "must be true or the name of a slot, got " .. check.kind(slot))
      end
      if wanted ~= nil then wanted = values_at(check.within(place, "value"), wanted) end
      if wanted == true then wanted = { true } end
      read[key] = { value = wanted, slot = slot or nil }
      if next(read[key]) == nil then read[key] = true end
    else
      read[key] = values_at(place, value)
      if type(read[key]) == "boolean" then read[key] = { read[key] } end
    end
  end
  return read
end

local function read_excludes(path, demands)
  local read = {}
  for _, key in ipairs(sorted_names(path, demands)) do
    if demands[key] ~= null then
      local value = values_at(check.within(path, key), demands[key])
      read[key] = type(value) == "boolean" and { value } or value
    end
  end
  return read
end

local function read_response(notes, path, response)
  if response == nil or type(response) == "string" then return response end
  notes:add(path, "is no string and is left out")
end

local function not_empty(value)
  return next(value) ~= nil and value or nil
end

local function read_block(notes, path, block, phrases, take)
  block = table_at(path, block)
  note_unknown(notes, path, block, BLOCK_KEYS)
  local function at(name) return check.within(path, name), get(block, name) end
  local own = texts_by_name(at "expansion_rules")
  local rule = {
    sentences = texts_at(at "sentences"),
    phrases = not_empty(own),
    slots = not_empty(scalars_by_name(notes, at "slots")),
    required_keywords = not_empty(texts_at(at "required_keywords")),
    response = read_response(notes, at "response"),
    metadata = get(block, "metadata"),
  }
  local place, lists = at "lists"
  rule.lists = not_empty(read_lists(notes, place, lists, {}))
  local demands
  place, demands = at "requires_context"
  rule.requires_context = not_empty(read_requires(place, table_at(place, demands)))
  place, demands = at "excludes_context"
  rule.excludes_context = not_empty(read_excludes(place, table_at(place, demands)))
  if #rule.sentences == 0 then refuse(check.within(path, "sentences"), "must be a list of templates") end

  local known = setmetatable(own, { __index = phrases })
  local seen = {}
  for _, template in ipairs(rule.sentences) do take_slots(template, known, take, seen) end
  for _, name in ipairs(sorted_names(path, rule.slots or {})) do take(name) end
  for _, key in ipairs(sorted_names(path, rule.requires_context or {})) do
    local demand = rule.requires_context[key]
    local slot = type(demand) == "table" and demand.slot
    if slot then take(slot == true and key or slot) end
  end
  setmetatable(own, nil)
  return rule
end

local function read_intent(notes, path, name, definition, phrases)
  definition = table_at(path, definition)
  note_unknown(notes, path, definition, INTENT_KEYS)
  local names, take = collector()
  local rules, place = {}, check.within(path, "data")
  for index, block in ipairs(list_at(place, get(definition, "data"))) do
    rules[index] = read_block(notes, check.within(place, index), block, phrases, take)
  end
  local slots = {}
  for index, slot in ipairs(names) do slots[index] = { name = slot, optional = true } end
  return { name = name, rules = rules, slots = slots }
end

-- Grammars ---------------------------------------------------------------------------------------------------------

local GRAMMAR_KEYS = { language = true, skip_words = true, settings = true, lists = true, expansion_rules = true,
  intents = true, fixture_lists = true, tests = true }
local SETTINGS_KEYS = { ignore_whitespace = true, filter_with_regex = true } -- the second changes only hassil's speed

-- The language whose number words there are, or false.
local function read_language(notes, language)
  if language == nil then
    notes:add("language", "is missing: numbers are recognised as digits only")
    return false
  end
  language = text_at("language", language)
  if number_words.of(language, 1) then return language end
  notes:add("language", ("is %s, for which there are no number words: numbers are recognised as digits only"):format(
    language))
  return false
end

local function read(notes, grammar)
  if type(grammar) ~= "table" then refuse("", "must be a table, got " .. check.kind(grammar)) end
  note_unknown(notes, "", grammar, GRAMMAR_KEYS)
  local definitions = get(grammar, "intents")
  if type(definitions) ~= "table" then refuse("intents", "must be a table, got " .. check.kind(definitions)) end
  local settings = table_at("settings", get(grammar, "settings"))
  note_unknown(notes, "settings", settings, SETTINGS_KEYS)
  local phrases = texts_by_name("expansion_rules", get(grammar, "expansion_rules"))
  local lists = read_lists(notes, "lists", get(grammar, "lists"), {})
  read_lists(notes, "fixture_lists", get(grammar, "fixture_lists"), lists)
  local intents = {}
  for index, name in ipairs(sorted_names("intents", definitions)) do
    intents[index] = read_intent(notes, check.within("intents", name), name, definitions[name], phrases)
  end
  return {
    intents = intents, lists = lists, phrases = phrases,
    skip_words = texts_at("skip_words", get(grammar, "skip_words")),
    ignore_whitespace = get(settings, "ignore_whitespace") == true,
    number_words = read_language(notes, get(grammar, "language")),
  }
end

---@class intent_webhook.Notes
---@field lines string[]
local Notes = { __name = "intent_webhook.Notes" }
Notes.__index = Notes

function Notes:add(path, message)
  self.lines[#self.lines + 1] = path .. ": " .. message
end

---Reads a grammar.
---@param grammar any
---@return table|nil options for webhook.new
---@return string[]|string notes what was changed; or what is wrong
function hassil.read(grammar)
  local notes = setmetatable({ lines = {} }, Notes)
  local good, result = pcall(read, notes, grammar)
  if good then return result, notes.lines end
  if getmetatable(result) == Refusal then return nil, result.message end
  error(result, 0)
end

return hassil
