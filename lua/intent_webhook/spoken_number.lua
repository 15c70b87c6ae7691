--- spoken_number: numbers in words, from the words of a language's lexicon: "two and a half thousand".
--
-- What number_words.lua spells, up to 999, is a phrase of the lexicon; what multiplies it and what follows is put
-- together here.

local numerals = require "intent_webhook.numerals"
local word_tree = require "intent_webhook.word_tree"

local MOST_COMPOUND = 100 -- bytes of a word
local MOST_DECIMALS = 15

---A text's words with a lexicon.
---@class intent_webhook.SpokenNumber
---@field text intent_webhook.Said
---@field words string[] the text's words as the lexicon compares them
---@field lexicon table of number_lexicon.lua
local SpokenNumber = { __name = "intent_webhook.SpokenNumber" }
SpokenNumber.__index = SpokenNumber

---The longest phrase of a tree that begins with a word -> value, last word.
function SpokenNumber:phrase(tree, index)
  return word_tree.at(tree, self.text, self.words, index)
end

---Whether only white space or a hyphen stands behind a word.
function SpokenNumber:spaced(index)
  return word_tree.spaced(self.text, index)
end

-- A word such as "zweitausendfünfhundert" -> number, scale.
function SpokenNumber:compound(word)
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
function SpokenNumber:group(index)
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
function SpokenNumber:scales_behind(to, start)
  local product, unit = 1, nil
  while to < start or self:spaced(to) do
    local scale, last = self:phrase(self.lexicon.scales, to + 1)
    if not scale then break end
    product, to, unit = product * scale, last, scale
  end
  return product, to, unit
end

-- Digits behind the point, in words or as one number -> text of digits, last word.
function SpokenNumber:decimals(to)
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
function SpokenNumber:compose(value, to, scale, start)
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
function SpokenNumber:finish(total, to, unit, start)
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

return SpokenNumber
