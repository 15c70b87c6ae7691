--- result: what was read of one intent.
--
-- A result with a `problem` is not to be used: its intent's name, its confidence or its arguments cannot be read. What
-- is wrong with anything else leaves the rest good, and stands in `ignored`.

local value = require "intent_webhook.nlu.value"

local result = {}

---@class intent_webhook.NluResult
---@field format string "rasa"
---@field intent string|nil nil: nothing was recognised
---@field confidence number|nil
---@field slots table<string, any> strings, numbers, booleans, and tables as JSON had them; never null
---@field order string[] the slots' names: as in the source where that is a list, else sorted
---@field session string|nil
---@field text string|nil what the person said
---@field call string|nil the id of a model's tool call
---@field act string|nil "yes", "no", "cancel", "help" or "repeat": an intent of Alexa's own that means just that
---@field ignored intent_webhook.NluIgnored[] what was passed over, with reasons
---@field problem { code: string, message: string }|nil code "field", "arguments" or "denied"

---@param format string
---@return intent_webhook.NluResult
function result.new(format)
  return { format = format, slots = {}, order = {}, ignored = {} }
end

---The first problem stays.
---@param record intent_webhook.NluResult
---@param place string
---@param why string
---@param code string|nil default: "field"
function result.fail(record, place, why, code)
  record.problem = record.problem or { code = code or "field", message = place .. ": " .. why }
end

---Reads the intent's name. That of an NLU may be null or empty, which means that it recognised none.
---@param record intent_webhook.NluResult
---@param parent intent_webhook.NluNode
---@param key string
---@param is_call boolean|nil a tool call always has a name
function result.name(record, parent, key, is_call)
  local found = parent:get(key)
  if type(found) == "string" and found ~= "" then
    record.intent = found
  elseif not parent:has(key) then
    result.fail(record, parent:place(key), "is missing")
  elseif found == "" then
    if is_call then result.fail(record, parent:place(key), "is empty") end
  elseif found ~= nil or is_call then
    result.fail(record, parent:place(key), "must be a string, got " .. value.kind(found))
  end
end

---Reads the confidence. One of the wrong type is a problem, since it may be too low.
---@param record intent_webhook.NluResult
---@param parent intent_webhook.NluNode
---@param key string
function result.confidence(record, parent, key)
  local found = parent:get(key)
  if found == nil then return end
  if type(found) ~= "number" or found - found ~= 0 then
    local kind = type(found) == "number" and "one that is not finite" or value.kind(found)
    return result.fail(record, parent:place(key), "must be a number, got " .. kind)
  end
  record.confidence = found
end

---Fills a slot with the value of a field, unless it is filled or the value is none; null fills nothing.
---@param record intent_webhook.NluResult
---@param name string
---@param found any the value, or what was made of it
---@param parent intent_webhook.NluNode
---@param key string where it is
function result.slot(record, name, found, parent, key)
  if found == nil or found == value.null then return end
  if name == "" then return parent:ignore(key, "has no name", "field") end
  if record.slots[name] ~= nil then
    return parent:ignore(key, ('is another value of "%s": the first counts'):format(name), "repeated", name, found)
  end
  local copied, problem = value.copy(found)
  if problem then return parent:ignore(key, problem, "value", name) end
  record.slots[name] = copied
  record.order[#record.order + 1] = name
end

return result
