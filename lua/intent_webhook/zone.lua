--- zone: the time zone in which people's words are read ("tomorrow", "at 7pm"): from what a user gives to a function
-- that tells how many seconds local time is ahead of UTC at some time.
--
--   nil, "local"     the system's, with its daylight saving time
--   "UTC", "Z"       no offset
--   "+07:00"         that offset all year; also "+7", "+0700", "UTC+7", "GMT-3:30"
--   25200            the same in seconds, -50400 to 50400
--   function(time)   seconds east of UTC at a time (seconds since 1970), for zones with rules
--
-- Names like "Europe/Berlin" are not known: neither Lua nor C has a portable way to ask for another zone than the
-- system's, so that takes a function (on most systems: set TZ, and give nothing here).

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"

local zone = {}

local MOST = 14 * 3600 -- Line Islands; the least is -12 hours
local MOST_HOURS = 14 -- a number up to here was meant as hours
local DAY = 86400

-- What the system's local time is ahead of UTC: its calendar read as if it were UTC. C libraries refuse times of very
-- far years, where nothing is known of zones anyway.
local function system_offset(time)
  time = calendar.whole(time)
  local fine, there = pcall(os.date, "*t", time)
  if not fine or not there then return 0 end
  local days = calendar.days(there.year, there.month, there.day)
  return days * DAY + there.hour * 3600 + there.min * 60 + there.sec - time
end

local function fixed(seconds)
  return function() return seconds end
end

local function is_offset(value)
  return type(value) == "number" and value == math.floor(value) and value >= -MOST and value <= MOST
end

local function from_text(text)
  local plain = text:upper():gsub("%s", "")
  if plain == "LOCAL" then return system_offset end
  if plain == "UTC" or plain == "GMT" or plain == "Z" then return fixed(0) end
  local sign, hours, minutes = plain:gsub("^UTC", ""):gsub("^GMT", ""):match("^([+-])(%d%d?):?(%d?%d?)$")
  if sign and (minutes == "" or #minutes == 2) then
    local seconds = tonumber(hours) * 3600 + (tonumber(minutes) or 0) * 60
    if (tonumber(minutes) or 0) < 60 and seconds <= MOST then return fixed(sign == "-" and -seconds or seconds) end
  end
  return nil, 'is no time zone that is known: write "UTC", an offset like "+07:00", or give a function(time) that '
    .. "returns seconds east of UTC"
end

-- A user's function; what it returns is looked at each time, since all dates would be wrong without a word.
local function from_function(given)
  local function offset(time)
    local seconds = given(time)
    if not is_offset(seconds) then
      error(("the zone's function must return whole seconds from %d to %d, got %s"):format(-MOST, MOST,
        check.show(seconds)), 0)
    end
    return calendar.whole(seconds)
  end
  local fine, problem = pcall(offset, 0)
  if fine then return offset end
  return nil, "does not work: " .. tostring(problem)
end

---The offset function of a zone.
---@param given nil|string|number|fun(time: number): integer
---@return (fun(time: number): integer)|nil # seconds east of UTC at a time; raises what a user's function raises, and
---  when that returns no offset
---@return string|nil message what is wrong, to stand behind the option's path
function zone.offset(given)
  if given == nil then return system_offset end
  if type(given) == "string" then return from_text(given) end
  if type(given) == "function" then return from_function(given) end
  if type(given) == "number" and given ~= 0 and math.abs(given) <= MOST_HOURS then
    local minutes = math.floor(math.abs(given) * 60)
    return nil, ('is %s seconds, which no zone is from UTC: for hours write "%s%02d:%02d"'):format(check.show(given),
      given < 0 and "-" or "+", math.floor(minutes / 60), minutes % 60)
  end
  if is_offset(given) then return fixed(calendar.whole(given)) end
  if type(given) == "number" then
    return nil, ("must be whole seconds from %d to %d, got %s"):format(-MOST, MOST, check.show(given))
  end
  return nil, "must be a string, a number or a function, got " .. check.kind(given)
end

return zone
