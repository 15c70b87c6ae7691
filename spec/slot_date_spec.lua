-- The slot type date: which day people mean, seen from a clock and a zone, and what only looks like a day; and the
-- calendar below it.

local calendar = require "intent_webhook.calendar"
local check = require "intent_webhook.check"
local date = require "intent_webhook.types.date"
local languages = require "intent_webhook.languages"
local said = require "intent_webhook.said"

-- Wednesday, 25 November 2026, 12:00 in a zone of +07:00.
local NOON = { now = calendar.days(2026, 11, 25) * 86400 + 5 * 3600, offset = function() return 7 * 3600 end }

local function at_day(year, month, day)
  return { now = calendar.days(year, month, day) * 86400 + 43200, offset = function() return 0 end }
end

local function reader(options, language)
  local mistakes = check.mistakes()
  local accepted = check.options(mistakes, "slot", options or {}, date.options)
  return date.new(mistakes, "slot", accepted, languages.of(language or "en")), mistakes
end

-- What was found, as one text: "2026-11-28 [on Saturday]", "impossible [30 February]", "nothing".
local function found(one, text, asked, context)
  local value, first, last, final = one:find(said.new(text), 1, context or NOON, asked)
  if value ~= nil then return ("%s [%s]"):format(value, text:sub(first, last)) end
  if first == nil then return "nothing" end
  return ("%s [%s]"):format(first, text:sub(last, final))
end

-- Tests for lines "text => what is found".
local function cases(options, language, asked, context, lines)
  local one = reader(options, language)
  for line in lines:gmatch("[^\n]+") do
    local text, expected = line:match("^%s*(.-) => (.-)%s*$")
    if text then
      it(("finds %s in %q"):format(expected, text), function()
        assert.are.equal(expected, found(one, text, asked, context))
      end)
    end
  end
end

describe("a date that nobody asked for #once", function()
  describe("in digits", function()
    cases(nil, "en", false, NOON, [[
      2026-11-28 => 2026-11-28 [2026-11-28]
      on 2026-11-28, please => 2026-11-28 [2026-11-28]
      2026/11/28 => 2026-11-28 [2026/11/28]
      2026.11.28 => 2026-11-28 [2026.11.28]
      2026-1-5 => 2026-01-05 [2026-1-5]
      2026-11-24T07:00:00.000-08:00 => 2026-11-24 [2026-11-24T07:00:00.000-08:00]
      2026-11-24T07:00Z it is => 2026-11-24 [2026-11-24T07:00Z]
      2020-02-29 => 2020-02-29 [2020-02-29]
      28/11/2026 => 2026-11-28 [28/11/2026]
      11/28/2026 => 2026-11-28 [11/28/2026]
      28.11.2026 => 2026-11-28 [28.11.2026]
      28-11-2026 => 2026-11-28 [28-11-2026]
      (28/11/2026) => 2026-11-28 [28/11/2026]
      28/11/26 => 2026-11-28 [28/11/26]
      04/04/2027 => 2027-04-04 [04/04/2027]
      on 15/04 => 2027-04-15 [15/04]
      Sat 28/11 => 2026-11-28 [Sat 28/11]
      03/04/2026 => ambiguous [03/04/2026]
      3-4-2026 => ambiguous [3-4-2026]
      on 3/4 => ambiguous [3/4]
      31/02/2026 => impossible [31/02/2026]
      02/30/2026 => impossible [02/30/2026]
      29/02/2027 => impossible [29/02/2027]
      2026-02-30 => impossible [2026-02-30]
      2026-13-01 => impossible [2026-13-01]
      00/00/2026 => impossible [00/00/2026]
      ２０２６-１１-２８ => 2026-11-28 [２０２６-１１-２８]
    ]])
  end)

  describe("with the name of a month", function()
    cases(nil, "en", false, NOON, [[
      15 March => 2027-03-15 [15 March]
      15 december => 2026-12-15 [15 december]
      25 November => 2026-11-25 [25 November]
      24 November => 2027-11-24 [24 November]
      March 15th, 2026 => 2026-03-15 [March 15th, 2026]
      the 15th of march => 2027-03-15 [the 15th of march]
      15 Mar 2027 => 2027-03-15 [15 Mar 2027]
      28-Nov-2026 => 2026-11-28 [28-Nov-2026]
      28-Nov-26 => 2026-11-28 [28-Nov-26]
      15 Mar '28 => 2028-03-15 [15 Mar '28]
      15 Mar ’28 => 2028-03-15 [15 Mar ’28]
      Dec. 24 => 2026-12-24 [Dec. 24]
      Nov 28, 2026 at 7pm => 2026-11-28 [Nov 28, 2026]
      November 28,2026 => 2026-11-28 [November 28,2026]
      twenty first of june 2027 => 2027-06-21 [twenty first of june 2027]
      june the third => 2027-06-03 [june the third]
      DECEMBER 1ST => 2026-12-01 [DECEMBER 1ST]
      Febuary 3rd => 2027-02-03 [Febuary 3rd]
      5 May => 2027-05-05 [5 May]
      the 5th of may => 2027-05-05 [the 5th of may]
      may 5 at noon => 2027-05-05 [may 5]
      May 5th => 2027-05-05 [May 5th]
      may 5, 2027 => 2027-05-05 [may 5, 2027]
      on 5 may for four => 2027-05-05 [5 may]
      Feb 29 => 2028-02-29 [Feb 29]
      29 February 2028 => 2028-02-29 [29 February 2028]
      Saturday, 28 November 2026 => 2026-11-28 [Saturday, 28 November 2026]
      Sat 28 Nov => 2026-11-28 [Sat 28 Nov]
      30 February => impossible [30 February]
      Feb 29, 2027 => impossible [Feb 29, 2027]
      April 31st => impossible [April 31st]
      Friday 28 November => ambiguous [Friday 28 November]
    ]])
  end)

  describe("as a day of the month or the week", function()
    cases(nil, "en", false, NOON, [[
      on the 15th => 2026-12-15 [the 15th]
      on the 30th => 2026-11-30 [the 30th]
      on the 25th, please => 2026-11-25 [the 25th]
      by the 31st => 2026-12-31 [the 31st]
      for the 3rd => 2026-12-03 [the 3rd]
      on the third => 2026-12-03 [the third]
      the 3rd of next month => 2026-12-03 [the 3rd of next month]
      Saturday => 2026-11-28 [Saturday]
      book a table for Saturday evening => 2026-11-28 [Saturday evening]
      on sunday I want to eat => 2026-11-29 [sunday]
      Wednesday => 2026-12-02 [Wednesday]
      this Wednesday => 2026-11-25 [this Wednesday]
      this Friday => 2026-11-27 [this Friday]
      next Friday => 2026-12-04 [next Friday]
      next monday => 2026-11-30 [next monday]
      next Sunday => 2026-12-06 [next Sunday]
      Friday next week => 2026-12-04 [Friday next week]
      friday week => 2026-12-04 [friday week]
      coming tuesday => 2026-12-01 [coming tuesday]
      last monday => 2026-11-23 [last monday]
      last wednesday => 2026-11-18 [last wednesday]
      monday last week => 2026-11-16 [monday last week]
      satruday => 2026-11-28 [satruday]
      wensday morning => 2026-12-02 [wensday morning]
      on sat => 2026-11-28 [sat]
      this sat at 7 => 2026-11-28 [this sat]
      sat evening => 2026-11-28 [sat evening]
      sat at 7pm => 2026-11-28 [sat]
      thurs, 7ish => 2026-11-26 [thurs]
      🎉 saturday 🎉 => 2026-11-28 [saturday]
      tuesday the 1st => 2026-12-01 [tuesday the 1st]
      may 5 7pm => 2027-05-05 [may 5]
    ]])
  end)

  describe("relative to today", function()
    cases(nil, "en", false, NOON, [[
      today => 2026-11-25 [today]
      this evening => 2026-11-25 [this evening]
      tonight => 2026-11-25 [tonight]
      tomorrow => 2026-11-26 [tomorrow]
      Tommorow evening => 2026-11-26 [Tommorow evening]
      tmrw pls => 2026-11-26 [tmrw]
      the day after tomorrow => 2026-11-27 [the day after tomorrow]
      yesterday => 2026-11-24 [yesterday]
      the day before yesterday => 2026-11-23 [the day before yesterday]
      in 3 days => 2026-11-28 [in 3 days]
      in two weeks => 2026-12-09 [in two weeks]
      in a week => 2026-12-02 [in a week]
      in a couple of days => 2026-11-27 [in a couple of days]
      a week from now => 2026-12-02 [a week from now]
      two weeks from today => 2026-12-09 [two weeks from today]
      a week tomorrow => 2026-12-03 [a week tomorrow]
      in a month => 2026-12-25 [in a month]
      in a year => 2027-11-25 [in a year]
      3 days ago => 2026-11-22 [3 days ago]
      christmas eve => 2026-12-24 [christmas eve]
      in 9999 years => impossible [in 9999 years]
    ]])
  end)

  describe("among other things", function()
    cases(nil, "en", false, NOON, [[
      a table for 4 on Saturday at 7 => 2026-11-28 [Saturday]
      30 February, or rather 1 March => 2027-03-01 [1 March]
      Friday Evening => 2026-11-27 [Friday Evening]
      Friday Please => 2026-11-27 [Friday]
      On Friday John => 2026-11-27 [Friday]
      Friday, John Doe => 2026-11-27 [Friday]
      FRIDAY DINNER => 2026-11-27 [FRIDAY]
      Friday dinner => 2026-11-27 [Friday]
      call 0912 345 678 tomorrow => 2026-11-26 [tomorrow]
      Hi! I'd like 2 seats, 28/11/2026, 19:30 => 2026-11-28 [28/11/2026]
    ]])
  end)

  describe("is not", function()
    local one = reader()
    for _, text in ipairs {
      "may I come", "it may rain", "may", "May", "we march on", "march 3 miles", "may 5 people come",
      "these 2 may be wrong", "I have 3 may I", "I may second that", "May five of us come",
      "We are in March. 15 people come", "in June 20 people", "in march 12 guests", "December", "in june", "may 2026",
      "I sat down", "he sat on the floor", "the sun is shining", "mon ami", "just a second", "we wed in june", "sat",
      "the second time", "for the first 3 days",
      "last friday of the month", "first monday in december", "the 2nd saturday of june", "two days before christmas",
      "on the second floor", "for the first time", "on the 5 second rule", "on the 15th floor",
      "for sun protection", "every friday", "black friday deals", "Cyber Monday sale",
      "Sunday Okafor called", "this is Wednesday Addams", "Tell Friday Mbeki",
      "version 1.2.3", "10.4", "v2026.1.2", "2024.1.2", "1.2.3.4", "10.0.0.1", "192.168.1.10", "12.04.26", "1.2",
      "$15 march", "€28", "15%", "12.50", "$11/12/2026", "1,000 days",
      "0912 345 678", "+84 912 345 678", "0912-345-678", "555-1234", "01/02/2026/3", "20261128", "#20261128",
      "order 28112026", "id:2026112", "A380", "ab-12-11-2026-x",
      "3-2", "1/2", "1/2 cup", "3/4 full", "24/7", "open 24/7", "on 24/7 duty", "10-12", "from 10-12 March", "2-3 May",
      "10 - 12 March", "10–12 March", "at 7:30", "19:30", "7pm", "7.30pm", "2 days", "for 3 weeks", "next week",
      "this weekend", "5 years old", "see http://x.com/2026/11/28/foo", "me@2026-11-28.com", "2026-11-28-backup",
      "file_2026-11-28", "28.11.2026-30.11.2026", "", " ", "🎉", "\255\254\0", "1", "15", "2nd", "twenty", "the 15th",
    } do
      it(("in %q"):format(text), function() assert.are.equal("nothing", found(one, text, false)) end)
    end
  end)
end)

describe("a date that was asked for #once", function()
  cases(nil, "en", true, NOON, [[
    15 => 2026-12-15 [15]
    the 15th please => 2026-12-15 [the 15th]
    make it the 15th => 2026-12-15 [the 15th]
    Friday Dinner => 2026-11-27 [Friday]
    2nd => 2026-12-02 [2nd]
    the thirtieth => 2026-11-30 [the thirtieth]
    15/04 => 2027-04-15 [15/04]
    28.11. => 2026-11-28 [28.11]
    28-11 => 2026-11-28 [28-11]
    28.11.26 => 2026-11-28 [28.11.26]
    20261128 => 2026-11-28 [20261128]
    sat => 2026-11-28 [sat]
    Sun! => 2026-11-29 [Sun]
    christmas => 2026-12-25 [christmas]
    tomorrow or friday => ambiguous [tomorrow or friday]
    friday or friday => 2026-11-27 [friday]
    friday or rather saturday => 2026-11-27 [friday]
    2 people on saturday => 2026-11-28 [saturday]
    15 may be fine => 2027-05-15 [15 may]
    2026-11-24T07:00:00.000-08:00 => 2026-11-24 [2026-11-24T07:00:00.000-08:00]
    03/04 => ambiguous [03/04]
    32/13/2026 => impossible [32/13/2026]
    may 32 => impossible [may 32]
    30 February => impossible [30 February]
    31/02 => impossible [31/02]
    next week => incomplete [next week]
    sometime next month => incomplete [sometime next month]
    this weekend => incomplete [this weekend]
    weekend => incomplete [weekend]
    may => incomplete [may]
    December 2026 => incomplete [December 2026]
    in the evening => incomplete [in the evening]
    28 11 2026 => nothing
    we are 12 => nothing
    192.168.1.10 => nothing
    whenever => nothing
    10-12-14-16 => nothing
  ]])
end)

describe("a date in German #once", function()
  cases(nil, "de", false, NOON, [[
    am 15. März um 7 => 2027-03-15 [15. März]
    am 15.Maerz => 2027-03-15 [15.Maerz]
    der 3. Mai => 2027-05-03 [3. Mai]
    am dritten Mai 2028 => 2028-05-03 [dritten Mai 2028]
    24. Dez. => 2026-12-24 [24. Dez]
    am 24.12. => 2026-12-24 [24.12]
    am 3.4. um 7 => 2027-04-03 [3.4]
    03.04.2027 => 2027-04-03 [03.04.2027]
    03/04/2027 => 2027-04-03 [03/04/2027]
    28.11.26 => 2026-11-28 [28.11.26]
    12/25/2026 => 2026-12-25 [12/25/2026]
    am 15. => 2026-12-15 [15]
    am Samstag => 2026-11-28 [Samstag]
    Sonnabend Abend => 2026-11-28 [Sonnabend Abend]
    Montagabend um acht => 2026-11-30 [Montagabend]
    nächsten Freitag => 2026-12-04 [nächsten Freitag]
    kommenden Freitag => 2026-11-27 [kommenden Freitag]
    diesen Mittwoch => 2026-11-25 [diesen Mittwoch]
    Freitag in zwei Wochen => 2026-12-11 [Freitag in zwei Wochen]
    letzten Montag => 2026-11-23 [letzten Montag]
    heute => 2026-11-25 [heute]
    heute Abend => 2026-11-25 [heute Abend]
    morgen => 2026-11-26 [morgen]
    morgen früh => 2026-11-26 [morgen früh]
    guten Morgen, morgen bitte => 2026-11-26 [morgen]
    ÜBERMORGEN => 2026-11-27 [ÜBERMORGEN]
    vorgestern => 2026-11-23 [vorgestern]
    in drei Tagen => 2026-11-28 [in drei Tagen]
    in einer Woche => 2026-12-02 [in einer Woche]
    heute in einer Woche => 2026-12-02 [heute in einer Woche]
    vor zwei Tagen => 2026-11-23 [vor zwei Tagen]
    am Heiligabend => 2026-12-24 [Heiligabend]
    30. Februar => impossible [30. Februar]
    guten Morgen => nothing
    am so genannten Ort => nothing
    so um 7 Uhr => nothing
    Version 10.4 => nothing
    1.2.3 => nothing
    jeden Freitag => nothing
    im Mai 20 Personen => nothing
  ]])
  cases(nil, "de", true, NOON, [[
    Di => 2026-12-01 [Di]
    3.4. => 2027-04-03 [3.4]
    nächste Woche => incomplete [nächste Woche]
  ]])
end)

describe("a date in Vietnamese #once", function()
  cases(nil, "vi", false, NOON, [[
    ngày 15 tháng 3 => 2027-03-15 [ngày 15 tháng 3]
    ngay 20 thang 11 nam 2027 => 2027-11-20 [ngay 20 thang 11 nam 2027]
    ngày 15 tháng 3/2027 => 2027-03-15 [ngày 15 tháng 3/2027]
    ngày 15/3 => 2027-03-15 [15/3]
    ngày 3/4/2027 => 2027-04-03 [3/4/2027]
    mùng 2 tháng 9 => 2027-09-02 [mùng 2 tháng 9]
    ngày mười lăm tháng mười hai => 2026-12-15 [ngày mười lăm tháng mười hai]
    thứ bảy => 2026-11-28 [thứ bảy]
    tối thứ bảy => 2026-11-28 [tối thứ bảy]
    T7 => 2026-11-28 [T7]
    thứ năm => 2026-11-26 [thứ năm]
    chủ nhật tuần sau => 2026-12-06 [chủ nhật tuần sau]
    thứ hai tuần trước => 2026-11-16 [thứ hai tuần trước]
    hôm nay => 2026-11-25 [hôm nay]
    tối nay => 2026-11-25 [tối nay]
    ngày mai => 2026-11-26 [ngày mai]
    7 giờ tối mai => 2026-11-26 [tối mai]
    NGÀY MỐT => 2026-11-27 [NGÀY MỐT]
    hôm qua => 2026-11-24 [hôm qua]
    3 ngày nữa => 2026-11-28 [3 ngày nữa]
    sau 2 tuần => 2026-12-09 [sau 2 tuần]
    ngày 30/2 => impossible [30/2]
    bạn Mai => nothing
    năm người => nothing
    bàn cho 5 người => nothing
    7 giờ tôi đến => nothing
  ]])
  cases(nil, "vi", true, NOON, [[
    mai => 2026-11-26 [mai]
    15 => 2026-12-15 [15]
    tuần sau => incomplete [tuần sau]
  ]])
end)

describe("a date by its options #once", function()
  cases({ order = "dmy" }, "en", false, NOON, [[
    03/04/2027 => 2027-04-03 [03/04/2027]
    3/15/2027 => 2027-03-15 [3/15/2027]
  ]])
  cases({ order = "mdy" }, "de", false, NOON, "03/04/2027 => 2027-03-04 [03/04/2027]")
  cases({ order = "ymd" }, "en", false, NOON, "27/04/03 => 2027-04-03 [27/04/03]")
  cases({ prefer = "past" }, "en", false, NOON, [[
    15 March => 2026-03-15 [15 March]
    26 November => 2025-11-26 [26 November]
    25 November => 2026-11-25 [25 November]
    29 February => 2024-02-29 [29 February]
    on the 30th => 2026-10-30 [the 30th]
    Saturday => 2026-11-21 [Saturday]
    Wednesday => 2026-11-18 [Wednesday]
    tomorrow => 2026-11-26 [tomorrow]
  ]])
  cases({ prefer = "nearest" }, "en", false, NOON, [[
    15 March => 2027-03-15 [15 March]
    15 October => 2026-10-15 [15 October]
    Wednesday => 2026-11-25 [Wednesday]
    Monday => 2026-11-23 [Monday]
    Friday => 2026-11-27 [Friday]
  ]])
  cases({ min = "today", max = "today+30" }, "en", false, NOON, [[
    today => 2026-11-25 [today]
    in 30 days => 2026-12-25 [in 30 days]
    yesterday => too_small [yesterday]
    in 31 days => too_large [in 31 days]
    yesterday no, tomorrow => 2026-11-26 [tomorrow]
  ]])
  cases({ min = "2026-12-01", max = "2026-12-31" }, "en", false, NOON, [[
    30 November 2026 => too_small [30 November 2026]
    1 December => 2026-12-01 [1 December]
    1 January => too_large [1 January]
  ]])

  it("says which of them is wrong", function()
    local function mistake(options)
      local _, mistakes = reader(options)
      return mistakes.list[1].path .. " " .. mistakes.list[1].message
    end
    assert.matches('^slot.min must be a day: write "2026%-11%-28"', mistake { min = "next week" })
    assert.matches("^slot.max must be a day", mistake { max = "2026-02-30" })
    assert.matches('^slot.order must be "dmy"', mistake { order = "dym" })
    assert.matches("^slot.prefer must be", mistake { prefer = "later" })
  end)
end)

describe("a date seen from other days #once", function()
  cases(nil, "en", false, at_day(2026, 12, 31), [[
    tomorrow => 2027-01-01 [tomorrow]
    1 January => 2027-01-01 [1 January]
    31 December => 2026-12-31 [31 December]
    yesterday => 2026-12-30 [yesterday]
    on the 31st => 2026-12-31 [the 31st]
    next Friday => 2027-01-08 [next Friday]
    Friday => 2027-01-01 [Friday]
    in two months => 2027-02-28 [in two months]
  ]])
  cases(nil, "en", false, at_day(2028, 2, 28), [[
    tomorrow => 2028-02-29 [tomorrow]
    the day after tomorrow => 2028-03-01 [the day after tomorrow]
    on the 31st => 2028-03-31 [the 31st]
    on the 30th => 2028-03-30 [the 30th]
    in a year => 2029-02-28 [in a year]
  ]])
  cases(nil, "en", false, at_day(2028, 2, 29), "in a year => 2029-02-28 [in a year]\n29 Feb => 2028-02-29 [29 Feb]")
  cases(nil, "en", false, at_day(2097, 3, 1), "29 February => 2104-02-29 [29 February]")
  cases(nil, "en", false, at_day(2026, 11, 29), [[
    next Friday => 2026-12-04 [next Friday]
    this Friday => 2026-12-04 [this Friday]
    Sunday => 2026-12-06 [Sunday]
  ]])

  it("is that of the zone, not that of UTC", function()
    local late = calendar.days(2026, 11, 25) * 86400 + 20 * 3600
    local one = reader()
    for offset, expected in pairs {
      [0] = "2026-11-25 [today]", [7 * 3600] = "2026-11-26 [today]", [-11 * 3600] = "2026-11-25 [today]",
      [-21 * 3600] = "2026-11-24 [today]",
    } do
      local context = { now = late + 0.75, offset = function() return offset end }
      assert.are.equal(expected, found(one, "today", false, context))
    end
  end)

  it("is that of the offset at that time, where clocks are set back", function()
    local change = calendar.days(2026, 10, 25) * 86400 + 3600 -- 01:00 UTC
    local function offset(time) return time < change and 7200 or 3600 end
    local one = reader()
    local before = { now = calendar.days(2026, 10, 24) * 86400 + 22 * 3600, offset = offset } -- 00:00 on the 25th
    local after = { now = calendar.days(2026, 10, 25) * 86400 + 22.5 * 3600, offset = offset } -- 23:30 on the 25th
    assert.are.equal("2026-10-26 [tomorrow]", found(one, "tomorrow", false, before))
    assert.are.equal("2026-10-26 [tomorrow]", found(one, "tomorrow", false, after))
  end)
end)

describe("a date from an NLU #once", function()
  it("may be a table of numbers", function()
    local one = reader { min = "today" }
    assert.are.equal("2026-11-28", one:take({ year = 2026, month = 11, day = 28 }, NOON))
    assert.are.equal("2026-11-28", one:take({ year = 2026, month = 11, day = 28.0, hours = 19 }, NOON))
  end)

  it("is refused with a reason", function()
    local one = reader { min = "today" }
    local function reason(value) return select(2, one:take(value, NOON)) end
    assert.are.equal("impossible", reason { year = 2026, month = 2, day = 30 })
    assert.are.equal("impossible", reason { year = 2026, month = 13, day = 1 })
    assert.are.equal("too_small", reason { year = 2026, month = 11, day = 24 })
    assert.are.equal("incomplete", reason { month = 11, day = 24 })
    assert.are.equal("wrong_type", reason { year = "2026", month = 11, day = 24 })
    assert.are.equal("wrong_type", reason { year = 2026, month = 11, day = 0 / 0 })
    assert.are.equal("wrong_type", reason { year = 2026, month = 11.5, day = 1 })
    assert.are.equal("wrong_type", reason(20261128))
    assert.are.equal("wrong_type", reason(true))
  end)

  it("is a string of a format in a schema", function()
    assert.are.same({ type = "string", format = "date" }, reader().schema)
  end)
end)

describe("a language for dates #once", function()
  it("is a table of words and phrases, and nothing else", function()
    local latin = {
      date = {
        order = "dmy", weekdays = { "dies lunae", "dies martis" }, months = { "ianuarius", "februarius" },
        phrases = { { "[die] {day} {month}" }, { "cras", days = 1 }, { "<ad> {weekday}" } },
      },
    }
    local mistakes = check.mistakes()
    local one = date.new(mistakes, "slot", {}, latin)
    assert.are.same({}, mistakes.list)
    assert.are.equal("2026-11-26 [CRAS]", found(one, "veni CRAS", false))
    assert.are.equal("2027-02-03 [die 3 Februarius]", found(one, "die 3 Februarius", false))
    assert.are.equal("2026-12-01 [dies Martis]", found(one, "ad dies Martis", false))
    assert.are.equal("2027-04-03 [03/04/2027]", found(one, "03/04/2027", false))
  end)

  it("may leave dates out: ISO dates are known all the same", function()
    local one = date.new(check.mistakes(), "slot", {}, { code = "xx" })
    assert.are.equal("2026-11-28 [2026-11-28]", found(one, "tomorrow 2026-11-28", false))
    assert.are.equal("nothing", found(one, "tomorrow", true))
  end)

  it("says which phrase is wrong, and why", function()
    local function mistake(phrase)
      local mistakes = check.mistakes()
      date.new(mistakes, "slot", {}, { date = { phrases = { { "cras", days = 1 }, phrase } } })
      local first = mistakes.list[1]
      return first.path .. " " .. first.message
    end
    local path = "^language.date.phrases%[2%] "
    assert.matches(path .. "names {dies}, which is not known here", mistake { "{dies}" })
    assert.matches(path .. 'has a "%(" that is not closed', mistake { "(a|b" })
    assert.matches(path .. "has a bracket that is not opened", mistake { "a]" })
    assert.matches(path .. 'has a "{" without a name', mistake { "a {1}" })
    assert.matches(path .. 'has a "}" without', mistake { "a }" })
    assert.matches(path .. "holds no words", mistake { "" })
    assert.matches(path .. 'has "%?" where words are meant', mistake { "(a)?" })
    assert.matches(path .. "must be a table with a template", mistake "cras")
    assert.matches(path .. "stands for too many phrases", mistake { ("(a|b|c|d)"):rep(8) })
  end)
end)

describe("looking for dates #once", function()
  local PIECES = {
    "sat", " ", "on", "may", "5", "15", "/", "-", ".", "2026", "the", "of", "next", "friday", "in", "two", "weeks", ",",
    "\n", "march", "tomorrow", "a", "1st", "11", "28", ":", "7pm", "\255", "\0", "é", "🎉", "'", "T", "Z", "from", "now",
    "twenty", "first", "day", "after", "30", "february",
  }

  -- Deterministic numbers, the same in each Lua.
  local function generator(seed)
    return function(most)
      seed = (seed * 16807) % 2147483647
      return seed % most + 1
    end
  end

  local function random_text(random, pieces)
    local text = {}
    for index = 1, pieces do
      text[index] = random(8) == 1 and string.char(random(256) - 1) or PIECES[random(#PIECES)]
      if random(2) == 1 then text[index] = text[index] .. " " end
    end
    return table.concat(text)
  end

  local function assert_real(value)
    local days = calendar.parse(value)
    assert.is_truthy(days, value)
    assert.are.equal(value, calendar.text(days))
  end

  -- Every value in a text, each search behind the last; returns how many there are.
  local function walk(one, text, asked)
    local words, at, count = said.new(text), 1, 0
    while true do
      local value, first, last, final = one:find(words, at, NOON, asked)
      if value == nil then
        if first == nil then return count end
        assert.are.equal("string", type(first))
        first, last = last, final
      else
        assert_real(value)
      end
      assert.is_true(first >= at and first <= last and last <= #text, text)
      at, count = last + 1, count + 1
    end
  end

  it("never raises, and finds real days in spans that move on, whatever the text is", function()
    local random, count = generator(7), 0
    for _, language in ipairs { "en", "de", "vi" } do
      local one = reader(nil, language)
      for round = 1, 150 do count = count + walk(one, random_text(random, 1 + round % 40), round % 2 == 0) end
    end
    assert.is_true(count > 100, count)
  end)

  it("takes time in proportion to a long text, whatever it repeats", function()
    local one = reader()
    local function seconds(piece, bytes)
      local words = said.new(piece:rep(math.floor(bytes / #piece)))
      local began = os.clock()
      one:find(words, 1, NOON, true)
      return os.clock() - began
    end
    for _, piece in ipairs {
      "1-", "on the ", "twenty ", "may 5 people ", "in a couple of ", "a", " ", "2026-11-28T", "30 feb ", "10 - ",
    } do
      assert.is_true(seconds(piece, 65536) < 1, piece)
    end
  end)
end)

describe("the calendar #once", function()
  it("counts days as the proleptic Gregorian calendar has them", function()
    local day, wrong = calendar.days(1, 1, 1), {}
    assert.are.equal(-719162, day)
    for year = 1, 2400 do
      for month = 1, 12 do
        local last = calendar.month_days(year, month)
        if calendar.days(year, month, 1) ~= day or calendar.days(year, month, last) ~= day + last - 1 then
          wrong[#wrong + 1] = ("%d-%d"):format(year, month)
        end
        day = day + last
      end
    end
    assert.are.same({}, wrong)
    assert.are.equal(calendar.days(2401, 1, 1), day)
  end)

  it("gives a day's date back", function()
    for day = calendar.days(1890, 1, 1), calendar.days(2110, 1, 1), 3 do
      assert.are.equal(day, calendar.days(calendar.civil(day)))
    end
    assert.are.equal("1970-01-01", calendar.text(0))
    assert.are.equal("1969-12-31", calendar.text(-1))
    assert.are.equal("9999-12-31", calendar.text(calendar.days(9999, 12, 31)))
  end)

  it("knows leap years and weekdays", function()
    assert.are.same({ true, false, true, false },
      { calendar.is_leap(2028), calendar.is_leap(2026), calendar.is_leap(2000), calendar.is_leap(1900) })
    assert.are.equal(4, calendar.weekday(0)) -- Thursday
    assert.are.equal(3, calendar.weekday(-1))
    assert.are.equal(6, calendar.weekday(calendar.days(2026, 11, 28)))
  end)

  it("knows which days there are", function()
    assert.is_true(calendar.exists(2028, 2, 29))
    assert.is_false(calendar.exists(2027, 2, 29))
    assert.is_false(calendar.exists(2026, 13, 1))
    assert.is_false(calendar.exists(2026, 0, 1))
    assert.is_false(calendar.exists(2026, 4, 31))
    assert.is_false(calendar.exists(2026, 4, 0))
    assert.is_false(calendar.exists(0, 1, 1))
    assert.is_false(calendar.exists(10000, 1, 1))
    assert.is_nil(calendar.parse("2026-02-30"))
    assert.is_nil(calendar.parse("2026-2-3"))
  end)

  it("adds months, and ends with the month where it is too short", function()
    local function after(text, months) return calendar.text(calendar.add_months(calendar.parse(text), months)) end
    assert.are.equal("2026-02-28", after("2026-01-31", 1))
    assert.are.equal("2028-02-29", after("2028-01-31", 1))
    assert.are.equal("2027-01-15", after("2026-11-15", 2))
    assert.are.equal("2025-12-31", after("2026-01-31", -1))
    assert.are.equal("2025-02-28", after("2024-02-29", 12))
  end)

  it("gives whole numbers as integers, where Lua has them", function()
    local math_type = rawget(math, "type")
    if not math_type then return end
    assert.are.equal("integer", math_type(calendar.days(2026, 11, 28)))
    assert.are.equal("integer", math_type((calendar.civil(20000.0))))
  end)
end)
