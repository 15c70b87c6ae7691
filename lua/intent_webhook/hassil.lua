--- hassil: grammars of hassil and Home Assistant, as options for webhook.new.
--
-- What is the same in both is handed on as it is: templates, phrases (expansion rules), lists, contexts, keywords. An
-- intent there is an intent here, and a block of its data a rule with sentences. Tables by name, which have no order,
-- are taken sorted. JSON's null counts as absent under a name.
--
-- What has no place here is changed or left out, and a note says so. hassil notices that a name is not defined when it
-- comes to it, so sentences and values that need such a name are left out, too. What is no such grammar is refused:
-- `read` returns nil and a sentence with the path of the value.

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

-- The names in a table; those of null only when asked for.
local function sorted_names(path, value, with_null)
  local names = {}
  for key, one in next, value do
    if type(key) ~= "string" then refuse(path, "must be a table by name, got a list") end
    if one ~= null or with_null then names[#names + 1] = key end
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
    scalars[name] = scalar_at(notes, check.within(path, name), value[name])
  end
  return scalars
end

local function note_no_value(notes, path, value)
  notes:add(path, ("is %s and is left out"):format(value == null and "null" or check.kind(value)))
end

-- What a value says of itself: only scalars can be compared with.
local function context_at(notes, path, value)
  value = table_at(path, value)
  local context = {}
  for _, key in ipairs(sorted_names(path, value, true)) do
    local place, one = check.within(path, key), value[key]
    if is_scalar(one) then
      context[key] = one
    else
      note_no_value(notes, place, one)
    end
  end
  return context
end

local function note_unknown(notes, path, value, known)
  for _, name in ipairs(sorted_names(path, value)) do
    if not known[name] then notes:add(check.within(path, name), "has no place here and is left out") end
  end
end

-- Names ------------------------------------------------------------------------------------------------------------

---Which phrases and lists a template may name.
---@class intent_webhook.HassilScope
---@field phrases table<string, string> templates by name
---@field lists table<string, any> definitions by name, as they were given

-- A table with what `own` has, and what `outer` has under other names.
local function joined(own, outer)
  return setmetatable({}, { __index = function(_, name)
    local one = own[name]
    if one == nil then return outer[name] end
    return one
  end })
end

local function trimmed(text)
  return text:match("^%s*(.-)%s*$")
end

-- Calls take(kind, name, slot) for all that a template and the phrases in it name: ("list", name, slot), ("range", nil,
-- slot or nil), ("phrase", name). Looks into each phrase once.
local function each_name(template, phrases, take, seen)
  for bracket, inside in template:gsub("\\.", ""):gmatch("([{<])([^{}<>]*)[}>]") do
    local first, slot = inside:match("^([^:]*):(.*)$")
    local name = trimmed(first or inside)
    if bracket == "<" then
      name = trimmed(inside)
      take("phrase", name)
      if phrases[name] and not seen[name] then
        seen[name] = true
        each_name(phrases[name], phrases, take, seen)
      end
    elseif name:find("^%-?%d[%d.]*%.%.") then
      take("range", nil, slot and trimmed(slot))
    else
      take("list", name, slot and trimmed(slot) or name)
    end
  end
end

-- Whether a list takes more than values: numbers, or any text.
local function is_open(definition)
  if type(definition) ~= "table" or get(definition, "values") ~= nil then return false end
  return get(definition, "range") ~= nil or get(definition, "wildcard") == true
end

-- Whether a template, of a sentence or (closed) of a list's value, can be used; when not, a note says why.
local function is_usable(notes, path, template, scope, closed)
  local undefined, seen, open = {}, {}, nil
  each_name(template, scope.phrases, function(kind, name)
    local written = kind == "range" and "a range" or (kind == "phrase" and "<%s>" or "{%s}"):format(name)
    local defined = kind == "range" or scope[kind == "phrase" and "phrases" or "lists"][name]
    if defined == nil and not seen[written] then
      seen[written] = true
      undefined[#undefined + 1] = written
    end
    if kind == "range" or (kind == "list" and is_open(defined)) then open = open or written end
  end, {})
  if #undefined > 0 then
    local message = "is left out: it needs %s, which the grammar does not define"
    notes:add(path, message:format(table.concat(undefined, ", ")))
  elseif closed and open then
    notes:add(path, ("is left out: it holds %s, and values hold no numbers and no wildcards here"):format(open))
  end
  return #undefined == 0 and not (closed and open)
end

-- Lists ------------------------------------------------------------------------------------------------------------

local LIST_KEYS = { values = true, range = true, wildcard = true }
local VALUE_KEYS = { ["in"] = true, out = true, context = true, metadata = true }
local RANGE_KEYS = { from = true, to = true, step = true, type = true, multiplier = true, fractions = true,
  fraction_type = true, digits = true, words = true }

-- A value, or nil when it cannot be used.
local function read_value(notes, path, value, scope)
  if is_scalar(value) then
    local text = text_at(path, value)
    return is_usable(notes, path, text, scope, true) and text or nil
  end
  if type(value) ~= "table" then refuse(path, "must be a string or a table, got " .. check.kind(value)) end
  note_unknown(notes, path, value, VALUE_KEYS)
  local read = { text_at(check.within(path, "in"), get(value, "in")) }
  local out, context = get(value, "out"), get(value, "context")
  if out ~= nil then read.value = scalar_at(notes, check.within(path, "out"), out) end
  if context ~= nil then read.context = context_at(notes, check.within(path, "context"), context) end
  if get(value, "metadata") ~= nil then
    notes:add(check.within(path, "metadata"), "is left out: values have none here")
  end
  return is_usable(notes, path, read[1], scope, true) and read or nil
end

local function read_values(notes, path, values, scope)
  local read = {}
  for index, value in ipairs(list_at(path, values)) do
    read[#read + 1] = read_value(notes, check.within(path, index), value, scope)
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

local function read_list(notes, path, definition, scope)
  if type(definition) ~= "table" then refuse(path, "must be a table, got " .. check.kind(definition)) end
  if definition[1] ~= nil or next(definition) == nil then return read_values(notes, path, definition, scope) end
  note_unknown(notes, path, definition, LIST_KEYS)
  local values, range = get(definition, "values"), get(definition, "range")
  if values ~= nil then return read_values(notes, check.within(path, "values"), values, scope) end
  if range ~= nil then return read_range(notes, check.within(path, "range"), range) end
  if get(definition, "wildcard") then return list.WILDCARD end
  return refuse(path, "must have values, a range, or wildcard")
end

local function read_lists(notes, path, definitions, scope, into)
  for _, name in ipairs(sorted_names(path, definitions)) do
    into[name] = read_list(notes, check.within(path, name), definitions[name], scope)
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

-- Intents ----------------------------------------------------------------------------------------------------------

local SETTINGS_KEYS = { ignore_whitespace = true, filter_with_regex = true } -- the second changes only hassil's speed
local INTENT_KEYS = { data = true }
local BLOCK_KEYS = { sentences = true, slots = true, response = true, requires_context = true, excludes_context = true,
  expansion_rules = true, lists = true, metadata = true, required_keywords = true, settings = true }

-- A value, or a list of values.
local function values_at(notes, path, value)
  if is_scalar(value) then return value end
  if type(value) == "table" and get(value, "value") ~= nil then return values_at(notes, path, value.value) end
  local values = {}
  for index, one in ipairs(list_at(path, value)) do
    if is_scalar(one) then values[#values + 1] = one else note_no_value(notes, check.within(path, index), one) end
  end
  if #values == 0 then refuse(path, "is empty") end
  return values
end

local function read_requires(notes, path, demands)
  local read = {}
  for _, key in ipairs(sorted_names(path, demands, true)) do
    local place, value = check.within(path, key), demands[key]
    if value == null then
      read[key] = true
    elseif type(value) == "table" and (value.slot ~= nil or value.value ~= nil) then
      local wanted, slot = get(value, "value"), get(value, "slot")
      if slot ~= nil and type(slot) ~= "boolean" and type(slot) ~= "string" then
        refuse(check.within(place, "slot"), "must be true or the name of a slot, got " .. check.kind(slot))
      end
      if wanted ~= nil then wanted = values_at(notes, check.within(place, "value"), wanted) end
      if wanted == true then wanted = { true } end
      read[key] = { value = wanted, slot = slot or nil }
      if next(read[key]) == nil then read[key] = true end
    else
      read[key] = values_at(notes, place, value)
      if type(read[key]) == "boolean" then read[key] = { read[key] } end
    end
  end
  return read
end

local function read_excludes(notes, path, demands)
  local read = {}
  for _, key in ipairs(sorted_names(path, demands, true)) do
    if demands[key] ~= null then
      local value = values_at(notes, check.within(path, key), demands[key])
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

-- Those of a block's templates that can be used.
local function read_sentences(notes, path, templates, scope)
  if templates == nil then refuse(path, "must be a list of templates") end
  local sentences = {}
  for index, template in ipairs(texts_at(path, templates)) do
    if is_usable(notes, check.within(path, index), template, scope) then sentences[#sentences + 1] = template end
  end
  return sentences
end

-- Takes the slots that a rule can fill.
local function take_slots(rule, phrases, take)
  local seen = {}
  for _, template in ipairs(rule.sentences) do
    each_name(template, phrases, function(_, _, slot)
      if slot then take(slot) end
    end, seen)
  end
  for _, name in ipairs(sorted_names("", rule.slots or {})) do take(name) end
  for _, key in ipairs(sorted_names("", rule.requires_context or {})) do
    local demand = rule.requires_context[key]
    local slot = type(demand) == "table" and demand.slot
    if slot then take(slot == true and key or slot) end
  end
end

-- The rule that a block is, or nil when none of its sentences can be used.
local function read_block(notes, path, block, outer, take)
  block = table_at(path, block)
  note_unknown(notes, path, block, BLOCK_KEYS)
  local function at(name) return check.within(path, name), get(block, name) end
  local function table_of(name)
    local place, value = at(name)
    return place, table_at(place, value)
  end
  note_unknown(notes, check.within(path, "settings"), select(2, table_of "settings"), SETTINGS_KEYS)
  local own = texts_by_name(at "expansion_rules")
  local lists_path, lists = table_of "lists"
  local scope = { phrases = joined(own, outer.phrases), lists = joined(lists, outer.lists) }
  local place, templates = at "sentences"
  local sentences = read_sentences(notes, place, templates, scope)
  if #sentences == 0 then
    notes:add(path, "is left out: it has no sentences")
    return nil
  end
  local requires_path, requires = table_of "requires_context"
  local excludes_path, excludes = table_of "excludes_context"
  local rule = {
    sentences = sentences,
    phrases = not_empty(own),
    lists = not_empty(read_lists(notes, lists_path, lists, scope, {})),
    slots = not_empty(scalars_by_name(notes, at "slots")),
    requires_context = not_empty(read_requires(notes, requires_path, requires)),
    excludes_context = not_empty(read_excludes(notes, excludes_path, excludes)),
    required_keywords = not_empty(texts_at(at "required_keywords")),
    response = read_response(notes, at "response"),
    metadata = get(block, "metadata"),
  }
  take_slots(rule, scope.phrases, take)
  return rule
end

local function read_intent(notes, path, name, definition, scope)
  definition = table_at(path, definition)
  note_unknown(notes, path, definition, INTENT_KEYS)
  local names, take = collector()
  local rules, place = {}, check.within(path, "data")
  for index, block in ipairs(list_at(place, get(definition, "data"))) do
    rules[#rules + 1] = read_block(notes, check.within(place, index), block, scope, take)
  end
  local slots = {}
  for index, slot in ipairs(names) do slots[index] = { name = slot, optional = true } end
  return { name = name, rules = rules, slots = slots }
end

-- Grammars ---------------------------------------------------------------------------------------------------------

local GRAMMAR_KEYS = { language = true, skip_words = true, settings = true, lists = true, expansion_rules = true,
  intents = true, fixture_lists = true, tests = true }

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
  local given = table_at("lists", get(grammar, "lists"))
  local fixtures = table_at("fixture_lists", get(grammar, "fixture_lists"))
  local scope = { phrases = phrases, lists = joined(fixtures, given) }
  local lists = read_lists(notes, "lists", given, scope, {})
  read_lists(notes, "fixture_lists", fixtures, scope, lists)
  local intents = {}
  for index, name in ipairs(sorted_names("intents", definitions)) do
    intents[index] = read_intent(notes, check.within("intents", name), name, definitions[name], scope)
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
