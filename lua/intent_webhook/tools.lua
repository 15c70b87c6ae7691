--- tools: intents as tool definitions, so that a model can be asked for exactly these slots.
--
--     local list = tools.export(intents, "anthropic")
--     local text = tools.json(list) -- what stands after "tools": in a request
--     local names = tools.names(intents)
--     for _, result in ipairs(nlu.read(answer)) do tools.restore(names, result) end
--
-- An intent here is { name =, description =, slots = { { name =, description =, required =, schema = }, ... } }, where
-- schema is JSON Schema as a plain table. Nothing of it is changed or kept.
--
-- A tool is called like its intent, and a property like its slot, unless the name has characters that models' APIs do
-- not take: tools/names.lua. The model then learns the name itself as the description, when there is none.
--
-- Lists carry the mark of webhook.array, objects the order of their keys (__jsonorder, as dkjson has it), for encoders
-- that know them; `json` does. `required` is left out when it is empty, so any other encoder writes the list well too.

local json = require "intent_webhook.json_writer"
local null = require("intent_webhook.json").null
local tool_names = require "intent_webhook.tools.names"

local tools = {
  names = tool_names.of,
  restore = tool_names.restore,
}

---@class intent_webhook.ToolSlot
---@field name string
---@field description string|nil
---@field required boolean|nil
---@field schema table|nil JSON Schema of its value; nil: any string

---@class intent_webhook.ToolIntent
---@field name string
---@field description string|nil what it is for: the model chooses by it
---@field slots intent_webhook.ToolSlot[]

-- Schemas ----------------------------------------------------------------------------------------------------------

local function array(list)
  return setmetatable(list, { __jsontype = "array" })
end

-- An object of pairs { key, value }, those without a value left out; it keeps their order.
local function object(pairs_in_order)
  local made, order = {}, {}
  for _, pair in ipairs(pairs_in_order) do
    if pair[2] ~= nil then
      made[pair[1]] = pair[2]
      order[#order + 1] = pair[1]
    end
  end
  return setmetatable(made, { __jsontype = "object", __jsonorder = order })
end

-- The order in which keys of a schema are read best; others follow, sorted.
local SCHEMA_ORDER = { "type", "description", "enum", "format", "pattern", "properties", "required", "items" }

local MOST_LEVELS = 32

local function copy(schema, level)
  if type(schema) ~= "table" then return schema end
  local copied = {}
  if level > MOST_LEVELS then return copied end
  if schema[1] ~= nil then
    for index, inner in ipairs(schema) do copied[index] = copy(inner, level + 1) end
    return array(copied)
  end
  for key, inner in pairs(schema) do copied[key] = copy(inner, level + 1) end
  return setmetatable(copied, { __jsontype = "object", __jsonorder = SCHEMA_ORDER })
end

-- What OpenAI's strict mode takes. Anything else makes it refuse the request; the slot checks the value all the same.
local STRICT_KEYS = {}
for key in ([[type description enum const anyOf properties required additionalProperties items pattern format multipleOf
  maximum minimum exclusiveMaximum exclusiveMinimum minItems maxItems]]):gmatch("%S+") do STRICT_KEYS[key] = true end

local STRICT_FORMATS = {
  ["date-time"] = true, time = true, date = true, duration = true, email = true, hostname = true, ipv4 = true,
  ipv6 = true, uuid = true,
}

-- Makes a copied schema fit for strict mode: objects are closed, and need all their properties.
local function make_strict(schema)
  for key in pairs(schema) do
    if not STRICT_KEYS[key] then schema[key] = nil end
  end
  if not STRICT_FORMATS[schema.format] then schema.format = nil end
  if not (schema.type or schema.anyOf) then schema.type = array { "string", "number", "boolean" } end
  if type(schema.items) == "table" then make_strict(schema.items) end
  for _, one in ipairs(schema.anyOf or {}) do make_strict(one) end
  if schema.properties then
    local names = {}
    for name, inner in pairs(schema.properties) do
      make_strict(inner)
      names[#names + 1] = name
    end
    table.sort(names)
    schema.required, schema.additionalProperties = array(names), false
  end
  return schema
end

local function add_null(list)
  for _, one in ipairs(list) do
    if one == "null" then return end
  end
  list[#list + 1] = "null"
end

-- In strict mode everything is required, so what is optional may be null: nlu.read leaves that out.
local function make_nullable(schema)
  if schema.const ~= nil then schema.enum, schema.const = array { schema.const }, nil end
  if type(schema.type) == "string" then schema.type = array { schema.type } end
  if schema.type then add_null(schema.type) end
  if schema.enum then schema.enum[#schema.enum + 1] = null end
  if schema.anyOf then schema.anyOf[#schema.anyOf + 1] = { type = "null" } end
  return schema
end

-- What a name that had to be replaced means, when nothing else says so.
local function description_of(named, name)
  return named.description or (named.name ~= name and named.name or nil)
end

local function property_of(slot, name, is_strict)
  local schema = copy(slot.schema or { type = "string" }, 1)
  schema.description = slot.description or schema.description or description_of(slot, name)
  if not is_strict then return schema end
  make_strict(schema)
  return slot.required and schema or make_nullable(schema)
end

-- The schema of a tool's arguments.
local function parameters_of(intent, properties_of, is_strict)
  local properties, required = {}, {}
  for index, slot in ipairs(intent.slots) do
    local name = properties_of[slot.name]
    properties[index] = { name, property_of(slot, name, is_strict) }
    if slot.required or is_strict then required[#required + 1] = name end
  end
  return object {
    { "type", "object" }, { "properties", object(properties) },
    { "required", (required[1] or is_strict) and array(required) or nil }, { "additionalProperties", false },
  }
end

-- Tools ------------------------------------------------------------------------------------------------------------

-- One definition each: name, description, schema, whether it is strict.
local FORMATS = {
  openai = function(name, description, parameters, is_strict)
    return object { { "type", "function" }, { "function", object {
      { "name", name }, { "description", description }, { "parameters", parameters }, { "strict", is_strict or nil },
    } } }
  end,
  -- This API is strict unless it is told not to be.
  openai_responses = function(name, description, parameters, is_strict)
    return object { { "type", "function" }, { "name", name }, { "description", description },
      { "parameters", parameters }, { "strict", is_strict } }
  end,
  anthropic = function(name, description, parameters)
    return object { { "name", name }, { "description", description }, { "input_schema", parameters } }
  end,
}

---The formats of definitions, sorted.
---@return string[]
function tools.formats()
  return { "anthropic", "openai", "openai_responses" }
end

---Intents as tool definitions, in their order.
---@param intents intent_webhook.ToolIntent[]
---@param format string "openai" (chat completions), "openai_responses" or "anthropic"
---@param options? { strict: boolean|nil } strict: OpenAI holds the model to the schema; optional slots are null then
---@return table[]|nil
---@return string|nil message when there is no such format, or it has no strict mode
function tools.export(intents, format, options)
  local define = FORMATS[format]
  if not define then
    return nil, ('format: is "%s", which there is not: known are %s'):format(tostring(format),
      table.concat(tools.formats(), ", "))
  end
  local is_strict = options ~= nil and options.strict == true
  if is_strict and format == "anthropic" then
    return nil, "strict: is not for anthropic, which has no such mode: leave it out"
  end
  local names, list = tools.names(intents), {}
  for index, intent in ipairs(intents) do
    local parameters = parameters_of(intent, names.properties[intent.name], is_strict)
    local name = names.tools[intent.name]
    list[index] = define(name, description_of(intent, name), parameters, is_strict)
  end
  return array(list)
end

-- JSON -------------------------------------------------------------------------------------------------------------

-- The keys of an object: first those of its order, then the others, sorted.
local function keys_of(given, order)
  local keys, rest, seen = {}, {}, {}
  for _, key in ipairs(order or {}) do
    if given[key] ~= nil and not seen[key] then keys[#keys + 1] = key end
    seen[key] = true
  end
  for key in pairs(given) do
    if type(key) == "string" and not seen[key] then rest[#rest + 1] = key end
  end
  table.sort(rest)
  for _, key in ipairs(rest) do keys[#keys + 1] = key end
  return keys
end

local function write(given, level)
  if type(given) ~= "table" then return json.value(given) end -- null as well
  if level > MOST_LEVELS + 8 then return "null" end
  local mark, parts = getmetatable(given), {}
  mark = type(mark) == "table" and mark or {}
  if given[1] ~= nil or mark.__jsontype == "array" then
    for index, inner in ipairs(given) do parts[index] = write(inner, level + 1) end
    return json.array(parts)
  end
  for index, key in ipairs(keys_of(given, mark.__jsonorder)) do
    parts[index] = { key, write(given[key], level + 1) }
  end
  return json.object(parts)
end

---Definitions as JSON on one line, the same text for the same intents.
---@param list table what `export` returned
---@return string
function tools.json(list)
  return write(list, 1)
end

return tools
