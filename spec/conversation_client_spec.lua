-- Conversations through a client: sessions in stores, events on the wire, NLU results, tools.

local cjson = require "cjson"
local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local webhook = require "intent_webhook"

local NOW = 1764064800 -- Tuesday, 2025-11-25, 10:00 UTC

describe("a client's conversations", function()
  local folder, receiver, client

  setup(function()
    folder = process.temporary_folder()
    receiver = receivers.start()
  end)
  teardown(function()
    receiver:stop()
    process.remove(folder)
  end)
  after_each(function()
    if client then client:close(5) end
    client = nil
  end)

  local function new(more)
    local given = {
      history = folder .. "/history.db", zone = "UTC", now = function() return NOW end,
      keep_days = false, -- else the history would delete events of NOW as too old, sooner or later
      intents = {
        {
          name = "book_table", rules = { "i'd like to book a table [for {date}]" },
          slots = {
            { name = "party_size", type = "integer", min = 1, max = 20, prompt = "For how many?" },
            { name = "date", type = "date", prompt = "Which day?" },
            { name = "phone", type = "phone", region = "VN", prompt = "Your phone number?", sensitive = true },
          },
          actions = { { webhook = receiver:url("/hook") }, { reply = "Booked for {party_size}." } },
        },
        { name = "hours", rules = { "when do you open" }, actions = { { reply = "From 9 to 5." } } },
      },
    }
    for name, value in pairs(more or {}) do given[name] = value end
    client = assert(webhook.new(given))
    return client
  end

  local function say(...)
    local turn
    for _, text in ipairs { ... } do turn = assert(client:message(text, { session = "chat-42" })) end
    return turn
  end

  it("go from message to message by the session's name, and post once, in the end", function()
    new()
    assert.are.equal("collecting", say("I'd like to book a table for Saturday").status)
    assert.are.equal("unmatched", client:message("4", { session = "another" }).status)
    assert.are.equal("phone", say("4").slot)
    local turn = say("0901234567")
    assert.are.equal("fired", turn.status)
    assert.are.equal(turn.id, turn.events[1].id)
    assert.are.same({ "Booked for 4." }, turn.replies)
    assert.are.equal("Booked for 4.", turn.text)
    local delivery = assert(client:wait(turn.id))[1]
    assert.are.equal("delivered", delivery.status)
    assert.are.equal("chat-42", delivery.session)
    local requests = receiver:requests()
    assert.are.equal(1, #requests)
    assert.are.equal('{"party_size":4,"date":"2025-11-29","phone":"+84901234567"}', requests[1].body)
    assert.are.equal("unmatched", say("0901234567").status)
    assert.is_true(client:flush(5))
    assert.are.equal(1, client:stats().fired)
  end)

  it("are matched with values of their types, and the places of these", function()
    new()
    local text = "I'd like to book a table for Saturday evening, four people"
    local match = client:match(text)
    assert.are.same({ date = "2025-11-29", party_size = 4 }, match.slots)
    assert.are.equal("four", text:sub(match.spans.party_size[1], match.spans.party_size[2]))
    assert.are.equal("Saturday evening", text:sub(match.spans.date[1], match.spans.date[2]))
    assert.are.same({ "phone" }, match.missing)
    assert.are.same({ status = "incomplete", intent = "book_table", slots = match.slots, missing = { "phone" },
      score = match.score, rule = 1 }, client:message(text))
  end)

  it("say replies before what they ask for next", function()
    new()
    local turn = say("I'd like to book a table", "when do you open")
    assert.are.equal("From 9 to 5.\nFor how many?", turn.text)
    assert.are.equal("hours", turn.intent)
    assert.are.equal("book_table", turn.resumed)
  end)

  it("say what was given up before what actions say", function()
    local now = NOW
    new { now = function() return now end }
    say("I'd like to book a table")
    now = now + 1801
    local turn = say("when do you open")
    assert.are.equal("It has been a while, so I have dropped what we had begun.\nFrom 9 to 5.", turn.text)
    assert.is_true(turn.expired)
  end)

  it("ask for nothing more when an action hands over", function()
    new { intents = {
      { name = "order", rules = { "order" }, slots = { { name = "size", prompt = "Which size?" } } },
      { name = "human", rules = { "talk to a human" },
        actions = { { reply = "Somebody is coming." }, { handoff = "shop" } } },
    } }
    assert.are.equal("Which size?", say("order").text)
    local turn = say("talk to a human")
    assert.are.equal("fired", turn.status)
    assert.are.equal("shop", turn.handoff)
    assert.are.equal("Somebody is coming.", turn.text)
    assert.are.same({ "order" }, turn.dropped)
    assert.is_nil(turn.slot)
    assert.is_nil(turn.resumed)
    assert.are.equal("unmatched", say("large").status)
  end)

  it("need a name that is one", function()
    new()
    assert.has_error(function() client:message("hi", { session = "" }) end,
      "client:message: session: is empty: name the conversation, or leave session out")
    assert.has_error(function() client:nlu("{}", { session = "" }) end,
      "client:nlu: session: is empty: name the conversation, or give false for none")
    assert.has_error(function() client:step(nil, { txt = "hi" }) end,
      'client:step: input: has no text: write it like { text = "...", context = {} }')
  end)

  it("keep the session when the event is refused, so that the message can be sent again", function()
    new { queue_limit = 1 }
    say("I'd like to book a table for Saturday", "4")
    client.core:close(0)
    local turn, message, code = client:message("0901234567", { session = "chat-42" })
    assert.is_nil(turn)
    assert.is_string(message)
    assert.are.equal("closed", code)
    local session = client.sessions:get("chat-42", NOW)
    assert.are.equal("phone", session.forms[1].asked)
  end)

  it("have one event for two answers at once, whatever the store", function()
    -- both have read the session before either puts it back
    local stored, waiting = {}, nil
    new { sessions = {
      get = function(id)
        local text = stored[id]
        if waiting then
          local meanwhile = waiting
          waiting = nil
          meanwhile()
        end
        return text
      end,
      put = function(id, text, _, before)
        if stored[id] ~= before then return false end
        stored[id] = text
        return true
      end,
    } }
    say("I'd like to book a table for Saturday", "4")
    local first
    waiting = function() first = say("0901234567") end
    local second = say("0901234567")
    assert.are.equal("fired", first.status)
    assert.are.equal("unmatched", second.status)
    assert.are.equal(1, client:stats().fired)
    assert.are.same({}, stored)
    assert.is_true(client:flush(5))
  end)

  it("report what is wrong with the user's store, and fire nothing", function()
    new { sessions = { get = function() error("no store") end, put = function() return true end } }
    local turn, message, code = client:message("I'd like to book a table", { session = "a" })
    assert.is_nil(turn)
    assert.is_truthy(message:find("no store", 1, true))
    assert.are.equal("store", code)
  end)

  it("are kept in the history file by those who want that, encrypted, for all who use the file", function()
    local options = { sessions = { store = "history", key = "0123456789abcdef" } }
    new(options)
    say("I'd like to book a table for Saturday")
    local other = assert(webhook.new { history = folder .. "/history.db", zone = "UTC",
      now = function() return NOW end, sessions = options.sessions, intents = { {
        name = "book_table", slots = { { name = "party_size", type = "integer" }, { name = "date", type = "date" },
          { name = "phone", type = "phone", region = "VN", sensitive = true } } } } })
    local turn = assert(other:message("7", { session = "chat-42" }))
    assert.are.equal("phone", turn.slot)
    assert.is_true(other:close(5))
    turn = say("0901234567")
    assert.are.same({ party_size = 7, date = "2025-11-29", phone = "+84901234567" }, turn.events[1].slots)
    assert.is_true(client:flush(5))
  end)

  it("are not held by who wants none: a session is a name in the history", function()
    new { sessions = false }
    local turn = say("I'd like to book a table for Saturday")
    assert.are.equal("incomplete", turn.status)
    assert.are.equal("unmatched", say("4").status)
    turn = say("I'd like to book a table for Saturday, 4 people, 0901234567")
    assert.are.equal("fired", turn.status)
    assert.is_true(client:flush(5))
    assert.are.equal("chat-42", client:event(turn.id).session)
    turn = assert(client:nlu({ intent = "hours", slots = {}, match = true }, { session = "chat-43" }))
    assert.are.equal("fired", turn.status)
    assert.is_true(client:flush(5))
    assert.are.equal("chat-43", client:event(turn.id).session)
  end)

  it("need a key for that when there are sensitive slots", function()
    assert.has_error(function() new { sessions = { store = "history" } } end)
  end)

  describe("with NLU results", function()
    local function rasa(intent, confidence, entities)
      local list = {}
      for name, value in pairs(entities) do list[#list + 1] = { entity = name, value = value } end
      return cjson.encode { text = "said", intent = { name = intent, confidence = confidence }, entities = list,
        intent_ranking = { { name = intent, confidence = confidence } } }
    end

    it("ask for what is missing, and fire when all is there", function()
      new()
      local turn = assert(client:nlu(rasa("book_table", 0.9, { party_size = 4 }), { session = "n" }))
      assert.are.equal("collecting", turn.status)
      assert.are.equal("date", turn.slot)
      turn = assert(client:message("Saturday, 0901234567", { session = "n" }))
      assert.are.equal("fired", turn.status)
      assert.are.same({ party_size = 4, date = "2025-11-29", phone = "+84901234567" }, turn.events[1].slots)
    end)

    it("refuse one by one, say why, and record it; the rest goes on", function()
      new()
      local turn = assert(client:nlu(rasa("book_table", 0.9, { party_size = "many", date = "2025-12-24",
        phone = "+84901234567", colour = "red" }), { session = "r" }))
      assert.are.equal("party_size", turn.slot)
      table.sort(turn.refused, function(one, other) return one.slot < other.slot end)
      assert.are.same({ "colour", "party_size" }, { turn.refused[1].slot, turn.refused[2].slot })
      assert.are.equal("unknown_slot", turn.refused[1].code)
      assert.is_true(client:flush(5))
      local recorded = client:events({ session = "r" }).events
      assert.are.equal(1, #recorded)
      assert.are.equal("book_table", recorded[1].intent)
      assert.is_truthy(recorded[1].error:find("nlu.slots.colour: the intent has no such slot", 1, true))
      assert.is_nil(recorded[1].error:find("red", 1, true))
    end)

    it("keep the reasons with the event that fires all the same", function()
      new()
      local turn = assert(client:nlu(rasa("book_table", 0.9, { party_size = 3, date = "2025-12-24",
        phone = "+84901234567", colour = "red" }), { session = "k" }))
      assert.are.equal("fired", turn.status)
      assert.is_true(client:flush(5))
      local recorded = client:events({ session = "k" }).events
      assert.are.equal(1, #recorded)
      assert.is_truthy(recorded[1].error:find("colour", 1, true))
    end)

    it("refuse intents that there are not, or that are not certain", function()
      new()
      local turn = assert(client:nlu(rasa("order_pizza", 0.9, {}), { session = "u" }))
      assert.are.equal("unmatched", turn.status)
      assert.are.equal("unknown_intent", turn.refused[1].code)
      turn = assert(client:nlu(rasa("book_table", 0.2, {}), { session = "u" }))
      assert.are.equal("low_confidence", turn.refused[1].code)
      turn = assert(client:nlu(rasa("book_table", 0.2, {}), { session = "u", least_confidence = 0.1 }))
      assert.are.equal("collecting", turn.status)
      assert.is_true(client:flush(5))
      assert.are.equal(2, #client:events({ session = "u" }).events)
    end)

    it("keep what the actions of each intent raise, once, and no refusal among it", function()
      local function failing(name)
        return { name = name, actions = { function() error(name .. " failed") end } }
      end
      new { intents = { failing "one", failing "two" } }
      local function call(name)
        return { type = "tool_use", id = name, name = name, input = { colour = "red" } }
      end
      local turn = assert(client:nlu({ stop_reason = "tool_use", content = { call "one", call "two" } }))
      assert.are.equal(2, #turn.events)
      assert.are.equal(2, #turn.refused)
      assert.are.equal(2, #turn.errors)
      assert.are.same({ "intents[1].actions[1]", "intents[2].actions[1]" },
        { turn.errors[1].where, turn.errors[2].where })
    end)

    local function alexa(name)
      return { version = "1.0", session = { sessionId = "chat-42" },
        request = { type = "IntentRequest", intent = { name = name, slots = {} } } }
    end

    it("take a voice assistant's yes, no, cancel and help for what they are", function()
      new { intents = { { name = "order", rules = { "order {size}" }, slots = { { name = "size", prompt = "Which?" } },
        confirm = "So {size}?" } } }
      say("order large")
      assert.are.equal("What should I change?", assert(client:nlu(alexa "AMAZON.NoIntent")).prompt)
      say("nothing")
      local turn = assert(client:nlu(alexa "AMAZON.YesIntent"))
      assert.are.equal("fired", turn.status)
      assert.is_nil(turn.refused)
      say("order large")
      assert.are.equal("cancelled", assert(client:nlu(alexa "AMAZON.CancelIntent")).status)
      assert.are.equal("no_intent", assert(client:nlu(alexa "AMAZON.YesIntent")).refused[1].code)
    end)

    it("are counted as attempts and as turns, so that they end", function()
      new()
      local status
      for index = 1, 5 do
        status = assert(client:nlu(rasa("book_table", 0.9, {}), { session = "e" })).status
        if index <= 3 then assert.are.equal("collecting", status) end
        if status == "handoff" then break end
      end
      assert.are.equal("handoff", status)
      new { conversation = { turn_limit = 2 } }
      for _, size in ipairs { 1, 2 } do
        local turn = assert(client:nlu(rasa("book_table", 0.9, { party_size = size }), { session = "l" }))
        assert.are.equal("collecting", turn.status)
      end
      local turn = assert(client:nlu(rasa("book_table", 0.9, { party_size = 3 }), { session = "l" }))
      assert.are.same({ "handoff", "turns" }, { turn.status, turn.reason })
      -- once each, also where it is the text that counts
      assert(client:nlu(rasa("book_table", 0.9, {}), { session = "t" }))
      turn = assert(client:nlu({ text = "four", intent = { name = "nlu_fallback", confidence = 1 }, entities = {} },
        { session = "t" }))
      assert.are.same({ "collecting", 4 }, { turn.status, turn.slots.party_size })
    end)

    it("record a hundred refusals of one result, and how many more there were", function()
      new()
      local content = {}
      for index = 1, 500 do
        content[index] = { type = "tool_use", id = "t", name = "tool_" .. index, input = { a = 1 } }
      end
      local turn = assert(client:nlu(cjson.encode { stop_reason = "tool_use", content = content }, { session = "m" }))
      assert.are.equal(500, #turn.refused)
      assert.is_true(client:flush(5))
      local recorded = client:events({ session = "m", limit = 1000 }).events
      assert.are.equal(101, #recorded)
      assert.are.equal("nlu: 400 more were refused", recorded[1].error)
    end)

    it("take what systems call a fallback for no intent: the text answers the question", function()
      new()
      say("I'd like to book a table")
      local turn = assert(client:nlu(cjson.encode { text = "four", entities = { webhook.null }, sender_id = "chat-42",
        intent = { name = "nlu_fallback", confidence = 0.7 } }))
      assert.is_nil(turn.refused)
      assert.are.same({ party_size = 4 }, turn.slots)
      assert.are.equal("date", turn.slot)
    end)

    it("take several intents of one answer, and ask about the first of them first", function()
      new()
      local body = cjson.encode { stop_reason = "tool_use", content = {
        { type = "tool_use", id = "1", name = "book_table", input = { party_size = 2, date = "2025-12-24" } },
        { type = "tool_use", id = "2", name = "hours", input = webhook.null },
      } }
      body = body:gsub('"input":null', '"input":{}')
      local turn = assert(client:nlu(body, { session = "s" }))
      assert.are.equal("fired", turn.status)
      assert.are.equal("hours", turn.events[1].intent)
      assert.are.equal("book_table", turn.resumed)
      assert.are.equal("phone", turn.slot)
      assert.are.equal("From 9 to 5.\nYour phone number?", turn.text)
    end)

    it("ask about the first of several incomplete intents first, then about the next", function()
      local function asking(name) return { name = name, slots = { { name = "size", prompt = name .. "?" } } } end
      new { intents = { asking "one", asking "two" } }
      local function call(name) return { type = "tool_use", id = name, name = name, input = {} } end
      local body = cjson.encode { stop_reason = "tool_use", content = { call "two", call "one" } }
      local turn = assert(client:nlu((body:gsub("%[%]", "{}")), { session = "o" }))
      assert.are.equal("two?", turn.prompt)
      turn = assert(client:message("large", { session = "o" }))
      assert.are.equal("two", turn.events[1].intent)
      assert.are.equal("one?", turn.prompt)
    end)

    it("are incomplete without a session, and fire when they are complete", function()
      new()
      local turn = assert(client:nlu(rasa("book_table", 0.9, { party_size = 4 }), { session = false }))
      assert.are.equal("incomplete", turn.status)
      assert.are.same({ "date", "phone" }, turn.missing)
      turn = assert(client:nlu(rasa("hours", 0.9, {})))
      assert.are.equal("fired", turn.status)
      assert.is_nil(turn.slot)
    end)

    it("come back with a reason when they cannot be read", function()
      new()
      local turn, message, code = client:nlu("{")
      assert.is_nil(turn)
      assert.is_string(message)
      assert.are.equal("invalid", code)
      turn, message, code = client:nlu({ hello = "you" })
      assert.is_nil(turn)
      assert.is_string(message)
      assert.are.equal("format", code)
      assert.has_error(function() client:nlu(5) end, "client:nlu: result: must be JSON text or a table, got a number")
    end)
  end)

  it("export their intents as tools", function()
    new()
    local list = client:tools("anthropic")
    assert.are.equal("book_table", list[1].name)
    assert.are.equal("integer", list[1].input_schema.properties.party_size.type)
    assert.are.same({ "party_size", "date", "phone" }, list[1].input_schema.required)
    assert.are.equal("date", list[1].input_schema.properties.date.format)
    assert.are.same(list, cjson.decode(webhook.tools_json(list)))
    list = client:tools("openai", { strict = true })
    assert.is_true(list[1]["function"].strict)
    assert.has_error(function() client:tools("cohere") end)
  end)
end)
