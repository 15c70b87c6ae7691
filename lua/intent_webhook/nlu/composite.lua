--- composite: values that NLUs give as objects where a slot takes one value: intervals and durations.
--
-- An interval { from, to } gives the slot its beginning, or its end when there is no beginning ("before Friday"). An
-- end that is left over goes to `ignored` with the code "interval", so it is on record. A duration becomes ISO 8601.

local result = require "intent_webhook.nlu.result"
local value = require "intent_webhook.nlu.value"

local composite = {}

-- An end of an interval: a plain value (Rasa, Snips), or an object with one (Wit).
local function end_of(interval, key)
  local found = interval:get(key)
  if type(found) ~= "table" then return found end
  local bound = interval:object(key)
  return bound and bound:get("value")
end

---Whether an object is an interval and nothing else.
---@param given any
---@return boolean
function composite.is_interval(given)
  if type(given) ~= "table" or next(given) == nil then return false end
  for key in next, given do
    if key ~= "from" and key ~= "to" then return false end
  end
  return true
end

---Fills a slot with an interval's beginning.
---@param record intent_webhook.NluResult
---@param name string
---@param interval intent_webhook.NluNode
function composite.interval(record, name, interval)
  local from, to = end_of(interval, "from"), end_of(interval, "to")
  if from == nil then return result.slot(record, name, to, interval, "to") end
  result.slot(record, name, from, interval, "from")
  if to == nil then return end
  interval:ignore("to", "is the end of an interval: the slot has its beginning", "interval", name, to)
end

local function is_count(number)
  return type(number) == "number" and number >= 0 and number <= 1e9
end

local function written(number)
  return (("%.15g"):format(number):gsub(",", "."))
end

---A duration that Duckling (in Rasa, in Wit) has normalized: { unit = "second", value = 300 } -> "PT300S".
---@param parent intent_webhook.NluNode
---@return string|nil # nil when there is none
function composite.seconds(parent)
  local normalized = parent:get("normalized")
  if type(normalized) ~= "table" or rawget(normalized, "unit") ~= "second" then return nil end
  local seconds = rawget(normalized, "value")
  return is_count(seconds) and "PT" .. written(seconds) .. "S" or nil
end

-- Snips's parts of a duration: how much each counts, in which unit.
local DATES = {
  { "years", 12, "M" }, { "quarters", 3, "M" }, { "months", 1, "M" }, { "weeks", 7, "D" }, { "days", 1, "D" },
}
local TIMES = { { "hours", "H" }, { "minutes", "M" }, { "seconds", "S" } }

---A duration in parts: { hours = 1, minutes = 30, ... } -> "PT1H30M".
---@param parts intent_webhook.NluNode
---@return string|nil # nil when a part is wrong, which is on record then
function composite.duration(parts)
  local counts = {}
  local function count(name)
    local found = parts:get(name)
    if found == nil then return 0 end
    if is_count(found) then return found end
    parts:ignore(name, "must be a number from 0 up, got " .. value.kind(found))
    counts.wrong = true
    return 0
  end
  for _, part in ipairs(DATES) do counts[part[3]] = (counts[part[3]] or 0) + count(part[1]) * part[2] end
  local date, time = "", ""
  if counts.M > 0 then date = written(counts.M) .. "M" end
  if counts.D > 0 then date = date .. written(counts.D) .. "D" end
  for _, part in ipairs(TIMES) do
    local number = count(part[1])
    if number > 0 then time = time .. written(number) .. part[2] end
  end
  if counts.wrong then return nil end
  if date == "" and time == "" then return "PT0S" end
  return "P" .. date .. (time ~= "" and "T" .. time or "")
end

return composite
