-- nlu: golden results of ten systems, and what becomes of them when they are damaged in every way.

local json = require "intent_webhook.json"
local nlu = require "intent_webhook.nlu"

local FOLDER = "spec/fixtures/nlu/"

-- Each is FOLDER/<name>.json, and what is read of it FOLDER/expected/<name>.json.
local SAMPLES = {
  { "rasa_duckling", "rasa" }, { "rasa_nothing", "rasa" },
  { "dialogflow_speech", "dialogflow" }, { "dialogflow_tag", "dialogflow" },
  { "lex_event", "lex" }, { "lex_runtime", "lex" }, { "lex_denied", "lex" },
  { "alexa_intent", "alexa" }, { "alexa_launch", "alexa" }, { "alexa_yes", "alexa" },
  { "wit_interval", "wit" }, { "wit_nothing", "wit" },
  { "snips_kinds", "snips" }, { "snips_nothing", "snips" },
  { "hassil_match", "hassil" }, { "hassil_object", "hassil" }, { "hassil_no_match", "hassil" },
  { "openai_calls", "openai" }, { "openai_legacy", "openai" }, { "openai_refusal", "openai" },
  { "openai_responses_calls", "openai_responses" }, { "openai_responses_cut", "openai_responses" },
  { "anthropic_calls", "anthropic" }, { "anthropic_text", "anthropic" },
}

local function content(name)
  local file = assert(io.open(FOLDER .. name .. ".json", "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function decode(text)
  local good, value = json.decode(text)
  assert(good, value)
  return value
end

-- The list and its fields as the golden files have them.
local function as_object(results)
  local object = { results = {} }
  for key, value in pairs(results) do
    if type(key) == "number" then object.results[key] = value else object[key] = value end
  end
  return object
end

-- nil, or what is wrong with what nlu.read returned.
local function fault_of_reasons(ignored)
  if type(ignored) ~= "table" or #ignored > 100 then return "ignored" end
  for _, one in ipairs(ignored) do
    if type(one.code) ~= "string" or type(one.message) ~= "string" or #one.message > 1000 then return "a reason" end
  end
end

local function fault_of_result(result, format)
  if result.format ~= format then return "format" end
  if result.intent ~= nil and (type(result.intent) ~= "string" or result.intent == "") then return "intent" end
  local confidence = result.confidence
  if confidence ~= nil and (type(confidence) ~= "number" or confidence - confidence ~= 0) then return "confidence" end
  for _, key in ipairs { "session", "text", "call", "act" } do
    if result[key] ~= nil and type(result[key]) ~= "string" then return key end
  end
  local named = {}
  for _, name in ipairs(result.order) do
    if named[name] or result.slots[name] == nil then return "order" end
    named[name] = true
  end
  for name, value in pairs(result.slots) do
    local kind = type(value)
    if not named[name] then return "order" end
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" and kind ~= "table" then return "a slot" end
    if kind == "number" and value - value ~= 0 then return "a slot" end
  end
  local problem = result.problem
  if problem and not (type(problem.code) == "string" and type(problem.message) == "string") then return "problem" end
  return fault_of_reasons(result.ignored)
end

local function fault(results, message, code)
  if results == nil then
    if type(message) ~= "string" or #message > 1000 then return "message" end
    return code ~= "invalid" and code ~= "format" and "code" or nil
  end
  for _, result in ipairs(results) do
    local found = fault_of_result(result, results.format)
    if found then return found end
  end
  return fault_of_reasons(results.ignored)
end

-- Reads, and fails with what was read when that raises or is unsound. Counts in `counted`.
local function read_safely(counted, given, what)
  counted.all = counted.all + 1
  local good, results, message, code = pcall(nlu.read, given)
  local found = not good and results or fault(results, message, code)
  if found then error(("%s: %s"):format(what, tostring(found)), 2) end
  counted.good = counted.good + (results and 1 or 0)
  return results, message, code
end

-- Calls visit(parent, key) for each value within a table, in a stable order.
local function each_value(parent, visit)
  local keys = {}
  for key in pairs(parent) do keys[#keys + 1] = key end
  table.sort(keys, function(one, other) return tostring(one) < tostring(other) end)
  for _, key in ipairs(keys) do
    if type(parent[key]) == "table" then each_value(parent[key], visit) end
    visit(parent, key)
  end
end

local function nested(levels)
  local inner = {}
  for _ = 2, levels do inner = { inner = inner } end
  return inner
end

describe("nlu.read #once", function()
  for _, sample in ipairs(SAMPLES) do
    it("reads " .. sample[1] .. " as expected, by its keys, by name, and as a table", function()
      local text = content(sample[1])
      local expected = decode(content("expected/" .. sample[1]))
      assert.are.equal(sample[2], expected.format)
      assert.are.same(expected, as_object(assert(nlu.read(text))))
      assert.are.same(expected, as_object(assert(nlu.read(text, sample[2]))))
      assert.are.same(expected, as_object(assert(nlu.read(decode(text)))))
    end)
  end

  it("takes no sample for another format", function()
    for _, sample in ipairs(SAMPLES) do
      for _, format in ipairs(nlu.formats()) do
        local results, message, code = nlu.read(content(sample[1]), format)
        if format == sample[2] then
          assert.are.equal(format, results.format)
        elseif not (sample[2] == "hassil" and format == "rasa") then -- an object for intent is in both
          assert.are.same({ sample[1], format, nil, "format" }, { sample[1], format, results, code })
          assert.is_truthy(message:find(format, 1, true))
        end
      end
    end
  end)

  it("refuses what is no JSON object, and says what it is", function()
    local cases = {
      { "", "the result is not JSON: it ends too early" },
      { "{\"intent\": {\"name\": \"x\"", "the result is not JSON: it ends too early" },
      { "[1]", "the result must be an object, got a list" },
      { "null", "the result must be an object, got null" },
      { "true", "the result must be an object, got a boolean" },
      { { 1 }, "the result must be an object, got a list" },
      { 7, "the result must be JSON text or a table, got a number" },
      { print, "the result must be JSON text or a table, got a function" },
      { '{"text": "caf\233"}', "the result is not UTF-8" },
      { { intent = { name = "caf\233" } }, "the result has text that is not UTF-8 at intent.name" },
      { { ["\255"] = 1 }, 'the result has text that is not UTF-8 at ["?"]' },
      { { text = nested(64) }, "the result is nested more than 64 levels deep" },
      { { text = ("x"):rep(2 ^ 20 + 1) }, "the result has more than 1048576 bytes of text" },
      { '{"text":"' .. ("x"):rep(2 ^ 20) .. '"}', "the result has more than 1048576 bytes" },
      { '{"text":[' .. ("1,"):rep(100000) .. "1]}", "the result has more than 100000 values" },
    }
    for _, case in ipairs(cases) do
      assert.are.same({ nil, case[2], "invalid" }, { nlu.read(case[1]) })
    end
    assert.are.same({ nil, "the result must be JSON text or a table, got nil", "invalid" }, { nlu.read(nil) })
    assert.are.equal("invalid", select(3, nlu.read(("{\"a\":"):rep(10000) .. "1" .. ("}"):rep(10000))))
    assert.is_truthy(select(2, nlu.read("{'a': 1}")):find("^the result is not JSON: "))
  end)

  it("takes 64 levels", function()
    assert.are.equal(1, #nlu.read { match = true, intent = "x", slots = { deep = nested(62) } })
  end)

  it("says when no format fits, and when there is no such format", function()
    local results, message, code = nlu.read("{}")
    assert.is_nil(results)
    assert.is_truthy(message:find("has not the keys of any format", 1, true))
    assert.is_truthy(message:find("known are alexa, lex, dialogflow, openai, ", 1, true))
    assert.are.equal("format", code)
    for _, name in ipairs { "luis", 7, false } do
      assert.are.equal("format", select(3, nlu.read("{}", name)))
    end
    results, message, code = nlu.read('{"intent": 1}', "rasa")
    local sentence = "the result is not of the format rasa, which has intent, an object with a name, and entities"
    assert.are.same({ nil, sentence, "format" }, { results, message, code })
  end)

  it("reads a table that holds itself no further than the limits", function()
    local given = { intent = { name = "x" }, entities = {} }
    given.intent.again = given
    assert.are.same({ nil, "the result is nested more than 64 levels deep", "invalid" }, { nlu.read(given) })
    local wide = {}
    for _ = 1, 60 do wide = { wide, wide } end -- 2^60 paths
    given = { match = true, slots = wide }
    assert.are.same({ nil, "the result has more than 100000 values", "invalid" }, { nlu.read(given) })
  end)

  it("calls no metamethod of a table that it is given", function()
    local function raise() error("called") end
    local hostile = { __index = raise, __len = raise, __pairs = raise, __ipairs = raise, __eq = raise, __name = raise }
    local given, tables = decode(content("rasa_duckling")), {}
    each_value(given, function(parent, key)
      if type(parent[key]) == "table" then tables[#tables + 1] = parent[key] end
    end)
    for _, one in ipairs(tables) do setmetatable(one, hostile) end
    local results = nlu.read(setmetatable(given, hostile))
    assert.are.equal("book_table", results[1].intent)
    local tags = setmetatable({ "a" }, hostile)
    local slots = nlu.read({ match = true, intent = "x", slots = { tags = tags } })[1].slots
    assert.is_nil(getmetatable(slots.tags))
    assert.is_false(rawequal(tags, slots.tags))
  end)

  it("leaves what it was given as it was", function()
    for _, sample in ipairs(SAMPLES) do
      local given = decode(content(sample[1]))
      nlu.read(given)
      assert.are.same(decode(content(sample[1])), given)
    end
  end)

  it("leaves null out of slots, also within their values", function()
    local result = nlu.read('{"match":true,"intent":"x","slots":{"a":null,"b":[1,null,2],"c":{"d":null,"e":""}}}')[1]
    assert.are.same({ b = { 1, 2 }, c = { e = "" } }, result.slots)
    assert.are.same({ "b", "c" }, result.order)
  end)

  it("lets the last of doubled keys count", function()
    local result = nlu.read('{"match":true,"intent":"x","intent":"y","slots":{"a":1,"a":2}}')[1]
    assert.are.equal("y", result.intent)
    assert.are.same({ a = 2 }, result.slots)
  end)

  it("names each value that a slot cannot have", function()
    local result = nlu.read({ match = true, intent = "x", slots = {
      a = 0 / 0, b = 1 / 0, c = print, d = { { print } }, e = 2 ^ 60, f = "good", [7] = "not a name",
    } })[1]
    assert.are.same({ f = "good" }, result.slots)
    local messages = {}
    for index, one in ipairs(result.ignored) do messages[index] = one.code .. " " .. one.name .. " " .. one.message end
    local big = "is a whole number beyond 2^53, of which digits are lost: send it as a string"
    assert.are.same({
      "value a slots.a: is not a finite number", "value b slots.b: is not a finite number",
      "value c slots.c: must be a JSON value, got a function", "value d slots.d: must be a JSON value, got a function",
      "value e slots.e: " .. big,
    }, messages)
  end)

  it("gives no more than 100 reasons", function()
    local results = nlu.read('{"intent":{"name":"x"},"entities":[' .. ("1,"):rep(5000) .. "1]}")
    assert.are.equal(100, #results[1].ignored)
  end)
end)

describe("nlu.read", function() -- numbers differ between interpreters
  it("keeps whole numbers whole, and every digit of integers", function()
    local slots = nlu.read('{"match":true,"intent":"x","slots":{"a":2,"b":2.0,"c":2.5,"d":9007199254740992}}')[1].slots
    assert.are.equal("2 2 2.5 9007199254740992", ("%s %s %s %.0f"):format(slots.a, slots.b, slots.c, slots.d))
    local math_type = rawget(math, "type")
    if math_type then
      assert.are.equal("integer", math_type(slots.a))
      local large = math.maxinteger -- luacheck: ignore 143
      assert.are.equal(large, nlu.read({ match = true, intent = "x", slots = { a = large } })[1].slots.a)
    end
  end)
end)

-- A reason for each field: sample, the change, the place of the reason, and the reason.
local REASONS = {
  { "rasa_duckling", function(it) it.intent.name = 7 end, "problem", "intent.name: must be a string, got a number" },
  { "rasa_duckling", function(it) it.intent.name = nil end, "problem", "intent.name: is missing" },
  { "rasa_duckling", function(it) it.intent.confidence = "0.9" end, "problem",
    "intent.confidence: must be a number, got a string" },
  { "rasa_duckling", function(it) it.intent.confidence = 0 / 0 end, "problem",
    "intent.confidence: must be a number, got one that is not finite" },
  { "rasa_duckling", function(it) it.text = {} end, "ignored", "text: must be a string, got an empty table" },
  { "rasa_duckling", function(it) it.sender = 7 end, "ignored", "sender: must be a string, got a number" },
  { "rasa_duckling", function(it) it.entities = "x" end, "ignored", "entities: must be a list, got a string" },
  { "rasa_duckling", function(it) it.entities[1] = json.null end, "ignored",
    "entities[0]: must be an object, got null" },
  { "rasa_duckling", function(it) it.entities[5].entity = json.null end, "ignored",
    "entities[4].entity: must be a string, got null" },
  { "rasa_duckling", function(it) it.entities[5].entity = "" end, "ignored", "entities[4].entity: is empty" },
  { "rasa_duckling", function(it) it.entities[5].value = nil end, "ignored", "entities[4].value: is missing" },
  { "dialogflow_speech", function(it) it.intentInfo.displayName = {} end, "problem",
    "intentInfo.displayName: must be a string, got an empty table" },
  { "dialogflow_speech", function(it) it.intentInfo.displayName, it.fulfillmentInfo = nil, nil end, "problem",
    "intentInfo.displayName: is missing" },
  { "dialogflow_speech", function(it) it.sessionInfo.parameters = 1 end, "ignored",
    "sessionInfo.parameters: must be an object, got a number" },
  { "dialogflow_speech", function(it) it.intentInfo.parameters.date = "tomorrow" end, "ignored",
    "intentInfo.parameters.date: must be an object, got a string" },
  { "lex_event", function(it) it.sessionState.intent.name = true end, "problem",
    "sessionState.intent.name: must be a string, got a boolean" },
  { "lex_event", function(it) it.interpretations[1].nluConfidence = { 1 } end, "problem",
    "interpretations[0].nluConfidence: must be a number" },
  { "lex_runtime", function(it) it.interpretations[1].nluConfidence.score = "high" end, "problem",
    "interpretations[0].nluConfidence.score: must be a number, got a string" },
  { "lex_event", function(it) it.sessionState.intent.slots.Count = 2 end, "ignored",
    "sessionState.intent.slots.Count: must be an object, got a number" },
  { "lex_event", function(it) it.sessionState.intent.slots.Count.value = "2" end, "ignored",
    "sessionState.intent.slots.Count.value: must be an object, got a string" },
  { "alexa_intent", function(it) it.request.intent = nil end, "problem", "request.intent: is missing" },
  { "alexa_intent", function(it) it.request.intent.name = nil end, "problem", "request.intent.name: is missing" },
  { "alexa_intent", function(it) it.request.intent.confirmationStatus = "DENIED" end, "problem",
    "request.intent.confirmationStatus: the person said no" },
  { "alexa_intent", function(it) it.session.sessionId = 1 end, "ignored",
    "session.sessionId: must be a string, got a number" },
  { "wit_interval", function(it) it.intents[1].name = nil end, "problem", "intents[0].name: is missing" },
  { "wit_interval", function(it) it.entities["city:departure"] = 1 end, "ignored",
    'entities["city:departure"]: must be a list, got a number' },
  { "wit_nothing", function(it) it.entities = { x = { { role = "x" } } } end, "ignored",
    "entities.x[0].value: is missing" },
  { "snips_kinds", function(it) it.intent.intentName = 1 end, "problem",
    "intent.intentName: must be a string, got a number" },
  { "snips_kinds", function(it) it.slots[1].slotName = nil end, "ignored", "slots[0].slotName: is missing" },
  { "snips_kinds", function(it) it.slots[1].value = nil end, "ignored", "slots[0].value: is missing" },
  { "snips_kinds", function(it) it.slots[1].value = { kind = "Ordinal" } end, "ignored",
    "slots[0].value.value: is missing" },
  { "snips_kinds", function(it) it.slots[3].value.hours = -1 end, "ignored",
    "slots[2].value.hours: must be a number from 0 up, got a number" },
  { "hassil_match", function(it) it.intent = nil end, "problem", "intent: is missing" },
  { "hassil_match", function(it) it.slots = "x" end, "ignored", "slots: must be an object, got a string" },
  { "openai_legacy", function(it) it.choices[1].message.function_call.name = "" end, "problem",
    "choices[0].message.function_call.name: is empty" },
  { "openai_legacy", function(it) it.choices[1].message.function_call.name = json.null end, "problem",
    "choices[0].message.function_call.name: must be a string, got null" },
  { "openai_legacy", function(it) it.choices[1].message.function_call.arguments = nil end, "problem",
    "choices[0].message.function_call.arguments: is missing" },
  { "openai_calls", function(it) it.choices[1].message.tool_calls[1]["function"] = nil end, "problem",
    "choices[0].message.tool_calls[0].function: is missing" },
  { "openai_calls", function(it) it.choices = {} end, "all", "choices: is empty" },
  { "openai_calls", function(it) it.choices[1] = { delta = {} } end, "all", "choices[0].message: is missing" },
  { "openai_calls", function(it) it.choices[1].message.tool_calls = "x" end, "all",
    "choices[0].message.tool_calls: must be a list, got a string" },
  { "openai_responses_cut", function(it) it.output[1].name = nil end, "problem", "output[0].name: is missing" },
  { "openai_responses_cut", function(it) it.output[1].type = nil end, "all", "output[0].type: is missing" },
  { "anthropic_calls", function(it) it.content[3].input = json.null end, "problem",
    "content[2].input: must be an object or a string, got null" },
  { "anthropic_calls", function(it) it.content[3].input = 5 end, "problem",
    "content[2].input: must be an object or a string, got a number" },
  { "anthropic_calls", function(it) it.content[1] = "x" end, "all", "content[0]: must be an object, got a string" },
}

describe("A reason of nlu.read #once", function()
  for _, case in ipairs(REASONS) do
    it("names the field: " .. case[4], function()
      local given = decode(content(case[1]))
      case[2](given)
      local results = assert(nlu.read(given))
      if case[3] == "problem" then return assert.are.equal(case[4], results[1].problem.message) end
      local found = {}
      for _, one in ipairs((case[3] == "all" and results or results[1]).ignored) do found[one.message] = true end
      assert.is_true(found[case[4]])
      assert.is_nil(case[3] == "ignored" and results[1].problem or nil)
    end)
  end
end)

describe("A damaged result #once", function()
  it("is read or refused with a reason when a value is of another type or missing", function()
    local counted = { all = 0, good = 0 }
    local wrong = { json.null, -1.5, "", true, { 1, "two" }, { name = "x" } }
    for _, sample in ipairs(SAMPLES) do
      local given = decode(content(sample[1]))
      each_value(given, function(parent, key)
        local right = parent[key]
        for index = 1, #wrong + 1 do
          parent[key] = wrong[index] -- the one after the last is nil: missing
          read_safely(counted, given, sample[1] .. ", value " .. index .. " for " .. tostring(key))
        end
        parent[key] = right
      end)
    end
    assert.is_true(counted.all > 3000)
    assert.is_true(counted.good > counted.all / 2)
  end)

  it("is refused when it is cut off, wherever that is", function()
    local counted = { all = 0, good = 0 }
    for _, sample in ipairs(SAMPLES) do
      local text = content(sample[1]):gsub("%s+$", "")
      for place = 0, #text - 1, math.max(1, math.floor(#text / 40)) do
        local _, message, code = read_safely(counted, text:sub(1, place), sample[1] .. " cut at " .. place)
        assert.are.equal("invalid", code)
        assert.is_truthy(message:find("^the result is not ")) -- JSON, or UTF-8
      end
    end
    assert.is_true(counted.all > 900)
  end)

  it("never raises when bytes of it are others", function()
    local counted = { all = 0, good = 0 }
    local bytes = { "\0", "\255", "\1", '"', "\\", "{", "}", "[", "9", ":" }
    for _, sample in ipairs(SAMPLES) do
      local text = content(sample[1])
      local step = math.max(1, math.floor(#text / 15))
      for place = 1, #text, step do
        for index, byte in ipairs(bytes) do
          local at = math.min(#text, place + index - 1)
          local damaged = text:sub(1, at - 1) .. byte .. text:sub(at + 1)
          local _, message = read_safely(counted, damaged, sample[1] .. " with a byte changed at " .. at)
          if byte == "\255" then assert.are.equal("the result is not UTF-8", message) end
        end
      end
    end
    assert.is_true(counted.all > 3000)
  end)

  it("is read or refused when keys of it are there twice, with another value", function()
    local counted = { all = 0, good = 0 }
    for _, sample in ipairs(SAMPLES) do
      local text, seen = content(sample[1]), {}
      for key in text:gmatch('("[%w_$:]+"): ') do
        for _, wrong in ipairs(seen[key] and {} or { "null", '"x"', "[{}]" }) do
          local member = key .. ": " .. wrong
          read_safely(counted, (text:gsub("{", "{ " .. member .. ",", 1)), sample[1] .. " first with " .. member)
          read_safely(counted, (text:gsub("}%s*$", ", " .. member .. "}")), sample[1] .. " last with " .. member)
        end
        seen[key] = true
      end
    end
    assert.is_true(counted.all > 1000)
    assert.is_true(counted.good > 500)
  end)

  it("is refused when a value is nested 10,000 levels deep, and read when one is huge", function()
    local counted = { all = 0, good = 0 }
    local deep, long = nested(10000), ("x"):rep(50000)
    for _, sample in ipairs(SAMPLES) do
      local text, given = content(sample[1]), decode(content(sample[1]))
      each_value(given, function(parent, key)
        local right = parent[key]
        parent[key] = deep
        assert.are.equal("invalid", select(3, read_safely(counted, given, sample[1] .. ", deep " .. tostring(key))))
        if type(right) == "string" then
          parent[key] = long
          read_safely(counted, given, sample[1] .. ", long " .. tostring(key))
        end
        parent[key] = right
      end)
      local json_deep = text:gsub("{", '{ "deep": ' .. ("["):rep(10000) .. ("]"):rep(10000) .. ",", 1)
      assert.are.equal("invalid", select(3, read_safely(counted, json_deep, sample[1] .. ", deep JSON")))
    end
    assert.is_true(counted.good > 200)
  end)

  it("keeps one call's damaged arguments from the others", function()
    local counted = { all = 0, good = 0 }
    local text = '{"a": [1, {"b": "\\u00e9"}], "c": -1.5e3}'
    for place = 1, #text - 1 do
      local given = decode(content("openai_calls"))
      given.choices[1].message.tool_calls[1]["function"].arguments = text:sub(1, place)
      local results = read_safely(counted, given, "arguments cut at " .. place)
      assert.are.equal("arguments", results[1].problem.code)
      assert.are.equal("book_table", results[1].intent)
      assert.is_nil(results[3].problem)
    end
  end)
end)
