--- moment_words: the classes of words and numbers in the phrases of dates, times and durations, from the `date` section
-- of a language: {weekday}, {month}, {day} and so on. moment.lua says what each of them is.
--
-- What a class reads is a table with `value`, and marks: shy (the word is often another one: "may"), words (a number
-- that was not written in digits), ordinal ("15th").

local calendar = require "intent_webhook.calendar"
local digits = require "intent_webhook.types.digits"
local fold = require("intent_webhook.said").fold
local joined = require("intent_webhook.types.phrase_tree").joined
local number_words = require "intent_webhook.number_words"

local moment_words = {}

---The units of time, and how many seconds or months they have.
moment_words.UNITS = {
  second = { seconds = 1 }, minute = { seconds = 60 }, hour = { seconds = 3600 }, day = { seconds = 86400, days = 1 },
  week = { seconds = 604800, days = 7 }, month = { months = 1 }, year = { months = 12 },
}

---The folded spellings in "one|two three", as a set.
---@param text string|nil
---@return table<string, boolean>
function moment_words.set(text)
  local set = {}
  for spelling in (text or ""):gmatch("[^|]+") do set[fold(spelling)] = true end
  return set
end

-- Vocabularies -----------------------------------------------------------------------------------------------------

local Vocabulary = {}
Vocabulary.__index = Vocabulary

-- shy: folded words that are often others. unlike: folded words -> set of spellings that are others ("tôi").
local function new_vocabulary(shy, unlike)
  return setmetatable({ root = {}, starts = {}, inner = {}, shy = shy, unlike = unlike }, Vocabulary)
end

-- Adds spellings; the first that has a word keeps it.
function Vocabulary:add(spellings, value, marks)
  for spelling in spellings:gmatch("[^|]+") do
    local folded, node = fold(spelling), self.root
    for word in folded:gmatch("%S+") do
      local set = node == self.root and self.starts or self.inner
      set[word] = true
      node[word] = node[word] or {}
      node = node[word]
    end
    if node ~= self.root and not node[1] then
      node[1] = { value = value, shy = self.shy[folded] or nil }
      for mark, set in next, marks or {} do node[1][mark] = set end
    end
  end
end

-- Whether the first word is not the one that is listed, though it is folded alike.
local function is_unlike(self, text, index)
  local others = self.unlike[text.words[index]]
  return others ~= nil and others[text.text:sub(text.firsts[index], text.lasts[index]):lower()] == true
end

-- The longest that begins with a word, and the first word behind it.
function Vocabulary:read(text, index)
  local node, found, behind = self.root, nil, nil
  local start = index
  if is_unlike(self, text, index) then return nil end
  while true do
    local word = text.words[index]
    node = word and node[word]
    if not node or (index > start and not joined(text, index)) then break end
    if digits.is(word) and not digits.ends(text, index) then break end
    index = index + 1
    if node[1] then found, behind = node[1], index end
  end
  return found, behind
end

-- Numbers ----------------------------------------------------------------------------------------------------------

local function number_vocabulary(code, of, most, shy, unlike)
  local vocabulary = new_vocabulary(shy, unlike)
  for _, pair in ipairs(code and of(code, most) or {}) do vocabulary:add(pair[1], pair[2], { words = true }) end
  return vocabulary
end

-- Digits of at most so many characters, alone.
local function read_digits(text, index, most)
  local word = text.words[index]
  if #word > most or not digits.lone(text, index) then return nil end
  return { value = calendar.whole(tonumber(word)) }, index + 1
end

local function in_digits_or(vocabulary, most, low, high)
  return function(text, index)
    if digits.is(text.words[index]) then
      local found, behind = read_digits(text, index, most)
      if found and found.value >= low and found.value <= high then return found, behind end
      return nil
    end
    local found, behind = vocabulary:read(text, index)
    if found and found.value >= low and found.value <= high then return found, behind end
  end
end

-- Classes ----------------------------------------------------------------------------------------------------------

local function words_class(name, vocabulary)
  local function read(text, index) return vocabulary:read(text, index) end
  return { name = name, starts = vocabulary.starts, inner = vocabulary.inner, read = read }
end

local function union(...)
  local all = {}
  for _, set in ipairs { ... } do
    for word in next, set do all[word] = true end
  end
  return all
end

-- {day} and {ordinal}: "15", "15th", "fifteenth", "fifteen"; the latter not for {ordinal}.
local function day_class(name, ordinals, suffixes, numbers)
  local function read(text, index, asked)
    if not digits.is(text.words[index]) then
      local found, behind = ordinals:read(text, index)
      if found or not numbers then return found, behind end
      found, behind = numbers:read(text, index)
      if found and found.value >= 1 and found.value <= 31 then return found, behind end
      return nil
    end
    local found, behind = read_digits(text, index, 2)
    if not found or (not asked and (found.value < 1 or found.value > 31)) then return nil end
    if text.firsts[behind] == text.lasts[index] + 1 and suffixes[text.words[behind]] then
      found.ordinal = true
      return found, behind + 1
    end
    if numbers then return found, behind end
  end
  return {
    name = name, read = read, digits = true, starts = union(ordinals.starts, numbers and numbers.starts or {}),
    inner = union(ordinals.inner, numbers and numbers.inner or {}, suffixes),
  }
end

-- Whether two digits are a year: after an apostrophe, or the last of what is said.
local function is_short_year(text, index)
  if not digits.lone(text, index) or index == 1 then return false end
  local before = text.text:sub(text.lasts[index - 1] + 1, text.firsts[index] - 1)
  if before:find("'$") or before:find("\226\128\153$") then return true end
  local ends = index == #text.words or not text.text:find("^[ \t]+%S", text.lasts[index] + 1)
    or text.text:find("^[ \t]+[^%w\128-\255]", text.lasts[index] + 1) ~= nil
  return ends and (before == " " or before == "-")
end

-- "2026"; "'26" as 26.
local function read_year(text, index)
  local word = text.words[index]
  if #word == 2 and digits.is(word) and is_short_year(text, index) then
    return { value = calendar.whole(tonumber(word)) }, index + 1
  end
  if #word == 4 and word:find("^[12]%d") and digits.ends(text, index)
    and (digits.lone(text, index) or text.text:byte(text.firsts[index] - 1) == 47) then -- "tháng 3/2026"
    return { value = calendar.whole(tonumber(word)) }, index + 1
  end
end

-- "1930"
local function read_plain_time(text, index)
  local word = text.words[index]
  if #word ~= 4 or not digits.lone(text, index) then return nil end
  return { value = tonumber(word:sub(1, 2)), minute = tonumber(word:sub(3, 4)), padded = true }, index + 1
end

local function read_two_digits(text, index)
  local word = text.words[index]
  if #word == 2 and digits.lone(text, index) then return { value = calendar.whole(tonumber(word)) }, index + 1 end
end

-- "19:30", "7:05:30"; with ties = "." "19.30".
local function clock_reader(tie)
  local one, two = tie, tie .. tie
  return function(text, index)
    local parts, ties, behind = digits.run(text, index)
    if not parts or (ties ~= one and ties ~= two) or #parts[1] > 2 or #parts[2] ~= 2 then return nil end
    if parts[3] and #parts[3] ~= 2 then return nil end
    return {
      value = tonumber(parts[1]), minute = tonumber(parts[2]), second = parts[3] and tonumber(parts[3]),
      padded = parts[1]:find("^0") ~= nil,
    }, behind
  end
end

local function amount_class(numbers, halves)
  local function read(text, index)
    if digits.is(text.words[index]) then
      local number, behind = digits.decimal(text, index)
      if number then return { value = number }, behind end
      return read_digits(text, index, 5)
    end
    local half, behind_half = halves:read(text, index)
    local found, behind = numbers:read(text, index)
    if half and (not behind or behind_half > behind) then return half, behind_half end
    return found, behind
  end
  return {
    name = "amount", read = read, digits = true, starts = union(numbers.starts, halves.starts),
    inner = union(numbers.inner, halves.inner),
  }
end

-- Adds "montagabend" to the weekdays.
local function add_compounds(weekdays, section, ending, range)
  for number, spellings in ipairs(section.weekdays or {}) do
    for spelling in spellings:gmatch("[^|]+") do weekdays:add(spelling .. ending, number, { part = range }) end
  end
end

-- {half}, {part}, and the parts that say of an hour around them which half of the day it is.
local function part_vocabularies(section, shy, unlike, weekdays)
  local half, part, near = new_vocabulary(shy, unlike), new_vocabulary(shy, unlike), new_vocabulary(shy, unlike)
  for _, one in ipairs(section.parts or {}) do
    local range = { from = one.from * 60, to = one.to * 60 }
    if not one.loose then half:add(one[1], range) end
    if not one.loose and not one.clock then near:add(one[1], range) end
    part:add(one[1], range)
    if one.compound then add_compounds(weekdays, section, one.compound, range) end
  end
  return half, part, near
end

local function list_vocabulary(list, shy, unlike, marks)
  local vocabulary = new_vocabulary(shy, unlike)
  for number, spellings in ipairs(list or {}) do vocabulary:add(spellings, number, marks) end
  return vocabulary
end

local function unit_classes(classes, section, shy, unlike)
  for name, units in next, {
    days = { "day", "week", "month", "year" }, hours = { "hour", "minute", "second" },
    unit = { "hour", "minute", "second", "day", "week", "month", "year" },
  } do
    local vocabulary = new_vocabulary(shy, unlike)
    for _, unit in ipairs(units) do vocabulary:add((section.units or {})[unit] or "", unit) end
    classes[name] = words_class(name, vocabulary)
  end
end

-- Spellings that look like other words when they are folded: folded -> set of them.
local function unlike_of(section)
  local unlike = {}
  for spelling in (section.unlike or ""):gmatch("[^|]+") do
    local folded = fold(spelling)
    unlike[folded] = unlike[folded] or {}
    unlike[folded][spelling:lower()] = true
  end
  return unlike
end

local function number_classes(classes, section, code, shy, unlike)
  local numbers = number_vocabulary(code, number_words.of, 100, shy, unlike)
  local counts = number_vocabulary(code, number_words.of, 100, shy, unlike)
  for _, one in ipairs(section.numbers or {}) do counts:add(one[1], one[2], { article = one[2] == 1 or nil }) end
  local halves = number_vocabulary(code, number_words.halves, 100, shy, unlike)
  local ordinals = list_vocabulary(section.ordinals, shy, {}, { words = true, ordinal = true })
  local suffixes = moment_words.set(section.suffixes)
  classes.day = day_class("day", ordinals, suffixes, numbers)
  classes.ordinal = day_class("ordinal", ordinals, suffixes)
  classes.numbered = day_class("numbered", new_vocabulary({}, {}), suffixes)
  classes.n = { name = "n", starts = counts.starts, inner = counts.inner, digits = true }
  classes.n.read = in_digits_or(counts, 4, 0, 9999)
  classes.amount = amount_class(counts, halves)
  local read_hour = in_digits_or(numbers, 2, 0, 99)
  classes.hour = { name = "hour", starts = numbers.starts, inner = numbers.inner, digits = true, read = read_hour }
  classes.minutes = {
    name = "minutes", starts = numbers.starts, inner = numbers.inner,
    read = function(text, index)
      local found, behind = numbers:read(text, index)
      if found and found.value >= 1 and found.value <= 59 then return found, behind end
    end,
  }
end

---The classes of a language.
---@param section table its `date`
---@param code string|nil whose number words are read
---@return table<string, intent_webhook.PhraseClass>
function moment_words.classes(section, code)
  local shy, unlike = moment_words.set(section.shy), unlike_of(section)
  local weekdays = list_vocabulary(section.weekdays, shy, unlike)
  local half, part, near = part_vocabularies(section, shy, unlike, weekdays)
  local classes = {
    weekday = words_class("weekday", weekdays), half = words_class("half", half), part = words_class("part", part),
    near = words_class("near", near),
    month = words_class("month", list_vocabulary(section.months, shy, unlike)),
    year = { name = "year", starts = {}, digits = true, read = read_year },
    minute = { name = "minute", starts = {}, digits = true, read = read_two_digits },
    clock = { name = "clock", starts = {}, read = clock_reader(":") },
    plain_time = { name = "plain_time", starts = {}, digits = true, read = read_plain_time },
    dotted = { name = "dotted", starts = {}, read = clock_reader(".") },
  }
  number_classes(classes, section, code, shy, unlike)
  unit_classes(classes, section, shy, unlike)
  return classes
end

return moment_words
