-- Sessions that come from elsewhere, whatever is in them: a step takes what it can use, and raises nothing.

local process = require "spec.support.process"
local sqlite = require "spec.support.sqlite"
local webhook = require "intent_webhook"

local NOW = 1764064800 -- Tuesday, 2025-11-25, 10:00 UTC

describe("a session that was kept elsewhere #once", function()
  local folder, client

  before_each(function()
    folder = process.temporary_folder()
  end)
  after_each(function()
    if client then client:close(5) end
    client = nil
    process.remove(folder)
  end)

  local function new(sessions)
    client = assert(webhook.new {
      history = folder .. "/history.db", zone = "UTC", now = function() return NOW end, sessions = sessions,
      intents = {
        {
          name = "book", rules = { "book a table" }, confirm = "{people} on {date}?",
          slots = {
            { name = "people", type = "integer", prompt = "For how many?" },
            { name = "date", type = "date", prompt = "Which day?" },
            { name = "note", type = "text", optional = true, prompt = "Anything else?" },
          },
        },
        { name = "hours", rules = { "opening hours" } },
      },
    })
    return client
  end

  local function form(more)
    local made = { intent = "book", turns = 2, asked = "note", tries = 1, confirm = "asked",
      slots = { people = 4, date = "2025-11-29" }, skipped = { note = true } }
    for name, value in pairs(more or {}) do made[name] = value end
    return made
  end

  local raising = setmetatable({}, { __index = function() error "read" end, __len = function() error "counted" end })

  -- What a step asks for next; nothing when it has fired.
  local function next_of(given, text)
    local _, turn = client:step({ at = NOW, forms = { given } }, text or "yes", NOW)
    for _, event in ipairs(turn.events) do
      if event.intent == "book" then return nil end
    end
    return turn.slot or turn.status
  end

  it("goes on with all that can be used of it", function()
    new()
    assert.is_nil(next_of(form()))
    local given = form { raw = { date = "saturday" }, last = "date" }
    local session = client:step({ at = NOW, forms = { given } }, "no", NOW)
    assert.are.same({ date = "saturday" }, session.forms[1].raw)
    assert.are.equal("date", session.forms[1].last)
    assert.are.same({ note = true }, session.forms[1].skipped)
    assert.are.equal(3, session.forms[1].turns)
  end)

  local incomplete = {
    ["no slots"] = { slots = false },
    ["slots that are a text"] = { slots = "people" },
    ["slots that are in a metatable only"] = { slots = setmetatable({}, { __index = { people = 4 } }) },
    ["slots that raise when they are read"] = { slots = raising },
    ["a number for a text"] = { slots = { people = 4, date = 20251129 } },
    ["a text for a number"] = { slots = { people = "4", date = "2025-11-29" } },
    ["a number that is not whole"] = { slots = { people = 4.5, date = "2025-11-29" } },
    ["not a number"] = { slots = { people = 0 / 0, date = "2025-11-29" } },
    ["a table for a value"] = { slots = { people = {}, date = "2025-11-29" } },
    ["a required slot among those that are skipped"] = { slots = { date = "2025-11-29" }, skipped = { people = true } },
  }
  for what, given in pairs(incomplete) do
    it("is asked for what it lacks, with " .. what, function()
      new()
      local asked = next_of(form(given), "yes")
      assert.is_true(asked == "people" or asked == "date", tostring(asked))
    end)
  end

  it("is asked about before it fires, whatever it says of an answer", function()
    new()
    local _, turn = client:step({ at = NOW, forms = { form { confirmed = true } } }, "no", NOW)
    assert.are.same({ "confirming", 0 }, { turn.status, #turn.events })
  end)

  it("does not have the values of slots that there are not", function()
    new()
    local given = form { slots = { people = 4, date = "2025-11-29", room = "a" } }
    local _, turn = client:step({ at = NOW, forms = { given } }, "yes", NOW)
    assert.are.same({ people = 4, date = "2025-11-29" }, turn.events[1].slots)
  end)

  it("of an intent or a slot that there is not any more does not stop the conversation", function()
    new()
    local _, turn = client:step({ at = NOW, forms = { { intent = "gone", slots = {} } } }, "opening hours", NOW)
    assert.are.same({ "gone" }, turn.dropped)
    assert.are.equal("hours", turn.intent)
    assert.are.equal("fired", turn.status)
    local given = form { asked = "gone", last = "gone", confirm = "gone" }
    assert.are.equal("confirming", next_of(given, "well"))
  end)

  it("never raises, whatever stands anywhere in it", function()
    new()
    local loop = {}
    loop[1], loop.forms, loop.slots = loop, loop, loop
    local odd = { 7, -1, 0, 0.5, 0 / 0, math.huge, "x", true, false, print, {}, { {} }, loop, raising,
      setmetatable({}, { __index = form() }) }
    local count = 0
    for _, value in ipairs(odd) do
      local sessions = {
        { at = value, forms = { form() } }, { at = NOW, forms = value }, { at = NOW, forms = { value } },
        { at = NOW, forms = { form(), value, [4] = form() } }, type(value) == "table" and value or {},
      }
      for name in pairs(form { raw = {}, last = "x" }) do
        sessions[#sessions + 1] = { at = NOW, forms = { form { [name] = value } } }
      end
      for _, name in ipairs { "slots", "raw", "skipped" } do
        for _, slot in ipairs { "people", "date", "note" } do
          sessions[#sessions + 1] = { at = NOW, forms = { form { [name] = { [slot] = value } } } }
        end
      end
      for _, session in ipairs(sessions) do
        for _, text in ipairs { "yes", "no", "help", "opening hours", "change the date to friday", "4" } do
          local after, turn = client:step(session, text, NOW)
          count = count + 1
          assert(require("intent_webhook.session_store.text").encode(after))
          for _, event in ipairs(turn.events) do
            if event.intent == "book" then
              assert.are.equal("number", type(event.slots.people))
              assert.are.equal("string", type(event.slots.date))
            end
          end
        end
      end
    end
    assert.is_true(count > 1000)
  end)

  it("in the user's own store is read the same way", function()
    local kept
    new { get = function() return kept end, put = function(_, text) kept = text return true end }
    for _, session in ipairs { "{}", '{"forms":5}', '{"forms":[5,{"intent":{}}]}',
      '{"at":"x","forms":[{"intent":"book"}]}',
      '{"forms":[{"intent":"book","slots":{"people":4},"skipped":{"date":true},"confirmed":true,"asked":"gone"}]}' } do
      kept = ('{"expires":%d,"session":%s}'):format(NOW + 60, session)
      local turn = assert(client:message("opening hours", { session = "a" }))
      assert.are.equal(1, #turn.events)
      assert.are.equal("hours", turn.events[1].intent)
    end
  end)

  it("in the history file counts as none when it is no JSON, and the turn says so", function()
    new { store = "history", timeout = 10 }
    assert.are.equal("people", client:message("book a table", { session = "a" }).slot)
    sqlite(folder .. "/history.db", "UPDATE sessions SET body = '{no'")
    local turn = assert(client:message("book a table", { session = "a" }))
    assert.are.equal("people", turn.slot)
    assert.are.equal("sessions", turn.errors[1].where)
    assert.are.equal("date", client:message("4", { session = "a" }).slot)
    sqlite(folder .. "/history.db", [[UPDATE sessions SET body = '{"forms":[1]}']])
    assert.are.equal("people", client:message("book a table", { session = "a" }).slot)
  end)
end)
