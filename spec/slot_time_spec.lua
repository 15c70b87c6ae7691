-- The slot types time, datetime and duration, and the zone in which they are read.

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"
local languages = require "intent_webhook.languages"
local process = require "spec.support.process"
local said = require "intent_webhook.said"
local zone = require "intent_webhook.zone"

local TYPES = {
  date = require "intent_webhook.types.date", datetime = require "intent_webhook.types.datetime",
  duration = require "intent_webhook.types.duration", time = require "intent_webhook.types.time",
}

-- Wednesday, 25 November 2026, 12:00 in a zone of +07:00.
local NOON = { now = calendar.days(2026, 11, 25) * 86400 + 5 * 3600, offset = function() return 7 * 3600 end }

local function reader(kind, options, language)
  local mistakes = check.mistakes()
  local accepted = check.options(mistakes, "slot", options or {}, TYPES[kind].options)
  return TYPES[kind].new(mistakes, "slot", accepted, languages.of(language or "en")), mistakes
end

-- What was found, as one text: "19:00 [7pm]", "ambiguous [7]", "nothing".
local function found(one, text, asked, context)
  local value, first, last, final = one:find(said.new(text), 1, context or NOON, asked)
  if value ~= nil then return ("%s [%s]"):format(value, text:sub(first, last)) end
  if first == nil then return "nothing" end
  return ("%s [%s]"):format(first, text:sub(last, final))
end

-- Tests for lines "text => what is found".
local function cases(kind, options, language, asked, lines, context)
  local one = reader(kind, options, language)
  for line in lines:gmatch("[^\n]+") do
    local text, expected = line:match("^%s*(.-) => (.-)%s*$")
    if text then
      it(("finds %s in %q"):format(expected, text), function()
        assert.are.equal(expected, found(one, text, asked, context))
      end)
    end
  end
end

local function mistake(kind, options)
  local _, mistakes = reader(kind, options)
  return mistakes.list[1].path .. " " .. mistakes.list[1].message
end

describe("a time that nobody asked for #once", function()
  cases("time", nil, "en", false, [[
    7pm => 19:00 [7pm]
    7 pm => 19:00 [7 pm]
    at 7 p.m. please => 19:00 [7 p.m]
    7PM => 19:00 [7PM]
    7am => 07:00 [7am]
    @7pm => 19:00 [7pm]
    seven pm => 19:00 [seven pm]
    7:30 pm => 19:30 [7:30 pm]
    7.30pm => 19:30 [7.30pm]
    12am => 00:00 [12am]
    12pm => 12:00 [12pm]
    12:30 am => 00:30 [12:30 am]
    19:30 => 19:30 [19:30]
    07:30 => 07:30 [07:30]
    0:30 => 00:30 [0:30]
    12:30 => 12:30 [12:30]
    24:00 => 00:00 [24:00]
    19:30:15 => 19:30:15 [19:30:15]
    half past seven pm => 19:30 [half past seven pm]
    half past 7 in the evening => 19:30 [half past 7 in the evening]
    quarter to 8 pm => 19:45 [quarter to 8 pm]
    a quarter past six in the morning => 06:15 [a quarter past six in the morning]
    twenty past seven pm => 19:20 [twenty past seven pm]
    10 minutes to 8 pm => 19:50 [10 minutes to 8 pm]
    seven o'clock in the evening => 19:00 [seven o'clock in the evening]
    7 o’clock pm => 19:00 [7 o’clock pm]
    7 in the evening => 19:00 [7 in the evening]
    11 at night => 23:00 [11 at night]
    1 at night => 01:00 [1 at night]
    at 7 tonight => 19:00 [7 tonight]
    noon => 12:00 [noon]
    at midday => 12:00 [midday]
    midnight => 00:00 [midnight]
    at 12 => 12:00 [12]
    in 20 minutes => 12:20 [in 20 minutes]
    in two hours => 14:00 [in two hours]
    in half an hour => 12:30 [in half an hour]
    in 13 hours => 01:00 [in 13 hours]
    2 people at 7pm => 19:00 [7pm]
    between, hm, 7pm and 9pm => 19:00 [7pm]
    tomorrow evening at 8 => 20:00 [8]
    tomorrow evening for two, at 8 => 20:00 [8]
    at 8 on Saturday morning => 08:00 [8]
    in the evening, at 8 => 20:00 [8]
    7:05:00 => 07:05:00 [7:05:00]
    from 9am, until 5 => 09:00 [9am]
    7:30 => ambiguous [7:30]
    at half 7, please => ambiguous [half 7]
    at 7 => ambiguous [7]
    at seven, please => ambiguous [seven]
    seven o'clock => ambiguous [seven o'clock]
    half past seven => ambiguous [half past seven]
    at 7 or 8pm => 20:00 [8pm]
    25:00 => impossible [25:00]
    24:30 => impossible [24:30]
    at 7:75 => impossible [7:75]
    15:30 am => impossible [15:30 am]
    12:30:75 => impossible [12:30:75]
  ]])
  describe("is not", function()
    local one = reader("time")
    for _, text in ipairs {
      "evening", "in the morning", "tonight", "at 5 main street", "at 7 people", "table for 7", "7", "seven",
      "room 730", "1930", "price 7.30", "$7:30", "7-9pm", "10:30-12:00", "10-12", "10:20:30:40", "3:2", "16:9",
      "2 hours", "1:30 h", "I am 7 a monkey", "those seven am", "2026-11-28", "19/30", "192.168.19.30", "19h30",
      "00:1a:2b:3c", "chapter 7:5", "version 7.30", "a quarter of the people", "07123 456 789",
      "half seven", "half", "", "\255:", "Noon Patel is my manager", "watching Midnight Cowboy",
    } do
      it(("in %q"):format(text), function()
        assert.are.equal(text == "those seven am" and "07:00 [seven am]" or "nothing", found(one, text, false))
      end)
    end
  end)
end)

describe("a time that was asked for #once", function()
  cases("time", nil, "en", true, [[
    19 => 19:00 [19]
    7pm or 8pm => ambiguous [7pm or 8pm]
    12 => 12:00 [12]
    1930 => 19:30 [1930]
    19h30 => 19:30 [19h30]
    19.30 => 19:30 [19.30]
    7p => 19:00 [7p]
    7 in the evening => 19:00 [7 in the evening]
    7 evening => 19:00 [7 evening]
    now => 12:00 [now]
    7 => ambiguous [7]
    7 please => ambiguous [7]
    at 7.30 => ambiguous [7.30]
    half seven => ambiguous [half seven]
    25 => impossible [25]
    2575 => impossible [2575]
    2 people => nothing
    we are 2 => nothing
    evening => nothing
  ]])
  cases("time", { prefer = "pm" }, "en", true, [[
    7 => 19:00 [7]
    7:30 => 19:30 [7:30]
    half seven => 19:30 [half seven]
    ten to eight => 19:50 [ten to eight]
    quarter to 1 => 12:45 [quarter to 1]
    07:30 => 07:30 [07:30]
    7am => 07:00 [7am]
  ]])
  cases("time", { prefer = "am" }, "en", true, "7 => 07:00 [7]\n7:30 => 07:30 [7:30]")
  cases("time", { min = "18:00", max = "22:30" }, "en", true, [[
    7 => 19:00 [7]
    at 10:30 => 22:30 [10:30]
    6 => 18:00 [6]
    5 => too_small [5]
    17:59 => too_small [17:59]
    22:31 => too_large [22:31]
    22:30:01 => too_large [22:30:01]
    11am => too_small [11am]
  ]])
  cases("time", { min = "22:00", max = "02:00" }, "en", true, [[
    11 => 23:00 [11]
    midnight => 00:00 [midnight]
    1am => 01:00 [1am]
    3am => too_small [3am]
    noon => too_small [noon]
  ]])

  it("may come as a table of numbers", function()
    local one = reader("time", { max = "22:00" })
    local function reason(value) return select(2, one:take(value, NOON)) end
    assert.are.equal("19:30", one:take({ hours = 19, minutes = 30 }, NOON))
    assert.are.equal("07:00", one:take({ hours = 7, minutes = 0, seconds = 0, nanos = 0 }, NOON))
    assert.are.equal("07:00:05", one:take({ hour = 7, second = 5 }, NOON))
    assert.are.equal("impossible", reason { hours = 24 })
    assert.are.equal("impossible", reason { hours = 7, minutes = 60 })
    assert.are.equal("too_large", reason { hours = 23 })
    assert.are.equal("incomplete", reason { minutes = 30 })
    assert.are.equal("wrong_type", reason { hours = "7" })
    assert.are.equal("wrong_type", reason(7))
  end)

  it("has options that are checked", function()
    assert.matches('^slot.min must be a time of the day: write it like "18:00"', mistake("time", { min = "6pm" }))
    assert.matches("^slot.max must be a time of the day", mistake("time", { max = "24:30" }))
    assert.matches('^slot.prefer must be "am"', mistake("time", { prefer = "noon" }))
  end)

  it("is a string of a pattern in a schema, in the 24 hours that it is written in", function()
    local pattern = reader("time").schema.pattern
    assert.are.equal("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", pattern)
  end)
end)

describe("a time in other languages #once", function()
  cases("time", nil, "de", false, [[
    19 Uhr 30 => 19:30 [19 Uhr 30]
    um 19.30 Uhr => 19:30 [19.30 Uhr]
    19:30 Uhr => 19:30 [19:30 Uhr]
    um 7 => 07:00 [7]
    7 Uhr abends => 19:00 [7 Uhr abends]
    sieben Uhr morgens => 07:00 [sieben Uhr morgens]
    halb acht => 07:30 [halb acht]
    um halb acht abends => 19:30 [halb acht abends]
    halb eins => 00:30 [halb eins]
    morgen Abend um 8 => 20:00 [8]
    Montagabend um acht => 20:00 [acht]
    viertel nach sieben => 07:15 [viertel nach sieben]
    viertel vor acht abends => 19:45 [viertel vor acht abends]
    dreiviertel acht => 07:45 [dreiviertel acht]
    fünf vor halb acht => 07:25 [fünf vor halb acht]
    20 nach 7 => 07:20 [20 nach 7]
    zehn vor acht => 07:50 [zehn vor acht]
    zu Mittag => 12:00 [Mittag]
    um Mitternacht => 00:00 [Mitternacht]
    in einer halben Stunde => 12:30 [in einer halben Stunde]
    in 20 Minuten => 12:20 [in 20 Minuten]
    25 Uhr => impossible [25 Uhr]
    um 7 Personen => nothing
    eine halbe Acht => nothing
    am Abend => nothing
  ]])
  cases("time", { min = "17:00" }, "de", true, "7 => 19:00 [7]\nhalb acht => 19:30 [halb acht]\n17h => 17:00 [17h]")
  cases("time", nil, "vi", false, [[
    7 giờ tối => 19:00 [7 giờ tối]
    7 gio toi => 19:00 [7 gio toi]
    bảy giờ tối => 19:00 [bảy giờ tối]
    7 tối => 19:00 [7 tối]
    7h30 => 07:30 [7h30]
    7h30 tối => 19:30 [7h30 tối]
    19 giờ => 19:00 [19 giờ]
    lúc 19 giờ 15 phút => 19:15 [19 giờ 15 phút]
    7 giờ rưỡi tối => 19:30 [7 giờ rưỡi tối]
    8 giờ kém 15 => 07:45 [8 giờ kém 15]
    9h sáng => 09:00 [9h sáng]
    2 giờ chiều => 14:00 [2 giờ chiều]
    12 giờ trưa => 12:00 [12 giờ trưa]
    12 giờ đêm => 00:00 [12 giờ đêm]
    30 phút nữa => 12:30 [30 phút nữa]
    7 giờ tôi đến => 07:00 [7 giờ]
    tối mai lúc 7 giờ => 19:00 [7 giờ]
    bây giờ là mấy giờ => nothing
    25 giờ => impossible [25 giờ]
    buổi tối => nothing
    2 tiếng => nothing
  ]])
end)

describe("a datetime #once", function()
  cases("datetime", nil, "en", false, [[
    2026-11-28T19:30:00+07:00 => 2026-11-28T19:30:00+07:00 [2026-11-28T19:30:00+07:00]
    2026-11-28T19:30:00Z => 2026-11-28T19:30:00Z [2026-11-28T19:30:00Z]
    2026-11-28T19:30:00.000-08:00 => 2026-11-28T19:30:00-08:00 [2026-11-28T19:30:00.000-08:00]
    2026-11-28t19:30-0800. => 2026-11-28T19:30:00-08:00 [2026-11-28t19:30-0800]
    2026-11-28T19:30 => 2026-11-28T19:30:00+07:00 [2026-11-28T19:30]
    20261128T193000Z => 2026-11-28T19:30:00Z [20261128T193000Z]
    2026-11-28 19:30 => 2026-11-28T19:30:00+07:00 [2026-11-28 19:30]
    Saturday at 7pm => 2026-11-28T19:00:00+07:00 [Saturday at 7pm]
    7pm on Saturday => 2026-11-28T19:00:00+07:00 [7pm on Saturday]
    at 7pm on 15 March => 2027-03-15T19:00:00+07:00 [7pm on 15 March]
    sat 7pm => 2026-11-28T19:00:00+07:00 [sat 7pm]
    tomorrow 19:30 => 2026-11-26T19:30:00+07:00 [tomorrow 19:30]
    tomorrow, 7:30 pm => 2026-11-26T19:30:00+07:00 [tomorrow, 7:30 pm]
    tomorrow at half past 7 pm => 2026-11-26T19:30:00+07:00 [tomorrow at half past 7 pm]
    tomorrow at noon => 2026-11-26T12:00:00+07:00 [tomorrow at noon]
    tonight at 8 => 2026-11-25T20:00:00+07:00 [tonight at 8]
    at 8 tonight => 2026-11-25T20:00:00+07:00 [8 tonight]
    tomorrow evening for two, at 8 => 2026-11-26T20:00:00+07:00 [tomorrow evening]
    2026-11-28 07:30 => 2026-11-28T07:30:00+07:00 [2026-11-28 07:30]
    2026-11-28 10:15 => 2026-11-28T10:15:00+07:00 [2026-11-28 10:15]
    8 tomorrow evening => 2026-11-26T20:00:00+07:00 [8 tomorrow evening]
    Saturday evening at 8 => 2026-11-28T20:00:00+07:00 [Saturday evening at 8]
    15 March 2027, 7:30 pm => 2027-03-15T19:30:00+07:00 [15 March 2027, 7:30 pm]
    in two hours => 2026-11-25T14:00:00+07:00 [in two hours]
    in 3 days at 7pm => 2026-11-28T19:00:00+07:00 [in 3 days at 7pm]
    7pm => 2026-11-25T19:00:00+07:00 [7pm]
    9am => 2026-11-26T09:00:00+07:00 [9am]
    today at 7 => 2026-11-25T19:00:00+07:00 [today at 7]
    Saturday for 4 people at 7pm => 2026-11-28T19:00:00+07:00 [Saturday]
    at 7pm for 4 people, on Saturday => 2026-11-25T19:00:00+07:00 [7pm]
    Saturday at midnight => 2026-11-29T00:00:00+07:00 [Saturday at midnight]
    tonight at 1 => 2026-11-26T01:00:00+07:00 [tonight at 1]
    Saturday 00:00 => 2026-11-28T00:00:00+07:00 [Saturday 00:00]
    31 December 24:00 => 2027-01-01T00:00:00+07:00 [31 December 24:00]
    tomorrow 7 => ambiguous [tomorrow 7]
    at 7 => ambiguous [7]
    03/04/2027 at 7pm => ambiguous [03/04/2027 at 7pm]
    Saturday => incomplete [Saturday]
    for two on Saturday => incomplete [Saturday]
    for 2 tomorrow => incomplete [tomorrow]
    Saturday for 4 => incomplete [Saturday]
    30 February at 7pm => impossible [30 February at 7pm]
    30 February => impossible [30 February]
    Saturday at 25:00 => impossible [Saturday at 25:00]
    2026-13-28T19:30:00Z => impossible [2026-13-28T19:30:00Z]
    2026-11-28T25:30:00Z => impossible [2026-11-28T25:30:00Z]
    evening => nothing
    hello there => nothing
    now => nothing
    tel 2026-11-28T19 => nothing
  ]])
  cases("datetime", nil, "en", true, [[
    now => 2026-11-25T12:00:00+07:00 [now]
    sat 7pm => 2026-11-28T19:00:00+07:00 [sat 7pm]
    28.11. 19:30 => 2026-11-28T19:30:00+07:00 [28.11. 19:30]
  ]])
  cases("datetime", nil, "de", false, [[
    für zwei am Samstag um halb acht => 2026-11-28T07:30:00+07:00 [Samstag um halb acht]
    Montagabend um acht => 2026-11-30T20:00:00+07:00 [Montagabend um acht]
    morgen um halb acht => 2026-11-26T07:30:00+07:00 [morgen um halb acht]
    Samstag 28.11. um 19:30 Uhr => 2026-11-28T19:30:00+07:00 [Samstag 28.11. um 19:30 Uhr]
    Samstag Abend um 8 => 2026-11-28T20:00:00+07:00 [Samstag Abend um 8]
    um 20 Uhr am 15. März => 2027-03-15T20:00:00+07:00 [20 Uhr am 15. März]
    in zwei Stunden => 2026-11-25T14:00:00+07:00 [in zwei Stunden]
  ]])
  cases("datetime", nil, "vi", false, [[
    7h30 tối thứ bảy => 2026-11-28T19:30:00+07:00 [7h30 tối thứ bảy]
    7 giờ tối mai => 2026-11-26T19:00:00+07:00 [7 giờ tối mai]
    8h tối nay => 2026-11-25T20:00:00+07:00 [8h tối nay]
    8 giờ sáng ngày mai => 2026-11-26T08:00:00+07:00 [8 giờ sáng ngày mai]
    19 giờ ngày 15/3 => 2027-03-15T19:00:00+07:00 [19 giờ ngày 15/3]
    tối nay lúc 8 giờ => 2026-11-25T20:00:00+07:00 [tối nay lúc 8 giờ]
  ]])
  cases("datetime", { min = "now", max = "2026-11-30" }, "en", false, [[
    today at 11am => too_small [today at 11am]
    yesterday at 7pm => too_small [yesterday at 7pm]
    2026-11-25T04:59:59Z => too_small [2026-11-25T04:59:59Z]
    2026-11-25T05:00:00Z => 2026-11-25T05:00:00Z [2026-11-25T05:00:00Z]
    30 November at 11pm => 2026-11-30T23:00:00+07:00 [30 November at 11pm]
    1 December at noon => too_large [1 December at noon]
  ]])
  cases("datetime", { prefer_half = "pm", order = "dmy" }, "en", false, [[
    03/04/2027 at 7 => 2027-04-03T19:00:00+07:00 [03/04/2027 at 7]
    at 7 => 2026-11-25T19:00:00+07:00 [7]
  ]])
  cases("datetime", { prefer = "past" }, "en", false, [[
    9am => 2026-11-25T09:00:00+07:00 [9am]
    7pm => 2026-11-24T19:00:00+07:00 [7pm]
    Saturday at 7pm => 2026-11-21T19:00:00+07:00 [Saturday at 7pm]
  ]])
  cases("datetime", { prefer = "nearest" }, "en", false, [[
    9am => 2026-11-25T09:00:00+07:00 [9am]
    11:30pm => 2026-11-25T23:30:00+07:00 [11:30pm]
    00:30 => 2026-11-25T00:30:00+07:00 [00:30]
  ]])

  it("has options that are checked", function()
    assert.matches('^slot.min must be a moment: write "now"', mistake("datetime", { min = "soon" }))
    assert.matches("^slot.max must be a moment", mistake("datetime", { max = "2026-11-31T10:00:00Z" }))
  end)

  it("may come as a table of numbers", function()
    local one = reader("datetime", { min = "now" })
    local function reason(value) return select(2, one:take(value, NOON)) end
    local value = { year = 2026, month = 11, day = 28, hours = 19, minutes = 30 }
    assert.are.equal("2026-11-28T19:30:00+07:00", one:take(value, NOON))
    assert.are.equal("incomplete", reason { year = 2026, month = 11, day = 28 })
    assert.are.equal("impossible", reason { year = 2026, month = 2, day = 30, hours = 1 })
    assert.are.equal("too_small", reason { year = 2026, month = 11, day = 25, hours = 1 })
    assert.are.equal("wrong_type", reason("tomorrow"))
  end)
end)

describe("a datetime where clocks change #once", function()
  -- Central Europe in 2026: forward on 29 March, back on 25 October, both at 01:00 UTC.
  local FORWARD = calendar.days(2026, 3, 29) * 86400 + 3600
  local BACK = calendar.days(2026, 10, 25) * 86400 + 3600
  local function offset(time) return time >= FORWARD and time < BACK and 7200 or 3600 end
  local spring = { now = calendar.days(2026, 3, 28) * 86400 + 12 * 3600, offset = offset }
  local autumn = { now = calendar.days(2026, 10, 24) * 86400 + 12 * 3600, offset = offset }

  cases("datetime", nil, "en", false, [[
    today at 23:00 => 2026-03-28T23:00:00+01:00 [today at 23:00]
    tomorrow at 01:59 => 2026-03-29T01:59:00+01:00 [tomorrow at 01:59]
    tomorrow at 02:30 => 2026-03-29T03:30:00+02:00 [tomorrow at 02:30]
    tomorrow at 03:00 => 2026-03-29T03:00:00+02:00 [tomorrow at 03:00]
    in 24 hours => 2026-03-29T14:00:00+02:00 [in 24 hours]
  ]], spring)
  cases("datetime", nil, "en", false, [[
    tomorrow at 01:30 => 2026-10-25T01:30:00+02:00 [tomorrow at 01:30]
    tomorrow at 02:30 => 2026-10-25T02:30:00+02:00 [tomorrow at 02:30]
    tomorrow at 03:00 => 2026-10-25T03:00:00+01:00 [tomorrow at 03:00]
    in 24 hours => 2026-10-25T13:00:00+01:00 [in 24 hours]
  ]], autumn)

  it("has an instant for every local time, and the local time of every instant", function()
    for instant = BACK - 86400, BACK + 86400, 900 do
      local back = calendar.instant(instant + offset(instant), offset)
      assert.is_true(back == instant or (back == instant - 3600 and offset(back) == 7200))
    end
    for instant = FORWARD - 86400, FORWARD + 86400, 900 do
      assert.are.equal(instant, calendar.instant(instant + offset(instant), offset))
    end
  end)
end)

describe("a duration that nobody asked for #once", function()
  cases("duration", nil, "en", false, [[
    2 hours => PT2H [2 hours]
    2h => PT2H [2h]
    two hours => PT2H [two hours]
    90 min => PT1H30M [90 min]
    1h 30m => PT1H30M [1h 30m]
    1 hour and 30 minutes => PT1H30M [1 hour and 30 minutes]
    an hour and a half => PT1H30M [an hour and a half]
    two and a half hours => PT2H30M [two and a half hours]
    1.5 hours => PT1H30M [1.5 hours]
    1:30 h => PT1H30M [1:30 h]
    half an hour => PT30M [half an hour]
    three quarters of an hour => PT45M [three quarters of an hour]
    we need an hour => PT1H [an hour]
    for a minute => PT1M [a minute]
    for a week => P1W [a week]
    3 days => P3D [3 days]
    2 weeks => P2W [2 weeks]
    a fortnight => P2W [a fortnight]
    1 week and 2 days => P9D [1 week and 2 days]
    1.5 days => P1DT12H [1.5 days]
    36 hours => PT36H [36 hours]
    2 years and 6 months => P2Y6M [2 years and 6 months]
    18 months => P1Y6M [18 months]
    1.5 years => P1Y6M [1.5 years]
    0 minutes => PT0S [0 minutes]
    45 seconds => PT45S [45 seconds]
    PT1H30M => PT1H30M [PT1H30M]
    PT90M => PT1H30M [PT90M]
    P3D => P3D [P3D]
    P2W => P2W [P2W]
    P1Y2M10DT2H30M => P1Y2M10DT2H30M [P1Y2M10DT2H30M]
    P1.5D => P1DT12H [P1.5D]
    PT0,5H. => PT30M [PT0,5H]
    1.5 months => impossible [1.5 months]
  ]])
  describe("is not", function()
    local one = reader("duration")
    for _, text in ipairs {
      "wait a minute", "just a second", "twice a day", "once a week", "in 2 hours", "in about 2 hours", "3 days ago",
      "every 2 hours", "5 years old", "2 weeks from now", "2 days later", "10 m", "5 s", "P", "PT", "p2", "P3DX",
      "iPT1H", "PT1H30", "7:30", "7pm", "1h30", "2 people", "hours", "next week", "the second day", "", "\255",
      "P99999999999D",
    } do
      it(("in %q"):format(text), function() assert.are.equal("nothing", found(one, text, false)) end)
    end
  end)
end)

describe("a duration that was asked for #once", function()
  cases("duration", nil, "en", true, [[
    1h30 => PT1H30M [1h30]
    an hour => PT1H [an hour]
    a day => P1D [a day]
    5m => PT5M [5m]
    all day => P1D [all day]
    two => nothing
  ]])
  cases("duration", nil, "de", false, [[
    zwei Stunden => PT2H [zwei Stunden]
    anderthalb Stunden => PT1H30M [anderthalb Stunden]
    zweieinhalb Stunden => PT2H30M [zweieinhalb Stunden]
    1,5 Stunden => PT1H30M [1,5 Stunden]
    eine halbe Stunde => PT30M [eine halbe Stunde]
    eine Dreiviertelstunde => PT45M [eine Dreiviertelstunde]
    1 Stunde 30 Minuten => PT1H30M [1 Stunde 30 Minuten]
    1 Std. 30 Min. => PT1H30M [1 Std. 30 Min]
    für 3 Tage => P3D [3 Tage]
    14 Tage => P14D [14 Tage]
    in zwei Stunden => nothing
    vor drei Tagen => nothing
    5 Jahre alt => nothing
  ]])
  cases("duration", nil, "vi", false, [[
    2 tiếng => PT2H [2 tiếng]
    2 tiếng rưỡi => PT2H30M [2 tiếng rưỡi]
    nửa tiếng => PT30M [nửa tiếng]
    1 tiếng 30 phút => PT1H30M [1 tiếng 30 phút]
    trong 2 giờ => PT2H [2 giờ]
    3 ngày => P3D [3 ngày]
    hai tuần => P2W [hai tuần]
    7 giờ tối => nothing
    ngày 3 tháng 2 => nothing
    2 giờ => nothing
    3 ngày nữa => nothing
  ]])
  cases("duration", nil, "vi", true, "2 giờ => PT2H [2 giờ]")
  cases("duration", { min = 1800, max = 3 * 86400 }, "en", false, [[
    half an hour => PT30M [half an hour]
    29 minutes => too_small [29 minutes]
    3 days => P3D [3 days]
    73 hours => too_large [73 hours]
    a month => nothing
    for a month => too_large [a month]
  ]])
  cases("duration", { max = 30 * 86400 }, "en", false, [[
    30 days => P30D [30 days]
    one month => ambiguous [one month]
    2 months => too_large [2 months]
  ]])

  it("may come as a number of seconds, or with a unit", function()
    local one = reader("duration", { max = 7200 })
    local function reason(value) return select(2, one:take(value)) end
    assert.are.equal("PT1H30M", one:take(5400))
    assert.are.equal("PT1H30M", one:take { amount = 90, unit = "min" })
    assert.are.equal("PT1H30M", one:take { amount = 1.5, unit = "h" })
    assert.are.equal("too_large", reason(7201))
    assert.are.equal("impossible", select(2, reader("duration"):take { amount = 1.5, unit = "mo" }))
    assert.are.equal("wrong_type", reason(-1))
    assert.are.equal("wrong_type", reason(0 / 0))
    assert.are.equal("wrong_type", reason(math.huge))
    assert.are.equal("wrong_type", reason { amount = 1, unit = "parsec" })
    assert.are.equal("wrong_type", reason(true))
  end)

  it("has a min that is not above its max", function()
    assert.matches("^slot.min is more than max", mistake("duration", { min = 2, max = 1 }))
  end)
end)

describe("looking for times #once", function()
  local PIECES = {
    "at", " ", "7", ":", "30", "pm", "half", "past", "saturday", "tomorrow", "2 hours", "and", "a", "quarter", "to",
    "T", "2026-11-28", "19:30", "in", "Z", "+07:00", "PT1H", "P", "1.5", "\255", "\0", "giờ", "tối", "h",
    "minutes", "noon", ".", ",", "-", "\n", "24", "uhr", "midnight", "twenty", "now",
  }

  local function generator(seed)
    return function(most)
      seed = (seed * 16807) % 2147483647
      return seed % most + 1
    end
  end

  local PATTERNS = {
    date = "^%d%d%d%d%-%d%d%-%d%d$", time = "^[0-2]%d:[0-5]%d:?[0-5]?%d?$",
    datetime = "^%d%d%d%d%-%d%d%-%d%dT[0-2]%d:[0-5]%d:[0-5]%d[Z+-]", duration = "^PT?%d",
  }

  it("never raises, and finds values in spans that move on, whatever the text is", function()
    local random, count = generator(11), 0
    for _, language in ipairs { "en", "de", "vi" } do
      for kind, pattern in pairs(PATTERNS) do
        local one = reader(kind, nil, language)
        for round = 1, 60 do
          local pieces = {}
          for index = 1, 1 + round % 30 do
            pieces[index] = random(8) == 1 and string.char(random(256) - 1) or PIECES[random(#PIECES)]
            if random(2) == 1 then pieces[index] = pieces[index] .. " " end
          end
          local text, at = table.concat(pieces), 1
          local words = said.new(text)
          while at do
            local value, first, last, final = one:find(words, at, NOON, round % 2 == 0)
            if value == nil then first, last = last, final else assert.matches(pattern, value) end
            assert.is_true(first == nil or (first >= at and first <= last and last <= #text), text)
            at, count = first and last + 1, count + 1
          end
        end
      end
    end
    assert.is_true(count > 500, count)
  end)

  it("takes time in proportion to a long text, whatever it repeats", function()
    local one = reader("datetime")
    local length = reader("duration")
    for _, piece in ipairs { "P1", "1 hour and " } do
      local words = said.new(piece:rep(math.floor(65536 / #piece)))
      local began = os.clock()
      one:find(words, 1, NOON, true)
      length:find(words, 1, NOON, true)
      assert.is_true(os.clock() - began < 4, piece)
    end
  end)

  it("gives no value where the words of a language are not known", function()
    for kind in pairs(PATTERNS) do
      local one = TYPES[kind].new(check.mistakes(), "slot", {}, { code = "xx" })
      assert.are.equal("nothing", found(one, "tomorrow at seven for two hours", true))
    end
  end)
end)

describe("a zone", function()
  local function seconds(given, time) return assert(zone.offset(given))(time or 0) end

  it("may be UTC, an offset as text, or one in seconds #once", function()
    for given, expected in pairs {
      UTC = 0, utc = 0, Z = 0, GMT = 0, ["+07:00"] = 25200, ["-03:30"] = -12600, ["+7"] = 25200, ["+0545"] = 20700,
      ["UTC+7"] = 25200, ["GMT-10"] = -36000, ["UTC +07:00"] = 25200, ["+14:00"] = 50400, [3600] = 3600,
      [-7200] = -7200,
    } do
      assert.are.equal(expected, seconds(given), tostring(given))
    end
  end)

  it("may be a function of the time #once", function()
    local offset = assert(zone.offset(function(time) return time < 100 and 3600 or 7200 end))
    assert.are.equal(3600, offset(99))
    assert.are.equal(7200, offset(100))
  end)

  it("that is none is said to be so #once", function()
    local function problem(given) return select(2, zone.offset(given)) end
    for _, given in ipairs { "Europe/Berlin", "+25:00", "+7:75", "7", "", "+14:01", "UTC+", "+7:5" } do
      assert.matches('^is no time zone that is known: write "UTC"', problem(given))
    end
    assert.matches("^must be whole seconds from %-50400 to 50400, got 99.5", problem(99.5))
    assert.matches('^is 7 seconds, .* write "%+07:00"$', problem(7))
    assert.matches('^is %-3.5 seconds, .* write "%-03:30"$', problem(-3.5))
    assert.matches("^must be whole seconds", problem(50401))
    assert.matches("^must be whole seconds", problem(0 / 0))
    assert.matches("^must be a string, a number or a function, got true", problem(true))
    assert.matches("^does not work: the zone's function must return whole seconds", problem(function() return "x" end))
    assert.matches("^does not work: .*oh no", problem(function() error("oh no") end))
  end)

  it("that returns rubbish later raises and says so #once", function()
    local offset = assert(zone.offset(function(time) return time == 0 and 0 or nil end))
    local fine, message = pcall(offset, 5)
    assert.is_false(fine)
    assert.matches("^the zone's function must return whole seconds from %-50400 to 50400, got nil$", message)
  end)

  -- What another process finds with TZ set.
  local function with_zone(name, code)
    local path = process.quote(package.path)
    local cpath = process.quote(package.cpath)
    local command = ("TZ=%s LUA_PATH=%s LUA_CPATH=%s %s -e %s"):format(process.quote(name), path, cpath,
      process.interpreter(), process.quote(code))
    local pipe = assert(io.popen(command))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  it("is the system's by default, with its daylight saving time", function()
    local code = "local offset = require('intent_webhook.zone').offset() " ..
      "io.write(offset(1774746000 - 1), ' ', offset(1774746000), ' ', offset(0.5), ' ', offset(1e300))"
    assert.are.equal("3600 7200 3600 0", (with_zone("CET-1CEST,M3.5.0,M10.5.0/3", code):gsub("%.0", "")))
    assert.are.equal("25200 25200 25200 0", (with_zone("<+07>-7", code):gsub("%.0", "")))
  end)

  it("that is given counts, whatever that of the system is", function()
    local code = "local said = require('intent_webhook.said') local check = require('intent_webhook.check') " ..
      "local zone = require('intent_webhook.zone') local one = require('intent_webhook.types.datetime').new(" ..
      "check.mistakes(), 'slot', {}, require('intent_webhook.languages').of('en')) " ..
      "local context = { now = 1795500000, offset = zone.offset('+07:00') } " ..
      "io.write((one:find(said.new('tomorrow at 7pm'), 1, context, false)))"
    local expected = with_zone("UTC0", code)
    assert.matches("^2026%-11%-%d%dT19:00:00%+07:00$", expected)
    for _, name in ipairs { "<+14>-14", "<-11>11", "CET-1CEST,M3.5.0,M10.5.0/3" } do
      assert.are.equal(expected, with_zone(name, code))
    end
  end)
end)
