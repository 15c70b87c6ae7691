local process = require "spec.support.process"
local webhook = require "intent_webhook"

describe("an intent", function()
  local folder, client

  setup(function() folder = process.temporary_folder() end)
  teardown(function() process.remove(folder) end)
  after_each(function()
    if client then client:close(5) end
    client = nil
  end)

  local function new(...)
    client = assert(webhook.new { history = folder .. "/history.db", intents = { ... } })
    return client
  end

  local function message(text)
    return assert(client:message(text))
  end

  it("fires when a rule of it matches and yields every required slot", function()
    new { name = "call", rules = { "call {name}" }, slots = { "name" } }
    local result = message("Call Ann!")
    assert.are.equal("fired", result.status)
    assert.are.equal("call", result.intent)
    assert.are.same({ name = "Ann" }, result.slots)
    assert.are.equal(1, result.rule)
    assert.is_truthy(result.id:find("^%x+%-%x+%-7%x+%-%x+%-%x+$"))
    assert.is_nil(result.errors)
  end)

  it("is incomplete when a required slot is not in the message, and says which, in declared order", function()
    local slots = { "phone", "name", { name = "at", optional = true }, "why" }
    new { name = "call", rules = { "call {name}" }, slots = slots }
    local result = message("call Ann")
    assert.are.equal("incomplete", result.status)
    assert.are.equal("call", result.intent)
    assert.are.same({ name = "Ann" }, result.slots)
    assert.are.same({ "phone", "why" }, result.missing)
    assert.is_nil(result.id)
    assert.are.equal(0, client:stats().fired)
  end)

  it("stays out of a message that no rule matches", function()
    new { name = "call", rules = { "call {name}" }, slots = { "name" } }
    assert.are.same({ status = "unmatched" }, message("hello"))
    assert.are.same({ status = "unmatched" }, message(""))
  end)

  it("without rules is only fired by name", function()
    new { name = "tick" }
    assert.are.same({ status = "unmatched" }, message("tick"))
    assert.is_string(client:fire("tick"))
  end)

  it("wins by the highest score", function()
    new({ name = "any", rules = { "{all}" }, slots = { "all" } },
      { name = "call", rules = { "call {name}", "call {name} back" }, slots = { "name" } })
    assert.are.equal("any", message("hello").intent)
    local result = message("call Ann back")
    assert.are.equal("call", result.intent)
    assert.are.equal(2, result.rule)
  end)

  it("wins by being defined first among equal scores", function()
    local function half() return {}, 0.5 end
    new({ name = "one", rules = { function() end, half, half } }, { name = "two", rules = { half } })
    local result = message("x")
    assert.are.equal("one", result.intent)
    assert.are.equal(2, result.rule)
  end)

  it("wins by its priority, whatever the score, and spares rules of lower priority", function()
    local asked = 0
    new({ name = "any", priority = 1, rules = { { pattern = "hel" } } }, { name = "exact", rules = { "help" } },
      { name = "low", priority = -1, rules = { function()
        asked = asked + 1
        return {}
      end } })
    assert.are.equal("any", message("help").intent)
    assert.are.equal(0, asked)
    assert.are.equal("low", message("other").intent)
    assert.are.equal(1, asked)
  end)

  it("wins by the priority of a sentence, which is added to its own", function()
    new({ name = "one", rules = { "help" } }, { name = "two", rules = { { sentences = { "help" }, priority = 1 } } },
      { name = "three", priority = 1, rules = { { sentences = { "help" }, priority = -2 } } })
    assert.are.equal("two", message("help").intent)
  end)

  it("is not asked for when another one accounts for the whole message already", function()
    local asked = 0
    new({ name = "exact", rules = { "help" } }, { name = "later", rules = { function() asked = asked + 1 end } })
    assert.are.equal("exact", message("help").intent)
    assert.are.equal(0, asked)
    message("other")
    assert.are.equal(1, asked)
  end)

  it("tells its rule functions the intent and the session", function()
    local seen
    new { name = "call", rules = { function(_, context) seen = context end } }
    client:message("x", { session = "s1" })
    assert.are.same({ intent = "call", session = "s1" }, seen)
  end)

  it("may have slots that are numbers, booleans and null, from a rule function", function()
    new {
      name = "order",
      slots = { "size", "gift", "note" },
      rules = { function() return { size = 3, gift = false, note = webhook.null } end },
    }
    assert.are.equal("fired", message("x").status)
  end)
end)

describe("a rule function that goes wrong", function()
  local folder, client

  setup(function() folder = process.temporary_folder() end)
  teardown(function() process.remove(folder) end)
  after_each(function() client:close(5) end)

  local function result_of(run, text)
    client = assert(webhook.new {
      history = folder .. "/history.db",
      intents = { { name = "one", rules = { "hello", run }, slots = { { name = "n", optional = true } } } },
    })
    return assert(client:message(text or "x"))
  end

  local function only_error(result)
    assert.are.equal(1, #result.errors)
    assert.are.equal("intents[1].rules[2]", result.errors[1].where)
    return result.errors[1].message
  end

  it("is reported with its traceback, and the message goes on to the other rules", function()
    local function fragile(nothing) return nothing.field end
    local result = result_of(function() return (fragile()) end)
    assert.are.equal("unmatched", result.status)
    local text = only_error(result)
    assert.is_truthy(text:find("^[^\n]*intent_spec.lua:%d+: attempt to index"))
    assert.is_truthy(text:find("\nstack traceback:\n", 1, true))
    assert.are.equal(2, select(2, text:gsub("intent_spec.lua:%d+: in ", "")))
    assert.is_nil(text:find("protected.lua", 1, true))
    assert.is_nil(text:find("xpcall", 1, true))
  end)

  it("is told apart from one that matches: the event keeps the error", function()
    client = assert(webhook.new {
      history = folder .. "/errors.db",
      intents = { { name = "one", rules = { function() error("broken", 0) end, "hello" } } },
    })
    local result = client:message("hello")
    assert.are.equal("fired", result.status)
    assert.are.equal("broken", result.errors[1].message:match("^[^\n]*"))
    assert.is_truthy(client:flush(5))
    local event = assert(client:event(result.id))
    assert.are.equal("intents[1].rules[1]: broken", event.error:match("^[^\n]*"))
  end)

  it("may raise anything, even what cannot be made text", function()
    local wicked = setmetatable({}, { __tostring = function() error("no") end })
    for _, problem in ipairs { wicked, {}, 5, false } do
      local result = result_of(function() error(problem) end)
      assert.are.equal("unmatched", result.status)
      assert.is_string(only_error(result))
      client:close(5)
    end
  end)

  it("may recurse for ever", function()
    local function deeper(n) return 1 + deeper(n + 1) end
    local text = only_error(result_of(function() return deeper(1) end))
    assert.is_truthy(text:find("stack overflow", 1, true))
    assert.is_true(#text < 20000)
  end)

  it("may return a table with metamethods, of which none is called", function()
    local wicked = { __index = error, __pairs = function() return function() end end, __newindex = error }
    client = assert(webhook.new { history = folder .. "/wicked.db", intents = { {
      name = "one", slots = { "n" }, rules = { function(text)
        return setmetatable(text == "full" and { n = "1" } or {}, wicked)
      end },
    } } })
    assert.are.same({ "n" }, client:message("empty").missing)
    local result = client:message("full")
    assert.are.equal("fired", result.status)
    assert.are.same({ n = "1" }, result.slots)
    assert.is_nil(getmetatable(result.slots))
  end)

  it("is reported when it returns what is no table", function()
    assert.is_truthy(only_error(result_of(function() return 5 end)):find("the rule returned a number", 1, true))
  end)

  it("is reported when it returns slots that the intent does not declare, or values that no slot can hold", function()
    local wrong = {
      [{ m = 1 }] = 'slots.m: is not declared by the intent "one": known are n',
      [{ "x" }] = 'slots.1: is not declared by the intent "one"',
      [{ n = {} }] = "slots.n: a table cannot be sent",
      [{ n = print }] = "slots.n: a function cannot be sent",
      [{ n = 0 / 0 }] = "slots.n: NaN cannot be sent",
      [{ n = 1 / 0 }] = "slots.n: infinity cannot be sent",
    }
    for slots, message in pairs(wrong) do
      local result = result_of(function() return slots end)
      assert.are.equal("unmatched", result.status)
      assert.is_truthy(only_error(result):find("the rule returned " .. message, 1, true))
      client:close(5)
    end
  end)
end)

describe("a file of intents", function()
  local folder, count

  setup(function() folder, count = process.temporary_folder(), 0 end)
  teardown(function() process.remove(folder) end)

  local function write(content)
    count = count + 1
    local path = ("%s/intents-%d.lua"):format(folder, count)
    process.write_file(path, content)
    return path
  end

  it("returns a list of intents", function()
    assert.are.same({ intents = { { name = "a" } } }, webhook.load(write "return { { name = 'a' } }"))
  end)

  it("returns options of a client, with intents among them", function()
    assert.are.same({ intents = {}, history = "x.db" }, webhook.load(write "return { intents = {}, history = 'x.db' }"))
  end)

  it("is named instead of the intents, and gives way to options beside it", function()
    local content = "return { intents = { { name = 'a' } }, history = %q, keep_days = -1 }"
    local path = write(content:format(folder .. "/h.db"))
    assert.are.equal("keep_days", webhook.check({ intents = path })[1].path)
    local client = assert(webhook.new { intents = path, keep_days = 5 })
    assert.is_string(client:fire("a"))
    assert.is_true(client:close(5))
  end)

  local function refusal(path)
    local options, message, code = webhook.load(path)
    assert.is_nil(options)
    local client, same, same_code = webhook.new { intents = path, history = folder .. "/h.db" }
    assert.is_nil(client)
    assert.are.same({ message, code }, { same, same_code })
    assert.are.same({ { path = "intents", message = message, level = "error" } },
      webhook.check { intents = path, history = folder .. "/h.db" })
    return code, message
  end

  it("that is not there, or is a folder, is unreadable", function()
    assert.are.equal("unreadable", (refusal(folder .. "/none.lua")))
    assert.are.equal("unreadable", (refusal(folder)))
  end)

  it("that is no Lua, raises or returns something else is invalid", function()
    local code, message = refusal(write "return {")
    assert.are.equal("invalid", code)
    assert.is_truthy(message:find("^the file of intents is not Lua: .*intents%-%d+.lua:1: "))
    code, message = refusal(write "\n\nerror('boom')")
    assert.are.equal("invalid", code)
    assert.is_truthy(message:find("intents%-%d+.lua:3: boom\nstack traceback:"))
    code, message = refusal(write "return 5")
    assert.are.equal("invalid", code)
    assert.is_truthy(message:find("returned a number: return a list of intents", 1, true))
    assert.are.equal("invalid", (refusal(write "")))
    code, message = refusal(write "return setmetatable({}, { __index = function() error('boom') end })")
    assert.are.equal("invalid", code)
    assert.is_truthy(message:find("raised an error: [^\n]*intents%-%d+.lua:1: boom"))
  end)

  it("does not name another file", function()
    local path = write "return { intents = 'other.lua' }"
    local mistakes = webhook.check { intents = path, history = folder .. "/h.db" }
    assert.are.equal("must be a list here, got a string: return the intents themselves", mistakes[1].message)
  end)
end)
