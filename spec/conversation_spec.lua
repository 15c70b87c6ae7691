-- Conversations: slots over several messages, corrections, commands, interruptions, confirmations, limits.

local cjson = require "cjson"
local webhook = require "intent_webhook"

local NOW = 1764064800 -- Tuesday, 2025-11-25, 10:00 UTC

local function client_of(intents, more)
  local given = { history = os.tmpname(), intents = intents, zone = "UTC", now = function() return NOW end }
  os.remove(given.history)
  for name, value in pairs(more or {}) do given[name] = value end
  return assert(webhook.new(given))
end

local function booking(more)
  local intent = {
    name = "book_table",
    rules = { "i'd like to book a table [for {date}]",
      webhook.keywords { any = { "book", "reserve" }, all = { "table" } } },
    slots = {
      { name = "customer_name", type = "name", prompt = "What is your name?" },
      { name = "party_size", type = "integer", min = 1, max = 20,
        prompt = { "For how many?", "How many people, 1 to 20?" } },
      { name = "date", type = "date", prompt = "Which day?" },
      { name = "phone", type = "phone", region = "VN", prompt = "Your phone number?", sensitive = true },
      { name = "note", type = "text", optional = true },
    },
  }
  for name, value in pairs(more or {}) do intent[name] = value end
  return intent
end

local HOURS = { name = "hours", rules = { "when do you open", "what are your opening hours" } }

-- Says the messages one after the other; each is a text, or a number of seconds that pass. Returns the last turn, the
-- session, and all events.
local function say(client, messages, session)
  local now, turn, events = NOW, nil, {}
  for _, message in ipairs(messages) do
    if type(message) == "number" then
      now = now + message
    else
      session, turn = client:step(session, message, now)
      for _, event in ipairs(turn.events) do events[#events + 1] = event end
    end
  end
  return turn, session, events
end

describe("a conversation", function()
  local client

  setup(function() client = client_of { booking(), HOURS } end)

  it("asks for what is missing, in the order of the slots, and fires once when it has all", function()
    local turn, session = say(client, { "I'd like to book a table for Saturday evening" })
    assert.are.equal("collecting", turn.status)
    assert.are.equal("customer_name", turn.slot)
    assert.are.equal("What is your name?", turn.prompt)
    assert.are.equal("What is your name?", turn.text)
    assert.are.same({ date = "2025-11-29" }, turn.slots)
    assert.are.same({ "customer_name", "party_size", "phone" }, turn.missing)
    assert.are.same({}, turn.events)

    turn, session = say(client, { "John Doe" }, session)
    assert.are.equal("party_size", turn.slot)
    turn, session = say(client, { "4" }, session)
    assert.are.equal("phone", turn.slot)
    turn, session = say(client, { "0901 234 567" }, session)
    assert.are.equal("fired", turn.status)
    assert.are.same({ { intent = "book_table", slots = { customer_name = "John Doe", party_size = 4,
      date = "2025-11-29", phone = "+84901234567" } } }, turn.events)
    assert.are.same({}, session.forms)
    assert.is_nil(turn.text)

    turn = say(client, { "0901 234 567" }, session)
    assert.are.equal("unmatched", turn.status)
    assert.are.same({}, turn.events)
  end)

  it("takes several slots of one message, whichever was asked for", function()
    local turn = say(client, { "book a table", "John Doe, 4 people, on Saturday, 0901 234 567" })
    assert.are.equal("fired", turn.status)
    assert.are.same({ customer_name = "John Doe", party_size = 4, date = "2025-11-29", phone = "+84901234567" },
      turn.events[1].slots)
  end)

  it("takes what else the first message says", function()
    local turn = say(client, { "please reserve a table for 6 on Friday, my name is Ann Lee, phone 0901234567" })
    assert.are.equal("fired", turn.status)
    assert.are.same({ customer_name = "Ann Lee", party_size = 6, date = "2025-11-28", phone = "+84901234567" },
      turn.events[1].slots)
  end)

  it("asks again with the next prompt when an answer is refused, says why, and hands over at the end", function()
    local turn, session = say(client, { "book a table", "John", "50" })
    assert.are.equal("party_size", turn.slot)
    assert.are.equal(2, turn.attempt)
    assert.are.equal("How many people, 1 to 20?", turn.prompt)
    assert.are.equal("50 is too much.\nHow many people, 1 to 20?", turn.text)
    assert.are.same({ { slot = "party_size", reason = "too_large", raw = "50" } }, turn.rejected)
    turn, session = say(client, { "many" }, session)
    assert.are.equal("handoff", turn.status)
    assert.are.equal("attempts", turn.reason)
    assert.are.equal("party_size", turn.slot)
    assert.are.same({ customer_name = "John" }, turn.slots)
    assert.are.same({}, session.forms)
  end)

  it("asks without counting when the message gave other slots", function()
    local turn = say(client, { "book a table", "for 4 people on Friday" })
    assert.are.equal("customer_name", turn.slot)
    assert.are.equal(1, turn.attempt)
    assert.are.same({ party_size = 4, date = "2025-11-28" }, turn.slots)
  end)

  it("says that it did not understand, where the same question would come again without a word", function()
    assert.are.equal("I did not understand that.\nWhich day?",
      say(client, { "book a table", "John", "4", "no wonder" }).text)
    assert.are.equal("I cannot go on without the date.\nWhich day?",
      say(client, { "book a table", "John", "4", "skip" }).text)
    assert.are.equal("How many people, 1 to 20?", say(client, { "book a table", "John", "hm hm" }).text)
    assert.are.equal("What is your name?", say(client, { "book a table", "" }).text)
  end)

  it("says what is wrong with a value in the words of its type", function()
    local odd = client_of { { name = "plan", rules = { "plan" }, slots = {
      { name = "day", type = "date", min = "today", prompt = "Which day?" },
      { name = "hour", type = "time", min = "11:00", prompt = "What time?" },
      { name = "count", type = "integer", prompt = "How many?" }, { name = "phone", type = "phone", prompt = "Phone?" },
    } } }
    local turn, session = say(odd, { "plan", "2025-11-01" })
    assert.are.equal("2025-11-01 is too early.\nWhich day?", turn.text)
    assert.are.equal("Which day of next week?\nWhich day?", say(odd, { "next week" }, session).text)
    turn, session = say(odd, { "tomorrow", "8am" }, session)
    assert.are.equal("8am is too early.\nWhat time?", turn.text)
    turn, session = say(odd, { "noon", "2.5" }, session)
    assert.are.equal("2.5 is no whole number.\nHow many?", turn.text)
    turn = say(odd, { "2", "0901234567" }, session)
    assert.are.equal("Please give the number with its country code, like +44.\nPhone?", turn.text)
  end)

  it("takes no value that is said not to be meant", function()
    local turn = say(client, { "book a table", "John", "4", "not on monday please" })
    assert.are.equal("date", turn.slot)
    assert.is_nil(turn.slots.date)
    assert.are.equal("2025-12-02", say(client, { "book a table", "John", "4", "not on monday, tuesday" }).slots.date)
  end)

  it("does not complain of what nobody asked for", function()
    local turn = say(client, { "book a table", "my zip is 94103" })
    assert.are.equal("customer_name", turn.slot)
    assert.is_nil(turn.text:find("94103", 1, true))
  end)

  it("counts silence, and words without a meaning, as no answer", function()
    local turn = say(client, { "book a table", "" })
    assert.are.equal(2, turn.attempt)
    turn = say(client, { "book a table", "John", "🙂" })
    assert.are.equal(2, turn.attempt)
    turn = say(client, { "book a table", "John", "2", "hm", "well" })
    assert.are.equal(3, turn.attempt)
    turn = say(client, { "book a table", "John", "2", "hm", "well", "so" })
    assert.are.equal("handoff", turn.status)
  end)

  for _, case in ipairs {
    { "no, Friday", "date", "2025-11-28" },
    { "actually Friday", "date", "2025-11-28" },
    { "sorry, I mean Friday", "date", "2025-11-28" },
    { "change the date to Friday", "date", "2025-11-28" },
    { "the date is Friday", "date", "2025-11-28" },
    { "change the customer name to Ann Lee", "customer_name", "Ann Lee" },
    { "change the name to Ann Lee", "customer_name", "Ann Lee" },
    { "make that 5 people", "party_size", 5 },
    { "Date: 2025-12-24", "date", "2025-12-24" },
  } do
    it(("takes %q as a correction"):format(case[1]), function()
      local turn = say(client, { "book a table", "John", "4", "Saturday", case[1] })
      assert.are.equal("collecting", turn.status)
      assert.are.equal("phone", turn.slot)
      assert.are.equal(1, turn.attempt)
      local expected = { customer_name = "John", party_size = 4, date = "2025-11-29" }
      expected[case[2]] = case[3]
      assert.are.same(expected, turn.slots)
    end)
  end

  for _, case in ipairs {
    { "can we make it Friday?", "date", "2025-11-28" },
    { "hm, make it Friday please", "date", "2025-11-28" },
    { "Friday instead", "date", "2025-11-28" },
    { "sorry, I mean Ann Lee", "customer_name", "Ann Lee", after = "John" },
    { "no, it's Ann", "customer_name", "Ann" },
    { "could you change the name to Ann?", "customer_name", "Ann" },
    { "size 6", "party_size", 6 },
  } do
    it(("takes %q as a correction, whatever stands around its words"):format(case[1]), function()
      local messages = case.after and { "book a table for Saturday", case.after, case[1] }
        or { "book a table", "John", "4", "Saturday", case[1] }
      assert.are.equal(case[3], say(client, messages).slots[case[2]])
    end)
  end

  for _, case in ipairs {
    { { "book a table", "John", "4... no, 5" }, "party_size", 5 },
    { { "book a table", "John", "4, no wait, 5 people" }, "party_size", 5 },
    { { "book a table for Saturday, I mean Friday" }, "date", "2025-11-28" },
    { { "book a table", "John, and actually on Friday" }, "customer_name", "John" },
    { { "book a table", "it's Jon, sorry, I mean John" }, "customer_name", "John" },
    { { "book a table", "John", "4", "Saturday", "no, Friday, for 5 people" }, "party_size", 5 },
    { { "book a table", "John", "4", "Saturday", "no, Friday, for 5 people" }, "date", "2025-11-28" },
    { { "book a table", "John", "4", "Saturday or better Sunday" }, "date", "2025-11-30" },
    { { "book a table", "John", "4", "not Friday, Saturday" }, "date", "2025-11-29" },
    { { "book a table, date: Friday" }, "date", "2025-11-28" },
  } do
    it(("takes what stands behind the words of a correction in %q: %s"):format(case[1][#case[1]], case[2]), function()
      assert.are.equal(case[3], say(client, case[1]).slots[case[2]])
    end)
  end

  it("does not take what is refused behind a correction for what stands before it", function()
    local turn = say(client, { "book a table", "John", "4, no wait, 400" })
    assert.is_nil(turn.slots.party_size)
    assert.are.same({ { slot = "party_size", reason = "too_large", raw = "400" } }, turn.rejected)
  end)

  it("takes no name from a message that is only about giving one", function()
    for _, words in ipairs { "skip", "I'd rather not say", "hold on", "wait", "no thanks" } do
      local turn = say(client, { "book a table", "John", "change the name", words })
      assert.is_nil(turn.slots.customer_name, words)
      assert.are.equal(2, turn.attempt, words)
    end
    assert.are.equal("John", say(client, { "book a table", "John", "no, sorry, many" }).slots.customer_name)
  end)

  it("does not change a slot without words that say so", function()
    local turn = say(client, { "book a table", "John", "4", "Saturday", "will Friday be busy?" })
    assert.are.equal("2025-11-29", turn.slots.date)
    assert.are.equal(2, turn.attempt)
  end)

  it("does not take the request, said again, for a name", function()
    local turn = say(client, { "book a table", "I'd like to book a table for Friday" })
    assert.are.equal("customer_name", turn.slot)
    assert.are.same({ date = "2025-11-28" }, turn.slots)
  end)

  it("asks for a slot again that shall change", function()
    local turn, session = say(client, { "book a table", "John", "4", "Saturday", "change the date" })
    assert.are.equal("date", turn.slot)
    assert.are.equal(1, turn.attempt)
    assert.is_nil(turn.slots.date)
    turn = say(client, { "Friday" }, session)
    assert.are.equal("phone", turn.slot)
    assert.are.equal("2025-11-28", turn.slots.date)
  end)

  it("does not take a change that is refused for the answer to something else", function()
    local turn = say(client, { "book a table for Saturday", "change the date to 31 February" })
    assert.are.equal("customer_name", turn.slot)
    assert.are.equal("2025-11-29", turn.slots.date)
    assert.are.equal("impossible", turn.rejected[1].reason)
    assert.is_truthy(turn.text:find("does not exist", 1, true))
  end)

  it("ends with cancel, and says what was given up", function()
    for _, words in ipairs { "cancel", "Cancel, please!", "never mind", "FORGET IT", "stop", "no, cancel that",
      "i want to cancel", "can you please cancel this?", "oh ok, thank you. never mind then" } do
      local turn, session = say(client, { "book a table", "John", words })
      assert.are.equal("cancelled", turn.status, words)
      assert.are.equal("book_table", turn.intent)
      assert.are.same({ customer_name = "John" }, turn.slots)
      assert.are.same({}, session.forms)
    end
  end)

  it("helps and repeats without counting", function()
    local turn, session = say(client, { "book a table", "help" })
    assert.are.equal("collecting", turn.status)
    assert.are.equal(1, turn.attempt)
    assert.are.equal('I need the customer name. You can also say "repeat" or "cancel".\nWhat is your name?', turn.text)
    turn = say(client, { "sorry, what was the question?" }, session)
    assert.are.equal(1, turn.attempt)
    turn = say(client, { "what?" }, session)
    assert.are.equal(1, turn.attempt)
    assert.are.equal("What is your name?", turn.text)
  end)

  it("lets another intent interrupt, and comes back", function()
    local turn, session, events = say(client, { "book a table", "John", "When do you open?" })
    assert.are.equal("fired", turn.status)
    assert.are.equal("hours", turn.intent)
    assert.are.equal("book_table", turn.interrupted)
    assert.are.equal("book_table", turn.resumed)
    assert.are.equal("party_size", turn.slot)
    assert.are.equal(1, turn.attempt)
    assert.are.same({ { intent = "hours", slots = {} } }, events)
    turn = say(client, { "4" }, session)
    assert.are.same({ customer_name = "John", party_size = 4 }, turn.slots)
  end)

  it("is not interrupted by an intent that shall not, and gives up the oldest of too many that wait", function()
    local function intent(name, more)
      local made = { name = name, rules = { name }, slots = { { name = "day", type = "date", prompt = name .. "?" } } }
      for key, value in pairs(more or {}) do made[key] = value end
      return made
    end
    local quiet = client_of { intent "plan", intent("shy", { interrupts = false }) }
    local turn = say(quiet, { "plan", "shy" })
    assert.are.equal("plan", turn.intent)
    assert.is_nil(turn.interrupted)
    assert.are.equal("shy", say(quiet, { "shy" }).intent)

    local busy = client_of({ intent "alpha", intent "bravo", intent "charlie" },
      { conversation = { interruptions = 1 } })
    turn = say(busy, { "alpha", "bravo" })
    assert.is_nil(turn.dropped)
    local session
    turn, session = say(busy, { "alpha", "bravo", "charlie" })
    assert.are.same({ "alpha" }, turn.dropped)
    assert.are.equal(2, #session.forms)
  end)

  it("gives an intent up when nobody has written for too long", function()
    local turn = say(client, { "book a table", 1801, "John" })
    assert.are.equal("unmatched", turn.status)
    assert.is_true(turn.expired)
    assert.are.same({ "book_table" }, turn.dropped)
    turn = say(client, { "book a table", 1800, "John" })
    assert.are.equal("collecting", turn.status)
  end)

  it("hands over when it takes too many messages", function()
    local short = client_of({ booking() }, { conversation = { turn_limit = 3 } })
    local turn = say(short, { "book a table", "help", "help" })
    assert.are.equal("collecting", turn.status)
    turn = say(short, { "book a table", "help", "help", "help" })
    assert.are.equal("handoff", turn.status)
    assert.are.equal("turns", turn.reason)
  end)

  it("leaves the session that it is given as it was", function()
    local _, session = say(client, { "book a table", "John" })
    local before = cjson.encode(session)
    say(client, { "4 on Friday", "no, Saturday", "when do you open", "cancel" }, session)
    assert.are.same(cjson.decode(before), cjson.decode(cjson.encode(session)))
  end)

  it("has a session of less than 2 KB as JSON, and goes on from that", function()
    local _, session = say(client, { "book a table", "John Doe", "4", "Saturday" })
    local text = cjson.encode(session)
    assert.is_true(#text < 2048, #text)
    local turn = say(client, { "0901234567" }, cjson.decode(text))
    assert.are.equal("fired", turn.status)
  end)

  it("says at once what is wrong with a value of the first message", function()
    local turn = say(client, { "book a table for 50 people on Saturday" })
    assert.are.equal("50 is too much.\nWhat is your name?", turn.text)
    assert.are.same({ { slot = "party_size", reason = "too_large", raw = "50" } }, turn.rejected)
    turn = say(client, { "I'd like to book a table for the 31st of February, maybe" })
    assert.are.equal("impossible", turn.rejected[1].reason)
    assert.is_truthy(#turn.rejected[1].raw < #"the 31st of February, maybe")
  end)
end)

describe("a confirmation", function()
  local client

  setup(function()
    client = client_of { booking { confirm = "A table for {party_size} on {date}?" }, HOURS }
  end)

  local ALL = { "book a table", "John", "4", "Saturday", "0901234567" }

  local function with(...)
    local messages = {}
    for index, one in ipairs(ALL) do messages[index] = one end
    for _, one in ipairs { ... } do messages[#messages + 1] = one end
    return messages
  end

  it("is asked for when all slots are there", function()
    local turn, _, events = say(client, ALL)
    assert.are.equal("confirming", turn.status)
    assert.are.equal("A table for 4 on 2025-11-29?", turn.prompt)
    assert.are.same({}, events)
  end)

  it("fires with yes", function()
    for _, yes in ipairs { "yes", "Yes please", "yeah, that's right", "ok", "sure" } do
      local turn = say(client, with(yes))
      assert.are.equal("fired", turn.status, yes)
    end
  end)

  it("asks what is wrong with no, changes it, and asks again", function()
    local turn, session = say(client, with("no"))
    assert.are.equal("confirming", turn.status)
    assert.are.equal("What should I change?", turn.prompt)
    local changed = say(client, { "the date" }, session)
    assert.are.equal("date", changed.slot)
    changed = say(client, { "Friday" }, session)
    assert.are.equal("A table for 4 on 2025-11-28?", changed.prompt)
    changed = say(client, { "Friday", "yes" }, session)
    assert.are.equal("2025-11-28", changed.events[1].slots.date)
    changed = say(client, { "nothing, it's fine" }, session)
    assert.are.equal("A table for 4 on 2025-11-29?", changed.prompt)
    changed = say(client, { "no" }, session)
    assert.are.equal("cancelled", changed.status)
  end)

  for _, message in ipairs { "no, Friday", "yes but change the date to Friday", "Friday", "make it Friday" } do
    it(("takes %q as a change, and asks again"):format(message), function()
      local turn = say(client, with(message))
      assert.are.equal("confirming", turn.status)
      assert.are.equal("A table for 4 on 2025-11-28?", turn.prompt)
    end)
  end

  for _, case in ipairs {
    { "the date is wrong", "date" }, { "wrong date", "date" }, { "the date", "date" },
    { "no, the date is wrong", "date" },
    { "can I change the date?", "date" }, { "change the date and make it 5 people", "date" },
  } do
    it(("takes %q as the wish to change it, and asks for it"):format(case[1]), function()
      local turn, session = say(client, with(case[1]))
      assert.are.equal("collecting", turn.status)
      assert.are.equal(case[2], turn.slot)
      assert.are.equal(1, turn.attempt)
      assert.is_nil(turn.slots[case[2]])
      assert.are.equal("confirming", say(client, { "Friday" }, session).status)
    end)
  end

  it("says why a change is refused, and asks again", function()
    local turn, session = say(client, with("change the date to 31 February"))
    assert.are.equal("confirming", turn.status)
    assert.are.equal("31 February does not exist.\nA table for 4 on 2025-11-29?", turn.text)
    assert.are.equal("2025-11-29", turn.slots.date)
    turn = say(client, { "no, for 50 people" }, session)
    assert.are.equal("50 is too much.\nWhat should I change?", turn.text)
  end)

  it("is not interrupted by a yes that has a word of another intent", function()
    local open = client_of { booking { confirm = "All right?" },
      { name = "hours", rules = { webhook.keywords { any = { "open" } } } } }
    assert.are.equal("book_table", say(open, with("yes, in the open air if you can")).intent)
    assert.are.equal("hours", say(open, with("are you open on sundays then?")).intent)
  end)

  it("asks for all that is wrong, one after the other", function()
    local turn, session = say(client, with("no", "the date and the phone number"))
    assert.are.equal("date", turn.slot)
    turn = say(client, { "Friday" }, session)
    assert.are.equal("phone", turn.slot)
    turn = say(client, { "Friday", "0901234568" }, session)
    assert.are.equal("A table for 4 on 2025-11-28?", turn.prompt)
    assert.are.equal("+84901234568", turn.slots.phone)
  end)

  it("takes the value of what is wrong, where it is there", function()
    local turn = say(client, with("wrong phone number, it's 0901234568"))
    assert.are.equal("confirming", turn.status)
    assert.are.equal("+84901234568", turn.slots.phone)
  end)

  it("takes a yes that says what is so already for a yes", function()
    assert.are.equal("fired", say(client, with("yes, Saturday is fine")).status)
  end)

  it("is asked for again when the answer is neither, and hands over at the end", function()
    local turn = say(client, with("what a day"))
    assert.are.equal("confirming", turn.status)
    assert.are.equal(2, turn.attempt)
    turn = say(client, with("a", "b", "c"))
    assert.are.equal("handoff", turn.status)
  end)

  it("may be a function, and goes on without what it raises", function()
    local odd = client_of { booking { confirm = function(slots) return "So " .. slots.party_size .. "?" end } }
    assert.are.equal("So 4?", say(odd, ALL).prompt)
    odd = client_of { booking { confirm = function() error("oops") end } }
    local turn = say(odd, ALL)
    assert.are.equal("confirming", turn.status)
    assert.are.equal("intents[1].confirm", turn.errors[1].where)
    assert.are.equal("fired", say(odd, with("yes")).status)
  end)
end)

describe("slots", function()
  it("are asked for when they are optional and have a prompt, once, and may be skipped", function()
    local intent = { name = "order", rules = { "order" }, slots = {
      { name = "size", type = "enum", values = { "small", "large" } },
      { name = "note", type = "text", optional = true, prompt = "Any wishes?" },
    } }
    local client = client_of { intent }
    local turn, session = say(client, { "order", "large" })
    assert.are.equal("Any wishes?", turn.prompt)
    assert.is_nil(turn.missing)
    for _, words in ipairs { "no", "no thanks", "skip", "nothing", "no, that's all", "nope, I'm good", "not really" } do
      turn = say(client, { words }, session)
      assert.are.same({ size = "large" }, turn.events[1].slots, words)
    end
    turn = say(client, { "yes please" }, session)
    assert.are.equal("note", turn.slot)
    assert.are.equal(2, turn.attempt)
    turn = say(client, { "no onions, please" }, session)
    assert.are.same({ size = "large", note = "no onions, please" }, turn.events[1].slots)
  end)

  describe("that take any text", function()
    local client

    setup(function()
      client = client_of { { name = "support", rules = { "support", "remind me to {text}" }, slots = {
        { name = "page", type = "url" }, { name = "moment", type = "datetime", optional = true },
        { name = "company", optional = true }, { name = "text", type = "text" },
      } } }
    end)

    local ASKED = { "support", "https://example.org/a" }

    for _, text in ipairs {
      "The company is growing and the page is slow", "No, it still crashes", "no nuts, please",
      "set the company in the header", "it crashed, I mean https://example.org/b",
      "Actually I do not know much about it", "help! cancel does not work", "fix the page so that it works",
      "sorry, it is https://example.org/b where I see it",
    } do
      it(("are given the whole of %q"):format(text), function()
        local turn = say(client, { ASKED[1], ASKED[2], text })
        assert.are.same({ page = "https://example.org/a", text = text }, turn.events[1].slots)
      end)
    end

    for _, case in ipairs {
      { "the page is https://example.org/b, sorry", "page", "https://example.org/b" },
      { "sorry, I mean https://example.org/b", "page", "https://example.org/b" },
      { "change the page to https://example.org/b", "page", "https://example.org/b" },
      { "company: Acme & Sons", "company", "Acme & Sons" },
      { "change the company to Acme", "company", "Acme" },
    } do
      it(("are asked for again when %q is meant for another"):format(case[1]), function()
        local turn = say(client, { ASKED[1], ASKED[2], case[1] })
        assert.are.equal("text", turn.slot)
        assert.are.equal(1, turn.attempt)
        assert.are.equal(case[3], turn.slots[case[2]])
      end)
    end

    it("leave the values at the end of what a sentence gives them to other slots", function()
      local turn = say(client, { "remind me to call Ann tomorrow at 17:00" })
      assert.are.same({ text = "call Ann", moment = "2025-11-26T17:00:00+00:00" }, turn.slots)
      turn = say(client, { "remind me to see what is new at https://example.org/a tomorrow" })
      assert.are.equal("see what is new at https://example.org/a tomorrow", turn.slots.text)
    end)
  end)

  it("have defaults, which are not asked for", function()
    local client = client_of { { name = "order", rules = { webhook.keywords { any = { "buy" } } }, slots = {
      { name = "count", type = "integer", default = 1 }, { name = "size", default = "small" },
    } } }
    assert.are.same({ count = 1, size = "small" }, say(client, { "buy" }).events[1].slots)
    assert.are.same({ count = 3, size = "small" }, say(client, { "buy 3 tickets" }).events[1].slots)
  end)

  it("are validated by a predicate, which may say why not", function()
    local client = client_of { { name = "order", rules = { "order" }, slots = {
      { name = "code", type = "pattern", pattern = "%u%d%d", prompt = "Which code?",
        validate = function(value, slots)
          assert.are.same({}, slots)
          return value ~= "A00", "A00 is sold out."
        end },
    } } }
    local turn = say(client, { "order", "A00" })
    assert.are.equal("collecting", turn.status)
    assert.are.equal("A00 is sold out.\nWhich code?", turn.text)
    assert.are.same({ { slot = "code", reason = "refused", message = "A00 is sold out.", raw = "A00" } },
      turn.rejected)
    assert.are.same({ code = "B12" }, say(client, { "order", "A00", "B12" }).events[1].slots)
  end)

  it("are validated again when another one has changed", function()
    local client = client_of { { name = "stay", rules = { "stay" }, slots = {
      { name = "from", type = "date", prompt = "From?" },
      { name = "to", type = "date", prompt = "To?",
        validate = function(value, slots) return not slots.from or value > slots.from, "That is too early." end },
      { name = "guests", type = "integer", prompt = "How many?" },
    } } }
    local turn, session = say(client, { "stay", "10 December", "12 December", "change the from to 20 December" })
    assert.are.equal("to", turn.slot)
    assert.are.equal("That is too early.\nTo?", turn.text)
    assert.are.same({ from = "2025-12-20" }, turn.slots)
    assert.are.same({ { slot = "to", reason = "refused", message = "That is too early." } }, turn.rejected)
    turn = say(client, { "22 December", "2" }, session)
    assert.are.same({ from = "2025-12-20", to = "2025-12-22", guests = 2 }, turn.events[1].slots)
  end)

  describe("that are optional", function()
    local client

    setup(function()
      client = client_of { { name = "lead", rules = { "contact me" }, confirm = "Send it?", slots = {
        { name = "email", type = "email", label = "e-mail" },
        { name = "phone", type = "phone", region = "US", optional = true, prompt = "Phone?" },
        { name = "text", label = "message", type = "text" },
      } } }
    end)

    local ASKED = { "contact me", "ann@example.org" }
    local ALL = { "contact me", "ann@example.org", "415 555 2671", "hello" }

    for _, words in ipairs { "no phone please", "without phone", "I don't have one", "no" } do
      it(("are skipped with %q"):format(words), function()
        local turn = say(client, { ASKED[1], ASKED[2], words })
        assert.are.equal("text", turn.slot)
        assert.is_nil(turn.slots.phone)
      end)
    end

    for _, words in ipairs { "remove the phone", "without the phone please", "no phone" } do
      it(("lose their value with %q, and are not asked for again"):format(words), function()
        local turn = say(client, { ALL[1], ALL[2], ALL[3], ALL[4], words })
        assert.are.equal("confirming", turn.status)
        assert.are.same({ email = "ann@example.org", text = "hello" }, turn.slots)
      end)
    end

    it("are asked for again when they are required, and shall go", function()
      local turn = say(client, { ALL[1], ALL[2], ALL[3], ALL[4], "remove the e-mail" })
      assert.are.equal("email", turn.slot)
      turn = say(client, { ALL[1], ALL[2], ALL[3], ALL[4], "the message is wrong" })
      assert.are.equal("text", turn.slot)
      assert.is_nil(turn.slots.text)
    end)

    it("get a value later, all the same", function()
      local turn = say(client, { ALL[1], ALL[2], "no", ALL[4], "add my phone: 415 555 2671" })
      assert.are.equal("confirming", turn.status)
      assert.are.equal("+14155552671", turn.slots.phone)
    end)
  end)

  it("that are a moment keep its day or its time when only the other is said", function()
    local client = client_of { { name = "call", rules = { "call me" }, confirm = "{at}?", slots = {
      { name = "at", type = "datetime", min = "now" } } } }
    local turn, session = say(client, { "call me", "Friday at 5pm" })
    assert.are.equal("2025-11-28T17:00:00+00:00", turn.slots.at)
    for _, case in ipairs {
      { "make it 6pm", "2025-11-28T18:00:00+00:00" }, { "no, Saturday", "2025-11-29T17:00:00+00:00" },
      { "Monday at 9am instead", "2025-12-01T09:00:00+00:00" }, { "no, in 2 hours", "2025-11-25T12:00:00+00:00" },
    } do
      turn = say(client, { case[1] }, session)
      assert.are.equal(case[2], turn.slots.at, case[1])
    end
    turn = say(client, { "no, yesterday" }, session)
    assert.are.equal("too_small", turn.rejected[1].reason)
    turn = say(client, { "call me", "Friday" })
    assert.are.equal("incomplete", turn.rejected[1].reason)
  end)

  it("of the same type get the values in their order", function()
    local client = client_of { { name = "transfer", rules = { "transfer" }, slots = {
      { name = "from", type = "enum", values = { "checking", "savings" } },
      { name = "into", type = "enum", values = { "checking", "savings" } }, { name = "amount", type = "number" } } } }
    assert.are.same({ from = "savings", into = "checking" }, say(client, { "transfer", "savings to checking" }).slots)
    assert.are.same({}, say(client, { "transfer", "savings or checking" }).slots)
  end)

  it("of numbers are told apart by their names, before or behind", function()
    local client = client_of { { name = "stay", rules = { webhook.keywords { any = { "room" } } }, slots = {
      { name = "adults", type = "integer", called = { "adult" } },
      { name = "children", type = "integer", called = { "child" } } } } }
    for _, text in ipairs { "a room for 2 adults and 1 child", "a room for 1 child and 2 adults",
      "room, children: 1, adults: 2" } do
      assert.are.same({ adults = 2, children = 1 }, say(client, { text }).slots, text)
    end
    assert.are.same({ adults = 2, children = 1 }, say(client, { "room", "children 1, adults 2" }).slots)
  end)

  it("of enums do not get what the person does not want", function()
    local client = client_of { { name = "pizza", rules = { "pizza" }, slots = {
      { name = "topping", type = "enum", values = { "mushrooms", "onions" } }, "street" } } }
    assert.is_nil(say(client, { "pizza", "no mushrooms" }).slots.topping)
    assert.are.equal("onions", say(client, { "pizza", "no mushrooms, onions" }).slots.topping)
    assert.are.equal("onions", say(client, { "pizza", "onions, not mushrooms" }).slots.topping)
  end)

  it("of enums that the person does not want get no value, and no other slot does", function()
    local both = { "mushrooms", "onions" }
    local client = client_of { { name = "pizza", rules = { webhook.keywords { any = { "pizza" } } }, confirm = "Right?",
      slots = { { name = "topping", type = "enum", values = both, optional = true },
        { name = "extra", type = "enum", values = both, optional = true }, "street" } } }
    local turn, session = say(client, { "pizza with extra onions, but no topping mushrooms" })
    assert.are.same({ extra = "onions" }, turn.slots)
    assert.are.same({ street = "Main Street 5" }, say(client, { "Main Street 5", "no extra onions" }, session).slots)
  end)

  it("of yes and no say what to answer", function()
    local client = client_of { { name = "order", rules = { "order" }, slots = {
      { name = "delivery", type = "boolean", prompt = "Deliver it?" } } } }
    assert.are.equal('Please say "yes" or "no".\nDeliver it?', say(client, { "order", "no idea" }).text)
  end)

  it("do not get what was refused by the one that was asked for", function()
    local client = client_of { { name = "stay", rules = { "stay" }, slots = {
      { name = "from", type = "date", min = "today" }, { name = "to", type = "date" } } } }
    local turn = say(client, { "stay", "yesterday" })
    assert.are.same({}, turn.slots)
    assert.are.equal(2, turn.attempt)
  end)

  it("of yes and no are answered by a no that corrects something else", function()
    local client = client_of { { name = "order", rules = { "order [{count}]" }, slots = {
      { name = "count", type = "integer" }, { name = "delivery", type = "boolean" }, { name = "who", type = "name" },
    } } }
    assert.are.same({ count = 3, delivery = false }, say(client, { "order 2", "no, and make it 3" }).slots)
    assert.are.same({ count = 3 }, say(client, { "order 2", "no wait, 3" }).slots)
  end)

  it("without a type take 2,000 bytes of text at most", function()
    local client = client_of { { name = "order", rules = { "order" }, slots = { "note" } } }
    assert.are.equal("fired", say(client, { "order", ("a"):rep(2000) }).status)
    local turn = say(client, { "order", ("a"):rep(2001) })
    assert.are.equal("collecting", turn.status)
    assert.are.equal("too_long", turn.rejected[1].reason)
  end)

  it("have a prompt of the language when they have none", function()
    local client = client_of { { name = "order", rules = { "order" }, slots = { "pizza_size" } } }
    assert.are.equal("Please tell me the pizza size.", say(client, { "order" }).prompt)
    client = client_of({ { name = "order", rules = { "order" }, slots = { { name = "size", label = "Größe" } } } },
      { language = "de" })
    assert.are.equal("Bitte nennen Sie: Größe.", say(client, { "order" }).prompt)
  end)
end)

describe("two slots of one type", function()
  local function pair(language, type, first, second, more)
    local slots = { { name = "a", type = type, prompt = "A?" }, { name = "b", type = type, prompt = "B?" } }
    for index, called in ipairs { first, second } do
      slots[index].label, slots[index].called, slots[index].region = called[1], called, "VN"
      if type ~= "phone" then slots[index].region = nil end
    end
    for _, slot in ipairs(more or {}) do slots[#slots + 1] = slot end
    return client_of({ { name = "it", rules = { webhook.keywords { any = { "plan" } } }, confirm = "{a} {b}?",
      slots = slots } }, { language = language })
  end

  local CLIENTS = {
    dates = pair("en", "date", { "arrival", "arriving", "check-in" }, { "departure", "departing", "check-out" }),
    times = pair("en", "time", { "start", "starting" }, { "end", "ending" }),
    numbers = pair("en", "number", { "minimum", "min", "at least" }, { "maximum", "max", "at most", "budget" }),
    mails = pair("en", "email", { "billing e-mail", "billing" }, { "shipping e-mail", "shipping" }),
    phones = pair("en", "phone", { "home phone", "home" }, { "mobile phone", "mobile", "cell" }),
    daten = pair("de", "date", { "Anreise" }, { "Abreise" }),
    zeiten = pair("de", "time", { "Beginn", "ab" }, { "Ende", "bis" }),
    gaeste = pair("de", "integer", { "Erwachsene" }, { "Kinder", "Kind" }),
    ngay = pair("vi", "date", { "nhận phòng" }, { "trả phòng", "về" }),
    khach = pair("vi", "integer", { "người lớn" }, { "trẻ em" }),
    words = pair("en", "integer", { "room", "rooms" }, { "guests", "people" }, { { name = "size", type = "integer",
      optional = true }, { name = "note", type = "text" } }),
  }

  for _, case in ipairs {
    -- one message
    { "dates", "plan departing 10 december", nil, "2025-12-10" },
    { "dates", "plan, departing 10 december and arriving 5 december", "2025-12-05", "2025-12-10" },
    { "dates", "plan, departure on the 10th, arrival the 5th", "2025-12-05", "2025-12-10" },
    { "dates", "plan, 10 december (departure), 5 december (arrival)", "2025-12-05", "2025-12-10" },
    { "dates", "plan 10 december departure 5 december arrival", "2025-12-05", "2025-12-10" },
    { "dates", "plan, departure friday, no wait, saturday", nil, "2025-11-29" },
    { "dates", "plan, 5 december to 10 december, departure is in the morning", "2025-12-05", "2025-12-10" },
    { "times", "plan ending at 12pm, starting at 10am", "10:00", "12:00" },
    { "numbers", "plan, budget of 1500", nil, 1500 },
    { "numbers", "plan for 1500 max, 900 min", 900, 1500 },
    { "mails", "plan, bob@x.com for shipping and ann@x.com for billing", "ann@x.com", "bob@x.com" },
    { "phones", "plan, call my cell at 0901 234 567", nil, "+84901234567" },
    { "phones", "plan, 0901 234 567 (mobile) or 0903 456 789 (home)", "+84903456789", "+84901234567" },
    { "daten", "plan, Abreise am Freitag, Anreise morgen", "2025-11-26", "2025-11-28" },
    { "zeiten", "plan bis 12 Uhr", nil, "12:00" },
    { "gaeste", "plan für 1 Kind, 2 Erwachsene", 2, 1 },
    { "ngay", "plan, trả phòng ngày 10/12, nhận phòng ngày 5/12", "2025-12-05", "2025-12-10" },
    { "ngay", "plan, về vào ngày 10 tháng 12", nil, "2025-12-10" },
    { "khach", "plan cho 1 trẻ em và 2 người lớn", 2, 1 },
    { "words", "plan, room 2 for 4 people", 2, 4 },
    { "words", "plan 2 rooms 4 people", 2, 4 },
    -- an answer
    { "dates", "plan", "departing the 10th", nil, "2025-12-10" },
    { "dates", "plan", "arrival 5 december, departure 10 december", "2025-12-05", "2025-12-10" },
    { "dates", "plan", "5 december and departing on the 10th", "2025-12-05", "2025-12-10" },
    { "times", "plan", "end 5pm start 3pm", "15:00", "17:00" },
    { "mails", "plan", "ann@x.com is my billing e-mail, shipping is bob@x.com", "ann@x.com", "bob@x.com" },
    { "daten", "plan", "Abreise den 10.12.2026", nil, "2026-12-10" },
    { "khach", "plan", "1 trẻ em 2 người lớn", 2, 1 },
    { "words", "plan", "2 rooms 4 people", 2, 4 },
    -- a correction, or a change of what is confirmed
    { "dates", "plan arriving 5 december", "sorry, arrival on the 6th", "2025-12-06", nil },
    { "dates", "plan 5 december to 10 december", "no, arrival on the 2nd", "2025-12-02", "2025-12-10" },
    { "dates", "plan 5 december to 10 december", "no, arrival on december 2", "2025-12-02", "2025-12-10" },
    { "dates", "plan 5 december to 10 december", "no, the arrival on the 2nd", "2025-12-02", "2025-12-10" },
    { "dates", "plan 5 december to 10 december", "no, arriving the 2nd", "2025-12-02", "2025-12-10" },
    { "dates", "plan 5 december to 10 december", "no, departure on the 12th and arrival on the 2nd", "2025-12-02",
      "2025-12-12" },
    { "times", "plan 10am to 12pm", "no, start at 9am", "09:00", "12:00" },
    { "numbers", "plan min 900 max 1500", "no, at least 1000 and at most 1600", 1000, 1600 },
    { "mails", "plan ann@x.com bob@x.com", "no, carl@x.com for billing", "carl@x.com", "bob@x.com" },
    { "phones", "plan 0903456789, 0901234567", "no, home on 0904567890", "+84904567890", "+84901234567" },
    { "daten", "plan 5.12.2026 bis 10.12.2026", "ja, aber Anreise erst am 6.12.2026", "2026-12-06", "2026-12-10" },
    { "daten", "plan 5.12.2026 bis 10.12.2026", "nein, die Anreise am 6.12.2026", "2026-12-06", "2026-12-10" },
    { "gaeste", "plan 2 Erwachsene, 1 Kind", "nein, 2 Kinder", 2, 2 },
    { "ngay", "plan 5/12/2026 đến 10/12/2026", "không, nhận phòng ngày 6/12/2026", "2026-12-06", "2026-12-10" },
    { "khach", "plan cho 2 người lớn, 1 trẻ em", "không, 3 người lớn", 3, 1 },
  } do
    local answer = #case == 5 and case[3] or type(case[3]) == "string" and case[3]:find(" ") and case[3] or nil
    local at = answer and 4 or 3
    it(("are told apart by their names in %q"):format(answer or case[2]), function()
      local turn = say(CLIENTS[case[1]], { case[2], answer })
      assert.are.same({ a = case[at], b = case[at + 1] }, { a = turn.slots.a, b = turn.slots.b })
    end)
  end

  for _, note in ipairs {
    "2 guests snore", "room 5 is free, I heard", "our guests, 3 of them, are late", "size 6 shoes",
  } do
    it(("do not take %q from a text that is asked for"):format(note), function()
      local turn = say(CLIENTS.words, { "plan 2 rooms for 4 people", note })
      assert.are.same({ a = 2, b = 4, note = note, size = turn.slots.size }, turn.slots)
    end)
  end
end)

describe("the words of a language", function()
  local boolean = require "intent_webhook.types.boolean"
  local dialogue = require "intent_webhook.dialogue"
  local said = require "intent_webhook.said"

  for _, code in ipairs { "en", "de", "vi" } do
    local language = require("intent_webhook.languages." .. code)

    -- accents do not count in commands: "dừng" would be "đúng"
    it("for yes and no are no other commands: " .. code, function()
      local spoken = dialogue.new(language)
      for _, words in ipairs(language.boolean.yes) do
        local command = spoken:command(said.new(words))
        assert.is_true(command == nil or command == "assent" or command == "nothing", words)
      end
      for _, words in ipairs(language.boolean.no) do
        local command = spoken:command(said.new(words))
        assert.is_true(command == nil or command == "skip" or command == "nothing" or code == "vi" and words == "thôi",
          words)
      end
    end)

    it("for not wanting are no yes: " .. code, function()
      for _, name in ipairs { "skip", "nothing" } do
        for _, words in ipairs(language.dialogue[name]) do
          local yes = boolean.answer(said.new(words), language)
          assert.is_true(not yes or words == "all good", words)
        end
      end
    end)

    it("are all there: " .. code, function()
      local english = require "intent_webhook.languages.en"
      for _, section in ipairs { "dialogue", "boolean", "name" } do
        for name, value in pairs(english[section]) do
          assert.are.equal(type(value), type(language[section][name]), section .. "." .. name)
        end
      end
      for _, section in ipairs { "says", "reasons" } do
        for name in pairs(english.dialogue[section]) do
          assert.is_string(language.dialogue[section][name], section .. "." .. name)
        end
      end
    end)
  end
end)

describe("users' functions in a conversation", function()
  local function with_slot(slot)
    slot.name = "code"
    return client_of { { name = "order", rules = { "order" }, slots = { slot } } }
  end

  for _, case in ipairs {
    { "a predicate that raises", { validate = function() error("oops") end }, "validate", "oops" },
    { "a predicate that returns rubbish", { validate = function() return {} end }, "validate", "returned a table" },
    { "a predicate whose message is rubbish", { validate = function() return false, {} end }, "validate",
      "returned a table as the message" },
    { "a type that raises", { type = function() error("oops") end }, "type", "oops" },
    { "a type that returns rubbish", { type = function() return {} end }, "type", "returned a table" },
    { "a type that returns a place outside", { type = function() return "x", 1, 100 end }, "type", "not in the text" },
    { "a prompt that raises", { prompt = function() error("oops") end }, "prompt", "oops" },
    { "a prompt that returns rubbish", { prompt = function() return 5 end }, "prompt", "returned a number" },
  } do
    it(case[1] .. " is reported with its place, and the session goes on", function()
      local client = with_slot(case[2])
      local turn, session = say(client, { "order", "abc" })
      local first = turn.errors and turn.errors[1]
      if case[3] == "prompt" then first = say(client, { "order" }).errors[1] end
      assert.are.equal("intents[1].slots[1]." .. case[3], first.where)
      assert.is_truthy(first.message:find(case[4], 1, true), first.message)
      assert.are.equal("cancelled", say(client, { "order", "cancel" }, nil).status)
      assert.is_table(session)
    end)
  end

  it("that raise are reported once, however often they are asked", function()
    local client = with_slot { type = function() error("oops") end }
    assert.are.equal(1, #say(client, { "order", "abc" }).errors)
  end)

  it("that take long are reported", function()
    local client = with_slot { validate = function()
      local finish = os.clock() + 0.15
      while os.clock() < finish do end
      return true
    end }
    local turn = say(client, { "order", "abc" })
    assert.are.equal("fired", turn.status)
    assert.are.equal("intents[1].slots[1].validate", turn.errors[1].where)
    assert.is_truthy(turn.errors[1].message:find("^took 0%.%d+ s: the host waited$"))
  end)

  it("may be types, with the value and its place", function()
    local client = client_of({ { name = "order", rules = { "order" }, slots = {
      { name = "code", type = "ticket", prompt = "Which?" }, { name = "who", type = "name", prompt = "Who?" } } } },
      { types = { ticket = function(text)
        local first, last = text:find("T%-%d+")
        if not first then return nil, "invalid" end
        return text:sub(first + 2, last), first, last
      end } })
    local turn = say(client, { "order", "it is T-55" })
    assert.are.same({ code = "55" }, turn.slots)
    assert.are.equal("Who?", turn.prompt)
    turn = say(client, { "order", "55" })
    assert.are.equal("invalid", turn.rejected[1].reason)
    assert.are.equal(2, turn.attempt)
  end)
end)
