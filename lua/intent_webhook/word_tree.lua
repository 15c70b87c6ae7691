--- word_tree: phrases by their words, so that the longest one that stands at a place in a text is found in one walk.
--
-- A tree is plain nested tables: a word leads to the next one, and 1 holds the value of the phrase that ends there.
-- What stands between two words of a phrase is white space or a hyphen, so a phrase never goes on behind a comma.

local said = require "intent_webhook.said"

local word_tree = {}

local VALUE = 1
local SPACE = 32
-- Spaces and hyphens beyond ASCII: no-break, thin, narrow, ideographic; hyphen, no-break hyphen.
local WIDE = { "\194\160", "\226\128\137", "\226\128\175", "\227\128\128", "\226\128\144", "\226\128\145" }

---Whether a text is white space and hyphens, at least one.
---@param between string
---@return boolean
function word_tree.is_blank(between)
  if between:find("^[ \t\r\n\v\f%-]+$") then return true end
  if not between:find("[\194\226\227]") then return false end
  for _, wide in ipairs(WIDE) do between = between:gsub(wide, " ") end
  return between:find("^[ \t\r\n\v\f%-]+$") ~= nil
end

---What stands between a word and the next one.
---@param text intent_webhook.Said
---@param index integer of the first of the two; there is a word behind it
---@return string
function word_tree.between(text, index)
  return text.text:sub(text.lasts[index] + 1, text.firsts[index + 1] - 1)
end

---Whether only white space or a hyphen stands between a word and the next one; false when one of them is missing.
---@param text intent_webhook.Said
---@param index integer
---@return boolean
function word_tree.spaced(text, index)
  local last, first = text.lasts[index], text.firsts[index + 1]
  if not last or not first then return false end
  if first - last == 2 and text.text:byte(last + 1) == SPACE then return true end
  return word_tree.is_blank(text.text:sub(last + 1, first - 1))
end

---Adds a phrase; what is there already stays.
---@param tree table
---@param words string[]
---@param value any not nil
---@param backward? boolean to be found from its last word
function word_tree.add(tree, words, value, backward)
  if #words == 0 then return end
  local node = tree
  for index = 1, #words do
    local word = words[backward and #words + 1 - index or index]
    local following = node[word]
    if not following then
      following = {}
      node[word] = following
    end
    node = following
  end
  if node[VALUE] == nil then node[VALUE] = value end
end

---A tree of phrases as people write them, each with the value true.
---@param phrases any a list of strings; what is none is left out
---@param backward? boolean
---@param words_of? fun(phrase: string): string[] default: folded words
---@param tree? table the one to add them to
---@return table
function word_tree.new(phrases, backward, words_of, tree)
  tree = tree or {}
  if type(phrases) ~= "table" then return tree end
  for _, phrase in ipairs(phrases) do
    if type(phrase) == "string" then
      word_tree.add(tree, words_of and words_of(phrase) or said.new(phrase).words, true, backward)
    end
  end
  return tree
end

---The longest phrase that begins with a word.
---@param tree table
---@param text intent_webhook.Said
---@param words string[] the text's words as they are compared
---@param index integer
---@param joined? fun(text: intent_webhook.Said, index: integer): boolean whether a phrase goes on; default: spaced
---@return any|nil value
---@return integer|nil last the number of its last word
function word_tree.at(tree, text, words, index, joined)
  joined = joined or word_tree.spaced
  local node, value, last = tree[words[index]], nil, nil
  while node do
    if node[VALUE] ~= nil then value, last = node[VALUE], index end
    if not next(node) or not joined(text, index) then break end
    index = index + 1
    node = node[words[index]]
  end
  return value, last
end

---The longest phrase that ends with a word, of a tree of backward phrases.
---@param tree table
---@param text intent_webhook.Said
---@param words string[]
---@param index integer
---@return any|nil value
---@return integer|nil first the number of its first word
function word_tree.before(tree, text, words, index)
  local node, value, first = tree[words[index]], nil, nil
  while node do
    if node[VALUE] ~= nil then value, first = node[VALUE], index end
    if index == 1 or not word_tree.spaced(text, index - 1) then break end
    index = index - 1
    node = node[words[index]]
  end
  return value, first
end

return word_tree
