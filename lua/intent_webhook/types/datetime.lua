--- datetime: the slot type for moments: a day and a time. The value is RFC 3339 with the offset that local time has
-- then: "2026-11-28T19:30:00+07:00". What comes as RFC 3339 keeps its offset ("Z" too); one without gets it.
--
-- A date and a time are read in either order ("Saturday at 7pm", "7pm on Saturday"), or apart ("Saturday for four, at
-- 7pm": what is found is then the date). "In two hours" is a moment by itself, and a time alone is the next such time.
--
-- Options: min, max ("now", or an ISO date or datetime; a date as max includes that day), order and prefer as for
-- dates, prefer_half ("am", "pm") as prefer for times.
--
-- Of a value that shall change, context.current, a new day keeps the time, and a new time the day: "make it 6".
--
-- Reasons: those of dates and times; "incomplete": a date without a time. Of two halves of the day (date.lua, time.lua)
-- one that is over is not meant while prefer = "future": "today at 7", said at noon, is in the evening.
--
-- Midnight and what comes after it belong to the night of a day: "Saturday at midnight" is where Sunday begins, and
-- "tonight at 1" is tomorrow. "00:00" is where a day begins.
--
-- Where clocks are set forward, a time that they leave out is as much later; where they are set back, the first of the
-- two is meant.

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"
local date = require "intent_webhook.types.date"
local digits = require "intent_webhook.types.digits"
local moment = require "intent_webhook.types.moment"
local phrase_tree = require "intent_webhook.types.phrase_tree"
local time = require "intent_webhook.types.time"

local DAY = 86400

-- RFC 3339 ---------------------------------------------------------------------------------------------------------

local function offset_text(seconds)
  local minutes = math.floor(math.abs(seconds) / 60)
  return ("%s%02d:%02d"):format(seconds < 0 and "-" or "+", math.floor(minutes / 60), minutes % 60)
end

local function text_of(seconds, zone)
  local days = math.floor(seconds / DAY)
  local rest = seconds - days * DAY
  return ("%sT%02d:%02d:%02d%s"):format(calendar.text(days), math.floor(rest / 3600), math.floor(rest % 3600 / 60),
    math.floor(rest % 60), zone)
end

-- An instant as local time.
local function instant_text(instant, offset)
  local ahead = offset(instant)
  return text_of(calendar.whole(instant + ahead), offset_text(ahead))
end

-- "+07:00" -> 25200, "+07:00"
local function read_offset(text, at)
  local behind = text:match("^[Zz]()", at)
  if behind then return 0, "Z", behind end
  local sign, hours, minutes
  sign, hours, minutes, behind = text:match("^([+-])(%d%d):?(%d%d)()", at)
  if not sign then return nil, nil, at end
  local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
  return (sign == "-" and -seconds or seconds), ("%s%s:%s"):format(sign, hours, minutes), behind
end

-- What stands at a byte: local seconds, offset in seconds and as text (nil: not written), the byte behind it; false:
-- it looks like a timestamp, and is none; nil: it does not look like one.
local function read_timestamp(text, at)
  local year, month, day, hour, minute, behind =
    text:match("^(%d%d%d%d)%-?(%d%d)%-?(%d%d)[Tt](%d%d):?(%d%d)()", at)
  if not year then return nil end
  local second, behind_second = text:match("^:?(%d%d)()", behind)
  behind = behind_second or behind
  behind = text:match("^[.,]%d+()", behind) or behind
  local ahead, zone
  ahead, zone, behind = read_offset(text, behind)
  local is_day = calendar.exists(tonumber(year), tonumber(month), tonumber(day))
  local rest = tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second or 0)
  local is_time = tonumber(hour) <= 24 and tonumber(minute) <= 59 and tonumber(second or 0) <= 60 and rest <= DAY
  if not is_day or not is_time then return false, nil, nil, behind end
  return calendar.days(tonumber(year), tonumber(month), tonumber(day)) * DAY + rest, ahead, zone, behind
end

-- The last word of a timestamp; nil: something touches it.
local function last_word(said, index, behind)
  while said.firsts[index + 1] and said.firsts[index + 1] < behind do index = index + 1 end
  return said.lasts[index] < behind and said.firsts[index + 1] ~= behind and index or nil
end

-- Bounds -----------------------------------------------------------------------------------------------------------

-- "now", or local or absolute seconds: { now = true }, { seconds =, ahead = }.
local function read_bound(value, is_max)
  if value == "now" then return { now = true } end
  local day = calendar.parse(value)
  if day then return { seconds = day * DAY + (is_max and DAY - 1 or 0) } end
  local seconds, ahead, _, behind = read_timestamp(value, 1)
  if seconds and behind == #value + 1 then return { seconds = seconds, ahead = ahead } end
end

local function check_bound(mistakes, path, accepted, name)
  if accepted[name] == nil then return nil end
  local bound = read_bound(accepted[name], name == "max")
  if not bound then
    mistakes:add(check.within(path, name),
      'must be a moment: write "now", "2026-11-28", or "2026-11-28T19:30:00+07:00"')
  end
  return bound
end

local function bound_instant(bound, context)
  if bound.now then return context.now end
  if bound.ahead then return bound.seconds - bound.ahead end
  return calendar.instant(bound.seconds, context.offset)
end

-- Reading ----------------------------------------------------------------------------------------------------------

local Reader = { __name = "intent_webhook.DatetimeReader" }
Reader.__index = Reader

function Reader:out_of_range(instant, context)
  if self.min and instant < bound_instant(self.min, context) then return "too_small" end
  if self.max and instant > bound_instant(self.max, context) then return "too_large" end
end

-- Why a time of a day is not taken; also what is over, unless that is preferred.
function Reader:over(day, minutes, context, is_open)
  local instant = calendar.instant(day * DAY + minutes * 60, context.offset)
  local reason = self:out_of_range(instant, context)
  if not reason and is_open and self.prefer == "future" and instant < context.now then return "too_small" end
  return reason
end

-- The time of a day as text, or nil and a reason. Behind an ISO date stands a time of 24 hours: 2026-11-28 07:30.
function Reader:on_day(day, time_match, part, context, is_iso)
  local candidates, reason = time.candidates(time_match, part)
  if not candidates then return nil, reason end
  if is_iso and time_match.fields.clock and not time_match.fields.half then candidates[2] = nil end
  local minutes
  minutes, reason = time.choose(candidates, function(one)
    return self:over(day, one, context, candidates[2] ~= nil)
  end, self.prefer_half, self.tables.hours)
  if not minutes then return nil, reason end
  local seconds = day * DAY + minutes * 60 + (time.seconds(time_match) or 0)
  return instant_text(calendar.instant(seconds, context.offset), context.offset)
end

-- The day of a value that shall change, and its time in seconds.
local function parts_of(current)
  if type(current) ~= "string" then return nil end
  local day, hour, minute, second = current:match("^(%d+%-%d+%-%d+)T(%d+):(%d+):(%d+)")
  if not day then return nil end
  return calendar.parse(day), tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
end

-- A time without a day: the next one, or the one before; of a value that shall change, on its day.
function Reader:without_day(said, match, context)
  local later = time.from_now(match)
  if later then
    local instant = calendar.whole(context.now + later)
    local reason = self:out_of_range(instant, context)
    if reason then return nil, reason end
    return instant_text(instant, context.offset)
  end
  local same_day = parts_of(context.current)
  if same_day then return self:on_day(same_day, match, nil, context, false) end
  local candidates, reason = time.candidates_near(self.tables, said, match)
  if not candidates then return nil, reason end
  local today, now = moment.today(context), moment.local_now(context)
  local function day_of(minutes)
    local ahead = today * DAY + minutes * 60 - now
    if self.prefer == "past" then return ahead <= 0 and today or today - 1 end
    if self.prefer == "nearest" and math.abs(ahead) * 2 > DAY then return ahead < 0 and today + 1 or today - 1 end
    return (ahead >= 0 or self.prefer == "nearest") and today or today + 1
  end
  local minutes
  minutes, reason = time.choose(candidates, function(one)
    return self:over(day_of(one), one, context, false)
  end, self.prefer_half, self.tables.hours)
  if not minutes then return nil, reason end
  local seconds = day_of(minutes) * DAY + minutes * 60 + (time.seconds(match) or 0)
  return instant_text(calendar.instant(seconds, context.offset), context.offset)
end

-- A date behind a time, or a time behind a date; between them there may be a word like "on", "at".
function Reader:beside(said, match, kind, asked)
  local tables, index = self.tables, match.last + 1
  if not said.words[index] or not phrase_tree.joined(said, index) then return nil end
  local found = moment.match(tables, tables[kind], said, index, asked, true)
  if found or not tables.leads[kind][said.words[index]] then return found end
  if not said.words[index + 1] or not phrase_tree.joined(said, index + 1) then return nil end
  return moment.match(tables, tables[kind], said, index + 1, asked, true)
end

-- The day of a match and its time as text, with the words that they cover.
function Reader:together(date_match, time_match, context, first, last)
  local day, reason = date.day(date_match, moment.today(context), self)
  local value
  if day then value, reason = self:on_day(day, time_match, moment.part(date_match), context, date_match.fields.iso) end
  return value, first, last, reason
end

-- A time somewhere else in the message, when there is only a date. Looked for once in a message, from its beginning.
function Reader:time_elsewhere(search)
  if search.elsewhere == nil then
    local said, tables, count = search.said, self.tables, #search.said.words
    search.elsewhere = false
    local index = 1
    while index <= count and not search.elsewhere do
      local match = moment.match(tables, tables.time, said, index, false)
      if match and not match.entry.now then search.elsewhere = match end
      index = index + 1
    end
  end
  return search.elsewhere or nil
end

-- Another day for a value that shall change, at its time; nil, reason where that is none.
function Reader:at_same_time(date_match, context)
  local day, reason = date.day(date_match, moment.today(context), self)
  local _, seconds = parts_of(context.current)
  if not day or not seconds or moment.part(date_match) then return nil, reason or "incomplete" end
  local instant = calendar.instant(day * DAY + seconds, context.offset)
  reason = self:out_of_range(instant, context)
  if reason then return nil, reason end
  return instant_text(instant, context.offset)
end

function Reader:date_first(search, date_match, asked)
  local time_match = self:beside(search.said, date_match, "time", asked)
  if time_match and not time_match.entry.now then
    return self:together(date_match, time_match, search.context, date_match.first, time_match.last)
  end
  time_match = self:time_elsewhere(search)
  if time_match and (time_match.first > date_match.last or time_match.last < date_match.first) then
    return self:together(date_match, time_match, search.context, date_match.first, date_match.last)
  end
  local value, reason = self:at_same_time(date_match, search.context)
  return value, date_match.first, date_match.last, reason
end

-- A time with a date right behind it; nil: there is none.
function Reader:time_first(search, index, asked)
  local said, tables = search.said, self.tables
  local behind = said.words[index + 1]
  if not behind or not (tables.time:may_begin(said, index, asked) or tables.date.starts[behind]
    or tables.leads.date[behind]) then return nil end
  local time_match = moment.match(self.tables, self.tables.time, said, index, asked, true)
  if not time_match or time_match.entry.now then return nil end
  local date_match = self:beside(said, time_match, "date", asked)
  if not date_match then return nil end
  local is_lone = time_match.entry.joined and not asked -- "for two on Saturday"; but "8 tomorrow evening"
  if is_lone and (not moment.part(date_match) or date_match.from > time_match.last + 1) then return nil end
  return time_match, date_match
end

function Reader:timestamp(search, index)
  local said, context = search.said, search.context
  local word = said.words[index]
  if not digits.is(word) or (#word ~= 4 and #word ~= 8) then return nil end
  local seconds, ahead, zone, behind = read_timestamp(said.text, said.firsts[index])
  if seconds == nil then return nil end
  local last = last_word(said, index, behind)
  if not last or (zone ~= "Z" and not digits.bounded(said, index, last)) then return nil end
  if not seconds then return nil, index, last, "impossible" end
  local instant = ahead and seconds - ahead or calendar.instant(seconds, context.offset)
  local reason = self:out_of_range(instant, context)
  if reason then return nil, index, last, reason end
  return zone and text_of(seconds, zone) or instant_text(instant, context.offset), index, last
end

-- The value that begins with a word; search.has_day: it is not only of a time.
function Reader:try(search, index, asked)
  local said, tables = search.said, self.tables
  search.has_day = true
  local value, first, last, reason = self:timestamp(search, index)
  if first then return value, first, last, reason end
  local time_match, date_match = self:time_first(search, index, asked)
  if time_match then
    return self:together(date_match, time_match, search.context, time_match.first, date_match.last)
  end
  date_match = moment.match(tables, tables.date, said, index, asked)
  if date_match then return self:date_first(search, date_match, asked) end
  time_match = moment.match(tables, tables.time, said, index, asked)
  search.has_day = false
  if not time_match then return nil end
  value, reason = self:without_day(said, time_match, search.context)
  return value, time_match.first, time_match.last, reason
end

local function try(_, index, lenient, reader, search)
  local value, first, last, reason = reader:try(search, index, lenient)
  if search.paired and not search.has_day then return nil end
  return value, first, last, reason
end

function Reader:find(said, at, context, asked)
  local search = { said = said, context = context }
  local value, first, last, final = moment.find(said, at, asked, self.starts, try, self, search)
  if value == nil or not asked or search.has_day then return value, first, last, final end
  search.paired = true -- "28.11. 19:30": what is no date unasked goes before the next 19:30
  local paired, paired_first, paired_last = moment.find_lenient(said, at, self.starts, try, self, search)
  if paired == nil then return value, first, last end
  return paired, paired_first, paired_last
end

function Reader:take(value, context)
  if type(value) ~= "table" then return nil, "wrong_type" end
  local numbers = moment.numbers(value, { "year", "month", "day", "hours", "minutes", "seconds" })
  if not numbers then return nil, "wrong_type" end
  local year, month, day, hour, minute, second = numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]
  if year == 0 or month == 0 or day == 0 or rawget(value, "hours") == nil then return nil, "incomplete" end
  if not calendar.exists(year, month, day) or hour > 23 or minute > 59 or second > 59 then return nil, "impossible" end
  local seconds = calendar.days(year, month, day) * DAY + hour * 3600 + minute * 60 + second
  local instant = calendar.instant(seconds, context.offset)
  local reason = self:out_of_range(instant, context)
  if reason then return nil, reason end
  return instant_text(instant, context.offset)
end

-- The type ---------------------------------------------------------------------------------------------------------

local datetime = {
  name = "datetime",
  rank = 30,
  options = {
    { name = "min", type = "string", also = { "from", "after", "earliest" }, hint = 'write "now" or an ISO datetime' },
    { name = "max", type = "string", also = { "to", "until", "before", "latest" }, hint = "write an ISO datetime" },
    { name = "order", type = "string", one_of = { "dmy", "mdy", "ymd" }, also = { "format", "locale" } },
    { name = "prefer", type = "string", default = "future", one_of = { "future", "past", "nearest" } },
    { name = "prefer_half", type = "string", one_of = { "am", "pm" }, also = { "half", "meridiem" } },
  },
}

---@param mistakes intent_webhook.Mistakes
---@param path string
---@param accepted table
---@param language table
function datetime.new(mistakes, path, accepted, language)
  local tables = moment.tables(mistakes, language)
  local least, most = check_bound(mistakes, path, accepted, "min"), check_bound(mistakes, path, accepted, "max")
  if least and most and least.seconds and most.seconds and least.ahead == most.ahead
    and least.seconds > most.seconds then
    mistakes:add(check.within(path, "min"), ('must not be after max, got "%s" and "%s": exchange them'):format(
      accepted.min, accepted.max))
  end
  local starts = {}
  for word in next, tables.date.starts do starts[word] = true end
  for word in next, tables.time.starts do starts[word] = true end
  return setmetatable({
    tables = tables, starts = starts, order = accepted.order or tables.order, prefer = accepted.prefer or "future",
    prefer_half = accepted.prefer_half, min = least, max = most, schema = { type = "string", format = "date-time" },
  }, Reader)
end

return datetime
