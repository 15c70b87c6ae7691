--- calendar: arithmetic with days of the Gregorian calendar. Pure: no clock, no time zone, no I/O.
--
-- A day is a whole number: days since 1 January 1970, which is 0. Whole numbers are integers where Lua has them.
-- Months are 1 to 12, weekdays 1 (Monday) to 7 (Sunday), as in ISO 8601.

local calendar = {}

---The years that ISO 8601 can write with four digits and nothing else.
calendar.FIRST_YEAR, calendar.LAST_YEAR = 1, 9999

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
local ERA_DAYS, ERA_YEARS = 146097, 400 -- after as many the calendar repeats
local SHIFT = 719468 -- days from 1 March of year 0, where the arithmetic begins, to 1970

---A number without its fraction, rounded down, as an integer where Lua has them.
---@param number number
---@return integer
function calendar.whole(number)
  local floor = math.floor(number)
  local to_integer = rawget(math, "tointeger")
  return to_integer and to_integer(floor) or floor
end

local whole = calendar.whole

---@param year integer
---@return boolean
function calendar.is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

---How many days a month has.
---@param year integer
---@param month integer
---@return integer
function calendar.month_days(year, month)
  return month == 2 and calendar.is_leap(year) and 29 or MONTH_DAYS[month]
end

---Whether there is such a day, in years that four digits write.
---@param year integer
---@param month integer
---@param day integer
---@return boolean
function calendar.exists(year, month, day)
  return year >= calendar.FIRST_YEAR and year <= calendar.LAST_YEAR and month >= 1 and month <= 12 and day >= 1
    and day <= calendar.month_days(year, month)
end

---The day of a date. The year is counted from March, so that the leap day is its last.
---@param year integer
---@param month integer
---@param day integer
---@return integer
function calendar.days(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = math.floor(year / ERA_YEARS)
  local year_of_era = year - era * ERA_YEARS
  local day_of_year = math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  local leap_days = math.floor(year_of_era / 4) - math.floor(year_of_era / 100)
  return whole(era * ERA_DAYS + year_of_era * 365 + leap_days + day_of_year - SHIFT)
end

---The date of a day: the inverse of calendar.days.
---@param days integer
---@return integer year
---@return integer month
---@return integer day
function calendar.civil(days)
  local shifted = days + SHIFT
  local era = math.floor(shifted / ERA_DAYS)
  local day_of_era = shifted - era * ERA_DAYS
  local leap_days = math.floor(day_of_era / 1460) - math.floor(day_of_era / 36524) + math.floor(day_of_era / 146096)
  local year_of_era = math.floor((day_of_era - leap_days) / 365)
  local before = 365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100)
  local day_of_year = day_of_era - before
  local from_march = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * from_march + 2) / 5) + 1
  local month = from_march < 10 and from_march + 3 or from_march - 9
  local year = year_of_era + era * ERA_YEARS + (month <= 2 and 1 or 0)
  return whole(year), whole(month), whole(day)
end

---@param days integer
---@return integer # 1 (Monday) to 7 (Sunday)
function calendar.weekday(days)
  return whole((days + 3) % 7 + 1)
end

---The day some months later; where that month is too short, its last day: a month after 31 January is 28 February.
---@param days integer
---@param months integer below 0: earlier
---@return integer
function calendar.add_months(days, months)
  local year, month, day = calendar.civil(days)
  local count = year * 12 + month - 1 + months
  year, month = math.floor(count / 12), count % 12 + 1
  return calendar.days(year, month, math.min(day, calendar.month_days(year, month)))
end

---A day as "2026-11-28".
---@param days integer of the years 1 to 9999
---@return string
function calendar.text(days)
  return ("%04d-%02d-%02d"):format(calendar.civil(days))
end

---The day that "2026-11-28" means.
---@param text string
---@return integer|nil # nil: it is written otherwise, or there is no such day
function calendar.parse(text)
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if not year then return nil end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  return calendar.exists(year, month, day) and calendar.days(year, month, day) or nil
end

---When a local time is, in seconds since 1970. Of a time that comes twice (clocks are set back) the first is meant; for
---one that is left out (clocks are set forward) clocks show as much more as they were set forward.
---@param seconds integer local time, as if it were UTC
---@param offset fun(time: number): integer
---@return integer
function calendar.instant(seconds, offset)
  local before, after = offset(seconds - 86400), offset(seconds + 86400)
  local first = seconds - math.max(before, after)
  local second = seconds - math.min(before, after)
  if first + offset(first) == seconds then return first end
  if second + offset(second) == seconds then return second end
  return seconds - before
end

return calendar
