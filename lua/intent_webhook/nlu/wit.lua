--- wit: the answer of Wit.ai's /message.
--
--     intent       intents[0].name; none when the list is empty
--     confidence   intents[0].confidence
--     slots        entities{"name:role"}[0].value under the role, then traits{"name"}[0].value, if no entity has that
--                  name
--     session      none
--     text         text
--
-- An interval gives its beginning, a duration becomes ISO 8601, and an entity without a value (a place) what was said.
-- "wit$" before a name is left out. A unit ("euro") is not part of the value.

local composite = require "intent_webhook.nlu.composite"
local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local wit = { name = "wit", needs = "intents, a list, and entities or traits" }

---@param given table
---@return boolean
function wit.fits(given)
  return value.list(given, "intents") ~= nil and (rawget(given, "entities") ~= nil or rawget(given, "traits") ~= nil)
end

-- "city:departure" -> "departure", "wit$sentiment" -> "sentiment"
local function slot_name(key)
  return key:match(":([^:]+)$") or (key:gsub("^wit%$", ""))
end

local function read_value(entity, name, record)
  if entity:get("from") ~= nil or entity:get("to") ~= nil then return composite.interval(record, name, entity) end
  local key = entity:get("value") ~= nil and "value" or "body"
  local found = composite.seconds(entity) or entity:get(key)
  if found == nil then return entity:ignore("value", "is missing", nil, name) end
  result.slot(record, name, found, entity, key)
end

local function read_all(message, key, record)
  local all = message:object(key)
  for _, name in ipairs(all and all:names() or {}) do
    for _, entity in ipairs(all:objects(name)) do read_value(entity, slot_name(name), record) end
  end
end

---@param message intent_webhook.NluNode
---@param record intent_webhook.NluResult
function wit.read(message, record)
  record.text = message:text("text")
  local first = message:objects("intents")[1]
  if first then
    result.name(record, first, "name")
    result.confidence(record, first, "confidence")
  end
  read_all(message, "entities", record)
  read_all(message, "traits", record)
  table.sort(record.order)
end

return wit
