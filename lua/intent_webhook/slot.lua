--- slot: a named, typed piece of information that an intent needs: from what a user wrote to what a conversation uses.

local check = require "intent_webhook.check"
local copy = require "intent_webhook.copy"
local options = require "intent_webhook.options"
local protected = require "intent_webhook.protected"
local said = require "intent_webhook.said"
local secrets = require "intent_webhook.secrets"
local template = require "intent_webhook.template"
local types = require "intent_webhook.types"

local slot = {}

---A checked slot.
---@class intent_webhook.CheckedSlot
---@field name string
---@field path string
---@field required boolean
---@field sensitive boolean
---@field label string what people call it
---@field called_words string[][] the words of what it is called in a message, folded
---@field type string|nil the name of its type; nil: any text, and what a rule gives
---@field reader intent_webhook.Reader|nil nil without a type
---@field rank number|nil when its values are looked for in messages that do not ask for it
---@field prompts table[]|function|nil compiled templates, one for each attempt
---@field attempts integer|nil how often it is asked for; nil: as the conversation says
---@field default any
---@field validate function|nil
---@field help string|nil
---@field description string|nil
---@field schema table what JSON Schema calls its values
local Slot = { __name = "intent_webhook.CheckedSlot" }
Slot.__index = Slot

local function check_prompts(mistakes, path, given, names)
  if given == nil or type(given) == "function" then return given end
  if type(given) == "string" then
    return { template.check(mistakes, path, given, names) or nil }
  end
  local prompts = {}
  if #given == 0 then mistakes:add(path, "is empty: write what to ask, one text for each attempt") end
  for index, text in ipairs(given) do
    local place = check.within(path, index)
    if check.text(mistakes, place, text, "write what to ask") then
      prompts[#prompts + 1] = template.check(mistakes, place, text, names)
    end
  end
  return prompts
end

local function read_name(mistakes, path, name)
  local place = check.within(path, "name")
  if not check.name(mistakes, place, name, "give the slot a name") then return nil end
  if name:find("[{}]") then
    mistakes:add(place, "holds a brace: a sentence could not name it")
    return nil
  end
  return name
end

local function is_required(mistakes, path, accepted)
  if accepted.required ~= nil and accepted.optional ~= nil and accepted.required == accepted.optional then
    mistakes:add(path, "is required and optional, or neither: leave one of the two out")
  end
  if accepted.required == nil then return not accepted.optional end
  return accepted.required
end

-- The words of everything that the slot is called.
local function read_called(mistakes, path, accepted, label)
  local called = {}
  local given = check.strings(mistakes, check.within(path, "called"), accepted.called, "write a word")
  given[#given + 1] = label
  for _, text in ipairs(given) do
    local words = said.new(text).words
    if words[1] then called[#called + 1] = words end
  end
  return called
end

---Lets each slot be called by the last word of its label as well, where no other is: "the size" for the party size.
---@param slots intent_webhook.CheckedSlot[]
function slot.call_short(slots)
  local count = {}
  for _, one in ipairs(slots) do
    local seen = {}
    for _, words in ipairs(one.called_words) do
      local last = words[#words]
      if not seen[last] then count[last] = (count[last] or 0) + 1 end
      seen[last] = true
    end
  end
  for _, one in ipairs(slots) do
    local words = one.called_words[#one.called_words] -- those of the label
    if words and #words > 1 and count[words[#words]] == 1 then
      one.called_words[#one.called_words + 1] = { words[#words] }
    end
  end
end

-- A year and a day apart: what means one thing at both means it always.
local SOME_TIME = { now = 0, offset = function() return 0 end }
local OTHER_TIME = { now = 366 * 86400, offset = SOME_TIME.offset }

-- What is wrong with a text as the default of a type; nil when nothing is. It has to be a value as the type writes it:
-- a default is sent as it is, so that "four" would reach the receiver of an integer, and "today" that of a date.
local function mistake_in_text(value, reader)
  local text = said.new(value)
  local read, reason = reader:find(text, 1, SOME_TIME, true)
  if read == nil then
    if reason == "too_small" or reason == "too_large" then return nil end -- of a bound like "today", it may be none
    return "is no value of its type: give one, or leave it out"
  end
  if read == value then return nil end
  if read ~= reader:find(text, 1, OTHER_TIME, true) then
    return "means something else at another time: give a fixed value, or make the slot optional"
  end
  return ("is what people say; the value of its type is %s: write that"):format(
    type(read) == "string" and ('"%s"'):format(read) or tostring(read))
end

local function check_default(mistakes, path, value, reader, is_own)
  if value == nil then return end
  local place = check.within(path, "default")
  if not check.scalar(mistakes, place, value) or not reader then return end
  if type(value) == "string" then
    local mistake = not is_own and mistake_in_text(value, reader)
    if mistake then mistakes:add(place, ('is "%s", which %s'):format(value:sub(1, 60), mistake)) end
  elseif not reader.take or reader:take(value, SOME_TIME) == nil then
    mistakes:add(place, ("is %s, which is no value of its type: give one, or leave it out"):format(check.show(value)))
  end
end

---Checks what a user wrote for a slot; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition any
---@param names string[] of all slots of the intent, for prompts
---@param client table the client's checked options: `language_table`, `own_types`
---@return intent_webhook.CheckedSlot|nil
function slot.new(mistakes, path, definition, names, client)
  if type(definition) == "string" then definition = { name = definition } end
  if not check.type(mistakes, path, definition, "string|table") then return nil end
  local given = rawget(definition, "type")
  local found = given ~= nil and types.choose(mistakes, path, given, client.own_types) or nil
  local before = #mistakes.list
  local known = (found or given ~= nil) and types.options_with(options.slot, found) or options.slot
  local accepted = check.options(mistakes, path, definition, known)
  local name = accepted.name and read_name(mistakes, path, accepted.name)
  if not name then return nil end
  local required = is_required(mistakes, path, accepted)
  local reader
  if found and #mistakes.list == before then reader = found.new(mistakes, path, accepted, client.language_table) end
  check_default(mistakes, path, accepted.default, reader, found and found.name == "own")
  local label = accepted.label or name:gsub("_", " ")
  local prompts = check_prompts(mistakes, check.within(path, "prompt"), accepted.prompt, names)
  return setmetatable({
    name = name, path = path, required = required, sensitive = accepted.sensitive, label = label,
    called_words = read_called(mistakes, path, accepted, label), type = found and found.name, reader = reader,
    rank = reader and found.rank, prompts = prompts, attempts = type(accepted.prompt) == "table" and #prompts or nil,
    default = accepted.default, validate = accepted.validate, help = accepted.help,
    description = accepted.description, schema = reader and reader.schema or { type = "string" },
  }, Slot)
end

---The name of a definition, as far as it has one.
---@param definition any
---@return any
function slot.name_of(definition)
  if type(definition) == "table" then return rawget(definition, "name") end
  return definition
end

-- Using ---------------------------------------------------------------------------------------------------------------

---Asks the slot's own predicate about a value.
---@param value string|number|boolean
---@param slots table the values of the others so far; a copy
---@param errors intent_webhook.RuleError[]
---@return boolean
---@return string|nil message what to tell the person
function Slot:accepts(value, slots, errors)
  if not self.validate then return true end
  local where = check.within(self.path, "validate")
  local before = #errors
  local good, accepted, message = protected.report(errors, where, self.validate, value, slots)
  if self.sensitive and errors[before + 1] then
    local refused = secrets.new() -- nobody else knows it when it is refused
    refused:add(value)
    refused:hide(errors, before + 1)
  end
  if not good then return false end
  if type(accepted) ~= "boolean" and (accepted ~= nil or message == nil) then -- a forgotten "return true" as well
    local sentence = "returned %s: return true, or false and what to tell the person"
    errors[#errors + 1] = { where = where, message = sentence:format(check.kind(accepted)) }
    return false
  end
  if accepted then return true end
  if message ~= nil and type(message) ~= "string" then
    local sentence = "returned %s as the message: return a string"
    errors[#errors + 1] = { where = where, message = sentence:format(check.kind(message)) }
    message = nil
  end
  return false, message
end

---What to ask for the slot; nil when that is not defined.
---@param attempt integer from 1
---@param slots table
---@param errors intent_webhook.RuleError[]
---@return string|nil
function Slot:prompt(attempt, slots, errors)
  local prompts = self.prompts
  if not prompts then return nil end
  if type(prompts) ~= "function" then
    return template.text(prompts[math.min(attempt, #prompts)], slots)
  end
  local where = check.within(self.path, "prompt")
  local good, text = protected.report(errors, where, prompts, copy(slots), attempt)
  if not good then return nil end
  if type(text) == "string" then return text end
  errors[#errors + 1] = { where = where, message = ("returned %s: return a string"):format(check.kind(text)) }
  return nil
end

return slot
