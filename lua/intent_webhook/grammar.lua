--- grammar: the sentences of all intents of a client, compiled together by the core.
--
-- The core numbers what it gets: intents, blocks (here: rules that are sentences), templates. This file makes that
-- description, and turns numbers back into what the user wrote: a mistake gets the path of the template, phrase or list
-- value that it is in, a match its rule. Whatever a user gives by name is sorted, so that the same definitions make the
-- same grammar, and have the same fingerprint, in every process.
--
-- A compiled file holds one line with that fingerprint, then what the core wrote. It is only taken for the definitions
-- that it was made from, by the version that made it.

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local list = require "intent_webhook.list"

local grammar = {}

local MOST_NUMBER = 1000 -- words for greater numbers are not made; for all up to it they are, whatever the ranges
local HEADER = "intent-webhook sentences "

---An intent as far as its sentences go.
---@class intent_webhook.Outline
---@field path string
---@field name string|nil nil when that is wrong
---@field names string[] of its slots
---@field priority integer
---@field rules (intent_webhook.Rule|false)[]
---@field mistakes intent_webhook.Mistakes gets what is found in its sentences

---A sentence and its number among the rules of its intent.
---@class intent_webhook.PlacedSentence
---@field rule intent_webhook.Sentence
---@field number integer

---@class intent_webhook.Grammar
---@field core userdata
---@field fingerprint string
---@field lists table<string, intent_webhook.CheckedList> the client's, by name
---@field placed intent_webhook.PlacedSentence[][] by the numbers of intent and block
---@field readers table<string, intent_webhook.Reader>|nil of the lists that are types, by name; nil: there are none
---@field replaced string|nil the list that set_list replaced last
local Grammar = { __name = "intent_webhook.Grammar" }
Grammar.__index = Grammar

-- Numbers in words -------------------------------------------------------------------------------------------------

-- What the ranges of a description need: the greatest number of those that take words, and whether fractions do.
local function measure_ranges(description)
  local most, fractions
  local function take(to, with_fractions)
    most = math.max(most or 0, to)
    fractions = fractions or with_fractions
  end
  local function take_lists(lists)
    for _, one in ipairs(lists) do
      if one.kind == "range" and one.words then take(one.to, one.fractions > 1) end
    end
  end
  local function take_template(template)
    if not template:find("..", 1, true) then return end
    for to in template:gmatch("{[^{}]-%.%.%s*(%-?[%d.]+)") do take(tonumber(to) or 0, false) end
  end
  local function take_phrases(phrases)
    for _, phrase in ipairs(phrases) do take_template(phrase[2]) end
  end
  take_lists(description.lists)
  take_phrases(description.phrases)
  for _, intent in ipairs(description.intents) do
    for _, block in ipairs(intent.blocks) do
      take_lists(block.lists)
      take_phrases(block.phrases)
      for _, template in ipairs(block.templates) do take_template(template) end
    end
  end
  return most, fractions
end

-- The number words that a description needs, of what the client was given. Those beyond its ranges are there so that
-- "two hundred" is not taken for a 2.
local function number_words(description, given)
  local most, fractions = measure_ranges(description)
  if not most or not given then return {} end
  if type(given) == "table" then return given end
  local words = require "intent_webhook.number_words"
  most = math.max(0, math.min(MOST_NUMBER, math.ceil(most)))
  local list_of_words = words.of(given, MOST_NUMBER) or {}
  for _, pair in ipairs(fractions and words.halves(given, most) or {}) do list_of_words[#list_of_words + 1] = pair end
  return list_of_words
end

-- Description ------------------------------------------------------------------------------------------------------

local function describe_intent(outline)
  local blocks, placed = {}, {}
  for number, rule in ipairs(outline.rules) do
    if rule and rule.sentence then
      blocks[#blocks + 1] = rule.block
      placed[#placed + 1] = { rule = rule, number = number }
    end
  end
  return { name = outline.name or outline.path, priority = outline.priority, slots = outline.names, blocks = blocks },
    placed
end

local function describe(client, outlines)
  local description = {
    ignore_whitespace = client.ignore_whitespace, skip_words = client.skip_words, phrases = client.phrases, lists = {},
    intents = {},
  }
  for index, one in ipairs(client.lists) do description.lists[index] = one.description end
  local placed, count = {}, 0
  for index, outline in ipairs(outlines) do
    description.intents[index], placed[index] = describe_intent(outline)
    count = count + #placed[index]
  end
  description.number_words = number_words(description, client.number_words)
  return description, placed, count
end

-- Whether a table is a list without holes.
local function is_list(value)
  local count = 0
  for key in next, value do
    if type(key) ~= "number" then return false end
    count = count + 1
  end
  return count == #value
end

local canonical

-- By keys, sorted: numbers, then names.
local function canonical_record(value, parts)
  local keys = {}
  for key in next, value do keys[#keys + 1] = key end
  table.sort(keys, function(one, other)
    if type(one) ~= type(other) then return type(one) == "number" end
    return one < other
  end)
  parts[#parts + 1] = "{"
  for _, key in ipairs(keys) do
    canonical(key, parts)
    canonical(value[key], parts)
  end
  parts[#parts + 1] = "}"
end

-- Value as text: the same for the same definitions, another for any others.
function canonical(value, parts)
  local kind = type(value)
  if kind == "string" then
    parts[#parts + 1] = #value
    parts[#parts + 1] = ":"
    parts[#parts + 1] = value
  elseif kind == "table" and is_list(value) then
    parts[#parts + 1] = "("
    for index = 1, #value do canonical(value[index], parts) end
    parts[#parts + 1] = ")"
  elseif kind == "table" then
    canonical_record(value, parts)
  elseif kind == "number" then
    local whole = value == math.floor(value) and math.abs(value) < 2 ^ 53
    parts[#parts + 1] = "#" .. (whole and "%.0f" or "%.17g"):format(value)
  else
    parts[#parts + 1] = "!" .. tostring(value)
  end
end

local function fingerprint(description)
  local parts = { core.version, "\n" }
  canonical(description, parts)
  return core.digest(table.concat(parts))
end

-- Mistakes ---------------------------------------------------------------------------------------------------------

-- The path of a list's value, or of the list.
local function list_path(checked, value)
  if not value or not checked.values_path then return checked.path end
  return check.within(checked.values_path, value)
end

local function find_list(lists, name)
  for _, one in ipairs(lists) do
    if one.name == name then return one end
  end
end

local function has_phrase(phrases, name)
  for _, phrase in ipairs(phrases) do
    if phrase[1] == name then return true end
  end
end

-- The path of what a mistake of the core is about; whether that is a definition of the client, not of an intent.
local function path_of(mistake, client, outlines, placed)
  local outline = mistake.intent and outlines[mistake.intent]
  local sentence = outline and mistake.block and placed[mistake.intent][mistake.block].rule
  if mistake.words == "keywords" and sentence then
    return check.within(check.within(sentence.path, "required_keywords"), mistake.value), false
  elseif mistake.words then
    return check.within(mistake.words, mistake.value), true
  end
  if mistake.phrase then
    local own = sentence and has_phrase(sentence.block.phrases, mistake.phrase)
    local path = own and check.within(sentence.path, "phrases") or "phrases"
    return check.within(path, mistake.phrase), not own
  end
  if mistake.list then
    local own = sentence and find_list(sentence.lists, mistake.list)
    local found = own or find_list(client.lists, mistake.list)
    if found then return list_path(found, mistake.value), not own end
  end
  if not outline then return "intents", true end
  if not sentence then return outline.path, false end
  return mistake.template and sentence.paths[mistake.template] or sentence.path, false
end

local function names_of(lists, phrases)
  local names = {}
  for _, one in ipairs(lists) do names[#names + 1] = one.name end
  for _, one in ipairs(phrases) do names[#names + 1] = one[1] end
  return names
end

-- The names that could have been meant by one that is not known.
local function known_names(mistake, client, outline, sentence)
  if mistake.code == "undeclared_slot" then return outline and outline.names or {} end
  local phrases, lists = mistake.code == "unknown_phrase", mistake.code == "unknown_list"
  local known = names_of(lists and client.lists or {}, phrases and client.phrases or {})
  local own = sentence and names_of(lists and sentence.lists or {}, phrases and sentence.block.phrases or {}) or {}
  for _, name in ipairs(own) do known[#known + 1] = name end
  if lists and outline then
    for _, name in ipairs(outline.names) do known[#known + 1] = name end
  end
  return known
end

local function message_of(mistake, known)
  local message = mistake.message
  local nearest = mistake.name and check.nearest(mistake.name, known or {})
  if nearest then message = ('%s (did you mean "%s"?)'):format(message, nearest) end
  if mistake.column then message = ("column %d: %s"):format(mistake.column, message) end
  if mistake.sentence and not message:find(mistake.sentence, 1, true) then
    message = ('%s; for example "%s"'):format(message, mistake.sentence)
  end
  return message
end

local function take_mistakes(found, mistakes, client, outlines, placed)
  for _, mistake in ipairs(found) do
    local path, of_client = path_of(mistake, client, outlines, placed)
    local outline = not of_client and outlines[mistake.intent]
    local section = outline and outline.mistakes or mistakes
    local sentence = mistake.block and outlines[mistake.intent] and placed[mistake.intent][mistake.block].rule
    local known = known_names(mistake, client, outlines[mistake.intent], sentence)
    section:add(path, message_of(mistake, known), mistake.level)
  end
end

-- Making -----------------------------------------------------------------------------------------------------------

-- Ties what the file was made of to what it holds, whose first bytes have the checksum of the rest.
local function seal(print, compiled)
  return core.digest(print .. compiled:sub(1, 256))
end

-- The core's grammar in a compiled file, or nil, message, code.
local function read_compiled(path, print)
  local advice = "make it with intent-webhook compile, or leave compiled out"
  local problem = check.unreadable(path)
  if problem then
    return nil, ("the compiled sentences cannot be read: %s: %s"):format(problem, advice), "unreadable"
  end
  local file = assert(io.open(path, "rb"))
  local first, content = file:read("*l"), file:read("*a")
  file:close()
  if not first or first:sub(1, #HEADER) ~= HEADER then
    return nil, ("%s holds no compiled sentences: %s"):format(path, advice), "invalid"
  end
  local made_of, tied = first:match("^(%x+) (%x+)$", #HEADER + 1)
  if made_of ~= print then
    local sentence = "%s was compiled from other sentences, or by another version: %s"
    return nil, sentence:format(path, advice:gsub("^make it", "make it again")), "stale"
  end
  local loaded, message = core.sentences_load(content or "")
  if loaded and tied ~= seal(print, content) then loaded, message = nil, "is damaged: its parts are of two files" end
  if not loaded then
    local damage = message:gsub(": compile it again$", "")
    return nil, ("%s %s: %s"):format(path, damage, advice:gsub("^make it", "make it again")), "invalid"
  end
  return loaded
end

---Compiles the sentences of all intents, or reads them from the client's compiled file. Every mistake in them goes to
---`mistakes`, or to those of the outline that it is in.
---@param mistakes intent_webhook.Mistakes
---@param client table the client's checked options
---@param outlines intent_webhook.Outline[]
---@param whole boolean whether to look for all mistakes: the compiled file is looked at, but not taken
---@return intent_webhook.Grammar|nil # nil without a message: there are mistakes, or no sentences
---@return string|nil message
---@return string|nil code "unreadable", "invalid", "stale": the compiled file
function grammar.new(mistakes, client, outlines, whole)
  local description, placed, count = describe(client, outlines)
  if count == 0 and #client.lists == 0 and #client.phrases == 0 then return nil end
  local print = fingerprint(description)
  local made, message, code
  if client.compiled then
    made, message, code = read_compiled(client.compiled, print)
    if whole and message then mistakes:add("compiled", message) end
    if not made and not whole then return nil, message, code end
  end
  if whole or not made then
    local found
    description.check = whole
    made, found = core.sentences(description)
    take_mistakes(found, mistakes, client, outlines, placed)
    if not made then return nil end
  end
  local lists, readers = {}, nil
  for _, one in ipairs(client.lists) do
    lists[one.name] = one
    if one.reader then
      readers = readers or {}
      readers[one.name] = one.reader
    end
  end
  return setmetatable({ core = made, fingerprint = print, lists = lists, placed = placed, readers = readers }, Grammar)
end

-- Using ------------------------------------------------------------------------------------------------------------

---What the core asks about lists that are types: what such a one can be at a place of the text.
---@param message intent_webhook.Said
---@param context table for readers
---@return (fun(list: string, text: string, at: integer): integer|nil, any)|nil # nil: there are no such lists
function Grammar:recogniser(message, context)
  local readers = self.readers
  if not readers then return nil end
  return function(name, _, at)
    local value, first, last = readers[name]:find(message, at, context, true)
    if value ~= nil and first == at then return last, value end
  end
end

---The sentence that a result of the core is about.
---@param result table
---@return intent_webhook.PlacedSentence
function Grammar:place(result)
  return self.placed[result.intent][result.block]
end

---What one template yields.
---@class intent_webhook.Yield
---@field intent string
---@field rule integer
---@field template string
---@field always string[] slots that it yields whatever is said, those of the rule included
---@field sometimes string[] slots that only some of its branches yield

---What each template yields.
---@return table[] # { intent = number, placed =, template = number, always = names, sometimes = names } each
function Grammar:yields()
  local list_of_yields = {}
  for index, one in ipairs(self.core:yields()) do
    local placed = self:place(one)
    local always, sometimes, seen = {}, {}, {}
    local function take(names, into)
      for _, name in ipairs(names) do
        if not seen[name] then
          seen[name] = true
          into[#into + 1] = name
        end
      end
    end
    take(one.always, always)
    take(one.sometimes, sometimes)
    list_of_yields[index] = { intent = one.intent, placed = placed, template = one.template, always = always,
      sometimes = sometimes }
  end
  return list_of_yields
end

-- What is said otherwise of the values of a list that is compiled alone.
local LONE_LIST = {
  unknown_phrase = "names a phrase, which is not looked up in a list that is replaced: write what it stands for",
  unknown_list = "names a list, which is not looked up in a list that is replaced: write its values",
}

---Replaces the values of a list of the client.
---@param name string
---@param definition any
---@return true|nil
---@return string|nil problem what is wrong with it
function Grammar:set_list(name, definition)
  local defined = self.lists[name]
  local mistakes = check.mistakes()
  local given = list.new(mistakes, name, name, definition)
  local mistake = mistakes:first()
  if mistake then return nil, mistake.path .. ": " .. mistake.message end
  local description, before = given.description, defined.description
  if description.kind ~= "values" then return nil, name .. ": must be a list of values" end
  if given.values_path == given.path then -- a plain list: the options stay
    description.exact_case, description.exact_accents = before.exact_case, before.exact_accents
    description.typos = before.typos
  end
  local set, found = self.core:set_list(name, description)
  if not set then
    local worst = 1
    while found[worst].level ~= "error" do worst = worst + 1 end
    local problem = LONE_LIST[found[worst].code] or message_of(found[worst])
    return nil, list_path(given, found[worst].value) .. ": " .. problem
  end
  self.replaced = name
  return true
end

---Writes the compiled file: all of it, or nothing.
---@param path string
---@return true|nil
---@return string|nil message
---@return string|nil code "unwritable"
function Grammar:save(path)
  local temporary = path .. "." .. core.id() .. ".tmp"
  local file, problem = io.open(temporary, "wb")
  if not file then return nil, "the compiled sentences cannot be written: " .. problem, "unwritable" end
  local written, closed, renamed
  local compiled = self.core:dump()
  written, problem = file:write(HEADER, self.fingerprint, " ", seal(self.fingerprint, compiled), "\n", compiled)
  if written then closed, problem = file:close() else file:close() end
  if closed then renamed, problem = os.rename(temporary, path) end
  if renamed then return true end
  os.remove(temporary)
  return nil, "the compiled sentences cannot be written: " .. tostring(problem), "unwritable"
end

return grammar
