--- rule: one way to recognise an intent in a message.
--
-- Sentences are compiled together and matched by the core (see grammar.lua): rule.sentence is true. Keywords are looked
-- for together as well (see keywords.lua): rule.keywords is true. All other rules have one narrow interface, so that
-- another kind can be added, or one replaced, without anybody noticing:
--
--     rule:match(message, context) -> slots, score      the message is of the intent
--     rule:match(message, context) -> nil               it is not
--     rule.yields                                       set of the slots that it can give; nil when nobody can tell
--
-- `message` is text, `slots` a table of values by slot name, `score` a number from 0 to 1 that says how much of the
-- message the rule accounts for; the intent whose rule scores highest fires. A rule keeps nothing from one message to
-- the next. `match` may raise, since it may be, or run, what a user wrote; whoever calls it uses protected.lua.

local check = require "intent_webhook.check"
local keywords = require "intent_webhook.keywords"
local options = require "intent_webhook.options"
local pattern = require "intent_webhook.pattern"
local sentence = require "intent_webhook.sentence"

local rule = {}

---@class intent_webhook.Rule
---@field sentence? true
---@field keywords? true
---@field match? fun(self: table, message: string, context: intent_webhook.RuleContext): table|nil, number|nil
---@field yields? table<string, boolean>

---What a rule function is told besides the message.
---@class intent_webhook.RuleContext
---@field intent string the name of the intent that the rule belongs to
---@field session string|nil the session of the message

---Returns the slots that it found, perhaps none: {}, or nil when the message is not of the intent. A second result from
---0 to 1 is the score, 1 when there is none.
---@alias intent_webhook.RuleFunction fun(message: string, context: intent_webhook.RuleContext): table|nil, number|nil

---@class intent_webhook.FunctionRule: intent_webhook.Rule
---@field run intent_webhook.RuleFunction
local FunctionRule = { __name = "intent_webhook.FunctionRule" }
FunctionRule.__index = FunctionRule

local function place_of(run)
  local info = debug.getinfo(run, "S")
  return ("%s:%d"):format(info.short_src, info.linedefined)
end

function FunctionRule:match(message, context)
  local slots, score = self.run(message, context)
  if slots == nil or slots == false then return nil end
  if type(slots) ~= "table" then
    local problem = "%s: the rule returned %s: return a table of slots, or nil"
    error(problem:format(place_of(self.run), check.kind(slots)), 0)
  end
  if score == nil then score = 1 end
  if type(score) ~= "number" or not (score >= 0 and score <= 1) then
    local problem = "%s: the rule returned the score %s: return a number from 0 to 1, or none"
    error(problem:format(place_of(self.run), tostring(score)), 0)
  end
  return slots, score
end

-- What is wrong with a table as a whole; nil when it is for its kind to judge.
local function table_mistake(definition)
  if type(rawget(definition, 1)) == "string" then
    local names = false
    for key in next, definition do names = names or type(key) ~= "number" end
    if not names then return "is a list: write each sentence as a rule of its own, or { sentences = { ... } }" end
  end
  local kinds = 0
  for _, name in ipairs { "sentences", "pattern", "keywords" } do
    if definition[name] ~= nil then kinds = kinds + 1 end
  end
  if kinds > 1 then return "a rule has sentences, a pattern or keywords, not several of them: make it several rules" end
end

---Makes a rule of what a user wrote for it; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition any
---@param slots table<string, boolean> the names of the intent's slots
---@return intent_webhook.Rule|nil
function rule.new(mistakes, path, definition, slots)
  if type(definition) == "string" then return sentence.of_template(mistakes, path, definition) end
  if type(definition) == "function" then return setmetatable({ run = definition }, FunctionRule) end
  if type(definition) == "table" then
    local mistake = table_mistake(definition)
    if mistake then
      mistakes:add(path, mistake)
      return nil
    end
    if definition.keywords ~= nil then return keywords.new(mistakes, path, definition) end
    if definition.pattern == nil then return sentence.new(mistakes, path, definition, slots) end
    local before = #mistakes.list
    local accepted = check.options(mistakes, path, definition, options.pattern_rule)
    return #mistakes.list == before and pattern.new(mistakes, path, accepted, slots) or nil
  end
  local words = "must be a sentence, a table with sentences, a pattern or keywords, or a function, got "
  mistakes:add(path, words .. check.kind(definition))
  return nil
end

return rule
