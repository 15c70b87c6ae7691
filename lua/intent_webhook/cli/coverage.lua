--- coverage: which rules, slots and actions of a file of intents its cases reach.
--
-- A sentence, a pattern, keywords or a function is reached when a message was recognised by it; a slot when it got a
-- value, and once more, where a conversation asks for it, when it was asked for; an action when it ran, and, where it
-- has a `when`, when that held it back.

local check = require "intent_webhook.check"

local coverage = {}

---Something that cases can reach.
---@class intent_webhook.CoverageItem
---@field path string in the file of intents
---@field intent string
---@field what string what no case does, as a sentence
---@field reached boolean

---@class intent_webhook.Coverage
---@field items intent_webhook.CoverageItem[] in the order of the file
---@field by_key table<string, intent_webhook.CoverageItem>
---@field client intent_webhook.Client
---@field match intent_webhook.Match|nil that of the message before
local Coverage = { __name = "intent_webhook.Coverage" }
Coverage.__index = Coverage

local function add(self, key, path, intent, what)
  if self.by_key[key] then return end -- a sentence that is written twice
  local item = { path = path, intent = intent, what = what, reached = false }
  self.items[#self.items + 1] = item
  self.by_key[key] = item
end

local function key_of(...)
  return table.concat({ ... }, "\n")
end

local function add_rule(self, checked, number, rule)
  local path = ("%s.rules[%d]"):format(checked.where, number)
  if rule.sentence then
    for index, template in ipairs(rule.templates) do
      add(self, key_of("rule", checked.name, number, template), rule.paths[index], checked.name,
        ('no message is recognised by "%s"'):format(template))
    end
    return
  end
  local kind = rule.pattern and "the pattern" or rule.keywords and "the keywords" or "the function"
  add(self, key_of("rule", checked.name, number, ""), path, checked.name, "no message is recognised by " .. kind)
end

local function add_slot(self, checked, slot)
  add(self, key_of("filled", checked.name, slot.name), slot.path, checked.name,
    ("the slot %s never gets a value"):format(slot.name))
  if slot.prompts or (slot.required and slot.default == nil) then
    add(self, key_of("asked", checked.name, slot.name), slot.path, checked.name,
      ("the slot %s is never asked for"):format(slot.name))
  end
end

local function add_action(self, checked, number, one)
  local path = ("%s.actions[%d]"):format(checked.where, number)
  add(self, key_of("ran", checked.name, number), path, checked.name, "the action never runs")
  if one.when then
    add(self, key_of("held", checked.name, number), check.within(path, "when"), checked.name,
      "the action is never held back")
  end
end

---@param client intent_webhook.Client
---@return intent_webhook.Coverage
function coverage.new(client)
  local self = setmetatable({ items = {}, by_key = {}, client = client }, Coverage)
  for _, checked in ipairs(client.list) do
    for number, rule in ipairs(checked.rules) do add_rule(self, checked, number, rule) end
    for _, slot in ipairs(checked.fields) do add_slot(self, checked, slot) end
    for number, one in ipairs(checked.actions) do add_action(self, checked, number, one) end
  end
  return self
end

---Watches which rule recognises a message. A turn says which rule it was, but not which of its sentences.
---@param client intent_webhook.Client of the same file
function Coverage:watch(client)
  local recognition = client.conversation.recognition
  client.conversation.recognition = {
    match = function(_, ...)
      local match, errors, checked = recognition:match(...)
      self.match = match
      return match, errors, checked
    end,
  }
end

local function reach(self, ...)
  local item = self.by_key[key_of(...)]
  if item then item.reached = true end
end

-- Whether a slot has its default only.
local function is_default(checked, name, slots, turn)
  local slot = checked.by_name[name]
  if not slot or slot.default == nil or slots[name] ~= slot.default then return false end
  for _, filled in ipairs(turn.filled or {}) do
    if filled == name then return false end
  end
  return true
end

local function reach_slots(self, intent, slots, turn)
  local checked = self.client.intents[intent]
  for name in next, slots do
    if not is_default(checked, name, slots, turn) then reach(self, "filled", intent, name) end
  end
end

---Notes what a step has reached.
---@param session table what came of it
---@param turn intent_webhook.Turn
function Coverage:step(session, turn)
  local match = self.match
  self.match = nil
  if match and turn.rule == match.rule then
    reach(self, "rule", match.intent, match.rule, match.template or "")
  end
  for _, form in ipairs(session.forms) do
    reach_slots(self, form.intent, form.slots, turn)
    if form.asked then reach(self, "asked", form.intent, form.asked) end
  end
  for _, event in ipairs(turn.events) do reach_slots(self, event.intent, event.slots, turn) end
end

---Notes what an event has reached.
---@param checked intent_webhook.CheckedIntent
---@param skipped table<integer, true> the numbers of the actions that did not run
function Coverage:fired(checked, skipped)
  for number in ipairs(checked.actions) do
    reach(self, skipped[number] and "held" or "ran", checked.name, number)
  end
end

---How much was reached, in percent, and what was not.
---@return number percent
---@return integer reached
---@return intent_webhook.CoverageItem[] unreached
function Coverage:result()
  local unreached = {}
  for _, item in ipairs(self.items) do
    if not item.reached then unreached[#unreached + 1] = item end
  end
  local total, reached = #self.items, #self.items - #unreached
  return total == 0 and 100 or math.floor(reached / total * 1000) / 10, reached, unreached
end

return coverage
