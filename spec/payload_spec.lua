-- What Lua values become on the wire and in the history, and which are refused.

local core = require "intent_webhook.core"
local listener = require "intent_webhook.listener"
local process = require "spec.support.process"
local webhook = require "intent_webhook"

local maxinteger, mininteger = rawget(math, "maxinteger"), rawget(math, "mininteger") -- nil before Lua 5.3

describe("a payload", function()
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

  -- A client with one intent "it".
  local function new(slots, map)
    local client = assert(webhook.new {
      history = folder .. "/history.db",
      intents = { { name = "it", slots = slots,
        actions = { { webhook = "http://127.0.0.1:" .. receiver:port() .. "/", map = map } } } },
    })
    clients[#clients + 1] = client
    return client
  end

  -- Fires; returns the body that arrived, the body that is kept, and the event.
  local function sent(slots, values, map)
    local client = new(slots, map)
    local id = assert(client:fire("it", values))
    local deliveries = assert(client:wait(id))
    assert.equal("delivered", deliveries[1].status, deliveries[1].message)
    local event = assert(client:event(id))
    return assert(receiver:take(5)).body, event.deliveries[1].attempts[1].request_body, event
  end

  local function mapped(value)
    return (sent({}, {}, function() return value end))
  end

  -- Fires what cannot be sent; returns the delivery and the event.
  local function refused(value)
    local client = new({}, function() return value end)
    local id = assert(client:fire("it"))
    local delivery = assert(client:wait(id))[1]
    assert.equal("payload_invalid", delivery.cause)
    assert.is_nil(receiver:take(0))
    return delivery.message, assert(client:event(id))
  end

  describe("of slots", function()
    it("has them in the order in which the intent declares them", function()
      assert.equal('{"z":1,"a":2,"m":3}', (sent({ "z", "a", "m" }, { a = 2, m = 3, z = 1 })))
    end)

    it("has strings, numbers, booleans and null", function()
      assert.equal('{"s":"x","n":1.5,"t":true,"f":false,"z":null}', (sent({ "s", "n", "t", "f", "z" },
        { s = "x", n = 1.5, t = true, f = false, z = webhook.null })))
    end)

    it("leaves out an optional one that is missing", function()
      assert.equal('{"a":1,"c":3}', (sent({ "a", { name = "b", optional = true }, "c" }, { a = 1, c = 3 })))
    end)

    it("is an empty object for an intent without slots", function()
      assert.equal("{}", (sent({}, {})))
    end)

    it("escapes what JSON escapes, in names too", function()
      assert.equal('{"a\\"\\\\b":"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f/"}',
        (sent({ 'a"\\b' }, { ['a"\\b'] = '"\\\b\f\n\r\t\0\1\31/' })))
    end)

    if maxinteger then
      it("keeps all 64 bits of an integer", function()
        assert.equal('{"a":9223372036854775807,"b":-9223372036854775808,"c":12345678901234567}',
          (sent({ "a", "b", "c" }, { a = maxinteger, b = mininteger, c = 12345678901234567 })))
      end)
    end

    it("writes a number as the shortest text that reads back the same", function()
      local values = { a = 0.1, b = 1 / 3, c = 1e300, d = -2.5e-9, e = 2 ^ 53, f = 5e-324, g = 100 }
      local body = sent({ "a", "b", "c", "d", "e", "f", "g" }, values)
      assert.equal('{"a":0.1,"b":0.3333333333333333,"c":1e+300,"d":-2.5e-09,"e":', body:sub(1, 60))
      for name, text in body:gmatch('"(%a)":([^,}]+)') do assert.equal(values[name], tonumber(text)) end
      assert.truthy(body:find('"f":5e-324', 1, true))
      assert.truthy(body:find('"g":100', 1, true))
    end)

    it("has U+FFFD for each sequence that is not UTF-8, and the event says so", function()
      local body, _, event = sent({ "a" }, { a = "x\255y\192\175z\237\160\128" })
      local bad = "\239\191\189"
      assert.equal('{"a":"x' .. bad .. "y" .. bad .. bad .. "z" .. bad .. bad .. bad .. '"}', body)
      assert.truthy(event.note:find("not UTF-8", 1, true))
    end)

    it("says nothing of the kind when all is UTF-8", function()
      local _, _, event = sent({ "a" }, { a = "Zoë 🙏" })
      assert.is_true(event.note == nil or event.note == webhook.null)
    end)
  end)

  describe("cannot be made, and fire raises at the caller's line naming the slot,", function()
    for what, case in pairs {
      ["of a function"] = { print, "a function cannot be sent" },
      ["of a table"] = { {}, "a table cannot be sent" },
      ["of userdata"] = { io.stdout, "a userdata cannot be sent" },
      ["of a coroutine"] = { coroutine.create(function() end), "a thread cannot be sent" },
      ["of NaN"] = { 0 / 0, "NaN cannot be sent" },
      ["of infinity"] = { math.huge, "infinity cannot be sent" },
      ["of minus infinity"] = { -math.huge, "infinity cannot be sent" },
    } do
      it(what, function()
        local client = new { "name" }
        local good, message = pcall(function() client:fire("it", { name = case[1] }) end)
        assert.is_false(good)
        assert.truthy(message:find("slots.name: " .. case[2], 1, true), message)
        assert.truthy(message:find("payload_spec.lua:%d+:"), message)
        assert.equal(0, client:stats().fired)
      end)
    end

    it("with a slot that the intent does not declare", function()
      local client = new { "name" }
      assert.has_error(function() client:fire("it", { name = "x", nmae = "y" }) end)
      assert.has_error(function() client:fire("it", { name = "x", [1] = "y" }) end)
      assert.equal(0, client:stats().fired)
    end)
  end)

  it("is refused without raising when a required slot is missing", function()
    local id, message, code = new({ "a", "b" }):fire("it", { a = 1 })
    assert.is_nil(id)
    assert.equal("incomplete", code)
    assert.truthy(message:find("slots.b", 1, true))
  end)

  describe("that map returns", function()
    it("may be any JSON value", function()
      assert.equal('"text"', mapped("text"))
      assert.equal("12", mapped(12))
      assert.equal("false", mapped(false))
      assert.equal("null", mapped(webhook.null))
      assert.equal("[1,2,3]", mapped { 1, 2, 3 })
      assert.equal('{"text":"hi"}', mapped { text = "hi" })
    end)

    it("nests, with the keys of an object sorted", function()
      assert.equal('{"a":[{"x":[],"y":{}},[1,[2]]],"b":{"c":null}}',
        mapped { b = { c = webhook.null }, a = { { y = {}, x = webhook.array {} }, { 1, { 2 } } } })
    end)

    it("may nest 32 levels, and may name the same table twice", function()
      local deep = {}
      for _ = 1, 31 do deep = { deep } end
      assert.equal(("["):rep(31) .. "{}" .. ("]"):rep(31), mapped(deep))
      local shared = { 1 }
      assert.equal('{"a":[1],"b":[1]}', mapped { a = shared, b = shared })
    end)

    local cycle = {}
    cycle.a = { b = { 1, cycle } }
    local deep = {}
    for _ = 1, 32 do deep = { deep } end
    for what, case in pairs {
      ["a function"] = { { a = { b = { 1, 2, print } } }, "payload.a.b[3]: a function cannot be sent" },
      ["userdata"] = { { a = io.stdout }, "payload.a: a userdata cannot be sent" },
      ["NaN"] = { { { x = 0 / 0 } }, "payload[1].x: NaN cannot be sent" },
      ["infinity"] = { { x = -math.huge }, "payload.x: infinity cannot be sent" },
      ["a cycle"] = { cycle, "payload.a.b[2]: a cycle cannot be sent" },
      ["a sparse array"] = { { list = { 1, 2, [4] = 4 } }, "payload.list: is a sparse array" },
      ["an array that begins at 2"] = { { list = { [2] = 1 } }, "payload.list: is a sparse array" },
      ["a fractional index"] = { { list = { [1.5] = 1 } }, "payload.list: is a sparse array" },
      ["both kinds of keys"] = { { list = { 1, a = 2 } }, "payload.list: has both string keys and indices" },
      ["a boolean key"] = { { [true] = 1 }, "payload: has a key that is neither" },
      ["33 levels"] = { deep, "is nested deeper than 32 levels" },
    } do
      it("is refused with its path when it holds " .. what, function()
        local message = refused(case[1])
        assert.truthy(message:find(case[2], 1, true), message)
      end)
    end
  end)

  describe("with a sensitive slot", function()
    local slots = { "name", { name = "phone", sensitive = true }, { name = "pin", sensitive = true, optional = true } }

    it("goes out in full and is kept masked", function()
      local body, kept, event = sent(slots, { name = "Zoë", phone = "+84901234567", pin = 7 })
      assert.equal('{"name":"Zoë","phone":"+84901234567","pin":7}', body)
      assert.equal('{"name":"Zoë","phone":"[redacted]","pin":"[redacted]"}', kept)
      assert.same({ name = "Zoë", phone = "[redacted]", pin = "[redacted]" }, event.slots)
    end)

    it("is kept masked wherever map has put the value", function()
      local body, kept = sent(slots, { name = "Zoë", phone = "+84901234567", pin = 73 }, function(given)
        return { text = "call " .. given.phone .. "!", list = { given.pin, 74 }, [given.phone] = true, pin = given.pin }
      end)
      assert.equal('{"+84901234567":true,"list":[73,74],"pin":73,"text":"call +84901234567!"}', body)
      assert.equal('{"[redacted]":true,"list":["[redacted]",74],"pin":"[redacted]","text":"call [redacted]!"}', kept)
    end)
  end)

  it("belongs to the client whose intent it is", function()
    local one = core.client { history = folder .. "/one.db" }
    local other = core.client { history = folder .. "/other.db" }
    local intent = one:intent("it", {}, {})
    assert.has_error(function() other:fire(intent, {}) end)
    assert.has_error(function() other:encode(intent, {}) end)
  end)
end)
