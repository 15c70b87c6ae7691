--- enum: one of several values, each with the words that people say for it.
--
-- Options  values   required: { "small", { "large", also = { "big", "l" } } }; what comes first is the slot's value
--          typos    whether one letter may be wrong, missing, too many, or two exchanged, in words of five letters or
--                   more, where no value fits as it is; default false
-- Values   the text of the value as it is listed
-- Reasons  "ambiguous"   two different values: asked, anywhere in the answer; else with "or" between them. Or a word
--                        with a typo that is as near to two
--
-- Upper and lower case, accents, and hyphens for spaces do not count, unless two values differ only by those: then the
-- text is compared as it is. Of values that begin at the same word the longest counts. A value of one or two letters
-- counts where it was asked for, and elsewhere only when it is the whole message.

local check = require "intent_webhook.check"
local said_words = require "intent_webhook.said"
local word_tree = require "intent_webhook.word_tree"

local SHORT = 2 -- letters that are rather part of something else
local LEAST_TYPO, MOST_TYPO = 5, 64
local MOST_TYPO_WORDS = 200 -- of a message that are compared with typos
local MOST_BETWEEN = 4

local HINT = 'write "large", or { "large", also = { "big" } }'

-- Reading the values ------------------------------------------------------------------------------------------------

-- { { value, phrases } } of what the user wrote.
local function read_values(mistakes, path, values)
  local read = {}
  for index, given in ipairs(values) do
    local place = check.within(path, index)
    local value, also = given, {}
    if type(given) == "table" then
      value = rawget(given, 1)
      local rest = {}
      for key, option in next, given do
        if key ~= 1 then rest[key] = option end
      end
      local options = { { name = "also", type = "list", default = {}, also = { "synonyms", "words" }, hint = HINT } }
      also = check.options(mistakes, place, rest, options).also
      also = check.strings(mistakes, check.within(place, "also"), also, HINT)
      place = check.within(place, 1)
    end
    if check.text(mistakes, place, value, HINT) then
      if not value:find("%S") then mistakes:add(place, "is empty: " .. HINT) end
      read[#read + 1] = { value, also }
    end
  end
  return read
end

-- What may stand between the words of a value: "mac & cheese", "7up"; no comma, which begins something else.
local function joined(text, index)
  local last, first = text.lasts[index], text.firsts[index + 1]
  if not first or first - last - 1 > MOST_BETWEEN then return false end
  return not text.text:sub(last + 1, first - 1):find("[,;!?\r\n]")
end

-- The letters of folded text.
local function letters_of(text)
  local letters = {}
  for letter in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do letters[#letters + 1] = letter end
  return letters
end

-- Calls take with a text and with all that it is without one letter.
local function each_shortened(text, take)
  take(text)
  local letters = letters_of(text)
  for index = 1, #letters do
    if letters[index] ~= letters[index + 1] then -- of a doubled letter it is the same without either
      local letter = letters[index]
      letters[index] = ""
      take(table.concat(letters))
      letters[index] = letter
    end
  end
end

-- Whether one letter makes the difference, or two neighbours are exchanged.
local function is_typo(one, other)
  local a, b = letters_of(one), letters_of(other)
  if #a > #b then a, b = b, a end
  local from = 1
  while from <= #a and a[from] == b[from] do from = from + 1 end
  local from_end = 0
  while from_end < #a - from + 1 and a[#a - from_end] == b[#b - from_end] do from_end = from_end + 1 end
  local rest_a, rest_b = #a - from + 1 - from_end, #b - from + 1 - from_end
  if rest_b <= 1 then return true end
  return rest_a == 2 and rest_b == 2 and a[from] == b[from + 1] and a[from + 1] == b[from]
end

-- Adds a phrase for a value to the tree, to the texts without words, and to the texts with typos.
local function add_phrase(reader, phrase, value)
  local words = said_words.new(phrase).words
  local entry = { phrase = phrase:lower(), value = value }
  if not words[1] then
    reader.marks[#reader.marks + 1] = entry
    return
  end
  local folded = table.concat(words, " ")
  local entries = reader.by_words[folded]
  if not entries then
    entries = {}
    reader.by_words[folded] = entries
    word_tree.add(reader.tree, words, entries)
    reader.most_words = math.max(reader.most_words, #words)
  end
  entries[#entries + 1] = entry
  local length = #letters_of(folded)
  if not reader.typos or length < LEAST_TYPO or length > MOST_TYPO or folded:find("%d") then return end
  each_shortened(folded, function(text)
    local list = reader.shortened[text] or {}
    list[#list + 1] = { folded = folded, value = value }
    reader.shortened[text] = list
  end)
end

-- Reading messages ----------------------------------------------------------------------------------------------------

---@class intent_webhook.EnumReader: intent_webhook.Reader
---@field tree table words -> entries
---@field by_words table<string, table[]>
---@field marks table[] of phrases without words, such as emoji
---@field typos boolean
---@field shortened table<string, table[]>
---@field most_words integer
---@field alternatives table
local EnumReader = { __name = "intent_webhook.EnumReader" }
EnumReader.__index = EnumReader

-- Which of the entries with the same words is at a place: the value, where it ends; nil when none is more so.
local function choose(entries, text, first, last)
  local only = entries[1].value
  for _, entry in ipairs(entries) do
    if entry.value ~= only then only = nil break end
  end
  if only then return only, last end
  local best
  for _, entry in ipairs(entries) do
    local length = #entry.phrase
    if text:sub(first, first + length - 1):lower() == entry.phrase and (not best or length > #best.phrase) then
      best = entry
    end
  end
  if best then return best.value, math.max(last, first + #best.phrase - 1) end
end

-- The value that begins with a word -> { value, first, last, from, to }; without a value it is ambiguous.
function EnumReader:at(said, index, asked)
  local entries, to = word_tree.at(self.tree, said, said.words, index, joined)
  if not to then return nil end
  local first, last = said.firsts[index], said.lasts[to]
  if not asked and last - first < SHORT and #said.words > 1 then return nil end
  local value, final = choose(entries, said.text, first, last)
  return { value = value, first = first, last = final or last, from = index, to = to }
end

-- The value that words with a typo may be.
function EnumReader:near(said, from, to)
  local typed = table.concat(said.words, " ", from, to)
  if #typed < LEAST_TYPO - 1 or #typed > 4 * MOST_TYPO or typed:find("%d") then return nil end
  local value, several
  local function take(text)
    for _, candidate in ipairs(self.shortened[text] or {}) do
      if candidate.value ~= value and is_typo(candidate.folded, typed) then
        several = several or value ~= nil
        value = candidate.value
      end
    end
  end
  each_shortened(typed, take)
  if value == nil then return nil end
  if several then value = nil end
  return { value = value, first = said.firsts[from], last = said.lasts[to], from = from, to = to }
end

function EnumReader:near_at(said, index)
  local longest = math.min(index + self.most_words, #said.words)
  local last = index
  while last < longest and joined(said, last) do last = last + 1 end
  for to = last, index, -1 do
    local found = self:near(said, index, to)
    if found then return found end
  end
end

-- Whether an alternative stands between two findings: "small or large".
function EnumReader:either(said, one, other)
  local index = one.to + 1
  local _, last = word_tree.at(self.alternatives, said, said.words, index)
  return last ~= nil and last + 1 == other.from
end

-- Emoji and other phrases without words.
function EnumReader:find_mark(said, at)
  local found
  for _, mark in ipairs(self.marks) do
    local first, last = said.text:find(mark.phrase, at, true)
    if first and (not found or first < found.first or first == found.first and last > found.last) then
      found = { value = mark.value, first = first, last = last }
    end
  end
  return found
end

local function answer(found, other)
  local first, last = found.first, found.last
  if other then first, last = math.min(first, other.first), math.max(last, other.last) end
  if found.value == nil or other and other.value ~= found.value then return nil, "ambiguous", first, last end
  return found.value, found.first, found.last
end

-- The first finding; when asked, with another one that differs. `look` finds at a word.
function EnumReader:scan(said, at, asked, look, count)
  local found
  local index = said:index(at)
  while index <= count do
    local one = look(self, said, index, asked)
    if one and not asked then
      local other = said.words[one.to + 2] and self:next(said, one.to + 2, look, count)
      if other and self:either(said, one, other) and other.value ~= one.value then return one, other end
      return one
    end
    if one and found and one.value ~= found.value then return found, one end
    found = found or one
    index = one and one.to + 1 or index + 1
  end
  return found
end

-- What follows an alternative, which has few words.
function EnumReader:next(said, index, look, count)
  for place = index, math.min(index + 2, count) do
    local found = look(self, said, place, true)
    if found then return found end
  end
end

function EnumReader:find(said, at, _, asked)
  local found, other = self:scan(said, at, asked, self.at, #said.words)
  local mark = self.marks[1] and self:find_mark(said, at)
  if mark and (not found or not asked and mark.first < found.first) then found, other = mark, nil end
  if mark and asked and not other and mark.value ~= found.value then other = mark end
  if not found and self.typos then
    found, other = self:scan(said, at, asked, self.near_at, math.min(#said.words, MOST_TYPO_WORDS))
  end
  if found then return answer(found, other) end
  return nil
end

function EnumReader:take(value)
  if type(value) ~= "string" then return nil, "wrong_type" end
  for _, listed in ipairs(self.schema.enum) do
    if value == listed then return value end
  end
  local entries = self.by_words[said_words.fold(value)]
  local chosen = entries and choose(entries, value, 1, #value)
  if chosen then return chosen end
  return nil, "invalid"
end

-- Making it -----------------------------------------------------------------------------------------------------------

local function check_same(mistakes, path, known, phrase, value)
  local before = known[phrase:lower()]
  if before and before ~= value then
    mistakes:add(path, ('is said for "%s" and for "%s": leave it out of one'):format(before, value))
  end
  known[phrase:lower()] = value
end

local function new(mistakes, path, accepted, language)
  local place = check.within(path, "values")
  if #accepted.values == 0 then mistakes:add(place, "is empty: " .. HINT) end
  local section = type(language.number) == "table" and language.number or {}
  local reader = setmetatable({
    tree = {}, by_words = {}, marks = {}, typos = accepted.typos, shortened = {}, most_words = 1,
    alternatives = word_tree.new(section.alternatives), schema = { type = "string", enum = {} },
  }, EnumReader)
  local known, listed = {}, {}
  for index, pair in ipairs(read_values(mistakes, place, accepted.values)) do
    local value = pair[1]
    if listed[value] then mistakes:add(check.within(place, index), ('lists "%s" again: leave it out'):format(value)) end
    listed[value] = true
    reader.schema.enum[#reader.schema.enum + 1] = value
    for number = 0, #pair[2] do
      local phrase = number == 0 and value or pair[2][number]
      check_same(mistakes, check.within(place, index), known, phrase, value)
      add_phrase(reader, phrase, value)
    end
  end
  return reader
end

return {
  name = "enum", rank = 50, new = new,
  options = {
    { name = "values", type = "list", required = true, most = 10000, also = { "options", "choices", "one_of", "enum" },
      hint = 'list them, like { "small", { "large", also = { "big" } } }' },
    { name = "typos", type = "boolean", default = false },
  },
}
