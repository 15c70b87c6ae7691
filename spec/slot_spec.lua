-- What is said about the definition of a slot, and about a predicate that answers nothing.

local webhook = require "intent_webhook"

local function with_slot(slot)
  slot.name = "x"
  return { history = "never-made.db", intents = { { name = "a", rules = { "start" }, slots = { slot } } } }
end

local function mistakes(slot)
  local lines = {}
  for _, mistake in ipairs(webhook.check(with_slot(slot))) do
    lines[#lines + 1] = ("%s: %s"):format(mistake.path:gsub("^intents%[1%]%.slots%[1%]%.?", ""), mistake.message)
  end
  return lines
end

describe("the default of a slot #once", function()
  local SIZES = { "small", { "large", also = { "big" } } }

  it("is a value as its type writes it", function()
    for _, slot in ipairs {
      { type = "integer", default = 4 }, { type = "number", default = 2.5 }, { type = "boolean", default = false },
      { type = "text", default = "none given" }, { type = "name", default = "Guest" },
      { type = "enum", values = SIZES, default = "large" }, { type = "date", default = "2026-11-28" },
      { type = "date", min = "today", max = "today+30", default = "2026-11-28" }, { type = "time", default = "19:30" },
      { type = "datetime", default = "2026-11-28T19:30:00+07:00" }, { type = "duration", default = "PT1H30M" },
      { type = "email", default = "desk@example.org" }, { type = "phone", default = "+84901234567" },
      { type = "url", default = "https://example.org/path" }, { type = "pattern", pattern = "A%d+", default = "A12" },
      { type = function() error("is not asked") end, default = "anything" }, { default = "anything" },
    } do
      assert.are.same({}, mistakes(slot), tostring(slot.type))
    end
  end)

  it("is refused when it is what people say, with the value that it stands for", function()
    local function said(slot) return mistakes(slot)[1] end
    assert.are.equal('default: is "four", which is what people say; the value of its type is 4: write that',
      said { type = "integer", default = "four" })
    assert.matches('^default: is "big", .* is "large": write that$',
      said { type = "enum", values = SIZES, default = "big" })
    assert.matches('^default: is "7pm", .* is "19:00": write that$', said { type = "time", default = "7pm" })
    assert.matches("^default: is \"yes\", .* is true: write that$", said { type = "boolean", default = "yes" })
  end)

  it("is refused when it moves with the clock, or is no value at all", function()
    for _, text in ipairs { "today", "next Friday", "March 15th" } do
      assert.matches(("^default: is %q, which means something else at another time"):format(text),
        mistakes({ type = "date", default = text })[1])
    end
    for _, slot in ipairs {
      { type = "enum", values = SIZES, default = "huge" }, { type = "phone", default = "none" },
      { type = "integer", default = true },
    } do
      assert.matches("^default: is .*, which is no value of its type: give one, or leave it out$", mistakes(slot)[1])
    end
  end)
end)

describe("the definition of a slot #once", function()
  it("whose type there is not has that one mistake", function()
    assert.are.same({ 'type: is "Date", which is no type: did you mean "date"?' },
      mistakes { type = "Date", prompt = "?" })
    assert.are.same({ 'type: is "dat", which is no type: did you mean "date"?' },
      mistakes { type = "dat", min = "today", prompt = "?" })
    local sentence = "type: must be a string or a function or a table, got a number: name a type, or give a function"
    assert.are.same({ sentence }, mistakes { type = 5, prompt = "?" })
  end)

  it("has no min after its max", function()
    local sentence = 'min: must not be after max, got "%s" and "%s": exchange them'
    for _, case in ipairs {
      { "date", "2026-03-02", "2026-03-01" }, { "date", "today+9", "today" }, { "date", "today", "today-1" },
      { "datetime", "2026-03-02", "2026-03-01" },
      { "datetime", "2026-03-01T10:00:00Z", "2026-03-01T09:00:00Z" },
    } do
      assert.are.same({ sentence:format(case[2], case[3]) },
        mistakes { type = case[1], min = case[2], max = case[3] })
    end
    for _, case in ipairs {
      { "date", "2026-03-01", "2026-03-01" }, { "date", "today", "2026-03-01" }, { "date", "2027-03-01", "today+9" },
      { "datetime", "now", "2026-03-01" }, { "datetime", "2026-03-01", "2026-03-01" },
      { "datetime", "2026-03-01T10:00:00+05:00", "2026-03-01T09:00:00Z" }, { "time", "18:00", "02:00" },
    } do
      assert.are.same({}, mistakes { type = case[1], min = case[2], max = case[3] })
    end
  end)

  it("names a region by its code", function()
    assert.are.same({ 'region: is "UK", which is no region that has telephone numbers: did you mean "GB"?' },
      mistakes { type = "phone", region = "UK" })
    assert.matches('^region: is "Vietnam", .*: write its code of two letters, like "VN"$',
      mistakes({ type = "phone", region = "Vietnam" })[1])
    assert.are.same({}, mistakes { type = "phone", region = "vn" })
  end)

  it("is warned of what regular expressions have", function()
    local options = with_slot { type = "pattern", pattern = "^\\d+$" }
    assert.are.same({ { path = "intents[1].slots[1].pattern", level = "warning",
      message = "has \\d, as regular expressions have: a Lua pattern writes %d, see string.find" } },
      webhook.check(options))
    assert.are.same({}, mistakes { type = "pattern", pattern = "^C:\\%d+$" })
  end)
end)

describe("a predicate #once", function()
  local function turn_with(validate)
    local client = assert(webhook.new(with_slot { type = "integer", prompt = "How many?", validate = validate }))
    local session = client:step(nil, "start")
    return select(2, client:step(session, "5"))
  end

  it("that forgets to return true is told so", function()
    local turn = turn_with(function(value) if value < 3 then return false, "Too few." end end)
    assert.are.equal("refused", turn.rejected[1].reason)
    assert.are.same({ { where = "intents[1].slots[1].validate",
      message = "returned nil: return true, or false and what to tell the person" } }, turn.errors)
  end)

  it("may return nil and a message, as functions of Lua do", function()
    local turn = turn_with(function() return nil, "Not today." end)
    assert.are.equal("Not today.", turn.rejected[1].message)
    assert.is_nil(turn.errors)
  end)
end)
