--- phone: telephone numbers, as E.164 writes them: "+84901234567".
--
-- Options: `region`, the country that numbers without "+" belong to (ISO 3166: "VN"); default none: then only numbers
-- with "+" or 00 are taken. `regions`, those whose numbers are taken; default all. Regions that share a calling code
-- (US and CA, GB and JE, ...) cannot be told apart, so to allow one is to allow them all.
--
-- What is checked is said in phone_plans.lua: calling code, length, first digits. Nobody is called.
--
-- Read are spaces of all kinds, dots, hyphens, slashes, brackets, "(0)", full-width and Arabic digits, "tel:", 00, and
-- the region's own prefix of international calls (011 in the US). A trunk prefix behind the calling code ("+84 0901
-- ...") is dropped. An extension ("ext. 12", "x12", "Durchwahl 12") belongs to what was found, so that nothing else
-- reads its digits, but not to the value: E.164 has none.
--
-- In a message that was not asked for, a number has to be certain: with "+" or 00; with the trunk prefix of the region,
-- unless words like "order" or "invoice" stand before it (the language's `phone.not_before`); or, where people write
-- none, in groups as numbers of telephones are, or behind a word like "phone" (`phone.before`). Dates, prices, times,
-- IP addresses, decimals, cards' numbers, and digits in words, URLs and addresses of e-mail are none. An answer need
-- not be certain: its number may come without the trunk prefix, where that cannot hide that digits are missing (where
-- all numbers that begin so have one length), and with the calling code but no "+". Several different numbers in an
-- answer are none: "ambiguous".
--
-- A number from an NLU (84901234567) has lost its "+" or 0: it is read as if asked, and else with the "+".
--
-- Reasons: "incomplete", "too_long", "invalid" (first digits that no number has), "unknown_region" (no region is
-- known, or there is no such calling code), "not_allowed" (not of `regions`), "ambiguous". Unasked, only what begins
-- with "+" and has seven digits gets a reason.

local check = require "intent_webhook.check"
local domain = require "intent_webhook.domain"
local fold = require("intent_webhook.said").fold
local phone_text = require "intent_webhook.phone_text"
local plans = require "intent_webhook.phone_plans"

local MOST_DIGITS = 20 -- of E.164, with a prefix
local LEAST_ASKED, LEAST_UNASKED = 5, 7

---@class intent_webhook.PhoneReader
---@field plan intent_webhook.PhonePlan|nil
---@field codes table<string, boolean>|nil calling codes that are allowed
local Reader = { __name = "intent_webhook.PhoneReader" }
Reader.__index = Reader

-- What digits mean
-- -----------------------------------------------------------------------------------------------------

-- Whether a number that is written so can be meant: without the trunk prefix, digits might be missing in front.
function Reader:may_be(number, form, fixed)
  return number and (form ~= "bare" or fixed or self.plan.trunk_optional)
end

-- A number in E.164; or nil, reason. And how it was written: "plus", "exit", "trunk", "bare" (and whether its length is
-- fixed) or, of an answer, "code".
function Reader:number(digits, plus, asked)
  local number, code, form, fixed
  if plus then
    number, code = plans.international(digits)
    form = "plus"
  else
    number, code, form, fixed = plans.dialled(self.plan, digits)
    local prefix = self.plan and self.plan.code
    if asked and prefix and not self:may_be(number, form, fixed) and digits:sub(1, #prefix) == prefix then
      local with_code, its_code = plans.international(digits)
      if with_code then number, code, form = with_code, its_code, "code" end
    end
  end
  if not number then return nil, code end
  if self.codes and not self.codes[code] then return nil, "not_allowed" end
  return number, nil, form, fixed
end

-- Groups that make a number
-- --------------------------------------------------------------------------------------------

-- The digits of the groups from `first` to `last`, without a "(0)" behind a calling code.
local function digits_of(run, first, last, international)
  local parts = {}
  for index = first, last do
    local group, following = run[index], run[index + 1]
    local hint = international and index > first and group.text == "0" and group.before:find("%($")
      and following and following.before:find("^ ?%)")
    if not hint then parts[#parts + 1] = group.text end
  end
  return table.concat(parts)
end

-- The numbers that begin at a group: list of { last =, number =, form =, fixed = }, the longest first.
function Reader:numbers_at(run, first, asked)
  local found, count = {}, 0
  local plus = run.plus and first == 1
  local international = plus or run[first].text:find("^0[01]") ~= nil
  for last = first, #run do
    count = count + #run[last].text
    if count > MOST_DIGITS then break end
    local number, _, form, fixed = self:number(digits_of(run, first, last, international), plus, asked)
    if self:may_be(number, form, fixed) then
      table.insert(found, 1, { first = first, last = last, number = number, form = form, fixed = fixed })
    end
  end
  return found
end

-- Whether a group counts what follows: "+49 30 1234567 4 people". Two digits only behind `least` digits.
local function is_count(plain, run, last, least)
  local group, before = run[last], run[last - 1]
  if not group.before:find("^  ?$") or not plain:find("^ +[A-Za-z\128-\255]", group.last + 1) then return false end
  return #group.text == 1 or #group.text == 2 and #before.text >= least
end

-- Whether what follows a number in its run may: nothing, a small number ("4 people"), another number.
function Reader:may_follow(plain, run, first, asked)
  local group = run[first]
  if not group then return true end
  if #run == first and #group.text <= 2 and is_count(plain, run, first, 0) then return true end
  return group.before:find("^ ?[ /] ?$") ~= nil and #self:numbers_at(run, first, asked) > 0
end

-- The number that begins at a group, or nil.
function Reader:choose(plain, run, first, asked)
  local found = self:numbers_at(run, first, asked)
  local chosen
  for _, one in ipairs(found) do
    if one.last == first and #run[first].text >= 9 and run[first + 1] and run[first + 1].before:find("^  ?$") then
      return one -- complete in one group: what follows behind a space is something else
    end
    if not chosen and self:may_follow(plain, run, one.last + 1, asked) then chosen = one end
  end
  if chosen and chosen.last > first and is_count(plain, run, chosen.last, 5) then
    for _, one in ipairs(found) do
      if one.last == chosen.last - 1 then return one end
    end
  end
  return chosen
end

-- Whether a number is certain ---------------------------------------------------------------------------------------

local function all_groups(run, first, last, test)
  for index = first, last do
    if not test(run[index], index) then return false end
  end
  return true
end

-- Whether groups look like a telephone number's, and not like a decimal, an IP address or years.
local function is_grouped(run, one)
  local first, last = one.first, one.last
  if one.form == "trunk" and #run[first].text == 1 then first = first + 1 end
  local bracket = run.bracket and one.first == 1 or run[one.first + 1] and run[one.first + 1].before:find("%(") ~= nil
  if last <= first then return bracket and last > one.first end
  local function dotted(group, index) return index == first or group.before == "." end
  if all_groups(run, first, last, dotted) then
    local function byte(group) return #group.text <= 3 and tonumber(group.text) <= 255 end
    if last - first == 1 or last - first == 3 and all_groups(run, first, last, byte) then return false end
  end
  if last - first == 1 and run[first].text:find("^[12][09]%d%d$") and run[last].text:find("^[12][09]%d%d$")
    and not run[last].before:find("^ +$") then
    return false
  end
  return all_groups(run, first, last, function(group) return #group.text >= 2 and #group.text <= 5 end)
end

-- Whether groups are those of a great number ("1.234.567.890") or a decimal ("0.901234567").
local function is_amount(run, one)
  if one.first == one.last then return false end
  if run[one.first].text == "0" and run[one.first + 1].before == "." then return true end
  return all_groups(run, one.first, one.last, function(group, index)
    if index == one.first then return #group.text <= 3 end
    return group.before == "." and #group.text == 3
  end)
end

-- Which words stand before a number: true "phone", false "order", nil neither. The nearest of three counts, and of
-- those that end with it the longest: "order number".
function Reader:cue(said, at)
  local words, index = said.words, domain.word_before(said, at - 1)
  for number = index, math.max(1, index - 2), -1 do
    local following = math.min(said.firsts[number + 1] or at, at)
    if said.text:sub(said.lasts[number] + 1, following - 1):find("[\n!?;]") then return nil end
    for from = math.max(1, number - 2), number do
      local kind = self.words[table.concat(words, " ", from, number)]
      if kind ~= nil then return kind end
    end
  end
end

-- Whether a letter or sign at either end says that the digits belong to a word: an id, a path, a variable.
local function is_glued(said, plain, first, last)
  local before, behind = domain.word_before(said, first - 1), domain.word_before(said, last) + 1
  if first > 1 and before > 0 and said.lasts[before] == first - 1 then return true end
  if said.firsts[behind] == last + 1 then return true end
  if first > 1 and plain:find("^[_@#&=/\\%%^~+]", first - 1) then return true end
  if first > 2 and plain:find("^[A-Za-z0-9\128-\255][.-]", first - 2) then return true end
  return plain:find("^[_@=\\]", last + 1) ~= nil or plain:find("^[-/:][A-Za-z]", last + 1) ~= nil
    or plain:find("^%.[a-z]", last + 1) ~= nil
end

-- Whether a byte is in a URL or an address of e-mail. `chunk` keeps the text without spaces that was looked at last.
local function is_masked(text, chunk, at)
  while chunk.last < at do
    chunk.first = chunk.last + 1
    chunk.last = text:find("[%z\1-\32,;<>\"|]", chunk.first) or #text + 1
    chunk.masked = nil
  end
  if chunk.masked == nil then
    local inside = text:sub(chunk.first, chunk.last - 1)
    chunk.masked = inside:find("@", 1, true) ~= nil or inside:find("://", 1, true) ~= nil
      or inside:find("^[(]?[Ww][Ww][Ww]%.") ~= nil
  end
  return chunk.masked
end

-- The span of a number, with a bracket before it that it closes.
local function span_of(run, one)
  local first, last = run[one.first].first, run[one.last].last
  if one.first == 1 then
    local closed = false
    for index = 2, one.last do closed = closed or run[index].before:find(")", 1, true) ~= nil end
    first = (closed or not run.bracket) and run.start or first
    if run.plus and run.bracket and not closed then first = run.start + 1 end
  end
  return first, last
end

function Reader:is_certain(said, plain, run, one, first)
  if one.form == "plus" or one.form == "exit" then return true end
  if #digits_of(run, one.first, one.last) < LEAST_UNASKED or is_amount(run, one) then return false end
  local single = 0
  for index = one.first, one.last do single = single + (#run[index].text == 1 and 1 or 0) end
  if single > 2 then return false end -- "0 9 0 1 ..." may be anything
  local cue = self:cue(said, first)
  if cue == false then return false end
  if one.form == "trunk" and self.plan.trunk:find("^0") then return true end
  if cue and (one.fixed or self.plan.trunk_optional) then return true end
  local written_so = self.plan.trunk_optional or run.bracket or one.form == "trunk"
  return written_so and is_grouped(run, one) and (one.first == 1 or one.last == #run)
    and plain:sub(first - 1, first - 1) ~= "-"
end

-- The last byte of an extension behind a number, or of the number.
function Reader:extension(said, plain, last)
  local sign = plain:match("^ ?,? ?# ?%d%d?%d?%d?%d?%d?()", last + 1)
  if sign and not plain:find("^%d", sign) then return sign - 1 end
  local index = domain.word_before(said, last) + 1
  if not said.firsts[index] or not plain:sub(last + 1,
    said.firsts[index] - 1):find("^[ ,;(.\1-]*$") then return last end
  if said.firsts[index] - last > 8 then return last end
  for count = 3, 1, -1 do
    local digits = said.words[index + count]
    if digits and self.extensions[table.concat(said.words, " ", index, index + count - 1)] and digits:find("^%d+$")
      and #digits <= 7 and said.firsts[index + count] - said.lasts[index + count - 1] <= 4 then
      return said.lasts[index + count]
    end
  end
  return last
end

-- Runs
-- -----------------------------------------------------------------------------------------------------------------

-- The number that begins at a group, with its span, if it can be taken.
function Reader:number_at(said, plain, run, index, asked)
  local one = self:choose(plain, run, index, asked)
  if not one then return nil end
  local first, last = span_of(run, one)
  if not asked and not self:is_certain(said, plain, run, one, first) then return nil end
  last = self:extension(said, plain, last)
  if not asked and is_glued(said, plain, first, last) then return nil end
  return one, first, last
end

-- Calls `take` with each number of a run, until it returns true. Returns whether there was one, and whether some of the
-- run is in a URL or an address.
function Reader:read_run(said, plain, run, state, take)
  local index, found, masked = 1, false, false
  while run[index] do
    if is_masked(said.text, state.chunk, run[index].first) then
      masked, index = true, index + 1
    else
      local one, first, last = self:number_at(said, plain, run, index, state.asked)
      if one then
        found, index = true, one.last + 1
        if take(one.number, first, last) then break end
      else
        local small = index == 1 and #run[1].text <= 2 and not run.plus and run[2] and run[2].before:find("^  ?$")
          and not is_glued(said, plain, run[1].first, run[1].last)
        if not small then break end
        index = 2
      end
    end
  end
  return found, masked
end

-- Why a run is no number; and how many digits it has.
function Reader:judge(run, asked)
  local digits = digits_of(run, 1, #run, true)
  local number, reason, form, fixed = self:number(digits:sub(1, MOST_DIGITS + 1), run.plus, asked)
  if number and not self:may_be(number, form, fixed) then reason = "incomplete" end
  return reason or "invalid", #digits
end

local function has_digits(text, at)
  local position = at
  for _ = 1, LEAST_ASKED do
    position = text:find("%d", position)
    if not position then return text:find("[\217\219\239]", at) ~= nil end
    position = position + 1
  end
  return true
end

---@param said intent_webhook.Said
---@param at integer
---@param _ table the context, which does not count
---@param asked boolean
---@return string|nil value
---@return integer|string|nil first or the reason
---@return integer|nil last or the first byte of what is meant
---@return integer|nil
function Reader:find(said, at, _, asked)
  local text = said.text
  if not has_digits(text, at) then return nil end
  local plain = phone_text.plain(text)
  local value, value_first, value_last, ambiguous
  local wrong, wrong_first, wrong_last
  local most = asked and LEAST_ASKED - 1 or LEAST_UNASKED - 1
  local state = { asked = asked, chunk = { last = 0 } }
  local function take(number, first, last)
    if not value then
      value, value_first, value_last = number, first, last
    elseif number ~= value then
      ambiguous, value_last = true, last
    end
    return ambiguous or not asked
  end
  for run in phone_text.runs(said, plain, at) do
    local found, masked = self:read_run(said, plain, run, state, take)
    if ambiguous then return nil, "ambiguous", value_first, value_last end
    if value and not asked then return value, value_first, value_last end
    if not found and not masked and not value and (asked or run.plus and not wrong) then
      local reason, count = self:judge(run, asked)
      local first, last = run.start, run[#run].last
      if count > most and (asked or not is_glued(said, plain, first, last)) then
        wrong, wrong_first, wrong_last, most = reason, first, last, count
      end
    end
  end
  if value then return value, value_first, value_last end
  return nil, wrong, wrong_first, wrong_last
end

---A number from an NLU.
---@param value any
---@return string|nil
---@return string|nil reason
function Reader:take(value)
  if type(value) ~= "number" then return nil, "wrong_type" end
  if value - value ~= 0 or value < 1 or value ~= math.floor(value) or value >= 1e15 then return nil, "invalid" end
  local digits = ("%.0f"):format(value)
  local number, reason, form, fixed = self:number(digits, false, true)
  if self:may_be(number, form, fixed) then return number end
  local with_plus, plus_reason = self:number(digits, true, true)
  if with_plus then return with_plus end
  if not self.plan or plus_reason == "not_allowed" then reason = plus_reason end
  return nil, reason or "incomplete"
end

-- The type
-- -------------------------------------------------------------------------------------------------------------

-- The language's words, folded.
local function words_of(language)
  local section = language and language.phone or {}
  local words, extensions = {}, { x = true, ext = true, extn = true, extension = true }
  for _, word in ipairs(section.not_before or {}) do words[fold(word)] = false end
  for _, word in ipairs(section.before or {}) do words[fold(word)] = true end
  for _, word in ipairs(section.extension or {}) do extensions[fold(word)] = true end
  return words, extensions
end

local function region_plan(mistakes, path, region)
  local plan = plans.of(region)
  if plan then return plan end
  local hint = region:upper() == "UK" and ': did you mean "GB"?' or check.suggestion(region, plans.regions())
  mistakes:add(path, ('is "%s", which is no region that has telephone numbers%s'):format(region:sub(1, 20),
    #hint < 60 and hint or ': write its code of two letters, like "VN"'))
end

return {
  name = "phone",
  rank = 20,
  options = {
    { name = "region", type = "string", also = { "country", "default_region" },
      hint = 'write the code of two letters, like "VN"' },
    { name = "regions", type = "list", most = 300, also = { "countries" },
      hint = 'list codes of two letters, like { "VN", "DE" }' },
  },
  new = function(mistakes, path, accepted, language)
    local reader = { schema = {
      type = "string", description = "E.164, like +84901234567", pattern = "^\\+[1-9][0-9]{6,14}$",
    } }
    reader.words, reader.extensions = words_of(language)
    if accepted.region then
      reader.plan = region_plan(mistakes, check.within(path, "region"), accepted.region)
    end
    if accepted.regions then
      local place = check.within(path, "regions")
      reader.codes = {}
      if #accepted.regions == 0 then mistakes:add(place, "is empty: list regions, or leave it out") end
      for index, region in ipairs(check.strings(mistakes, place, accepted.regions, 'write it like "VN"')) do
        local plan = region_plan(mistakes, check.within(place, index), region)
        if plan then reader.codes[plan.code] = true end
      end
    end
    return setmetatable(reader, Reader)
  end,
}
