-- The command that erases, on a history of events without webhooks.

local command = require "spec.support.command"
local process = require "spec.support.process"
local webhook = require "intent_webhook"

describe("intent-webhook erase #once", function()
  local folder, path, ids

  before_each(function()
    folder = process.temporary_folder()
    path = folder .. "/history.db"
    local client = assert(webhook.new {
      history = path, intents = { { name = "greet", slots = { "name" } } },
    })
    ids = {}
    for index, name in ipairs { "Ann Miller", "Bob", "ann MILLER" } do
      ids[index] = assert(client:fire("greet", { name = name }, { session = index == 2 and "web-7" or "web-8" }))
    end
    assert(client:flush())
    client:close()
  end)

  after_each(function()
    process.remove(folder)
  end)

  local function erase(...)
    return command.run { "erase", "--history", path, ... }
  end

  local function status_of(words)
    local whole = { "erase", "--history", path }
    for _, word in ipairs(words) do whole[#whole + 1] = word end
    return (command.run(whole))
  end

  local function names()
    local history = assert(webhook.history(path))
    local found = {}
    for index, event in ipairs(assert(history:events()).events) do found[index] = event.slots.name end
    history:close()
    return found
  end

  it("counts first, and deletes only when told to", function()
    local status, output = erase("--containing", "Ann Miller", "--dry-run")
    assert.are.same({ 0, "2 events would be deleted\n" }, { status, output })
    local errors
    status, output, errors = command.run_over(folder, "", { "erase", "--history", path, "--containing", "Ann Miller" })
    assert.are.same({ 2, "" }, { status, output })
    assert.is_truthy(errors:find("2 events would be deleted: say so with --yes", 1, true))
    assert.are.same({ "ann MILLER", "Bob", "Ann Miller" }, names())
    status, output = erase("--containing", "Ann Miller", "--yes")
    assert.are.same({ 0, "2 events deleted\n" }, { status, output })
    assert.are.same({ "Bob" }, names())
  end)

  it("deletes one event, or a session", function()
    assert.are.equal("1 event deleted\n", select(2, erase("--id", ids[1], "--yes")))
    assert.are.same({ "ann MILLER", "Bob" }, names())
    assert.are.equal("1 event deleted\n", select(2, erase("--session", "web-7", "--yes")))
    assert.are.same({ "ann MILLER" }, names())
    local status, output = erase("--session", "web-7", "--yes")
    assert.are.same({ 1, "nothing found, nothing deleted\n" }, { status, output })
  end)

  it("takes the text from standard input, where nobody sees it in the list of processes", function()
    local words = { "erase", "--history", path, "--containing", "-", "--yes" }
    local status, output = command.run_over(folder, "bob\n", words)
    assert.are.same({ 0, "1 event deleted\n" }, { status, output })
    assert.are.same({ "ann MILLER", "Ann Miller" }, names())
  end)

  it("refuses what would delete nearly everything, and what says nothing", function()
    for _, words in ipairs { {}, { "--containing", "an" }, { "--containing", "" }, { "--id", "" },
      { "--id", "a", "--session", "b" } } do
      assert.are.equal(2, status_of(words))
    end
    assert.are.equal(3, #names())
  end)

  it("ends with 3 when there is no such history", function()
    local status, _, errors = command.run { "erase", "--history", folder .. "/none.db", "--id", "a", "--yes" }
    assert.are.equal(3, status)
    assert.is_truthy(errors:find("no history to erase from", 1, true))
  end)
end)
