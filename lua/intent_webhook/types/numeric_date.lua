--- numeric_date: dates in digits alone: "2026-11-28", "28.11.2026", "11/28/26", "28/11". Which digits look like one,
-- and which day they mean.
--
-- An order of day and month only decides where both are possible: 3/15/2026 is 15 March in every language. Without an
-- order 03/04/2026 is ambiguous, and 04/04/2026 is not. Years of two digits are the nearest: from 69 years ago to 30
-- years ahead.

local calendar = require "intent_webhook.calendar"
local digits = require "intent_webhook.types.digits"

local numeric_date = {}

-- Reading ----------------------------------------------------------------------------------------------------------

-- The first word behind the rest of a timestamp, "T19:30:00.000-08:00" behind a date.
local function behind_timestamp(said, behind)
  local from = said.lasts[behind - 1] + 1
  if said.words[behind] ~= "t" or said.firsts[behind] ~= from then return behind end
  local last = said.text:match("^[Tt]%d%d:?%d%d[%d:]*()", from)
  if not last then return behind end
  last = said.text:match("^[.,]%d+()", last) or last
  last = said.text:match("^[Zz]()", last) or said.text:match("^[+-]%d%d:?%d?%d?()", last) or last
  while said.firsts[behind] and said.firsts[behind] < last do behind = behind + 1 end
  return behind
end

-- "2026-11-28", "2026/11/28"; "2026.11.28", but not "2024.1.2", a version.
local function read_iso(said, index)
  local parts, ties, behind = digits.run(said, index)
  if not parts or #parts ~= 3 or #parts[1] ~= 4 or #parts[2] > 2 or #parts[3] > 2 then return nil end
  if ties == ".." and (#parts[2] < 2 or #parts[3] < 2) then return nil end
  if ties ~= "--" and ties ~= "//" and ties ~= ".." then return nil end
  return { parts[1], parts[2], parts[3] }, behind_timestamp(said, behind)
end

-- "20261128"
local function read_compact(said, index)
  local word = said.words[index]
  if #word ~= 8 or not digits.lone(said, index) or not word:find("^[12][09]") then return nil end
  return { word:sub(1, 4), word:sub(5, 6), word:sub(7, 8) }, index + 1
end

local function is_day_or_month(part)
  return #part <= 2 and tonumber(part) >= 1 and tonumber(part) <= 31
end

-- "28/11/2026", with dots or dashes as well; "28/11/26", with dots where a language writes dates so. A loose one may
-- have any of these signs and leave out the year.
local function numeric_reader(has_order, loose)
  return function(said, index)
    local parts, ties, behind = digits.run(said, index)
    if not parts or #parts ~= 3 or ties:sub(1, 1) ~= ties:sub(2, 2) or ties == "::" then return nil end
    if #parts[3] == 4 then return #parts[1] <= 2 and #parts[2] <= 2 and parts or nil, behind end
    local good = ties == "//" or loose or (ties == ".." and has_order)
    for _, part in ipairs(parts) do good = good and #part <= 2 end
    if #parts[3] ~= 2 and not (has_order and #parts[1] == 2) then return nil end
    if not good or (not loose and not (is_day_or_month(parts[1]) and is_day_or_month(parts[2]))) then return nil end
    return parts, behind
  end
end

-- "28/11", "28.11" where a language writes dates so; not "24/7".
local function short_reader(has_order, loose)
  return function(said, index)
    local parts, ties, behind = digits.run(said, index)
    if not parts or #parts ~= 2 or not is_day_or_month(parts[1]) or not is_day_or_month(parts[2]) then return nil end
    if ties == ":" or (not loose and ties ~= "/" and not (ties == "." and has_order)) then return nil end
    if parts[1] == "24" and parts[2] == "7" and ties == "/" then return nil end
    return parts, behind
  end
end

local function class(name, read)
  return { name = name, starts = {}, read = read }
end

---Adds the classes of dates in digits: {iso}, {compact}, {numeric}, {short}, and {loose} and {loose_short} for those
---who were asked.
---@param classes table<string, intent_webhook.PhraseClass>
---@param has_order boolean whether the language has an order
function numeric_date.add(classes, has_order)
  classes.iso = class("iso", read_iso)
  classes.compact = class("compact", read_compact)
  classes.numeric = class("numeric", numeric_reader(has_order, false))
  classes.short = class("short", short_reader(has_order, false))
  classes.loose = class("loose", numeric_reader(true, true))
  classes.loose_short = class("loose_short", short_reader(true, true))
end

-- Meaning ----------------------------------------------------------------------------------------------------------

---A year that two digits mean.
---@param year integer
---@param this_year integer
---@return integer
function numeric_date.full_year(year, this_year)
  local full = this_year - this_year % 100 + year
  if full > this_year + 30 then return full - 100 end
  if full < this_year - 69 then return full + 100 end
  return full
end

local function can_exist(year, month, day)
  return calendar.exists(year or 2000, month, day)
end

-- Day and month in the order that is meant.
local function day_month(one, other, year, order)
  local day_first, month_first = can_exist(year, other, one), can_exist(year, one, other)
  if not day_first and not month_first then return nil, "impossible" end
  if day_first and month_first and one ~= other then
    if not order then return nil, "ambiguous" end
    day_first = order == "dmy"
  end
  if day_first then return one, other end
  return other, one
end

---What digits mean.
---@param parts string[] two or three
---@param order "dmy"|"mdy"|"ymd"|nil
---@param this_year integer
---@return integer|nil day
---@return integer|string month or the reason why there is no day: "impossible", "ambiguous"
---@return integer|nil year nil: not said
function numeric_date.read(parts, order, this_year)
  local one, two, three = tonumber(parts[1]), tonumber(parts[2]), parts[3] and tonumber(parts[3])
  if #parts[1] == 4 or (three and #parts[3] < 4 and order == "ymd") then
    local year = #parts[1] == 4 and one or numeric_date.full_year(one, this_year)
    if not can_exist(year, two, three) then return nil, "impossible" end
    return three, two, year
  end
  local year = three
  if three and #parts[3] < 4 then year = numeric_date.full_year(three, this_year) end
  local day, month = day_month(one, two, year, order)
  return day, month, year
end

return numeric_date
