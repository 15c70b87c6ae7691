--- sentence: the rule that is a template, or a few that mean the same: "turn on [the] {area} light[s]".
--
-- The templates are those of hassil and Home Assistant; docs/sentences.md describes them. The core compiles all
-- sentences of a client together (see grammar.lua), so this rule has no `match` of its own: here, what a user wrote for
-- it is checked as far as that goes without reading templates, and put in the form that the core wants.

local check = require "intent_webhook.check"
local list = require "intent_webhook.list"
local options = require "intent_webhook.options"
local phrases = require "intent_webhook.phrases"

local sentence = {}

---@class intent_webhook.Sentence: intent_webhook.Rule
---@field sentence true
---@field path string
---@field paths string[] of its templates
---@field templates string[]
---@field lists intent_webhook.CheckedList[] its own
---@field block table for the core
---@field priority integer
---@field response string|nil
---@field metadata any
local Sentence = { __name = "intent_webhook.Sentence" }
Sentence.__index = Sentence

local function check_slot(mistakes, path, name, slots)
  if slots[name] then return true end
  local known = {}
  for other in pairs(slots) do known[#known + 1] = other end
  table.sort(known)
  mistakes:add(path, ('names the slot "%s", which the intent does not have%s'):format(name,
    check.suggestion(name, known)))
  return false
end

local function read_fixed(mistakes, path, fixed, slots)
  local read = {}
  for _, name in ipairs(check.names(mistakes, path, fixed, "give values by slot")) do
    local place = check.within(path, name)
    local known = check_slot(mistakes, place, name, slots)
    if check.scalar(mistakes, place, fixed[name]) and known then read[#read + 1] = { name, fixed[name] } end
  end
  return read
end

-- A list of values; false for any; nil when it is wrong.
local function read_values(mistakes, path, value)
  if value == nil or value == true then return false end
  if type(value) ~= "table" then return check.scalar(mistakes, path, value) and { value } or nil end
  if not check.type(mistakes, path, value, "list", "list values") then return nil end
  if #value == 0 then
    mistakes:add(path, "is empty: list values")
    return nil
  end
  local values = {}
  for index, one in ipairs(value) do
    if check.scalar(mistakes, check.within(path, index), one) then values[#values + 1] = one end
  end
  return #values == #value and values or nil
end

local function is_demand(value)
  return type(value) == "table" and (value.slot ~= nil or value.value ~= nil)
end

local function read_requires(mistakes, path, demands, slots)
  local read = {}
  for _, key in ipairs(check.names(mistakes, path, demands, "give values by key")) do
    local place, value, slot = check.within(path, key), demands[key], false
    local value_place = place
    if is_demand(value) then
      local accepted = check.options(mistakes, place, value, options.context_demand)
      value, value_place = accepted.value, check.within(place, "value")
      slot = accepted.slot == true and key or accepted.slot or false
      if slot and not check_slot(mistakes, check.within(place, "slot"), slot, slots) then slot = false end
    end
    local values = read_values(mistakes, value_place, value)
    if values ~= nil then read[#read + 1] = { key, values, slot } end
  end
  return read
end

local function read_excludes(mistakes, path, demands)
  local read = {}
  for _, key in ipairs(check.names(mistakes, path, demands, "give values by key")) do
    local place, value = check.within(path, key), demands[key]
    if type(value) == "boolean" then
      mistakes:add(place, ("is %s: list the values, like { %s }"):format(tostring(value), tostring(value)))
    else
      local values = read_values(mistakes, place, value)
      if values then read[#read + 1] = { key, values } end
    end
  end
  return read
end

local function list_descriptions(lists)
  local descriptions = {}
  for index, one in ipairs(lists) do descriptions[index] = one.description end
  return descriptions
end

---Makes the rule of a template.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param template string
---@return intent_webhook.Sentence|nil
function sentence.of_template(mistakes, path, template)
  if not check.text(mistakes, path, template, "write what a person would say") then return nil end
  return setmetatable({
    sentence = true, path = path, paths = { path }, templates = { template }, lists = {}, priority = 0,
    block = { templates = { template }, slots = {}, requires = {}, excludes = {}, keywords = {}, phrases = {},
      lists = {}, priority = 0 },
  }, Sentence)
end

---Makes the rule of a table with sentences; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition table
---@param slots table<string, boolean> the names of the intent's slots
---@return intent_webhook.Sentence|nil
function sentence.new(mistakes, path, definition, slots)
  local accepted = check.options(mistakes, path, definition, options.sentence_rule)
  local place = check.within(path, "sentences")
  local templates, paths = {}, {}
  for index, template in ipairs(accepted.sentences or {}) do
    if check.text(mistakes, check.within(place, index), template, "write what a person would say") then
      templates[#templates + 1], paths[#paths + 1] = template, check.within(place, index)
    end
  end
  if accepted.sentences and #accepted.sentences == 0 then
    mistakes:add(place, "is empty: list what a person would say")
  end
  local lists = list.all(mistakes, check.within(path, "lists"), accepted.lists)
  local block = {
    templates = templates,
    slots = read_fixed(mistakes, check.within(path, "slots"), accepted.slots, slots),
    requires = read_requires(mistakes, check.within(path, "requires_context"), accepted.requires_context, slots),
    excludes = read_excludes(mistakes, check.within(path, "excludes_context"), accepted.excludes_context),
    keywords = check.strings(mistakes, check.within(path, "required_keywords"), accepted.required_keywords,
      "write a word"),
    phrases = phrases.all(mistakes, check.within(path, "phrases"), accepted.phrases),
    lists = list_descriptions(lists),
    priority = accepted.priority,
  }
  if #templates == 0 then return nil end
  return setmetatable({
    sentence = true, path = path, paths = paths, templates = templates, lists = lists,
    block = block, priority = accepted.priority, response = accepted.response, metadata = accepted.metadata,
  }, Sentence)
end

return sentence
