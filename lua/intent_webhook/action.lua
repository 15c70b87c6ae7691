--- action: what happens when an intent fires: webhooks, replies, a handoff, functions of the user's.
--
-- In the order in which they are defined: first each action's `when` is asked whether it runs, and each webhook's
-- payload is made; then the event goes to the core; when it was accepted, replies are made and functions are called. So
-- what `when` and `map` raise is recorded with the event, and what replies and functions raise is only reported. Of
-- several handoffs the first one counts.

local check = require "intent_webhook.check"
local copy = require "intent_webhook.copy"
local options = require "intent_webhook.options"
local protected = require "intent_webhook.protected"
local secrets = require "intent_webhook.secrets"
local template = require "intent_webhook.template"
local webhook_action = require "intent_webhook.webhook_action"

local action = {}

---Makes the payload of a webhook. What it returns becomes the JSON body: nested tables, lists, text, numbers, booleans,
---webhook.null. `slots` is a copy. An error that it raises is recorded, and nothing is sent by that action.
---@alias intent_webhook.MapFunction fun(slots: table, event: intent_webhook.MapEvent): any

---Says whether an action runs. `slots` is a copy. When it raises, the action does not run.
---@alias intent_webhook.WhenFunction fun(slots: table, event: intent_webhook.MapEvent): boolean|nil

---@class intent_webhook.MapEvent
---@field id string
---@field time number seconds since 1970
---@field intent string
---@field session string|nil

---What a function that is an action gets.
---@class intent_webhook.FiredEvent: intent_webhook.MapEvent
---@field slots table<string, string|number|boolean> a copy

---A checked action.
---@class intent_webhook.Action
---@field kind "webhook"|"reply"|"handoff"|"run"
---@field before boolean whether something of it runs before the event is fired: when, map or payload
---@field when intent_webhook.WhenFunction|nil
---@field reply intent_webhook.Template|function|nil
---@field handoff intent_webhook.Template|true|nil
---@field run function|nil
---@field sensitive string[]|nil of a payload: the names of the intent's sensitive slots; nil when there are none

-- Definition ---------------------------------------------------------------------------------------------------------

local KINDS = {
  { name = "webhook", words = "a webhook", options = options.webhook_action },
  { name = "reply", words = "a reply", options = options.reply_action },
  { name = "handoff", words = "a handoff", options = options.handoff_action },
  { name = "run", words = "a function", options = options.run_action },
}

local WORDS = "a webhook, a reply, a handoff or a function"

local function kind_called(name)
  for _, kind in ipairs(KINDS) do
    if kind.name == name then return kind end
  end
end

-- The kind that a name belongs to which people write for the one that says what an action is, perhaps with a mistake.
local function kind_meant(key)
  local names = {}
  for index, kind in ipairs(KINDS) do
    names[index] = kind.name
    for _, other in ipairs(kind.options[1].also or {}) do
      if key == other then return kind end
    end
  end
  return kind_called(check.nearest(key, names))
end

-- Which kind of action a table is; nil, with a mistake, when it is none or several.
local function kind_of(mistakes, path, definition)
  local found
  for _, kind in ipairs(KINDS) do
    if definition[kind.name] ~= nil then
      if found then
        return mistakes:add(path, ("is %s and %s: make two actions of it"):format(found.words, kind.words))
      end
      found = kind
    end
  end
  if found then return found end
  local keys = {}
  for key in next, definition do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local meant = kind_meant(key)
    if meant then return meant end
  end
  mistakes:add(path, ('is none of what an action can be: give %s, like { reply = "Done." }'):format(WORDS))
end

local function read_reply(mistakes, path, reply, names)
  if type(reply) ~= "string" then return reply end
  if reply == "" then return mistakes:add(path, "is empty: write what to say") end
  return template.check(mistakes, path, reply, names, true)
end

local function read_handoff(mistakes, path, handoff, names)
  if type(handoff) == "string" and handoff ~= "" then return template.check(mistakes, path, handoff, names, true) end
  if handoff == true or handoff == nil then return handoff end
  local got = handoff == "" and "an empty one" or "false"
  mistakes:add(path, ("must be true, or a text that says where to or why, got %s"):format(got))
end

---Checks what a user wrote for an action; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition any
---@param client table the client's checked options: defaults for network and allow
---@param core_client userdata|nil
---@param names string[] of the intent's slots
---@param sensitive string[] those of them that are masked in what is stored
---@return intent_webhook.Action|nil
function action.new(mistakes, path, definition, client, core_client, names, sensitive)
  if type(definition) == "function" then return { kind = "run", run = definition, before = false } end
  if type(definition) ~= "table" then
    return mistakes:add(path, ("must be %s, got %s"):format(WORDS, check.kind(definition)))
  end
  local kind = kind_of(mistakes, path, definition)
  if not kind then return nil end
  local before = #mistakes.list
  local accepted = check.options(mistakes, path, definition, kind.options)
  local made = {}
  if kind.name == "webhook" then
    made = webhook_action.new(mistakes, path, definition, accepted, before, client, core_client, names)
  elseif kind.name == "reply" then
    made.reply = read_reply(mistakes, check.within(path, "reply"), accepted.reply, names)
  elseif kind.name == "handoff" then
    made.handoff = read_handoff(mistakes, check.within(path, "handoff"), accepted.handoff, names)
  end
  made.kind, made.when, made.run = kind.name, accepted.when, accepted.run
  made.before = (made.when or made.map or made.payload) ~= nil
  made.sensitive = made.payload and sensitive[1] and sensitive or nil
  return made
end

-- Before the event is fired ------------------------------------------------------------------------------------------

-- Why an action does not run; nil when it does.
local function refusal(when, where, slots, event, errors)
  local good, answer = protected.report(errors, where, when, copy(slots), copy(event))
  if not good then return "raised an error" end
  if answer == true then return nil end
  if answer == false then return "returned false" end
  if answer == nil then return "returned nothing" end
  local returned = "returned " .. check.kind(answer)
  errors[#errors + 1] = { where = where, message = returned .. ": return true or false" }
  return returned
end

local function mapped(map, where, slots, event, errors)
  local good, value = protected.report(errors, where, map, copy(slots), copy(event))
  if good and value == nil then
    good, value = false, "map returned nothing: return the payload, or webhook.null"
    errors[#errors + 1] = { where = where, message = value }
  end
  return good and { value } or { error = protected.first_line(value) }
end

-- What is stored is filled with the masks themselves, so that it does not hold a short value either, or true or false.
local function filled(one, slots, event)
  local value = template.fill_tree(one.payload, slots, event)
  if not one.sensitive then return { value } end
  local masked = copy(slots)
  for _, name in ipairs(one.sensitive) do
    if masked[name] ~= nil then masked[name] = secrets.MASK end
  end
  return { value, template.fill_tree(one.payload, masked, event) }
end

---Asks each action's `when`, and makes the payloads of the webhooks that run.
---@param actions intent_webhook.Action[]
---@param where string the intent's path, for errors
---@param slots table
---@param event intent_webhook.MapEvent
---@param errors intent_webhook.RuleError[] gets what the functions raised, and which took long
---@return table payloads one for each webhook, for the core: false for the slots, { value [, stored value] },
---  { error = message } or { skip = true }
---@return table<integer, true> skipped the numbers of the actions that do not run
---@return string|nil note which these are, and why
function action.payloads(actions, where, slots, event, errors)
  local payloads, skipped, notes = {}, {}, {}
  for index, one in ipairs(actions) do
    local place = ("%s.actions[%d]."):format(where, index)
    local reason = one.when and refusal(one.when, place .. "when", slots, event, errors)
    if reason then
      skipped[index] = true
      notes[#notes + 1] = ("actions[%d] did not run: its `when` %s"):format(index, reason)
    end
    if one.kind == "webhook" then
      payloads[#payloads + 1] = reason and { skip = true }
        or one.map and mapped(one.map, place .. "map", slots, event, errors)
        or one.payload and filled(one, slots, event)
        or false
    end
  end
  return payloads, skipped, notes[1] and table.concat(notes, "; ")
end

-- After it was accepted ----------------------------------------------------------------------------------------------

local function reply_of(reply, where, slots, event, errors)
  if type(reply) ~= "function" then return template.text(reply, slots, event) end
  local good, text = protected.report(errors, where, reply, copy(slots), copy(event))
  if not good or text == nil then return nil end
  if type(text) == "string" then return text end
  local sentence = "returned %s: return what to say, or nothing"
  errors[#errors + 1] = { where = where, message = sentence:format(check.kind(text)) }
end

local function handoff_of(handoff, slots, event)
  local text = handoff ~= true and template.text(handoff, slots, event)
  return text and text ~= "" and text or true
end

local function run(user, where, slots, event, errors)
  local fired = copy(event)
  fired.slots = copy(slots)
  protected.report(errors, where, user, fired)
end

---Runs replies, handoffs and functions, in their order.
---@param actions intent_webhook.Action[]
---@param where string the intent's path, for errors
---@param slots table
---@param event intent_webhook.MapEvent
---@param errors intent_webhook.RuleError[] gets what the functions raised, and which took long
---@param skipped? table<integer, true> the numbers of those that do not run
---@return string[]|nil replies in order; nil when there are none, and an empty text is none
---@return true|string|nil handoff what the first handoff says
function action.after(actions, where, slots, event, errors, skipped)
  local replies, handoff = {}, nil
  slots = copy(slots) -- what a function does to the host's own table is nothing to the actions behind it
  for index, one in ipairs(actions) do
    local place = ("%s.actions[%d]"):format(where, index)
    local runs = not (skipped and skipped[index])
    if runs and one.reply then
      local text = reply_of(one.reply, place .. ".reply", slots, event, errors)
      if text and text ~= "" then replies[#replies + 1] = text end
    elseif runs and one.handoff then
      handoff = handoff or handoff_of(one.handoff, slots, event)
    elseif runs and one.run then
      run(one.run, place, slots, event, errors)
    end
  end
  return replies[1] and replies, handoff
end

return action
