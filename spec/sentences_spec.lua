-- Sentences through the API: what users can write, and ask.

local process = require "spec.support.process"
local webhook = require "intent_webhook"

describe("sentences", function()
  local folder, client

  setup(function() folder = process.temporary_folder() end)
  teardown(function() process.remove(folder) end)
  after_each(function()
    if client then client:close(5) end
    client = nil
  end)

  local function lights()
    return {
      history = folder .. "/history.db",
      lists = {
        area = { "kitchen", { "living room", value = "living_room" }, { "(bath|rest)room", value = "bath" } },
        percent = { from = 0, to = 100 },
        anything = webhook.wildcard,
      },
      phrases = { turn = "(turn|switch|put)", the = "[the|my]" },
      skip_words = { "please" },
      intents = {
        {
          name = "light_on",
          slots = { "area", { name = "brightness", optional = true } },
          rules = { "<turn> on <the> {area} light[s]", "<the> {area} lights on [to {percent:brightness}]" },
        },
        { name = "say", slots = { "text" }, rules = { "say {anything:text}" } },
      },
    }
  end

  local function new(options)
    if client then client:close(5) end
    client = assert(webhook.new(options or lights()))
    return client
  end

  -- A client of one intent whose rules are given.
  local function of_rules(slots, rules, more)
    local declared = {}
    for index, name in ipairs(slots) do declared[index] = { name = name, optional = true } end
    local options = { history = folder .. "/history.db" }
    options.intents = { { name = "one", slots = declared, rules = rules } }
    for name, value in pairs(more or {}) do options[name] = value end
    return new(options)
  end

  local function slots_of(text, given)
    local match = client:match(text, given)
    return match and match.slots
  end

  describe("match", function()
    it("says which intent a text is of, with slots, their places in the text, and the sentence", function()
      new()
      local text = "Please switch on the LIVING ROOM lights!"
      local match = client:match(text)
      assert.are.equal("light_on", match.intent)
      assert.are.equal(1, match.rule)
      assert.are.same({ area = "living_room" }, match.slots)
      assert.are.equal("LIVING ROOM", text:sub(match.spans.area[1], match.spans.area[2]))
      assert.are.equal("<turn> on <the> {area} light[s]", match.template)
      assert.is_nil(match.missing)
      assert.is_nil(match.ambiguous)
      assert.is_nil(client:match("switch on the garden lights"))
    end)

    it("fires nothing", function()
      new()
      assert.is_table(client:match("put on my kitchen light"))
      assert.are.equal(0, client:stats().fired)
    end)

    it("scores the share of the text that wildcards did not take", function()
      new()
      assert.are.equal(1, client:match("kitchen lights on to 50").score)
      local score = client:match("say something long").score
      assert.is_true(score > 0 and score < 0.5, tostring(score))
    end)

    it("has values of lists, numbers of ranges, and the text that wildcards took", function()
      new()
      assert.are.same({ area = "bath", brightness = 40 }, slots_of "restroom lights on to 40")
      assert.are.same({ area = "bath" }, slots_of "bathroom lights on")
      assert.are.same({ area = "kitchen", brightness = 21 }, slots_of "the kitchen lights on to twenty-one")
      assert.is_nil(slots_of "kitchen lights on to 101")
      assert.are.same({ text = "Hello, World" }, slots_of "say Hello, World")
    end)

    it("says which required slots are missing", function()
      new { history = folder .. "/h.db", intents = { { name = "call", slots = { "a", "b" }, rules = { "call {a}" } } } }
      assert.are.same({ "b" }, client:match("call Ann").missing)
    end)

    it("works for patterns and functions, which have no sentence", function()
      of_rules({ "n" }, { { pattern = "no (%d+)", slots = { "n" } }, function(text)
        if text == "seven" then return { n = 7 }, 0.5 end
      end })
      local match = client:match("order no 12")
      assert.are.same({ 1, "12" }, { match.rule, match.slots.n })
      assert.is_nil(match.template)
      assert.is_nil(match.spans)
      match = client:match("seven")
      assert.are.same({ 2, 7, 0.5 }, { match.rule, match.slots.n, match.score })
    end)

    it("tells of what functions raised, also when nothing matched", function()
      of_rules({}, { function(text) if text ~= "fine" then error("broken", 0) end end, "hello" })
      local match, errors = client:match("x")
      assert.is_nil(match)
      assert.are.equal("intents[1].rules[1]", errors[1].where)
      assert.are.equal("intents[1].rules[1]", client:match("hello").errors[1].where)
      assert.are.same({ n = 0 }, { n = select("#", client:match("fine")) - 2 })
    end)

    it("says of a text beyond 64 KiB that no sentence was compared with it", function()
      of_rules({ "x" }, { "say {x}", { pattern = "(end)$", slots = { "x" } } })
      assert.are.equal(60000, #client:match("say " .. ("x"):rep(60000)).slots.x)
      local match, errors = client:match("say " .. ("x"):rep(65536))
      assert.is_nil(match)
      assert.are.same({ where = "text", message = "is too long: 65540 bytes were not compared with the sentences; "
        .. "the most is 65536" }, errors[1])
      match = client:match("say " .. ("x"):rep(65536) .. "end")
      assert.are.same({ 2, "text" }, { match.rule, match.errors[1].where })
    end)

    it("says of a text that fits in too many ways that the search was given up", function()
      local parts, slots = {}, {}
      for index = 1, 60 do parts[index], slots[index] = ("[{w%d} a]"):format(index), "w" .. index end
      of_rules(slots, { table.concat(parts, " ") .. " end" })
      local match, errors = client:match(("b a "):rep(12000) .. "end")
      assert.is_nil(match)
      assert.are.same({ { where = "text", message = "is too much for the sentences: its 48003 bytes fit them in so "
        .. "many ways that the search was given up" } }, errors)
      assert.are.equal("text", client:message(("b a "):rep(12000) .. "end").errors[1].where)
    end)

    it("is not explained as a match where the search was given up", function()
      of_rules({ "a", "b", "c" }, { "[{a}] go {b} [to {c}]" })
      local text = ("go to "):rep(8000)
      local match, errors = client:match(text)
      assert.is_nil(match)
      local entries, explained = client:explain(text)
      assert.are.same({ {}, errors }, { entries, explained })
      assert.is_nil(select(2, client:explain("go to")))
    end)

    it("raises for options that are wrong, at the caller's line", function()
      new()
      local many = {}
      for index = 1, 65 do many["key" .. index] = index end
      local wrong = {
        [{ context = { a = {} } }] = "client:match: context.a: must be a string or a number or true or false, got a t",
        [{ context = many }] = "client:match: context: has 65 keys, but 64 is the most",
        [{ context = { "a" } }] = "client:match: context%[1%]: has no name",
        [{ best_slot = "are" }] = 'client:match: best_slot: no intent has the slot "are": did you mean "area"%?',
        [{ contxt = {} }] = 'client:match: contxt: is no option: did you mean "context"%?',
      }
      for given, message in pairs(wrong) do
        local good, problem = pcall(function() client:match("x", given) end)
        assert.is_false(good)
        assert.is_truthy(problem:find("^spec/sentences_spec.lua:%d+: " .. message), problem)
      end
      assert.has_error(function() client:match(5) end, "client:match: text: must be a string, got a number")
      for _, name in ipairs { "match", "message", "explain" } do
        local good, problem = pcall(function() client[name](client, "x", 5) end)
        assert.is_false(good)
        assert.is_truthy(problem:find("^spec/sentences_spec.lua:%d+: client:" .. name .. ": options: must be a table"))
      end
    end)

    it("takes options that are unusual, and right", function()
      of_rules({ "area" }, { { sentences = { "go" }, requires_context = { ["größe"] = 2 ^ 60, ok = true } } })
      local context = { ["größe"] = 2 ^ 60, ok = true }
      assert.are.same(context, client:match("go", { context = context }).context)
      assert.is_table(client:match("go", setmetatable({}, { __index = { context = context } })))
      assert.is_table(client:match("go", setmetatable({ context = context }, { __pairs = error })))
      assert.are.equal("fired", client:message("go", { context = context, session = "s" }).status)
      assert.is_nil(client:explain("go", { context = context })[1].reason)
    end)

    it("checks options where no rule is a sentence, and hands the session to functions", function()
      of_rules({ "x" }, { function(_, event) return event.session and { x = event.session } end })
      assert.are.same({ x = "s" }, client:match("go", { session = "s" }).slots)
      assert.is_nil(client:match("go"))
      for _, name in ipairs { "match", "message", "explain" } do
        local good, problem = pcall(function() client[name](client, "go", { sesion = "s" }) end)
        assert.is_false(good)
        assert.is_truthy(problem:find("^spec/sentences_spec.lua:%d+: client:" .. name .. ": sesion: is no option"))
      end
    end)
  end)

  describe("a rule with sentences", function()
    it("has fixed slots, which what is said goes before, and hands on response and metadata", function()
      of_rules({ "domain", "area" }, { { sentences = { "lights on", "lights on in {area} [as {domain}]" },
        slots = { domain = "light", area = "all" }, response = "done", metadata = { id = 5 } } },
        { lists = { area = { "hall" }, domain = { "lamp" } } })
      local match = client:match("lights on")
      assert.are.same({ domain = "light", area = "all" }, match.slots)
      assert.are.equal("done", match.response)
      assert.are.same({ id = 5 }, match.metadata)
      assert.are.same({ domain = "lamp", area = "hall" }, slots_of "lights on in hall as lamp")
    end)

    it("asks for a context: a value, one of several, any, and may copy it to a slot", function()
      of_rules({ "room", "area", "domain" }, {
        { sentences = { "one" }, requires_context = { domain = "light" } },
        { sentences = { "two" }, requires_context = { domain = { "light", "switch" } } },
        { sentences = { "three" }, requires_context = { area = true } },
        { sentences = { "four" }, requires_context = { area = { slot = true } } },
        { sentences = { "five" }, requires_context = { area = { slot = "room", value = { "hall", "attic" } } } },
      })
      assert.is_nil(slots_of "one")
      assert.is_nil(slots_of("one", { context = { domain = "switch" } }))
      assert.are.same({}, slots_of("one", { context = { domain = "light" } }))
      assert.are.same({}, slots_of("two", { context = { domain = "switch" } }))
      assert.is_nil(slots_of("two", { context = { domain = "fan" } }))
      assert.are.same({}, slots_of("three", { context = { area = "x" } }))
      assert.is_nil(slots_of("three", { context = { are = "x" } }))
      assert.are.same({ area = "x" }, slots_of("four", { context = { area = "x" } }))
      assert.are.same({ room = "attic" }, slots_of("five", { context = { area = "attic" } }))
      assert.is_nil(slots_of("five", { context = { area = "cellar" } }))
    end)

    it("may not match in a context, nor without one of its keywords", function()
      of_rules({ "what" }, {
        { sentences = { "open {what}" }, excludes_context = { domain = { "cover", "lock" } } },
        { sentences = { "{what} off" }, required_keywords = { "timer", "alarm" } },
      })
      assert.are.same({ what = "it" }, slots_of("open it", { context = { domain = "light" } }))
      assert.is_nil(slots_of("open it", { context = { domain = "lock" } }))
      assert.are.same({ what = "the Alarm" }, slots_of "the Alarm off")
      assert.is_nil(slots_of "the light off")
    end)

    it("has phrases and lists of its own, which go before the client's", function()
      of_rules({ "size" }, {
        { sentences = { "<give> {size}" }, phrases = { give = "give me" }, lists = { size = { "small" } } },
        { sentences = { "<give> the {size} one" } },
      }, { phrases = { give = "hand over" }, lists = { size = { "large" } } })
      assert.are.same({ size = "small" }, slots_of "give me small")
      assert.is_nil(slots_of "hand over small")
      assert.are.same({ size = "large" }, slots_of "hand over the large one")
      assert.is_nil(slots_of "hand over the small one")
    end)

    it("wins by its priority before all else", function()
      of_rules({ "x" }, { "play {x}", { sentences = { "{x}" }, priority = 1 } })
      assert.are.equal(2, client:match("play it").rule)
    end)
  end)

  describe("lists", function()
    it("have values with a context, which the sentence can ask for, and templates", function()
      of_rules({ "name" }, { { sentences = { "turn on {name}" }, requires_context = { domain = "light" } } },
        { lists = { name = { { "[the] lamp", value = 1, context = { domain = "light" } },
          { "fan", value = true, context = { domain = "fan" } } } } })
      local match = client:match("turn on the lamp")
      assert.are.same({ name = 1 }, match.slots)
      assert.are.same({ domain = "light" }, match.context)
      assert.is_nil(client:match("turn on fan"))
    end)

    it("gives a slot the value as it is listed, its own value, or what was said of several texts", function()
      of_rules({ "size" }, { "a {size} cup" }, { lists = { size = { values = { " Größe [drei] ", "Café",
        { "Enormous", context = { big = true } }, { "X\\-L", value = "xl" }, "\\[small\\]", { "(very|really) large" },
        { "never", value = false } }, typos = true } } })
      assert.are.same({ size = "Café" }, slots_of "a CAFE cup")
      assert.are.same({ size = "Enormous" }, slots_of "a enormus cup")
      assert.are.same({ size = "xl" }, slots_of "a x-l cup")
      assert.are.same({ size = "grösse Drei" }, slots_of "a grösse Drei cup")
      assert.are.same({ size = "REALLY large" }, slots_of "a REALLY large cup")
      assert.are.same({ size = false }, slots_of "a never cup")
    end)

    it("may be exact in case and accents, or forgive a letter", function()
      local function with(options)
        options.values = { "Straßenlaterne", "café" }
        of_rules({ "name" }, { "turn on {name}" }, { lists = { name = options } })
      end
      with {}
      assert.is_table(slots_of "turn on strassenlaterne")
      assert.is_table(slots_of "turn on CAFE")
      assert.is_nil(slots_of "turn on Strasenlaterne")
      with { typos = true }
      assert.is_table(slots_of "turn on Strasenlaterne")
      with { exact_case = true }
      assert.is_nil(slots_of "turn on CAFÉ")
      assert.is_table(slots_of "turn on café")
      with { exact_accents = true }
      assert.is_nil(slots_of "turn on cafe")
      assert.is_table(slots_of "turn on café")
    end)

    it("may be ranges with steps, a multiplier, fractions, digits only or words only", function()
      local function with(range, text)
        of_rules({ "n" }, { "set {n} now" }, { lists = { n = range } })
        local slots = slots_of("set " .. text .. " now")
        return slots and slots.n
      end
      assert.are.equal(50, with({ from = 0, to = 100, step = 10 }, "50"))
      assert.is_nil(with({ from = 0, to = 100, step = 10 }, "55"))
      assert.are.equal(125, with({ from = 0, to = 100, multiplier = 2.5 }, "50"))
      assert.are.equal(20.5, with({ from = 0, to = 100, fractions = "halves" }, "20.5"))
      assert.are.equal(20.5, with({ from = 0, to = 100, fractions = "halves" }, "twenty and a half"))
      assert.are.equal(0.3, with({ from = 0, to = 1, fractions = "tenths" }, "0.3"))
      assert.is_nil(with({ from = 0, to = 100 }, "20.5"))
      assert.are.equal(12, with({ from = 0, to = 100 }, "twelve"))
      assert.is_nil(with({ from = 0, to = 100, words = false }, "twelve"))
      assert.are.equal(12, with({ from = 0, to = 100, digits = false }, "twelve"))
      assert.is_nil(with({ from = 0, to = 100, digits = false }, "12"))
    end)

    it("may be types, which take what is one, and nothing else, at their place", function()
      local lists = { day = { type = "date" }, hour = { type = "time" }, count = { type = "integer", max = 10 } }
      of_rules({ "date", "time", "note", "count" }, { "remind me {day:date} {hour:time} to {note}", "{count} eggs" },
        { lists = lists, zone = "UTC", now = function() return 1764064800 end }) -- 2025-11-25
      assert.are.same({ date = "2025-12-24", time = "19:00", note = "call home" },
        slots_of("Remind me 24 December 7 pm to call home"))
      assert.are.same({ date = "2025-11-26", time = "19:30", note = "call home" },
        slots_of("remind me tomorrow 19:30 to call home"))
      assert.is_nil(slots_of("remind me someday 7 pm to call home"))
      assert.are.same({ count = 10 }, slots_of("10 eggs"))
      assert.are.same({ count = 4 }, slots_of("four eggs"))
      assert.is_nil(slots_of("11 eggs"))
      local explained = client:explain("ten eggs")
      assert.is_true(explained[1].accepted)
      assert.has_error(function() client:set_list("day", { "x" }) end,
        'client:set_list: the list "day" has no values, so they cannot be replaced')
    end)

    it("take number words of a language, those that are listed, or none", function()
      local function with(words, text)
        of_rules({ "n" }, { "{0..100:n} eggs" }, { number_words = words })
        local slots = slots_of(text .. " eggs")
        return slots and slots.n
      end
      assert.are.equal(21, with(nil, "twenty one"))
      assert.are.equal(21, with("de", "einundzwanzig"))
      assert.is_nil(with("de", "twenty one"))
      assert.are.equal(12, with({ { "a dozen", 12 } }, "a dozen"))
      assert.is_nil(with(false, "twelve"))
      assert.are.equal(12, with(false, "12"))
    end)

    it("report number words that are wrong, and nothing else", function()
      local wrong = { { { "dozen" }, "[1][2]" }, { { "dozen", 1 / 0 }, "[1][2]" }, { { "", 3 }, "[1][1]" },
        { { "!", 3 }, "[1][1]" }, { { "\255", 3 }, "[1][1]" }, { { 12, "dozen" }, "[1][1]" },
        { { "a", 1, x = 2 }, "[1].x" }, { "dozen", "[1]" },
        { setmetatable({}, { __index = { "dozen", 12 } }), "[1][1]" } }
      for index, one in ipairs(wrong) do
        local mistakes = webhook.check { history = "unused.db", number_words = { one[1] },
          intents = { { name = "i", slots = { "n" }, rules = { "{0..100:n} eggs" } } } }
        assert.are.equal("number_words" .. one[2], mistakes[1].path, "number " .. index)
        assert.is_nil(mistakes[3], "number " .. index)
      end
    end)

    it("are no more needed for a slot that takes any text", function()
      of_rules({ "who" }, { "call {who}" })
      assert.are.same({ who = "Ann Lee" }, slots_of "call Ann Lee")
    end)

    it("need no spaces where white space is ignored", function()
      of_rules({ "x" }, { "turn on {x}" }, { lists = { x = { "the lamp" } }, ignore_whitespace = true })
      assert.are.same({ x = "the lamp" }, slots_of "turnonthe lamp")
    end)
  end)

  describe("intents that fit no less", function()
    it("are named", function()
      new { history = folder .. "/h.db", intents = { { name = "one", rules = { "help me" } },
        { name = "two", rules = { "[please] help me" } },
        { name = "three", rules = { "help {x}" }, slots = { "x" } } } }
      local match = client:match("help me")
      assert.are.equal("one", match.intent)
      assert.are.same({ "two" }, match.ambiguous)
      assert.are.same({ "two" }, client:message("help me").ambiguous)
      assert.is_nil(client:message("please help me").ambiguous)
    end)
  end)

  describe("message", function()
    it("takes a context and a slot that counts most", function()
      of_rules({ "area", "name" }, { { sentences = { "lights on" }, requires_context = { area = { slot = true } } },
        "turn on {name} [lamp]" }, { lists = { name = { "hall", "hall lamp" } } })
      assert.are.equal("unmatched", client:message("lights on").status)
      local result = client:message("lights on", { context = { area = "kitchen" }, session = "s" })
      assert.are.same({ "fired", "kitchen" }, { result.status, result.slots.area })
      assert.are.equal("hall lamp", client:message("turn on hall lamp", { best_slot = "name" }).slots.name)
      assert.has_error(function() client:fire("one", {}, { context = {} }) end)
    end)
  end)

  describe("explain", function()
    it("lists every candidate by rank, with the reason why it lost", function()
      new { history = folder .. "/h.db", intents = {
        { name = "any", slots = { "x" }, rules = { "play {x}" } },
        { name = "song", slots = { "x" }, rules = { { pattern = "^play (.*)", slots = { "x" } },
          "play {x} loudly", function() return { x = "?" }, 0.01 end } },
      } }
      local list = client:explain("play it loudly")
      local brief = {}
      for index, one in ipairs(list) do
        brief[index] = ("%d %s %d %s"):format(one.rank, one.intent, one.rule, one.reason or "wins")
        assert.is_true(one.accepted)
        assert.is_true(one.reason == nil or type(one.reason) == "string")
      end
      assert.are.equal("1 song 2 wins", brief[1])
      assert.are.equal(4, #brief)
      local reasons = {}
      for _, one in ipairs(list) do reasons[one.intent .. one.rule] = one.reason end
      assert.are.same({ any1 = "free", song1 = "score", song3 = "score" }, reasons)
      assert.are.equal("play {x} loudly", list[1].template)
      assert.are.same({ x = "it" }, list[1].slots)
      assert.are.equal(client:match("play it loudly").intent, list[1].intent)
    end)

    it("names what a context lacked, and what functions raised", function()
      of_rules({}, { { sentences = { "go" }, requires_context = { area = "x" } }, function() error("broken", 0) end })
      local list = client:explain("go")
      assert.are.same({ "context_missing", "error" }, { list[1].reason, list[2].reason })
      assert.are.equal("broken", list[2].detail)
      assert.is_false(list[1].accepted)
      assert.are.equal("context_differs", client:explain("go", { context = { area = "y" } })[1].reason)
      assert.is_nil(client:explain("go", { context = { area = "x" } })[1].reason)
    end)

    it("says in a sentence what the context or the text lacked, and gives no score", function()
      local function first(rule, given, more)
        of_rules({ "x" }, { rule }, more)
        local one = client:explain(given.text or "go", { context = given.context })[1]
        assert.is_false(one.accepted)
        assert.is_nil(one.score)
        return one.detail
      end
      local requires = { sentences = { "go" }, requires_context = { domain = "light" } }
      assert.are.equal('the context lacks "domain", which the rule requires', first(requires, {}))
      assert.are.equal("the context's \"domain\" is not one that the rule requires",
        first(requires, { context = { domain = "fan" } }))
      local excludes = { sentences = { "go [{x}]" }, excludes_context = { domain = "light" } }
      assert.are.equal("the context's \"domain\" is one that the rule excludes",
        first(excludes, { context = { domain = "light" } }))
      assert.are.equal("the context's \"domain\" is one that the rule excludes",
        first(excludes, { text = "go lamp" }, { lists = { x = { { "lamp", context = { domain = "light" } } } } }))
      assert.are.equal('the text has none of the words that the rule requires, such as "unlock"',
        first({ sentences = { "go" }, required_keywords = { "unlock", "open" } }, {}))
      assert.is_nil(client:explain("away")[1])
    end)

    it("says in a sentence what the best sentence has that others have not", function()
      local function second(rules, text, given, more)
        of_rules({ "x", "y" }, rules, more)
        local one = client:explain(text or "go on", given)[2]
        assert.is_true(one.accepted)
        assert.is_number(one.score)
        return one.reason .. ": " .. one.detail
      end
      assert.are.equal("priority: its priority is 0, that of the best sentence 3",
        second { "go on", { sentences = { "go on" }, priority = 3 } })
      assert.are.equal("order: the best sentence is as good, and defined before it", second { "go on", "go on" })
      assert.are.equal("wildcards: the best sentence has fewer wildcards",
        second({ "go on", "go {x}" }, nil, nil, { lists = { x = webhook.wildcard } }))
      assert.are.equal("literals: the best sentence says more characters of the text itself",
        second({ "go on", "go {x}" }, nil, nil, { lists = { x = { "on" } } }))
      assert.are.equal("conditions: the best sentence requires more of the context",
        second({ { sentences = { "go on" }, requires_context = { a = 1 } }, "go on" }, nil, { context = { a = 1 } }))
      assert.are.equal('best_slot: the best sentence has a longer value for "x"',
        second({ "{x} on", "go on" }, nil, { best_slot = "x" }, { lists = { x = { "go" } } }))
      assert.are.equal("typos: the best sentence has fewer typos in the text",
        second({ "{x}", "{y}" }, "bedroom", nil, { lists = {
          x = { "bedroom" }, y = { values = { "bedrooms" }, typos = true } } }))
      assert.are.equal("accents: the best sentence has fewer accents that differ from the text",
        second({ "{x}", "{y}" }, "café", nil, { lists = { x = { "café" }, y = { "cafe" } } }))
      assert.are.equal("free: the best sentence leaves fewer characters of the text to slots that take any",
        second({ "{x}", "go {x}" }))
    end)

    it("shows what came nearest when nothing matched", function()
      new()
      local list = client:explain("switch on the garden lights")
      assert.are.same({ "light_on", 1, "unmatched", false },
        { list[1].intent, list[1].rule, list[1].reason, list[1].accepted })
      assert.are.same({ 15, "the text does not fit from byte 15 on" }, { list[1].stopped, list[1].detail })
      list = client:explain("switch on the")
      assert.are.same({ 14, "the text ends where the sentence goes on" }, { list[1].stopped, list[1].detail })
    end)
  end)

  it("ask for all number words, whatever the ranges, and for halves only as far as they go", function()
    local number_words, asked = require "intent_webhook.number_words", {}
    local of, halves = number_words.of, number_words.halves
    finally(function() number_words.of, number_words.halves = of, halves end)
    number_words.of = function(language, most)
      if most > 1 then asked[#asked + 1] = most end -- 1: whether the language is known
      return of(language, most)
    end
    number_words.halves = function(language, most)
      asked[#asked + 1] = "halves " .. most
      return halves(language, most)
    end
    of_rules({ "n" }, { "{0..10:n} eggs" })
    assert.are.same({ 1000 }, asked)
    asked = {}
    of_rules({ "n" }, { "{n} eggs" }, { lists = { n = { from = 0, to = 5, fractions = "halves" } } })
    assert.are.same({ 1000, "halves 5" }, asked)
    assert.are.same({ n = 2.5 }, slots_of "two and a half eggs")
    asked = {}
    of_rules({}, { "eggs" })
    assert.are.same({}, asked)
  end)

  describe("set_list", function()
    it("replaces the values of a list from the next message on", function()
      new()
      assert.is_true(client:set_list("area", { "garden", { "shed", value = 7 } }))
      assert.are.same({ area = "garden" }, slots_of "put on the garden light")
      assert.are.same({ area = 7 }, slots_of "put on the shed light")
      assert.is_nil(slots_of "put on the kitchen light")
      assert.is_true(client:set_list("area", {}))
      assert.is_nil(slots_of "put on the garden light")
    end)

    it("keeps the options of the list unless it is given some", function()
      of_rules({ "x" }, { "on {x}" }, { lists = { x = { values = { "Lamp" }, exact_case = true } } })
      client:set_list("x", { "Fan" })
      assert.is_nil(slots_of "on fan")
      assert.is_table(slots_of "on Fan")
      client:set_list("x", { values = { "Fan" } })
      assert.is_table(slots_of "on fan")
    end)

    it("raises, naming the list and the value, and changes nothing", function()
      new()
      local wrong = {
        { "ara", {}, 'there is no list "ara": did you mean "area"?' },
        { "percent", {}, 'the list "percent" has no values' },
        { "area", 5, "area: must be a table, got a number" },
        { "area", { "a", 5 }, "area[2]: must be a string or a table, got a number" },
        { "area", { values = { "a", "b (c" } }, "area.values[2]: column 3: " },
        { "area", { from = 1, to = 2 }, "area: must be a list of values" },
        { "area", { "...", "(broken" }, "area[2]: column 1: " },
        { "area", { "<turn> x" }, "area[1]: names a phrase, which is not looked up in a list that is replaced: " },
        { "area", { "x", "{percent}" }, "area[2]: names a list, which is not looked up in a list that is replaced: " },
      }
      for _, one in ipairs(wrong) do
        local good, problem = pcall(function() client:set_list(one[1], one[2]) end)
        assert.is_false(good)
        assert.is_truthy(problem:find("client:set_list: " .. one[3], 1, true), problem)
        assert.is_truthy(problem:find("^spec/sentences_spec.lua:"), problem)
      end
      assert.are.same({ area = "kitchen" }, slots_of "put on the kitchen light")
    end)
  end)

  describe("sample", function()
    it("gives sentences that the intent accepts, all different, the same for the same seed", function()
      new()
      local sentences = client:sample("light_on", 20, 5)
      assert.are.equal(20, #sentences)
      assert.are.same(sentences, client:sample("light_on", 20, 5))
      assert.are_not.same(sentences, client:sample("light_on", 20, 6))
      local seen = {}
      for _, sentence in ipairs(sentences) do
        assert.is_nil(seen[sentence])
        seen[sentence] = true
        assert.are.equal("light_on", client:match(sentence).intent, sentence)
      end
      assert.are.equal(10, #client:sample("light_on"))
    end)

    it("gives none for an intent without sentences, and raises for none at all", function()
      of_rules({}, { { pattern = "x" } })
      assert.are.same({}, client:sample("one"))
      assert.has_error(function() client:sample("two") end, 'client:sample: there is no intent "two": known are one')
      assert.has_error(function() client:sample("one", 0) end, "client:sample: count: must be from 1 to 100000, got 0")
    end)
  end)

  describe("yields", function()
    it("says which slots each template gives always, and which sometimes", function()
      of_rules({ "a", "b", "c", "d" }, { "one {a} [two {b}]", { pattern = "x" },
        { sentences = { "three", "four {a}" }, slots = { c = 1 }, requires_context = { x = { slot = "d" } } } })
      assert.are.same({
        { intent = "one", rule = 1, template = "one {a} [two {b}]", always = { "a" }, sometimes = { "b" } },
        { intent = "one", rule = 3, template = "three", always = { "c", "d" }, sometimes = {} },
        { intent = "one", rule = 3, template = "four {a}", always = { "a", "c", "d" }, sometimes = {} },
      }, client:yields())
    end)
  end)

  describe("a compiled file", function()
    local path

    before_each(function() path = folder .. "/sentences.compiled" end)

    it("is read in place of compiling, and matches the same", function()
      new()
      assert.is_true(client:save_sentences(path))
      assert.are.equal("", process.shell(("ls %s | grep tmp"):format(process.quote(folder))))
      local options = lights()
      options.compiled = path
      new(options)
      assert.are.same({ area = "living_room" }, slots_of "please switch on the living room lights")
      assert.are.same({}, webhook.check(options))
      assert.is_true(client:set_list("area", { "shed" }))
      assert.are.same({ area = "shed" }, slots_of "switch on shed light")
    end)

    local function refusal(options)
      local made, message, code = webhook.new(options)
      assert.is_nil(made)
      local found = webhook.check(options)
      assert.are.same({ { path = "compiled", message = message, level = "error" } }, found)
      return code, message
    end

    it("is refused when it is not there, is something else, is damaged, or fits other definitions", function()
      new()
      assert.is_true(client:save_sentences(path))
      local options = lights()
      options.compiled = folder .. "/none"
      local code, message = refusal(options)
      assert.are.equal("unreadable", code)
      assert.is_truthy(message:find("intent-webhook compile", 1, true))
      options.compiled = folder
      assert.are.equal("unreadable", (refusal(options)))
      options.compiled = folder .. "/other"
      process.write_file(options.compiled, "hello\n")
      assert.are.equal("invalid", (refusal(options)))
      local content = process.read_file(path)
      for _, at in ipairs { #content - 3, math.floor(#content / 2) } do
        local byte = string.char((content:byte(at) + 1) % 256)
        process.write_file(options.compiled, content:sub(1, at - 1) .. byte .. content:sub(at + 1))
        code, message = refusal(options)
        assert.are.equal("invalid", code)
        assert.are.equal(options.compiled .. " is damaged: its checksum differs: make it again with intent-webhook "
          .. "compile, or leave compiled out", message)
      end
      process.write_file(options.compiled, content:sub(1, -10))
      assert.are.equal("invalid", (refusal(options)))
      local first_line = content:match("^[^\n]*\n")
      new { history = folder .. "/h.db", intents = { { name = "other", rules = { "go" } } } }
      assert.is_true(client:save_sentences(options.compiled))
      local other = process.read_file(options.compiled):gsub("^[^\n]*\n", "")
      process.write_file(options.compiled, first_line .. other)
      code, message = refusal(options)
      assert.are.equal("invalid", code)
      assert.is_truthy(message:find("its parts are of two files", 1, true), message)
      options.compiled = path
      options.lists.area[1] = "cellar"
      code, message = refusal(options)
      assert.are.equal("stale", code)
      assert.is_truthy(message:find("make it again with intent-webhook compile", 1, true), message)
    end)

    it("is stale when anything in a list's value or the number words is another", function()
      local function options_with(value, words)
        local options = lights()
        options.lists.area, options.number_words = { value }, words or { { "dozen", 12 } }
        return options
      end
      new(options_with({ "hall", context = { floor = 1 } }))
      assert.is_true(client:save_sentences(path))
      local same = options_with({ "hall", context = { floor = 1 } })
      same.compiled = path
      new(same)
      for index, other in ipairs { options_with("hall"), options_with({ "hall", context = { floor = 2 } }),
        options_with({ "hell", context = { floor = 1 } }), options_with({ "hall", value = 5, context = { floor = 1 } }),
        options_with({ "hall", context = { floor = 1 } }, { { "dozen", 13 } }) } do
        other.compiled = path
        assert.are.equal("stale", (refusal(other)), "number " .. index)
      end
    end)

    it("is for whatever order the names have in Lua's tables", function()
      new()
      assert.is_true(client:save_sentences(path))
      local first = process.read_file(path)
      local options, lists, phrases = lights(), {}, {}
      for _, name in ipairs { "percent", "anything", "area" } do lists[name] = options.lists[name] end
      for _, name in ipairs { "the", "turn" } do phrases[name] = options.phrases[name] end
      options.lists, options.phrases = lists, phrases
      new(options)
      assert.is_true(client:save_sentences(path))
      assert.are.equal(first, process.read_file(path))
    end)

    it("cannot be written everywhere, nor after a list was replaced, nor without sentences", function()
      new()
      local saved, message, code = client:save_sentences(folder .. "/no/such/folder")
      assert.is_nil(saved)
      assert.is_string(message)
      assert.are.equal("unwritable", code)
      client:set_list("area", { "x" })
      assert.has_error(function() client:save_sentences(path) end, 'client:save_sentences: the list "area" was '
        .. "replaced, so the file would fit no definition: save before set_list")
      of_rules({}, { { pattern = "x" } })
      assert.has_error(function() client:save_sentences(path) end,
        "client:save_sentences: the client has no sentences")
    end)
  end)

  describe("mistakes", function()
    local function lines(changes)
      local options = lights()
      for name, value in pairs(changes) do options[name] = value end
      local list = {}
      for index, one in ipairs(webhook.check(options)) do
        list[index] = (one.level == "warning" and "warning " or "") .. one.path .. ": " .. one.message
      end
      return list
    end

    -- The only mistake's path, and its message.
    local function only(changes)
      local list = lines(changes)
      assert(#list == 1, table.concat(list, "\n"))
      return list[1]
    end

    local function intents(...)
      return { intents = { { name = "one", slots = { { name = "x", optional = true } }, rules = { ... } } } }
    end

    it("of templates have the path of the rule, or of the sentence in it, and a column", function()
      assert.is_truthy(only(intents("fine", "call {y}")):find("^intents%[1%]%.rules%[2%]: column 6: "))
      local list = lines { intents = {
        { name = "one", rules = { "a" } },
        { name = "two", rules = { { pattern = "x" }, { sentences = { "b", "c (d" } } } },
      } }
      assert.are.equal(1, #list)
      assert.is_truthy(list[1]:find("^intents%[2%]%.rules%[2%]%.sentences%[2%]: column 3: "))
    end)

    it("of phrases and lists have the path of the definition, also of those of a rule", function()
      assert.is_truthy(only({ phrases = { turn = "(turn", the = "the" } }):find("^phrases.turn: column 1: "))
      local changed = lights().lists
      changed.area = { "fine", "b [c" }
      assert.is_truthy(only({ lists = changed }):find("^lists.area%[2%]: column 3: "))
      changed.area = { values = { "fine", { "b [c", value = 1 } } }
      assert.is_truthy(only({ lists = changed }):find("^lists.area.values%[2%]: column 3: "))
      assert.is_truthy(only(intents { sentences = { "<p> {x}" }, phrases = { p = "(a" } })
        :find("^intents%[1%].rules%[1%].phrases.p: column 1: "))
      assert.is_truthy(only(intents { sentences = { "set {x}" }, lists = { x = { "a", "b", "(c" } } })
        :find("^intents%[1%].rules%[1%].lists.x%[3%]: column 1: "))
    end)

    it("of options have the path of the option", function()
      local wrong = {
        ["lists.a: must be a table, got a string: list its values, give from and to, a type, or webhook.wildcard "
          .. "for any text"] = { lists = { a = "b" } },
        ['lists.a.type: is "dat", which is no type: did you mean "date"?'] = { lists = { a = { type = "dat" } } },
        ['lists.a.mn: is no option: did you mean "min"?'] = { lists = { a = { type = "number", mn = 1 } } },
        ["intents[1].rules[1].lists.a: is a type, which only the client's lists can be: move it there"] = {
          intents = { { name = "b", rules = { { sentences = { "b" }, lists = { a = { type = "date" } } } } } } },
        ["lists.a[1]: must be a string or a table, got a number: write a string, or "
          .. '{ "living room", value = "living_room" }'] = { lists = { a = { 5 } } },
        ["lists.a[1]: holds a NUL: remove it"] = { lists = { a = { "a\0b" } } },
        ["lists.a: has values beside options: move them into values = { ... }"] =
          { lists = { a = { "bathroom", typos = true } } },
        ["lists.a: is no list: for any text write webhook.wildcard in its place"] =
          { lists = { a = { wildcard = true } } },
        ["lists.a[1].value: must be a string or a number or true or false, got a table"] =
          { lists = { a = { { "x", value = {} } } } },
        ['lists.a[1].valu: is no option: did you mean "value"?'] = { lists = { a = { { "x", valu = 1 } } } },
        ["lists.a: ends at 1, before it begins at 5: exchange from and to"] = { lists = { a = { from = 5, to = 1 } } },
        ["lists.a: takes neither digits nor words: allow one of them"] =
          { lists = { a = { from = 0, to = 1, digits = false, words = false } } },
        ['lists.a.fractions: must be "halves" or "tenths"'] =
          { lists = { a = { from = 0, to = 1, fractions = "thirds" } } },
        ["phrases.p: must be a string, got a table: write a template"] = { phrases = { p = {} } },
        ["phrases[\"p \"]: begins or ends with white space: remove it, since <a name> is read without"] =
          { phrases = { ["p "] = "x" } },
        ["lists[\" a\"]: begins or ends with white space: remove it, since {a name} is read without"] =
          { lists = { [" a"] = { "x" } } },
        ["skip_words[1]: must be a string, got a number: write a word"] = { skip_words = { 5 } },
        ["number_words[1][2]: must be a number, got a string: give their number"] =
          { number_words = { { "dozen", "12" } } },
        ['intents[1].rules[1].slots.y: names the slot "y", which the intent does not have: known are x'] =
          intents { sentences = { "a" }, slots = { y = 1 } },
        ["intents[1].rules[1].slots.x: must be a string or a number or true or false, got a table"] =
          intents { sentences = { "a" }, slots = { x = {} } },
        ["intents[1].rules[1].requires_context.area.slot: names the slot \"area\", which the intent does not have: "
          .. "known are x"] = intents { sentences = { "a" }, requires_context = { area = { slot = true } } },
        ["intents[1].rules[1].excludes_context.on: is true: list the values, like { true }"] =
          intents { sentences = { "a" }, excludes_context = { on = true } },
        ["intents[1].rules[1].sentences: is empty: list what a person would say"] = intents { sentences = {} },
        ["intents[1].rules[1].sentences[1]: must be a string, got a number: write what a person would say"] =
          intents { sentences = { 5 } },
        ['intents[1].rules[1].sentence: is no option: did you mean "sentences"?'] =
          intents { sentences = { "a" }, sentence = "b" },
      }
      for message, changes in pairs(wrong) do
        if not changes.intents then changes.intents = { { name = "a", rules = { "a" } } } end
        assert.are.equal(message, only(changes))
      end
      if rawget(math, "type") then -- Lua 5.3 and later, which have whole numbers that a double has not
        local most, sentence = math.floor(2 ^ 53), ": is beyond 2^53 and would be rounded: write it as a string"
        local rules = { { name = "a", rules = { "a {l}" }, slots = { "l" } } }
        assert.are.equal("lists.l[2].value" .. sentence,
          only { lists = { l = { { "x", value = most }, { "y", value = most + 1 } } }, intents = rules })
        assert.are.equal("intents[1].rules[1].slots.x" .. sentence,
          only(intents { sentences = { "a" }, slots = { x = -most - 1 } }))
        new()
        assert.has_error(function() client:match("x", { context = { id = most + 1 } }) end,
          "client:match: context.id" .. sentence)
        client:match("x", { context = { id = most, other = 1e300 } })
      end
      local changes = { number_words = "tlh", intents = { { name = "a", rules = { "a" } } } }
      assert.is_truthy(only(changes):find('^number_words: has no words for "tlh": known are af, .*, en, .*, zh; or '))
      assert.are.equal('intents[1].rules: must be a list, got a string: write { "turn on the light" }',
        only { intents = { { name = "a", rules = "a" } } })
    end)

    it("of words name the word", function()
      local options = lights()
      options.skip_words = { "please", "!" }
      options.intents[1].rules = { { sentences = { "go" }, required_keywords = { "go", "?", "," } } }
      local paths = {}
      for _, mistake in ipairs(webhook.check(options)) do
        if mistake.message:find("holds nothing to compare with", 1, true) then paths[#paths + 1] = mistake.path end
      end
      assert.are.same({ "skip_words[2]", "intents[1].rules[1].required_keywords[2]",
        "intents[1].rules[1].required_keywords[3]" }, paths)
      options.skip_words[2] = ("x "):rep(70000)
      assert.has_error(function() webhook.new(options) end,
        "webhook.new: skip_words[2]: comes to more than 131072 characters: no message is that long")
    end)

    it("are all listed, in the order of the definition, and the first is raised", function()
      local options = lights()
      options.lists = { area = { "a", "(b" }, percent = 5 }
      options.intents = {
        { name = "one", rules = { "x)" }, actions = { { webhook = "ftp://x" } } },
        { name = "two", rules = { "y", "z {" } },
      }
      local paths = {}
      for index, one in ipairs(webhook.check(options)) do paths[index] = one.path end
      assert.are.same({ "lists.percent", "lists.area[2]", "intents[1].rules[1]", "intents[1].actions[1].webhook",
        "intents[2].rules[2]" }, paths)
      options.lists, options.intents[1].actions = nil, nil
      local good, problem = pcall(webhook.new, options)
      assert.is_false(good)
      assert.is_truthy(problem:find("webhook.new: intents[1].rules[1]: column 2: ", 1, true), problem)
    end)

    it("warn of a required slot that only some branches yield", function()
      local options = { history = folder .. "/h.db", intents = {
        { name = "one", slots = { "a", { name = "b", optional = true } }, rules = { "go [to {a}] [by {b}]" } },
      } }
      local list = webhook.check(options)
      assert.are.equal(1, #list)
      assert.are.same({ "warning", "intents[1].rules[1]" }, { list[1].level, list[1].path })
      assert.is_truthy(list[1].message:find('the slot "a" is required, but some branches', 1, true))
      assert(webhook.new(options)):close(5)
    end)

    it("warn of two intents that accept the same sentence, and show one", function()
      local list = webhook.check { history = folder .. "/h.db", intents = {
        { name = "one", rules = { "(turn|switch) it on" } }, { name = "two", rules = { "switch (it|them) on" } },
      } }
      assert.are.equal(1, #list)
      assert.are.equal("warning", list[1].level)
      assert.is_truthy(list[1].message:find("switch it on", 1, true), list[1].message)
    end)
  end)
end)
