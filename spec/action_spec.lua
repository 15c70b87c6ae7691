-- What actions do when an intent fires: from their definition to the bytes on the wire, the history and the result.

local listener = require "intent_webhook.listener"
local process = require "spec.support.process"
local socket = require "socket"
local webhook = require "intent_webhook"

local SLOTS = { "name", { name = "phone", sensitive = true, optional = true }, { name = "size", optional = true },
  { name = "pin", sensitive = true, optional = true } }

describe("an action", function()
  local folder, receiver, clients

  setup(function() receiver = assert(listener.open {}) end)
  teardown(function() receiver:close() end)
  before_each(function()
    folder = process.temporary_folder()
    clients = {}
  end)
  after_each(function()
    for _, client in ipairs(clients) do client:close(5) end
    while receiver:take(0) do end
    process.remove(folder)
  end)

  -- A webhook action that posts to the receiver.
  local function hook(path, change)
    local made = { webhook = "http://127.0.0.1:" .. receiver:port() .. path }
    for name, value in pairs(change or {}) do made[name] = value end
    return made
  end

  -- A client with one intent "it", which messages fire as well.
  local function new(actions, slots)
    local client = assert(webhook.new {
      history = folder .. "/history.db", keep_days = false, -- the time below is long ago
      now = function() return 1700000000.25 end,
      intents = { { name = "it", rules = { "it is {name}" }, slots = slots or SLOTS, actions = actions } },
    })
    clients[#clients + 1] = client
    return client
  end

  -- Fires; returns the event and its outcome.
  local function fired(actions, values, session)
    local client = new(actions)
    local id, _, _, outcome = assert(client:fire("it", values or { name = "Zoë" }, { session = session }))
    assert(client:flush(5))
    return assert(client:event(id)), outcome
  end

  -- The bodies that arrived, by path.
  local function bodies()
    local found = {}
    repeat
      local request = receiver:take(0)
      if request then found[request.target] = request.body end
    until not request
    return found
  end

  local function mistakes(action, slots)
    local lines = {}
    for index, mistake in ipairs(webhook.check { history = folder .. "/check.db",
      intents = { { name = "it", slots = slots or SLOTS, actions = { action } } } }) do
      lines[index] = mistake.path:gsub("^intents%[1%]%.", "") .. ": " .. mistake.message
    end
    return lines
  end

  describe("with a payload", function()
    it("posts it with the slots in their places, and single placeholders with their types", function()
      local event = fired({ hook("/", { payload = { text = "{name}: {size}", size = "{size}", event = "{event.intent}",
        at = "{event.time}", chat = "{event.session}", id = "{event.id}" } }) }, { name = "Zoë", size = 4 }, "chat-1")
      assert.equal('{"at":"2023-11-14T22:13:20Z","chat":"chat-1","event":"it","id":"' .. event.id
        .. '","size":4,"text":"Zoë: 4"}', bodies()["/"])
      assert.equal("delivered", event.deliveries[1].status)
      assert.is_nil(event.note)
    end)

    it("leaves out what is missing, and has null for it in a list", function()
      fired { hook("/", { payload = { size = "{size}", list = { "{size}", "{name}" }, note = "<{size}>" } }) }
      assert.equal('{"list":[null,"Zoë"],"note":"<>"}', bodies()["/"])
    end)

    it("may be one text, true or an empty array", function()
      fired { hook("/text", { payload = "Hello {name}" }), hook("/false", { payload = false }),
        hook("/array", { payload = webhook.array {} }), hook("/slots") }
      assert.same({ ["/text"] = '"Hello Zoë"', ["/false"] = "false", ["/array"] = "[]", ["/slots"] = '{"name":"Zoë"}' },
        bodies())
    end)

    it("is filled with data: what a person writes is no template", function()
      fired({ hook("/", { payload = { text = "{name}", line = "I am {name}" } }) },
        { name = "{phone}", phone = "+84901234567" })
      assert.equal('{"line":"I am {phone}","text":"{phone}"}', bodies()["/"])
    end)

    it("keeps sensitive slots masked in the history, alone and within text, whatever they are", function()
      for _, values in ipairs { { name = "Zoë", phone = "+84901234567", pin = 1234.1 * 3 },
        { name = "Zoë", phone = true, pin = 7 } } do
        local event = fired({ hook("/", { payload = { contact = { phone = "{phone}" }, text = "call {phone}, pin {pin}",
          list = { "{pin}", "{name}" } } }) }, values)
        local pin = values.pin == 7 and "7" or "3702.3"
        local sent = bodies()["/"]
        assert.truthy(sent:find("call " .. tostring(values.phone) .. ", pin " .. pin .. '"', 1, true), sent)
        assert.equal('{"contact":{"phone":"[redacted]"},"list":["[redacted]","Zoë"],'
          .. '"text":"call [redacted], pin [redacted]"}', event.deliveries[1].attempts[1].request_body)
        clients[#clients]:close(5)
      end
      local kept = process.read_file(folder .. "/history.db")
      assert.is_nil(kept:find("84901234567", 1, true) or kept:find("3702.3", 1, true))
    end)

    it("keeps a sensitive number masked also where the endpoint sends back how it was written", function()
      local echoing = assert(listener.open { body = "you sent 3702.3, right?" })
      finally(function() echoing:close() end)
      local event = fired({ { webhook = "http://127.0.0.1:" .. echoing:port() .. "/", payload = "pin {pin}" } },
        { name = "Zoë", pin = 1234.1 * 3 })
      assert.equal("you sent [redacted], right?", event.deliveries[1].attempts[1].response_body)
    end)

    it("is refused beside map, and with its mistakes", function()
      assert.same({ "actions[1].payload: is given as well as map: remove one of the two" },
        mistakes(hook("/", { payload = {}, map = function() end })))
      assert.same({ "actions[1].payload: is a function: call it map, or give a value with slots in braces" },
        mistakes(hook("/", { payload = function() end })))
      assert.same({ 'actions[1].payload.a[1]: names "{phnoe}", which is no slot: did you mean "phone"?' },
        mistakes(hook("/", { payload = { a = { "{phnoe}" } } })))
      assert.same({ 'actions[1].payload: names "{x}", which is no slot: known are event.id, event.time, event.intent, '
        .. "event.session" }, mistakes(hook("/", { payload = "{x}" }), {}))
      assert.same({ 'actions[1].body: is no option: did you mean "payload"?' }, mistakes(hook("/", { body = {} })))
    end)
  end)

  describe("with when", function()
    it("runs when that returns true, which sees copies of the slots and of the event", function()
      local seen
      local event = fired({ hook("/a", { when = function(slots, given)
        seen = { slots.name, slots.phone, given.intent, given.session, given.time, given.id }
        slots.name, given.intent = "changed", "changed"
        return true
      end }) }, { name = "Zoë", phone = "123456" }, "chat-1")
      assert.same({ "Zoë", "123456", "it", "chat-1", 1700000000.25, event.id }, seen)
      assert.same({ ["/a"] = '{"name":"Zoë","phone":"123456"}' }, bodies())
      assert.same({ "it", "Zoë" }, { event.intent, event.slots.name })
    end)

    it("makes no delivery when that returns false or nothing; the others keep their numbers", function()
      local event, outcome = fired { hook("/1", { when = function() return false end }), hook("/2"),
        { reply = "never", when = function() end }, hook("/3", { payload = { n = "{name}" }, when = function() end }),
        hook("/4", { payload = { n = "{name}" }, when = function() return true end }) }
      assert.same({ ["/2"] = '{"name":"Zoë"}', ["/4"] = '{"n":"Zoë"}' }, bodies())
      assert.same({ 2, 4 }, { event.deliveries[1].number, event.deliveries[2].number })
      assert.is_nil(event.deliveries[3])
      assert.equal("actions[1] did not run: its `when` returned false; actions[3] did not run: its `when` returned "
        .. "nothing; actions[4] did not run: its `when` returned nothing", event.note)
      assert.same({}, outcome)
    end)

    it("records an event whose webhooks all stay away like one without a webhook", function()
      local client = new { hook("/", { when = function() return false end }) }
      local id = assert(client:fire("it", { name = "\255" }))
      local results = assert(client:wait(id, 5))
      assert.same({ 0, "recorded" }, { results[1].number, results[1].status })
      local event = client:event(id)
      assert.same({}, event.deliveries)
      assert.equal("actions[1] did not run: its `when` returned false; text that was not UTF-8 is recorded with U+FFFD "
        .. "in its place", event.note)
      assert.same({}, bodies())
    end)

    it("does not run when that raises or returns rubbish, which is reported and recorded", function()
      local client = new { hook("/1"), hook("/2", { when = function(slots) error("no good: " .. slots.phone) end }),
        hook("/3", { when = function() return "yes" end }),
        { reply = "never", when = function() error { code = 1 } end } }
      local id, _, _, outcome = client:fire("it", { name = "Zoë", phone = "+84901234567" })
      assert(client:flush(5))
      local event = client:event(id)
      assert.same({ ["/1"] = '{"name":"Zoë","phone":"+84901234567"}' }, bodies())
      assert.equal("actions[2] did not run: its `when` raised an error; actions[3] did not run: its `when` returned a "
        .. "string; actions[4] did not run: its `when` raised an error", event.note)
      local errors = outcome.errors
      assert.same({ "intents[1].actions[2].when", "intents[1].actions[3].when", "intents[1].actions[4].when" },
        { errors[1].where, errors[2].where, errors[3].where })
      assert.matches("action_spec.lua:%d+: no good: %+84901234567\n", errors[1].message)
      assert.equal("returned a string: return true or false", errors[2].message)
      assert.is_nil(outcome.replies)
      assert.matches("intents%[1%].actions%[2%].when: .*no good: %[redacted%]", event.error)
      assert.matches("intents%[1%].actions%[3%].when: returned a string", event.error)
    end)

    it("is refused when it is no function", function()
      assert.same({ "actions[1].when: must be a function, got true: give a function(slots, event) that returns true or "
        .. "false" }, mistakes(hook("/", { when = true })))
    end)
  end)

  describe("in the host", function()
    it("gives replies and functions their turn in order, when the event was accepted", function()
      local order, client = {}, nil
      client = new {
        function(event)
          order[#order + 1] = "one"
          order.accepted = client:stats().fired
          order.event = event
        end,
        { reply = "Booked, {name}." },
        hook("/"),
        { run = function() order[#order + 1] = "two" end, when = function() return true end },
        { reply = function(slots, event)
          order[#order + 1] = "reply"
          return slots.name .. " " .. event.intent
        end },
        { run = function() order[#order + 1] = "never" end, when = function() return false end },
      }
      local result = client:message("it is Zoë", { session = "chat-1" })
      assert.equal("fired", result.status)
      assert.same({ "Booked, Zoë.", "Zoë it" }, result.replies)
      assert.is_nil(result.handoff or result.errors)
      assert.same({ "one", "two", "reply", accepted = 1, event = { id = result.id, time = 1700000000.25, intent = "it",
        session = "chat-1", slots = { name = "Zoë" } } }, order)
      assert(client:flush(5))
      assert.same({ ["/"] = '{"name":"Zoë"}' }, bodies())
      assert.equal("actions[6] did not run: its `when` returned false", client:event(result.id).note)
    end)

    it("gives each function a copy of its own", function()
      local slots, seen = { name = "Zoë" }, nil
      local _, outcome = fired({ function(event)
        slots.name, event.slots.name, event.intent = "changed", "changed", "changed"
      end, function(event) seen = { event.slots.name, event.intent } end, { reply = "{name}" } }, slots)
      assert.same({ "Zoë", "it" }, seen)
      assert.same({ "Zoë" }, outcome.replies)
    end)

    it("records an event that has a reply and no webhook", function()
      local event, outcome = fired { { reply = "Hello {name}, {size}" } }
      assert.same({ "Hello Zoë, " }, outcome.replies)
      assert.same({}, event.deliveries)
      assert.equal("the intent has no webhook action", event.note)
    end)

    it("takes an empty reply for none", function()
      local _, outcome = fired { { reply = "{size}" }, { reply = function() end },
        { reply = function() return "" end } }
      assert.same({}, outcome)
    end)

    it("hands off as the first handoff says that runs", function()
      local _, outcome = fired { { handoff = "billing", when = function() return false end },
        { handoff = "sales: {name}" }, { handoff = true } }
      assert.equal("sales: Zoë", outcome.handoff)
      local result = new({ { handoff = true }, { handoff = "late" } }):message("it is Zoë")
      assert.is_true(result.handoff)
      assert.is_nil(result.replies)
      _, outcome = fired { { handoff = "{size}" } }
      assert.is_true(outcome.handoff)
    end)

    it("reports what raises, with its place, and goes on", function()
      local client = new { function() error("oh no") end, { run = function() error() end },
        { reply = function() return {} end }, { reply = "still here" } }
      local result = client:message("it is Zoë")
      assert.equal("fired", result.status)
      assert.same({ "still here" }, result.replies)
      local errors = result.errors
      assert.equal(3, #errors)
      assert.equal("intents[1].actions[1]", errors[1].where)
      assert.matches("action_spec.lua:%d+: oh no\n", errors[1].message)
      assert.equal("intents[1].actions[2]", errors[2].where)
      assert.same({ where = "intents[1].actions[3].reply",
        message = "returned a table: return what to say, or nothing" }, errors[3])
    end)

    it("reports how long a function took that kept the host waiting", function()
      local function slow() socket.sleep(0.12) end
      local event, outcome = fired { slow, { reply = "yes", when = function()
        slow()
        return true
      end }, hook("/", { map = function(slots)
        slow()
        return slots.name
      end }) }
      local places = {}
      for index, one in ipairs(outcome.errors) do
        assert.matches("^took 0%.%d+ s: the host waited$", one.message)
        places[index] = one.where
      end
      assert.same({ "intents[1].actions[2].when", "intents[1].actions[3].map", "intents[1].actions[1]" }, places)
      assert.same({ "yes" }, outcome.replies)
      assert.matches("actions%[2%]%.when: took", event.error)
      assert.equal('"Zoë"', bodies()["/"])
    end)

    it("does not run when the event was not accepted", function()
      local ran = false
      local client = new { function() ran = true end, { reply = "Booked" } }
      local id, message, code, outcome = client:fire("it", {})
      assert.same({ false, "incomplete" }, { ran, code })
      assert.truthy(id == nil and message and outcome == nil)
      client:close(5)
      assert.same({ nil, "the client is closed", "closed" }, { client:message("it is Zoë") })
      assert.is_false(ran)
    end)

    it("may fire and send messages itself", function()
      local client
      client = new { function(event)
        if event.slots.name ~= "Zoë" then client:message("it is Zoë") end
      end, hook("/", { payload = "{name}" }), { reply = "{name}" } }
      assert.same({ "Bob" }, client:message("it is Bob").replies)
      assert(client:flush(5))
      assert.equal(2, client:stats().delivered)
    end)

    it("gives nothing besides the id when the intent has only webhooks with flat slots", function()
      local client = new { hook("/") }
      assert.equal(3, select("#", client:fire("it", { name = "Zoë" })) - 1)
      assert.is_nil((select(4, client:fire("it", { name = "Zoë" }))))
      assert.is_nil(client:message("it is Zoë").replies)
    end)
  end)

  it("is refused when it is none, with what may stand there", function()
    local all = "a webhook, a reply, a handoff or a function"
    assert.same({ "actions[1]: must be " .. all .. ", got a number" }, mistakes(7))
    assert.same({ "actions[1]: must be " .. all .. ", got a string" }, mistakes "http://127.0.0.1/")
    assert.same({ "actions[1]: is none of what an action can be: give " .. all .. ', like { reply = "Done." }' },
      mistakes {})
    assert.same({ "actions[1]: is a webhook and a reply: make two actions of it" },
      mistakes(hook("/", { reply = "x" })))
    assert.same({ 'actions[1].reply: must be a string or a function, got nil: write what to say, like "Booked, '
      .. '{customer_name}."', 'actions[1].repyl: is no option: did you mean "reply"?' }, mistakes { repyl = "x" })
    assert.same({ "actions[1].handoff: must be true or false or a string, got nil: write true, or a text that says "
      .. "where to or why", 'actions[1].escalate: is no option: did you mean "handoff"?' },
      mistakes { escalate = true })
  end)

  it("is refused when its reply or handoff says nothing, or names what is no slot", function()
    assert.same({ "actions[1].reply: is empty: write what to say" }, mistakes { reply = "" })
    assert.same({ 'actions[1].reply: names "{nam}", which is no slot: did you mean "name"?' },
      mistakes { reply = "{nam}" })
    assert.same({ "actions[1].handoff: must be true, or a text that says where to or why, got false" },
      mistakes { handoff = false })
    assert.same({ "actions[1].handoff: must be true, or a text that says where to or why, got an empty one" },
      mistakes { handoff = "" })
    assert.same({ 'actions[1].timeout: is no option: known are reply, when' }, mistakes { reply = "x", timeout = 1 })
    assert.same({ "actions[1].run: must be a function, got true: give a function(event)" }, mistakes { run = true })
  end)
end)
