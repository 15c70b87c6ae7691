--- phrase_tree: finds phrases of words, written as templates (phrase_template.lua), in the words of a message.
--
-- Templates become one tree, whose branches are words and classes, so that all of them are compared at once, and where
-- no template begins with a word, nothing is done at all. The longest wins, among equals the one that is listed first.

local digits = require "intent_webhook.types.digits"
local template = require "intent_webhook.types.phrase_template"

local phrase_tree = {}

-- Building ---------------------------------------------------------------------------------------------------------

local function new_node()
  return { words = {}, classes = {}, accepts = {} }
end

local function class_branch(node, class)
  for _, branch in ipairs(node.classes) do
    if branch.class == class then return branch.node end
  end
  local branch = { class = class, node = new_node() }
  node.classes[#node.classes + 1] = branch
  return branch.node
end

local function count_aside(sequence, from, step)
  local count = 0
  while sequence[from] and sequence[from].aside do
    count, from = count + 1, from + step
  end
  return count
end

local function add_sequence(tree, sequence, entry)
  local node = tree.root
  for _, token in ipairs(sequence) do
    if token.class then
      node = class_branch(node, tree.classes[token.class])
    else
      node.words[token.word] = node.words[token.word] or new_node()
      node = node.words[token.word]
    end
  end
  tree.count = tree.count + 1
  node.accepts[#node.accepts + 1] = {
    entry = entry, order = tree.count, length = #sequence,
    lead = count_aside(sequence, 1, 1), tail = count_aside(sequence, #sequence, -1),
  }
end

local function unknown_class(tree, sequences)
  for _, sequence in ipairs(sequences) do
    for _, token in ipairs(sequence) do
      if token.class and not tree.classes[token.class] then return token.class end
    end
  end
end

---@class intent_webhook.PhraseTree
---@field name string
---@field root table
---@field classes table<string, intent_webhook.PhraseClass>
---@field starts table<string, boolean|table<string, boolean>> the words that phrases begin with, digits left out; and
---  the words that may follow each, true: any
---@field digits boolean|table<string, boolean> the same for words of digits; more digits may always follow
---@field count integer
local PhraseTree = { __name = "intent_webhook.PhraseTree" }
PhraseTree.__index = PhraseTree

---What {name} in a template reads.
---@class intent_webhook.PhraseClass
---@field name string
---@field read fun(said: intent_webhook.Said, index: integer, asked: boolean): table|nil, integer|nil what it is, and
---  the first word behind it
---@field starts table<string, boolean> the words that it can begin with; a class may begin with digits besides
---@field inner? table<string, boolean> the words that it can go on with
---@field digits? boolean whether a word of digits can be all of it

---@param name string what it is a tree of
---@param classes table<string, intent_webhook.PhraseClass>
---@return intent_webhook.PhraseTree
function phrase_tree.new(name, classes)
  return setmetatable({ name = name, root = new_node(), classes = classes, starts = {}, count = 0 }, PhraseTree)
end

---Adds an entry of a language's table: entry[1] is its template.
---@param entry table
---@return string|nil message what is wrong with it; it is left out then
function PhraseTree:add(entry)
  if type(entry) ~= "table" or type(entry[1]) ~= "string" then
    return 'must be a table with a template, like { "tomorrow", days = 1 }'
  end
  local sequences, message = template.expand(entry[1])
  if not sequences then return message end
  local unknown = unknown_class(self, sequences)
  if unknown then return ("names {%s}, which is not known here"):format(unknown) end
  for _, sequence in ipairs(sequences) do add_sequence(self, sequence, entry) end
end

-- First words ------------------------------------------------------------------------------------------------------

local function add_words(set, words)
  for word in next, words or {} do set[word] = true end
end

-- Whether what ends at a node can be found without a question before it or a neighbour.
local function is_end(node)
  for _, accept in ipairs(node.accepts) do
    if not accept.entry.asked and not accept.entry.joined then return true end
  end
  return false
end

-- Adds what may follow a word that leads to a node; nil: anything, since a phrase ends there.
local function add_followers(followers, node)
  if not followers or is_end(node) then return nil end
  add_words(followers, node.words)
  for _, branch in ipairs(node.classes) do add_words(followers, branch.class.starts) end
  return followers
end

---Makes the tree ready, after the last entry: most words that phrases begin with are frequent ("on", "the"), so the
---word behind such a word is looked at before anything else is done.
function PhraseTree:finish()
  local root, starts = self.root, {}
  add_words(starts, root.words)
  for _, branch in ipairs(root.classes) do add_words(starts, branch.class.starts) end
  for word in next, starts do
    local followers = {}
    if root.words[word] then followers = add_followers(followers, root.words[word]) end
    for _, branch in ipairs(root.classes) do
      if branch.class.starts[word] then
        followers = add_followers(followers, branch.node)
        if followers then add_words(followers, branch.class.inner) end
      end
    end
    self.starts[word] = not digits.is(word) and followers or true
  end
  local followers = {}
  for _, branch in ipairs(root.classes) do
    if branch.class.digits then
      followers = add_followers(followers, branch.node)
      if followers then add_words(followers, branch.class.inner) end
    end
  end
  self.digits = followers or true
end

---Whether a phrase may begin with a word, as far as that and the next word tell.
---@param text intent_webhook.Said
---@param index integer of a word that there is
---@param lenient boolean|nil whether phrases are meant that are only for those who were asked, or beside others
---@return boolean
function PhraseTree:may_begin(text, index, lenient)
  local words = text.words
  local followers = self.starts[words[index]]
  if followers == true or (followers and lenient) then return true end
  local behind = words[index + 1]
  if not followers then
    if not digits.is(words[index]) then return false end
    followers = self.digits
    if followers == true or lenient then return true end
  end
  return behind ~= nil and (followers[behind] or digits.is(behind)) or false
end

-- Finding ----------------------------------------------------------------------------------------------------------

---Whether two words that follow each other may be of one phrase: what separates them is little, and ends no sentence.
---@param text intent_webhook.Said
---@param index integer of the second
---@return boolean
function phrase_tree.joined(text, index)
  local from, to = text.lasts[index - 1] + 1, text.firsts[index] - 1
  local first = text.text:byte(from)
  if to <= from then
    if to < from or first == 32 or first == 45 or first == 47 or first == 44 then return true end -- space - / ,
    return first == 46 and (to - text.firsts[index - 1] <= 4 or text.words[index - 1]:find("^%d") ~= nil) -- "Sat.28"
  end
  if to - from > 5 then return false end
  local gap = text.text:sub(from, to):gsub("\194\160", " "):gsub("\226\128\175", " ")
  if gap:gsub("\226\128\153", "'"):find("^[ \t]*[,-]?[ \t]*'?$") then return true end -- "March '26"
  return gap:find("^%.[,]?[ \t]+$") ~= nil
    and (text.lasts[index - 1] - text.firsts[index - 1] < 4 or text.words[index - 1]:find("^%d") ~= nil)
end

local joined = phrase_tree.joined

local function keep(state, accept, depth, index)
  local fields, order = {}, {}
  for place = 1, depth - 1 do
    local name = state.names[place]
    if name then
      fields[name] = state.values[place]
      order[#order + 1] = { name, state.values[place] }
    end
  end
  local match = {
    entry = accept.entry, accept = accept, fields = fields, order = order, from = state.at[1], to = index - 1,
    first = state.at[accept.lead + 1], last = state.at[depth - accept.tail] - 1,
  }
  if state.fits(match, state) then state.best, state.best_order = match, accept.order end
end

local function walk(state, node, depth, index)
  state.at[depth] = index
  for _, accept in ipairs(node.accepts) do
    local best = state.best
    if not best or index - 1 > best.to or (index - 1 == best.to and accept.order < state.best_order) then
      keep(state, accept, depth, index)
    end
  end
  local text = state.said
  local word = text.words[index]
  if not word or (depth > 1 and not joined(text, index)) then return end
  local child = node.words[word]
  if child then
    state.names[depth] = false
    walk(state, child, depth + 1, index + 1)
  end
  for _, branch in ipairs(node.classes) do
    local value, behind = branch.class.read(text, index, state.asked)
    if value then
      state.names[depth], state.values[depth] = branch.class.name, value
      walk(state, branch.node, depth + 1, behind)
    end
  end
end

---A phrase that was found. Words are counted.
---@class intent_webhook.PhraseMatch
---@field entry table of the language's table
---@field fields table<string, table> what the classes read, by class
---@field order { [1]: string, [2]: table }[] the same in the order of the words
---@field from integer the first word, aside or not
---@field to integer
---@field first integer the first word of what is found
---@field last integer

---The longest phrase that begins with a word.
---@param text intent_webhook.Said
---@param index integer of the word
---@param fits fun(match: intent_webhook.PhraseMatch, state: table): boolean|nil whether it is meant; shorter ones are
---  asked too
---@param asked boolean handed to fits as state.asked
---@return intent_webhook.PhraseMatch|nil
function PhraseTree:match(text, index, fits, asked)
  local state = { said = text, fits = fits, asked = asked, at = {}, names = {}, values = {} }
  walk(state, self.root, 1, index)
  return state.best
end

return phrase_tree
