-- tools: intents as tool definitions, and the way back from what a model answers.

local cjson = require "cjson"
local nlu = require "intent_webhook.nlu"
local tools = require "intent_webhook.tools"

local function booking()
  return {
    { name = "book_table", description = "Books a table.", slots = {
      { name = "party_size", required = true, description = "How many people come.",
        schema = { type = "integer", minimum = 1, maximum = 20 } },
      { name = "date", required = true, schema = { type = "string", format = "date" } },
      { name = "area", schema = { type = "string", enum = { "inside", "garden" } } },
      { name = "note" },
    } },
    { name = "show_menu", slots = {} },
  }
end

local function named(name, slots)
  return { name = name, slots = slots or {} }
end

local OPENAI = '[{"type":"function","function":{"name":"book_table","description":"Books a table.","parameters":{'
  .. '"type":"object","properties":{'
  .. '"party_size":{"type":"integer","description":"How many people come.","maximum":20,"minimum":1},'
  .. '"date":{"type":"string","format":"date"},"area":{"type":"string","enum":["inside","garden"]},'
  .. '"note":{"type":"string"}},"required":["party_size","date"],"additionalProperties":false}}},'
  .. '{"type":"function","function":{"name":"show_menu","parameters":{"type":"object","properties":{},'
  .. '"additionalProperties":false}}}]'

describe("tools.export", function()
  it("defines functions for OpenAI's chat completions", function()
    assert.are.equal(OPENAI, tools.json(tools.export(booking(), "openai")))
  end)

  it("defines them flat, and not strict, for the Responses API, which is strict unless it is told", function()
    local list = cjson.decode(tools.json(tools.export(booking(), "openai_responses")))
    local chat = cjson.decode(OPENAI)
    for index, tool in ipairs(list) do
      assert.are.equal("function", tool.type)
      assert.is_false(tool.strict)
      tool.type, tool.strict = nil, nil
      assert.are.same(chat[index]["function"], tool)
    end
    assert.are.equal(2, #list)
  end)

  it("defines tools for Anthropic", function()
    local list = cjson.decode(tools.json(tools.export(booking(), "anthropic")))
    local chat = cjson.decode(OPENAI)
    for index, tool in ipairs(list) do
      local defined = chat[index]["function"]
      defined.input_schema, defined.parameters = defined.parameters, nil
      assert.are.same(defined, tool)
    end
    assert.are.equal(2, #list)
  end)

  it("requires every property in strict mode, and lets optional ones be null", function()
    local list = tools.export(booking(), "openai", { strict = true })
    assert.is_true(list[1]["function"].strict)
    assert.are.equal('{"type":"object","properties":{'
      .. '"party_size":{"type":"integer","description":"How many people come.","maximum":20,"minimum":1},'
      .. '"date":{"type":"string","format":"date"},'
      .. '"area":{"type":["string","null"],"enum":["inside","garden",null]},"note":{"type":["string","null"]}},'
      .. '"required":["party_size","date","area","note"],"additionalProperties":false}',
      tools.json(list[1]["function"].parameters))
    assert.are.equal('{"type":"object","properties":{},"required":[],"additionalProperties":false}',
      tools.json(list[2]["function"].parameters))
    assert.is_true(tools.export(booking(), "openai_responses", { strict = true })[1].strict)
  end)

  it("leaves out of strict schemas what OpenAI refuses", function()
    local schema = { type = "string", format = "uri", minLength = 1, default = "x", pattern = "^a", title = "A" }
    local inner = { type = "object", properties = { b = { type = "string", maxLength = 2 }, a = {} } }
    local list = tools.export({ named("x", {
      { name = "a", required = true, schema = schema },
      { name = "b", required = true, schema = { type = "array", items = inner, uniqueItems = true } },
      { name = "c", schema = { anyOf = { { type = "string", minLength = 1 }, { type = "integer" } } } },
      { name = "d", schema = { const = "yes" } },
      { name = "e", schema = {} },
      { name = "f", schema = { type = { "string", "null" } } },
    }) }, "openai", { strict = true })
    local properties = cjson.decode(tools.json(list))[1]["function"].parameters.properties
    assert.are.same({ type = "string", pattern = "^a" }, properties.a)
    assert.are.same({ type = "array", items = { type = "object", additionalProperties = false, required = { "a", "b" },
      properties = { a = { type = { "string", "number", "boolean" } }, b = { type = "string" } } } }, properties.b)
    assert.are.same({ anyOf = { { type = "string" }, { type = "integer" }, { type = "null" } } }, properties.c)
    assert.are.same({ type = { "string", "number", "boolean", "null" }, enum = { "yes", cjson.null } }, properties.d)
    assert.are.same({ type = { "string", "number", "boolean", "null" } }, properties.e)
    assert.are.same({ type = { "string", "null" } }, properties.f)
    assert.are.same({ "string", "uri", 1, "x" }, { schema.type, schema.format, schema.minLength, schema.default })
  end)

  it("changes nothing of what it was given, and keeps nothing of it", function()
    local given = booking()
    for _, format in ipairs(tools.formats()) do
      local before = tools.json(tools.export(given, format))
      local list = tools.export(given, format, { strict = format ~= "anthropic" })
      assert.are.same(booking(), given)
      given[1].slots[3].schema.enum[1] = "roof"
      assert.is_nil(tools.json(list):find("roof", 1, true))
      assert.are_not.equal(before, tools.json(tools.export(given, format)))
      given = booking()
    end
  end)

  it("says which formats there are, and which has no strict mode", function()
    assert.are.same({ nil, 'format: is "mcp", which there is not: known are anthropic, openai, openai_responses' },
      { tools.export(booking(), "mcp") })
    assert.are.same({ nil, 'format: is "nil", which there is not: known are anthropic, openai, openai_responses' },
      { tools.export(booking()) })
    assert.are.same({ nil, "strict: is not for anthropic, which has no such mode: leave it out" },
      { tools.export(booking(), "anthropic", { strict = true }) })
  end)

  it("writes lists as JSON arrays also when they are empty, and bounds what holds itself", function()
    assert.are.equal("[]", tools.json(tools.export({}, "openai")))
    local schema = { type = "object" }
    schema.properties = { again = schema }
    assert.is_string(tools.json(tools.export({ named("x", { { name = "a", schema = schema } }) }, "openai")))
  end)

  it("writes JSON that any other encoder would write as well", function()
    for _, format in ipairs(tools.formats()) do
      local list = tools.export(booking(), format)
      assert.are.same(cjson.decode(tools.json(list)), cjson.decode(cjson.encode(list)))
    end
  end)
end)

describe("A tool's name", function()
  local odd = {
    named "book_table", named "Book a table!", named "book a table?", named "đặt bàn", named "🍕", named "予約",
    named(("long "):rep(40)), named(("x"):rep(65)), named(("x"):rep(64)), named "a.b", named "a b", named "a-b",
  }

  it("fits what the APIs take, is the intent's own where that fits, and leads back", function()
    local names, seen = tools.names(odd), {}
    for _, intent in ipairs(odd) do
      local name = names.tools[intent.name]
      assert.is_truthy(#name <= 64 and name:find("^[a-zA-Z0-9_-]+$"))
      assert.is_nil(seen[name])
      seen[name] = true
      assert.are.equal(intent.name, names.intents[name])
      assert.are.equal(intent.name, tools.names(odd).intents[name])
    end
    for _, name in ipairs { "book_table", "a-b", ("x"):rep(64) } do assert.are.equal(name, names.tools[name]) end
    assert.is_nil(tools.names(odd).intents.order_pizza)
  end)

  it("is the same on every Lua, and whatever other intents there are", function()
    assert.are.equal("dat_ban_88b573", tools.names(odd).tools["đặt bàn"])
    assert.are.equal("dat_ban_88b573", tools.names({ named "đặt bàn" }).tools["đặt bàn"])
    assert.are.equal("unnamed_e36196", tools.names({ named "🍕" }).tools["🍕"])
  end)

  it("may hold a dot as a property, and only there", function()
    local names = tools.names({ named("a.b", { { name = "a.b" }, { name = "a]b" }, { name = "a,b" } }) })
    assert.is_truthy(names.tools["a.b"]:find("^a_b_%x+$"))
    assert.are.equal("a.b", names.properties["a.b"]["a.b"])
    assert.is_truthy(names.properties["a.b"]["a]b"]:find("^a_b_%x+$"))
    assert.are.same({ ["a.b"] = "a.b", [names.properties["a.b"]["a]b"]] = "a]b",
      [names.properties["a.b"]["a,b"]] = "a,b" }, names.slots["a.b"])
  end)

  it("gives way to an intent that is called like that", function()
    local intents = { named "đặt bàn", named "dat_ban_88b573" }
    local names = tools.names(intents)
    assert.are.equal("dat_ban_88b573", names.tools["dat_ban_88b573"])
    assert.is_truthy(names.tools["đặt bàn"]:find("^dat_ban_%x%x%x%x%x%x$"))
    assert.are.equal("đặt bàn", names.intents[names.tools["đặt bàn"]])
  end)

  it("is explained by the intent's own when there is no description", function()
    local tool = tools.export({ named("đặt bàn", { { name = "số người" }, { name = "date" } }) }, "anthropic")[1]
    assert.are.equal("đặt bàn", tool.description)
    local names = tools.names({ named("đặt bàn", { { name = "số người" }, { name = "date" } }) })
    local property = names.properties["đặt bàn"]["số người"]
    assert.is_truthy(property:find("^so_nguoi_%x+$"))
    assert.are.same({ type = "string", description = "số người" }, tool.input_schema.properties[property])
    assert.are.same({ type = "string" }, tool.input_schema.properties.date)
  end)
end)

describe("A model's answer", function()
  local intents = { named("đặt bàn", { { name = "số người" }, { name = "date" }, { name = "số.bàn" } }) }
  local names = tools.names(intents)

  it("comes back with the intents' own names", function()
    local people, number = names.properties["đặt bàn"]["số người"], names.properties["đặt bàn"]["số.bàn"]
    local answer = { stop_reason = "tool_use", content = {
      { type = "tool_use", id = "toolu_1", name = names.tools["đặt bàn"],
        input = { [people] = 4, date = "2026-11-24", unknown = true, [number] = print } },
      { type = "tool_use", id = "toolu_2", name = "other", input = { a = 1 } },
    } }
    local results = nlu.read(answer)
    local result = tools.restore(names, results[1])
    assert.are.equal("đặt bàn", result.intent)
    assert.are.same({ ["số người"] = 4, date = "2026-11-24", unknown = true }, result.slots)
    assert.are.same({ "date", "số người", "unknown" }, result.order)
    assert.are.equal("số.bàn", result.ignored[1].name)
    assert.are.same({ intent = "other", slots = { a = 1 } },
      { intent = tools.restore(names, results[2]).intent, slots = results[2].slots })
  end)

  it("keeps names that are the intents' own, and results without an intent", function()
    local result = nlu.read({ match = true, intent = "đặt bàn", slots = { ["số người"] = 2 } })[1]
    assert.are.same({ ["số người"] = 2 }, tools.restore(names, result).slots)
    result = nlu.read({ match = false })[1]
    assert.are.equal(result, tools.restore(names, result))
    assert.is_nil(result.intent)
  end)
end)
