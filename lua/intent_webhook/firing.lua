--- firing: an intent with its slots becomes an event: payloads, the core, and the actions that run in the host.

local action = require "intent_webhook.action"
local copy = require "intent_webhook.copy"
local core = require "intent_webhook.core"

local firing = {}

---What actions that run in the host gave when an intent fired.
---@class intent_webhook.Outcome
---@field replies? string[] what to say, in the order of the actions
---@field handoff? true|string that a human shall take over; a text says where to, or why
---@field errors? intent_webhook.RuleError[] what functions of the actions raised, and which took long

---What users' functions raised, as the history keeps it.
---@param errors intent_webhook.RuleError[]
---@return string|nil
function firing.error_text(errors)
  if #errors == 0 then return nil end
  local lines = {}
  for index, one in ipairs(errors) do lines[index] = one.where .. ": " .. one.message end
  return table.concat(lines, "\n\n")
end

-- The time in an id, in seconds since 1970: its first 48 bits are milliseconds.
local function time_of_id(id)
  return tonumber(id:sub(1, 8) .. id:sub(10, 13), 16) / 1000
end

-- Fires an intent that has more than webhooks with flat slots, or with errors that the event shall keep; these get what
-- actions raise.
local function fire_in_full(client, checked, slots, session, time, errors)
  -- the slots shall be good and complete before anybody's function sees them
  local encoded, message, code = client.core:encode(checked.core, slots)
  if not encoded then return nil, message, code end
  local id = core.id(time)
  local event = { id = id, time = time or time_of_id(id), intent = checked.name, session = session }
  local payloads, skipped, note = action.payloads(checked.actions, checked.where, slots, event, errors)
  local problem = firing.error_text(errors)
  id, message, code = client.core:fire(checked.core, slots, session, event.time, id, payloads, problem, note)
  if not id then return nil, message, code end
  local replies, handoff
  if checked.after then
    replies, handoff = action.after(checked.actions, checked.where, slots, event, errors, skipped)
  end
  return id, nil, nil, { replies = replies, handoff = handoff, errors = errors[1] and errors or nil }
end

---Fires an intent. Returns at once.
---@param client intent_webhook.Client
---@param checked intent_webhook.CheckedIntent
---@param slots table
---@param session string|nil
---@param time number|nil seconds since 1970; nil: now
---@param errors intent_webhook.RuleError[]|nil what users' functions have raised so far: the event keeps it
---@return string|nil id
---@return string|nil message
---@return string|nil code "misuse" is for the caller to raise
---@return intent_webhook.Outcome|nil
function firing.fire(client, checked, slots, session, time, errors)
  if checked.maps or checked.after or errors then
    return fire_in_full(client, checked, slots, session, time, errors or {})
  end
  return client.core:fire(checked.core, slots, session, time)
end

---The slots with the values that the intent gives to those that are missing: a copy, if there are such.
---@param checked intent_webhook.CheckedIntent
---@param slots table
---@return table
function firing.with_defaults(checked, slots)
  local complete = slots
  for _, slot in ipairs(checked.fields) do
    if slot.default ~= nil and rawget(slots, slot.name) == nil then
      if complete == slots then complete = copy(slots) end
      complete[slot.name] = slot.default
    end
  end
  return complete
end

return firing
