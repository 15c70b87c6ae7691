local cjson = require "cjson"
local listener = require "intent_webhook.listener"
local process = require "spec.support.process"
local webhook = require "intent_webhook"

describe("a client", function()
  local folder, receiver, url, client

  setup(function() folder = process.temporary_folder() end)
  teardown(function() process.remove(folder) end)
  before_each(function()
    receiver = assert(listener.open {})
    url = ("http://127.0.0.1:%d"):format(receiver:port())
  end)
  after_each(function()
    if client then client:close(5) end
    client = nil
    receiver:close()
  end)

  -- options may have, besides those of a client, `action`: changes to the one webhook action.
  local function new(options)
    options = options or {}
    local action = { webhook = url .. "/hook" }
    for name, value in pairs(options.action or {}) do action[name] = value end
    options.action = nil
    options.history = options.history or folder .. "/history.db"
    options.intents = options.intents or { {
      name = "book",
      rules = { "book for {name}" },
      slots = { "name", { name = "phone", optional = true, sensitive = true } },
      actions = { action },
    } }
    client = assert(webhook.new(options))
    return client
  end

  local function body_of(request)
    return cjson.decode(request.body)
  end

  describe("fire", function()
    it("returns the event's id at once and posts the slots in declared order", function()
      new()
      local id = client:fire("book", { phone = "12345", name = "Ann" })
      assert.is_truthy(id:find("^%x+%-%x+%-7%x+%-%x+%-%x+$"))
      local request = receiver:take(5)
      assert.are.equal("POST", request.method)
      assert.are.equal("/hook", request.target)
      assert.are.equal('{"name":"Ann","phone":"12345"}', request.body)
    end)

    it("leaves a missing optional slot out, and sends null as null", function()
      new()
      client:fire("book", { name = webhook.null })
      assert.are.equal('{"name":null}', receiver:take(5).body)
    end)

    it("refuses when a required slot is missing", function()
      new()
      local id, message, code = client:fire("book", { phone = "1" })
      assert.is_nil(id)
      assert.are.equal("incomplete", code)
      assert.is_truthy(message:find("name", 1, true))
      assert.are.equal("incomplete", select(3, client:fire("book")))
    end)

    it("raises misuse at the caller's line", function()
      new()
      local wrong = {
        [{ "bok", {} }] = 'client:fire: there is no intent "bok": did you mean "book"?',
        [{ nil, {} }] = 'client:fire: there is no intent "nil": known are book',
        [{ "book", { name = "A", nam = "B" } }] =
          'client:fire: slots.nam: is not declared by the intent "book": did you mean "name"?',
        [{ "book", { name = print } }] = "client:fire: slots.name: a function cannot be sent",
        [{ "book", { name = {} } }] = "client:fire: slots.name: a table cannot be sent",
        [{ "book", { name = "A", zzz = "B" } }] = 'by the intent "book": known are name, phone',
        [{ "book", { name = 0 / 0 } }] = "client:fire: slots.name: NaN cannot be sent",
        [{ "book", "name" }] = "client:fire: slots: must be a table, got a string",
        [{ "book", { name = "A" }, { sesion = "s" } }] = 'client:fire: sesion: is no option: did you mean "session"?',
        [{ "book", { name = "A" }, { session = 5 } }] = "client:fire: session: must be a string, got a number",
      }
      for arguments, message in pairs(wrong) do
        local good, problem = pcall(function()
          local id = client:fire(arguments[1], arguments[2], arguments[3])
          return id
        end)
        assert.is_false(good)
        assert.is_truthy(problem:find("^spec/client_spec.lua:%d+: "))
        assert.is_truthy(problem:find(message, 1, true), problem)
      end
      assert.are.equal(0, client:stats().fired)
    end)

    it("refuses when the client is closed", function()
      new()
      assert.is_true(client:close(5))
      assert.are.equal("closed", select(3, client:fire("book", { name = "A" })))
      assert.are.equal("closed", select(3, client:message("book for Ann")))
    end)

    it("refuses at the queue's limit", function()
      receiver:close()
      receiver = assert(listener.open { delay = 30 })
      url = ("http://127.0.0.1:%d"):format(receiver:port())
      new { queue_limit = 2 }
      assert.is_string(client:fire("book", { name = "A" }))
      assert.is_string(client:fire("book", { name = "B" }))
      local id, message, code = client:fire("book", { name = "C" })
      assert.is_nil(id)
      assert.is_string(message)
      assert.are.equal("full", code)
      assert.are.equal(1, client:stats().refused)
      assert.are.equal("timeout", select(3, client:close(0)))
      receiver:close()
    end)

    it("records an intent without actions as an event without deliveries", function()
      new { intents = { { name = "note", slots = { "text" } } } }
      local id = client:fire("note", { text = "hello" })
      local deliveries = assert(client:wait(id, 5))
      assert.are.equal(1, #deliveries)
      assert.are.same({ "recorded", 0, true },
        { deliveries[1].status, deliveries[1].number, deliveries[1].recorded })
      assert.are.same({}, client:event(id).deliveries)
    end)

    it("takes the time of the event from now", function()
      new { now = function() return 1000000000.25 end, keep_days = false }
      local id = client:fire("book", { name = "A" })
      assert.is_truthy(client:wait(id, 5))
      assert.are.equal(1000000000.25, client:event(id).time)
      assert.are.equal("00e8d4a5-10fa", id:sub(1, 13)) -- 1000000000250 ms
    end)

    it("raises when now returns no time, at the caller's line, and passes on what it raises", function()
      local now = function() return 0 / 0 end
      new { now = function() return now() end }
      for name, call in pairs {
        fire = function() return (client:fire("book", { name = "A" })) end,
        message = function() return (client:message("book for A")) end,
      } do
        local good, problem = pcall(call)
        assert.is_false(good)
        assert.is_truthy(problem:find(("^spec/client_spec.lua:%%d+: client:%s: now: "):format(name)), problem)
        assert.is_truthy(problem:find("must return seconds since 1970, returned NaN", 1, true), problem)
      end
      now = function() error("no clock", 0) end
      assert.has_error(function() client:fire("book", { name = "A" }) end, "no clock")
    end)
  end)

  describe("message", function()
    it("fires the intent that the message matches", function()
      new()
      local result = client:message("Book for Ann Lee.", { session = "web-1" })
      assert.are.equal("fired", result.status)
      assert.are.equal('{"name":"Ann Lee"}', receiver:take(5).body)
      assert.is_truthy(client:wait(result.id, 5))
      assert.are.equal("web-1", client:event(result.id).session)
    end)

    it("raises only for wrong arguments", function()
      new()
      for _, arguments in ipairs { {}, { 5 }, { {} }, { "x", { session = {} } }, { "x", "y" }, { "x", { foo = 1 } } } do
        local good, problem = pcall(function()
          local result = client:message(arguments[1], arguments[2])
          return result
        end)
        assert.is_false(good)
        assert.is_truthy(problem:find("^spec/client_spec.lua:%d+: client:message: "))
      end
    end)

    it("takes text with any bytes", function()
      new()
      local result = client:message("book for A\0\255\n\27")
      assert.are.equal("fired", result.status)
      assert.are.equal('{"name":"A\\u0000\239\191\189\\n\\u001b"}', receiver:take(5).body)
      assert.is_truthy(client:wait(result.id, 5))
      assert.is_truthy(client:event(result.id).note:find("UTF-8", 1, true))
    end)
  end)

  describe("map", function()
    it("makes the payload", function()
      new { action = { map = function(slots) return { text = "Hi " .. slots.name, list = { 1, { a = true } } } end } }
      client:fire("book", { name = "Ann" })
      assert.are.same({ text = "Hi Ann", list = { 1, { a = true } } }, body_of(receiver:take(5)))
    end)

    it("says by webhook.array that an empty table is an array", function()
      new { action = { map = function() return { a = webhook.array(), b = {}, c = webhook.array { 1 } } end } }
      client:fire("book", { name = "Ann" })
      assert.are.equal('{"a":[],"b":{},"c":[1]}', receiver:take(5).body)
      for _, wrong in ipairs { 5, setmetatable({}, { __metatable = "locked" }) } do
        local good, problem = pcall(function()
          local marked = webhook.array(wrong)
          return marked
        end)
        assert.is_false(good)
        assert.is_truthy(problem:find("^spec/client_spec.lua:%d+: webhook.array: list: "), problem)
      end
    end)

    it("gets a copy of the slots and what the event is", function()
      local seen
      new {
        now = function() return 1700000000.5 end,
        keep_days = false,
        action = { map = function(slots, event)
          seen = event
          slots.name, slots.other = "changed", print
          return slots.phone
        end },
      }
      local slots = { name = "Ann", phone = "12345" }
      local id = client:fire("book", slots, { session = "s" })
      assert.are.same({ name = "Ann", phone = "12345" }, slots)
      assert.are.same({ id = id, time = 1700000000.5, intent = "book", session = "s" }, seen)
      assert.are.equal('"12345"', receiver:take(5).body)
      assert.is_truthy(client:wait(id, 5))
      assert.are.same({ name = "Ann", phone = "[redacted]" }, client:event(id).slots)
    end)

    it("gives the event the time that it has in the history", function()
      local seen
      new { action = { map = function(_, event) seen = event return {} end } }
      local id = client:fire("book", { name = "Ann" })
      assert.is_truthy(client:wait(id, 5))
      assert.are.equal(seen.time, client:event(id).time)
      assert.is_true(math.abs(os.time() - seen.time) < 60)
    end)

    it("is not called for slots that cannot be sent", function()
      local calls = 0
      new { action = { map = function() calls = calls + 1 return {} end } }
      assert.are.equal("incomplete", select(3, client:fire("book", {})))
      assert.has_error(function() client:fire("book", { name = print }) end)
      assert.has_error(function() client:fire("book", 5) end)
      assert.are.equal(0, calls)
    end)

    it("that raises fails that delivery alone, with its traceback on the event", function()
      new { intents = { {
        name = "book",
        rules = { "book for {name}" },
        slots = { "name" },
        actions = {
          { webhook = url .. "/1", map = function(slots) return slots.name.first.second end },
          { webhook = url .. "/2" },
        },
      } } }
      local result = client:message("book for Ann")
      assert.are.equal("fired", result.status)
      assert.are.equal("intents[1].actions[1].map", result.errors[1].where)
      assert.are.equal("/2", receiver:take(5).target)
      local deliveries = assert(client:wait(result.id, 5))
      table.sort(deliveries, function(a, b) return a.number < b.number end)
      assert.are.same({ "failed", "map_error" }, { deliveries[1].status, deliveries[1].cause })
      assert.is_truthy(deliveries[1].message:find("client_spec.lua:%d+: attempt to index"))
      assert.are.equal("delivered", deliveries[2].status)
      local event = client:event(result.id)
      assert.is_truthy(event.error:find("^intents%[1%].actions%[1%].map: [^\n]*client_spec.lua:%d+: attempt to index"))
      assert.is_truthy(event.error:find("\nstack traceback:\n", 1, true))
    end)

    it("that raises gives no sensitive slot away in the delivery's message", function()
      new { action = { map = function(slots) error("bad phone " .. slots.phone, 0) end } }
      local deliveries = assert(client:wait(client:fire("book", { name = "Ann", phone = "+84901234567" }), 5))
      assert.are.equal("bad phone [redacted]", deliveries[1].message)
      client:close(5)
      new { action = { map = function(slots) return { [slots.phone] = print } end } }
      deliveries = assert(client:wait(client:fire("book", { name = "Ann", phone = "+84901234567" }), 5))
      assert.are.equal("payload_invalid", deliveries[1].cause)
      assert.is_nil(deliveries[1].message:find("84901234567", 1, true))
    end)

    it("that returns nothing fails its delivery", function()
      new { action = { map = function() end } }
      local deliveries = assert(client:wait(client:fire("book", { name = "Ann" }), 5))
      assert.are.equal("map_error", deliveries[1].cause)
      assert.are.equal("map returned nothing: return the payload, or webhook.null", deliveries[1].message)
    end)

    it("that returns what JSON cannot say fails its delivery, with the path", function()
      local wrong = {
        [{ a = { b = { 1, 2, print } } }] = "payload.a.b[3]: a function cannot be sent",
        [{ n = 1 / 0 }] = "payload.n: infinity cannot be sent",
        [{ [1] = 1, [3] = 3 }] = "payload: is a sparse array",
        [{ 1, x = 2 }] = "payload: has both string keys and indices",
      }
      local payload
      new { action = { map = function() return payload end } }
      for value, message in pairs(wrong) do
        payload = value
        local deliveries = assert(client:wait(client:fire("book", { name = "Ann" }), 5))
        assert.are.equal("payload_invalid", deliveries[1].cause)
        assert.is_truthy(deliveries[1].message:find(message, 1, true), deliveries[1].message)
      end
    end)
  end)

  describe("poll", function()
    it("gives each finished delivery once, and never waits", function()
      new()
      assert.are.same({}, client:poll())
      local id = client:fire("book", { name = "Ann" }, { session = "s" })
      local delivery = process.wait_until(function() return client:poll()[1] end, 5, "the delivery")
      assert.are.equal(id, delivery.id)
      assert.are.same({ "book", "s", 1, url .. "/hook", "delivered", 200, true },
        { delivery.intent, delivery.session, delivery.number, delivery.url, delivery.status, delivery.http_status,
          delivery.recorded })
      assert.is_true(delivery.seconds > 0 and delivery.seconds < 5)
      assert.are.same({}, client:poll())
    end)

    it("gives no more than it is told to, and the others the next time", function()
      new()
      local ids = {}
      for index = 1, 5 do ids[index] = client:fire("book", { name = "Ann" }) end
      assert(client:flush(5))
      local found = {}
      for _, count in ipairs { 2, 2, 1, 0 } do
        local deliveries = client:poll(2)
        assert.are.equal(count, #deliveries)
        for _, delivery in ipairs(deliveries) do found[#found + 1] = delivery.id end
      end
      table.sort(found)
      table.sort(ids)
      assert.are.same(ids, found)
      for _, most in ipairs { 0, -1, 1.5, 0 / 0, "2" } do
        assert.has_error(function() client:poll(most) end)
      end
    end)

    it("gives the cause of a failure and what to do", function()
      new { action = { webhook = "http://127.0.0.1:" .. process.free_port() .. "/" } }
      client:fire("book", { name = "Ann" })
      local delivery = process.wait_until(function() return client:poll()[1] end, 5, "the delivery")
      assert.are.same({ "failed", "connect_refused" }, { delivery.status, delivery.cause })
      assert.is_truthy(delivery.reason:find("is the endpoint running?", 1, true))
      assert.is_nil(delivery.http_status)
    end)

    it("tells of a disabled action", function()
      new { action = { disabled = true } }
      local deliveries = assert(client:wait(client:fire("book", { name = "Ann" }), 5))
      assert.are.equal("endpoint_disabled", deliveries[1].cause)
    end)
  end)

  describe("wait", function()
    it("returns the event's deliveries and keeps them from poll", function()
      new()
      local id = client:fire("book", { name = "Ann" })
      local deliveries = assert(client:wait(id, 5))
      assert.are.equal(1, #deliveries)
      assert.are.equal(id, deliveries[1].id)
      assert.are.same({}, client:poll())
    end)

    it("knows no id that it did not give", function()
      new()
      assert.are.equal("unknown", select(3, client:wait("01890000-0000-7000-8000-000000000000", 5)))
      local id = client:fire("book", { name = "Ann" })
      assert.are.equal("unknown", select(3, client:wait(id .. "\0", 5)))
    end)

    it("ends with its timeout", function()
      receiver:close()
      receiver = assert(listener.open { delay = 30 })
      url = ("http://127.0.0.1:%d"):format(receiver:port())
      new()
      local id = client:fire("book", { name = "Ann" })
      assert.are.equal("timeout", select(3, client:wait(id, 0.01)))
      assert.are.equal("timeout", select(3, client:flush(0.01)))
      local closed, message, code = client:close(0)
      assert.is_nil(closed)
      assert.are.equal("timeout", code)
      assert.are.equal("1 delivery was cut off: recorded as failed, client_closed", message)
      assert.are.equal("client_closed", client:poll()[1].cause)
    end)

    it("raises for a timeout that is none", function()
      new()
      for _, timeout in ipairs { -1, 0 / 0, "5", {} } do
        for _, method in ipairs { "flush", "close", "start" } do
          assert.has_error(function() client[method](client, timeout) end)
        end
        assert.has_error(function() client:wait("x", timeout) end)
      end
      assert.has_error(function() client:wait(5) end, "client:wait: id: must be a string, got a number")
    end)
  end)

  it("closes once; a second time does nothing", function()
    new()
    client:fire("book", { name = "Ann" })
    assert.is_true(client:close())
    assert.is_true(client:close())
    assert.are.equal("delivered", client:poll()[1].status)
  end)

  it("is closed by a variable of Lua 5.4 that goes out of scope", function()
    if _VERSION ~= "Lua 5.4" then return end
    new()
    local load_text = rawget(_G, "load")
    assert(load_text "local client = ...; local guard <close> = client; client:fire('book', { name = 'Ann' })")(client)
    assert.are.equal("closed", select(3, client:fire("book", { name = "Ann" })))
    assert.are.equal("delivered", client:poll()[1].status)
  end)

  it("starts when it is told, and says when the history is not to be had", function()
    new()
    assert.is_true(client:start())
    local path = folder .. "/text.db"
    local file = assert(io.open(path, "w"))
    file:write(("this is no database\n"):rep(100))
    file:close()
    local other = assert(webhook.new { history = path, intents = {} })
    local started, message, code = other:start()
    assert.is_nil(started)
    assert.is_string(message)
    assert.are.equal("history", code)
    other:close(0)
  end)

  it("counts what it does", function()
    new()
    client:fire("book", { name = "Ann" })
    client:fire("book", {})
    assert.is_true(client:flush(5))
    local stats = client:stats()
    assert.are.same({ 1, 1, 0, 0, 0, 0, 0 },
      { stats.fired, stats.delivered, stats.failed, stats.refused, stats.queued, stats.in_flight, stats.unrecorded })
    assert.is_nil(stats.history_error)
  end)

  it("is not confused by a host that has set up cjson in its own way", function()
    cjson.decode_max_depth(1)
    finally(function() cjson.decode_max_depth(1000) end)
    new()
    local id = client:fire("book", { name = "Ann" })
    assert.is_truthy(client:wait(id, 5))
    assert.are.equal("Ann", client:event(id).slots.name)
  end)
end)
