-- The command that erases, on a history of events without webhooks.

local command = require "spec.support.command"
local process = require "spec.support.process"
local receiver = require "spec.support.receiver"
local trials = require "spec.support.trial"
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

  it("keeps what a client is sending meanwhile from coming back, and leaves nothing of it in the files", function()
    local server = receiver.start()
    local trial = trials.new { slow = { webhook = server:url("/slow?seconds=1") } }
    local id = trial:fire("slow", { name = "Annabel Miller" })
    process.wait_until(function()
      return #server:requests("/slow") == 1 and trial.client:event(id) ~= nil
    end, 5, "the request and the record of it")
    local status, output = command.run { "erase", "--history", trial.path, "--containing", "annabel", "--yes" }
    assert.are.same({ 0, "1 event deleted\n" }, { status, output })
    assert.are.equal(1, trial.client:stats().in_flight)
    trial:settle()
    assert.are.equal(0, #assert(trial.client:events()).events)
    for _, suffix in ipairs { "", "-wal", "-shm" } do
      assert.is_nil(process.read_file(trial.path .. suffix):find("Annabel", 1, true))
    end
    trial:close()
    server:stop()
  end)

  it("says when copies may be left, since somebody reads; the same once more overwrites them", function()
    local script = [[
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN")
print(database.execute("SELECT count(*) FROM events").fetchone()[0], flush=True)
time.sleep(60)]]
    local reader = process.start { "/usr/bin/python3", "-c", script, path }
    local status, output, errors = erase("--containing", "Bob", "--yes")
    assert.are.same({ 0, "1 event deleted\n" }, { status, output })
    assert.is_truthy(errors:find("Copies of what was erased may be left", 1, true))
    assert.is_truthy(process.read_file(path):find("Bob", 1, true))
    reader:stop()
    assert.are.same({ 1, "nothing found, nothing deleted\n", "" }, { erase("--containing", "Bob", "--yes") })
    assert.is_nil(process.read_file(path):find("Bob", 1, true))
  end)

  it("ends with 3 when there is no such history", function()
    local status, _, errors = command.run { "erase", "--history", folder .. "/none.db", "--id", "a", "--yes" }
    assert.are.equal(3, status)
    assert.is_truthy(errors:find("no history to erase from", 1, true))
  end)
end)
