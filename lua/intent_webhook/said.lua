--- said: a text with its words, as slot types look at it.
--
-- Words are folded as sentences are compared: lower case, without accents, digits as ASCII. A word is a run of letters
-- with apostrophes inside, or a run of digits, so "7pm" is two words; all else separates words.

local core = require "intent_webhook.core"

local said = {}

---@class intent_webhook.Said
---@field text string
---@field words string[] folded
---@field firsts integer[] the first byte of each word in the text
---@field lasts integer[] the last byte of each
local Said = { __name = "intent_webhook.Said" }
Said.__index = Said

---@param text string
---@return intent_webhook.Said
function said.new(text)
  local words, firsts, lasts = core.words(text)
  return setmetatable({ text = text, words = words, firsts = firsts, lasts = lasts }, Said)
end

---The number of the first word that begins at a byte or behind it.
---@param at integer
---@return integer # one more than there are words when there is none
function Said:index(at)
  local firsts = self.firsts
  local count = #firsts
  if at <= 1 then return 1 end
  for index = 1, count do
    if firsts[index] >= at then return index end
  end
  return count + 1
end

---A text's words, joined by spaces: what tables of words have as keys.
---@param text string
---@return string
function said.fold(text)
  return table.concat((core.words(text)), " ")
end

return said
