-- Texts and JSON values with slots in them: what they are filled with, and which are refused.

local check = require "intent_webhook.check"
local null = require("cjson").null
local template = require "intent_webhook.template"
local webhook = require "intent_webhook"

local NAMES = { "phone", "name", "party_size", "note" }
local EVENT = { id = "01a2", time = 1700000000.75, intent = "book", session = "chat-1" }

-- The text compiled, or its mistakes.
local function compiled(text, with_event)
  local mistakes = check.mistakes()
  local made = template.check(mistakes, "reply", text, NAMES, with_event)
  assert.is_true((made == nil) == (mistakes:first() ~= nil))
  return made, mistakes.list
end

local function filled(text, slots)
  return template.fill(assert(compiled(text, true)), slots or {}, EVENT)
end

local function refused(text, with_event)
  local _, list = compiled(text, with_event)
  assert.equal(1, #list)
  assert.equal("reply", list[1].path)
  return list[1].message
end

describe("a template", function()
  it("is its own text when it names no slot", function()
    assert.equal("Booked.", filled "Booked.")
    assert.equal("", filled "")
  end)

  it("has a slot's value in the place of its name", function()
    assert.equal("Zoë, call +84901234567!", filled("{name}, call {phone}!", { name = "Zoë", phone = "+84901234567" }))
    assert.equal("ZoëZoë", filled("{name}{name}", { name = "Zoë" }))
  end)

  it("takes doubled braces as braces", function()
    assert.equal("{x}", filled "{{x}}")
    assert.equal("{Zoë}", filled("{{{name}}}", { name = "Zoë" }))
    assert.equal("Zoë}", filled("{name}}}", { name = "Zoë" }))
  end)

  it("keeps the value's type when it is one placeholder and nothing else", function()
    assert.equal(3, filled("{party_size}", { party_size = 3 }))
    assert.is_true(filled("{note}", { note = true }))
    assert.is_false(filled("{note}", { note = false }))
    assert.equal(null, filled("{note}", { note = null }))
    assert.is_nil(filled "{note}")
    assert.equal("3 ", filled("{party_size} ", { party_size = 3 }))
  end)

  it("writes numbers as people do, and true and false as words", function()
    for text, value in pairs { ["3"] = 3.0, ["-12"] = -12, ["0"] = -0.0, ["0.3"] = 0.1 + 0.2, ["2.5"] = 2.5,
      ["123456789012"] = 123456789012, ["1e+300"] = 1e300, ["true"] = true, ["false"] = false } do
      assert.equal("<" .. text .. ">", filled("<{note}>", { note = value }))
    end
  end)

  it("has nothing in the place of a slot that is missing or null", function()
    assert.equal("Note: .", filled "Note: {note}.")
    assert.equal("Note: .", filled("Note: {note}.", { note = null }))
  end)

  it("takes what a slot holds as it is, braces and all", function()
    assert.equal("{phone} {{", filled("{name} {note}", { name = "{phone}", note = "{{", phone = "123" }))
    assert.equal("%1 %d", filled("{name}{note}", { name = "%1", note = " %d" }))
  end)

  it("has the event's id, time, intent and session", function()
    assert.equal("01a2 2023-11-14T22:13:20Z book chat-1",
      filled "{event.id} {event.time} {event.intent} {event.session}")
    assert.equal("2023-11-14T22:13:20Z", filled "{event.time}")
  end)

  it("prefers a slot to what the event has under the same name", function()
    local made = template.check(check.mistakes(), "", "{event.id}", { "event.id" }, true)
    assert.equal("mine", template.fill(made, { ["event.id"] = "mine" }, EVENT))
  end)

  it("is always text for who asks for text", function()
    assert.equal("3", template.text(assert(compiled "{party_size}"), { party_size = 3 }))
    assert.equal("", template.text(assert(compiled "{note}"), {}))
  end)

  it("reads the slots without metamethods", function()
    local slots = setmetatable({}, { __index = function() error("asked") end })
    assert.equal("<>", filled("<{name}>", slots))
  end)

  it("is refused when it names what is no slot, with the slot that was meant", function()
    assert.equal('names "{phnoe}", which is no slot: did you mean "phone"?', refused "call {phnoe}")
    assert.equal('names "{ name }", which is no slot: did you mean "name"?', refused "{ name }")
    assert.equal('names "{zip}", which is no slot: known are phone, name, party_size, note', refused "{zip}")
    assert.matches('did you mean "event.session"', refused("{event.sesion}", true))
    assert.equal('names "{event.id}", which is no slot: known are phone, name, party_size, note', refused "{event.id}")
  end)

  it("is refused when its braces do not close, or name nothing", function()
    assert.equal("has {} without a name: name a slot, or write {{ and }} for braces", refused "{}")
    assert.equal("has a { that no } closes: close it, or write {{ for a brace", refused "a {name")
    assert.equal("has a { that no } closes: close it, or write {{ for a brace", refused "{a{name}}")
    assert.equal("has a } that closes nothing: write }} for a brace", refused "name}")
  end)

  it("is refused when it is no text, or not UTF-8", function()
    assert.equal("must be a string, got a number: write a text", refused(7))
    assert.equal("is not UTF-8: write it in UTF-8", refused "\255")
  end)
end)

describe("a JSON value with templates", function()
  -- The value compiled, or its mistakes as "path: message".
  local function tree(value)
    local mistakes = check.mistakes()
    local made = template.check_tree(mistakes, "payload", value, NAMES, true)
    local lines = {}
    for index, mistake in ipairs(mistakes.list) do lines[index] = mistake.path .. ": " .. mistake.message end
    return made, lines
  end

  local function value_of(value, slots)
    local made, lines = tree(value)
    assert.same({}, lines)
    return template.fill_tree(made, slots or {}, EVENT)
  end

  it("is filled at any depth, with the types of single placeholders", function()
    assert.same({ text = "Zoë: 4", size = 4, list = { "Zoë", { deep = { 4, true, "x" } } } },
      value_of({ text = "{name}: {party_size}", size = "{party_size}", list = { "{name}",
        { deep = { "{party_size}", true, "x" } } } }, { name = "Zoë", party_size = 4 }))
  end)

  it("leaves out the key of a missing slot, and has null in its place in a list", function()
    assert.same({ list = { null, 1 }, text = "<>", empty = {} },
      value_of { note = "{note}", list = { "{note}", 1 }, text = "<{note}>", empty = { note = "{note}" } })
  end)

  it("is null when it is one missing slot itself", function()
    assert.equal(null, value_of "{note}")
  end)

  it("keeps numbers, booleans, null and empty arrays", function()
    local made = value_of { 1.5, false, null, webhook.array {}, {} }
    assert.same({ 1.5, false, null }, { made[1], made[2], made[3] })
    assert.equal("array", getmetatable(made[4]).__jsontype)
    assert.is_nil(getmetatable(made[5]))
    assert.is_false(value_of(false))
  end)

  it("takes keys as they are", function()
    assert.same({ ["{name}"] = "Zoë" }, value_of({ ["{name}"] = "{name}" }, { name = "Zoë" }))
  end)

  it("does not change when the table that it was made of does", function()
    local given = { list = { "{name}" }, same = "{name}" }
    local made = tree(given)
    given.list[1], given.list[2], given.same, given.more = "{phone}", "x", nil, 1
    assert.same({ list = { "Zoë" }, same = "Zoë" }, template.fill_tree(made, { name = "Zoë" }, EVENT))
  end)

  it("may name the same table twice", function()
    local shared = { "{name}" }
    assert.same({ { "Zoë" }, { "Zoë" } }, value_of({ shared, shared }, { name = "Zoë" }))
  end)

  it("calls no metamethod of the user's", function()
    local function never() error("called") end
    local given = setmetatable({ "{name}" }, { __index = never, __pairs = never, __ipairs = never, __len = never })
    assert.same({ "Zoë" }, value_of(given, { name = "Zoë" }))
  end)

  it("is refused with the place of each mistake", function()
    local _, lines = tree { a = { b = { "{phnoe}", "{name}", print } }, c = 0 / 0, d = { [true] = 1 }, e = { 1, x = 2 },
      f = { [2] = 1 }, g = math.huge, ["\255"] = 1 }
    assert.same({
      'payload.a.b[1]: names "{phnoe}", which is no slot: did you mean "phone"?',
      "payload.a.b[3]: a function cannot be sent: give text, a number, a boolean, a table or webhook.null",
      "payload.c: NaN cannot be sent: JSON has no such number",
      "payload.d: has a key that is neither a string nor an index: JSON has no such key",
      "payload.e: has both string keys and indices: make it one or the other",
      "payload.f: is a sparse array: its indices must be 1 to n",
      "payload.g: infinity cannot be sent: JSON has no such number",
      'payload["\255"]: is not UTF-8: write the key in UTF-8',
    }, lines)
  end)

  it("may nest 32 levels, and is refused beyond, in a cycle and when it holds too much", function()
    local deep = { "{name}" }
    for _ = 1, 31 do deep = { deep } end
    assert.same({}, select(2, tree(deep)))
    assert.same({ "payload: is nested deeper than 32 levels" }, select(2, tree { deep }))
    local cycle = {}
    cycle.a = { cycle, cycle }
    assert.same({ "payload.a[1]: a cycle cannot be sent: the table contains itself",
      "payload.a[2]: a cycle cannot be sent: the table contains itself" }, select(2, tree(cycle)))
    local wide = "x"
    for _ = 1, 3 do
      local row = {}
      for index = 1, 50 do row[index] = wide end
      wide = row
    end
    assert.same({ "payload: holds more than 100000 values" }, select(2, tree(wide)))
  end)
end)
