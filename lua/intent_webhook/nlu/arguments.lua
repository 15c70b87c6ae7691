--- arguments: those of a model's tool call, which become slots.
--
-- They are an object, or a string that should hold one in JSON. A model may write anything there, so what cannot be
-- read is a problem of that call only. An empty string is no arguments, as some servers write it.

local node = require "intent_webhook.nlu.node"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local arguments = {}

---@param record intent_webhook.NluResult
---@param call intent_webhook.NluNode what has the arguments
---@param key string the field with them
function arguments.read(record, call, key)
  local found, place = call:get(key), call:place(key)
  if found == nil then
    return result.fail(record, place, call:has(key) and "must be an object or a string, got null" or "is missing",
      "arguments")
  end
  local given, problem = found, nil
  if type(found) == "string" then
    if not found:find("%S") then return end
    given, problem = value.decode(found)
  elseif type(found) ~= "table" then
    problem = "must be an object or a string, got " .. value.kind(found)
  elseif value.is_list(found) then
    problem = "must be an object, got a list"
  end
  if problem then return result.fail(record, place, problem, "arguments") end
  local object = node.new(given, record, place)
  for _, name in ipairs(object:names()) do result.slot(record, name, object:get(name), object, name) end
end

return arguments
