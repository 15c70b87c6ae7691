-- The slot types number and integer: what is a number in a message, and what only looks like one.

local check = require "intent_webhook.check"
local languages = require "intent_webhook.languages"
local numbers = require "intent_webhook.types.number"
local said = require "intent_webhook.said"
local to_integer = rawget(math, "tointeger")

local function reader(kind, language, options)
  local mistakes = check.mistakes()
  local made = numbers[kind].new(mistakes, "slot", options or {}, languages.of(language or "en"))
  return made, mistakes
end

-- What was found, as one text: "4 [four]", "ambiguous [2 or 3]", "nothing".
local function found(one, text, asked, at)
  local value, first, last, final = one:find(said.new(text), at or 1, {}, asked)
  if value ~= nil then return ("%.14g [%s]"):format(value, text:sub(first, last)) end
  if first == nil then return "nothing" end
  return ("%s [%s]"):format(first, last and text:sub(last, final) or "")
end

-- Each line of a table: "text => what is found".
local function each_line(lines, take)
  for line in lines:gmatch("[^\n]+") do
    local text, expected = line:match("^%s*(.-) => (.-)%s*$")
    if text then take(text, expected) end
  end
end

local function cases(kind, language, asked, lines)
  each_line(lines, function(text, expected)
    it(("finds %s in %q"):format(expected, text), function()
      assert.are.equal(expected, found(reader(kind, language), text, asked))
    end)
  end)
end

describe("a number that nobody asked for #once", function()
  describe("in English", function()
    cases("number", "en", false, [[
      4 => 4 [4]
      for 4 people => 4 [4]
      we are four => 4 [four]
      table for two please => 2 [two]
      a table for twelve, please => 12 [twelve]
      party of 8. => 8 [8]
      (4) => 4 [4]
      *4* => 4 [4]
      "4" => 4 [4]
      4, please => 4 [4]
      4! => 4 [4]
      we are 4😀 => 4 [4]
      we are 4… => 4 [4]
      table for 4 -- thanks => 4 [4]
      table for 4 - Anna => 4 [4]
      we are 4. May I bring a dog? => 4 [4]
      guests: 4 => 4 [4]
      4ppl => 4 [4]
      a 4-person table => 4 [4]
      a two-person tent => 2 [two]
      4 of us => 4 [4]
      one person => 1 [one]
      just one => 1 [one]
      a table for one => 1 [one]
      table 4 people => 4 [4]
      in May 4 people => 4 [4]
      1,250.75 => 1250.75 [1,250.75]
      1,250 => 1250 [1,250]
      1,000,000 => 1000000 [1,000,000]
      1 250 => 1250 [1 250]
      12 500 000 => 12500000 [12 500 000]
      1'250 => 1250 [1'250]
      3.14 => 3.14 [3.14]
      .5 => 0.5 [.5]
      0.5 => 0.5 [0.5]
      0 => 0 [0]
      -3 => -3 [-3]
      −3 => -3 [−3]
      minus 3 => -3 [minus 3]
      minus three => -3 [minus three]
      negative two => -2 [negative two]
      +5 => 5 [+5]
      2k => 2000 [2k]
      1.5k => 1500 [1.5k]
      2½ => 2.5 [2½]
      ½ => 0.5 [½]
      ٤ => 4 [٤]
      ４２ => 42 [４２]
      ४ => 4 [४]
      4️⃣ => 4 [4️⃣]
      zero => 0 [zero]
      twenty-five => 25 [twenty-five]
      twenty five => 25 [twenty five]
      Twenty Five => 25 [Twenty Five]
      a hundred and five => 105 [a hundred and five]
      two hundred => 200 [two hundred]
      fifteen hundred => 1500 [fifteen hundred]
      two thousand five hundred => 2500 [two thousand five hundred]
      two thousand and five => 2005 [two thousand and five]
      two thousand, please => 2000 [two thousand]
      a thousand and one => 1001 [a thousand and one]
      two hundred and fifty thousand => 250000 [two hundred and fifty thousand]
      a million => 1000000 [a million]
      half a million => 500000 [half a million]
      2.5 million => 2500000 [2.5 million]
      two and a half thousand => 2500 [two and a half thousand]
      a million and a half => 1500000 [a million and a half]
      one million two hundred thousand and five => 1200005 [one million two hundred thousand and five]
      two thousand million => 2000000000 [two thousand million]
      one point five => 1.5 [one point five]
      three point one four => 3.14 [three point one four]
      two point twenty five => 2.25 [two point twenty five]
      two and a half => 2.5 [two and a half]
      2 and a half => 2.5 [2 and a half]
      a dozen => 12 [a dozen]
      half a dozen => 6 [half a dozen]
      3 dozen => 36 [3 dozen]
      4 at 7pm => 4 [4]
      at 7 for 4 => 4 [4]
      4 on 2026-03-15 => 4 [4]
      4 2026-03-15 => 4 [4]
      4 0901234567 => 4 [4]
      for 2 hours for 4 => 4 [4]
      not 4 but 5 => 5 [5]
      four (4) => 4 [four]
      in 2026 for 4 people => 4 [4]
      2 and 3 => 2 [2]
      call me at 0901 234 567, we are four => 4 [four]
    ]])
  end)

  describe("in German", function()
    cases("number", "de", false, [[
      1.250,75 => 1250.75 [1.250,75]
      1.250 => 1250 [1.250]
      1,5 => 1.5 [1,5]
      1'250 => 1250 [1'250]
      wir sind vier => 4 [vier]
      Wir sind 4. => 4 [4]
      ein Tisch für vier Personen => 4 [vier]
      eine Person => 1 [eine]
      eins => 1 [eins]
      Zwölf => 12 [Zwölf]
      fünfundzwanzig => 25 [fünfundzwanzig]
      fuenfundzwanzig => 25 [fuenfundzwanzig]
      zweihundertachtzehn => 218 [zweihundertachtzehn]
      zweitausendfünfhundert => 2500 [zweitausendfünfhundert]
      zweitausend fünfhundert => 2500 [zweitausend fünfhundert]
      zweitausendundeins => 2001 [zweitausendundeins]
      hunderttausend => 100000 [hunderttausend]
      zwei Millionen => 2000000 [zwei Millionen]
      eine Million zweihunderttausend => 1200000 [eine Million zweihunderttausend]
      2,5 Millionen => 2500000 [2,5 Millionen]
      zweieinhalb => 2.5 [zweieinhalb]
      anderthalb => 1.5 [anderthalb]
      2 einhalb => 2.5 [2 einhalb]
      eins komma fünf => 1.5 [eins komma fünf]
      minus drei => -3 [minus drei]
      ein Dutzend => 12 [ein Dutzend]
      wir kommen zu dritt => 3 [zu dritt]
      nicht 4 sondern 5 => 5 [5]
    ]])
  end)

  describe("in Vietnamese", function()
    cases("number", "vi", false, [[
      cho 4 người => 4 [4]
      cho bốn người => 4 [bốn]
      Bốn người => 4 [Bốn]
      BỐN NGƯỜI => 4 [BỐN]
      bon nguoi => 4 [bon]
      chúng tôi có năm người => 5 [năm]
      một người => 1 [một]
      hai mươi lăm => 25 [hai mươi lăm]
      hai mươi mốt => 21 [hai mươi mốt]
      hai nghìn => 2000 [hai nghìn]
      hai nghìn năm trăm => 2500 [hai nghìn năm trăm]
      một nghìn không trăm lẻ năm => 1005 [một nghìn không trăm lẻ năm]
      hai triệu rưỡi => 2500000 [hai triệu rưỡi]
      hai phẩy năm => 2.5 [hai phẩy năm]
      âm ba => -3 [âm ba]
      hai tá => 24 [hai tá]
      1.250,75 => 1250.75 [1.250,75]
      4 người lúc 7 giờ => 4 [4]
    ]])
  end)

  -- What must not be taken for a number, one a line.
  local NONE = {
    en = [[
      $5
      -$5
      US$5
      $1,250.50
      5 €
      5€
      £20
      5 dollars
      five dollars
      20 bucks
      EUR 5
      50%
      50 %
      fifty percent
      20°
      7pm
      7 pm
      7 p.m.
      7 o'clock
      at 7
      at seven
      meet @ 7
      one of them is broken
      19:30
      19:30:15
      half past seven
      half seven
      2026-03-15
      2026/03/15
      03/04
      3/4/2026
      15.3.2026
      4th of May
      2nd
      4 May
      4 of May
      May 4
      December 24
      in 2026
      +84 901 234 567
      +84901234567
      +1 (555) 123-4567
      (555) 123-4567
      555-1234
      0901234567
      0901 234 567
      090.123.4567
      5551234567
      901 234 567
      1.2.3
      v1.2
      192.168.1.1
      A12
      12b
      B-52
      covid-19
      #12345
      AB1234-5
      4x4
      1e3
      user_4
      john4@example.com
      4@example.com
      http://example.com/4
      example.com/page-4
      http://localhost:8080
      ?q=4
      5 km
      5km
      five-mile walk
      2 hours
      two hours
      half an hour
      3 days
      3 business days
      10 minutes
      a 10-minute walk
      30 years old
      two and a half hours
      5 kg
      3 times
      a 5-star hotel
      24/7
      50/50
      1/2
      2-3
      2–3
      2 - 3
      2 or 3
      two or three
      two to four people
      2, or 3
      between 2 and 4
      nine to five
      seven eight nine
      twenty twenty
      18+
      2+2
      2x3
      1,23
      1,2,3
      1.250,75
      007
      room 12
      table 5
      No. 5
      order number 17
      version 2
      flight 370
      platform 9
      no one
      that one
      which one
      one of these
      the other one
      one day
      one on one
      a couple of things
      hundred
      a hundred thanks
      thousand thanks
      half
      point five
      $ 5
      £ 5.50
      a $-5 fee
      twenty-first
      twenty first of May
      two thirds
      see you in 5
      call 911
      iPhone 15
      4/5 stars
      7-9pm
      from 7 to 9
      see you at 7 or 8
      U+1234
      --3
      I <3 you
      :3
      not 4
      two-way ticket
      two_three
      four.com
      #two
      hello
      ]],
    de = [[
      5 Euro
      5 €
      7 Uhr
      acht Uhr
      um 7
      halb acht
      dreiviertel acht
      15.3.
      15.3.2026
      4. Mai
      der 4. Tag
      1.5
      1,234.5
      zwei Stunden
      5 km
      zwei oder drei
      2 bis 3
      zwischen 2 und 4
      Zimmer 12
      Hausnummer 7
      eine Frage
      ein Tisch
      ich hätte gern einen Tisch
      tausend Dank
      im Jahr 2026
      50 %
      Kamillentee
    ]],
    vi = [[
      50k
      50.000 đồng
      ba giờ
      3 giờ chiều
      hai năm
      năm 2026
      thứ hai
      thứ năm
      tháng ba
      ngày 15
      bàn số 5
      đặt một bàn
      ba mẹ tôi
      không
      không có
      bà ấy
      sau
      nam
      Việt Nam
      2 hoặc 3
      hai đến ba
    ]],
  }
  for language, lines in pairs(NONE) do
    for line in lines:gmatch("[^\n]+") do
      local text = line:match("^%s*(.-)%s*$")
      if text ~= "" then
        it(("is not in %q (%s)"):format(text, language), function()
          assert.are.equal("nothing", found(reader("number", language), text, false))
        end)
      end
    end
  end
end)

describe("a number that was asked for #once", function()
  cases("number", "en", true, [[
    4 => 4 [4]
    4 people => 4 [4]
    one => 1 [one]
    just the one => 1 [one]
    half => 0.5 [half]
    a couple of => 2 [a couple of]
    a couple => 2 [a couple]
    hundred => 100 [hundred]
    point five => 0.5 [point five]
    1/2 => 0.5 [1/2]
    3/4 => 0.75 [3/4]
    3/15 => nothing
    $ 5 => 5 [5]
    $-5 => -5 [-5]
    2 1/2 => 2.5 [2 1/2]
    007 => 7 [007]
    04 => 4 [04]
    $5 => 5 [5]
    -$5 => -5 [-$5]
    $1,250.50 => 1250.5 [1,250.50]
    5 € => 5 [5]
    5 dollars => 5 [5]
    50% => 50 [50]
    5 km => 5 [5]
    2 hours => 2 [2]
    room 12 => 12 [12]
    #12345 => 12345 [12345]
    at 7 => 7 [7]
    May 4 => 4 [4]
    4 and $20 => 4 [4]
    4 for 2 hours => 4 [4]
    four (4) => 4 [four]
    4, yes, 4 => 4 [4]
    4 2 hours => 4 [4]
    not 4 but 5 => 5 [5]
    4 at 19:30 on 03/04 => 4 [4]
    2 or 3 => ambiguous [2 or 3]
    one or two => ambiguous [one or two]
    2-3 => ambiguous [2-3]
    2–3 => ambiguous [2–3]
    2 - 3 people => ambiguous [2 - 3]
    two to four => ambiguous [two to four]
    between 2 and 4 => ambiguous [2 and 4]
    2 and 3 => ambiguous [2 and 3]
    4, no, 5 => ambiguous [4, no, 5]
    two people or 3 => ambiguous [two people or 3]
    seven eight nine => ambiguous [seven eight nine]
    one one two => ambiguous [one one two]
    1,000-2,000 => ambiguous [1,000-2,000]
    2+2 => ambiguous [2+2]
    1,23 => invalid [1,23]
    1.250,75 => invalid [1.250,75]
    1.2.3 => invalid [1.2.3]
    9007199254740992 => 9.007199254741e+15 [9007199254740992]
    9007199254740993 => too_large [9007199254740993]
    99999999999999999999999999 => too_large [99999999999999999999999999]
    -9007199254740993 => too_small [-9007199254740993]
    7pm => nothing
    19:30 => nothing
    2026-03-15 => nothing
    03/04 => nothing
    4th of May => nothing
    0901234567 => nothing
    +84 901 234 567 => nothing
    555-1234 => nothing
    A12 => nothing
    12b => nothing
    2x3 => nothing
    24/7 => nothing
    john4@example.com => nothing
    http://example.com/4 => nothing
    no idea => nothing
  ]])
  cases("number", "de", true, [[
    1.5 => invalid [1.5]
    ein => 1 [ein]
    4. => 4 [4]
    der 4. Tag => 4 [4]
    4. Mai => nothing
    7 Uhr => nothing
    halb acht => nothing
    zwei oder drei => ambiguous [zwei oder drei]
  ]])
  cases("number", "vi", true, [[
    bon => 4 [bon]
    hai muoi lam => 25 [hai muoi lam]
    một => 1 [một]
    50k => 50000 [50k]
    ba giờ chiều => nothing
    hai hay ba => ambiguous [hai hay ba]
    không => nothing
  ]])
end)

describe("an integer #once", function()
  cases("integer", "en", true, [[
    4 => 4 [4]
    4.0 => 4 [4.0]
    two thousand => 2000 [two thousand]
    2.5 => invalid [2.5]
    two and a half => invalid [two and a half]
    1/2 => invalid [1/2]
    2.5 million => 2500000 [2.5 million]
  ]])
  cases("integer", "en", false, [[
    2.5 => nothing
    2.5 for 4 => 4 [4]
    half a million => 500000 [half a million]
  ]])

  it("is one where Lua has integers", function()
    if not to_integer then return pending("this Lua has no integers") end
    for _, kind in ipairs { "integer", "number" } do
      for _, text in ipairs { "4", "four", "4.0", "1,250", "minus three", "2.5 million" } do
        local value = reader(kind):find(said.new(text), 1, {}, true)
        assert.are.equal("integer", rawget(math, "type")(value), kind .. " " .. text)
      end
    end
  end)
end)

describe("min and max #once", function()
  local options = { min = 1, max = 20 }
  for text, expected in pairs {
    ["0"] = "too_small [0]", ["-3"] = "too_small [-3]", ["21"] = "too_large [21]", ["1"] = "1 [1]",
    ["20"] = "20 [20]", ["a thousand people"] = "too_large [a thousand]", ["for 50"] = "too_large [50]",
  } do
    for _, asked in ipairs { true, false } do
      it(("make %q %s, %s"):format(text, expected, asked and "asked" or "not asked"), function()
        assert.are.equal(expected, found(reader("integer", "en", options), text, asked))
      end)
    end
  end

  it("are in the schema", function()
    assert.are.same({ type = "integer", minimum = 1, maximum = 20 }, reader("integer", "en", options).schema)
    assert.are.same({ type = "number" }, reader("number").schema)
  end)

  it("are refused in the wrong order", function()
    local _, mistakes = reader("number", "en", { min = 5, max = 1 })
    assert.are.equal("slot.min", mistakes.list[1].path)
    assert.is_truthy(mistakes.list[1].message:find("exchange"))
  end)
end)

describe("a number that is no text #once", function()
  for _, case in ipairs {
    { "number", 2.5, 2.5 }, { "integer", 4, 4 }, { "integer", 2.5, nil, "invalid" },
    { "number", 0 / 0, nil, "invalid" }, { "number", math.huge, nil, "invalid" },
    { "integer", 2 ^ 60, nil, "too_large" }, { "integer", true, nil, "wrong_type" },
    { "number", {}, nil, "wrong_type" }, { "integer", 11, nil, "too_large" }, { "number", -1, nil, "too_small" },
  } do
    it(("%s of type %s: %s"):format(tostring(case[2]), case[1], case[4] or "taken"), function()
      local value, reason = reader(case[1], "en", { min = 0, max = 10 }):take(case[2])
      assert.are.equal(case[3], value)
      assert.are.equal(case[4], reason)
    end)
  end
end)

describe("a language of the user's own #once", function()
  local function with(section, text, asked)
    return found(numbers.number.new(check.mistakes(), "slot", {}, { code = "xx", number = section }), text, asked)
  end

  it("may have no numbers: digits are still known", function()
    assert.are.equal("1250.5 [1,250.5]", with(nil, "x 1,250.5 y", false))
    assert.are.equal("nothing", with(nil, "four", true))
  end)

  it("may list words, or name a language of number words", function()
    assert.are.equal("2 [du]", with({ words = { { "unu", 1 }, { "du", 2 } } }, "por du", false))
    assert.are.equal("71 [soixante et onze]", with({ words = "fr" }, "soixante et onze", false))
    assert.are.equal("2000 [deux mille]", with({ words = "fr", scales = { { "mille", 1000 } } }, "deux mille", false))
  end)
end)

describe("looking on behind a number #once", function()
  it("finds one after the other", function()
    local one, text = reader("number"), said.new("4 adults, two children and a dozen seats, 7pm")
    local at, values = 1, {}
    while true do
      local value, _, last = one:find(text, at, {}, false)
      if value == nil then break end
      values[#values + 1] = value
      at = last + 1
    end
    assert.are.same({ 4, 2, 12 }, values)
  end)

  it("takes nothing that begins before", function()
    assert.are.equal("nothing", found(reader("number"), "19:30", true, 3))
    assert.are.equal("1 [1]", found(reader("number"), "0901234567 1", false, 12))
    assert.are.equal("nothing", found(reader("number"), "-3", true, 2))
  end)
end)

describe("any text #once", function()
  local PIECES = {
    "1", "2", "12", "007", "250", "1,", "1.", "-", "–", "+", "$", "€", "%", "/", ":", " ", "  ", ",", ".", "one", "two",
    "twenty", "hundred", "thousand", "million", "and", "a", "half", "point", "minus", "or", "to", "between", "not",
    "at",
    "people", "hours", "k", "½", "tausend", "zwei", "ein", "mươi", "hai", "không", "\255", "\194", "\0", "\n", "x", "@",
    "#", "zweitausend", "pm", "May", "(", ")", "'", "_", "4", "\226\131\163",
  }
  local function random_text()
    local parts = {}
    for index = 1, math.random(1, 12) do
      parts[index] = math.random(4) == 1 and string.char(math.random(0, 255)) or PIECES[math.random(#PIECES)]
      if math.random(2) == 1 then parts[index] = parts[index] .. " " end
    end
    return table.concat(parts)
  end

  it("is searched without an error, and spans are inside it and move on", function()
    math.randomseed(5)
    for _ = 1, 500 do
      local text = random_text()
      local words = said.new(text)
      for _, language in ipairs { "en", "de", "vi" } do
        for _, asked in ipairs { true, false } do
          local one, at = reader(math.random(2) == 1 and "number" or "integer", language), 1
          for _ = 1, #text + 1 do
            local value, first, last, final = one:find(words, at, {}, asked)
            if value == nil then first, last = last, final end
            if first == nil then break end
            assert.is_true(first >= at and first <= last and last <= #text,
              ("%q from %d: %s..%s"):format(text, at, first, last))
            if value ~= nil then assert.is_true(value - value == 0 and type(value) == "number") end
            at = last + 1
          end
        end
      end
    end
  end)

  it("takes time by its length only", function()
    for _, piece in ipairs { "1,", "1 ", "1:1 ", "one and ", "one or ", "two thousand ", "million ", "1-", "1a",
      "0901 ", "a ", "tausend", "minus ", "half " } do
      local words = said.new(piece:rep(math.floor(65536 / #piece)))
      for _, asked in ipairs { true, false } do
        local before = os.clock()
        reader("number", piece == "tausend" and "de" or "en"):find(words, 1, {}, asked)
        assert.is_true(os.clock() - before < 2, piece)
      end
    end
  end)
end)
