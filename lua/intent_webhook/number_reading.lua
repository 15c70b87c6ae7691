--- number_reading: the numbers of a text, in digits and words, with how sure it is that they are meant as numbers.
--
-- An item is what stands at one place and looks like a number:
--
--   from, to      its first and last word               first, last   its first and last byte
--   after         the word behind it                    whole         false: it has decimals
--   value         the number, or nil and
--   reason        why it is none: "ambiguous", "invalid"
--   class         1: a number by itself, or of things that are counted: "for 4", "4 people"
--                 2: one that may be something else, for those who asked: "$5", "2 hours", "room 12", "the other one"
--                 nil: none at all, but a time, a date, a telephone number, a code
--
-- Two items with "or" or "to" between them, or nothing, are one item: "ambiguous".

local numerals = require "intent_webhook.numerals"
local word_tree = require "intent_webhook.word_tree"

local number_reading = {}

local MOST_PLAIN = 9 -- digits in a row; more are rather a telephone number or a code
local MOST_COMPOUND = 100
local MOST_DECIMALS = 15
local FRACTIONS = { ["½"] = 0.5, ["¼"] = 0.25, ["¾"] = 0.75 }
local MONEY = { "$", "€", "£", "¥", "₫", "₩", "₹", "฿", "₽", "¢", "₴", "₺" }
local MEASURES = { "%", "‰", "°" }
local SIGNS = { "-", "−", "–" }

-- A text with a lexicon, as one search sees it.
local View = { __name = "intent_webhook.NumberView" }
View.__index = View

local function ends_with(text, ending)
  return #text >= #ending and text:sub(-#ending) == ending
end

-- Words -----------------------------------------------------------------------------------------------------------

function View:phrase(tree, index)
  return word_tree.at(tree, self.text, self.words, index)
end

-- The phrase behind word `to`, when only white space or nothing stands between.
function View:behind(tree, to)
  if self.text.lasts[to] and self.text.lasts[to] + 1 == self.text.firsts[to + 1] or self:spaced(to) then
    return self:phrase(tree, to + 1)
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

function View:spaced(index)
  return word_tree.spaced(self.text, index)
end

-- A word such as "zweitausendfünfhundert" -> number, scale.
function View:compound(word)
  if #word > MOST_COMPOUND then return nil end
  local lexicon = self.lexicon
  local numbers = lexicon.numbers
  for _, scale in ipairs(lexicon.compounds) do
    local first, last = word:find(scale[1], 1, true)
    if first and #word > #scale[1] then
      local head, tail = word:sub(1, first - 1), word:sub(last + 1)
      local many = head == "" and 1 or numbers[head] and numbers[head][1]
      local rest = tail == "" and 0 or numbers[tail] and numbers[tail][1] or self:compound(tail)
      if not rest then
        for joiner in pairs(lexicon.joiners) do
          local short = tail:sub(#joiner + 1)
          if tail:sub(1, #joiner) == joiner then rest = numbers[short] and numbers[short][1] or rest end
        end
      end
      if many and rest and many < 1000 and rest < scale[2] then return many * scale[2] + rest, scale[2] end
    end
  end
end

-- The number that begins with a word, without what multiplies it -> number, its last word, and the scale that it ends
-- with, if any. "a" and nothing are one before a scale: their last word is then the one before the scale.
function View:group(index)
  local lexicon = self.lexicon
  local value, to = self:phrase(lexicon.numbers, index)
  if value then return value, to end
  if self:phrase(lexicon.scales, index) then return 1, index - 1 end
  local _, article = self:phrase(lexicon.articles, index)
  if article and self:spaced(article) and self:phrase(lexicon.scales, article + 1) then return 1, article end
  local word = self.words[index]
  if word and lexicon.compounds[1] then
    local compound, scale = self:compound(word)
    if compound then return compound, index, scale end
  end
end

-- The scales behind word `to`, multiplied -> product, last word, the last one; 1 and `to` when there are none.
function View:scales_behind(to, start)
  local product, unit = 1, nil
  while to < start or self:spaced(to) do
    local scale, last = self:phrase(self.lexicon.scales, to + 1)
    if not scale then break end
    product, to, unit = product * scale, last, scale
  end
  return product, to, unit
end

-- Digits behind the point, in words or as one number -> text of digits, last word.
function View:decimals(to)
  local _, point = self:phrase(self.lexicon.points, to + 1)
  if not point then return nil end
  local digits, last = "", point
  while self:spaced(last) and #digits < MOST_DECIMALS do
    local word = self.words[last + 1]
    local value, final = self:phrase(self.lexicon.numbers, last + 1)
    if numerals.is_digits(word) then value, final = digits == "" and #word <= MOST_DECIMALS and word, last + 1 end
    if not value or tonumber(value) ~= math.floor(tonumber(value)) then break end
    if tonumber(value) > 9 and digits ~= "" then break end
    digits, last = digits .. (type(value) == "string" and value or ("%.0f"):format(value)), final
    if tonumber(value) > 9 then break end
  end
  if digits ~= "" then return digits, last end
end

-- Goes on behind a number: scales and what follows them, halves, decimals -> number, last word.
function View:compose(value, to, scale, start)
  local total, limit, unit = 0, nil, nil
  while true do
    if value == 0.5 and self:spaced(to) then -- half a million
      local _, article = self:phrase(self.lexicon.articles, to + 1)
      if article and self:spaced(article) and self:phrase(self.lexicon.scales, article + 1) then to = article end
    end
    local product, last, least = self:scales_behind(to, start)
    if limit and value * product >= limit then break end
    total, to, unit = total + value * product, last, least or scale
    if not unit then break end
    limit = unit
    local following = to
    if self:spaced(to) then
      local _, joiner = self:phrase(self.lexicon.joiners, to + 1)
      following = joiner and self:spaced(joiner) and joiner or to
    end
    if not self:spaced(following) or self:phrase(self.lexicon.halves, to + 1) then break end
    local next_value, next_to, next_scale = self:group(following + 1)
    if not next_value or next_to <= following or next_value >= limit or next_value < 1 then break end
    local next_product = self:scales_behind(next_to, start)
    if next_value * next_product >= limit then break end
    value, to, scale = next_value, next_to, next_scale
  end
  return self:finish(total, to, unit, start)
end

-- "and a half", "point five" behind a whole number.
function View:finish(total, to, unit, start)
  if not self:spaced(to) or total ~= math.floor(total) then return total, to end
  local _, half = self:phrase(self.lexicon.halves, to + 1)
  if half then
    unit = unit or total >= 100 and total % 100 == 0 and 100 or 1
    total = total + 0.5 * unit
    if unit > 1 then return total, half end
    local product, last = self:scales_behind(half, start)
    return total * product, last
  end
  if unit then return total, to end
  local digits, last = self:decimals(to)
  if not digits then return total, to end
  total = tonumber(("%.0f"):format(total) .. digits) / 10 ^ #digits
  local product, final = self:scales_behind(last, start)
  return total * product, final
end

-- Items ------------------------------------------------------------------------------------------------------------

-- What stands in front of digits -> sign, class, where the number begins; class false: it is none.
function View:marks_before(first)
  local before = self.text.text:sub(math.max(1, first - 12), first - 1)
  if before == "" or before:find("[ (\n\t]$") and not before:find("[$\194\226\224][^ ]* $") then return 1, 1, first end
  local class, sign = 1, 1
  local function money()
    for _, symbol in ipairs(MONEY) do
      local bare = before:gsub(" $", "")
      if ends_with(bare, symbol) then
        before, class = bare:sub(1, -#symbol - 1), 2
        return true
      end
    end
  end
  local paid = money()
  for _, minus in ipairs(SIGNS) do
    local rest = before:sub(1, -#minus - 1)
    if ends_with(before, minus) then
      if not (rest == "" or rest:find("[ (\n\t]$") or paid) and minus ~= "–" then
        before = rest
        if not money() then return 1, false, first end
      end
      if rest == "" or rest:find("[ (\n\t]$") or class == 2 then
        sign, before = -1, rest
        if not paid then first = first - #minus end
      end
      break
    end
  end
  if before:find("%+$") then
    if not before:find("^%+$") and not before:find("[ (\n\t]%+$") then return 1, false, first end
    first = paid and first or first - 1
  end
  if before:find("[/@_\\=^<>]$") then return sign, false, first end
  if before:find("#$") then return sign, before:find("[%w]#$") and false or 2, first end
  if before:find(":$") then return sign, before:find("[%w\128-\255]:$") and 2 or false, first end
  return sign, class, first
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

-- What the words around say about an item; sets its class.
function View:judge(item)
  local lexicon, from, to = self.lexicon, item.from, item.to
  if not item.class then return item end
  local _, counted = self:behind(lexicon.counted, to)
  if counted then
    item.after = math.max(item.after, counted + 1)
    if self:front(lexicon.nots, from) then item.class = nil end
    if item.doubted then item.class = 1 end -- no more
    return item
  end
  local function none() item.class = nil return item end
  if self.loose and not item.digits then return none() end
  if not item.digits and self:is_year(to + 1) and self:spaced(to) and self:front(lexicon.years, to + 1) then
    return none() -- "năm 2026", where "năm" is no five
  end
  if self:behind(lexicon.not_before, to) or self:front(lexicon.not_behind, from) or self:front(lexicon.nots, from) then
    return none()
  end
  if lexicon.ordinal_point and item.digits and self.words[to + 1] then
    local between = word_tree.between(self.text, to)
    if between:find("^%. ?$") then
      if self:phrase(lexicon.not_before, to + 1) then return none() end
      item.class = 2
    end
  end
  local _, measured = self:behind(lexicon.units, to)
  if not measured then
    local _, filler = self:behind(lexicon.fillers, to)
    if filler and self:spaced(filler) then _, measured = self:phrase(lexicon.units, filler + 1) end
  end
  if measured then item.after = math.max(item.after, measured + 1) end
  if measured or self:front(lexicon.labels, from) then item.class = 2 end
  if self:is_year(from) and from == to and self:front(lexicon.years, from) then item.class = 2 end
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
