--- dialogue: what a person says about the conversation itself, cancel, help, repeat, skip, "no, Friday", "change the
-- date to Friday", and what is said to the person, both from the `dialogue` section of a language's table.
--
-- Commands are whole messages, apart from polite words around them. Corrections are the first words of one, and name
-- slots by their labels.

local said = require "intent_webhook.said"

local dialogue = {}

---@class intent_webhook.Dialogue
---@field commands table<string, string> "cancel", "help", "repeat", "skip" or "nothing", by folded message
---@field polite table<string, boolean>
---@field corrections string[][] the words of each, longest first
---@field changes string[][] verbs
---@field articles table<string, boolean>
---@field links string[][] what stands between a label and its value
---@field says table<string, string>
---@field reasons table<string, string>
local Dialogue = { __name = "intent_webhook.Dialogue" }
Dialogue.__index = Dialogue

local COMMANDS = { "cancel", "help", "repeat", "skip", "nothing" }

local function set_of(list)
  local set = {}
  for _, words in ipairs(list or {}) do set[said.fold(words)] = true end
  return set
end

-- Phrases as lists of words, the longest first, so that "no wait" goes before "no".
local function phrases_of(list)
  local phrases = {}
  for _, text in ipairs(list or {}) do
    local words = {}
    for word in said.fold(text):gmatch("%S+") do words[#words + 1] = word end
    if words[1] then phrases[#phrases + 1] = words end
  end
  table.sort(phrases, function(one, other)
    if #one ~= #other then return #one > #other end
    return table.concat(one, " ") < table.concat(other, " ")
  end)
  return phrases
end

---@param language table
---@return intent_webhook.Dialogue
function dialogue.new(language)
  local section = language.dialogue or {}
  local commands = {}
  for _, name in ipairs(COMMANDS) do
    for words in pairs(set_of(section[name])) do commands[words] = commands[words] or name end
  end
  return setmetatable({
    commands = commands, polite = set_of(section.polite), corrections = phrases_of(section.correction),
    changes = phrases_of(section.change), articles = set_of(section.articles), links = phrases_of(section.links),
    says = section.says or {}, reasons = section.reasons or {},
  }, Dialogue)
end

-- What the person says ------------------------------------------------------------------------------------------------

---The command that a whole message is.
---@param message intent_webhook.Said
---@return string|nil # "cancel", "help", "repeat", "skip", "nothing"
function Dialogue:command(message)
  local words = message.words
  if #words > 8 then return nil end -- no command is that long
  local command = self.commands[table.concat(words, " ")]
  if command then return command end
  local first, last = 1, #words
  while first <= last and self.polite[words[first]] do first = first + 1 end
  while first <= last and self.polite[words[last]] do last = last - 1 end
  if last < first or last - first + 1 == #words then return nil end
  return self.commands[table.concat(words, " ", first, last)]
end

local function stands_at(words, message, at)
  for index = 1, #words do
    if message.words[at + index - 1] ~= words[index] then return false end
  end
  return true
end

-- The number of the word behind one of the phrases that stands at the word `at`; nil when none does.
local function behind(phrases, message, at)
  for _, words in ipairs(phrases) do
    if stands_at(words, message, at) then return at + #words end
  end
end

---The number of the word at which the rest of a correction begins: "no, make it Friday".
---@param message intent_webhook.Said
---@return integer|nil # nil: it does not begin like one, or has no rest
function Dialogue:correction(message)
  local at = behind(self.corrections, message, 1)
  local after = at
  while after do
    at = after
    after = behind(self.corrections, message, at)
  end
  return at and message.words[at] and at or nil
end

---A slot that a message names, and where its value begins.
---@class intent_webhook.Naming
---@field slot intent_webhook.CheckedSlot
---@field first integer the first word of the naming, with the verb
---@field value integer the word at which its value begins: perhaps one behind the last
---@field certain boolean whether it says that a value follows, or that the slot shall change
---@field changes boolean whether it says that the slot shall change

-- The slot whose name stands at a word, and the word behind it. The longest name wins.
local function named_at(slots, message, at)
  local best, best_behind = nil, at
  for _, one in ipairs(slots) do
    for _, called in ipairs(one.called_words) do
      if at + #called > best_behind and stands_at(called, message, at) then best, best_behind = one, at + #called end
    end
  end
  return best, best_behind
end

---The slots that a message names: "change the date to Friday", "the phone is 0901234567", "name: John".
---@param message intent_webhook.Said
---@param slots intent_webhook.CheckedSlot[]
---@return intent_webhook.Naming[] # in the order of the message
function Dialogue:namings(message, slots)
  local namings = {}
  local words, at = message.words, 1
  while at <= #words do
    local verb = behind(self.changes, message, at)
    local place = verb or at
    if verb then
      while self.articles[words[place]] do place = place + 1 end
    end
    local slot, value = named_at(slots, message, place)
    if slot then
      local link = behind(self.links, message, value)
      local colon = message.text:find("^%s*[:=]", message.lasts[value - 1] + 1) ~= nil
      namings[#namings + 1] = { slot = slot, first = at, value = link or value,
        certain = (verb or link) ~= nil or colon, changes = verb ~= nil }
      at = link or value
    else
      at = at + 1
    end
  end
  return namings
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

---Why a value was refused, for the person.
---@param reason string
---@param values table<string, any>
---@return string|nil
function Dialogue:reason(reason, values)
  local text = self.reasons[reason] or self.reasons.other
  return text and fill(text, values)
end

return dialogue
