--- filling: which values one message gives for the slots of one intent.
--
-- Values come from three places, in this order: what a rule captured, what answers the question that was asked, and
-- what stands anywhere else in the message and can be nothing but a value of a slot that is still open. What one slot
-- took of the text no other slot takes. Every value goes through the slot's type and its predicate; one that is refused
-- is kept with the reason, so that the person can be told.
--
-- Nothing here changes what it is given; a filling lives for one message.

local copy = require "intent_webhook.copy"
local said = require "intent_webhook.said"

local filling = {}

local MOST_TEXT = 2000 -- bytes that a slot without a type takes, so that a session stays small
local MOST_RAW = 200 -- bytes of a value's text that are kept beside it
local MOST_TRIES = 16 -- values of a type that are passed over since another slot has taken their text

---Why a value was refused.
---@class intent_webhook.Rejection
---@field slot string
---@field reason string a stable code: "impossible", "ambiguous", "too_small", ...; "refused": by the slot's predicate;
---  "wrong_type": a value that is no text, and that the type does not take; "absent": the text holds no such value
---@field message string|nil what the predicate said
---@field raw string|nil the text that it was about

---@class intent_webhook.Filling
---@field checked intent_webhook.CheckedIntent
---@field said intent_webhook.Said
---@field context table for readers
---@field taken integer[][] first and last bytes of what is taken
---@field spans table<string, integer[]> first and last byte of the values that were found in the text
---@field slots table<string, any> the values so far, with those from before
---@field raw table<string, string> the text of a value, where that differs from it
---@field filled string[] the names of the slots that this message gave a value, in that order
---@field rejected table<string, intent_webhook.Rejection>
---@field dropped string[]|nil the names of slots whose value is refused since others have changed
---@field errors intent_webhook.RuleError[]
local Filling = { __name = "intent_webhook.Filling" }
Filling.__index = Filling

---@param checked intent_webhook.CheckedIntent
---@param message intent_webhook.Said
---@param slots table values from before
---@param context table
---@return intent_webhook.Filling
function filling.new(checked, message, slots, context)
  return setmetatable({
    checked = checked, said = message, context = context, taken = {}, spans = {}, slots = copy(slots), raw = {},
    filled = {}, rejected = {}, errors = context.errors,
  }, Filling)
end

-- The last byte of what is taken of a span, or nil.
local function taken_until(taken, first, last)
  for _, span in ipairs(taken) do
    if span[1] <= last and span[2] >= first then return span[2] end
  end
end

---Whether a part of the text is taken.
---@param first integer
---@param last integer
---@return boolean
function Filling:is_taken(first, last)
  return taken_until(self.taken, first, last) ~= nil
end

---@param first integer
---@param last integer
function Filling:take(first, last)
  self.taken[#self.taken + 1] = { first, last }
end

-- The message with blanks for the values of a slot that are denied, "onions, not mushrooms"; nil when none is.
local function without_denied(self, slot)
  local message, dialogue, text = self.said, self.context.dialogue, self.said.text
  for _, at in ipairs(message.firsts) do
    if at > 1 and dialogue:denies(message, slot, at) then
      local value, first, last = slot.reader:find(message, at, self.context, false)
      if value ~= nil and first == at then
        text = text:sub(1, first - 1) .. (" "):rep(last - first + 1) .. text:sub(last + 1)
      end
    end
  end
  return text ~= message.text and said.new(text) or nil
end

-- The first value of a slot that nothing else has taken, and that is not denied, as a reader's find.
local function find(self, slot, at, asked)
  local reader, dialogue = slot.reader, self.context.dialogue
  for _ = 1, MOST_TRIES do
    local value, first, last, end_of_reason = reader:find(self.said, at, self.context, asked)
    if value == nil and first == "ambiguous" and slot.rank and dialogue then
      local clearer = without_denied(self, slot)
      if clearer then value, first, last, end_of_reason = reader:find(clearer, at, self.context, asked) end
    end
    if value == nil then
      if first and end_of_reason and taken_until(self.taken, last, end_of_reason) then
        at = end_of_reason + 1
      else
        return nil, first, last, end_of_reason
      end
    else
      local until_byte = taken_until(self.taken, first, last)
      if not until_byte and first > 1 and slot.rank and dialogue and dialogue:denies(self.said, slot, first) then
        until_byte = last
      end
      if not until_byte then return value, first, last end
      at = math.max(until_byte, first) + 1
    end
    if at > #self.said.text then return nil end
  end
end

local function reject(self, slot, reason, raw, message)
  self.rejected[slot.name] = { slot = slot.name, reason = reason, raw = raw, message = message }
  return false
end

---Gives a slot a value of its type, unless its predicate refuses it.
---@param slot intent_webhook.CheckedSlot
---@param value any
---@param raw string|nil
---@return boolean
function Filling:set(slot, value, raw)
  if not slot.reader and type(value) == "string" and #value > MOST_TEXT then return reject(self, slot, "too_long") end
  if slot.validate then
    local others = copy(self.slots)
    others[slot.name] = nil
    local accepted, message = slot:accepts(value, others, self.errors)
    if not accepted then return reject(self, slot, "refused", raw, message) end
  end
  self.slots[slot.name] = value
  self.raw[slot.name] = raw ~= value and raw and #raw <= MOST_RAW and raw or nil
  self.rejected[slot.name] = nil
  for _, name in ipairs(self.filled) do
    if name == slot.name then return true end
  end
  self.filled[#self.filled + 1] = slot.name
  return true
end

-- Sets what was found at a place of the text.
local function set_found(self, slot, value, first, last)
  if not self:set(slot, value, self.said.text:sub(first, last)) then return false end
  self:take(first, last)
  self.spans[slot.name] = { first, last }
  return true
end

-- Whether there is another open slot of the type, so that two values are one for each: "checking to savings".
local function has_sibling(self, slot)
  for _, other in ipairs(self.checked.scanned) do
    if other ~= slot and other.type == slot.type and self.slots[other.name] == nil then return true end
  end
  return false
end

---Looks for a slot's value from a byte on.
---@param slot intent_webhook.CheckedSlot
---@param at integer
---@param asked boolean
---@return boolean whether the slot has got a value
function Filling:look(slot, at, asked)
  local reader = slot.reader
  if not reader then
    if not asked then return false end
    local first, last = self.said.text:match("()%S", at), self.said.text:match("()%s*$")
    if not first or self:is_taken(first, last - 1) then return false end
    return set_found(self, slot, self.said.text:sub(first, last - 1), first, last - 1)
  end
  self.context.current = self.slots[slot.name] -- what shall perhaps change, for readers of values with parts
  local value, first, last, end_of_reason = find(self, slot, at, asked)
  if first == "ambiguous" and asked and has_sibling(self, slot) then
    value, first, last, end_of_reason = find(self, slot, at, false)
  end
  self.context.current = nil
  if value ~= nil then
    if set_found(self, slot, value, first, last) then return true end
    if asked then self:take(first, last) end -- it is no value of another slot either
    return false
  end
  if first then
    reject(self, slot, first, end_of_reason and self.said.text:sub(last, end_of_reason))
    if asked and end_of_reason then self:take(last, end_of_reason) end
  end
  return false
end

---A value that is no text of the message: from a rule's list, or from an NLU.
---@param slot intent_webhook.CheckedSlot
---@param value any
---@return boolean
function Filling:receive(slot, value)
  local reader = slot.reader
  if not reader then
    local kind = type(value)
    if kind == "string" or kind == "number" or kind == "boolean" then return self:set(slot, value, nil) end
    return reject(self, slot, "wrong_type")
  end
  local found, reason
  if type(value) == "string" then
    found, reason = reader:find(said.new(value), 1, self.context, true)
    if found == nil then reason = reason or "absent" end
  elseif reader.take then
    found, reason = reader:take(value, self.context)
  end
  if found == nil then return reject(self, slot, reason or "wrong_type", type(value) == "string" and value or nil) end
  return self:set(slot, found, type(value) == "string" and value or nil)
end

-- What a rule captured at a place of the text: the value is looked for within.
local function receive_captured(self, slot, value, span)
  if not slot.reader or type(value) ~= "string" then
    if self:receive(slot, value) then
      self:take(span[1], span[2])
      self.spans[slot.name] = { span[1], span[2] }
    end
    return
  end
  local part = self.said.text:sub(span[1], span[2])
  local found, first, last, end_of_reason = slot.reader:find(said.new(part), 1, self.context, true)
  if found ~= nil then
    set_found(self, slot, found, span[1] + first - 1, span[1] + last - 1)
  elseif value ~= part then
    -- the list's value, where what was said is another word for it
    if self:receive(slot, value) then self.spans[slot.name] = { span[1], span[2] } end
  else
    reject(self, slot, first or "absent", end_of_reason and part:sub(last, end_of_reason) or part)
  end
end

-- Where the values of open slots begin that stand at the end of a slot's text: of "call mom tomorrow at 5", the text is
-- what is left. They go to their slots.
local function split_end(self, first, last, captured)
  local text = self.said.text
  local left
  repeat
    left = last
    for _, slot in ipairs(self.checked.scanned) do
      local at = self.slots[slot.name] == nil and captured[slot.name] == nil and first
      while at and at <= last do
        local value, from, to = slot.reader:find(self.said, at, self.context, false)
        if value == nil or to > last then break end
        local ends = from > first and not text:sub(to + 1, last):find("[%w\128-\255]")
        if ends and set_found(self, slot, value, from, to) then
          last = from - 1
          break
        end
        at = to + 1
      end
    end
    while last > first and text:find("^[ \t,;]", last) do last = last - 1 end
  until last == left
  return last
end

---What a rule found.
---@param values table<string, any>
---@param spans table<string, integer[]>|nil where in the text
function Filling:capture(values, spans)
  for _, slot in ipairs(self.checked.fields) do
    local value = values[slot.name]
    if value ~= nil then
      local span = spans and spans[slot.name]
      if span and slot.type == "text" and value == self.said.text:sub(span[1], span[2]) then
        span = { span[1], split_end(self, span[1], span[2], values) }
        value = self.said.text:sub(span[1], span[2])
      end
      if span then receive_captured(self, slot, value, span) else self:receive(slot, value) end
    end
  end
end

-- The first byte of the first word that is not taken; nil when all are.
local function first_free(self)
  local message, taken = self.said, self.taken
  if not taken[1] then return 1 end
  for index, first in ipairs(message.firsts) do
    if not taken_until(taken, first, message.lasts[index]) then return first end
  end
end

---Looks all over the message for values of slots that are open, or of all with `again`.
---@param again boolean|nil whether slots that have a value may get another
---@param but string|nil a slot that is left out
function Filling:scan(again, but)
  local at = self.checked.scanned[1] and first_free(self)
  if not at then return end
  local got = {}
  for _, name in ipairs(self.filled) do got[name] = true end
  for _, slot in ipairs(self.checked.scanned) do
    local name = slot.name
    if not got[name] and name ~= but and (again or self.slots[name] == nil) then
      local before = self.rejected[name]
      if not self:look(slot, at, false) and before then self.rejected[name] = before end
    end
  end
end

---Asks the predicates of slots that got no value now about those from before, since they may depend on what has
---changed. What is refused now goes.
function Filling:check_again()
  local now = {}
  for _, name in ipairs(self.filled) do now[name] = true end
  for _, slot in ipairs(self.checked.fields) do
    local name = slot.name
    local value = self.slots[name]
    if slot.validate and value ~= nil and not now[name] then
      local others = copy(self.slots)
      others[name] = nil
      local accepted, message = slot:accepts(value, others, self.errors)
      if not accepted then
        reject(self, slot, "refused", nil, message)
        self.slots[name] = nil
        self.dropped = self.dropped or {}
        self.dropped[#self.dropped + 1] = name
      end
    end
  end
end

---The rejections, in the order of the intent's slots; nil when there are none.
---@return intent_webhook.Rejection[]|nil
function Filling:rejections()
  if next(self.rejected) == nil then return nil end
  local list = {}
  for _, slot in ipairs(self.checked.fields) do list[#list + 1] = self.rejected[slot.name] end
  return list
end

return filling
