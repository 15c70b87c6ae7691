-- Sentences as the core's Lua object: what the Lua half of the module builds on, and what happens when it is misused.

local core = require "intent_webhook.core"
local process = require "spec.support.process"

local unpack = table.unpack or unpack -- luacheck: compat

-- A description of one intent, "one", with these templates.
local function of(templates, slots, more)
  local description = { intents = { { name = "one", slots = slots or {}, blocks = { { templates = templates } } } } }
  for name, value in pairs(more or {}) do description[name] = value end
  return description
end

local function compile(...)
  local made, mistakes = core.sentences(of(...))
  assert(made, mistakes[1] and mistakes[1].message)
  return made
end

local function values(name, ...)
  local list = {}
  for index, one in ipairs { ... } do list[index] = type(one) == "table" and one or { one } end
  return { name = name, kind = "values", values = list }
end

local function lamps()
  local lists = { values("lamp", { "hall lamp", "hall" }, "Attic"), { name = "n", kind = "range", from = 0, to = 100 } }
  return compile({ "turn on {lamp} [to {n}]" }, { "lamp", "n" }, { lists = lists })
end

-- What the core finds, as a table; or nil, and whether the text is too long.
local function find(sentences, text, options)
  options = options or {}
  local given = { context = options.context, best_slot = options.best_slot }
  local slots, spans, intent, block, template, score, context, ambiguous =
    sentences:match(text, given, nil, options.types)
  if not slots then return nil, spans end
  return { slots = slots, spans = spans, intent = intent, block = block, template = template, score = score,
    context = context, ambiguous = ambiguous }
end

local function slots_of(sentences, text, options)
  local match = find(sentences, text, options)
  return match and match.slots
end

local function message_of(...)
  local good, problem = pcall(...)
  assert.is_false(good)
  return problem
end

describe("slots of a type of their own", function()
  local TYPES = { lists = { { name = "date", kind = "type" } } }
  local sentences

  before_each(function()
    sentences = compile({ "on {date} [until {date:last}]", "at {date} go" }, { "date", "last" }, TYPES)
  end)
  after_each(function() sentences:close() end)

  -- A recogniser that has these results at one place, and nothing elsewhere.
  local function only_at(place, ...)
    local results = { n = select("#", ...), ... }
    return function(_, _, at)
      if at == place then return unpack(results, 1, results.n) end
    end
  end

  it("are what the function says of the text, from a place to the last byte", function()
    local text = "on Monday, until monday"
    local match = find(sentences, text, { types = function(list, whole, at)
      assert.are.same({ "date", text }, { list, whole })
      if whole:sub(at, at + 5):lower() == "monday" then return at + 5, at end
    end })
    assert.are.same({ date = 4, last = 18 }, match.slots)
    assert.are.same({ date = { 4, 9 }, last = { 18, 23 } }, match.spans)
  end)

  it("are strings, numbers or booleans", function()
    for _, value in ipairs { "x", "", "a\0b", 5, 2.5, -1, true, false } do
      assert.are.equal(value, slots_of(sentences, "on monday", { types = only_at(4, 9, value) }).date)
    end
  end)

  it("may have several candidates at a place, of which one fits the rest", function()
    local types = only_at(4, 7, "next", 12, "next week", 19, "next week friday")
    for _, date in ipairs { "next", "next week", "next week friday" } do
      assert.are.same({ date = date }, slots_of(sentences, "on " .. date, { types = types }))
      assert.are.same({ date = date }, slots_of(sentences, "at " .. date .. " go", { types = types }))
    end
    assert.is_nil(slots_of(sentences, "on next weekend", { types = types }))
  end)

  it("are asked for at most once at each place, and only where they can stand", function()
    local asked = {}
    local function types(_, _, at)
      asked[at] = (asked[at] or 0) + 1
      return at + 5, "x"
    end
    assert.is_table(find(sentences, "on monday until friday", { types = types }))
    assert.are.same({ [4] = 1, [17] = 1 }, asked)
    asked = {}
    assert.is_nil(find(sentences, "off monday", { types = types }))
    assert.are.same({}, asked)
  end)

  it("match nothing without the function", function()
    assert.is_nil(slots_of(sentences, "on monday"))
    assert.is_nil(slots_of(sentences, "on monday", {}))
  end)

  it("are nothing when what the function returns makes no sense", function()
    local nonsense = { { 9 }, { 9, nil }, { 9, {} }, { 9, print }, { "9", "x" }, { true, "x" }, { nil, "x" },
      { 0, "x" }, { -1, "x" }, { 3, "x" }, { 2, "x" }, { 10, "x" }, { 1e300, "x" }, { -1e300, "x" }, { 0 / 0, "x" },
      { 1 / 0, "x" } }
    for index, one in ipairs(nonsense) do
      assert.is_nil(slots_of(sentences, "on monday", { types = only_at(4, one[1], one[2]) }), "number " .. index)
    end
    local many = {}
    for index = 1, 200 do many[2 * index - 1], many[2 * index] = 9, index end
    assert.is_table(slots_of(sentences, "on monday", { types = only_at(4, unpack(many)) }))
    assert.are.same({ date = "y" }, slots_of(sentences, "on monday", { types = only_at(4, 9, {}, 9, "y") }))
  end)

  it("raise what the function raised, when the search is over, and nothing is broken", function()
    local raised, calls = {}, 0
    local function types()
      calls = calls + 1
      error(raised)
    end
    assert.are.equal(raised, message_of(sentences.match, sentences, "on monday until friday", nil, nil, types))
    assert.are.equal(1, calls)
    assert.are.equal(raised, message_of(sentences.explain, sentences, "on monday", nil, nil, types))
    assert.are.same({ date = 1 }, slots_of(sentences, "on monday", { types = only_at(4, 9, 1) }))
  end)

  it("may want more memory than there is", function()
    local status, output, errors = process.run({ "sh", "-c", 'ulimit -v 200000 && exec "$0" -e "$1"',
      process.interpreter(), [[
        local core = require "intent_webhook.core"
        local intent = { name = "i", priority = 0, slots = { "date" }, blocks = { { templates = { "on {date}" } } } }
        local lists = { { name = "date", kind = "type" } }
        local sentences = assert(core.sentences { phrases = {}, lists = lists, intents = { intent } })
        local function greedy(_, _, at)
          local kept = {}
          while at == 4 do kept[#kept + 1] = ("x"):rep(1000000) .. #kept end
        end
        print(pcall(sentences.match, sentences, "on monday", nil, nil, greedy))
        collectgarbage()
        print((sentences:match("on monday", nil, nil, function(_, _, at) if at == 4 then return 9, 1 end end)).date)
      ]] })
    assert.are.same({ 0, "false\tnot enough memory\n1\n", "" }, { status, output, errors })
  end)

  it("may change what was given with the message", function()
    local given = { context = { [("k"):rep(50)] = ("v"):rep(100) }, best_slot = ("no such slot "):rep(4) }
    local context = { [("k"):rep(50)] = ("v"):rep(100) }
    local _, _, _, _, _, _, found = sentences:match("on monday", given, nil, function(_, _, at)
      given.context[("k"):rep(50)], given.best_slot, given.context = nil, nil, nil
      collectgarbage()
      for index = 1, 100 do given[index] = ("x"):rep(100) .. index end
      if at == 4 then return 9, "x" end
    end)
    assert.are.same(context, found)
  end)

  it("may use, change and close the sentences that ask for them", function()
    local asked = 0
    local function types(_, _, at)
      if at ~= 4 then return nil end
      asked = asked + 1
      if asked == 1 then
        assert.are.same({ date = "y" }, slots_of(sentences, "on monday", { types = only_at(4, 9, "y") }))
        assert.is_string(sentences:dump())
        assert.is_table(sentences:yields())
        sentences:close()
      end
      collectgarbage()
      return 9, "x"
    end
    assert.are.same({ date = "x" }, slots_of(sentences, "on monday", { types = types }))
    assert.is_string(message_of(sentences.match, sentences, "on monday"))
  end)

end)

describe("a description of sentences", function()
  it("raises when it is malformed", function()
    local function with(name, value) return of({ "x" }, {}, { [name] = value }) end
    local function intent(one) return { intents = { one } } end
    local function block(name, value)
      return intent { name = "one", blocks = { { templates = { "x" }, [name] = value } } }
    end
    local malformed = { 5, "x", { intents = 5 }, intent(5), intent {}, intent { name = {} },
      intent { name = "one", priority = "high" }, intent { name = "one", slots = { {} } },
      intent { name = "one", blocks = { 5 } }, block("templates", { {} }), block("templates", "x"),
      block("priority", {}), block("phrases", { { "p" } }), block("phrases", { 5 }), block("slots", { 5 }),
      block("requires", { "x" }), block("excludes", { true }), block("slots", { { "x", {} } }),
      block("slots", { { {}, 1 } }), block("requires", { {} }), block("requires", { { "k", { {} } } }),
      block("excludes", { { "k", { print } } }), block("keywords", { {} }), block("lists", { { kind = "values" } }),
      with("phrases", { p = 1, { "p", {} } }), with("skip_words", { {} }), with("number_words", { { "one" } }),
      with("number_words", { { 1, {} } }), with("number_words", { 5 }), with("lists", { { name = "l" } }),
      with("lists", { { name = "l", kind = "x" } }), with("lists", { { name = "l", kind = "range", from = "0" } }),
      with("lists", { { name = "l", kind = "values", values = { 5 } } }), with("lists", { values("l", { {} }) }),
      with("lists", { values("l", { "x", {} }) }), with("lists", { values("l", { "x", 1, 5 }) }),
      with("lists", { values("l", { "x", 1, { "a" } }) }), with("lists", { values("l", { "x", 1, { a = {} } }) }) }
    for index, description in ipairs(malformed) do
      assert.is_string(message_of(core.sentences, description), "number " .. index)
    end
    assert.is_string(message_of(core.sentences))
    collectgarbage()
  end)

  it("that is empty makes sentences that match nothing", function()
    for _, description in ipairs { {}, { intents = {} }, { intents = { { name = "one" } } }, of {} } do
      local sentences = assert(core.sentences(description))
      assert.is_nil(find(sentences, "x"))
      assert.are.same({}, sentences:explain("x"))
      assert.are.same({}, sentences:yields())
      assert(core.sentences_load(sentences:dump())):close()
      sentences:close()
    end
  end)

  it("has a list of its mistakes, each with its place", function()
    local made, mistakes = core.sentences(of({ "fine", "a (b", "{l} {x}" }, { "l" },
      { lists = { values("l", "fine", "[c") } }))
    assert.is_nil(made)
    local brief = {}
    for index, one in ipairs(mistakes) do
      assert.are.equal("error", one.level)
      assert.is_string(one.message)
      brief[index] = ("%s %s %s %s"):format(one.code, one.template or one.list, one.value or "-", one.column)
    end
    table.sort(brief)
    assert.are.same({ "unbalanced 2 - 3", "unbalanced l 2 1", "unknown_list 3 - 5" }, brief)
  end)
end)

describe("compiled sentences", function()
  it("survive being dumped and loaded", function()
    local sentences = lamps()
    local loaded = assert(core.sentences_load(sentences:dump()))
    assert.are.equal(sentences:dump(), loaded:dump())
    for _, text in ipairs { "turn on hall lamp", "Turn on ATTIC to 50", "turn on attic to 101", "turn" } do
      assert.are.same(find(sentences, text), find(loaded, text))
      assert.are.same(sentences:explain(text), loaded:explain(text))
    end
    assert.are.same(sentences:sample(1, 20), loaded:sample(1, 20))
    assert.are.same(sentences:yields(), loaded:yields())
    assert.is_true(loaded:size() > 0)
  end)

  it("are dumped with the lists that they were compiled with", function()
    local sentences = lamps()
    local before = sentences:dump()
    assert.is_true(sentences:set_list("lamp", values("lamp", "cellar")))
    assert.are.equal(before, sentences:dump())
  end)

  it("are refused when damaged, with a sentence that says so", function()
    local bytes = lamps():dump()
    local function refused(content)
      local loaded, problem = core.sentences_load(content)
      assert.is_nil(loaded)
      assert.is_string(problem)
    end
    refused ""
    refused "hello"
    refused(bytes .. "\0")
    refused(bytes .. bytes)
    for at = 1, #bytes, 7 do
      refused(bytes:sub(1, at - 1))
      refused(bytes:sub(1, at - 1) .. string.char((bytes:byte(at) + 1) % 256) .. bytes:sub(at + 1))
    end
    assert.is_string(message_of(core.sentences_load))
    assert.is_string(message_of(core.sentences_load, {}))
  end)

  it("leave a result as it is when a list is replaced and the sentences are closed", function()
    local sentences = lamps()
    local match = find(sentences, "turn on attic to 5")
    assert.is_true(sentences:set_list("lamp", values("lamp", { "cellar", 7 })))
    assert.are.same({ lamp = 7 }, slots_of(sentences, "turn on cellar"))
    assert.is_nil(find(sentences, "turn on attic"))
    sentences:close()
    collectgarbage()
    assert.are.same({ lamp = "attic", n = 5 }, match.slots)
    assert.are.same({ lamp = { 9, 13 }, n = { 18, 18 } }, match.spans)
  end)

  it("refuse a list that they do not have, and keep theirs when the new one has mistakes", function()
    local sentences = lamps()
    assert.are.equal('there is no list of values "desk"', message_of(sentences.set_list, sentences, "desk",
      values("desk", "x")))
    assert.are.equal('there is no list of values "n"', message_of(sentences.set_list, sentences, "n", values("n", "x")))
    assert.is_string(message_of(sentences.set_list, sentences, "lamp", { name = "lamp" }))
    assert.is_string(message_of(sentences.set_list, sentences, "lamp"))
    local set, mistakes = sentences:set_list("lamp", values("lamp", "x", "(y"))
    assert.is_nil(set)
    assert.are.same({ "unbalanced", 2 }, { mistakes[1].code, mistakes[1].value })
    assert.is_table(find(sentences, "turn on attic"))
  end)

  it("can be closed twice, and raise when they are used after that", function()
    local sentences = lamps()
    find(sentences, "turn on attic")
    sentences:close()
    sentences:close()
    local calls = { match = { "x" }, explain = { "x" }, set_list = { "lamp", values("lamp", "x") }, sample = { 1 },
      yields = {}, dump = {}, size = {} }
    for method, arguments in pairs(calls) do
      assert.are.equal("the sentences are closed", message_of(sentences[method], sentences, unpack(arguments)), method)
    end
    sentences:close()
  end)

  it("are the only thing that their methods take", function()
    local sentences = lamps()
    assert.are.equal("protected", getmetatable(sentences))
    for _, method in ipairs { "match", "explain", "set_list", "sample", "yields", "dump", "size", "close" } do
      for _, other in ipairs { 5, {}, io.stdout, "x" } do
        assert.is_string(message_of(sentences[method], other, "x"), method)
      end
    end
    assert.is_table(find(sentences, "turn on attic"))
  end)

  it("are freed by the garbage collector, thousands of them, used or not", function()
    local function make(count)
      local description = of({ "say {x} (to|for) {y}" }, { "x", "y" }, { lists = { values("y", "me", "you") } })
      local bytes = core.sentences(description):dump()
      for index = 1, count do
        local sentences = index % 2 == 0 and core.sentences_load(bytes) or core.sentences(description)
        if index % 3 == 0 then find(sentences, "say hello to you") end
        if index % 5 == 0 then sentences:set_list("y", values("y", "them")) end
        if index % 7 == 0 then sentences:close() end
        if index % 11 == 0 then pcall(core.sentences, of({ {} })) end
        if index % 100 == 0 then collectgarbage() end -- Lua does not know how much memory they hold
      end
      collectgarbage()
    end
    local function resident()
      local file = io.open("/proc/self/statm")
      if not file then return 0 end
      local pages = file:read("*n", "*n") and select(2, file:seek("set"), file:read("*a"):match("^%d+ (%d+)"))
      file:close()
      return tonumber(pages) * 4096
    end
    make(1000)
    local before = resident()
    make(4000)
    assert.is_true(resident() - before < 8 * 2 ^ 20, ("%d bytes more"):format(resident() - before))
  end)
end)

describe("matching", function()
  it("tells of a text that is beyond the limits, and is as good as before after it", function()
    local sentences = compile({ "say {x}" }, { "x" })
    local match, too_long = find(sentences, "say " .. ("x"):rep(core.most_text_bytes - 4))
    assert.are.same({ core.most_text_bytes - 4, nil }, { #match.slots.x, too_long })
    match, too_long = find(sentences, "say " .. ("x"):rep(core.most_text_bytes - 3))
    assert.are.same({ n = 2, nil, true }, { n = 2, match, too_long })
    match, too_long = find(sentences, "hello")
    assert.are.same({ n = 2, nil, false }, { n = 2, match, too_long })
    assert.is_table(find(sentences, "say x"))
  end)

  it("gives up, and says so, when a text fits in too many ways", function()
    local parts, slots = {}, {}
    for index = 1, 60 do parts[index], slots[index] = ("[{w%d} a]"):format(index), "w" .. index end
    local sentences = compile({ table.concat(parts, " ") .. " end" }, slots)
    local match, too_long = find(sentences, ("b a "):rep(12000) .. "end")
    assert.are.same({ n = 2, nil, true }, { n = 2, match, too_long })
    assert.is_table(find(sentences, "b a b a end"))
  end)

  it("takes any bytes, and gives those of slots as they were", function()
    local sentences = compile({ "say {x}" }, { "x" })
    for _, text in ipairs { "a\0b", "\255\254", "a\240\159\146\161b", "\237\160\128", "x\194" } do
      assert.are.equal(text, slots_of(sentences, "say " .. text).x)
    end
    assert.is_nil(find(sentences, ""))
    assert.is_string(message_of(sentences.match, sentences))
    assert.is_string(message_of(sentences.match, sentences, {}))
  end)

  it("has whole numbers up to 2^53, and doubles beyond", function()
    local most = 2 ^ 53
    local sentences = compile({ "n {n}", "v {v}" }, { "n", "v" }, { lists = {
      { name = "n", kind = "range", from = -2 ^ 60, to = 2 ^ 60 },
      values("v", { "most", most - 1 }, { "least", 1 - most }, { "more", 2 ^ 60 }, { "part", 0.1 }, { "huge", 1e300 }),
    } })
    local function is(expected, text)
      local slots = slots_of(sentences, text)
      local value = slots.n or slots.v
      assert.are.equal(expected, value)
      return value
    end
    is(most - 1, "n 9007199254740991")
    is(-7, "n -7")
    is(1 - most, "v least")
    is(2 ^ 60, "v more")
    is(0.1, "v part")
    is(1e300, "v huge")
    if rawget(math, "type") then -- so that JSON has no ".0" behind them
      assert.are.equal("integer", rawget(math, "type")(is(most - 1, "v most")))
      assert.are.equal("integer", rawget(math, "type")(is(7, "n 7")))
    end
  end)

  it("raises for options that are malformed", function()
    local sentences = lamps()
    local many = {}
    for index = 1, 65 do many["k" .. index] = index end
    local malformed = { { context = 5 }, { context = { 1 } }, { context = { a = {} } }, { context = many },
      { best_slot = {} }, { types = 5 } }
    for index, one in ipairs(malformed) do
      for _, method in ipairs { sentences.match, sentences.explain } do
        local given = { context = one.context, best_slot = one.best_slot }
        local message = message_of(method, sentences, "x", given, nil, one.types)
        assert.is_string(message, "number " .. index)
      end
    end
    assert.is_table(find(sentences, "turn on attic", { context = { a = 1, b = "x", c = true }, best_slot = "lamp" }))
  end)

  it("returns nothing for options that may be wrong, when it is told the names of slots", function()
    local sentences, slots = lamps(), { lamp = true }
    local many, most = {}, {}
    for index = 1, 65 do many["k" .. index] = index end
    for index = 1, 64 do most["k" .. index] = -index end
    local doubtful = { 5, "context", { contxt = {} }, { 1 }, { context = 5 }, { context = { "a" } },
      { context = { [""] = 1 } }, { context = { ["a\0b"] = 1 } }, { context = { ["é"] = 1 } },
      { context = { a = {} } }, { context = { a = 0 / 0 } }, { context = { a = 1 / 0 } }, { context = { a = 2 ^ 53 } },
      { context = { a = -2 ^ 53 } }, { context = many }, { best_slot = 5 }, { best_slot = "n" },
      { best_slot = "lamp\0" }, { session = 5 }, { session = "a\0b" }, setmetatable({}, {}) }
    for index, given in ipairs(doubtful) do
      assert.are.equal(0, select("#", sentences:match("turn on attic", given, slots)), "number " .. index)
      assert.are.equal(0, select("#", sentences:explain("turn on attic", given, slots)), "number " .. index)
      assert.is_false(core.is_plain_message(given, slots), "number " .. index)
    end
    for index, given in ipairs { {}, { session = "s", best_slot = "lamp", context = { a = "", b = false, c = 0.5 } },
      { context = most }, { context = { a = 2 ^ 53 - 1 } } } do
      assert.are.same({ lamp = "attic" }, (sentences:match("turn on attic", given, slots)), "number " .. index)
      assert.is_true(core.is_plain_message(given, slots), "number " .. index)
    end
    assert.are.same({ lamp = "attic" }, (sentences:match("turn on attic", nil, slots)))
    assert.is_string(message_of(sentences.match, sentences, "turn on attic", {}, 5))
    assert.is_string(message_of(core.is_plain_message, {}))
  end)

  -- Finalizers run whenever Lua takes memory, in the middle of anything.
  local function with_finalizer(action, body)
    local running = true
    local function arm()
      local newproxy = rawget(_G, "newproxy") -- 5.1, where tables have no finalizers
      local one = newproxy and newproxy(true)
      local function finalize()
        if not running then return end
        action()
        arm()
      end
      if one then
        getmetatable(one).__gc = finalize
      else
        setmetatable({}, { __gc = finalize })
      end
    end
    collectgarbage("setpause", 100)
    collectgarbage("setstepmul", 4000)
    for _ = 1, 20 do arm() end
    local good, problem = pcall(body)
    running = false
    collectgarbage("setpause", 200)
    collectgarbage("setstepmul", 200)
    collectgarbage()
    assert(good, problem)
  end

  it("is not disturbed by finalizers that match, replace lists, sample and close", function()
    local sentences = lamps()
    local own = { match = function() sentences:match("turn on attic to 7", { context = { b = "other" } }) end,
      sample = function() sentences:sample(1, 3) end, yields = function() sentences:yields() end,
      set_list = function() sentences:set_list("lamp", values("lamp", { "hall lamp", "hall" })) end }
    for name, action in pairs(own) do
      with_finalizer(action, function()
        for index = 1, 2000 do
          local given = { context = { ["key" .. index] = "a value of the context " .. index } }
          local match = find(sentences, "turn on hall lamp to 50", given)
          assert.are.same({ "hall", 50 }, { match.slots.lamp, match.slots.n }, name)
          assert.are.same(given.context, match.context, name)
          if index % 20 == 0 then
            assert.are.equal(10, #sentences:sample(1, 10), name)
            assert.is_table(sentences:explain("turn on hall lamp to 50")[1].slots)
          end
        end
      end)
    end
    local closing = {}
    for index = 1, 50 do closing[index] = lamps() end
    local current
    with_finalizer(function() if current then current:close() end end, function()
      for _, one in ipairs(closing) do
        current = one
        local good, slots = pcall(one.match, one, "turn on hall lamp to 50")
        assert.is_true(not good or slots.lamp == "hall")
      end
      current = nil
    end)
  end)

  it("works in coroutines, one after the other, with one object", function()
    local sentences = lamps()
    local threads = {}
    for index = 1, 20 do
      threads[index] = coroutine.wrap(function()
        for number = 1, 5 do coroutine.yield(find(sentences, ("turn on attic to %d"):format(index + number))) end
      end)
    end
    for number = 1, 5 do
      for index, thread in ipairs(threads) do assert.are.equal(index + number, thread().slots.n) end
    end
  end)
end)

describe("samples", function()
  it("are numbered by intent, and none for a number that no intent has", function()
    local sentences = lamps()
    assert.are.equal(3, #sentences:sample(1, 3))
    for _, number in ipairs { 0, 2, 1000 } do assert.are.same({}, sentences:sample(number)) end
    assert.is_string(message_of(sentences.sample, sentences))
    assert.is_string(message_of(sentences.sample, sentences, "x"))
  end)
end)
