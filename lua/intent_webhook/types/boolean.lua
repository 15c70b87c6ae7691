--- boolean: yes or no, and what people say for it.
--
-- Options  none
-- Values   true, false
-- Reasons  "ambiguous"   both, or neither: "yes and no", "maybe", "not sure"
--
-- A boolean is only found where it was asked for. What counts is how the message begins, behind "well" and the like,
-- since most of these words mean something else further on: "turn right". A few are looked for everywhere.
--
-- Fields of the section `boolean` of a language table, all of which are lists and may be left out:
--
--   yes, no                     begin a message; an emoji among them counts anywhere
--   yes_anywhere, no_anywhere   count anywhere, when the message begins with none of those
--   yes_alone, no_alone         count only when they are the whole message: "y"
--   unsure                      neither yes nor no: "maybe"
--   fillers                     may stand before and between them: "well", "i mean"

local word_tree = require "intent_webhook.word_tree"
local said_words = require "intent_webhook.said"

local boolean = {}

-- What the lists of a language lead to; "unsure" and "filler" are neither.
local LISTS = {
  { "unsure", "unsure" }, { "yes", true }, { "no", false }, { "fillers", "filler" },
}
local FIXED = { [true] = "true", [false] = "false" } -- as machines write them

local function add_phrases(tree, phrases, value, marks)
  for _, phrase in ipairs(type(phrases) == "table" and phrases or {}) do
    if type(phrase) == "string" then
      local words = said_words.new(phrase).words
      if words[1] then
        word_tree.add(tree, words, { value = value })
      elseif phrase ~= "" then
        marks[#marks + 1] = { phrase, value }
      end
    end
  end
end

local built = setmetatable({}, { __mode = "k" })

-- The trees of a language, which live as long as its section.
local function lexicon_of(language)
  local section = type(language) == "table" and language.boolean
  if type(section) ~= "table" then section = {} end
  local lexicon = built[section]
  if lexicon then return lexicon end
  lexicon = { first = {}, anywhere = {}, alone = {}, marks = {} }
  for _, list in ipairs(LISTS) do add_phrases(lexicon.first, section[list[1]], list[2], lexicon.marks) end
  for value, word in pairs(FIXED) do add_phrases(lexicon.alone, { word }, value, {}) end
  for name, value in pairs { yes = true, no = false } do
    add_phrases(lexicon.anywhere, section[name .. "_anywhere"], value, {})
    add_phrases(lexicon.alone, section[name .. "_alone"], value, {})
  end
  built[section] = lexicon
  return lexicon
end

-- Words may have commas and other marks between them, but no phrase goes over one.
local function phrase_at(tree, said, index)
  local found, last = word_tree.at(tree, said, said.words, index)
  if found then return found.value, last end
end

-- Adds a finding: the first one keeps its place, and another value makes it ambiguous.
local function add(found, value, first, last)
  if found.first == nil then
    found.value, found.first, found.last = value, first, last
    return
  end
  if value ~= found.value then found.value = "unsure" end
  found.first, found.last = math.min(found.first, first), math.max(found.last, last)
end

-- What the message begins with, from a word on.
local function read_beginning(lexicon, said, index, found)
  while said.words[index] do
    local value, last = phrase_at(lexicon.first, said, index)
    if not last then return end
    if value ~= "filler" then add(found, value, said.firsts[index], said.lasts[last]) end
    index = last + 1
  end
end

local function read_anywhere(lexicon, said, index, found)
  while said.words[index] do
    local value, last = phrase_at(lexicon.anywhere, said, index)
    if last then add(found, value, said.firsts[index], said.lasts[last]) end
    index = (last or index) + 1
  end
end

-- Emoji, which are no words.
local function read_marks(lexicon, said, at, found)
  for _, mark in ipairs(lexicon.marks) do
    local first, last = said.text:find(mark[1], at, true)
    if first then add(found, mark[2], first, last) end
  end
end

local function read(lexicon, said, at)
  local found = {}
  local start = said:index(at)
  local alone, last = phrase_at(lexicon.alone, said, start)
  if last and last == #said.words then
    add(found, alone, said.firsts[start], said.lasts[last])
    return found
  end
  read_beginning(lexicon, said, start, found)
  read_marks(lexicon, said, at, found)
  if found.first == nil then read_anywhere(lexicon, said, start, found) end
  return found
end

---Reads the answer to a question for yes or no, such as a confirmation.
---@param said intent_webhook.Said
---@param language table
---@return boolean|nil answer nil: neither, or both
---@return integer|nil first byte of what says it
---@return integer|nil last: what follows may be more, as in "no, Friday"
function boolean.answer(said, language)
  local found = read(lexicon_of(language), said, 1)
  if type(found.value) == "boolean" then return found.value, found.first, found.last end
  return nil
end

---@class intent_webhook.BooleanReader: intent_webhook.Reader
---@field lexicon table
local BooleanReader = { __name = "intent_webhook.BooleanReader" }
BooleanReader.__index = BooleanReader

function BooleanReader:find(said, at, _, asked)
  if not asked then return nil end
  local found = read(self.lexicon, said, at)
  if found.value == "unsure" then return nil, "ambiguous", found.first, found.last end
  return found.value, found.first, found.last
end

function BooleanReader:take(value)
  if type(value) == "boolean" then return value end
  return nil, "wrong_type"
end

boolean.name = "boolean"
boolean.options = {}

function boolean.new(_, _, _, language)
  return setmetatable({ lexicon = lexicon_of(language), schema = { type = "boolean" } }, BooleanReader)
end

return boolean
