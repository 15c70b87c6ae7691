local check = require "intent_webhook.check"
local grammar = require "intent_webhook.grammar"
local pattern = require "intent_webhook.pattern"
local rule = require "intent_webhook.rule"

local CLIENT = { lists = {}, phrases = {}, skip_words = {}, ignore_whitespace = false, number_words = false }

-- Sentences are matched by the core, all together; here one of them alone, with the interface of the other rules.
local function compile(mistakes, made, names)
  local outline = { path = "intent", names = names, priority = 0, rules = { made }, mistakes = mistakes }
  local compiled = grammar.new(mistakes, CLIENT, { outline }, false)
  return compiled and {
    match = function(_, message)
      local slots, _, _, _, _, score = compiled.core:match(message)
      if slots then return slots, score end
    end,
    yields = compiled:yields()[1],
  }
end

local function try(definition, names)
  local mistakes, slots = check.mistakes(), {}
  for _, name in ipairs(names or {}) do slots[name] = true end
  local made = rule.new(mistakes, "rule", definition, slots)
  if made and made.sentence then made = compile(mistakes, made, names or {}) end
  return made, mistakes.list
end

local function errors_of(list)
  local errors = {}
  for _, mistake in ipairs(list) do
    if mistake.level == "error" then errors[#errors + 1] = mistake end
  end
  return errors
end

local function make(definition, names)
  local made, list = try(definition, names)
  assert.are.same({}, errors_of(list))
  return made
end

local function match(definition, names, message)
  return make(definition, names):match(message, { intent = "test" })
end

local function mistakes_of(definition, names)
  local made, list = try(definition, names)
  assert.is_nil(made)
  return errors_of(list)
end

describe("a sentence", function()
  it("takes what stands in its holes", function()
    local sentence = make("for {name} on {date}, phone {phone}", { "name", "date", "phone" })
    assert.are.same({ name = "Ann Lee", date = "2026-03-15", phone = "+84 901" },
      (sentence:match("for Ann Lee on 2026-03-15, phone +84 901")))
  end)

  it("matches letters in either case and keeps the person's own in the slots", function()
    assert.are.same({ name = "ANN Lee" }, (match("Call {name} NOW", { "name" }, "cAlL ANN Lee nOw")))
  end)

  it("matches letters beyond ASCII in either case, and without their accents", function()
    for _, message in ipairs { "où est Ann", "OÙ est Ann", "ou est Ann", "ou\204\128 est Ann" } do
      assert.are.same({ what = "Ann" }, (match("où est {what}", { "what" }, message)), message)
    end
    assert.is_nil((match("où est {what}", { "what" }, "oui est Ann")))
  end)

  it("takes any run of white space for one space, ignores it at the ends, and keeps it in the slots", function()
    local message = "\t call\r\n Ann \t Lee\n back "
    assert.are.same({ name = "Ann \t Lee" }, (match("call  {name}  back", { "name" }, message)))
  end)

  it("ignores . ! ? at the end, its own and the message's", function()
    assert.are.same({ name = "Ann" }, (match("call {name}.", { "name" }, "call Ann")))
    assert.are.same({ name = "Ann" }, (match("call {name}", { "name" }, "call Ann ?!")))
    assert.are.same({}, (match("help", {}, "Help!")))
  end)

  it("matches only a whole message", function()
    assert.is_nil((match("call {name} back", { "name" }, "please call Ann back")))
    assert.is_nil((match("call {name} back", { "name" }, "call Ann back today")))
    assert.is_nil((match("help", {}, "help me")))
    assert.is_nil((match("help", {}, "")))
  end)

  it("needs a character in every hole", function()
    assert.is_nil((match("call {name}", { "name" }, "call")))
    assert.is_nil((match("call {name}", { "name" }, "call  ")))
    assert.is_nil((match("call {name} back", { "name" }, "call  back")))
    assert.is_nil((match("{a}, {b}", { "a", "b" }, ", b")))
    assert.is_nil((match("{a}, {b}", { "a", "b" }, "a, ")))
  end)

  it("trims what a hole took", function()
    assert.are.same({ a = "x", b = "y" }, (match("{a}:{b}", { "a", "b" }, "x : y")))
  end)

  it("gives each hole as little as it can, from left to right, and the last one the rest", function()
    assert.are.same({ a = "x", b = "y on z" }, (match("{a} on {b}", { "a", "b" }, "x on y on z")))
    assert.are.same({ a = "Ann", b = "Monday on 5", c = "7, phone 8" },
      (match("{a} on {b}, phone {c}", { "a", "b", "c" }, "Ann on Monday on 5, phone 7, phone 8")))
  end)

  it("gives the last hole all up to the text that ends the sentence", function()
    assert.are.same({ a = "x back, y" }, (match("call {a} back", { "a" }, "call x back, y back")))
    assert.is_nil((match("call {a} back", { "a" }, "call back")))
  end)

  it("does not mistake the start of a hole for the text behind it", function()
    assert.are.same({ a = "on", b = "x" }, (match("{a}on{b}", { "a", "b" }, "onon x")))
  end)

  it("takes a hole alone for every message, with the lowest score", function()
    local slots, score = match("{all}", { "all" }, " whatever it is. ")
    assert.are.same({ all = "whatever it is" }, slots)
    assert.are.equal(0, score)
  end)

  it("scores the share of the message that it says itself", function()
    local _, score = match("call {name}", { "name" }, "call Jonny")
    assert.are.equal(0.5, score)
    _, score = match("call me", {}, "Call me!")
    assert.are.equal(1, score)
  end)

  it("has brackets for what may be left out, and alternatives", function()
    for _, message in ipairs { "call Ann", "call back Ann", "ring Ann", "ring back Ann" } do
      assert.are.same({ name = "Ann" }, (match("(call|ring) [back] {name}", { "name" }, message)), message)
    end
    assert.is_nil((match("(call|ring) [back] {name}", { "name" }, "(call|ring) Ann")))
    assert.are.same({ n = "5" }, (match("\\(of\\) {n}", { "n" }, "(of) 5")))
  end)

  it("treats what is magic in Lua patterns as text", function()
    assert.are.same({ n = "5" }, (match("100% .- of %d {n}", { "n" }, "100% .- of %d 5")))
    assert.is_nil((match("100% .- of %d {n}", { "n" }, "100% all of 7 5")))
  end)

  it("takes bytes that are no UTF-8, and NUL, like any others", function()
    assert.are.same({ n = "a\0b\255c" }, (match("say {n}", { "n" }, "say a\0b\255c")))
  end)

  it("takes time in proportion to the message, also where a matcher that goes back would take for ever", function()
    local holes, names = {}, {}
    for index = 1, 12 do
      names[index] = "s" .. index
      holes[index] = "{s" .. index .. "}"
    end
    local long = make(table.concat(holes, " a ") .. " end", names)
    local before = os.clock()
    assert.is_nil((long:match(("a "):rep(50000), {})))
    assert.is_true(os.clock() - before < 1)
  end)

  it("finds a split whenever there is one, for thousands of random sentences and messages", function()
    local seed = 7
    local function random(most)
      seed = (seed * 16807) % 2147483647
      return seed % most + 1
    end
    local function text(letters, most)
      local parts = {}
      for index = 1, random(most) do parts[index] = letters[random(#letters)] end
      return table.concat(parts)
    end
    -- Tries every split: literals[1] {s1} literals[2] {s2} ...
    local function splits(message, literals, from, index)
      local literal = literals[index]
      if message:sub(from, from + #literal - 1) ~= literal then return false end
      from = from + #literal
      if index == #literals then return from == #message + 1 end
      for last = from, #message do
        if message:sub(from, last):find("%S") and splits(message, literals, last + 1, index + 1) then return true end
      end
      return false
    end
    local matched = 0
    for _ = 1, 20000 do
      local names, literals, parts = {}, { text({ "", "", "a" }, 1) }, {}
      for index = 1, random(3) do
        names[index], literals[index + 1] = "s" .. index, text({ "a", "b", "ab" }, 1)
      end
      for index, literal in ipairs(literals) do
        parts[index] = literal .. (names[index] and "{s" .. index .. "}" or "")
      end
      local sentence, message = table.concat(parts), text({ "a", "b", "a", "x", "a x" }, 8)
      local slots = make(sentence, names):match(message, {})
      assert(splits(message, literals, 1, 1) == (slots ~= nil), sentence .. " <- " .. message)
      if slots then
        matched = matched + 1
        for _, name in ipairs(names) do assert.is_truthy(slots[name]:find("^%S")) end
      end
    end
    assert.is_true(matched > 500)
  end)

  it("says which slots it yields", function()
    local yields = make("{a} and {b} [or {c}]", { "a", "b", "c" }).yields
    table.sort(yields.always)
    assert.are.same({ { "a", "b" }, { "c" } }, { yields.always, yields.sometimes })
  end)

  it("is refused with the reason when it is wrong", function()
    local wrong = { "", "for {nam}", "for {}", "{name} {phone}", "{name}{phone}", "for {name", "for name}",
      "for (a", "for a)", "for [a", "<unknown> a", "a ; b | c" }
    for _, definition in ipairs(wrong) do
      local list = mistakes_of(definition, { "name", "phone" })
      assert.are.equal(1, #list, definition)
      assert.are.equal("rule", list[1].path, definition)
      assert.is_truthy(#list[1].message > 10, definition)
    end
  end)
end)

describe("a pattern", function()
  it("names its captures", function()
    local names = { "order", "size" }
    assert.are.same({ order = "123", size = "L" },
      (match({ pattern = "order #(%d+), (%u)", slots = names }, names, "my order #123, L!")))
  end)

  it("finds its place in the message unless it is anchored", function()
    assert.is_nil((match({ pattern = "^order" }, {}, "my order")))
    assert.are.same({}, (match({ pattern = "order" }, {}, "my order")))
  end)

  it("leaves out the slot of a capture that took nothing", function()
    assert.are.same({ a = "1" }, (match({ pattern = "(%d)(%a*)", slots = { "a", "b" } }, { "a", "b" }, "1")))
  end)

  it("scores the share of the message that matched outside of captures", function()
    local _, score = match({ pattern = "no (%d+)", slots = { "n" } }, { "n" }, "no 12 345")
    assert.are.equal(3 / 9, score)
    _, score = match({ pattern = "((%d)%d)", slots = { "a", "b" } }, { "a", "b" }, "12")
    assert.are.equal(0, score)
  end)

  it("is refused with the reason when Lua would refuse it, however late", function()
    local wrong = {
      ["never reached ["] = "has a [ without its ]: write %[ for the character",
      ["[^]"] = "has a [ without its ]: write %[ for the character",
      ["(a"] = "has a ( without its ): write %( for the character",
      ["a)"] = "has a ) without its (: write %) for the character",
      ["a%"] = "ends with %: write %% for the character",
      ["a%b("] = "has %b without the two characters that it balances",
      ["%f"] = "has %f without a [set] behind it",
      ["%1(a)"] = "refers to capture %1, which is not complete there",
      ["(a%1)"] = "refers to capture %1, which is not complete there",
      ["%0"] = "refers to capture %0, which is not complete there",
      [("()"):rep(33)] = "has more than 32 captures",
    }
    for definition, message in pairs(wrong) do
      assert.are.same({ { path = "rule.pattern", message = message, level = "error" } },
        mistakes_of { pattern = definition })
    end
  end)

  it("is accepted whenever Lua takes it, and its captures are counted as Lua does", function()
    local captures = {
      ["[]]"] = 0, ["[^]]"] = 0, ["[%]]"] = 0, ["%b()"] = 0, ["%f[%w]%w+"] = 0, ["(a)(b(c))%3"] = 3, ["()"] = 1,
      ["a-%-"] = 0, ["[a-]"] = 0, ["%%"] = 0, ["(%()"] = 1, ["[(]"] = 0, ["^(a)$"] = 1,
    }
    for good, count in pairs(captures) do
      assert.are.equal(count, pattern.read(good))
      assert.has_no.errors(function() return ("a(b)c"):find(good) end)
    end
  end)

  it("never passes what Lua refuses, for thousands of random patterns", function()
    local letters = { "a", "b", "(", ")", "[", "]", "%", "^", "$", "-", "*", "1", "f", "." }
    local seed = 42
    local function random(most)
      seed = (seed * 16807) % 2147483647
      return seed % most + 1
    end
    for _ = 1, 20000 do
      local parts = {}
      for index = 1, random(8) do parts[index] = letters[random(#letters)] end
      local text = table.concat(parts)
      local captures = pattern.read(text)
      if captures then
        for _, subject in ipairs { "", "a", "ab1", "(a)", "a]b-1" } do
          local found = { pcall(string.find, subject, text) }
          assert(found[1], text .. ": " .. tostring(found[2]))
          if found[2] then assert.are.equal(captures, #found - 3, text) end
        end
      end
    end
  end)

  it("is refused when captures and names do not agree", function()
    assert.are.equal("has 1 capture but 0 names in slots: name each capture, in order",
      mistakes_of({ pattern = "(a)" })[1].message)
    assert.are.equal("has 0 captures but 1 name in slots: name each capture, in order",
      mistakes_of({ pattern = "a", slots = { "x" } }, { "x" })[1].message)
    local undeclared = mistakes_of({ pattern = "(a)", slots = { "ordr" } }, { "order" })[1]
    assert.are.equal("rule.slots[1]", undeclared.path)
    assert.are.equal('is "ordr", but the intent has no such slot: did you mean "order"?', undeclared.message)
    assert.are.equal('is "x" again: a slot has one value',
      mistakes_of({ pattern = "(a)(b)", slots = { "x", "x" } }, { "x" })[1].message)
  end)

  it("is refused when it is empty or has options that it does not know", function()
    assert.are.equal("is empty: it would match every message", mistakes_of({ pattern = "" })[1].message)
    local unknown = mistakes_of({ pattern = "a", slot = {} })[1]
    assert.are.same({ "rule.slot", 'is no option: did you mean "slots"?' }, { unknown.path, unknown.message })
    assert.are.equal("rule.pattern", mistakes_of({ pattern = 5 })[1].path)
  end)
end)

describe("a rule function", function()
  it("gets the message and its context, and returns slots and a score", function()
    local got
    local slots, score = make(function(message, context)
      got = { message, context.intent }
      return { n = 1 }, 0.25
    end):match("hello", { intent = "greet" })
    assert.are.same({ "hello", "greet" }, got)
    assert.are.same({ n = 1 }, slots)
    assert.are.equal(0.25, score)
  end)

  it("scores 1 without a score of its own", function()
    assert.are.equal(1, select(2, match(function() return {} end, {}, "x")))
  end)

  it("says that the message is not of its intent by nil or false", function()
    assert.is_nil((match(function() end, {}, "x")))
    assert.is_nil((match(function() return false end, {}, "x")))
  end)

  it("raises, naming where it stands, when it returns something else", function()
    assert.has_error(function() match(function() return 5 end, {}, "x") end)
    local _, problem = pcall(match, function() return "yes" end, {}, "x")
    assert.is_truthy(problem:find("spec/rule_spec.lua:%d+: the rule returned a string: return a table of slots"))
    for _, score in ipairs { -0.1, 1.1, 0 / 0, "high" } do
      _, problem = pcall(match, function() return {}, score end, {}, "x")
      assert.is_truthy(problem:find("return a number from 0 to 1", 1, true))
    end
  end)

  it("may yield any slot", function()
    assert.is_nil(make(function() end).yields)
  end)
end)

describe("a rule", function()
  it("is refused when it is none of the kinds", function()
    assert.are.equal("must be a sentence, a table with sentences, a pattern or keywords, or a function, got a number",
      mistakes_of(5)[1].message)
    local list = mistakes_of({ slots = {} })
    assert.are.same({ "rule.sentences",
      'must be a list, got nil: write { "what a person would say" }, or give a pattern' },
      { list[1].path, list[1].message })
  end)

  it("is told once what is wrong with it as a whole", function()
    local cases = {
      { { "a", "b" }, "rule", "is a list: write each sentence as a rule of its own, or { sentences = { ... } }" },
      { { sentences = { "a" }, pattern = "b" }, "rule",
        "a rule has sentences, a pattern or keywords, not several of them: make it several rules" },
      { { sentences = "a" }, "rule.sentences",
        'must be a list, got a string: write { "what a person would say" }, or give a pattern' },
    }
    for _, case in ipairs(cases) do
      local list = mistakes_of(case[1])
      assert.are.equal(1, #list)
      assert.are.same({ case[2], case[3] }, { list[1].path, list[1].message })
    end
  end)
end)
