--- types: what a slot's value can be. Each type is a file below types/, and makes a reader of what a user wrote for a
-- slot; a user's own is a function or a table with one. Readers are pure functions of text, clock and zone:
--
--     reader:find(said, at, context, asked) -> value, first, last     the first value from byte `at` on
--                                           -> nil, reason, first, last  there is something that was meant as one
--                                           -> nil                    there is none
--     reader:take(value, context) -> value | nil, reason              a value that is no text, from an NLU; optional
--     reader.schema                                                   what JSON Schema calls it
--
-- `asked` says that the person was asked for this, so that the whole message is probably the answer. `context` is
-- { now = seconds since 1970, offset = function(time) -> seconds east of UTC, errors = list or nil }.

local check = require "intent_webhook.check"
local copy = require "intent_webhook.copy"
local protected = require "intent_webhook.protected"

local types = {}

---@class intent_webhook.SlotType
---@field name string
---@field rank number|nil types are looked for in a message in this order; nil: only where the slot is asked for
---@field options intent_webhook.Option[] what a slot of the type takes besides
---@field new fun(mistakes: table, path: string, accepted: table, language: table): intent_webhook.Reader

---@class intent_webhook.Reader
---@field find fun(self, said: intent_webhook.Said, at: integer, context: table, asked: boolean): any, any, any, any
---@field take nil|fun(self, value: any, context: table): any, string|nil
---@field schema table

local FILES = {
  text = "text", name = "text", number = "number", integer = "number", date = "date", time = "time",
  datetime = "datetime", duration = "duration", email = "email", phone = "phone", url = "url", enum = "enum",
  boolean = "boolean", pattern = "pattern",
}

---The names of the types that come with the module.
---@return string[] # sorted
function types.names()
  local names = {}
  for name in pairs(FILES) do names[#names + 1] = name end
  table.sort(names)
  return names
end

---@param name string
---@return intent_webhook.SlotType|nil
function types.of(name)
  if not FILES[name] then return nil end
  local loaded = require("intent_webhook.types." .. FILES[name])
  return loaded.new and loaded or loaded[name]
end

-- A user's own --------------------------------------------------------------------------------------------------------

local SCALARS = { string = true, number = true, boolean = true }
local CUSTOM_RANK = 41

---@class intent_webhook.OwnReader: intent_webhook.Reader
---@field run function
---@field where string
local OwnReader = { __name = "intent_webhook.OwnReader" }
OwnReader.__index = OwnReader

-- What is wrong with what a user's function returned for a text of so many bytes; nil when nothing is.
local function mistake_in(value, first, last, length)
  if not SCALARS[type(value)] then
    return ("returned %s: return a string, a number or a boolean, or nil and a reason"):format(check.kind(value))
  end
  if type(value) == "number" and value - value ~= 0 then return "returned a number that JSON does not have" end
  if first == nil and last == nil then return nil end
  local good = type(first) == "number" and type(last) == "number" and first % 1 == 0 and last % 1 == 0
  if good and first >= 1 and first <= last and last <= length then return nil end
  return "returned a place that is not in the text: return the value, its first and its last byte"
end

function OwnReader:find(said, at, context, asked)
  local text = at > 1 and said.text:sub(at) or said.text
  local told = { asked = asked, now = context.now, offset = context.offset }
  local good, value, first, last = protected.report(context.errors, self.where, self.run, text, told)
  if not good then return nil, "error" end
  if value == nil or value == false and first ~= nil and type(first) == "string" then
    return nil, type(first) == "string" and first or nil
  end
  local mistake = mistake_in(value, first, last, #text)
  if mistake then
    if context.errors then context.errors[#context.errors + 1] = { where = self.where, message = mistake } end
    return nil, "error"
  end
  if first then return value, first + at - 1, last + at - 1 end
  if #text == 0 then return nil end
  return value, at, #said.text
end

function OwnReader:take(value)
  if SCALARS[type(value)] then return value end
  return nil, "wrong_type"
end

---The type that a user means: by name, of the module's or the client's, or one that the user wrote; adds a mistake when
---there is no such type.
---@param mistakes intent_webhook.Mistakes
---@param path string of the slot or list
---@param given any
---@param own_types table<string, intent_webhook.SlotType> the client's
---@return intent_webhook.SlotType|nil
function types.choose(mistakes, path, given, own_types)
  local place = check.within(path, "type")
  if type(given) ~= "string" then
    local good = check.type(mistakes, place, given, "string|function|table", "name a type, or give a function")
    return good and types.own(mistakes, place, given) or nil
  end
  local found = own_types[given] or types.of(given)
  if found then return found end
  local names = types.names()
  for name in pairs(own_types) do names[#names + 1] = name end
  mistakes:add(place, ('is "%s", which is no type%s'):format(given, check.suggestion(given, names)))
end

local function may_be_missing(option)
  local copied = copy(option)
  copied.required = nil
  return copied
end

---Options, with those of a type; without a type with those of all types, so that they are not told to be none.
---@param options intent_webhook.Option[]
---@param found intent_webhook.SlotType|nil
---@return intent_webhook.Option[]
function types.options_with(options, found)
  local all, known = {}, {}
  local function take(list, change)
    for _, option in ipairs(list) do
      if not known[option.name] then all[#all + 1] = change and change(option) or option end
      known[option.name] = true
    end
  end
  take(options)
  if found then
    take(found.options)
  else
    for _, name in ipairs(types.names()) do take(types.of(name).options, may_be_missing) end
  end
  return all
end

---The type that a user wrote: a function, or a table with `find` and perhaps a `schema`; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param given function|table
---@return intent_webhook.SlotType|nil
function types.own(mistakes, path, given)
  local run, schema = given, {}
  if type(given) == "table" then
    local before = #mistakes.list
    local accepted = check.options(mistakes, path, given, {
      { name = "find", type = "function", required = true,
        hint = "give a function(text, context) that returns the value, and its first and last byte" },
      { name = "schema", type = "table", default = {} },
    })
    if #mistakes.list > before then return nil end
    run, schema = accepted.find, accepted.schema
  end
  return {
    name = "own", rank = CUSTOM_RANK, options = {},
    new = function(_, slot_path)
      return setmetatable({ run = run, where = check.within(slot_path, "type"), schema = schema }, OwnReader)
    end,
  }
end

return types
