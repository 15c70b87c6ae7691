--- phone_text: the groups of digits in a text that may belong together in a telephone number.
--
-- A run is a list of groups of digits with nothing but the separators between them that people use in telephone
-- numbers: spaces, dots, hyphens, slashes, brackets. It ends at everything else: a comma, a letter, a line break, a
-- "+", and at groups that are something else for certain: dates with a year, times of day, prices, decimals, fractions
-- ("24/7").
--
-- Full-width and Arabic digits, spaces and hyphens of other kinds are seen as ASCII, in a copy of the text with the
-- same places: each is one sign, and the other bytes of it are \1, which counts as nothing.

local domain = require "intent_webhook.domain"

local phone_text = {}

-- Signs of several bytes, as ASCII: from what they are written with.
local SIGNS = {}
local function add_signs(ascii, ...)
  for index = 1, select("#", ...) do
    local sign = select(index, ...)
    SIGNS[sign] = ascii .. ("\1"):rep(#sign - #ascii)
  end
end
for digit = 0, 9 do
  add_signs(tostring(digit), "\239\188" .. string.char(144 + digit), "\217" .. string.char(160 + digit),
    "\219" .. string.char(176 + digit))
end
add_signs("+", "\239\188\139")
add_signs("(", "\239\188\136")
add_signs(")", "\239\188\137")
add_signs("-", "\226\136\146", "\239\188\141")
add_signs(".", "\239\188\142", "\194\183")
add_signs("/", "\239\188\143")
add_signs(" ", "\194\160", "\226\128\175", "\226\129\159", "\227\128\128")
for last = 128, 138 do add_signs(" ", "\226\128" .. string.char(last)) end
for last = 144, 149 do add_signs("-", "\226\128" .. string.char(last)) end
add_signs("", "\194\173", "\239\187\191") -- the soft hyphen, the byte order mark
for last = 139, 143 do add_signs("", "\226\128" .. string.char(last)) end -- marks of direction
for last = 170, 174 do add_signs("", "\226\128" .. string.char(last)) end
for last = 160, 169 do add_signs("", "\226\129" .. string.char(last)) end

---A text with the signs that telephone numbers are written with as ASCII, and every other byte in its place.
---@param text string
---@return string
function phone_text.plain(text)
  if not text:find("[\1\t\128-\255]") then return text end
  text = text:gsub("\1", "\2"):gsub("\t", " ")
  return (text:gsub("[\194\217\219][\128-\191]", SIGNS):gsub("[\226\227\239][\128-\191][\128-\191]", SIGNS))
end

local function as_text(plain, first, last)
  return (plain:sub(first, last):gsub("\1", ""))
end

-- Whether what stands between two groups may stand in a number, and whether a bracket is open behind it; `open`:
-- whether one is before it.
local function joins(between, open)
  if #between > 5 or between == "" then return false end
  if between:find("^  ?$") or between:find("^[./-]$") or between:find("^ [./-] $") or between:find("^[/-] $") then
    return true, open
  end
  if between:find("^ ?[-./]? ?%( ?$") then return not open, true end
  if between:find("^ ?%) ?[-./]? ?$") then return open, false end
  if between:find("^%) ?%($") then return open, true end
  return false
end

---@class intent_webhook.PhoneGroup
---@field text string digits
---@field first integer
---@field last integer
---@field before string what stands between it and the group before in the run; "" for the first
---@field taken boolean|nil it is something else than part of a number

-- The group of digits at a byte or behind it.
local function next_group(plain, at)
  local first, last = plain:find("%d[%d\1]*", at)
  if not first then return nil end
  return { text = as_text(plain, first, last), first = first, last = last, before = "" }
end

-- Money, percent, times of day, decimals: what stands right around a group.
local BEFORE = { "%$ ?$", "\194[\163\165] ?$", "\226\130[\160-\191] ?$" }
local AFTER = { "^ ?[$%%]", "^ ?\194[\163\165\176]", "^ ?\226\130[\160-\191]" }
local MONEY = {}
for word in ("usd eur gbp chf vnd euro euros dollar dollars pounds dong d k tr trieu nghin cent"):gmatch("%S+") do
  MONEY[word] = true
end

local function is_amount(said, plain, group)
  local before = plain:sub(math.max(1, group.first - 4), group.first - 1)
  for _, pattern in ipairs(BEFORE) do
    if before:find(pattern) then return true end
  end
  for _, pattern in ipairs(AFTER) do
    if plain:find(pattern, group.last + 1) then return true end
  end
  local word = domain.word_before(said, group.last) + 1
  return #group.text <= 8 and MONEY[said.words[word]] ~= nil
    and plain:sub(group.last + 1, said.firsts[word] - 1):find("^ ?$") ~= nil
end

local function is_part(plain, group)
  local left, mark = plain:sub(math.max(1, group.first - 5), group.first - 1):match("(%d+)\1*([,:])$")
  if mark == "," and #group.text <= 3 or mark == ":" and #group.text == 2 and #left <= 2 then return true end
  local right_mark, right = plain:match("^([,:])(%d%d?%d?%d?)", group.last + 1)
  return right_mark == "," and #right <= 3 or right_mark == ":" and #right == 2 and #group.text <= 2
end

-- Whether one or two digits are a time of day or count something, by the letters at them: "8pm", "19h30", "7h".
local function has_unit(said, plain, group)
  if #group.text > 2 then return false end
  if plain:find("^%d[hHgG]", math.max(1, group.first - 2)) and group.first > 2 then return true end
  local word = domain.word_before(said, group.last) + 1
  return said.firsts[word] == group.last + 1 and said.words[word] ~= "x" and group.before:find("^ *$") ~= nil
    and not plain:find("^[A-Za-z]", group.first - 1)
end

local function is_year(text) return text:find("^19%d%d$") or text:find("^20%d%d$") end

local function is_day(one, other)
  one, other = tonumber(one), tonumber(other)
  return one >= 1 and other >= 1 and math.min(one, other) <= 12 and math.max(one, other) <= 31
end

-- Marks the groups of dates and fractions in a run.
local function mark_dates(groups)
  for index, group in ipairs(groups) do
    local second, third, fourth = groups[index + 1], groups[index + 2], groups[index + 3]
    local mark = second and second.before
    local begins = mark and mark ~= group.before and mark:find("^[./-]$")
    if begins and third and third.before == mark and not (fourth and fourth.before == mark) then
      local one, two, three = group.text, second.text, third.text
      if is_year(three) and #one <= 2 and #two <= 2 and is_day(one, two)
        or is_year(one) and #two <= 2 and #three <= 2 and is_day(two, three) then
        group.taken, second.taken, third.taken = true, true, true
      end
    elseif begins and mark == "/" and not (third and third.before == mark) and #group.text <= 2
      and #second.text <= 2 then
      group.taken, second.taken = true, true
    end
  end
end

---@class intent_webhook.PhoneRun
---@field plus boolean whether a "+" stands before the first group
---@field start integer the first byte, with the "+" and a bracket
---@field bracket boolean whether a bracket is opened before the first group
---@field [integer] intent_webhook.PhoneGroup

-- What stands before the first group of a run: its first byte, whether there is a plus, whether a bracket.
local function start_of(plain, group, floor)
  local before = plain:sub(math.max(floor, group.first - 12), group.first - 1)
  local opening = before:match("[(\1 +]*$"):gsub("^[ \1]+", "")
  local shape = opening:gsub("\1", "")
  if shape:find("^%(?%+ ?%(?$") then return group.first - #opening, true, shape:find("(", 1, true) ~= nil end
  opening = before:match("%([ \1]?[\1]*$")
  if opening then return group.first - #opening, false, true end
  return group.first, false, false
end

local function new_run(plain, group, floor)
  local start, plus, bracket = start_of(plain, group, floor)
  return { group, plus = plus, start = start, bracket = bracket }
end

---The runs of a text, one after the other: an iterator.
---@param said intent_webhook.Said
---@param plain string
---@param at integer
---@return fun(): intent_webhook.PhoneRun|nil
function phone_text.runs(said, plain, at)
  local group, floor = next_group(plain, at), at
  local waiting = {} -- the rest of a run that was split at groups which are no part of it
  local function collect()
    local groups, open = { group }, select(3, start_of(plain, group, floor))
    while true do
      local last = groups[#groups]
      last.taken = is_amount(said, plain, last) or is_part(plain, last) or has_unit(said, plain, last)
      group = next_group(plain, last.last + 1)
      if not group then break end
      local between = group.first - last.last <= 24 and as_text(plain, last.last + 1, group.first - 1) or ","
      local joined, now_open = joins(between, open)
      if not joined then break end
      group.before, open = between, now_open
      groups[#groups + 1] = group
    end
    mark_dates(groups)
    return groups
  end
  local function split(groups)
    local run
    for _, one in ipairs(groups) do
      if one.taken then
        run = nil
      elseif run then
        run[#run + 1] = one
      else
        run = new_run(plain, one, floor)
        one.before = ""
        waiting[#waiting + 1] = run
      end
      floor = one.last + 1
    end
  end
  local taken = 0
  return function()
    while true do
      taken = taken + 1
      if waiting[taken] then return waiting[taken] end
      if not group then return nil end
      waiting, taken = {}, 0
      split(collect())
    end
  end
end

return phone_text
