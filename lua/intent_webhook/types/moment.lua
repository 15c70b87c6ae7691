--- moment: what dates, times, datetimes and durations have in common: the phrases of a language, made ready once, and
-- how they are looked for in a message.
--
-- The section `date` of a language's table:
--
--   order      "dmy", "mdy", "ymd": how dates in digits are read; nil: that is not known, as in English
--   hours      24: a 7 without more is 07:00; else it may be 19:00 as well
--   months     12 strings, spellings separated by "|": usual mistakes may be among them
--   weekdays   7 strings, Monday first
--   ordinals   31 strings: "first", "second" ...; suffixes: what follows digits, "st|nd|rd|th"
--   numbers    { words, number } that number_words does not have: { "a|an", 1 }, { "a couple of", 2 }
--   units      second, minute, hour, day, week, month, year: their spellings
--   parts      of the day: { spellings, from =, to = } in hours, to = 28 is 4 in the morning; loose = true: not right
--              behind an hour ("7 morning"); clock = true: only right behind one ("am"); compound = "abend": also at
--              the end of weekdays ("montagabend")
--   shy        words that are often others ("may", "sat"): taken only where something around them speaks for it
--   unlike     spellings that are others, though they are folded alike: "tôi", which is not "tối"
--   in_names   true: a weekday or an hour with a capital is no day right before another word with one ("Sunday Okafor",
--              "Noon Patel"), unless the person was asked; not for languages whose nouns have capitals
--   counted    words that make a count of a number before them ("people"), so that it is no day and no hour; those of
--              the section `number` count as well
--   leads      single words between a time and a date that follows it: "7pm on"; time.leads: "Saturday at"
--   followers  words that may follow a careful phrase (below): "at 7 for two"
--   clauses    words with which something else begins, after a time or a weekday: "on sat we ..."
--   phrases    of dates: below; time = { phrases = }, duration = { phrases = }
--
-- A phrase is { template, ... } (phrase_template.lua says how templates are written). In templates:
--
--   {weekday} {month} {part}  a word of these lists; {half}: a part that is not loose
--   {day}                     1 to 31 in digits, with or without a suffix, or in words; {ordinal}: not "15", "fifteen";
--                             {numbered}: only "15th"
--   {year}                    four digits
--   {n}                       a whole number in digits or words; {amount}: also "1.5", "two and a half"
--   {days} {hours} {unit}     units from day on, units up to the hour, all units
--   {hour} {minute} {minutes} 0 to 24; two digits; 1 to 59 in words
--   {clock} {dotted}          "19:30", "19.30"
--   {iso} {numeric} {short}   "2026-11-28"; "28/11/2026"; "28/11"
--
-- Fields of every phrase besides:
--
--   asked = true     only of a person who was just asked
--   careful = true   only where the phrase is not followed by a word, unless that is one of `followers` or begins a
--                    phrase: "at 7, please", not "at 7 Main Street"
--   unless = "a|b"   not behind one of these words
--   not_before = "a" not before one of these words
--   whole = true     only in a short message, behind nothing but leads and followers, and careful
--   no_unit = true   not before a unit of hours: "1:30 h" is no time of the day
--   joined = true    only beside a time (of a date) or a date (of a time): "7 giờ tối mai"
--
-- What a phrase means is said in date.lua, time.lua and duration.lua. A table of these is for a language what code is
-- elsewhere: nothing there is known of any language.

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"
local fold = require("intent_webhook.said").fold
local digits = require "intent_webhook.types.digits"
local moment_words = require "intent_webhook.types.moment_words"
local numeric_date = require "intent_webhook.types.numeric_date"
local phrase_sense = require "intent_webhook.types.phrase_sense"
local phrase_tree = require "intent_webhook.types.phrase_tree"

local moment = {}

local MOST_WORDS_ANSWER = 200 -- of a message that is read as an answer: a longer one is more than that
local MOST_WORDS_NEAR = 10 -- between a part of the day and a time

-- What is written alike in every language.
local DATE_PHRASES = {
  { "{iso}|{numeric}" },
  { "{compact}|{loose}|{loose_short}", asked = true },
}
local TIME_PHRASES = {
  { "{clock} [{half}]", no_unit = true },
  { "{dotted} {half}" },
  { "{dotted}", asked = true },
  { "{hour}|{plain_time}", asked = true, whole = true },
}

-- Compiling --------------------------------------------------------------------------------------------------------

-- An entry with its lists of words made ready.
local function compile_entry(entry)
  if type(entry) ~= "table" then return entry end
  local compiled = {}
  for key, value in next, entry do compiled[key] = value end
  compiled.unless = entry.unless and moment_words.set(entry.unless)
  compiled.not_before = entry.not_before and moment_words.set(entry.not_before)
  return compiled
end

local function build(tables, name, phrases, path)
  local tree = phrase_tree.new(name, tables.classes)
  for index, entry in ipairs(phrases or {}) do
    local message = tree:add(compile_entry(entry))
    if message then tables.problems:add(check.within(path, index), message) end
  end
  tree:finish()
  return tree
end

local function with(own, phrases)
  local all = {}
  for _, entry in ipairs(own) do all[#all + 1] = entry end
  for _, entry in ipairs(phrases or {}) do all[#all + 1] = entry end
  return all
end

-- The words of a list of the section `date`, and those of the same list of the section `number`.
local function words_of(language, name)
  local words = moment_words.set((language.date or {})[name])
  for _, one in ipairs((language.number or {})[name] or {}) do words[fold(one)] = true end
  return words
end

local function compile(language)
  local section = language.date or {}
  local classes = moment_words.classes(section, language.code)
  numeric_date.add(classes, section.order ~= nil)
  local tables = {
    classes = classes, order = section.order, hours = section.hours or 12, problems = check.mistakes(),
    leads = { date = moment_words.set(section.leads), time = moment_words.set((section.time or {}).leads),
      duration = {} },
    followers = moment_words.set(section.followers), clauses = moment_words.set(section.clauses),
    counted = words_of(language, "counted"), alternatives = words_of(language, "alternatives"),
    in_names = section.in_names == true,
  }
  local time, duration = section.time or {}, section.duration or {}
  tables.date = build(tables, "date", with(section.phrases or {}, DATE_PHRASES), "date.phrases")
  tables.time = build(tables, "time", with(time.phrases or {}, TIME_PHRASES), "date.time.phrases")
  tables.duration = build(tables, "duration", duration.phrases, "date.duration.phrases")
  return tables
end

local compiled = setmetatable({}, { __mode = "k" }) -- by language: a language's table is not changed any more

---A language's phrases, made ready.
---@class intent_webhook.MomentTables
---@field date intent_webhook.PhraseTree
---@field time intent_webhook.PhraseTree
---@field duration intent_webhook.PhraseTree
---@field order "dmy"|"mdy"|"ymd"|nil
---@field hours integer
---@field problems intent_webhook.Mistakes of its phrases

---@param mistakes intent_webhook.Mistakes gets those of the language's phrases
---@param language table
---@return intent_webhook.MomentTables
function moment.tables(mistakes, language)
  local tables = compiled[language]
  if not tables then
    tables = compile(language)
    compiled[language] = tables
  end
  for _, mistake in ipairs(tables.problems.list) do
    mistakes:add("language." .. mistake.path, mistake.message)
  end
  return tables
end

-- Phrases ----------------------------------------------------------------------------------------------------------

---The longest phrase that begins with a word and is meant.
---@param tables intent_webhook.MomentTables
---@param tree intent_webhook.PhraseTree one of the tables'
---@param said intent_webhook.Said
---@param index integer of the word
---@param asked boolean|nil
---@param beside? boolean whether a date (of a time) or a time (of a date) stands beside it
---@return intent_webhook.PhraseMatch|nil
function moment.match(tables, tree, said, index, asked, beside)
  local word = said.words[index]
  if not word or not tree:may_begin(said, index, asked or beside) then return nil end
  local function fits(match, state)
    state.joined, state.leads = beside, tables.leads[tree.name]
    return phrase_sense.is_meant(tables, said, match, state)
  end
  local found = tree:match(said, index, fits, asked or false)
  if not found or not tables.leads[tree.name][word] then return found end
  local behind = tree:match(said, index + 1, fits, asked or false) -- "at 7 tonight" is more than "at 7"
  return behind and behind.to > found.to and behind or found
end

---The part of the day that a date says: "tomorrow evening".
---@param match intent_webhook.PhraseMatch
---@return { from: integer, to: integer }|nil # minutes
function moment.part(match)
  if match.fields.part then return match.fields.part.value end
  if match.fields.weekday and match.fields.weekday.part then return match.fields.weekday.part end
  local part = match.entry.part
  return part and { from = part[1] * 60, to = part[2] * 60 }
end

---The part of the day that is said near a time, of which it is then: "tomorrow evening for two, at 8".
---@param tables intent_webhook.MomentTables
---@param said intent_webhook.Said
---@param match intent_webhook.PhraseMatch the time
---@return { from: integer, to: integer }|nil # minutes
function moment.part_near(tables, said, match)
  if #said.words > MOST_WORDS_ANSWER then return nil end
  for index = math.max(1, match.first - MOST_WORDS_NEAR), math.min(#said.words, match.last + MOST_WORDS_NEAR) do
    if index < match.from or index > match.last then
      local near = tables.classes.near.read(said, index)
      if near then return near.value end
      local date = moment.match(tables, tables.date, said, index)
      local part = date and moment.part(date)
      if part then return part end
    end
  end
end

-- Looking for values -----------------------------------------------------------------------------------------------

-- The last word of another value behind "or": "Friday or Saturday".
local function behind_or(said, value, last, try, asked, reader, context)
  if not reader.tables.alternatives[said.words[last + 1]] then return nil end
  local other, _, other_last = try(said, last + 2, asked, reader, context)
  return other ~= nil and other ~= value and other_last or nil
end

-- The first value from a word on; without one, the first reason.
local function scan(said, index, starts, try, asked, reader, context)
  local words = said.words
  local reason, first, last
  local count = #words
  while index <= count do
    local word = words[index]
    if starts[word] or digits.is(word) then
      local value, from, to, why = try(said, index, asked, reader, context)
      if value ~= nil then
        local other = behind_or(said, value, to, try, asked, reader, context)
        if not other then return value, from, to end
        to, why = other, "ambiguous"
      end
      if why then
        if not reason then reason, first, last = why, from, to end
        index = to
      end
    end
    index = index + 1
  end
  return nil, first, last, reason
end

-- A result of scan with bytes in place of words.
local function in_bytes(said, value, first, last, reason)
  if value ~= nil then return value, said.firsts[first], said.lasts[last] end
  if reason then return nil, reason, said.firsts[first], said.lasts[last] end
  return nil
end

---Finds the first value at or behind a byte. A reason is only given when there is no value. Of a person who was asked,
---what anyone would take for a value goes before what could be one.
---@param said intent_webhook.Said
---@param at integer
---@param asked boolean|nil
---@param starts table<string, any> the words that a value can begin with, besides digits
---@param try fun(said: intent_webhook.Said, index: integer, asked: boolean, reader: table, context: any): any, ...
---  the value that begins with a word, its first and last word; or nil, these, and the reason
---@param reader table for `try`, which so need not be made anew for each text
---@param context any for `try`
---@return any value
---@return integer|string|nil first byte, or the reason
---@return integer|nil last byte, or the first
---@return integer|nil last byte where there is no value
function moment.find(said, at, asked, starts, try, reader, context)
  local value, first, last, reason = scan(said, said:index(at), starts, try, false, reader, context)
  if value == nil and not reason and asked then return moment.find_lenient(said, at, starts, try, reader, context) end
  return in_bytes(said, value, first, last, reason)
end

---The same, but only what could be a value of a person who was asked.
function moment.find_lenient(said, at, starts, try, reader, context)
  if #said.words > MOST_WORDS_ANSWER then return nil end
  return in_bytes(said, scan(said, said:index(at), starts, try, true, reader, context))
end

-- Clock ------------------------------------------------------------------------------------------------------------

---Local time now, as if it were UTC.
---@param context { now: number, offset: fun(time: number): integer }
---@return integer seconds since 1970
function moment.local_now(context)
  return calendar.whole(context.now + context.offset(context.now))
end

---@param context { now: number, offset: fun(time: number): integer }
---@return integer # days since 1970
function moment.today(context)
  return calendar.whole(moment.local_now(context) / 86400)
end

---Whole numbers from a table of an NLU, like { year = 2026, month = 11, day = 28 }.
---@param value table
---@param names string[]
---@return integer[]|nil # as many; missing ones are 0; nil: something is no whole number
function moment.numbers(value, names)
  local numbers = {}
  for index, name in ipairs(names) do
    local number = rawget(value, name)
    if number == nil then number = 0 end
    if type(number) ~= "number" or number ~= math.floor(number) or number < 0 or number > 9999 then return nil end
    numbers[index] = calendar.whole(number)
  end
  return numbers
end

return moment
