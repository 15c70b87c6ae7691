-- The command test: a user's own conversations against a file of intents.

local cjson = require "cjson"
local command = require "spec.support.command"
local listener = require "intent_webhook.listener"
local process = require "spec.support.process"

local INTENTS = [[
return {
  {
    name = "order",
    rules = { { sentences = { "order {thing}", "i want {thing} on {day}" } },
      { pattern = "^buy (%w+)", slots = { "thing" } } },
    slots = {
      { name = "thing", prompt = "What?" },
      { name = "size", type = "number", optional = true, validate = function(value)
        if value == 13 then error("unlucky") end
        return value < 50, "too many"
      end },
      { name = "day", type = "date", optional = true },
      { name = "kind", default = "usual" },
    },
    actions = {
      { webhook = os.getenv("SPEC_URL") .. "/a", when = function(slots) return slots.thing ~= "nothing" end },
      { webhook = os.getenv("SPEC_URL") .. "/b", map = function(slots, event)
        return { list = { slots.thing, 2.0 }, none = {}, session = event.session, id = event.id,
          bad = slots.thing == "bad" and print or nil }
      end },
      { webhook = os.getenv("SPEC_URL") .. "/c", disabled = true },
      { reply = "{thing}: done" },
      function() io.stderr:write("CALLED\n") end,
    },
  },
  { name = "raise", rules = { function(m) if m == "raise" then error("broken \27[2J") end end } },
}
]]

describe("intent-webhook test #once", function()
  local folder, receiver, env, intents

  setup(function()
    folder = process.temporary_folder()
    receiver = assert(listener.open {})
    env = { SPEC_URL = ("http://127.0.0.1:%d"):format(receiver:port()) }
    intents = folder .. "/intents.lua"
    process.write_file(intents, INTENTS)
  end)
  teardown(function()
    receiver:close()
    process.remove(folder)
  end)

  -- The command over cases, which are Lua without "return", or a JSON text.
  local function test(cases, ...)
    local is_json = cases:find("^%[")
    local path = folder .. (is_json and "/cases.json" or "/cases.lua")
    process.write_file(path, is_json and cases or 'local null = require("intent_webhook").null\nreturn ' .. cases)
    return command.run({ "test", intents, path, ... }, env)
  end

  local function outcome(cases, ...)
    local _, output, errors = test(cases, "--output=json", ...)
    local good, decoded = pcall(cjson.decode, output)
    assert.is_true(good, output .. errors)
    return decoded
  end

  it("is quiet about what is as it should be, sends nothing and records nothing", function()
    local before = process.shell("ls -A " .. folder)
    local status, output, errors = test [[ { { name = "orders", now = "2026-11-25T23:00:00-05:00", turns = {
      { say = "i want tea on tomorrow", status = "fired", intent = "order", rule = 1, handoff = false,
        slots = { day = "2026-11-26", kind = "usual", size = null }, text_matches = "done$",
        replies = { "tea: done" }, events = { { intent = "order", slots = { kind = "usual" } } } },
      { say = "buy nothing", rule = 2, filled = { "thing" }, missing = {} },
      { wait = 3600 },
      { say = "hm", status = "unmatched", events = {} },
    } } } ]]
    assert.are.same({ 0, "" }, { status, errors })
    assert.is_truthy(output:find("^%+\n1 success / 0 failures / 0 errors : %d+%.%d+ seconds\n\ncoverage: "), output)
    assert.is_nil(receiver:take(0))
    assert.are.equal(before, process.shell("ls -A " .. folder .. " | grep -v cases.lua"))
  end)

  it("compares what the webhooks would send, as JSON", function()
    local good = outcome([[ { { name = "a", session = "s", turns = { { say = "order tea" }, { say = "buy nothing" } },
      payloads = {
        { url = "]] .. env.SPEC_URL .. [[/a", body = { kind = "usual", thing = "tea" } },
        { body = { none = {}, list = { "tea", 2 }, session = "s", id = "00000000-0000-7000-8000-000000000001" } },
        { url = "]] .. env.SPEC_URL .. [[/b" },
      } } } ]])
    assert.are.equal("success", good.cases[1].status, cjson.encode(good.cases))
    local bad = outcome [[ { { name = "a", turns = { { say = "order tea" } }, payloads = {
      { url = "x", body = { thing = "tee", more = { 1 } } } } } } ]]
    local differences = {}
    for index, one in ipairs(bad.cases[1].differences) do
      differences[index] = { one.path, one.expected or "nothing", one.got and cjson.encode(one.got) or "nothing" }
    end
    assert.are.same({ "payloads[1].url", "x", cjson.encode(env.SPEC_URL .. "/a") }, differences[1])
    assert.are.same({ "payloads[1].body.more", { 1 }, "nothing" }, differences[2])
    assert.are.same({ "payloads[1].body.thing", "tee", '"tea"' }, differences[3])
    assert.are.same({ "payloads[1].body.kind", "nothing", '"usual"' }, differences[4])
    assert.are.equal("payloads[2]", differences[5][1])
  end)

  it("shows where a conversation went another way, field by field, and goes no further there", function()
    local status, output = test [[ { { name = "wrong \27[2J", now = "2026-11-25", turns = {
      { say = "i want \27[31mtea on friday", status = "collecting", text = "What?",
        slots = { day = "2026-11-28", size = 4 } },
      { say = "order tea", status = "cancelled" } } },
      { name = "refuses", turns = { { say = "sell x", status = "fired" } } } } ]]
    assert.are.equal(1, status)
    assert.is_truthy(output:find("^%-%-\n0 successes / 2 failures / 0 errors : [^\n]*\n\n"), output)
    assert.is_truthy(output:find("Failure -> wrong \\x1b[2J  " .. folder .. "/cases.lua cases[1]\n"
      .. '  turn 1: "i want \\x1b[31mtea on friday"\n'
      .. '    status\n      expected  "collecting"\n      got       "fired"\n', 1, true), output)
    assert.is_truthy(output:find(
      '    slots.day\n      expected  "2026-11-28"\n      got       "2026-11-27"\n'
      .. "    slots.size\n      expected  4\n      got       nothing\n", 1, true), output)
    assert.is_nil(output:find("cancelled", 1, true))
    assert.is_nil(output:find("coverage", 1, true))
  end)

  it("counts it as an error when a function of the file raises one, or a payload cannot be sent", function()
    local status, output = test [[ {
      { name = "rule", turns = { { say = "raise", status = "unmatched" } } },
      { name = "map", turns = { { say = "order bad" } } },
      { name = "predicate", turns = { { say = "buy tea, 13 please" } } },
      { name = "result", turns = { { nlu = "{", status = "unmatched" } } },
    } ]]
    assert.are.equal(1, status)
    assert.is_truthy(output:find("^%*%*%*%*\n0 successes / 0 failures / 4 errors : "), output)
    assert.is_truthy(output:find("Error -> rule  ", 1, true), output)
    assert.is_truthy(output:find('\n  turn 1: "raise"\n    intents%[2%]%.rules%[1%]: [^\n]*broken'), output)
    assert.is_truthy(output:find("intents[1].actions[2].map.bad: a function cannot be sent\n", 1, true), output)
    assert.is_truthy(output:find("intents%[1%]%.slots%[2%]%.validate: [^\n]*unlucky"), output)
    assert.is_truthy(output:find("    nlu: the result is not JSON", 1, true), output)
    assert.is_nil(output:find("\27", 1, true))
  end)

  it("takes results of an NLU, and JSON files", function()
    local list = outcome [==[[ { "name": "nlu", "turns": [
      { "nlu": { "intent": { "name": "order", "confidence": 0.9 }, "entities": [ { "entity": "size", "value": 60 },
        { "entity": "colour", "value": "red" } ] }, "format": "rasa", "status": "collecting", "slot": "thing",
        "slots": { "size": null, "thing": null }, "rejected": { "size": "refused" },
        "refused": { "size": "refused", "colour": "unknown_slot" } },
      { "say": "tea", "status": "fired", "text": "tea: done" } ],
      "payloads": [ { "body": { "thing": "tea", "kind": "usual" } }, {} ] } ]
    ]==]
    assert.are.equal("success", list.cases[1].status, cjson.encode(list.cases))
  end)

  it("says which rules, slots and actions no case reaches", function()
    local cases = [[ { { name = "a", turns = { { say = "order tea" } } } } ]]
    local covered = outcome(cases).coverage
    local unreached = {}
    for index, one in ipairs(covered.unreached) do unreached[index] = one.path .. " " .. one.what end
    assert.are.same({
      'intents[1].rules[1].sentences[2] no message is recognised by "i want {thing} on {day}"',
      "intents[1].rules[2] no message is recognised by the pattern",
      "intents[1].slots[1] the slot thing is never asked for",
      "intents[1].slots[2] the slot size never gets a value",
      "intents[1].slots[3] the slot day never gets a value",
      "intents[1].slots[4] the slot kind never gets a value",
      "intents[1].actions[1].when the action is never held back",
      "intents[2].rules[1] no message is recognised by the function",
    }, unreached)
    assert.are.same({ 15, 7, 46.6 }, { covered.total, covered.reached, covered.percent })
    local status, output = test(cases, "--min-coverage", "46")
    assert.are.equal(0, status)
    assert.is_truthy(output:find("\ncoverage: 46.6 % of rules, slots and actions (7 of 15)\n  intents[1]", 1, true))
    status, output = test(cases, "--min-coverage=46.7")
    assert.are.equal(1, status)
    assert.is_truthy(output:find("(7 of 15): less than 46.7 %\n", 1, true), output)
  end)

  it("speaks TAP", function()
    local status, output = test([[ { { name = "good # 1", turns = { { say = "x", status = "unmatched" } } },
      { name = "bad", turns = { { say = "x", status = "fired" } } } } ]], "--output", "tap", "--coverage")
    assert.are.equal(1, status)
    assert.is_truthy(output:find("^TAP version 13\n1%.%.2\nok 1 %- good \\# 1\nnot ok 2 %- bad\n# "), output)
    assert.is_truthy(output:find('\n#     expected  "fired"\n#     got       "unmatched"\n# coverage: 0 %', 1, true))
    for line in output:gmatch("[^\n]+") do
      assert.is_truthy(line:find("^[on#1T]"), line)
    end
  end)

  it("lists every mistake in the cases, by its path", function()
    local status, output = test [[ { { name = "x", turns = {
      { say = "a", stauts = "fired", status = "fird", intent = "ordr", slots = { thig = "x" }, text_matches = "[" },
      { text = "y" }, {}, { say = "x", nlu = {} }, 5, { say = "a", rejected = { size = 5 }, missing = { 1 } },
      { say = "a", events = { { intent = "order", slot = {} } } } } },
      { turns = {}, now = "2026-13-01", zone = "Mars", payload = { f = print } },
      { name = "y", now = "2026-01-01T25:00", turns = { { wait = 1 } }, payloads = { { bdy = 1 } }, payload = 1 } } ]]
    assert.are.equal(1, status)
    local paths = {}
    for line in output:gmatch("[^\n]+") do paths[#paths + 1] = line:match("^cases%S*") end
    assert.are.same({
      "cases[1].turns[1].status:", "cases[1].turns[1].stauts:", "cases[1].turns[1].intent:",
      "cases[1].turns[1].slots.thig:", "cases[1].turns[1].text_matches:", "cases[1].turns[2]:", "cases[1].turns[3]:",
      "cases[1].turns[4]:", "cases[1].turns[5]:", "cases[1].turns[6].rejected.size:",
      "cases[1].turns[6].missing[1]:", "cases[1].turns[7].events[1].slot:", "cases[2].name:", "cases[2].now:",
      "cases[2].zone:", "cases[2].turns:", "cases[2].payload.f:", "cases[3].now:", "cases[3].payload:",
    }, paths)
    assert.is_truthy(output:find('cases[1].turns[1].stauts: is no option: did you mean "status"?\n', 1, true))
    assert.is_truthy(output:find('.turns[1].intent: is "ordr", which is no intent: did you mean "order"?\n', 1, true))
    assert.is_truthy(output:find("/cases.lua: 19 mistakes\n$"), output)
    for _, wrong in ipairs { "5", "{}", "error('boom')", "{", "nil" } do assert.are.equal(1, (test(wrong))) end
    assert.are.equal(1, (test('["a", {]')))
  end)

  it("says what the client says: replies behind what was given up, and nothing behind a handoff", function()
    local form = folder .. "/form.lua"
    process.write_file(form, [[
      local webhook = require "intent_webhook"
      return {
        { name = "table", rules = { webhook.keywords { all = { "table" } } },
          slots = { { name = "guest", prompt = "Who?" } } },
        { name = "hours", rules = { "when do you open" }, actions = { { reply = "From 9." } } },
        { name = "agent", rules = { "a human" }, actions = { { handoff = true }, { reply = "Wait." } } },
      }
    ]])
    local cases = folder .. "/form_cases.lua"
    process.write_file(cases, [[return { { name = "a", turns = {
      { say = "a table", text = "Who?" },
      { say = "when do you open", text = "From 9.\nWho?" },
      { wait = 3600 },
      { say = "when do you open", expired = true, text_matches = "^%u.*\nFrom 9%.$" },
      { say = "a table", status = "collecting" },
      { say = "a human", handoff = true, text = "Wait.", dropped = { "table" } },
      { say = "Ann", status = "unmatched" },
    } } }]])
    local status, output, errors = command.run({ "test", form, cases }, env)
    assert.are.same({ 0, "" }, { status, errors }, output)
  end)

  it("ends with 2 for a wrong call, and with 3 for a file that cannot be read", function()
    for words, expected in pairs {
      [{ "test" }] = 2, [{ "test", intents }] = 2, [{ "test", intents, "x", "--output=xml" }] = 2,
      [{ "test", intents, "x", "--min-coverage=101" }] = 2, [{ "test", intents, folder .. "/none.lua" }] = 3,
      [{ "test", folder .. "/none.lua", "x" }] = 3,
    } do
      assert.are.equal(expected, (command.run(words, env)), table.concat(words, " "))
    end
  end)
end)

describe("examples/table", function()
  it("does what its cases say, which reach all of it", function()
    local status, output, errors = command.run({ "test", "examples/table/intents.lua", "examples/table/cases.lua",
      "--min-coverage=100" }, { TZ = "America/New_York" })
    assert.are.same({ 0, "" }, { status, errors }, output)
    assert.is_truthy(output:find("^%++\n%d+ successes / 0 failures / 0 errors : "), output)
    assert.is_truthy(#output:match("^%++") >= 8)
  end)
end)
