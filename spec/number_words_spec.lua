-- Numbers in words: what each language spells, and what no language may.

local number_words = require "intent_webhook.number_words"
local process = require "spec.support.process"

-- Letters as the matcher compares them, for those that the languages use: case, accents, ligatures.
local FOLDED = {}
for plain, letters in pairs {
  a = "á à â ä å ă ą ả ấ ẩ", ae = "æ", c = "ç ć č", d = "ð đ", e = "é ê ë ę ě ẻ", i = "ì í ī ı", n = "ñ ņ",
  o = "ó ô ö ø ő ơ ố ộ ờ ỡ", r = "ř", s = "ś ş š ș", ss = "ß", t = "ť", th = "þ", u = "ú ü ū ư ụ ử",
  ["α"] = "ά", ["ε"] = "έ", ["η"] = "ή", ["ι"] = "ί", ["ο"] = "ό", ["σ"] = "ς", ["υ"] = "ύ", ["ω"] = "ώ",
  ["е"] = "ё", ["и"] = "й", ["і"] = "ї",
} do
  for letter in letters:gmatch("%S+") do FOLDED[letter] = plain end
end

local function fold(words)
  return (words:lower():gsub("[\194-\244][\128-\191]*", FOLDED):gsub("-", " "))
end

-- Folded words -> number.
local function by_words(list)
  local numbers = {}
  for _, pair in ipairs(list) do numbers[fold(pair[1])] = pair[2] end
  return numbers
end

local spelt = {}

local function each_language(check)
  for _, language in ipairs(number_words.languages()) do
    spelt[language] = spelt[language] or number_words.of(language, 1000)
    check(language, spelt[language])
  end
end

local SPOKEN = {
  en = {
    ["zero"] = 0, ["nought"] = 0, ["one"] = 1, ["twelve"] = 12, ["nineteen"] = 19, ["twenty"] = 20,
    ["twenty-five"] = 25, ["twenty five"] = 25, ["forty two"] = 42, ["ninety nine"] = 99, ["hundred"] = 100,
    ["a hundred"] = 100, ["one hundred"] = 100, ["hundred five"] = 105, ["hundred and five"] = 105,
    ["a hundred and five"] = 105, ["one hundred five"] = 105, ["one hundred and twenty-one"] = 121,
    ["two hundred"] = 200, ["three hundred sixty five"] = 365, ["nine hundred and ninety-nine"] = 999,
    ["a thousand"] = 1000, ["one thousand"] = 1000,
  },
  de = {
    ["null"] = 0, ["eins"] = 1, ["ein"] = 1, ["eine"] = 1, ["einen"] = 1, ["zwei"] = 2, ["zwo"] = 2, ["fünf"] = 5,
    ["fuenf"] = 5, ["Zwölf"] = 12, ["zwoelf"] = 12, ["siebzehn"] = 17, ["zwanzig"] = 20, ["einundzwanzig"] = 21,
    ["fünfundzwanzig"] = 25, ["fünf und zwanzig"] = 25, ["fuenfundfuenfzig"] = 55, ["dreißig"] = 30,
    ["dreissig"] = 30, ["hundert"] = 100, ["einhundert"] = 100, ["ein hundert"] = 100, ["hunderteins"] = 101,
    ["hundertfünf"] = 105, ["hundertundfünf"] = 105, ["hundert fünf"] = 105, ["zweihundertachtzehn"] = 218,
    ["zwei hundert fünf und zwanzig"] = 225, ["neunhundertneunundneunzig"] = 999, ["tausend"] = 1000,
    ["eintausend"] = 1000,
  },
  fr = {
    ["zéro"] = 0, ["zero"] = 0, ["un"] = 1, ["une"] = 1, ["seize"] = 16, ["dix-sept"] = 17, ["vingt"] = 20,
    ["vingt et un"] = 21, ["vingt-et-un"] = 21, ["vingt et une"] = 21, ["vingt-deux"] = 22, ["soixante"] = 60,
    ["soixante-dix"] = 70, ["soixante et onze"] = 71, ["soixante-dix-neuf"] = 79, ["septante"] = 70,
    ["septante et un"] = 71, ["septante-neuf"] = 79, ["quatre-vingts"] = 80, ["quatre-vingt-un"] = 81,
    ["huitante"] = 80, ["huitante-trois"] = 83, ["quatre vingt dix"] = 90, ["quatre-vingt-onze"] = 91,
    ["nonante"] = 90, ["nonante et un"] = 91, ["quatre-vingt-dix-neuf"] = 99, ["nonante-neuf"] = 99, ["cent"] = 100,
    ["cent un"] = 101, ["deux cents"] = 200, ["deux cent cinquante"] = 250, ["mille"] = 1000,
  },
  nl = {
    ["nul"] = 0, ["een"] = 1, ["één"] = 1, ["elf"] = 11, ["veertien"] = 14, ["achttien"] = 18, ["twintig"] = 20,
    ["eenentwintig"] = 21, ["tweeëntwintig"] = 22, ["tweeentwintig"] = 22, ["drieëndertig"] = 33,
    ["vijfentwintig"] = 25, ["vijf en twintig"] = 25, ["tachtig"] = 80, ["negenennegentig"] = 99, ["honderd"] = 100,
    ["eenhonderd"] = 100, ["honderdvijf"] = 105, ["honderd vijf"] = 105, ["honderd en vijf"] = 105,
    ["honderdenvijf"] = 105, ["honderdvijfentwintig"] = 125, ["tweehonderd"] = 200, ["twee honderd"] = 200,
    ["driehonderdvijfenzestig"] = 365, ["duizend"] = 1000,
  },
  vi = {
    ["không"] = 0, ["một"] = 1, ["năm"] = 5, ["mười"] = 10, ["mười một"] = 11, ["mười lăm"] = 15, ["hai mươi"] = 20,
    ["hai mươi mốt"] = 21, ["hai mươi tư"] = 24, ["hai mươi bốn"] = 24, ["hai mươi lăm"] = 25, ["hai lăm"] = 25,
    ["hai mươi nhăm"] = 25, ["ba chục"] = 30, ["ba mươi bảy"] = 37, ["chín mươi chín"] = 99, ["một trăm"] = 100,
    ["trăm"] = 100, ["một trăm lẻ năm"] = 105, ["một trăm linh năm"] = 105, ["một trăm mười"] = 110,
    ["một trăm hai mươi lăm"] = 125, ["hai trăm"] = 200, ["chín trăm chín mươi chín"] = 999, ["một nghìn"] = 1000,
    ["một ngàn"] = 1000,
  },
  es = { ["un"] = 1, ["una"] = 1, ["uno"] = 1, ["veintiún"] = 21, ["treinta y una"] = 31, ["ciento cinco"] = 105,
    ["quinientas"] = 500, ["mil"] = 1000 },
  it = { ["ventuno"] = 21, ["ventotto"] = 28, ["trentatré"] = 33, ["centotto"] = 108, ["duecentocinquanta"] = 250 },
  pt = { ["uma"] = 1, ["dezesseis"] = 16, ["dezasseis"] = 16, ["vinte e cinco"] = 25, ["cento e um"] = 101 },
  ca = { ["vint-i-cinc"] = 25, ["trenta-dues"] = 32, ["dos-cents"] = 200, ["dues-centes una"] = 201 },
  gl = { ["unha"] = 1, ["vinte e dúas"] = 22, ["corenta"] = 40, ["cento dez"] = 110 },
  eu = { ["hogeita bost"] = 25, ["hirurogeita hamazazpi"] = 77, ["laurogeita hemeretzi"] = 99, ["ehun eta bat"] = 101 },
  sv = { ["tjugofem"] = 25, ["tjugoen"] = 21, ["sjuttiosju"] = 77, ["etthundra"] = 100, ["tvåhundrafemtio"] = 250 },
  da = { ["femogtyve"] = 25, ["fem og halvfjerds"] = 75, ["nioghalvfems"] = 99, ["hundrede og fem"] = 105 },
  nb = { ["tjuefem"] = 25, ["femogtyve"] = 25, ["sytti"] = 70, ["hundre og én"] = 101, ["to hundre"] = 200 },
  fi = { ["kaksikymmentäviisi"] = 25, ["kahteenkymmeneenviiteen"] = 25, ["viidenkymmenen"] = 50, ["satayksi"] = 101 },
  pl = { ["dwadzieścia pięć"] = 25, ["dwudziestu pięciu"] = 25, ["dwudziestu jeden"] = 21, ["sto dwie"] = 102 },
  cs = { ["dvacet pět"] = 25, ["pětadvacet"] = 25, ["jednadvacet"] = 21, ["dvě stě"] = 200, ["pět set"] = 500 },
  sk = { ["dvadsaťpäť"] = 25, ["dvadsať päť"] = 25, ["dvesto"] = 200, ["stojeden"] = 101 },
  sl = { ["petindvajset"] = 25, ["enaintrideset"] = 31, ["dvesto pet"] = 205 },
  hr = { ["dvadeset pet"] = 25, ["dvadeset i pet"] = 25, ["šezdeset"] = 60, ["dvjesto"] = 200 },
  sr = { ["dvadeset pet"] = 25, ["двадесет пет"] = 25, ["две стотине"] = 200, ["hiljadu"] = 1000 },
  ro = { ["o"] = 1, ["douăzeci și cinci"] = 25, ["douazeci si cinci"] = 25, ["o sută una"] = 101 },
  hu = { ["tizenkét"] = 12, ["huszonöt"] = 25, ["harminchárom"] = 33, ["százhuszonöt"] = 125, ["kétszáz"] = 200 },
  ru = { ["двадцать пять"] = 25, ["двадцати пяти"] = 25, ["сорок две"] = 42, ["двумстам двум"] = 202 },
  uk = { ["двадцять п'ять"] = 25, ["двадцять пять"] = 25, ["двадцяти п'яти"] = 25, ["дві"] = 2, ["двісті"] = 200 },
  bg = { ["двайсет и пет"] = 25, ["двадесет и пет"] = 25, ["сто и двадесет"] = 120, ["сто двадесет и пет"] = 125 },
  el = { ["είκοσι πέντε"] = 25, ["εφτά"] = 7, ["δεκατρείς"] = 13, ["εκατόν μία"] = 101, ["διακόσιες"] = 200 },
  tr = { ["yirmi beş"] = 25, ["yirmibeş"] = 25, ["kırk"] = 40, ["yüz bir"] = 101, ["iki yüz"] = 200 },
  et = { ["kakskümmend viis"] = 25, ["viisteist"] = 15, ["sada üks"] = 101, ["kolmsada"] = 300 },
  lv = { ["divdesmit pieci"] = 25, ["piecpadsmit"] = 15, ["simtu viens"] = 101, ["divi simti"] = 200 },
  lt = { ["dvidešimt penki"] = 25, ["penkiolika"] = 15, ["šimtas viena"] = 101, ["du šimtai"] = 200 },
  id = { ["dua puluh lima"] = 25, ["lima belas"] = 15, ["seratus satu"] = 101, ["dua ratus"] = 200 },
  ms = { ["lapan belas"] = 18, ["dua puluh lima"] = 25, ["sifar"] = 0, ["seribu"] = 1000 },
  af = { ["vyf-en-twintig"] = 25, ["vyfentwintig"] = 25, ["honderd en een"] = 101, ["tweehonderd"] = 200 },
  is = { ["tuttugu og fimm"] = 25, ["tvær"] = 2, ["eitt hundrað og eitt"] = 101, ["þrjú hundruð"] = 300 },
  he = { ["עשרים וחמש"] = 25, ["עשרים וחמישה"] = 25, ["מאה ואחת"] = 101, ["מאתיים"] = 200 },
  ar = { ["خمسة وعشرون"] = 25, ["خمس وعشرين"] = 25, ["اربعة"] = 4, ["مئة"] = 100 },
  ja = { ["二十五"] = 25, ["百一"] = 101, ["三百六十五"] = 365, ["〇"] = 0 },
  ko = { ["이십오"] = 25, ["이십 오"] = 25, ["스물다섯"] = 25, ["열한"] = 11, ["스무"] = 20, ["백오"] = 105 },
  zh = { ["二十五"] = 25, ["两百"] = 200, ["一百零五"] = 105, ["一百一十"] = 110, ["一百二十五"] = 125 },
}

describe("number_words.of", function()
  for language, spellings in pairs(SPOKEN) do
    it("knows how numbers are said in " .. language, function()
      local numbers = by_words(number_words.of(language, 1000))
      for words, number in pairs(spellings) do
        assert(numbers[fold(words)] == number, ("%s: %s"):format(words, tostring(numbers[fold(words)])))
      end
    end)
  end

  it("does not take for a number what is none", function()
    for language, words in pairs {
      en = { "thirty zero", "twenty ten", "ten one", "hundred hundred", "zero five", "one hundred and", "" },
      de = { "einsundzwanzig", "undzwanzig", "zehnundzwanzig", "hundertund", "nullhundert", "fünfhundertnull" },
      fr = { "vingt un", "vingt et deux", "soixante et dix", "quatre vingt et un", "un cent", "zéro cent" },
      nl = { "entwintig", "tienentwintig", "honderdnul" },
      vi = { "một mươi", "hai mươi không", "một trăm năm", "năm lăm mươi", "mười mươi" },
    } do
      local numbers = by_words(number_words.of(language, 1000))
      for _, wrong in ipairs(words) do assert.is_nil(numbers[fold(wrong)], wrong) end
    end
  end)

  it("has no words for two numbers, and none twice, in any language", function()
    each_language(function(language, list)
      local numbers = {}
      for _, pair in ipairs(list) do
        local words = fold(pair[1])
        if numbers[words] then error(("%s: %s is %s and %s"):format(language, words, numbers[words], pair[2])) end
        numbers[words] = pair[2]
      end
    end)
  end)

  it("spells every number up to the language's greatest, in order, at least to 100", function()
    each_language(function(language, list)
      local expected = 0
      for _, pair in ipairs(list) do
        if pair[2] ~= expected then expected = expected + 1 end
        if pair[2] ~= expected then error(("%s has no %d"):format(language, expected)) end
      end
      assert.is_true(expected == 1000 or language == "ar" and expected == 100, language)
    end)
  end)

  it("gives words without stray spaces, pieces of patterns or marks of its tables", function()
    each_language(function(language, list)
      for _, pair in ipairs(list) do
        local padded = " " .. pair[1] .. " "
        if padded:find("  ", 1, true) or padded:find("[%d%-_|(){}:]") then error(language .. ": " .. pair[1]) end
      end
    end)
  end)

  it("stops at the greatest number asked for", function()
    local list = number_words.of("en", 21)
    assert.are.same({ "twenty one", 21 }, list[#list])
    assert.are.same({ "zero", 0 }, number_words.of("en", 0.9)[1])
    assert.are.same(number_words.of("en", 20), number_words.of("en", 20.5))
    assert.are.same({}, number_words.of("en", -1))
  end)

  it("stops at 1000, however much is asked for", function()
    for _, most in ipairs { 1001, 1e9, math.huge } do
      local list = number_words.of("en", most)
      assert.are.equal(1000, list[#list][2])
    end
    assert.are.equal(#number_words.of("ar", 100), #number_words.of("ar", 1000))
  end)

  it("takes a language for that of a region, and for its older code", function()
    for code, language in pairs {
      ["de-CH"] = "de", ["en-GB"] = "en", ["pt-br"] = "pt", pt_BR = "pt", ["zh-Hant-TW"] = "zh", EN = "en", no = "nb",
      ["no-NO"] = "nb", iw = "he", ["in"] = "id", bs = "hr",
    } do
      assert.are.same(number_words.of(language, 30), number_words.of(code, 30), code)
    end
  end)

  it("is nil for a language that it does not know", function()
    for _, code in pairs { "xx", "", "-", "e", "eng", "english", "../en", "a.b", "tlh-GB" } do
      assert.is_nil(number_words.of(code, 10), code)
    end
    assert.is_nil(number_words.of(nil, 10))
    assert.is_nil(number_words.of(5, 10))
  end)

  it("gives a list of the caller's own", function()
    local list = number_words.of("en", 10)
    list[1][1], list[2] = "changed", nil
    assert.are.same({ "zero", 0 }, number_words.of("en", 10)[1])
  end)

  it("reads a language only when that is asked for", function()
    for name in pairs(package.loaded) do
      if name:find("^intent_webhook%.number_words%.") then package.loaded[name] = nil end
    end
    number_words.languages()
    number_words.of("xx", 10)
    number_words.of("vi", 10)
    local read = {}
    for name in pairs(package.loaded) do read[#read + 1] = name:match("^intent_webhook%.number_words%.(.*)") end
    assert.are.same({ "vi" }, read)
  end)
end)

describe("number_words.halves", function()
  local HALVES = {
    en = { ["half"] = 0.5, ["zero point five"] = 0.5, ["one and a half"] = 1.5, ["twenty and a half"] = 20.5,
      ["twenty point five"] = 20.5, ["twenty-one point five"] = 21.5, ["a hundred and a half"] = 100.5 },
    de = { ["null Komma fünf"] = 0.5, ["anderthalb"] = 1.5, ["eineinhalb"] = 1.5, ["zwanzigeinhalb"] = 20.5,
      ["einundzwanzigeinhalb"] = 21.5, ["einundzwanzig Komma fünf"] = 21.5, ["zwanzig komma fuenf"] = 20.5,
      ["hundertzweieinhalb"] = 102.5 },
    fr = { ["un demi"] = 0.5, ["un et demi"] = 1.5, ["une et demie"] = 1.5, ["vingt et demi"] = 20.5,
      ["vingt virgule cinq"] = 20.5, ["vingt et un virgule cinq"] = 21.5 },
    nl = { ["een half"] = 0.5, ["anderhalf"] = 1.5, ["tweeënhalf"] = 2.5, ["twintig en een half"] = 20.5,
      ["twintig komma vijf"] = 20.5, ["eenentwintig komma vijf"] = 21.5 },
    vi = { ["không phẩy năm"] = 0.5, ["hai rưỡi"] = 2.5, ["hai mươi rưỡi"] = 20.5, ["hai mươi phẩy năm"] = 20.5,
      ["một trăm phẩy năm"] = 100.5 },
    es = { ["veinte y medio"] = 20.5, ["veinte coma cinco"] = 20.5 },
    it = { ["venti e mezzo"] = 20.5, ["venti virgola cinque"] = 20.5 },
    pt = { ["vinte e meio"] = 20.5, ["vinte vírgula cinco"] = 20.5 },
    sv = { ["tjugo och en halv"] = 20.5, ["tjugo komma fem"] = 20.5 },
    da = { ["halvanden"] = 1.5, ["tyve komma fem"] = 20.5 },
    nb = { ["halvannen"] = 1.5, ["tjue komma fem"] = 20.5 },
  }

  for language, spellings in pairs(HALVES) do
    it("knows how halves are said in " .. language, function()
      local numbers = by_words(number_words.halves(language, 1000))
      for words, number in pairs(spellings) do
        assert(numbers[fold(words)] == number, ("%s: %s"):format(words, tostring(numbers[fold(words)])))
      end
    end)
  end

  it("leaves out what means fifty in Vietnamese", function()
    assert.is_nil(by_words(number_words.halves("vi", 1000))[fold "một trăm rưỡi"])
  end)

  it("spells every half once, and none as another number", function()
    each_language(function(language, list)
      local halves = number_words.halves(language, 1000)
      assert.are.equal(HALVES[language] ~= nil, halves ~= nil, language)
      local numbers, expected = by_words(list), 0.5
      for _, pair in ipairs(halves or {}) do
        local words = fold(pair[1])
        if numbers[words] then error(("%s: %s"):format(language, words)) end
        numbers[words] = pair[2]
        if pair[2] ~= expected then expected = expected + 1 end
        if pair[2] ~= expected then error(("%s has no %s"):format(language, expected)) end
      end
      if halves then assert.are.equal(999.5, expected, language) end
    end)
  end)

  it("stops at the greatest number asked for", function()
    local list = number_words.halves("en", 3)
    assert.are.equal(2.5, list[#list][2])
    list = number_words.halves("en", 2.5)
    assert.are.equal(2.5, list[#list][2])
    assert.are.same({}, number_words.halves("en", 0.4))
    list = number_words.halves("en", 1e9)
    assert.are.equal(999.5, list[#list][2])
  end)

  it("is nil for a language without them, or that is not known", function()
    assert.is_nil(number_words.halves("ja", 10))
    assert.is_nil(number_words.halves("xx", 10))
    assert.are.same(number_words.halves("de", 10), number_words.halves("de-AT", 10))
  end)
end)

describe("number_words.languages", function()
  it("lists the languages that there are files of, sorted", function()
    local files = {}
    for name in process.shell("ls lua/intent_webhook/number_words"):gmatch("(%a+)%.lua") do files[#files + 1] = name end
    table.sort(files)
    assert.are.same(files, number_words.languages())
  end)

  it("lists no language that the spec has no words of", function()
    each_language(function(language) assert.is_not_nil(SPOKEN[language], language) end)
  end)
end)
