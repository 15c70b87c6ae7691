--- template: texts with slots in them, "{customer_name} on {date}", and JSON values made of such texts.
--
-- "{name}" stands for the slot of that name; "{{" and "}}" are the braces themselves. Where an event is known, it has
-- "{event.id}", "{event.time}" (ISO 8601, UTC), "{event.intent}" and "{event.session}" as well; a slot of the same name
-- goes before. What is filled in is data: braces in the value of a slot stand for nothing.
--
-- A text that is one placeholder and nothing else becomes the slot's value, with its type. In every other text numbers
-- stand as people write them, and a slot that is missing or null is nothing. In a JSON value a key whose value is a
-- missing slot is left out, and an element of a list is null.

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local null = require("cjson").null

local template = {}

---A text that was checked, in its parts.
---@class intent_webhook.Template
---@field whole string|nil the name, when the text is one placeholder and nothing else
---@field parts (string|intent_webhook.Placeholder)[]

---@class intent_webhook.Placeholder
---@field name string

---A JSON value that was checked. One of the fields is there.
---@class intent_webhook.TemplateTree
---@field value any nothing in it is a template; only to be read
---@field text intent_webhook.Template|nil
---@field list intent_webhook.TemplateTree[]|nil
---@field object { [1]: string, [2]: intent_webhook.TemplateTree }[]|nil

local DEEPEST = 32 -- levels of tables, as many as a payload may have
local MOST_VALUES = 100000 -- in one JSON value
local OF_EVENT = { "event.id", "event.time", "event.intent", "event.session" }

local math_type = rawget(math, "type") -- Lua 5.3 and later
-- Whole numbers up to here have the same digits in text as in JSON.
local MOST_WHOLE = math_type and 1e15 or 2 ^ 53

-- Checking ---------------------------------------------------------------------------------------------------------

local function contains(names, name)
  for _, one in ipairs(names) do
    if one == name then return true end
  end
  return false
end

local function unknown_name(mistakes, path, name, names, with_event)
  if name == "" then
    return mistakes:add(path, "has {} without a name: name a slot, or write {{ and }} for braces")
  end
  local known = {}
  for _, one in ipairs(names) do
    if type(one) == "string" then known[#known + 1] = one end -- what is not has a mistake of its own
  end
  for _, one in ipairs(with_event and OF_EVENT or {}) do known[#known + 1] = one end
  local meant = check.suggestion(name, known)
  if meant == "" then meant = ": the intent has no slots" end
  mistakes:add(path, ('names "{%s}", which is no slot%s'):format(name:gsub("%c", "?"), meant))
end

-- The name in braces that begin at `at`, and where it ends; nil, with a mistake, when there is none.
local function placeholder_at(mistakes, path, text, at, names, with_event)
  local name, after = text:match("^{([^{}]*)}()", at)
  if not name then
    return mistakes:add(path, "has a { that no } closes: close it, or write {{ for a brace")
  end
  if contains(names, name) or (with_event and contains(OF_EVENT, name)) then return name, after end
  unknown_name(mistakes, path, name, names, with_event)
end

-- Adds text to the last part, or a placeholder as the next one.
local function add_part(parts, part)
  local last = parts[#parts]
  if type(part) == "string" and type(last) == "string" then
    parts[#parts] = last .. part
  elseif part ~= "" then
    parts[#parts + 1] = part
  end
end

---Checks a text; adds its mistake.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param text any
---@param names string[] of the intent's slots
---@param with_event? boolean whether {event.id} and the like have a meaning here; default false
---@return intent_webhook.Template|nil # nil when there is a mistake
function template.check(mistakes, path, text, names, with_event)
  if not check.type(mistakes, path, text, "string", "write a text") then return nil end
  if not core.is_utf8(text) then return mistakes:add(path, "is not UTF-8: write it in UTF-8") end
  local parts, at = {}, 1
  while at <= #text do
    local brace = text:find("[{}]", at)
    if not brace then
      add_part(parts, text:sub(at))
      break
    end
    add_part(parts, text:sub(at, brace - 1))
    local two = text:sub(brace, brace + 1)
    if two == "{{" or two == "}}" then
      add_part(parts, two:sub(1, 1))
      at = brace + 2
    elseif two:sub(1, 1) == "}" then
      return mistakes:add(path, "has a } that closes nothing: write }} for a brace")
    else
      local name
      name, at = placeholder_at(mistakes, path, text, brace, names, with_event)
      if not name then return nil end
      add_part(parts, { name = name })
    end
  end
  local only = #parts == 1 and type(parts[1]) == "table" and parts[1].name or nil
  return { whole = only, parts = parts }
end

local function has_placeholder(text)
  return type(text.parts[1]) == "table" or text.parts[2] ~= nil
end

local check_value

-- "list", with its length, or "object"; nil, with a mistake, for a table that JSON cannot say. No metamethod of the
-- user's is called.
local function shape(mistakes, path, value)
  local strings, numbers = 0, 0
  for key in next, value do
    if type(key) == "string" then
      strings = strings + 1
    elseif type(key) == "number" then
      numbers = numbers + 1
    else
      return mistakes:add(path, "has a key that is neither a string nor an index: JSON has no such key")
    end
  end
  if strings > 0 and numbers > 0 then
    return mistakes:add(path, "has both string keys and indices: make it one or the other")
  end
  for index = 1, numbers do
    if rawget(value, index) == nil then
      return mistakes:add(path, "is a sparse array: its indices must be 1 to n")
    end
  end
  local metatable = debug.getmetatable(value)
  local marked = metatable and rawget(metatable, "__jsontype") == "array"
  return (numbers > 0 or (strings == 0 and marked)) and "list" or "object", numbers
end

local function check_list(mistakes, path, value, length, walk)
  local nodes = {}
  for index = 1, length do
    nodes[index] = check_value(mistakes, check.within(path, index), rawget(value, index), walk) or false
  end
  return { list = nodes }
end

local function check_object(mistakes, path, value, walk)
  local keys, pairs_of_nodes = {}, {}
  for key in next, value do keys[#keys + 1] = key end
  table.sort(keys)
  for index, key in ipairs(keys) do
    local place = check.within(path, key)
    if not core.is_utf8(key) then mistakes:add(place, "is not UTF-8: write the key in UTF-8") end
    pairs_of_nodes[index] = { key, check_value(mistakes, place, rawget(value, key), walk) }
  end
  return { object = pairs_of_nodes }
end

local function check_table(mistakes, path, value, walk)
  if walk.open[value] then return mistakes:add(path, "a cycle cannot be sent: the table contains itself") end
  if walk.depth == DEEPEST then return mistakes:add(walk.path, ("is nested deeper than %d levels"):format(DEEPEST)) end
  local found, length = shape(mistakes, path, value)
  if not found then return nil end
  walk.open[value], walk.depth = true, walk.depth + 1
  local node = found == "list" and check_list(mistakes, path, value, length, walk)
    or found == "object" and check_object(mistakes, path, value, walk)
  walk.open[value], walk.depth = nil, walk.depth - 1
  return node
end

-- The node of one value; nil, with a mistake, for what JSON cannot say.
function check_value(mistakes, path, value, walk)
  walk.values = walk.values + 1
  if walk.values > MOST_VALUES then -- a table may stand in many places
    return mistakes:add(walk.path, ("holds more than %d values"):format(MOST_VALUES))
  end
  local kind = type(value)
  if kind == "table" then return check_table(mistakes, path, value, walk) end
  if kind == "string" then
    local text = template.check(mistakes, path, value, walk.names, walk.with_event)
    return text and (has_placeholder(text) and { text = text } or { value = text.parts[1] or "" })
  end
  if kind == "boolean" or value == null then return { value = value } end
  if kind ~= "number" then
    return mistakes:add(path, ("%s cannot be sent: give text, a number, a boolean, a table or webhook.null"):format(
      check.kind(value)))
  end
  if value - value ~= 0 then
    return mistakes:add(path, check.show(value) .. " cannot be sent: JSON has no such number")
  end
  return { value = value }
end

---Checks a JSON value with templates in its strings, in tables in tables; keys are none. Copies it: what the user
---changes later changes nothing.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param value any
---@param names string[] of the intent's slots
---@param with_event? boolean
---@return intent_webhook.TemplateTree|nil # to be used only if there was no mistake
function template.check_tree(mistakes, path, value, names, with_event)
  local walk = { path = path, names = names, with_event = with_event, open = {}, depth = 0, values = 0 }
  return check_value(mistakes, path, value, walk)
end

-- Filling ----------------------------------------------------------------------------------------------------------

local function iso_time(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

local function value_of(name, slots, event)
  local value = rawget(slots, name)
  if value ~= nil or not event then return value end
  local field = name:match("^event%.(.+)$")
  if field == "time" then return iso_time(event.time) end
  return field and event[field]
end

-- With a point whatever the host's locale, and no ".0" behind a whole number.
local function number_text(value)
  if math_type and math_type(value) == "integer" then return ("%d"):format(value) end
  if value == math.floor(value) and value < MOST_WHOLE and value > -MOST_WHOLE then
    return value == 0 and "0" or ("%.0f"):format(value)
  end
  return (("%.14g"):format(value):gsub(",", "."))
end

local function as_text(value)
  if value == nil or value == null then return "" end
  if type(value) == "number" then return number_text(value) end
  return tostring(value)
end

---The text, filled in.
---@param compiled intent_webhook.Template
---@param slots table values by name; read without metamethods
---@param event? intent_webhook.MapEvent
---@return string
function template.text(compiled, slots, event)
  local filled = {}
  for index, part in ipairs(compiled.parts) do
    filled[index] = type(part) == "string" and part or as_text(value_of(part.name, slots, event))
  end
  return table.concat(filled)
end

---The text, filled in; or, when it is one placeholder and nothing else, the value of that.
---@param compiled intent_webhook.Template
---@param slots table values by name; read without metamethods
---@param event? intent_webhook.MapEvent
---@return any # nil: it is one placeholder, and that slot is missing
function template.fill(compiled, slots, event)
  if compiled.whole then return value_of(compiled.whole, slots, event) end
  return template.text(compiled, slots, event)
end

local fill_node

local function fill_list(nodes, slots, event)
  local filled = {}
  for index, node in ipairs(nodes) do
    local value = fill_node(node, slots, event)
    if value == nil then value = null end
    filled[index] = value
  end
  -- an empty one would be an object
  return nodes[1] and filled or setmetatable(filled, { __jsontype = "array" })
end

function fill_node(node, slots, event)
  if node.text then return template.fill(node.text, slots, event) end
  if node.list then return fill_list(node.list, slots, event) end
  if not node.object then return node.value end
  local filled = {}
  for _, pair in ipairs(node.object) do filled[pair[1]] = fill_node(pair[2], slots, event) end
  return filled
end

---The JSON value, filled in.
---@param tree intent_webhook.TemplateTree
---@param slots table values by name; read without metamethods
---@param event? intent_webhook.MapEvent
---@return any # never nil: a missing slot alone is null
function template.fill_tree(tree, slots, event)
  local value = fill_node(tree, slots, event)
  if value == nil then return null end
  return value
end

return template
