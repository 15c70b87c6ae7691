-- The slot types that are words: enum, boolean, pattern, text and name.

local check = require "intent_webhook.check"
local languages = require "intent_webhook.languages"
local said = require "intent_webhook.said"

local TYPES = {
  enum = require "intent_webhook.types.enum", boolean = require "intent_webhook.types.boolean",
  pattern = require "intent_webhook.types.pattern", text = require("intent_webhook.types.text").text,
  name = require("intent_webhook.types.text").name,
}

-- A reader with the defaults of its options, as they come from a slot, and the mistakes in them.
local function reader(kind, options, language)
  local mistakes = check.mistakes()
  local accepted = check.options(mistakes, "slot", options or {}, TYPES[kind].options)
  return TYPES[kind].new(mistakes, "slot", accepted, languages.of(language or "en")), mistakes.list
end

local function found(one, text, asked, at)
  local value, first, last, final = one:find(said.new(text), at or 1, {}, asked)
  if value ~= nil then return ("%s [%s]"):format(tostring(value), text:sub(first, last)) end
  if first == nil then return "nothing" end
  return ("%s [%s]"):format(first, text:sub(last, final))
end

-- Lines "text => what is found".
local function cases(kind, options, language, asked, lines)
  for line in lines:gmatch("[^\n]+") do
    local text, expected = line:match("^%s*(.-) => (.-)%s*$")
    if text then
      it(("finds %s in %q, %s"):format(expected, text, asked and "asked" or "not asked"), function()
        assert.are.equal(expected, found(reader(kind, options, language), text, asked))
      end)
    end
  end
end

local SIZES = { values = { "small", { "large", also = { "big", "L" } }, "extra large", "medium" } }
local SIZES_TYPOS = { values = SIZES.values, typos = true }

describe("an enum #once", function()
  cases("enum", SIZES, "en", true, [[
    small => small [small]
    Large please => large [Large]
    BIG! => large [BIG]
    l => large [l]
    an l please => large [l]
    extra large => extra large [extra large]
    extra-large => extra large [extra-large]
    Extra  Large => extra large [Extra  Large]
    lárge => large [lárge]
    large, big => large [large]
    small or large => ambiguous [small or large]
    small, no, large => ambiguous [small, no, large]
    smal => nothing
    huge => nothing
    extra, large => large [large]
    larger => nothing
  ]])
  cases("enum", SIZES, "en", false, [[
    I'd like a large pizza => large [large]
    an L please => nothing
    L => large [L]
    small or large => ambiguous [small or large]
    small and large => small [small]
    extra large or extra-large => extra large [extra large]
  ]])
  cases("enum", SIZES_TYPOS, "en", true, [[
    smal => small [smal]
    smalll => small [smalll]
    smoll => small [smoll]
    samll => small [samll]
    lrage => large [lrage]
    meduim => medium [meduim]
    extra lrge => extra large [extra lrge]
    extralarge => extra large [extralarge]
    bgi => nothing
    smll one => small [smll]
    sml => nothing
    medium or lrage => medium [medium]
  ]])
  cases("enum", { values = { "carton", "cartoon", "cotton" }, typos = true }, "en", true, [[
    cartoon => cartoon [cartoon]
    carton => carton [carton]
    cartooon => cartoon [cartooon]
    carto n => ambiguous [carto n]
    coton => cotton [coton]
  ]])
  cases("enum", { values = { "room 10001", "room 10002" }, typos = true }, "en", true, [[
    room 10001 => room 10001 [room 10001]
    room 1000 => nothing
  ]])
  cases("enum", { values = { "C", "C++", "C#", "Müller", "Muller" } }, "en", true, [[
    C++ => C++ [C++]
    c# => C# [c#]
    c => C [c]
    I use C++. => C++ [C++]
    MULLER => Muller [MULLER]
    Müller => Müller [Müller]
  ]])
  cases("enum", { values = { "mac & cheese", "7up", { "pizza", also = { "🍕" } }, "rock'n'roll" } }, "en", true, [[
    Mac & Cheese please => mac & cheese [Mac & Cheese]
    a 7Up => 7up [7Up]
    🍕! => pizza [🍕]
    🍕 and 7up => ambiguous [🍕 and 7up]
    rock’n’roll => rock'n'roll [rock’n’roll]
  ]])
  cases("enum", { values = { "Phở bò", "Bún chả" } }, "vi", false, [[
    cho tôi phở bò => Phở bò [phở bò]
    pho bo => Phở bò [pho bo]
    phở bò hoặc bún chả => ambiguous [phở bò hoặc bún chả]
  ]])

  it("takes values as they are listed or said, and nothing else", function()
    local one = reader("enum", SIZES)
    assert.are.equal("large", one:take("large"))
    assert.are.equal("large", one:take("BIG"))
    for value, reason in pairs { [1] = "wrong_type", [true] = "wrong_type", huge = "invalid" } do
      local taken, why = one:take(value)
      assert.is_nil(taken)
      assert.are.equal(reason, why)
    end
  end)

  it("has its values in the schema", function()
    assert.are.same({ type = "string", enum = { "small", "large", "extra large", "medium" } },
      reader("enum", SIZES).schema)
  end)

  for path, values in pairs {
    ["slot.values"] = {}, ["slot.values[1]"] = { 5 }, ["slot.values[2]"] = { "a", "" }, ["slot.values[1][1]"] = { {} },
    ["slot.values[1].synonyms"] = { { "a", synonyms = { "b" } } },
    ["slot.values[1].also[1]"] = { { "a", also = { 1 } } },
    ["slot.values[3]"] = { "a", "b", "a" },
  } do
    it("says what is wrong at " .. path, function()
      local _, mistakes = reader("enum", { values = values })
      assert.are.equal(path, mistakes[1] and mistakes[1].path)
    end)
  end

  it("refuses a word for two values", function()
    local _, mistakes = reader("enum", { values = { { "large", also = { "big" } }, { "huge", also = { "Big" } } } })
    assert.is_truthy(mistakes[1].message:find('"large" and for "huge"'))
  end)
end)

describe("a boolean #once", function()
  cases("boolean", nil, "en", true, [[
    yes => true [yes]
    Yes please => true [Yes please]
    YEAH! => true [YEAH]
    yep => true [yep]
    sure => true [sure]
    ok => true [ok]
    y => true [y]
    true => true [true]
    👍 => true [👍]
    👍🏽 => true [👍]
    no problem => true [no problem]
    no objections => true [no objections]
    I don't mind => true [I don't mind]
    I don't => false [I don't]
    that’s right => true [that’s right]
    well, I guess yes => true [yes]
    it's a yes => true [yes]
    my answer is yes => true [yes]
    yes yes yes => true [yes yes yes]
    yes but change the date => true [yes]
    no => false [no]
    nope => false [nope]
    n => false [n]
    false => false [false]
    no thanks => false [no thanks]
    not really => false [not really]
    not yes => false [not yes]
    of course not => false [of course not]
    I don't think so => false [I don't think so]
    👎 => false [👎]
    no, Friday => false [no]
    yes no => ambiguous [yes no]
    yes and no => ambiguous [yes and no]
    no, I mean yes => ambiguous [no, I mean yes]
    ok 👎 => ambiguous [ok 👎]
    maybe => ambiguous [maybe]
    not sure => ambiguous [not sure]
    I don't know => ambiguous [I don't know]
    turn right => nothing
    y 4 => nothing
    there is no parking => nothing
    hello => nothing
    yesterday => nothing
  ]])
  cases("boolean", nil, "en", false, [[
    yes => nothing
    no => nothing
    👍 => nothing
  ]])
  cases("boolean", nil, "de", true, [[
    ja => true [ja]
    Ja, gerne => true [Ja, gerne]
    doch => true [doch]
    das stimmt => true [das stimmt]
    nein danke => false [nein danke]
    das stimmt nicht => false [das stimmt nicht]
    lieber nicht => false [lieber nicht]
    nö => false [nö]
    vielleicht => ambiguous [vielleicht]
    jein => ambiguous [jein]
  ]])
  cases("boolean", nil, "vi", true, [[
    vâng ạ => true [vâng ạ]
    có => true [có]
    đúng rồi => true [đúng rồi]
    dung roi => true [dung roi]
    không => false [không]
    dạ không => false [dạ không]
    chưa => false [chưa]
    ko => false [ko]
    không biết => ambiguous [không biết]
  ]])

  it("takes true and false only", function()
    local one = reader("boolean")
    assert.is_true(one:take(true))
    assert.is_false(one:take(false))
    local value, reason = one:take(1)
    assert.is_nil(value)
    assert.are.equal("wrong_type", reason)
  end)

  for text, expected in pairs {
    ["yes"] = { true, 1, 3 }, ["no, Friday"] = { false, 1, 2 }, ["yes but change the date"] = { true, 1, 3 },
    ["oh no thanks"] = { false, 4, 12 }, ["yes no"] = {}, ["maybe"] = {}, ["Friday"] = {}, [""] = {},
  } do
    it(("answers %s to %q"):format(tostring(expected[1]), text), function()
      local answer, first, last = TYPES.boolean.answer(said.new(text), languages.of("en"))
      assert.are.same({ expected[1], expected[2], expected[3] }, { answer, first, last })
    end)
  end

  it("is true or false in a language without words for it", function()
    assert.is_true(TYPES.boolean.answer(said.new("true"), {}))
    assert.is_nil((TYPES.boolean.answer(said.new("yes"), {})))
  end)
end)

describe("a pattern #once", function()
  cases("pattern", { pattern = "AB%-%d+" }, "en", false, [[
    my order is AB-123, thanks => AB-123 [AB-123]
    xAB-1 => AB-1 [AB-1]
    ab-123 => nothing
    AB- => nothing
  ]])
  cases("pattern", { pattern = "order #(%d+)" }, "en", true, [[
    order #42 please => 42 [order #42]
    order 42 => nothing
  ]])
  cases("pattern", { pattern = "^%d+" }, "en", false, [[
    42 x => 42 [42]
    x 42 => nothing
  ]])
  cases("pattern", { pattern = "%d*" }, "en", false, [[
    ab 12 => 12 [12]
    ab => nothing
  ]])
  cases("pattern", { pattern = "()x" }, "en", false, [[
    ax => x [x]
  ]])
  cases("pattern", { pattern = "<(%d*)>" }, "en", false, [[
    <> <7> => 7 [<7>]
    <> <> => nothing
  ]])

  it("goes on behind what it has found, and an anchor does not move on", function()
    assert.are.equal("B2 [B2]", found(reader("pattern", { pattern = "%u%d" }), "A1 B2", false, 2))
    assert.are.equal("nothing", found(reader("pattern", { pattern = "^%d" }), "1 2", false, 3))
  end)

  for _, case in ipairs {
    { "", "empty" }, { "(%d+", "without its %)" }, { "%", "ends with %%" }, { "[a", "without its %]" },
  } do
    it(("refuses %q"):format(case[1]), function()
      local _, mistakes = reader("pattern", { pattern = case[1] })
      assert.are.equal("slot.pattern", mistakes[1].path)
      assert.is_truthy(mistakes[1].message:find(case[2]), mistakes[1].message)
    end)
  end

  it("that Lua calls too complex raises nothing", function()
    local deep = reader("pattern", { pattern = ("a?"):rep(300) })
    local text = ("a"):rep(300)
    local result = found(deep, text, false)
    assert.is_true(result == "nothing" or result == text .. " [" .. text .. "]") -- Lua 5.1 has no limit
  end)
end)

describe("a text #once", function()
  cases("text", nil, "en", true, [[
    near the window => near the window [near the window]
    yes => yes [yes]
    ? => ? [?]
  ]])
  for _, case in ipairs {
    { "  a b \n", "a b", "a b" }, { "a\nb", "a\nb", "a\nb" }, { "\tü\t", "ü", "ü" }, { "\0", "\0", "\0" },
    { "a\255", "a\255", "a\255" },
  } do
    it(("is %q of %q"):format(case[2], case[1]), function()
      assert.are.equal(("%s [%s]"):format(case[2], case[3]), found(reader("text"), case[1], true))
    end)
  end

  it("is only found where it was asked for, and never in white space", function()
    assert.are.equal("nothing", found(reader("text"), "near the window", false))
    assert.are.equal("nothing", found(reader("text"), " \n\t", true))
    assert.are.equal("nothing", found(reader("text"), "", true))
    assert.are.equal("b [b]", found(reader("text"), "a b", true, 2))
  end)

  it("has limits in characters", function()
    local one = reader("text", { min_length = 2, max_length = 3 })
    assert.are.equal("too_short [ü]", found(one, "ü", true))
    assert.are.equal("üöä [üöä]", found(one, "üöä", true))
    assert.are.equal("too_long [abcd]", found(one, "abcd", true))
    assert.are.equal(("x"):rep(500), (reader("text"):find(said.new(("x"):rep(500)), 1, {}, true)))
    assert.are.equal("too_long", (select(2, reader("text"):find(said.new(("x"):rep(501)), 1, {}, true))))
    assert.are.same({ type = "string", minLength = 2, maxLength = 3 }, one.schema)
  end)

  it("refuses limits in the wrong order", function()
    local _, mistakes = reader("text", { min_length = 9, max_length = 3 })
    assert.are.equal("slot.min_length", mistakes[1].path)
  end)
end)

describe("a name #once", function()
  cases("name", nil, "en", true, [[
    John => John [John]
    John Doe => John Doe [John Doe]
    Will Smith => Will Smith [Will Smith]
    it's will smith => will smith [will smith]
    Will it take long => invalid [Will it take long]
    An Nguyen => An Nguyen [An Nguyen]
    an emergency => invalid [an emergency]
    Đỗ Văn Nam => Đỗ Văn Nam [Đỗ Văn Nam]
    do you know => invalid [do you know]
    Can Yilmaz => Can Yilmaz [Can Yilmaz]
    Can I pay by card => invalid [Can I pay by card]
    So Yeon Park => So Yeon Park [So Yeon Park]
    so John => John [John]
    Sunday Okafor => Sunday Okafor [Sunday Okafor]
    john smith please => john smith [john smith]
    Please call me Bob => Bob [Bob]
    my name is John Doe and my phone is 0901234567 => John Doe [John Doe]
    My name is John Doe, 0901234567 => John Doe [John Doe]
    John Doe 0901234567 => John Doe [John Doe]
    Hi, I'm Mary-Jane O’Brien! => Mary-Jane O’Brien [Mary-Jane O’Brien]
    it's J. R. Tolkien, thanks => J. R. Tolkien [J. R. Tolkien]
    for Smith => Smith [Smith]
    it's for Smith, at 7 => Smith [Smith]
    the name's Bond. James Bond => Bond [Bond]
    Good evening! My name is Paul. Can I book? => Paul [Paul]
    Sarah here => Sarah [Sarah]
    John and Mary => John and Mary [John and Mary]
    John Doe, john@example.com => John Doe [John Doe]
    😀 Anna 😀 => Anna [Anna]
    Nguyễn Văn A => Nguyễn Văn A [Nguyễn Văn A]
    李小龙 => 李小龙 [李小龙]
    Dr. Strange => Dr. Strange [Dr. Strange]
    Yes, it's Anna => Anna [Anna]
    John   Doe => John Doe [John   Doe]
    yes => invalid [yes]
    ok => invalid [ok]
    no => invalid [no]
    hello => invalid [hello]
    I'm hungry => invalid [hungry]
    this is wrong => invalid [wrong]
    what? => invalid [what]
    John? => invalid [John]
    why do you ask => invalid [why do you ask]
    john@example.com => invalid [john]
    www.example.com => invalid [www.example]
    http://example.com => invalid [http]
    @john => invalid [john]
    123 => invalid [123]
    John2 => invalid [John]
    a b c d e f g => invalid [a b c d e f g]
    Aa Bb Cc Dd Ee Ff Gg => invalid [Aa Bb Cc Dd Ee Ff Gg]
    !!! => nothing
  ]])
  cases("name", nil, "en", false, [[
    my name is John => John [John]
    Hi, my name is Anna and I'd like a table => Anna [Anna]
    Call me Ishmael, please => Ishmael [Ishmael]
    John => nothing
    I'm John => nothing
    I'm hungry => nothing
    this is wrong => nothing
    call me back => nothing
    call me at 5 => nothing
    call me tomorrow => nothing
    my name is on the list => nothing
    what is my name? => nothing
    my name is 5 => nothing
  ]])
  cases("name", nil, "de", true, [[
    Mein Name ist Anna Schmidt und meine Nummer ist 0170 => Anna Schmidt [Anna Schmidt]
    Auf den Namen Meier bitte => Meier [Meier]
    Hallo, hier ist Peter => Peter [Peter]
    Ich bin müde => invalid [müde]
  ]])
  cases("name", nil, "de", false, [[
    Ich heiße Jürgen Müller => Jürgen Müller [Jürgen Müller]
    ich heisse Jürgen => Jürgen [Jürgen]
    Ich bin Jürgen => nothing
  ]])
  cases("name", nil, "vi", true, [[
    dạ tên em là Lan ạ => Lan [Lan]
    Anh Nam => Anh Nam [Anh Nam]
    Trần Thị Nhã => Trần Thị Nhã [Trần Thị Nhã]
    Nguyen Van A => Nguyen Van A [Nguyen Van A]
    toi ten la Minh => Minh [Minh]
    không => invalid [không]
  ]])
  cases("name", nil, "vi", false, [[
    Tôi tên là Nguyễn Văn A => Nguyễn Văn A [Nguyễn Văn A]
    tôi là Hùng => nothing
  ]])

  it("has at most a hundred characters", function()
    assert.are.equal(("ü"):rep(100), (reader("name"):find(said.new(("ü"):rep(100)), 1, {}, true)))
    assert.are.equal("invalid", (select(2, reader("name"):find(said.new(("ü"):rep(101)), 1, {}, true))))
  end)

  it("is found without words of the language", function()
    local one = TYPES.name.new(check.mistakes(), "slot", {}, {})
    assert.are.equal("Ada Lovelace [Ada Lovelace]", found(one, " Ada Lovelace.", true))
  end)
end)

describe("any text, for types of words #once", function()
  local READERS = {}
  for _, language in ipairs { "en", "de", "vi" } do
    for kind, options in pairs {
      enum = { values = { "small", { "large", also = { "big", "🍕" } }, "my name", "C++", "C" }, typos = true },
      boolean = {}, text = {}, name = {}, pattern = { pattern = "%a?(%d*)" },
    } do
      READERS[#READERS + 1] = { kind .. " " .. language, (reader(kind, options, language)) }
    end
  end
  local PIECES = {
    "yes", "no", "not", "sure", "maybe", "👍", "🍕", "small", "smal", "large", "or", "my", "name", "is", "C", "++",
    "me", "John", "and", "?", "@", ".", ",", "-", "'", "’", "1", "\255", "\194", "\0", "\n", " ", "ạ", "là",
    "tên", "ja",
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
    math.randomseed(7)
    for _ = 1, 400 do
      local text = random_text()
      local words = said.new(text)
      for _, pair in ipairs(READERS) do
        for _, asked in ipairs { true, false } do
          local at = 1
          for _ = 1, #text + 1 do
            local value, first, last, final = pair[2]:find(words, at, {}, asked)
            if value == nil then first, last = last, final end
            if first == nil then break end
            assert.is_true(first >= at and first <= last and last <= #text,
              ("%s in %q from %d: %d..%d"):format(pair[1], text, at, first, last))
            at = last + 1
          end
        end
      end
    end
  end)

  it("takes time by its length only", function()
    for _, piece in ipairs { "yes ", "well ", "my name is ", "a-", "John ", "smal ", "small or ", "🍕", "hi ", "x" } do
      local words = said.new(piece:rep(math.floor(65536 / #piece)))
      for _, pair in ipairs(READERS) do
        if pair[1]:find("en$") then
          for _, asked in ipairs { true, false } do
            local before = os.clock()
            pair[2]:find(words, 1, {}, asked)
            assert.is_true(os.clock() - before < 2, pair[1] .. " " .. piece)
          end
        end
      end
    end
  end)
end)
