--- date: the slot type for days. The value is ISO 8601, "2026-11-28".
--
-- Options: min, max (an ISO date, "today", or as "today+30"), order ("dmy", "mdy", "ymd"; goes before the language's),
-- prefer ("future", "past" or "nearest": which of the days that a text without a year, month or week can mean).
--
-- Reasons: "impossible" (30 February), "ambiguous" (03/04/2026 without an order; Friday 28 November, when that is a
-- Saturday), "incomplete" ("next week": which day?), "too_small", "too_large" (outside of min and max).
--
-- What is meant, where people differ:
--   Saturday        the next one; said on a Saturday the one in a week, since people call today today
--   this Saturday   the same, but today on a Saturday
--   next Saturday   that of next week; weeks begin on Monday. It is what most English speakers mean from Monday to
--                   Thursday, and what "Saturday" would not say
--   Saturday week   seven days after Saturday
--   last Saturday   the one before today, whatever is preferred: it is said
--   15 March        with prefer = "future" the next one, today included
--   29 February     the next one there is
--   in a month      the same day of that month, or its last: 31 January and a month is 28 February
--
-- Fields of a phrase (moment.lua has those of all): from what its classes read it is known what it means; besides
--   days = 1        so many days from today; add = 7: so many more than what the phrase says
--   day =, month =  a fixed date: { "christmas", day = 25, month = 12 }
--   months = 1      of a day without a month: of so many months from this one
--   week = 1        of a weekday: the week, 0 is this one; this = true: today counts; past = true: the last one
--   past = true     of {n} {days}: ago
--   part = { from, to } hours: "tonight", for a time beside it
--   reason = "incomplete"   it is no day, and that is why

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"
local moment = require "intent_webhook.types.moment"
local moment_words = require "intent_webhook.types.moment_words"
local numeric_date = require "intent_webhook.types.numeric_date"

local UNITS = moment_words.UNITS
local IN_DIGITS = { "iso", "compact", "numeric", "loose", "short", "loose_short" }
local MOST_YEARS = 8 -- between two leap days, at most

-- The days that a phrase means --------------------------------------------------------------------------------------

-- Which of the days that a function gives by number (0: around today, 1: the next ...) is preferred; it gives nil
-- where there is none.
local function choose(day_at, most, today, prefer)
  local past, future
  for number = -most, most do
    local day = day_at(number)
    if day and day <= today then past = day end
    if day and day >= today and not future then future = day end
  end
  if prefer == "past" then return past end
  if prefer == "nearest" and past and (not future or today - past < future - today) then return past end
  return future
end

local function of_weekday(weekday, entry, today, prefer, weeks)
  local monday = today - calendar.weekday(today) + 1
  if entry.week or weeks then return monday + 7 * (entry.week or weeks) + weekday - 1 end
  local ahead = (weekday - calendar.weekday(today)) % 7
  if entry.past then return today + (ahead == 0 and -7 or ahead - 7) end
  if ahead == 0 then
    return today + ((entry.this or prefer == "nearest") and 0 or prefer == "past" and -7 or 7)
  end
  local back = prefer == "past" or (prefer == "nearest" and ahead > 3)
  return today + ahead - (back and not entry.this and 7 or 0)
end

local function of_day(day, entry, today, prefer)
  local year, month = calendar.civil(today)
  local function day_at(number)
    local count = year * 12 + month - 1 + number
    local of_year, of_month = math.floor(count / 12), count % 12 + 1
    return calendar.exists(of_year, of_month, day) and calendar.days(of_year, of_month, day) or nil
  end
  if entry.months then return day_at(entry.months) end
  return choose(day_at, 2, today, prefer) -- of two months one has 31 days
end

local function of_date(day, month, year, today, prefer)
  if not calendar.exists(year or 2000, month, day) then return nil end
  if year then return calendar.days(year, month, day) end
  local this_year = calendar.civil(today)
  return choose(function(number)
    local of_year = this_year + number
    return calendar.exists(of_year, month, day) and calendar.days(of_year, month, day) or nil
  end, MOST_YEARS, today, prefer)
end

local function of_units(fields, entry, today)
  local unit = UNITS[fields.days.value]
  local count = (fields.n and fields.n.value or 1) * (entry.past and -1 or 1)
  if unit.months then return calendar.add_months(today, count * unit.months) end
  return today + count * unit.days
end

local function year_of(fields, today)
  local year = fields.year and fields.year.value
  return year and year < 100 and numeric_date.full_year(year, (calendar.civil(today))) or year
end

-- The day of a phrase, or nil and why there is none.
local function day_of(fields, entry, today, options)
  if entry.reason then return nil, entry.reason end
  for _, name in ipairs(IN_DIGITS) do
    if fields[name] then
      local day, month, year = numeric_date.read(fields[name], options.order, (calendar.civil(today)))
      if not day then return nil, month end
      return of_date(day, month, year, today, options.prefer)
    end
  end
  local day = entry.day or (fields.day or fields.ordinal or fields.numbered or {}).value
  local month = entry.month or (fields.month or {}).value
  if month and not day then return nil, "incomplete" end
  if month then return of_date(day, month, year_of(fields, today), today, options.prefer) end
  if day then return of_day(day, entry, today, options.prefer) end
  if fields.weekday then
    local weeks = fields.days and (fields.n and fields.n.value or 1)
    return of_weekday(fields.weekday.value, entry, today, options.prefer, weeks)
  end
  if entry.days then return today + entry.days end
  if fields.days then return of_units(fields, entry, today) end
  return nil, "incomplete"
end

local date = {}

---The day that a phrase means.
---@param match intent_webhook.PhraseMatch
---@param today integer
---@param options { order: string|nil, prefer: string }
---@return integer|nil
---@return string|nil reason
function date.day(match, today, options)
  local fields, entry = match.fields, match.entry
  local day, reason = day_of(fields, entry, today, options)
  if not day then return nil, reason or "impossible" end
  day = calendar.whole(day + (entry.add or 0))
  local year = calendar.civil(day)
  if year < calendar.FIRST_YEAR or year > calendar.LAST_YEAR then return nil, "impossible" end
  local is_said_besides = fields.weekday and (entry.month or fields.month or fields.day or fields.ordinal
    or fields.numbered or fields.numeric or fields.short or fields.iso)
  if is_said_besides and calendar.weekday(day) ~= fields.weekday.value then return nil, "ambiguous" end
  return day
end

-- Options ----------------------------------------------------------------------------------------------------------

local function bound_of(value, today)
  local more = value:match("^today([+-]%d+)$")
  if more then return today + tonumber(more) end
  return value == "today" and today or calendar.parse(value)
end

---Adds a mistake when an option is no day.
---@param mistakes intent_webhook.Mistakes
---@param path string of the slot
---@param accepted table
---@param name string
---@return string|nil # the option, when it is good
function date.check_bound(mistakes, path, accepted, name)
  local value = accepted[name]
  if value == nil or bound_of(value, 0) then return value end
  mistakes:add(check.within(path, name), 'must be a day: write "2026-11-28", "today", or "today+30"')
end

---Adds a mistake when no day is from min to max; of a day and one that moves with today nobody can tell.
---@param mistakes intent_webhook.Mistakes
---@param path string of the slot
---@param accepted table
function date.check_order(mistakes, path, accepted)
  local least, most = accepted.min, accepted.max
  if not least or not most or (least:match("^today") == nil) ~= (most:match("^today") == nil) then return end
  local first, last = bound_of(least, 0), bound_of(most, 0)
  if not first or not last or first <= last then return end
  mistakes:add(check.within(path, "min"), ('must not be after max, got "%s" and "%s": exchange them'):format(least,
    most))
end

---Whether a day is outside of min and max.
---@param day integer
---@param bounds { min: string|nil, max: string|nil }
---@param today integer
---@return string|nil reason
function date.out_of_range(day, bounds, today)
  if bounds.min and day < bound_of(bounds.min, today) then return "too_small" end
  if bounds.max and day > bound_of(bounds.max, today) then return "too_large" end
end

-- The type ---------------------------------------------------------------------------------------------------------

local Reader = { __name = "intent_webhook.DateReader" }
Reader.__index = Reader

local function try(said, index, lenient, reader, context)
  local tables = reader.tables
  local match = moment.match(tables, tables.date, said, index, lenient)
  if not match then return nil end
  local today = moment.today(context)
  local day, reason = date.day(match, today, reader)
  reason = reason or date.out_of_range(day, reader, today)
  if reason then return nil, match.first, match.last, reason end
  return calendar.text(day), match.first, match.last
end

function Reader:find(said, at, context, asked)
  return moment.find(said, at, asked, self.tables.date.starts, try, self, context)
end

function Reader:take(value, context)
  if type(value) ~= "table" then return nil, "wrong_type" end
  local numbers = moment.numbers(value, { "year", "month", "day" })
  if not numbers then return nil, "wrong_type" end
  local year, month, day = numbers[1], numbers[2], numbers[3]
  if year == 0 or month == 0 or day == 0 then return nil, "incomplete" end
  if not calendar.exists(year, month, day) then return nil, "impossible" end
  local days = calendar.days(year, month, day)
  local reason = date.out_of_range(days, self, moment.today(context))
  if reason then return nil, reason end
  return calendar.text(days)
end

date.name = "date"
date.rank = 31
date.options = {
  { name = "min", type = "string", also = { "from", "after", "earliest" }, hint = 'write "2026-11-28" or "today"' },
  { name = "max", type = "string", also = { "to", "until", "before", "latest" },
    hint = 'write "2026-11-28" or "today+30"' },
  { name = "order", type = "string", one_of = { "dmy", "mdy", "ymd" }, also = { "format", "locale" } },
  { name = "prefer", type = "string", default = "future", one_of = { "future", "past", "nearest" } },
}

---@param mistakes intent_webhook.Mistakes
---@param path string
---@param accepted table
---@param language table
function date.new(mistakes, path, accepted, language)
  local tables = moment.tables(mistakes, language)
  date.check_order(mistakes, path, accepted)
  return setmetatable({
    tables = tables, order = accepted.order or tables.order, prefer = accepted.prefer or "future",
    min = date.check_bound(mistakes, path, accepted, "min"), max = date.check_bound(mistakes, path, accepted, "max"),
    schema = { type = "string", format = "date" },
  }, Reader)
end

return date
