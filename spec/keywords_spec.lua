-- Rules of keywords, and which of several kinds of rules wins.

local said = require "intent_webhook.said"
local keywords = require "intent_webhook.keywords"
local check = require "intent_webhook.check"
local webhook = require "intent_webhook"

local function client_of(intents)
  local path = os.tmpname()
  os.remove(path)
  return assert(webhook.new { history = path, intents = intents })
end

local function make(words)
  local mistakes = check.mistakes()
  local rule = keywords.new(mistakes, "rule", webhook.keywords(words))
  assert.are.same({}, mistakes.list)
  return rule
end

local function mistake_of(words)
  local mistakes = check.mistakes()
  keywords.new(mistakes, "rule", webhook.keywords(words))
  local first = mistakes:first()
  return first and first.path .. ": " .. first.message
end

describe("keywords", function()
  local BOOK = { any = { "book", "reserve" }, all = { "table" }, none = { "cancel" } }

  for _, case in ipairs {
    { "book a table", true }, { "I'd like to RESERVE the table.", true }, { "table? reserve!", true },
    { "book a chair", false }, { "a table please", false }, { "cancel the table that I book", false },
    { "books on tables", false }, { "", false }, { "táble bóok", true }, { "ｂｏｏｋ ｔａｂｌｅ", true },
  } do
    it(("%s %q"):format(case[2] and "take" or "do not take", case[1]), function()
      assert.are.equal(case[2], make(BOOK):match(case[1]) ~= nil)
    end)
  end

  it("of several words stand one behind the other", function()
    local rule = make { all = { "credit card", "lost" } }
    assert.is_table(rule:match("I have lost my credit card"))
    assert.is_table(rule:match("lost: Credit-Card"))
    assert.is_nil(rule:match("lost my card, no credit"))
    assert.is_table(make { any = { "credit card" } }:match("a credit credit card"))
  end)

  it("score the share of letters and digits that are theirs", function()
    local _, score = make(BOOK):match("book table")
    assert.are.equal(1, score)
    _, score = make(BOOK):match("book a nice table")
    assert.are.equal(9 / 14, score)
    _, score = make { any = { "four" } }:match("four four")
    assert.are.equal(4 / 8, score)
  end)

  it("say what is wrong with them", function()
    assert.are.equal("rule.keywords: has no words: list some in any, or in all", mistake_of {})
    assert.are.equal("rule.keywords: has no words: list some in any, or in all", mistake_of { none = { "a" } })
    assert.are.equal("rule.keywords.any[2]: has no letter and no digit: write a word",
      mistake_of { any = { "a", "!" } })
    assert.are.equal('rule.keywords.every: is no option: known are any, all, none', mistake_of { every = { "a" } })
    assert.are.equal("rule.keywords.any: must be a list, got a string: list words, like { \"book\", \"reserve\" }",
      mistake_of { any = "book" })
  end)

  -- A generator of our own, so that a failure can be seen again.
  local state = 4711
  local function random(most)
    state = state * 48271 % 2147483647
    return state % most + 1
  end

  local function words(most, from)
    local list = {}
    for index = 1, random(most + 1) - 1 do
      list[index] = from[random(#from)]
      if random(4) == 1 then list[index] = list[index] .. " " .. from[random(#from)] end
    end
    return list
  end

  it("are found by their index as by asking each", function()
    local letters = { "a", "b", "c", "d", "e", "f" }
    for _ = 1, 200 do
      local rules = {}
      while #rules < 8 do
        local given = { any = words(3, letters), all = words(2, letters), none = words(1, letters) }
        if given.any[1] or given.all[1] then rules[#rules + 1] = make(given) end
      end
      local index = keywords.index(rules)
      local text = table.concat(words(8, letters), " ")
      local message, candidate = said.new(text), {}
      for _, number in ipairs(index:candidates(message)) do candidate[number] = true end
      for number, rule in ipairs(rules) do
        if rule:match(text) then assert.is_true(candidate[number] or false, text) end
      end
    end
  end)
end)

describe("of rules of several kinds", function()
  it("the one with the higher priority wins, then with the higher score, then the first", function()
    local function match(intents, text)
      local found = client_of(intents):match(text)
      return found and found.intent
    end
    local words = webhook.keywords { any = { "order" } }
    local loud = { name = "loud", rules = { words }, priority = 1 }
    local near = { name = "near", rules = { "order a pizza" } }
    local far = { name = "far", rules = { { pattern = "^order" } } }
    assert.are.equal("loud", match({ near, far, loud }, "order a pizza"))
    assert.are.equal("near", match({ far, near }, "order a pizza"))
    local word = { name = "word", rules = { words } }
    assert.are.equal("word", match({ far, word }, "order it")) -- 5 of 7 letters, and 5 of 8 bytes
    assert.are.equal("far", match({ far, word }, "order"))
  end)

  it("those that are as good are reported as ambiguous, whatever their kind", function()
    local function rule() return { slots = {}, rules = { function() return {}, 0.5 end } } end
    local one, two, three = rule(), rule(), rule()
    one.name, two.name, three.name = "one", "two", "three"
    assert.are.same({ "two", "three" }, client_of({ one, two, three }):match("x").ambiguous)
    three.priority = 1
    assert.is_nil(client_of({ one, two, three }):match("x").ambiguous)

    local word = { name = "word", rules = { webhook.keywords { any = { "half" } } } }
    local pattern = { name = "pattern", rules = { { pattern = "half" } } }
    local found = client_of({ word, pattern }):match("half")
    assert.are.equal("word", found.intent)
    assert.are.same({ "pattern" }, found.ambiguous)
    found = client_of({ { name = "a", rules = { function() return {}, 0.5 end } }, word }):match("half four")
    assert.are.equal("a", found.intent)
    assert.are.same({ "word" }, found.ambiguous)
    local sentence = { name = "sentence", rules = { "half {rest}" }, slots = { "rest" } }
    found = client_of({ { name = "a", rules = { function() return {}, 4 / 9 end } }, sentence }):match("half four")
    assert.are.equal("sentence", found.intent) -- 5 of 9
    assert.is_nil(found.ambiguous)
    found = client_of({ word, { name = "b", rules = { { pattern = "half", slots = {} } }, priority = -1 } })
    assert.is_nil(found:match("half four").ambiguous)
  end)

  it("explain lists each with the reason", function()
    local client = client_of { { name = "word", rules = { webhook.keywords { any = { "order" } } } },
      { name = "other", rules = { webhook.keywords { any = { "order" }, all = { "food" } } } } }
    local list = client:explain("order it")
    assert.are.equal("word", list[1].intent)
    assert.is_true(list[1].accepted)
    list = client:explain("eat")
    assert.are.equal("the text lacks a keyword, or has one that it must not have", list[1].detail)
  end)
end)
