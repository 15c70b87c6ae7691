--- duration: the slot type for lengths of time. The value is ISO 8601: "PT1H30M", "P3D", "P2W".
--
-- Options: min, max in seconds. Months and years have no fixed number of seconds: they are taken, and compared with min
-- and max by what they have at least and at most (28 to 31 and 365 to 366 days); where that does not decide, the reason
-- is "ambiguous".
--
-- The value is written in one way, whatever was said: 90 minutes are PT1H30M, 1 week and 2 days are P9D; weeks
-- stand alone; hours are not made into days, nor days into months, since that depends on the calendar.
--
-- Reasons: "too_small", "too_large", "ambiguous", "impossible" (half a month; more than 9999 years).
--
-- Not found unasked: "a minute", "a day" without more ("wait a minute", "twice a day"), and what is a time from now or
-- an age: "in 2 hours", "3 days ago", "5 years old".
--
-- Fields of a phrase (moment.lua has those of all): each {n} or {amount} counts the {unit} behind it; besides
--   half = true            half of the last unit more: "an hour and a half"
--   amount =, unit =       fixed: { "half an hour", amount = 0.5, unit = "hour" }
--   rest = "minute"        the unit of a last {minute}: "1h30"

local moment = require "intent_webhook.types.moment"
local moment_words = require "intent_webhook.types.moment_words"

local UNITS = moment_words.UNITS
local DAY = 86400
local MOST_MONTHS, MOST_SECONDS = 9999 * 12, 9999 * 366 * DAY

-- What is said -----------------------------------------------------------------------------------------------------

-- A length: months, days and seconds, each maybe with a fraction, and whether it is of weeks alone.
local function new_length()
  return { months = 0, days = 0, seconds = 0, weeks = true }
end

local function add(length, amount, unit)
  local one = UNITS[unit]
  if one.months then
    length.months = length.months + amount * one.months
  elseif one.days then
    length.days = length.days + amount * one.days
  else
    length.seconds = length.seconds + amount * one.seconds
  end
  if unit ~= "week" then length.weeks = false end
end

local function length_of(match)
  local entry, length, amount, unit = match.entry, new_length(), nil, nil
  if entry.amount then add(length, entry.amount, entry.unit) end
  for _, field in ipairs(match.order) do
    local name, found = field[1], field[2]
    if name == "unit" then
      unit = found.value
      add(length, amount or 1, unit)
      amount = nil
    elseif name == "clock" then
      add(length, found.value, "hour")
      add(length, found.minute, "minute")
      amount = 0
    elseif name == "minute" and entry.rest then
      add(length, found.value, entry.rest)
    elseif name == "n" or name == "amount" then
      amount = found.value
    end
  end
  if entry.half then add(length, 0.5, unit) end
  return length
end

-- Fractions of days become hours; nil: there are fractions of months, or there is nothing.
local function settle(length)
  local whole_days = math.floor(length.days)
  length.seconds = math.floor(length.seconds + (length.days - whole_days) * DAY + 0.5)
  length.days = whole_days
  if length.months ~= math.floor(length.months) then return nil end
  if length.months > MOST_MONTHS or length.days * DAY + length.seconds > MOST_SECONDS then return nil end
  return length
end

local function text_of(length)
  if length.weeks and length.days > 0 and length.days % 7 == 0 and length.seconds == 0 and length.months == 0 then
    return ("P%dW"):format(length.days / 7)
  end
  local parts = { "P" }
  local function put(number, letter)
    if number > 0 then parts[#parts + 1] = ("%d%s"):format(number, letter) end
  end
  put(math.floor(length.months / 12), "Y")
  put(length.months % 12, "M")
  put(length.days, "D")
  if length.seconds > 0 then parts[#parts + 1] = "T" end
  put(math.floor(length.seconds / 3600), "H")
  put(math.floor(length.seconds % 3600 / 60), "M")
  put(length.seconds % 60, "S")
  return #parts > 1 and table.concat(parts) or "PT0S"
end

-- ISO 8601 ---------------------------------------------------------------------------------------------------------

local DATE_UNITS = { { "Y", "year" }, { "M", "month" }, { "W", "week" }, { "D", "day" } }
local TIME_UNITS = { { "H", "hour" }, { "M", "minute" }, { "S", "second" } }

-- Reads numbers with letters, in order; returns the byte behind them.
local function read_units(text, at, units, length)
  for _, unit in ipairs(units) do
    local number, behind = text:match("^(%d+)()", at)
    if not number or #number > 8 then return at end
    local fraction, behind_fraction = text:match("^[.,](%d+)()", behind)
    if fraction then number, behind = number .. "." .. fraction:sub(1, 9), behind_fraction end
    if text:sub(behind, behind) == unit[1] then
      add(length, tonumber(number), unit[2])
      at = behind + 1
    end
  end
  return at
end

-- "PT1H30M" at a byte: its length, and the byte behind it.
local function read_iso(text, at)
  if text:sub(at, at) ~= "P" then return nil end
  local length = new_length()
  local behind = read_units(text, at + 1, DATE_UNITS, length)
  if text:sub(behind, behind) == "T" then
    local behind_time = read_units(text, behind + 1, TIME_UNITS, length)
    if behind_time == behind + 1 then return nil end
    behind = behind_time
  end
  if behind == at + 1 or text:find("^[%w_]", behind) then return nil end
  return length, behind
end

-- The type ---------------------------------------------------------------------------------------------------------

local Reader = { __name = "intent_webhook.DurationReader" }
Reader.__index = Reader

-- Whether units get smaller: "3 tháng 2 năm" are none.
local function are_in_order(match)
  local last = math.huge
  for _, field in ipairs(match.order) do
    local unit = field[1] == "unit" and UNITS[field[2].value]
    local seconds = unit and (unit.seconds or unit.months * 30 * DAY)
    if seconds and seconds >= last then return false end
    last = seconds or last
  end
  return true
end

-- "a minute", "a day": too often said of something else. Units that are shy are times of the day as well.
local function is_length(match, asked)
  if not are_in_order(match) then return false end
  if asked or match.accept.lead > 0 or match.entry.amount or match.entry.half then return true end
  local count = match.fields.n or match.fields.amount
  local unit = match.fields.unit
  if not unit or not count or #match.order > 2 then return true end
  return not unit.shy and not (count.article and unit.value ~= "hour")
end

function Reader:out_of_range(length)
  if not self.min and not self.max then return nil end
  local rest = length.days * DAY + length.seconds
  local years, months = math.floor(length.months / 12), length.months % 12
  local least = rest + (years * 365 + months * 28) * DAY
  local most = rest + (years * 366 + months * 31) * DAY
  if self.min and most < self.min then return "too_small" end
  if self.max and least > self.max then return "too_large" end
  if (self.min and least < self.min) or (self.max and most > self.max) then return "ambiguous" end
end

function Reader:value_of(length)
  length = settle(length)
  if not length then return nil, "impossible" end
  local reason = self:out_of_range(length)
  if reason then return nil, reason end
  return text_of(length)
end

function Reader:iso(said, index)
  local length, behind = read_iso(said.text, said.firsts[index])
  if not length or (index > 1 and said.lasts[index - 1] + 1 == said.firsts[index]) then return nil end
  local last = index
  while said.firsts[last + 1] and said.firsts[last + 1] < behind do last = last + 1 end
  local value, reason = self:value_of(length)
  return value, index, last, reason
end

function Reader:try(said, index, asked)
  local word = said.words[index]
  if word == "p" or word == "pt" then
    local value, first, last, reason = self:iso(said, index)
    if first then return value, first, last, reason end
  end
  local match = moment.match(self.tables, self.tables.duration, said, index, asked)
  if not match or not is_length(match, asked) then return nil end
  local value, reason = self:value_of(length_of(match))
  return value, match.first, match.last, reason
end

local function try(said, index, lenient, reader)
  return reader:try(said, index, lenient)
end

function Reader:find(said, at, _, asked)
  return moment.find(said, at, asked, self.starts, try, self)
end

-- A number of seconds, or { amount = 2, unit = "h" } as Dialogflow has it, with units of the language.
function Reader:take(value)
  local length = new_length()
  if type(value) == "number" and value >= 0 and value <= MOST_SECONDS then
    add(length, value, "second")
  elseif type(value) == "table" and type(rawget(value, "amount")) == "number"
    and type(rawget(value, "unit")) == "string" and value.amount >= 0 and value.amount <= MOST_SECONDS then
    local unit = self.unit_names[value.unit:lower()]
    if not unit then return nil, "wrong_type" end
    add(length, value.amount, unit)
  else
    return nil, "wrong_type"
  end
  return self:value_of(length)
end

local UNIT_NAMES = {
  s = "second", min = "minute", h = "hour", day = "day", wk = "week", mo = "month", yr = "year", second = "second",
  minute = "minute", hour = "hour", week = "week", month = "month", year = "year",
}

local duration = {
  name = "duration",
  rank = 33,
  options = {
    { name = "min", type = "number", from = 0, to = 1e12, also = { "from", "least", "shortest" }, hint = "in seconds" },
    { name = "max", type = "number", from = 0, to = 1e12, also = { "to", "most", "longest" }, hint = "in seconds" },
  },
}

---@param mistakes intent_webhook.Mistakes
---@param path string
---@param accepted table
---@param language table
function duration.new(mistakes, path, accepted, language)
  local tables = moment.tables(mistakes, language)
  local starts = { p = true, pt = true }
  for word in next, tables.duration.starts do starts[word] = true end
  if accepted.min and accepted.max and accepted.min > accepted.max then
    mistakes:add(path .. ".min", "is more than max: exchange them")
  end
  return setmetatable({
    tables = tables, starts = starts, unit_names = UNIT_NAMES, min = accepted.min, max = accepted.max,
    schema = { type = "string", format = "duration" },
  }, Reader)
end

return duration
