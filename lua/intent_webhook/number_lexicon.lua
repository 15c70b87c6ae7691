--- number_lexicon: the section `number` of a language table, made ready to be looked up: trees of folded words.
--
-- Fields of the section, all of which may be left out; docs/slots.md has them for users:
--
--   group, decimal   the characters of "1,250.75": default "," and "."
--   words            a code of number_words.lua ("en"), or a list of { words, number }
--   accents          words differ by accents, as in Vietnamese, where "ba" is three and "bà" is not
--   compounds        scales stand inside words, as in German: "zweitausendfünfhundert"
--   ordinal_point    "4." may be an ordinal: "der 4. Tag"
--   more             more words: { { "a couple of", 2 } }
--   scales           what multiplies: { { "thousand", 1000 } }
--   suffixes         what multiplies when it is glued to digits: { { "k", 1000 } }
--   articles         one of a scale: "a" (million)
--   joiners          between a scale and what follows it: "and"
--   points           "point"
--   minus            "minus"
--   halves           half more: "and a half"
--   alternatives     between two of which one is meant: "or"
--   ranges           between two numbers of which one is meant, or what lies between: "to"
--   between          before two such numbers that a joiner joins
--   nots             before a number that is not meant: "not"
--   counted          what is counted, which makes any number before it one: "people"
--   units            what is measured: "km", "hours", "dollars"
--   fillers          what may stand before a unit: "business" (days)
--   labels           what numbers name: "room" 12; and what makes it a time: "at" 7
--   years            before a year: "in" 2026
--   not_behind       phrases in front that make the number part of a date or time: "half past"
--   not_before       phrases behind it that do: "o'clock"
--   weak             numbers that are mostly none: "one", "half", "thousand"
--   silent           number words that are none by themselves: "không", which is zero and no
--   sure             phrases in which a weak word is one: "for one person"

local number_words = require "intent_webhook.number_words"
local said = require "intent_webhook.said"
local word_tree = require "intent_webhook.word_tree"

local number_lexicon = {}

local MOST_SPELT = 999

-- Lower case with accents ------------------------------------------------------------------------------------------

local function encode(code)
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- Upper-case letters with accents -> lower-case ones: Latin-1, Latin Extended-A, horned letters, Extended Additional.
local LOWER = {}
for code = 0xC0, 0xDE do LOWER[encode(code)] = encode(code + 32) end
LOWER[encode(0xD7)] = nil -- the multiplication sign
for _, range in ipairs { { 0x100, 0x136 }, { 0x14A, 0x176 }, { 0x1A0, 0x1A4 }, { 0x1AF, 0x1AF }, { 0x1E00, 0x1EFE } } do
  for code = range[1], range[2], 2 do LOWER[encode(code)] = encode(code + 1) end
end

---The words of a text in lower case, with their accents.
---@param text intent_webhook.Said
---@return string[]
function number_lexicon.accented(text)
  local words = {}
  for index, first in ipairs(text.firsts) do
    local word = text.text:sub(first, text.lasts[index]):lower()
    words[index] = word:gsub("[\195-\198][\128-\191]", LOWER):gsub("\225[\184-\187][\128-\191]", LOWER)
  end
  return words
end

local function accented_words(phrase) return number_lexicon.accented(said.new(phrase)) end
local function folded_words(phrase) return said.new(phrase).words end

-- Building ---------------------------------------------------------------------------------------------------------

local function add_pairs(tree, list, words_of)
  if type(list) ~= "table" then return end
  for _, pair in ipairs(list) do
    if type(pair) == "table" and type(pair[1]) == "string" and type(pair[2]) == "number" then
      word_tree.add(tree, words_of(pair[1]), pair[2])
    end
  end
end

-- Spellings of halves that are one word, as in German: "zweieinhalb". Others are read word by word.
local function add_halves(tree, code, words_of)
  for _, pair in ipairs(number_words.halves(code, 99) or {}) do
    local words = words_of(pair[1])
    if #words == 1 then word_tree.add(tree, words, pair[2]) end
  end
end

local function numbers_of(section, words_of)
  local tree = {}
  add_pairs(tree, section.more, words_of)
  local words = section.words
  if type(words) == "string" then
    add_pairs(tree, number_words.of(words, MOST_SPELT), words_of)
    add_halves(tree, words, words_of)
  else
    add_pairs(tree, words, words_of)
  end
  return tree
end

local function pairs_of(list, words_of)
  local tree = {}
  add_pairs(tree, list, words_of)
  return tree
end

-- The scales that are one word, greatest first: what compounds are split at.
local function compound_scales(list, words_of)
  local scales = {}
  for _, pair in ipairs(type(list) == "table" and list or {}) do
    local words = words_of(pair[1])
    if #words == 1 and pair[2] >= 1000 then scales[#scales + 1] = { words[1], pair[2] } end
  end
  table.sort(scales, function(one, other) return one[2] > other[2] end)
  return scales
end

local FORWARD = { "articles", "joiners", "points", "halves", "counted", "units", "fillers",
  "not_before", "weak", "sure", "silent" }
local BACKWARD = { "minus", "between", "nots", "labels", "years", "not_behind" }

local function build(section, words_of)
  local lexicon = {
    numbers = numbers_of(section, words_of), scales = pairs_of(section.scales, words_of),
    suffixes = pairs_of(section.suffixes, words_of),
    compounds = section.compounds and compound_scales(section.scales, words_of) or {},
    group = section.group or ",", decimal = section.decimal or ".", ordinal_point = section.ordinal_point,
  }
  for _, name in ipairs(FORWARD) do lexicon[name] = word_tree.new(section[name], false, words_of) end
  local either = word_tree.new(section.alternatives, false, words_of)
  lexicon.alternatives = word_tree.new(section.ranges, false, words_of, either)
  for _, name in ipairs(BACKWARD) do lexicon[name] = word_tree.new(section[name], true, words_of) end
  return lexicon
end

-- Lexicons by section; they live as long as the language table.
local built = setmetatable({}, { __mode = "k" })

---The lexicons of a language.
---@param language table
---@return { folded: table, accented: table|nil }
function number_lexicon.of(language)
  local section = type(language) == "table" and language.number
  if type(section) ~= "table" then section = {} end
  local lexicons = built[section]
  if not lexicons then
    lexicons = { folded = build(section, folded_words), accented = section.accents and build(section, accented_words) }
    built[section] = lexicons
  end
  return lexicons
end

return number_lexicon
