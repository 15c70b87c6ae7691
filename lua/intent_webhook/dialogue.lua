--- dialogue: what a person says about the conversation itself, cancel, help, repeat, skip, "no, Friday", "change the
-- date to Friday", and what is said to the person, both from the `dialogue` section of a language's table.
--
-- Commands are whole messages, apart from polite words around them. Corrections are what stands behind a cue: one at
-- the beginning, behind polite words ("no", "hm, make it"), or further on, where it is one that is a cue anywhere ("i
-- mean") or stands for itself ("4. No, 5"). Slots are named by their labels.

local said = require "intent_webhook.said"
local word_tree = require "intent_webhook.word_tree"

local dialogue = {}

---@class intent_webhook.Dialogue
---@field commands table<string, string> "cancel", "help", "repeat", "skip" or "nothing", by folded message
---@field polite table word trees: what stands around commands, and before corrections
---@field polite_behind table the same, by the last words
---@field cues table of corrections; strong ones are cues anywhere
---@field changes table verbs
---@field removes table verbs
---@field articles table<string, boolean>
---@field prepositions table<string, boolean> what stands between a label and its value without saying that one follows
---@field purposes table<string, boolean> what stands between a value and a label behind it
---@field links table what stands between a label and its value
---@field wrong table what stands beside a label whose value is wrong
---@field labels table<table, table> of slots, by their list
---@field negations table<string, boolean> words before what is not meant: "not Friday"
---@field without table<string, boolean> the same before one of several values: "no mushrooms"
---@field says table<string, string>
---@field reasons table<string, string>
local Dialogue = { __name = "intent_webhook.Dialogue" }
Dialogue.__index = Dialogue

-- Of two lists with the same phrase the first counts.
local COMMANDS = { "cancel", "help", "repeat", "nothing", "skip", "assent" }
local NOT_CORRECTED = { help = true, ["repeat"] = true, assent = true }
local MOST_COMMAND = 12 -- words of a message that may be a command, polite ones included

local function set_of(list)
  local set = {}
  for _, words in ipairs(list or {}) do set[said.fold(words)] = true end
  return set
end

local function tree_of(list, value, tree)
  tree = tree or {}
  for _, text in ipairs(list or {}) do word_tree.add(tree, said.new(text).words, value) end
  return tree
end

---@param language table
---@return intent_webhook.Dialogue
function dialogue.new(language)
  local section = language.dialogue or {}
  local commands = {}
  for _, name in ipairs(COMMANDS) do
    for words in pairs(set_of(section[name])) do commands[words] = commands[words] or name end
  end
  local cues = tree_of(section.correction, "weak", tree_of(section.revision, "strong"))
  return setmetatable({
    commands = commands, cues = cues, polite = tree_of(section.polite, true),
    polite_behind = word_tree.new(section.polite, true), changes = tree_of(section.change, true),
    removes = tree_of(section.remove, true), wrong = tree_of(section.wrong, true), links = tree_of(section.links, true),
    articles = set_of(section.articles), prepositions = set_of(section.prepositions),
    purposes = set_of(section.purposes), negations = set_of(section.negations), without = set_of(section.without),
    labels = setmetatable({}, { __mode = "k" }), says = section.says or {}, reasons = section.reasons or {},
  }, Dialogue)
end

-- What the person says ------------------------------------------------------------------------------------------------

-- Commas do not count within the words of a dialogue: "no, wait".
local function anything_between() return true end

-- The number of the word behind the longest phrase that stands at the word `at`, and its value; nil when none does.
local function behind(tree, message, at)
  local value, last = word_tree.at(tree, message, message.words, at, anything_between)
  if last then return last + 1, value end
end

-- The number of the word before the longest phrase that ends with the word `at`; nil when none does.
local function before(tree, message, at)
  local _, first = word_tree.before(tree, message, message.words, at)
  return first and first - 1
end

-- The command that the words from one number to another are, without polite words at their end.
function Dialogue:command_in(words, message, first, last)
  while last and first <= last do
    local command = self.commands[table.concat(words, " ", first, last)]
    if command then return command end
    last = before(self.polite_behind, message, last)
  end
end

---The command that a whole message is, but for polite words around it. What begins like a correction is no question:
---"no, stop" is a command, and "no help" is none.
---@param message intent_webhook.Said
---@return string|nil # "cancel", "help", "repeat", "skip", "nothing", "assent": there is something, but not what
function Dialogue:command(message)
  local words, first, corrects = message.words, 1, false
  if #words > MOST_COMMAND then return nil end
  while first and first <= #words do
    local command = self:command_in(words, message, first, #words)
    if command and not (corrects and NOT_CORRECTED[command]) then return command end
    local polite = behind(self.polite, message, first)
    local cue = behind(self.cues, message, first)
    corrects = corrects or not polite and cue ~= nil
    first = polite or cue
  end
end

---Where a message corrects something.
---@class intent_webhook.Cue
---@field first integer the first word of the cue
---@field value integer the word at which what is right begins
---@field early boolean whether nothing stands before it but polite words
---@field certain boolean whether it is more than a "no" that may belong to what follows, as in "no nuts"
---@field strong boolean whether it is more than a "no" that may be an answer

-- What may stand before or behind a weak cue, so that it stands for itself.
local function is_break(text)
  return text:find("[,;:.!?\n]") or text:find(" - ", 1, true) or text:find("\226\128[\147\148\166]") or false
end

-- The text between the words `at - 1` and `at`.
local function between(message, at)
  return message.text:sub((message.lasts[at - 1] or 0) + 1, (message.firsts[at] or #message.text + 1) - 1)
end

-- The word behind one cue or several that stand at a word, and whether they are certain; nil when none does.
local function behind_cues(self, message, at)
  local after, kind = behind(self.cues, message, at)
  local certain = kind == "strong"
  while after do
    at = after
    after, kind = behind(self.cues, message, at)
    certain = certain or kind == "strong"
  end
  return at, certain
end

-- The word behind polite words that stand at a word.
local function behind_polite(self, message, at)
  while true do
    local after = not behind(self.cues, message, at) and behind(self.polite, message, at)
    if not after then return at end
    at = after
  end
end

---The last cue of a message that has something behind it, "no, make it Friday", "4, no wait, 5", or one at its end,
---"Friday instead".
---@param message intent_webhook.Said
---@return intent_webhook.Cue|nil
function Dialogue:cue(message)
  local found
  local words, early = message.words, behind_polite(self, message, 1)
  local at = early
  while at <= #words do
    local after, certain = behind_cues(self, message, at)
    if after > at then
      local stands_alone = is_break(between(message, after)) and true or false
      if words[after] and (at == early or certain or stands_alone and is_break(between(message, at))) then
        found = { first = at, value = after, early = at == early, certain = certain or stands_alone, strong = certain }
      elseif not words[after] and certain and at > early and not found then
        found = { first = early, value = early, early = true, certain = true, strong = true }
      end
      if at == early then
        after = behind_polite(self, message, after)
        early = after
      end
    end
    at = math.max(after, at + 1)
  end
  return found
end

---Whether a message is the words of a correction without anything to correct: "wait", "hold on".
---@param message intent_webhook.Said
---@return boolean
function Dialogue:is_only_cue(message)
  local at = behind_polite(self, message, 1)
  local after = behind_cues(self, message, at)
  return after > at and message.words[behind_polite(self, message, after)] == nil
end

---Whether a message begins with a correction that is more than a "no".
---@param message intent_webhook.Said
---@return boolean
function Dialogue:begins_strong(message)
  local _, kind = behind(self.cues, message, behind_polite(self, message, 1))
  return kind == "strong"
end

---A slot that a message names, and where its value begins.
---@class intent_webhook.Naming
---@field slot intent_webhook.CheckedSlot
---@field first integer the first word of the naming, with the verb
---@field value integer the word at which its value begins: perhaps one behind the last
---@field certain boolean whether it says that a value follows, or that the slot shall change
---@field changes boolean whether it says that the slot shall change
---@field removes boolean whether it says that the slot shall have no value
---@field wrong boolean whether it says that the value is wrong
---@field colon boolean whether a colon stands behind the name
---@field linked boolean whether a word like "to" or "is" does

-- The labels of slots; of two that are called the same, the first has it.
function Dialogue:labels_of(slots)
  local labels = self.labels[slots]
  if not labels then
    labels = {}
    for _, one in ipairs(slots) do
      for _, words in ipairs(one.called_words) do word_tree.add(labels, words, one) end
    end
    self.labels[slots] = labels
  end
  return labels
end

---The slots that a message names: "change the date to Friday", "the phone is 0901234567", "name: John".
---@param message intent_webhook.Said
---@param slots intent_webhook.CheckedSlot[]
---@return intent_webhook.Naming[] # in the order of the message
function Dialogue:namings(message, slots)
  local namings, labels = {}, self:labels_of(slots)
  local words, at = message.words, 1
  while at <= #words do
    local removing = behind(self.removes, message, at)
    local verb = removing or behind(self.changes, message, at)
    local wrong = not verb and behind(self.wrong, message, at) or nil
    local place = verb or wrong or at
    if verb then
      while self.articles[words[place]] do place = place + 1 end
    end
    local value, slot = behind(labels, message, place)
    if value then
      local without = not verb and self.without[words[place - 1]] and not is_break(between(message, place))
      local link = behind(self.links, message, value)
      local colon = message.text:find("^%s*[:=]", message.lasts[value - 1] + 1) ~= nil
      local is_wrong = wrong ~= nil or behind(self.wrong, message, value) ~= nil
      link = not is_wrong and link or nil
      namings[#namings + 1] = { slot = slot, first = at, value = link or value, changes = verb ~= nil, colon = colon,
        linked = link ~= nil, wrong = is_wrong, removes = removing ~= nil or without and not slot.required,
        certain = (verb or link) ~= nil or colon or without and not slot.required }
      at = link or value
    else
      at = at + 1
    end
  end
  return namings
end

local MOST_BETWEEN = 2 -- words between a name and its value: "on the"

-- Whether what stands before a word ends what was said before it; a dash or a bracket does not.
local function is_apart(message, at)
  return between(message, at):find("[,;.!?)\n]") ~= nil
end

---The last word at which a value may begin that stands right behind a name, "arrival on the 2nd".
---@param message intent_webhook.Said
---@param at integer the word behind the name
---@return integer|nil # nil: there is none right behind it
function Dialogue:latest_value(message, at)
  local words, latest = message.words, at
  if is_apart(message, at) then return nil end
  while latest - at < MOST_BETWEEN and (self.prepositions[words[latest]] or self.articles[words[latest]])
    and not is_apart(message, latest + 1) do
    latest = latest + 1
  end
  return words[latest] and latest
end

---The last word of a value that may stand right before a name, "ann@example.org for the bill".
---@param message intent_webhook.Said
---@param at integer the first word of the name
---@return integer # 0: there is no word before it
function Dialogue:before_name(message, at)
  local words, last = message.words, at - 1
  for _ = 1, MOST_BETWEEN do
    local word = words[last]
    if not word or not (self.purposes[word] or self.articles[word]) or is_apart(message, last + 1) then break end
    last = last - 1
  end
  return last
end

---Whether a value of a slot is said not to be meant: "not Friday", and of an enum "no mushrooms".
---@param message intent_webhook.Said
---@param slot intent_webhook.CheckedSlot
---@param first integer the value's first byte
---@return boolean
function Dialogue:denies(message, slot, first)
  local words, at = message.words, message:index(first)
  for _ = 1, MOST_BETWEEN do -- "not on Monday"
    local word = words[at - 1]
    if not word or not (self.prepositions[word] or self.articles[word]) or is_break(between(message, at)) then break end
    at = at - 1
  end
  local word = words[at - 1]
  if not word or not (self.negations[word] or slot.type == "enum" and self.without[word]) then return false end
  return not is_break(between(message, at))
end

-- What is said to the person ------------------------------------------------------------------------------------------

local function fill(text, values)
  return (text:gsub("{([%a_]+)}", function(name)
    local value = values[name]
    return value == nil and "" or tostring(value)
  end))
end

---A sentence for the person.
---@param name string
---@param values table<string, any>
---@return string|nil # nil: the language has none
function Dialogue:say(name, values)
  local text = self.says[name]
  return text and fill(text, values)
end

-- What some reasons of some types are called when they are said.
local TOO_EARLY_OR_LATE = { too_small = "too_early", too_large = "too_late" }
local CLOSER = {
  date = { too_small = "too_early", too_large = "too_late", incomplete = "which_day" },
  time = { too_small = "too_early", too_large = "too_late", ambiguous = "which_half" },
  datetime = TOO_EARLY_OR_LATE,
  integer = { invalid = "not_whole" },
}

---Why a value was refused, for the person.
---@param reason string
---@param values table<string, any>
---@param type string|nil the slot's
---@return string|nil
function Dialogue:reason(reason, values, type)
  local closer = CLOSER[type] and CLOSER[type][reason]
  local text = closer and self.reasons[closer] or self.reasons[reason] or self.reasons.other
  return text and fill(text, values)
end

return dialogue
