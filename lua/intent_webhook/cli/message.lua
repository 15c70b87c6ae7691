--- message: a line of run's input: plain text, JSON with a text, or what an NLU or a model recognised.
--
-- A JSON object with none but the keys below is ours; no format of an NLU has only those. With any other key it must
-- be of one of the formats.

local argument = require "intent_webhook.argument"
local check = require "intent_webhook.check"
local nlu = require "intent_webhook.nlu"
local options = require "intent_webhook.options"
local reading = require "intent_webhook.json"

local message = {}

---What a line says.
---@class intent_webhook.InputMessage
---@field text string|nil
---@field nlu table|nil in place of a text
---@field session string|nil
---@field given table|nil what goes with it: the options of client:message, or of client:nlu

local OF_TEXT = { "text", "session", "context", "best_slot" }
local OF_NLU = { "nlu", "session", "format", "least_confidence" }
local KEYS = { "text", "session", "context", "best_slot", "nlu", "format", "least_confidence" }

local function contains(list, key)
  for _, name in ipairs(list) do
    if name == key then return true end
  end
  return false
end

-- The first key, by name, that is none of the list.
local function unknown_key(value, list)
  local unknown
  for key in next, value do
    key = tostring(key)
    if not contains(list, key) and (not unknown or key < unknown) then unknown = key end
  end
  return unknown
end

-- What is given under the keys, without null.
local function take(value, keys)
  local given = {}
  for _, key in ipairs(keys) do
    if value[key] ~= reading.null then given[key] = value[key] end
  end
  return given
end

local SCALARS = { string = true, number = true, boolean = true }

-- What is wrong with the context of a JSON line as JSON; nil when nothing is.
local function context_mistake(context)
  if type(context) ~= "table" or context[1] ~= nil then return 'the JSON has a "context" that is no object' end
  local wrong
  for key, value in next, context do
    if not SCALARS[type(value)] and (not wrong or key < wrong) then wrong = key end
  end
  return wrong and ('the JSON has a "context" whose "%s" is no string, number or boolean'):format(wrong)
end

local function session_mistake(session)
  if session ~= nil and (type(session) ~= "string" or session:find("%z")) then
    return 'the JSON has a "session" that is no string, or holds a NUL'
  end
end

-- What a check says of what is given, as it would raise it.
local function checked(call, ...)
  local good, problem = pcall(call, "JSON", ...)
  if not good then return "the JSON is wrong: " .. tostring(problem):gsub("^.-JSON: ", "") end
end

-- What is wrong with what a JSON line gives besides its text; nil when nothing is.
local function mistake_in(given, slot_names)
  local mistake = session_mistake(given.session) or given.context ~= nil and context_mistake(given.context)
  if mistake then return mistake end
  if given.best_slot ~= nil and type(given.best_slot) ~= "string" then
    return 'the JSON has a "best_slot" that is no string'
  end
  return checked(argument.message, given, slot_names)
end

local function read_text(value, slot_names)
  if type(value.text) ~= "string" then return nil, 'the JSON has no "text" that is a string' end
  local given = take(value, { "session", "context", "best_slot" })
  local mistake = mistake_in(given, slot_names)
  if mistake then return nil, mistake end
  return { text = value.text, session = given.session, given = given }
end

-- A result with what goes with it: {"nlu": {...}, "session": "x", "format": "rasa"}.
local function read_wrapped(value)
  local other = unknown_key(value, OF_NLU)
  if other then return nil, ('the JSON has "nlu" and "%s": a result has no such key beside it'):format(other) end
  if type(value.nlu) ~= "table" then return nil, 'the JSON has an "nlu" that is no object' end
  local given = take(value, { "session", "format", "least_confidence" })
  local mistake = session_mistake(given.session) or checked(argument.options, "options", given, options.nlu)
  if mistake then return nil, mistake end
  return { nlu = value.nlu, session = given.session, given = given }
end

-- A result as it came from its system.
local function read_result(value, unknown)
  local results, problem, code = nlu.read(value)
  if results then return { nlu = value, session = nlu.session(results), given = {} } end
  if code ~= "format" then return nil, problem end
  local mistake = ('the JSON has "%s", which is no option%s'):format(unknown, check.suggestion(unknown, KEYS))
  if check.nearest(unknown, KEYS) then return nil, mistake end
  local formats = table.concat(nlu.formats(), ", ")
  return nil, mistake .. "; nor is it what an NLU or a model answers, of which known are " .. formats
end

local function read_object(value, slot_names)
  local unknown = unknown_key(value, KEYS)
  if unknown then return read_result(value, unknown) end
  if value.nlu ~= nil then return read_wrapped(value) end
  local other = unknown_key(value, OF_TEXT)
  if other then return nil, ('the JSON has "%s", but no "nlu" that it could be of'):format(other) end
  return read_text(value, slot_names)
end

---Reads a line.
---@param line string
---@param slot_names table<string, boolean> of all intents
---@param session string|nil that of lines which name none
---@return intent_webhook.InputMessage|nil
---@return string|nil mistake
function message.read(line, slot_names, session)
  if not line:find("^%s*{") then return { text = line, session = session, given = { session = session } } end
  local good, value = reading.decode(line)
  if not good then return nil, "the line is no JSON: " .. value end
  local read, mistake = read_object(value, slot_names)
  if not read then return nil, mistake end
  if read.nlu and not read.session then
    local results = nlu.read(read.nlu, read.given.format)
    read.session = results and nlu.session(results)
  end
  read.session = read.session or session
  mistake = session_mistake(read.session) -- that of a result is not looked at yet
  if mistake then return nil, mistake end
  read.given.session = read.session
  return read
end

return message
