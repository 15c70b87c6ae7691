--- intent: from what a user wrote to what the client works with. One checker, which finds every mistake.

local action = require "intent_webhook.action"
local check = require "intent_webhook.check"
local grammar = require "intent_webhook.grammar"
local options = require "intent_webhook.options"
local rule = require "intent_webhook.rule"
local slot = require "intent_webhook.slot"
local template = require "intent_webhook.template"

local intent = {}

---A checked intent.
---@class intent_webhook.CheckedIntent
---@field name string
---@field where string its path in the definition: "intents[1]"
---@field declared table<string, boolean> the names of its slots
---@field names string[] the same, in order
---@field slots table[] { name, required, sensitive } each, in order: as the core wants them
---@field required string[] the names of the slots that it needs
---@field fields intent_webhook.CheckedSlot[] its slots in full, in order
---@field by_name table<string, intent_webhook.CheckedSlot>
---@field scanned intent_webhook.CheckedSlot[] those that are looked for in every message, in the order of that
---@field typed boolean whether a slot has a type, a predicate or a default
---@field confirm intent_webhook.Template|function|nil what is asked when all slots are there
---@field interrupts boolean
---@field description string|nil
---@field rules intent_webhook.Rule[]
---@field priority integer
---@field actions intent_webhook.Action[]
---@field maps boolean whether something of an action runs before the event is fired: map, payload, when
---@field after boolean whether an action runs when the event was accepted: a reply, a handoff, a function
---@field core userdata|nil the core's intent; nil when there is no core

local function check_slots(mistakes, path, definitions, client)
  local fields, first_place, names = {}, {}, {}
  for index, definition in ipairs(definitions) do names[index] = slot.name_of(definition) end
  for index, definition in ipairs(definitions) do
    local place = check.within(path, index)
    local one = slot.new(mistakes, place, definition, names, client)
    if one and first_place[one.name] then
      mistakes:add(place, ('is called "%s" like %s: give it another name'):format(one.name, first_place[one.name]))
    elseif one then
      first_place[one.name] = place
      fields[#fields + 1] = one
    end
  end
  slot.call_short(fields)
  return fields
end

-- The slots that are looked for in every message, in the order of their types' ranks.
local function scanned_slots(fields)
  local scanned, number = {}, {}
  for index, one in ipairs(fields) do
    number[one] = index
    if one.rank then scanned[#scanned + 1] = one end
  end
  table.sort(scanned, function(one, other)
    if one.rank ~= other.rank then return one.rank < other.rank end
    return number[one] < number[other]
  end)
  return scanned
end

-- What a message may be more for the slots than what a rule says: types, predicates, defaults.
local function needs_filling(fields)
  for _, one in ipairs(fields) do
    if one.reader or one.validate or one.default ~= nil then return true end
  end
  return false
end

local function check_confirm(mistakes, path, confirm, names)
  if type(confirm) ~= "string" then return confirm end
  return template.check(mistakes, check.within(path, "confirm"), confirm, names)
end

local function check_rules(mistakes, path, definitions, names)
  local rules = {}
  for index, definition in ipairs(definitions) do
    -- rules keep their number also when one before them is wrong
    rules[index] = rule.new(mistakes, check.within(path, index), definition, names) or false
  end
  return rules
end

-- Slots that the rules of an intent can yield; nil when nobody can tell.
local function yielded(rules, yields)
  local names = {}
  for _, one in ipairs(rules) do
    if not one or not (one.yields or one.sentence) then return nil end
    for name in pairs(one.yields or {}) do names[name] = true end
  end
  for _, one in ipairs(yields) do
    for _, name in ipairs(one.always) do names[name] = true end
    for _, name in ipairs(one.sometimes) do names[name] = true end
  end
  return names
end

-- A required slot that no rule can give means that no message will ever fire the intent; one that a sentence gives only
-- in some of its branches, that the others will not.
local function warn_of_gaps(mistakes, outline, yields)
  local names = yielded(outline.rules, yields)
  local required = {}
  for _, one in ipairs(outline.fields) do
    -- a type finds values in any message, and a conversation asks for them
    local needed = one.required and one.default == nil and not one.rank and not one.prompts
    required[one.name] = needed
    if needed and names and #outline.rules > 0 and not names[one.name] then
      local sentence = 'the slot "%s" is required, but no rule yields it: no message alone can fire this intent, '
        .. "only a conversation; give it a prompt, a type, or a rule that yields it"
      mistakes:warn(outline.path, sentence:format(one.name))
    end
  end
  for _, one in ipairs(yields) do
    for _, name in ipairs(one.sometimes) do
      if required[name] then
        local sentence = 'the slot "%s" is required, but some branches of this sentence do not yield it: '
          .. "messages that take them are incomplete"
        mistakes:warn(one.placed.rule.paths[one.template], sentence:format(name))
      end
    end
  end
end

-- For the checked intent: its actions, their endpoints, and whether any runs before or after the event is accepted.
local function check_actions(mistakes, path, definitions, client, core_client, slots)
  local found = { actions = {}, endpoints = {}, maps = false, after = false }
  local names, sensitive = {}, {}
  for index, one in ipairs(slots) do
    names[index] = one[1]
    if one[3] then sensitive[#sensitive + 1] = one[1] end
  end
  for index, definition in ipairs(definitions) do
    local one = action.new(mistakes, check.within(path, index), definition, client, core_client, names, sensitive)
    if one then
      found.actions[#found.actions + 1] = one
      found.endpoints[#found.endpoints + 1] = one.endpoint
      found.maps = found.maps or one.before
      found.after = found.after or one.kind ~= "webhook"
    end
  end
  return found
end

-- The intent, when it has a name, and its outline.
local function check_intent(mistakes, path, definition, client, core_client)
  local accepted = check.options(mistakes, path, definition, options.intent)
  if not accepted then return nil end
  local named = accepted.name
    and check.name(mistakes, check.within(path, "name"), accepted.name, "give the intent a name")
  local fields = check_slots(mistakes, check.within(path, "slots"), accepted.slots, client)
  local slots, declared, names, by_name, required = {}, {}, {}, {}, {}
  for index, one in ipairs(fields) do
    slots[index] = { one.name, one.required, one.sensitive }
    declared[one.name], names[index], by_name[one.name] = true, one.name, one
    if one.required then required[#required + 1] = one.name end
  end
  local rules = check_rules(mistakes, check.within(path, "rules"), accepted.rules, declared)
  local outline = { path = path, name = named and accepted.name, names = names, fields = fields, rules = rules,
    priority = accepted.priority, mistakes = check.mistakes(), at = #mistakes.list }
  local confirm = check_confirm(mistakes, path, accepted.confirm, names)
  local found = check_actions(mistakes, check.within(path, "actions"), accepted.actions, client, core_client, slots)
  local checked = {
    name = accepted.name, where = path, slots = slots, declared = declared, names = names, required = required,
    rules = rules, priority = accepted.priority, actions = found.actions, maps = found.maps, after = found.after,
    fields = fields, by_name = by_name, scanned = scanned_slots(fields), typed = needs_filling(fields),
    confirm = confirm, interrupts = accepted.interrupts, description = accepted.description,
  }
  if not named then return nil, outline end
  if core_client and not mistakes:first() then
    checked.core = core_client:intent(checked.name, slots, found.endpoints)
  end
  return checked, outline
end

local function has_sentences(outline)
  for _, one in ipairs(outline.rules) do
    if one and one.sentence then return true end
  end
end

-- Compiles the sentences; what is wrong with them goes among the mistakes where the definition has them.
local function check_sentences(mistakes, client, outlines, whole, at)
  local of_client = check.mistakes()
  local made, message, code = grammar.new(of_client, client, outlines, whole)
  local yields = {}
  for index in ipairs(outlines) do yields[index] = {} end
  for _, one in ipairs(whole and made and made:yields() or {}) do table.insert(yields[one.intent], one) end
  for index = #outlines, 1, -1 do
    local outline = outlines[index]
    if whole and (made or not has_sentences(outline)) then warn_of_gaps(outline.mistakes, outline, yields[index]) end
    mistakes:insert(outline.at, outline.mistakes)
  end
  mistakes:insert(at, of_client)
  return made, message, code
end

---Checks a list of intents, and compiles their sentences; adds every mistake in them.
---@param mistakes intent_webhook.Mistakes
---@param definitions any[] known to be a list
---@param client table the client's checked options
---@param core_client userdata|nil makes endpoints and intents; without it they are not checked by the core
---@param whole boolean whether all mistakes are looked for, with warnings, which takes longer
---@return intent_webhook.CheckedIntent[] # complete only if there was no mistake
---@return intent_webhook.Grammar|nil # nil when there are no sentences, or mistakes in them
---@return string|nil message why the client's compiled file cannot be used
---@return string|nil code
function intent.check(mistakes, definitions, client, core_client, whole)
  local intents, outlines, first_place = {}, {}, {}
  local at = #mistakes.list
  for index, definition in ipairs(definitions) do
    local path = check.within("intents", index)
    local checked, outline = check_intent(mistakes, path, definition, client, core_client)
    local name = checked and checked.name
    outlines[#outlines + 1] = outline
    if checked and first_place[name] then
      mistakes:add(check.within(path, "name"),
        ('is "%s" like that of %s: give it another'):format(name, first_place[name]))
    elseif checked then
      first_place[name] = path
      intents[#intents + 1] = checked
    end
  end
  if #definitions == 0 then mistakes:warn("intents", "is empty: nothing can fire") end
  local made, message, code = check_sentences(mistakes, client, outlines, whole, at)
  return intents, made, message, code
end

---The longest that one call of the intent's actions may take.
---@param checked intent_webhook.CheckedIntent
---@return number seconds
function intent.longest_timeout(checked)
  local longest = 0
  for _, one in ipairs(checked.actions) do longest = math.max(longest, one.timeout or 0) end
  return longest
end

return intent
