--- number_reading: the numbers of a text, in digits and words, with how sure it is that they are meant as numbers.
--
-- An item is what stands at one place and looks like a number:
--
--   from, to      its first and last word               first, last   its first and last byte
--   after         the word behind it and its unit
--   value         the number, or nil and
--   reason        why it is none: "ambiguous", "invalid"
--   class         1: a number by itself, or of things that are counted: "for 4", "4 people"
--                 2: one that may be something else, for those who asked: "$5", "2 hours", "room 12", "the other one"
--                 nil: none at all, but a time, a date, a telephone number, a code
--
-- Two items with "or" or "to" between them, or nothing, are one item: "ambiguous".

local numerals = require "intent_webhook.numerals"
local spoken_number = require "intent_webhook.spoken_number"
local word_tree = require "intent_webhook.word_tree"

local number_reading = {}

local MOST_PLAIN = 9 -- digits in a row; more are rather a telephone number or a code
local FRACTIONS = { ["½"] = 0.5, ["¼"] = 0.25, ["¾"] = 0.75 }
local MONEY = { "$", "€", "£", "¥", "₫", "₩", "₹", "฿", "₽", "¢", "₴", "₺" }
local MEASURES = { "%", "‰", "°" }
local SIGNS = { "-", "−", "–", "+" }

---A text with a lexicon, as one search sees it.
---@class intent_webhook.NumberView: intent_webhook.SpokenNumber
---@field loose boolean
---@field start integer the first word that counts
local View = setmetatable({ __name = "intent_webhook.NumberView" }, spoken_number)
View.__index = View

-- Around a number --------------------------------------------------------------------------------------------------

-- As spaced, and over the point of an abbreviation: "p.m."
local function abbreviated(text, index)
  return word_tree.spaced(text, index) or text.words[index + 1] ~= nil and word_tree.between(text, index) == "."
end

-- The phrase behind word `to`, when only white space or nothing stands between.
function View:behind(tree, to)
  if self.text.lasts[to] and self.text.lasts[to] + 1 == self.text.firsts[to + 1] or self:spaced(to) then
    return word_tree.at(tree, self.text, self.words, to + 1, abbreviated)
  end
end

-- The phrase in front of word `from`; a colon and a point may stand between, as in "No. 5".
function View:front(tree, from)
  if from == 1 or not self.words[from - 1] then return nil end
  local between = word_tree.between(self.text, from - 1)
  if self:spaced(from - 1) or between:find("^[.:#]? ?#?[-+]?$") then
    return word_tree.before(tree, self.text, self.words, from - 1)
  end
end

-- Items ------------------------------------------------------------------------------------------------------------

-- Whether a text ends where a sign or a number may begin.
local function opens(text)
  return text == "" or text:find("[ (\n\t]$") ~= nil
end

-- A text without the ending that it has, and that; nil when it has none of them.
local function without(text, endings)
  for _, ending in ipairs(endings) do
    if #text >= #ending and text:sub(-#ending) == ending then return text:sub(1, -#ending - 1), ending end
  end
end

-- What the last character in front of a number and its signs makes of it: a class, or false for none.
local function class_behind(before)
  if before:find("[/@_\\=^<>]$") then return false end
  if before:find("#$") then return not before:find("%w#$") and 2 end
  if before:find(":$") then return before:find("[%w\128-\255]:$") and 2 end -- and not ":3"
  return 1
end

-- What stands in front of digits -> sign, class, where the number begins; without a class it is none.
function View:marks_before(first)
  local before = self.text.text:sub(math.max(1, first - 12), first - 1)
  if opens(before) and not before:find("[$@\194\226\224][^ ]* $") then return 1, 1, first end
  local sign, class, length = 1, before:find("@ ?$") and 2 or 1, #before -- "meet @ 7"
  local paid = without(before:gsub(" $", ""), MONEY)
  if paid then before, class = paid, 2 end
  local signed, mark = without(before, SIGNS)
  if mark == "–" and not opens(signed) then return 1, class, first end -- a dash
  if signed then
    local priced = without(signed, MONEY) -- "$-5"
    if not priced and not opens(signed) then return 1, nil, first end
    if priced then class = 2 end
    first = first - (length - #signed)
    if mark ~= "+" then sign = -1 end
    before = priced or signed
  end
  local other = class_behind(before)
  return sign, other and math.max(class, other), first
end

function View:marks_behind(last)
  local after = self.text.text:sub(last + 1, last + 6)
  if after:find("^[ %w,.;!?)]") and not after:find("^ ?[$%%\194\226\224]") then return 1 end
  after = after:gsub("^\194\160", ""):gsub("^ ", "")
  for _, symbols in ipairs { MONEY, MEASURES } do
    for _, symbol in ipairs(symbols) do
      if after:sub(1, #symbol) == symbol then
        -- "4 $5" has two numbers
        return after:find("^%d", #symbol + 1) and 1 or 2
      end
    end
  end
  return 1
end

function View:is_year(index)
  local word = self.words[index]
  return word ~= nil and (word:find("^19%d%d$") or word:find("^20%d%d$")) ~= nil
end

-- Whether the words around make an item something else, even for those who asked.
function View:is_none(item)
  local lexicon, from, to = self.lexicon, item.from, item.to
  if self:behind(lexicon.not_before, to) or self:front(lexicon.not_behind, from) then return true end
  if item.digits then
    return item.ordinal and self:phrase(lexicon.not_before, to + 1) -- "4. Mai"
  end
  -- "năm 2026", where "năm" is no five
  return self.loose or self:is_year(to + 1) and self:spaced(to) and self:front(lexicon.years, to + 1)
end

-- The last word of the unit behind an item: "hours", "business days".
function View:unit_behind(to)
  local _, last = self:behind(self.lexicon.units, to)
  if last then return last end
  local _, filler = self:behind(self.lexicon.fillers, to)
  if filler and self:spaced(filler) then _, last = self:phrase(self.lexicon.units, filler + 1) end
  return last
end

-- What the words around say about an item; sets its class.
function View:judge(item)
  local lexicon, from, to = self.lexicon, item.from, item.to
  if not item.class then return item end
  if self:front(lexicon.nots, from) then
    item.class = nil
    return item
  end
  local _, counted = self:behind(lexicon.counted, to)
  if counted then
    item.after = math.max(item.after, counted + 1)
    if item.doubted then item.class = 1 end -- no more
    return item
  end
  item.ordinal = lexicon.ordinal_point and item.digits and self.words[to + 1] and
    word_tree.between(self.text, to):find("^%. ?$")
  if self:is_none(item) then
    item.class = nil
    return item
  end
  local unit = self:unit_behind(to)
  if unit then item.after = math.max(item.after, unit + 1) end
  local year = from == to and self:is_year(from) and self:front(lexicon.years, from)
  if unit or item.ordinal or year or self:front(lexicon.labels, from) then item.class = 2 end
  return item
end

-- An item by its words, with the bytes of those.
function View:item(from, to)
  return { from = from, to = to, after = to + 1, first = self.text.firsts[from], last = self.text.lasts[to], class = 1 }
end

-- What is written with digits, by the kind of chunk.
local function take_kind(item, chunk)
  local kind = chunk.kind
  if kind == "number" then
    item.value = chunk.value
    if #chunk.parts == 1 and chunk.digits > MOST_PLAIN then item.class = 2 end
  elseif kind == "fraction" then
    item.value, item.class = chunk.value, 2
  elseif kind == "zeros" and chunk.digits <= 3 then
    item.value, item.class = tonumber(chunk.parts[1]), 2
  elseif kind == "range" or kind == "sum" then
    item.reason, item.class = "ambiguous", kind == "range" and 1 or 2
  elseif kind == "invalid" then
    item.reason = "invalid"
  else
    item.class = nil
  end
end

-- Letters glued to digits: what multiplies, what is counted or measured; anything else makes it a code.
function View:take_glued(item, chunk)
  local word = self.words[chunk.to + 1]
  if chunk.glue == "" and chunk.last == chunk.to + 1 and item.value then
    local factor = self:phrase(self.lexicon.suffixes, chunk.to + 1)
    local fraction = FRACTIONS[word]
    if factor or fraction then
      item.value = fraction and item.value + fraction or item.value * factor
      item.to, item.after, item.last = chunk.last, chunk.last + 1, self.text.lasts[chunk.last]
      if self:phrase(self.lexicon.units, chunk.to + 1) then item.class = 2 end
      return
    end
  end
  local lexicon = self.lexicon
  local known = self:phrase(lexicon.counted, chunk.to + 1) or self:phrase(lexicon.units, chunk.to + 1)
  local ends = self.text.lasts[chunk.to + 1] + 1 ~= self.text.firsts[chunk.to + 2]
  if not known or not (chunk.glue == "" and ends or chunk.glue == "-") then item.class = nil end
end

function View:of_digits(index)
  local chunk = numerals.read(self.text, index, self.lexicon)
  local item = self:item(index, chunk.to)
  item.digits, item.after = true, chunk.last + 1
  local sign, class, first = self:marks_before(item.first)
  take_kind(item, chunk)
  if numerals.is_glued(self.text, index) or not class then item.class = nil end
  if not item.class then return item end
  item.class = math.max(item.class, class, self:marks_behind(item.last))
  if chunk.digits >= 7 and self.text.text:byte(item.first - 1) == 43 then item.class = nil end -- +4930123456
  if chunk.kind == "number" and self.text.text:find("^%f[.]%.", item.first - 1) and item.first > 1 then
    self:take_point(item)
  end
  if chunk.last > chunk.to then
    self:take_glued(item, chunk)
  elseif item.value and self:spaced(chunk.to) then
    item.value, item.to = self:compose(item.value, chunk.to, nil, index)
    item.after, item.last = item.to + 1, self.text.lasts[item.to]
  end
  if item.value and sign < 0 and item.value ~= 0 then item.value = -item.value end
  item.first = math.min(item.first, first)
  return self:take_minus(item)
end

-- ".5": a point before the digits, with nothing before it.
function View:take_point(item)
  local before = self.text.text:sub(math.max(1, item.first - 2), item.first - 1)
  if before ~= "." and not before:find("^[ (\n\t$-]%.$") then return end
  if self.lexicon.decimal ~= "." then
    item.value, item.reason = nil, "invalid"
    return
  end
  item.value = item.value / 10 ^ #self.words[item.from]
  item.first = item.first - 1
end

-- "minus" in front.
function View:take_minus(item)
  if item.from > self.start and self:spaced(item.from - 1) then
    local _, minus = word_tree.before(self.lexicon.minus, self.text, self.words, item.from - 1)
    if minus and minus >= self.start and item.value and item.value ~= 0 then
      item.value, item.from, item.first = -item.value, minus, self.text.firsts[minus]
    end
  end
  return item
end

function View:of_words(index)
  local value, to, scale = self:group(index)
  local fraction = FRACTIONS[self.words[index]]
  if fraction then value, to = fraction, index end
  local bare
  if value then
    bare = to < index
    value, to = self:compose(value, to, scale, index)
  else
    local digits, last = self:decimals(index - 1)
    if not digits then return nil end
    value, to, bare = tonumber(digits) / 10 ^ #digits, last, true
  end
  local item = self:item(index, to)
  item.value = value
  local text = self.text
  if numerals.is_glued(text, index) or text.text:sub(item.first - 1, item.first - 1):find("[@#_/\\]") then
    item.class = nil
  elseif numerals.is_glued(text, to + 1) and text.words[to + 1] then
    local known = self:phrase(self.lexicon.counted, to + 1) or self:phrase(self.lexicon.units, to + 1)
    if not known or word_tree.between(text, to) ~= "-" then item.class = nil end
  end
  local _, silent = self:phrase(self.lexicon.silent, index)
  if silent == to or value == 0.5 and self:spaced(to) and self:group(to + 1) then item.class = nil end -- "halb acht"
  local _, weak = self:phrase(self.lexicon.weak, index)
  if item.class and (bare or weak == to) and not self:is_sure(index, to) then item.class, item.doubted = 2, true end
  return self:take_minus(item)
end

-- Whether a weak word is a number by the words around it: "for one person".
function View:is_sure(from, to)
  for index = math.max(1, from - 3), from do
    local _, last = self:phrase(self.lexicon.sure, index)
    if last and last >= to then return true end
  end
  return false
end

---The item that begins with a word, or nil.
function View:read(index)
  local word = self.words[index]
  if not word then return nil end
  local item
  if numerals.is_digits(word) then item = self:of_digits(index) else item = self:of_words(index) end
  return item and self:judge(item)
end

-- Several in a row -------------------------------------------------------------------------------------------------

-- Where the number begins that a number is an alternative to, and whether words say that.
function View:alternative(item, between)
  local index = item.after
  local text = self.text
  if not text.words[index] then return nil end
  local near = self:spaced(index - 1) or word_tree.between(text, index - 1):find("^[ ,;/]+$")
  if not near then return nil end
  local _, last = self:phrase(self.lexicon.alternatives, index)
  if not last and between then _, last = self:phrase(self.lexicon.joiners, index) end
  if last then return self:spaced(last) and last + 1 or nil, true end
  return self:spaced(index - 1) and index or nil, false
end

-- Whether two numbers with nothing between them are one thing, such as "one one two"; "4 2 hours" are two.
local function is_sequence(item, other)
  return item.class == other.class or item.doubted or other.doubted
end

---The first item that begins with a word or behind it, with those that are alternatives to it.
---@param index integer
---@return table|nil item
function View:next(index)
  local item
  local count = #self.words
  while index <= count do
    item = self:read(index)
    if item then break end
    index = index + 1
  end
  if not item or not item.class then return item end
  local between = self:front(self.lexicon.between, item.from)
  local last = item
  while true do
    local following, said_so = self:alternative(last, between)
    local other = following and self:read(following)
    if not other or not other.class then break end
    if not said_so and not is_sequence(last, other) then break end
    item = { from = item.from, to = other.to, first = item.first, last = other.last, after = other.after,
      class = math.max(item.class, other.class), reason = "ambiguous" }
    last = other
  end
  return item
end

---Looks at a text.
---@param text intent_webhook.Said
---@param at integer byte
---@param lexicon table of number_lexicon
---@param words string[] the text's words as the lexicon compares them
---@param loose boolean whether number words count only before what is counted
---@return table view with `start`, the first word, and the method `next`
function number_reading.new(text, at, lexicon, words, loose)
  return setmetatable({ text = text, lexicon = lexicon, words = words, loose = loose, start = text:index(at) }, View)
end

return number_reading
