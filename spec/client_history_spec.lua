local process = require "spec.support.process"
local webhook = require "intent_webhook"

describe("a history", function()
  local folder, client, ids

  setup(function()
    folder, ids = process.temporary_folder(), {}
    local now = 1000000000
    local closed_port = process.free_port()
    client = assert(webhook.new {
      history = folder .. "/history.db",
      keep_days = false, -- the events are of 2001
      now = function() now = now + 1 return now end,
      intents = {
        { name = "a", slots = { "n", { name = "null", optional = true } } },
        { name = "b", slots = { "n" }, actions = { { webhook = ("http://127.0.0.1:%d/b"):format(closed_port) } } },
      },
    })
    for index = 1, 10 do
      local name = index % 2 == 0 and "b" or "a"
      ids[index] = assert(client:fire(name, { n = index }, { session = index > 5 and "late" or "early" }))
      assert(client:wait(ids[index], 5)) -- recorded in this order
    end
  end)
  teardown(function()
    client:close(5)
    process.remove(folder)
  end)

  local function numbers(filter)
    local page, message = client:events(filter)
    assert(page, message)
    local list = {}
    for index, event in ipairs(page.events) do list[index] = event.slots.n end
    return list, page.next
  end

  it("lists events newest first", function()
    assert.are.same({ 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 }, (numbers()))
  end)

  it("filters by intent, status, session and time", function()
    assert.are.same({ 9, 7, 5, 3, 1 }, (numbers { intent = "a" }))
    assert.are.same({ 10, 8, 6, 4, 2 }, (numbers { status = "failed" }))
    assert.are.same({}, (numbers { status = "delivered" }))
    assert.are.same({ 10, 8, 6 }, (numbers { status = "failed", session = "late" }))
    local page = client:events { intent = "b", session = "early" }
    assert.are.equal(2, #page.events)
    local from, to = client:event(ids[3]).time, client:event(ids[6]).time
    assert.are.same({ 5, 4, 3 }, (numbers { from = from, to = to }))
    assert.are.same({}, (numbers { url = "http://127.0.0.1:1/" }))
    assert.are.same({}, (numbers { to = 0 }))
    assert.are.equal(10, #numbers { from = 0 })
  end)

  it("is searched, in any case, and knows the events that nothing was sent for", function()
    assert.are.same({ 7 }, (numbers { search = ids[7]:upper() }))
    assert.are.same({ 5, 4, 3, 2, 1 }, (numbers { search = "EARLY" }))
    assert.are.same({ 4, 2 }, (numbers { search = '"N":', session = "early", status = "failed" }))
    assert.are.same({}, (numbers { search = "is nowhere" }))
    assert.are.equal(10, #numbers { search = "" })
    assert.are.same({ 9, 7, 5, 3, 1 }, (numbers { status = "recorded" }))
    assert.are.same({ 9, 7 }, (numbers { status = "recorded", search = "late" }))
  end)

  it("that is searched answers within the time, page by page if it must, and says how far it came", function()
    local found, filter, pages = {}, { search = "early", limit = 2, timeout = 0.5 }, 0
    repeat
      local page = assert(client:events(filter))
      for _, event in ipairs(page.events) do found[#found + 1] = event.slots.n end
      filter.before, pages = page.next, pages + 1
    until not page.next
    assert.are.same({ 5, 4, 3, 2, 1 }, found)
    assert.are.equal(3, pages)
    assert.is_nil(client:events({ search = "early" }).searched_to) -- it came to the end
  end)

  it("says of a delivery what its last attempt came to", function()
    local delivery = client:events({ intent = "b", limit = 1 }).events[1].deliveries[1]
    assert.is_nil(delivery.http_status) -- refused
    assert.is_true(delivery.total_us > 0)
    assert.is_nil(delivery.attempts)
  end)

  it("answers in time, however long it may take", function()
    assert.are.equal(ids[1], client:event(ids[1], math.huge).id)
    assert.are.equal(ids[1], client:event(ids[1], 1e12).id)
  end)

  it("says of an event that nothing was sent and that text was repaired, both", function()
    local other = assert(webhook.new { history = folder .. "/notes.db", intents = { { name = "c", slots = { "n" } } } })
    local id = assert(other:fire("c", { n = "\255" }))
    assert.is_truthy(other:wait(id, 5))
    local note = other:event(id).note
    assert.is_truthy(note:find("no webhook action", 1, true) and note:find("not UTF-8", 1, true), note)
    other:close(5)
  end)

  it("gives page after page", function()
    local list, before = {}, nil
    repeat
      local page
      page, before = numbers { limit = 3, before = before }
      for _, number in ipairs(page) do list[#list + 1] = number end
    until not before
    assert.are.same({ 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 }, list)
  end)

  it("has an event with deliveries and attempts, without JSON's null", function()
    local event = client:event(ids[2])
    assert.are.same({ ids[2], "b", "early", { n = 2 } }, { event.id, event.intent, event.session, event.slots })
    assert.is_nil(event.error)
    assert.are.equal("connect_refused", event.deliveries[1].cause)
    local attempt = event.deliveries[1].attempts[1]
    assert.are.equal("POST", attempt.method)
    assert.are.equal('{"n":2}', attempt.request_body)
    assert.is_nil(attempt.http_status)
    assert.is_nil(attempt.response_headers)
  end)

  it("has whole numbers as such, and null only in slots", function()
    local id = client:fire("a", { n = 5, null = webhook.null })
    assert.is_truthy(client:wait(id, 5))
    local event = client:event(id)
    assert.are.equal("5", tostring(event.slots.n))
    assert.are.equal(webhook.null, event.slots.null)
    assert.is_truthy(tostring(event.seq):find("^%d+$"))
  end)

  it("has whole numbers beyond 2^53 as they were sent, as strings where Lua has no such integers", function()
    local wide = rawget(math, "maxinteger") ~= nil
    local text = wide and "12345678901234567" or "9007199254740994"
    local id = client:fire("a", { n = tonumber(text), null = '"slots":{"n":1}' })
    assert.is_truthy(client:wait(id, 5))
    local expected = wide and tonumber(text) or text
    assert.are.equal(expected, client:event(id).slots.n)
    assert.are.equal(expected, client:events({ limit = 1 }).events[1].slots.n)
    assert.are.equal('"slots":{"n":1}', client:event(id).slots.null)
  end)

  it("knows no event of another id", function()
    local event, message, code = client:event("nothing")
    assert.is_nil(event)
    assert.are.equal("there is no event nothing in the history", message)
    assert.are.equal("unknown", code)
    assert.are.equal("unknown", select(3, client:event(ids[1] .. "\0")))
  end)

  it("raises for an id or a timeout that is none, at the caller's line", function()
    local history = assert(webhook.history(folder .. "/history.db"))
    for name, call in pairs {
      ["client:event: timeout"] = function() return (client:event("x", "y")) end,
      ["history:event: timeout"] = function() return (history:event("x", -1)) end,
      ["history:event_json: timeout"] = function() return (history:event_json("x", 0 / 0)) end,
      ["history:event_json: id"] = function() return (history:event_json(5)) end,
      ["webhook.history: path"] = function() return (webhook.history(folder .. "/history.db\0zzz")) end,
      ["webhook.load: path"] = function() return (webhook.load(folder .. "/history.db\0zzz")) end,
    } do
      local good, problem = pcall(call)
      assert.is_false(good)
      assert.is_truthy(problem:find("^spec/client_history_spec.lua:%d+: " .. name .. ": "), problem)
    end
    assert.are.equal(ids[1], history:event(ids[1], math.huge).id)
    assert.is_true(history:close())
  end)

  it("raises for a filter that is wrong, at the caller's line", function()
    local wrong = {
      [{ stauts = "failed" }] = 'stauts: is no option: did you mean "status"?',
      [{ status = "sent" }] = 'status: must be "pending" or "delivered" or "failed" or "retrying" or "paused" or ',
      [{ search = 5 }] = "search: must be a string, got a number",
      [{ limit = 0 }] = "limit: must be from 1 to 1000, got 0",
      [{ since = 5 }] = 'since: is no option: did you mean "from"?',
      [{ before = "x" }] = "before: must be a whole number, got a string",
      [{ before = 0 }] = "before: must be from 1 to 9007199254740992, got 0",
    }
    local history = assert(webhook.history(folder .. "/history.db"))
    for filter, message in pairs(wrong) do
      for name, reader in pairs { client = client, history = history } do
        local good, problem = pcall(function()
          local page = reader:events(filter)
          return page
        end)
        assert.is_false(good)
        assert.is_truthy(problem:find(("^spec/client_history_spec.lua:%%d+: %s:events: "):format(name)), problem)
        assert.is_truthy(problem:find(message, 1, true), problem)
      end
    end
    history:close()
  end)

  it("is read without a client", function()
    local history = assert(webhook.history(folder .. "/history.db"))
    assert.are.equal(2, #assert(history:events { limit = 2 }).events)
    assert.are.equal(ids[1], history:event(ids[1]).id)
    assert.is_true(history:close())
    assert.is_true(history:close())
    for _, method in ipairs { "events", "events_json" } do
      assert.are.equal("closed", select(3, history[method](history)))
    end
    for _, method in ipairs { "event", "event_json" } do
      assert.are.equal("closed", select(3, history[method](history, ids[1])))
    end
  end)

  it("that is not there is said to be so", function()
    local history = assert(webhook.history(folder .. "/none.db"))
    local page, message, code = history:events()
    assert.is_nil(page)
    assert.is_string(message)
    assert.are.equal("history", code)
  end)

  it("is written and closed when its last client has been closed", function()
    local path = folder .. "/closed.db"
    for index = 1, 10 do
      local writer = assert(webhook.new { history = path, intents = { { name = "a", slots = { "n" } } } })
      assert(writer:fire("a", { n = index }))
      assert.is_true(writer:close(20))
      assert.is_nil((io.open(path .. "-wal")))
    end
    local history = assert(webhook.history(path))
    assert.equal(10, #assert(history:events()).events)
    history:close()
  end)

  it("can be asked after its client was closed", function()
    local other = assert(webhook.new { history = folder .. "/history.db", intents = {} })
    other:close(5)
    assert.are.equal(1, #assert(other:events { limit = 1 }).events)
  end)
end)
