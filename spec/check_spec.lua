local process = require "spec.support.process"
local webhook = require "intent_webhook"

local function definition(intent)
  return { history = "history.db", intents = { intent } }
end

local function good()
  return {
    name = "book",
    rules = { "book for {name}" },
    slots = { "name" },
    actions = { { webhook = "http://127.0.0.1:9/hook" } },
  }
end

local function action(changes)
  local intent = good()
  for name, value in pairs(changes) do intent.actions[1][name] = value end
  return definition(intent)
end

-- "path: message" of each mistake.
local function lines(options)
  local list = {}
  for index, mistake in ipairs(webhook.check(options)) do list[index] = mistake.path .. ": " .. mistake.message end
  return list
end

local function only(options)
  local list = lines(options)
  assert(#list == 1, "expected one mistake, got:\n" .. table.concat(list, "\n"))
  return list[1]
end

describe("webhook.check", function()
  it("finds nothing wrong with a good definition", function()
    assert.are.same({}, webhook.check(definition(good())))
  end)

  it("lists every mistake in the order of the definition", function()
    local list = lines {
      history = "history.db",
      queue_limit = 0,
      intents = { {
        name = "a", slots = { {} }, rules = { { pattern = "(%u)", slots = { "size" } }, "for {name}" },
        actions = { { webhook = "ftp://x" } },
      }, {} },
    }
    for index, line in ipairs(list) do list[index] = line:gsub("(rules%[2%]: column) .*", "%1") end
    assert.are.same({
      'queue_limit: must be from 1 to 100000000, got 0',
      'intents[1].slots[1].name: must be a string, got nil: give the slot a name',
      'intents[1].rules[1].slots[1]: is "size", but the intent has no such slot',
      'intents[1].rules[2]: column',
      'intents[1].actions[1].webhook: must begin with http:// or https://',
      'intents[2].name: must be a string, got nil: give the intent a name',
    }, list)
  end)

  it("raises for nothing, whatever it is given", function()
    for _, rubbish in ipairs { 5, "x", true, {}, { intents = 5 }, { intents = { 5 } }, { intents = { { slots = 5 } } },
      { intents = { { rules = { {} }, slots = { 7 }, actions = { 7 } } } }, { [5] = 6 } } do
      assert.is_true(#webhook.check(rubbish) > 0)
    end
    assert.are.same({ { path = "", message = "must be a table, got nil", level = "error" } }, webhook.check(nil))
  end)

  it("says which option was meant", function()
    local options = definition(good())
    options.quue_limit = 5
    assert.are.equal('quue_limit: is no option: did you mean "queue_limit"?', only(options))
    options = definition(good())
    options.intents[1].colour = "red"
    assert.are.equal("intents[1].colour: is no option: known are name, rules, slots, actions, priority, " ..
        "confirm, interrupts, description", only(options))
    local intent = good()
    intent.actions[1] = { url = "http://127.0.0.1:9/" }
    assert.are.equal('intents[1].actions[1].url: is no option: did you mean "webhook"?', lines(definition(intent))[2])
  end)

  it("takes a list for nothing else", function()
    local options = definition(good())
    options.intents = { book = good() }
    assert.are.equal("intents: must be a list or a string, got a table with names or gaps: "
      .. "give the intents, or the path of a Lua file that returns them", only(options))
  end)

  it("takes a table with holes or names for no list", function()
    local options = definition(good())
    for _, intents in ipairs { { good(), nil, good(), x = 1 }, { good(), nil, good() }, { good(), x = 1 },
      { [0] = good() }, { [2] = good() } } do
      options.intents = intents
      assert.is_truthy(lines(options)[1]:find("^intents: must be a list or a string, got a table with names or gaps: "))
    end
    local intent = good()
    intent.name = {}
    assert.are.equal("intents[1].name: must be a string, got a table: give the intent a name", only(definition(intent)))
  end)

  it("suggests no word that has nothing of what was written", function()
    local options = definition(good())
    options.foo = 1
    assert.is_nil(only(options):find("did you mean", 1, true))
  end)

  it("says of options whose metamethod raises that it did", function()
    local mistakes = webhook.check(setmetatable({}, { __index = function() error("no such field") end }))
    assert.is_truthy(mistakes[1].message:find("^reading the options raised an error: [^\n]*no such field"))
  end)

  it("finds two intents and two slots of the same name", function()
    local options = definition(good())
    options.intents[2] = good()
    assert.are.equal('intents[2].name: is "book" like that of intents[1]: give it another', only(options))
    local intent = good()
    intent.slots[2] = { name = "name" }
    assert.are.equal('intents[1].slots[2]: is called "name" like intents[1].slots[1]: give it another name',
      only(definition(intent)))
  end)

  it("refuses control characters in names", function()
    for _, bad in ipairs { "a\rb", "a\nb", "a\0b", "a\27b", "a\127b", "a\194\155b" } do
      local intent = good()
      intent.name = bad
      assert.is_truthy(only(definition(intent)):find("^intents%[1%].name: holds a "))
      intent = good()
      intent.rules, intent.slots = {}, { { name = bad } }
      assert.is_truthy(only(definition(intent)):find("^intents%[1%].slots%[1%].name: holds a "))
      assert.is_truthy(only(action { headers = { ["X" .. bad] = "v" } }):find("^intents%[1%].actions%[1%].headers"))
      if bad:byte(2) < 128 then
        assert.is_truthy(only(action { headers = { ["X-Name"] = bad } }):find("^intents%[1%].actions%[1%].headers"))
      end
      assert.is_truthy(only(action { token = bad }):find("^intents%[1%].actions%[1%].token: holds a "))
      local wrong_url = only(action { webhook = "http://h/" .. bad })
      assert.is_truthy(wrong_url:find("^intents%[1%].actions%[1%].webhook: holds a "))
    end
  end)

  it("refuses names that are not UTF-8", function()
    local intent = good()
    intent.name = "a\255"
    assert.are.equal("intents[1].name: is not UTF-8: write it in UTF-8", only(definition(intent)))
    intent = good()
    intent.rules, intent.slots = {}, { "a\255", "a\254", "Zoë" }
    assert.are.equal("intents[1].slots[1].name: is not UTF-8: write it in UTF-8", lines(definition(intent))[1])
    assert.are.equal(2, #lines(definition(intent)))
  end)

  it("refuses empty names", function()
    local intent = good()
    intent.name = ""
    assert.are.equal("intents[1].name: is empty: give the intent a name", only(definition(intent)))
  end)

  it("refuses a brace in the name of a slot", function()
    local intent = good()
    intent.slots[2] = { name = "a}", optional = true }
    assert.are.equal("intents[1].slots[2].name: holds a brace: a sentence could not name it", only(definition(intent)))
  end)

  it("refuses a slot that is required and optional at once", function()
    local intent = good()
    intent.slots[1] = { name = "name", required = true, optional = true }
    assert.are.equal("intents[1].slots[1]: is required and optional, or neither: leave one of the two out",
      only(definition(intent)))
  end)

  it("carries what the core says of an endpoint, under the option's own name", function()
    assert.are.equal('intents[1].actions[1].token: begins with "Bearer": give the raw value only, the prefix is added',
      only(action { token = "Bearer abc" }))
    assert.are.equal("intents[1].actions[1].token: is empty: give the raw value, or leave token out",
      only(action { token = "" }))
    assert.is_truthy(only(action { webhook = "" }):find("^intents%[1%].actions%[1%].webhook: is missing"))
    assert.is_truthy(only(action { headers = { Host = "x" } }):find("actions[1].headers.Host: Host cannot", 1, true))
    assert.is_truthy(only(action { allow = { "10.0.0.0/99" } }):find("^intents%[1%].actions%[1%].allow: "))
  end)

  it("lists every mistake that the core finds in one endpoint, and those of the options beside them", function()
    local wrong = { webhook = "ftp://x", token = "Bearer a", timeout = 0, allow = { "q", "10.0.0.0/8", "r" },
      headers = { ["X A"] = "1", Host = "h", ["Ä"] = "2" } }
    local places = {}
    for index, mistake in ipairs(webhook.check(action(wrong))) do
      places[index] = mistake.path:gsub("^intents%[1%].actions%[1%].", "") .. ": " .. mistake.message:sub(1, 16)
    end
    assert.are.same({
      "timeout: must be from 0.0", "webhook: must begin with ", 'token: begins with "Bea',
      "headers.Host: Host cannot be s",
      'headers["X A"]: a name is empty ', 'headers["Ä"]: a name is empty ', 'allow: "q" is not an ad',
      'allow: "r" is not an ad',
    }, places)
  end)

  it("finds what is wrong only together", function()
    assert.are.equal("intents[1].actions[1].headers: Authorization is set by token already: remove one of the two",
      only(action { token = "abc", headers = { Authorization = "x" } }))
    assert.are.equal("intents[1].actions[1].headers: x-a is given twice: remove one of the two",
      only(action { headers = { ["X-A"] = "1", ["x-a"] = "2" } }))
  end)

  it("warns of a ca_file that cannot be read", function()
    for _, path in ipairs { "/nonexistent/ca.pem", "/" } do
      local list = webhook.check(action { ca_file = path })
      assert.are.equal(1, #list)
      assert.are.same({ "intents[1].actions[1].ca_file", "warning" }, { list[1].path, list[1].level })
      assert.is_truthy(list[1].message:find("cannot be read (" .. path, 1, true))
    end
    assert.is_truthy(webhook.new(action { ca_file = "/nonexistent/ca.pem" }))
  end)

  it("says of a client's allow that it is the client's, once", function()
    local options = definition(good())
    options.intents[1].actions[2] = { webhook = "http://127.0.0.1:9/" }
    options.allow = { "here" }
    assert.is_truthy(only(options):find('^allow: "here" is not an address range'))
  end)

  it("refuses token_env of a variable that is not set, and beside token", function()
    assert.are.equal("intents[1].actions[1].token_env: names the environment variable INTENT_WEBHOOK_UNSET, "
      .. "which is not set: set it, or leave token_env out", only(action { token_env = "INTENT_WEBHOOK_UNSET" }))
    assert.are.equal("intents[1].actions[1].token_env: is empty: name the variable, or leave token_env out",
      only(action { token_env = "" }))
    assert.are.equal("intents[1].actions[1].token_env: is given as well as token: remove one of the two",
      only(action { token = "abc", token_env = "PATH" }))
  end)

  it("says of a bad token from the environment where it came from", function()
    local status, output, errors = process.run {
      process.interpreter(), "-e", [[
        local mistakes = require("intent_webhook").check { history = "history.db", intents = { {
          name = "a", actions = { { webhook = "http://127.0.0.1:9/", token_env = "SPEC_TOKEN" } } } } }
        for _, mistake in ipairs(mistakes) do print(mistake.path) end]],
      env = { SPEC_TOKEN = "Bearer x", LUA_PATH = package.path, LUA_CPATH = package.cpath },
    }
    assert.are.equal(0, status, errors)
    assert.are.equal("intents[1].actions[1].token_env\n", output)
  end)

  it("gives no token away", function()
    for _, list in ipairs { lines(action { token = "Bearer s3cret" }), lines(action { token = { "s3cret" } }),
      lines(action { token = "s3cret\n" }) } do
      assert.are.equal(1, #list)
      assert.is_nil(list[1]:find("s3cret", 1, true))
    end
  end)

  it("refuses secret_headers that are not in headers", function()
    assert.are.equal(
      'intents[1].actions[1].secret_headers[1]: is "X-Kye", which is not in headers: did you mean "X-Key"?',
      only(action { headers = { ["X-Key"] = "v" }, secret_headers = { "X-Kye" } }))
    assert.are.same({}, lines(action { headers = { ["X-Key"] = "v" }, secret_headers = { "x-key" } }))
  end)

  it("refuses numbers out of their range", function()
    assert.are.equal("intents[1].actions[1].timeout: must be from 0.001 to 3600, got 0: it counts seconds",
      only(action { timeout = 0 }))
    assert.are.equal("intents[1].actions[1].timeout: must be from 0.001 to 3600, got NaN: it counts seconds",
      only(action { timeout = 0 / 0 }))
    assert.are.equal("intents[1].actions[1].timeout: must be from 0.001 to 3600, got infinity: it counts seconds",
      only(action { timeout = 1 / 0 }))
    assert.are.equal("intents[1].actions[1].in_flight: must be a whole number, got 1.5",
      only(action { in_flight = 1.5 }))
    local options = definition(good())
    options.keep_days = -1
    assert.is_truthy(only(options):find("^keep_days: must be from 0.001"))
    options.keep_days = false
    assert.are.same({}, lines(options))
  end)

  it("refuses a network that it does not know", function()
    assert.are.equal('intents[1].actions[1].network: must be "any" or "public": did you mean "public"?',
      only(action { network = "publik" }))
    assert.are.equal('intents[1].actions[1].network: must be "any" or "public"', only(action { network = "lan" }))
  end)

  it("warns of a required slot that no rule yields, and only warns", function()
    local intent = good()
    intent.slots[2] = "phone"
    local list = webhook.check(definition(intent))
    assert.are.same({ { path = "intents[1]", level = "warning",
      message = 'the slot "phone" is required, but no rule yields it: no message alone can fire this intent, only a '
        .. "conversation; give it a prompt, a type, or a rule that yields it" } }, list)
    assert.is_truthy(webhook.new(definition(intent)))
    intent.rules[2] = function() end
    assert.are.same({}, webhook.check(definition(intent)))
    intent.rules, intent.slots[2] = { "book for {name}" }, { name = "phone", optional = true }
    assert.are.same({}, webhook.check(definition(intent)))
  end)

  it("warns of a client without intents", function()
    assert.are.equal("warning", webhook.check({ history = "history.db", intents = {} })[1].level)
  end)

  it("checks endpoints also when the history is missing", function()
    assert.are.same({
      "history: must be a string, got nil: name the SQLite file that keeps the history",
      "intents[1].actions[1].webhook: must begin with http:// or https://",
    }, lines { intents = { { name = "a", actions = { { webhook = "ftp://x" } } } } })
  end)

  it("says that a history cannot be where it is wanted", function()
    local options = definition(good())
    options.history = "/nonexistent/folder/history.db"
    assert.is_truthy(only(options):find("^history: "))
  end)

  it("creates no file", function()
    local folder = process.temporary_folder()
    finally(function() process.remove(folder) end)
    local options = definition(good())
    options.history = folder .. "/history.db"
    assert.are.same({}, webhook.check(options))
    assert.are.equal("", process.shell("ls -A " .. process.quote(folder)))
  end)
end)

describe("webhook.new", function()
  it("raises the first mistake at the caller's line", function()
    local good_call, problem = pcall(function()
      local options = definition(good())
      options.intents[1].slots[2] = {}
      webhook.new(options)
    end)
    assert.is_false(good_call)
    assert.is_truthy(problem:find("^spec/check_spec.lua:%d+: webhook.new: intents%[1%].slots%[2%].name: must be"))
  end)

  it("raises for something that is no table", function()
    assert.has_error(function() webhook.new() end, "webhook.new: options: must be a table, got nil")
  end)

  it("returns nil, message and code when the history cannot be where it is wanted", function()
    local options = definition(good())
    options.history = "/nonexistent/folder/history.db"
    local client, message, code = webhook.new(options)
    assert.is_nil(client)
    assert.is_string(message)
    assert.are.equal("history", code)
  end)
end)
