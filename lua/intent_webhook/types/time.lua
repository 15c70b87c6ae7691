--- time: the slot type for times of the day. The value is "19:30", on a clock of 24 hours; "19:30:15" where seconds
-- were said.
--
-- Options: min, max ("18:00"; with min after max what is meant is the night between: 22:00 to 02:00), prefer ("am",
-- "pm": which half of the day a 7 without more means).
--
-- Reasons: "impossible" (25:00, 7:75, 15:30 am), "ambiguous" (7: am or pm?), "too_small", "too_large".
--
-- Which 7 is meant: 1 to 11 without "am", "pm" or a part of the day, there or near ("tomorrow evening for two, at 8"),
-- may be either half. Of these, the one is taken that is within min and max; if both are, that of `prefer`; else the
-- first where a language has `hours = 24`; else it is ambiguous, and a person has to be asked. A leading zero
-- ("07:30"), seconds, 0, 12 and 13 to 24 are not ambiguous; 12 is noon.
--
-- Fields of a phrase (moment.lua has those of all):
--   hour = 12        a fixed time, for sure; 24 is the midnight after a day
--   minute = 30      so many minutes more; below 0: before the hour
--   before = true    {n} or {minutes} are before the hour
--   part = { from, to }  hours of the day of which the time is one
--   now = true       from the clock: {n} {hours} later, or now

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"
local moment = require "intent_webhook.types.moment"
local moment_words = require "intent_webhook.types.moment_words"

local HALF_DAY, DAY = 720, 1440 -- minutes

local time = {}

-- What a phrase means ----------------------------------------------------------------------------------------------

-- Of the times that are the same on a clock face, the one of a part of the day; nil: it is not of that part. One of the
-- night may be behind midnight: of the day after.
local function in_part(minutes, is_said_in_full, part)
  local first = is_said_in_full and minutes or minutes % HALF_DAY
  for one = first, part.to - 1, is_said_in_full and DAY or HALF_DAY do
    if one >= part.from then return one end
  end
end

local function part_of(match, part)
  local fields = match.fields
  if fields.half then return fields.half.value end
  return moment.part(match) or part
end

-- Minutes that are added to the hour; nil: there are no such minutes.
local function minutes_of(fields, entry, clock)
  local minutes = clock and clock.minute or fields.minute and fields.minute.value or 0
  local others = fields.minutes or fields.n
  if others and others.value then minutes = others.value end
  if minutes > 59 or (clock and clock.second and clock.second > 59) then return nil end
  return (entry.before and -minutes or minutes) + (entry.minute or 0)
end

---The times that a phrase can mean, in minutes since the midnight with which a day begins: one, or two when it may be
---either half of the day. 1440 and more is in the night that follows.
---@param match intent_webhook.PhraseMatch
---@param part? { from: integer, to: integer } of the day, from around it
---@return integer[]|nil
---@return string|nil reason
function time.candidates(match, part)
  local fields, entry = match.fields, match.entry
  local clock = fields.clock or fields.dotted or fields.plain_time
  local hour = entry.hour or (clock or fields.hour).value
  local minutes = minutes_of(fields, entry, clock)
  if not minutes or hour > 24 or (hour == 24 and minutes > 0) then return nil, "impossible" end
  local total = hour * 60 + minutes
  if total < 0 then total = total + DAY end
  if entry.hour then return { calendar.whole(total) } end
  local is_in_full = hour > 12 or hour == 0
  part = part_of(match, part)
  if part then
    local one = in_part(total, is_in_full, part)
    if not one then return nil, "impossible" end
    return { calendar.whole(one) }
  end
  if is_in_full or hour == 12 or (clock and (clock.padded or clock.second)) then return { calendar.whole(total) } end
  return { calendar.whole(total), calendar.whole((total + HALF_DAY) % DAY) }
end

---The same, but where it may be either half of the day, a part of the day that is said near it decides.
---@param tables intent_webhook.MomentTables
---@param said intent_webhook.Said
---@param match intent_webhook.PhraseMatch
---@return integer[]|nil
---@return string|nil reason
function time.candidates_near(tables, said, match)
  local candidates, reason = time.candidates(match)
  if not candidates or not candidates[2] then return candidates, reason end
  local part = moment.part_near(tables, said, match)
  return part and time.candidates(match, part) or candidates
end

---One of the candidates.
---@param candidates integer[]
---@param out_of_range fun(minutes: integer): string|nil the reason why one is not taken
---@param prefer "am"|"pm"|nil
---@param hours integer 24 or 12
---@return integer|nil
---@return string|nil reason
function time.choose(candidates, out_of_range, prefer, hours)
  local reason = out_of_range(candidates[1])
  if not candidates[2] then
    if reason then return nil, reason end
    return candidates[1]
  end
  local other_reason = out_of_range(candidates[2])
  if reason and other_reason then return nil, reason end
  if reason then return candidates[2] end
  if other_reason then return candidates[1] end
  if prefer then return ((candidates[1] < HALF_DAY) == (prefer == "am")) and candidates[1] or candidates[2] end
  if hours == 24 then return candidates[1] end
  return nil, "ambiguous"
end

---How many seconds from now a phrase means; nil: it means no time from now.
---@param match intent_webhook.PhraseMatch
---@return integer|nil
function time.from_now(match)
  if not match.entry.now then return nil end
  local unit = match.fields.hours
  if not unit then return match.entry.minute and match.entry.minute * 60 or 0 end
  local count = match.fields.n or match.fields.amount
  return calendar.whole((count and count.value or 1) * moment_words.UNITS[unit.value].seconds)
end

---The seconds that were said, nil: none.
---@param match intent_webhook.PhraseMatch
---@return integer|nil
function time.seconds(match)
  local clock = match.fields.clock or match.fields.dotted
  return clock and clock.second
end

-- Options ----------------------------------------------------------------------------------------------------------

-- "18:00" in seconds.
local function parse(text)
  local hour, minute, second = text:match("^(%d%d?):(%d%d):?(%d?%d?)$")
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second == "" and "0" or second)
  if not hour or not second or hour > 24 or minute > 59 or second > 59 then return nil end
  local seconds = hour * 3600 + minute * 60 + second
  return seconds <= DAY * 60 and seconds or nil
end

local function check_bound(mistakes, path, accepted, name)
  local value = accepted[name]
  local seconds = value and parse(value)
  if value and not seconds then
    mistakes:add(check.within(path, name), 'must be a time of the day: write it like "18:00"')
  end
  return seconds
end

-- Why seconds since midnight are outside of min and max; nil: they are not.
local function out_of_range(seconds, min, max)
  local too_small, too_large = min and seconds < min, max and seconds > max
  if min and max and min > max then return too_small and too_large and "too_small" or nil end
  return too_small and "too_small" or too_large and "too_large" or nil
end

-- The type ---------------------------------------------------------------------------------------------------------

local function text_of(minutes, second)
  local text = ("%02d:%02d"):format(math.floor(minutes / 60), minutes % 60)
  return second and ("%s:%02d"):format(text, second) or text
end

local Reader = { __name = "intent_webhook.TimeReader" }
Reader.__index = Reader

-- The time of a phrase, or nil and the reason.
function Reader:time_of(said, match, context)
  local later, second = time.from_now(match), time.seconds(match)
  local candidates, reason
  if later then
    candidates = { calendar.whole((moment.local_now(context) + later) % (DAY * 60) / 60) }
  else
    candidates, reason = time.candidates_near(self.tables, said, match)
    if not candidates then return nil, reason end
  end
  local minutes
  minutes, reason = time.choose(candidates, function(one)
    return out_of_range(one % DAY * 60 + (second or 0), self.min, self.max)
  end, self.prefer, self.tables.hours)
  if not minutes then return nil, reason end
  return text_of(minutes % DAY, second)
end

local function try(said, index, lenient, reader, context)
  local tables = reader.tables
  local match = moment.match(tables, tables.time, said, index, lenient)
  if not match then return nil end
  local value, reason = reader:time_of(said, match, context)
  return value, match.first, match.last, reason
end

function Reader:find(said, at, context, asked)
  return moment.find(said, at, asked, self.tables.time.starts, try, self, context)
end

function Reader:take(value)
  if type(value) ~= "table" then return nil, "wrong_type" end
  local numbers = moment.numbers(value, { "hours", "minutes", "seconds", "hour", "minute", "second" })
  if not numbers then return nil, "wrong_type" end
  if rawget(value, "hours") == nil and rawget(value, "hour") == nil then return nil, "incomplete" end
  local hour, minute, second = numbers[1] + numbers[4], numbers[2] + numbers[5], numbers[3] + numbers[6]
  if hour > 23 or minute > 59 or second > 59 then return nil, "impossible" end
  local reason = out_of_range(hour * 3600 + minute * 60 + second, self.min, self.max)
  if reason then return nil, reason end
  return text_of(hour * 60 + minute, second > 0 and second or nil)
end

time.name = "time"
time.rank = 32
time.options = {
  { name = "min", type = "string", also = { "from", "after", "earliest" }, hint = 'write it like "18:00"' },
  { name = "max", type = "string", also = { "to", "until", "before", "latest" }, hint = 'write it like "22:30"' },
  { name = "prefer", type = "string", one_of = { "am", "pm" }, also = { "half", "meridiem" } },
}

---@param mistakes intent_webhook.Mistakes
---@param path string
---@param accepted table
---@param language table
function time.new(mistakes, path, accepted, language)
  return setmetatable({
    tables = moment.tables(mistakes, language), prefer = accepted.prefer,
    min = check_bound(mistakes, path, accepted, "min"), max = check_bound(mistakes, path, accepted, "max"),
    schema = { type = "string", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$" },
  }, Reader)
end

return time
