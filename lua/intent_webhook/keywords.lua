--- keywords: the rule that is a few words: keywords { any = { "book", "reserve" }, all = { "table" } }.
--
-- A message is of the intent when it has every word of `all`, one of `any` where there are such, and none of `none`;
-- words are compared without case and accents, and may be several: "credit card" stands in a message as these two, one
-- behind the other.
--
-- Score: the share of the message's letters and digits that the keywords in it have, those of `all` and `any`.
--
-- All keyword rules of a client are looked for at once: an index by first word says which of them a message can be of,
-- so that the time for a message grows with its words, not with the rules.

local check = require "intent_webhook.check"
local options = require "intent_webhook.options"
local said = require "intent_webhook.said"

local keywords = {}

local EMPTY = {}

---@class intent_webhook.Keywords: intent_webhook.Rule
---@field keywords true
---@field all string[][] the words of each
---@field any string[][]
---@field none string[][]
local Keywords = { __name = "intent_webhook.Keywords" }
Keywords.__index = Keywords

-- Definition ----------------------------------------------------------------------------------------------------------

local function read_list(mistakes, path, list)
  local read = {}
  for index, text in ipairs(check.strings(mistakes, path, list, "write a word")) do
    local words = said.new(text).words
    if #words == 0 then
      mistakes:add(check.within(path, index), "has no letter and no digit: write a word")
    else
      read[#read + 1] = words
    end
  end
  return read
end

---Makes the rule; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition table
---@return intent_webhook.Keywords|nil
function keywords.new(mistakes, path, definition)
  local accepted = check.options(mistakes, path, definition, options.keyword_rule)
  local place = check.within(path, "keywords")
  local given = check.options(mistakes, place, accepted.keywords or {}, options.keywords)
  local made = { keywords = true, yields = EMPTY }
  for _, name in ipairs { "all", "any", "none" } do
    made[name] = read_list(mistakes, check.within(place, name), given[name])
  end
  if accepted.keywords and #given.all == 0 and #given.any == 0 then
    mistakes:add(place, "has no words: list some in any, or in all")
  end
  return setmetatable(made, Keywords)
end

-- Matching ------------------------------------------------------------------------------------------------------------

-- Whether the words stand in the message from its word `at` on.
local function stands_at(words, message, at)
  for index = 1, #words do
    if message.words[at + index - 1] ~= words[index] then return false end
  end
  return true
end

-- The number of the first of the message's words where these words stand, or nil.
local function place_of(words, message)
  local first = words[1]
  for at = 1, #message.words - #words + 1 do
    if message.words[at] == first and stands_at(words, message, at) then return at end
  end
end

-- Marks where one of a list of keywords stands; how many of the list do.
local function mark(list, message, marked)
  local count = 0
  for _, words in ipairs(list) do
    local at = place_of(words, message)
    if at then
      count = count + 1
      for index = at, at + #words - 1 do marked[index] = true end
    end
  end
  return count
end

-- Whether each of a list of keywords stands in the message.
local function all_stand(list, message)
  for _, words in ipairs(list) do
    if not place_of(words, message) then return false end
  end
  return true
end

---@param message intent_webhook.Said
---@return table|nil slots none
---@return number|nil score
function Keywords:find(message)
  if not all_stand(self.all, message) then return nil end -- as with most rules that are asked
  local marked = {}
  mark(self.all, message, marked)
  if mark(self.any, message, marked) == 0 and #self.any > 0 then return nil end
  for _, words in ipairs(self.none) do
    if place_of(words, message) then return nil end
  end
  local letters, hit = 0, 0
  for index, word in ipairs(message.words) do
    letters = letters + #word
    if marked[index] then hit = hit + #word end
  end
  return {}, hit / letters
end

---@param text string
---@return table|nil slots
---@return number|nil score
function Keywords:match(text)
  return self:find(said.new(text))
end

-- Many rules ----------------------------------------------------------------------------------------------------------

---Keyword rules by the first words of what a message must have for them.
---@class intent_webhook.KeywordIndex
---@field by_word table<string, integer[]> numbers of rules
local Index = { __name = "intent_webhook.KeywordIndex" }
Index.__index = Index

-- In how many rules each word is the first of a keyword that has to be there.
local function count_first(rules)
  local counts = {}
  for _, rule in ipairs(rules) do
    for _, words in ipairs(rule.all) do counts[words[1]] = (counts[words[1]] or 0) + 1 end
  end
  return counts
end

-- What to look for: one keyword that has to be there is enough, best the one that is in the fewest rules.
local function looked_for(rule, counts)
  local rarest
  for _, words in ipairs(rule.all) do
    if not rarest or counts[words[1]] < counts[rarest[1]] then rarest = words end
  end
  return rarest and { rarest } or rule.any
end

---@param rules intent_webhook.Keywords[]
---@return intent_webhook.KeywordIndex
function keywords.index(rules)
  local by_word, counts = {}, count_first(rules)
  for number, rule in ipairs(rules) do
    for _, words in ipairs(looked_for(rule, counts)) do
      local list = by_word[words[1]] or {}
      by_word[words[1]] = list
      if list[#list] ~= number then list[#list + 1] = number end
    end
  end
  return setmetatable({ by_word = by_word }, Index)
end

---The rules that a message may be of.
---@param message intent_webhook.Said
---@return integer[] numbers, sorted, each once
function Index:candidates(message)
  local found, seen
  for _, word in ipairs(message.words) do
    local list = self.by_word[word]
    for index = 1, list and #list or 0 do
      found, seen = found or {}, seen or {}
      if not seen[list[index]] then
        seen[list[index]] = true
        found[#found + 1] = list[index]
      end
    end
  end
  if not found then return EMPTY end
  table.sort(found)
  return found
end

return keywords
