-- What users' functions raise in conversations goes to the history with the event that fires, which may be another
-- intent's: nothing of a sensitive slot may go with it.

local process = require "spec.support.process"
local webhook = require "intent_webhook"

local NUMBER = "901234567" -- of the phone, however it is written

describe("an error about a sensitive slot #once", function()
  local folder, client

  before_each(function()
    folder = process.temporary_folder()
  end)
  after_each(function()
    if client then client:close(5) end
    client = nil
    process.remove(folder)
  end)

  -- Says it all, with a session or without; returns what the turns or results have for errors, and the history for
  -- events.
  local function errors_of(book, messages, session)
    book.name, book.rules = "book", book.rules or { "book" }
    client = assert(webhook.new {
      history = folder .. "/history.db",
      intents = { book, { name = "hours", rules = { "opening hours" } } },
    })
    local said, fired = {}, 0
    for _, message in ipairs(messages) do
      local turn = assert(client:message(message, { session = session }))
      for _, one in ipairs(turn.errors or {}) do said[#said + 1] = one.message end
      fired = fired + (turn.status == "fired" and 1 or 0)
    end
    assert.is_true(fired > 0)
    assert.is_true(client:flush(5))
    local recorded = {}
    for _, event in ipairs(client:events().events) do recorded[#recorded + 1] = event.error end
    return table.concat(said, "\n"), table.concat(recorded, "\n"), process.read_file(folder .. "/history.db")
      .. process.read_file(folder .. "/history.db-wal")
  end

  local function phone(more)
    local made = { name = "phone", type = "phone", region = "VN", sensitive = true }
    for name, value in pairs(more or {}) do made[name] = value end
    return made
  end

  local count = { name = "count", type = "integer", prompt = "How many?" }

  local cases = {
    ["that its predicate refused, when the event fires without it"] = {
      { slots = { phone { optional = true, validate = function(value) error("bad number " .. value) end }, count } },
      { "book", "4, 0901 234 567" },
    },
    ["of an intent that waits, raised by a prompt, when another one fires"] = {
      { slots = { phone(), { name = "count", type = "integer",
        prompt = function(slots) error("bad number " .. tostring(slots.phone)) end } } },
      { "book", "0901 234 567", "opening hours" },
    },
    ["of an intent that waits, raised by its confirmation, when another one fires"] = {
      { slots = { phone() }, confirm = function(slots) error("bad number " .. slots.phone) end },
      { "book", "0901 234 567", "opening hours" },
    },
    ["as it was said, raised by a rule"] = {
      { slots = { phone() }, rules = { "book", function(text) error("bad number " .. text) end } },
      { "book", "my phone is 0901 234 567" },
    },
  }
  for what, case in pairs(cases) do
    it("has not the value " .. what, function()
      local said, recorded, files = errors_of(case[1], case[2], "chat-1")
      assert.is_truthy(recorded:find("bad number %[redacted%]"), recorded)
      assert.is_truthy(said:find("bad number %[redacted%]"), said)
      for _, text in ipairs { said, recorded, files } do
        assert.is_nil(text:gsub("[^%d]", ""):find(NUMBER, 1, true))
      end
    end)
  end

  it("has not the value as it was said in a message without a session", function()
    local rules = { function(text) error("bad number " .. text:match("%d.*")) end, "book {phone}" }
    local said, recorded = errors_of({ slots = { phone() }, rules = rules }, { "book 0901 234 567" })
    assert.is_truthy(recorded:find("bad number %[redacted%]"), recorded)
    assert.is_truthy(said:find("bad number %[redacted%]"), said)
  end)
end)
