--- text: any text, which is the whole message; and name: what a person is called.
--
-- text
--   Options  min_length   default 1      characters, of UTF-8
--            max_length   default 500
--   Values   the message without white space around it, line breaks within it included
--   Reasons  "too_short", "too_long"
--   It is only taken where it was asked for.
--
-- name
--   Options  none
--   Values   the name as it was written, upper and lower case included, with one space between words
--   Reasons  "invalid"   asked, and the message is no name: it has digits, is a question, an address, more than six
--                        words or a hundred characters, or it says yes, no or "I'm hungry"
--   Asked, it is the message without what introduces a name ("hi, it's ...") and follows it (", thanks", "and my phone
--   is ..."). Without being asked, a name is only found behind what is certain to introduce one: "my name is".
--
-- Fields of the section `name` of a language table, all of which are lists and may be left out: `certain`,
-- `introductions` (that count only when asked), `fillers` (around the name), `stops` (what ends it), `not_names` (no
-- name begins with one of these), `capitals` (those of them with which one does, when it and the word behind it have
-- capitals: "An Nguyen", "Do Van Nam"), and `accents`, whether words differ by accents.

local check = require "intent_webhook.check"
local number_lexicon = require "intent_webhook.number_lexicon"
local numerals = require "intent_webhook.numerals"
local said_words = require "intent_webhook.said"
local word_tree = require "intent_webhook.word_tree"

-- Text --------------------------------------------------------------------------------------------------------------

local function character_count(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

---@class intent_webhook.TextReader: intent_webhook.Reader
---@field min_length integer
---@field max_length integer
local TextReader = { __name = "intent_webhook.TextReader" }
TextReader.__index = TextReader

function TextReader:find(said, at, _, asked)
  if not asked then return nil end
  local text = said.text
  local first = text:find("[^ \t\r\n\v\f]", at)
  if not first then return nil end
  local last = #text
  while text:find("^[ \t\r\n\v\f]", last) do last = last - 1 end
  local value = text:sub(first, last)
  local length = character_count(value)
  if length < self.min_length then return nil, "too_short", first, last end
  if length > self.max_length then return nil, "too_long", first, last end
  return value, first, last
end

local function new_text(mistakes, path, accepted)
  local least, most = accepted.min_length, accepted.max_length
  if least > most then
    mistakes:add(check.within(path, "min_length"), ("must be at most max_length, got %d and %d: exchange them"):format(
      least, most))
  end
  return setmetatable({
    min_length = least, max_length = most, schema = { type = "string", minLength = least, maxLength = most },
  }, TextReader)
end

-- Name --------------------------------------------------------------------------------------------------------------

local MOST_CHARACTERS, MOST_WORDS = 100, 6
local LISTS = { "certain", "introductions", "fillers", "stops", "not_names", "capitals" }

local function accented_words(phrase) return number_lexicon.accented(said_words.new(phrase)) end

local function trees_of(section, words_of)
  local trees = {}
  for _, name in ipairs(LISTS) do trees[name] = word_tree.new(section[name], false, words_of) end
  trees.fillers_before = word_tree.new(section.fillers, true, words_of)
  return trees
end

-- Of one-word phrases only the words that are folded as they are: without accents, "a" may be a name.
local function folded_stop(phrase)
  local words = said_words.new(phrase).words
  return #words > 1 and words or accented_words(phrase)
end

-- The trees of a language whose words differ by accents, for text without any: what introduces a name is clear all the
-- same, but what stands around it is not ("ạ" from "A", "mình" from "Minh").
local function bare_trees_of(section)
  local trees = trees_of(section, accented_words)
  trees.certain = word_tree.new(section.certain)
  trees.introductions = word_tree.new(section.introductions)
  trees.stops = word_tree.new(section.stops, false, folded_stop)
  return trees
end

---@class intent_webhook.NameReader: intent_webhook.Reader
---@field folded table
---@field accented table|nil
local NameReader = { __name = "intent_webhook.NameReader" }
NameReader.__index = NameReader

-- The number of the word behind the first certain introduction, or nil.
local function behind_certain(trees, said, words, index)
  while index <= #words do
    local _, last = word_tree.at(trees.certain, said, words, index)
    if last then return last + 1 end
    index = index + 1
  end
end

-- Whether a word that is seldom one of a name is one by its capital and that of the next: "An Nguyen", but not "Can I".
local function is_capital_name(trees, said, words, index)
  local _, last = word_tree.at(trees.capitals, said, words, index)
  if last ~= index or not said.text:find("^[%u\195-\198\225]", said.firsts[index]) then return false end
  return said.text:find("^ [%u\195-\198\225][%l\128-\225]", said.lasts[index] + 1) ~= nil
end

-- The word behind fillers and introductions at the beginning.
local function behind_beginning(trees, said, words, index, introductions)
  while index < #words and not is_capital_name(trees, said, words, index) do
    local _, last = word_tree.at(trees.fillers, said, words, index)
    local _, other = nil, nil
    if introductions then _, other = word_tree.at(trees.introductions, said, words, index) end
    last = math.max(last or 0, other or 0)
    if last == 0 or last >= #words then return index end
    index = last + 1
  end
  return index
end

-- Whether a name goes on behind a word: over a space, a hyphen, or the point of an initial.
local function goes_on(said, index)
  local last, first = said.lasts[index], said.firsts[index + 1]
  if not first then return false end
  if first - last == 1 then return true end
  local between = said.text:sub(last + 1, first - 1)
  if between:find("^[ \t]+$") or between == "-" or between == "'" or between == "\226\128\153" then return true end
  if between == "\194\160" or between == " - " then return between ~= " - " end
  return between:find("^%. ?$") ~= nil and last - said.firsts[index] < 3
end

-- The last word of the name that begins with a word, and whether digits or signs of an address end it.
local function read_words(trees, said, words, index)
  local last = index
  while goes_on(said, last) do
    local following = last + 1
    if numerals.is_digits(said.words[following]) then
      return last, said.lasts[last] + 1 == said.firsts[following]
    end
    local _, stop = word_tree.at(trees.stops, said, words, following)
    if stop then break end
    last = following
  end
  return last, said.text:find("^[@/_#=\\]", said.lasts[last] + 1) ~= nil or
    said.text:find("^%.%w", said.lasts[last] + 1) ~= nil or said.text:find("^://", said.lasts[last] + 1) ~= nil
end

local function without_fillers(trees, said, words, first, last)
  while last > first do
    local _, filler = word_tree.before(trees.fillers_before, said, words, last)
    if not filler or filler <= first then break end
    last = filler - 1
  end
  return last
end

local function is_no_name(trees, said, words, index)
  return word_tree.at(trees.not_names, said, words, index) and not is_capital_name(trees, said, words, index)
end

-- The name in the words from `index` on -> value, first, last; or nil, first, last of what is none.
local function read_name(trees, said, words, index)
  if not words[index] then return nil end
  local final, spoilt = read_words(trees, said, words, index)
  local last = without_fillers(trees, said, words, index, final)
  local from, to = said.firsts[index], said.lasts[last]
  local value = said.text:sub(from, to):gsub("\194\160", " "):gsub("[ \t]+", " ")
  local good = not spoilt and not numerals.is_digits(said.words[index]) and last - index < MOST_WORDS and
    character_count(value) <= MOST_CHARACTERS and not is_no_name(trees, said, words, index) and
    not said.text:find("^%s*[?]", said.lasts[final] + 1) and not said.text:sub(from - 1, from - 1):find("[@/_#=\\]")
  if good then return value, from, to end
  return nil, from, to
end

function NameReader:view(said)
  if self.accented and said.text:find("[\195-\198\225]") then return self.accented, number_lexicon.accented(said) end
  return self.folded, said.words
end

function NameReader:find(said, at, _, asked)
  local trees, words = self:view(said)
  local start = said:index(at)
  local index = behind_certain(trees, said, words, start)
  local value, first, last
  if index then
    index = behind_beginning(trees, said, words, index, false)
    value, first, last = read_name(trees, said, words, index)
  end
  if value then return value, first, last end
  if not asked then return nil end
  if not first then
    index = behind_beginning(trees, said, words, start, true)
    value, first, last = read_name(trees, said, words, index)
    if value and self.is_filler(trees, said, words, index, last) then value = nil end
  end
  if value then return value, first, last end
  if first then return nil, "invalid", first, last end
  return nil
end

-- Whether what is left is only a word that goes with names: "hello".
function NameReader.is_filler(trees, said, words, index, last)
  local _, filler = word_tree.at(trees.fillers, said, words, index)
  local _, introduction = word_tree.at(trees.introductions, said, words, index)
  return filler and said.lasts[filler] >= last or introduction and said.lasts[introduction] >= last
end

local built = setmetatable({}, { __mode = "k" })

-- The trees of a language, which live as long as its section.
local function lexicon_of(language)
  local section = type(language) == "table" and language.name
  if type(section) ~= "table" then section = {} end
  local lexicon = built[section]
  if not lexicon then
    lexicon = { folded = section.accents and bare_trees_of(section) or trees_of(section),
      accented = section.accents and trees_of(section, accented_words) }
    built[section] = lexicon
  end
  return lexicon
end

local function new_name(_, _, _, language)
  local lexicon = lexicon_of(language)
  return setmetatable({
    folded = lexicon.folded, accented = lexicon.accented, schema = { type = "string", maxLength = MOST_CHARACTERS },
  }, NameReader)
end

return {
  text = {
    name = "text", new = new_text,
    options = {
      { name = "min_length", type = "integer", default = 1, from = 1, to = 65536, also = { "min" } },
      { name = "max_length", type = "integer", default = 500, from = 1, to = 65536, also = { "max" } },
    },
  },
  name = { name = "name", rank = 70, options = {}, new = new_name },
}
