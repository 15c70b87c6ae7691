local check = require "intent_webhook.check"
local locked = require "spec.support.locked"
local process = require "spec.support.process"
local session_store = require "intent_webhook.session_store"
local sqlite = require "spec.support.sqlite"
local text = require "intent_webhook.session_store.text"

local KEY = "correct horse battery staple"

local folder, opened, names

local function path_of_new()
  names = names + 1
  return ("%s/%d.db"):format(folder, names)
end

-- A store of these options, closed at the end of the test. Raises the first mistake.
local function open(given, path, has_sensitive)
  local mistakes = check.mistakes()
  local accepted = session_store.check(mistakes, "sessions", given, has_sensitive or false)
  if mistakes:first() then error(mistakes:first().path .. ": " .. mistakes:first().message, 0) end
  local store, message, code = session_store.new(accepted, { history = path or path_of_new() })
  if not store then return nil, message, code end
  opened[#opened + 1] = store
  return store
end

local function first_mistake(given, has_sensitive)
  local good, message = pcall(open, given, nil, has_sensitive)
  assert.is_false(good)
  return message
end

-- A user's own store: a table that compares and sets.
local function own_options(kept)
  return {
    get = function(id) return kept[id] end,
    put = function(id, value, _, before)
      if kept[id] ~= before then return false end
      kept[id] = value
      return true
    end,
  }
end

before_each(function()
  folder, opened, names = process.temporary_folder(), {}, 0
end)
after_each(function()
  for _, store in ipairs(opened) do store:close() end
  process.stop_all()
  process.remove(folder)
end)

local stores = {
  ["in memory"] = function() return open(nil) end,
  ["in the history file"] = function() return open { store = "history", timeout = 10 } end,
  ["in the history file, encrypted"] = function() return open { store = "history", timeout = 10, key = KEY } end,
  ["of the user's own"] = function() return open(own_options {}) end,
}

for name, make in pairs(stores) do
  describe("a session store " .. name, function()
    local store
    before_each(function() store = make() end)

    it("gives back what was put, until it is deleted", function()
      local slots = { date = "2026-11-27", share = 0.1, sure = true }
      local session = { intent = "book", turns = 3, slots = slots, asked = {} }
      assert.are.same({ nil, 0, n = 2 }, { n = 2, store:get("a", 100) })
      assert.is_true(store:put("a", session, 0, 100, 60))
      local stored, version = store:get("a", 101)
      assert.are.same(session, stored)
      assert.are_not.equal(0, version)
      assert.is_nil((store:get("b", 101)))
      assert.is_true(store:put("a", nil, version, 102, 60))
      assert.are.same({ nil, 0, n = 2 }, { n = 2, store:get("a", 103) })
      assert.is_true(store:put("a", nil, 0, 103, 60))
    end)

    it("refuses a put when somebody else has put since", function()
      assert.is_true(store:put("a", { by = "one" }, 0, 100, 60))
      local _, version = store:get("a", 100)
      assert.is_true(store:put("a", { by = "other" }, version, 100, 60))
      local done, message, code = store:put("a", { by = "one" }, version, 100, 60)
      assert.are.same({ "nil", "conflict" }, { type(done), code })
      assert.are.equal("the session was changed by somebody else meanwhile", message)
      assert.are.equal("conflict", select(3, store:put("a", { by = "new" }, 0, 100, 60)))
      assert.are.equal("conflict", select(3, store:put("a", nil, version, 100, 60)))
      assert.are.equal("conflict", select(3, store:put("b", { by = "new" }, version, 100, 60)))
      assert.are.equal("other", store:get("a", 100).by)
    end)

    it("refuses a put for a session that ended and began anew since", function()
      store:put("a", { turn = 1 }, 0, 100, 60)
      local _, version = store:get("a", 100)
      store:put("a", nil, version, 100, 60)
      store:put("a", { turn = 2 }, 0, 101, 60)
      assert.are.equal("conflict", select(3, store:put("a", { turn = 3 }, version, 102, 60)))
      assert.are.equal(2, store:get("a", 102).turn)
    end)

    it("ends a session when its time is over, counted from the last put", function()
      store:put("a", { turn = 1 }, 0, 100, 60)
      local _, version = store:get("a", 159)
      store:put("a", { turn = 2 }, version, 159, 60)
      assert.are.equal(2, store:get("a", 219).turn)
      local session, over = store:get("a", 219.5)
      assert.is_nil(session)
      assert.is_true(store:put("a", { turn = 3 }, over, 220, 60))
      assert.are.equal(3, store:get("a", 220).turn)
    end)

    it("takes its own ttl when put is given none", function()
      store:put("a", { turn = 1 }, 0, 100)
      assert.are.equal(1, store:get("a", 3700).turn)
      assert.is_nil((store:get("a", 3701)))
    end)

    it("takes any text as id and as value", function()
      local odd = "\0 \1\"\\/\127\n\r\t\195\188 \240\159\152\128 \255 '%"
      assert.is_true(store:put(odd, { [odd] = odd }, 0, 100, 60))
      assert.are.same({ [odd] = odd }, (store:get(odd, 100)))
      assert.is_true(store:put("", { 1 }, 0, 100, 60))
      assert.are.same({ 1 }, (store:get("", 100)))
    end)

    it("says that it is closed, and closes twice", function()
      assert.is_true(store:close())
      assert.is_true(store:close())
      assert.are.same({ false, "the sessions are closed", "closed" }, { store:get("a", 1) })
      assert.are.same({ nil, "the sessions are closed", "closed", n = 3 }, { n = 3, store:put("a", {}, 0, 1, 1) })
    end)
  end)
end

describe("sessions in memory #once", function()
  local function exists(store, id) return store.places[id] ~= nil end

  it("are the tables that they are", function()
    local store, session = open(nil), { turn = 1 }
    store:put("a", session, 0, 1, 60)
    assert.are.equal(session, (store:get("a", 1)))
  end)

  it("beyond the limit lose the one that was used longest ago, and count it", function()
    local store = open { limit = 3 }
    for _, id in ipairs { "a", "b", "c" } do store:put(id, { id = id }, 0, 1, 60) end
    store:get("a", 2)
    local _, version = store:get("b", 2)
    store:put("b", { id = "b" }, version, 2, 60)
    store:put("d", { id = "d" }, 0, 3, 60)
    assert.are.same({ true, true, false, true },
      { exists(store, "a"), exists(store, "b"), exists(store, "c"), exists(store, "d") })
    store:put("e", { id = "e" }, 0, 3, 60)
    assert.is_false(exists(store, "a"))
    assert.are.same({ 3, 2 }, { store:count() })
    assert.are.equal("conflict", select(3, store:put("c", {}, 1, 3, 60))) -- it began anew for everybody
  end)

  it("go when their time is over, a few with each put, and do not count as dropped", function()
    local store = open { limit = 100 }
    for index = 1, 10 do store:put("old-" .. index, {}, 0, 1, 60) end
    for index = 1, 5 do store:put("new-" .. index, {}, 0, 100, 60) end
    assert.are.same({ 5, 0 }, { store:count() })
  end)

  it("agree with a plain model over 20,000 random steps", function()
    local store, model, order = open { limit = 20 }, {}, {}
    local function use(id)
      for index, other in ipairs(order) do
        if other == id then table.remove(order, index) break end
      end
      if model[id] then table.insert(order, 1, id) end
    end
    local seed = 1
    local function random(most)
      seed = (seed * 16807) % 2147483647
      return seed % most + 1
    end
    for step = 1, 20000 do
      local id = "s" .. random(40)
      local session, version = store:get(id, step)
      assert.are.equal(model[id], session)
      use(id)
      if random(4) == 1 then
        model[id] = nil
        assert.is_true(store:put(id, nil, version, step, 1e6))
        use(id)
      elseif random(2) == 1 then
        model[id] = { step }
        assert.is_true(store:put(id, model[id], version, step, 1e6))
        use(id)
        if #order > 20 then model[table.remove(order)] = nil end
      end
      assert.are.equal(#order, (store:count()))
    end
  end)

  it("take a hundred thousand with little memory besides the sessions themselves", function()
    local store, session = open { limit = 100000 }, { turn = 1 }
    for index = 1, 10 do store:put("warm-" .. index, session, 0, 1, 60) end
    collectgarbage()
    local before = collectgarbage("count")
    for index = 1, 100000 do store:put(index, session, 0, 1, 60) end -- numbers: the ids' own memory is not ours
    collectgarbage()
    local bytes = (collectgarbage("count") - before) * 1024 / 100000
    assert.is_true(bytes < 300, "bytes per session: " .. bytes)
  end)
end)

describe("sessions in the history file", function()
  -- Another process with a store on the same file, which runs Lua with `store` and `session_store` and prints.
  local function other_process(path, script)
    return process.run { process.interpreter(), "-e", ([[
      local session_store = require "intent_webhook.session_store"
      local accepted = { store = "history", ttl = 3600, timeout = 10, key = %q }
      local store = assert(session_store.new(accepted, { history = %q }))
      %s
      store:close()]]):format(KEY, path, script), env = {
        LUA_PATH = os.getenv("LUA_PATH") or package.path, LUA_CPATH = os.getenv("LUA_CPATH") or package.cpath } }
  end

  local function open_history(path, given)
    given = given or {}
    given.store, given.timeout = "history", given.timeout or 10
    if given.key == nil then given.key = KEY end
    if given.key == false then given.key = nil end
    return open(given, path)
  end

  it("are there after a restart", function()
    local path = path_of_new()
    local store = open_history(path)
    store:put("a", { turn = 1 }, 0, 100, 60)
    store:close()
    assert.are.same({ turn = 1 }, (open_history(path):get("a", 100)))
  end)

  it("are those of another process too, and each put there counts here", function()
    local path = path_of_new()
    local store = open_history(path)
    store:put("a", { turn = 1 }, 0, 100, 60)
    local _, version = store:get("a", 100)
    local status, output, errors = other_process(path, [[
      local session, version = store:get("a", 100)
      session.turn = session.turn + 1
      print(store:put("a", session, version, 100, 60))]])
    assert.are.same({ 0, "true\n", "" }, { status, output, errors })
    assert.are.equal("conflict", select(3, store:put("a", { turn = 9 }, version, 100, 60)))
    assert.are.equal(2, store:get("a", 100).turn)
  end)

  it("lose nothing when two processes change one at once #once", function()
    local path = path_of_new()
    local count = [[
      local function add(times)
        while times > 0 do
          local session, version = store:get("sum", 1)
          assert(session ~= false, version)
          local stored, message, code = store:put("sum", { sum = (session and session.sum or 0) + 1 }, version, 1, 60)
          if stored then times = times - 1 else assert(code == "conflict", message) end
        end
      end]]
    local first = process.start { process.interpreter(), "-e", ([[
      local session_store = require "intent_webhook.session_store"
      local accepted = { store = "history", ttl = 60, timeout = 10, key = %q }
      local store = assert(session_store.new(accepted, { history = %q }))
      %s
      print "ready" io.stdout:flush()
      add(300) print "done" io.stdout:flush()]]):format(KEY, path, count),
      env = { LUA_PATH = package.path, LUA_CPATH = package.cpath } }
    local status, output, errors = other_process(path, count .. " add(300) print 'done'")
    assert.are.same({ 0, "done\n", "" }, { status, output, errors })
    process.wait_until(function() return first:output():find("done") end, 20, "the first one")
    assert.are.equal(600, open_history(path):get("sum", 1).sum)
  end)

  it("are in a file that only its owner may read, beside the events", function()
    local path = path_of_new()
    open_history(path):put("a", { turn = 1 }, 0, 100, 60)
    assert.are.equal("600\n600\n600\n", process.shell("stat -c %a " .. path .. "*"))
    assert.are.equal("events\nsessions\n",
      sqlite(path, "SELECT name FROM sqlite_master WHERE name IN ('events', 'sessions')"))
  end)

  it("with a key show nothing of what they hold, neither in the file nor in its WAL", function()
    local path = path_of_new()
    local store = open_history(path)
    assert.is_true(store:put("a", { slots = { phone = "+84901234567" } }, 0, 100, 60))
    local function files() return process.read_file(path) .. process.read_file(path .. "-wal") end
    assert.is_nil(files():find("84901234567", 1, true))
    store:close()
    assert.is_nil(files():find("84901234567", 1, true))
    local plain = open_history(path, { key = false })
    assert.is_true(plain:put("b", { slots = { phone = "+84901234567" } }, 0, 100, 60))
    assert.is_truthy(files():find("84901234567", 1, true)) -- so it would have been found
  end)

  it("count as none with another key, say so, and can be replaced", function()
    local path = path_of_new()
    open_history(path):put("a", { turn = 1 }, 0, 100, 60)
    for _, key in ipairs { "another key that is as good", false } do
      local store = open_history(path, { key = key })
      local session, version, message, code = store:get("a", 100)
      assert.is_nil(session)
      assert.are.equal("key", code)
      assert.is_truthy(message:find("counts as none", 1, true))
      assert.is_true(store:put("a", { turn = 2 }, version, 100, 60))
      assert.are.equal(2, store:get("a", 100).turn)
    end
  end)

  it("can be replaced whatever version another program has given them", function()
    local path = path_of_new()
    local store = open_history(path)
    for _, given in ipairs { "9223372036854775807", "-9223372036854775808", "9007199254740993", "1e300", "'x'", "0" } do
      local _, before = store:get("a", 100)
      assert.is_true(store:put("a", { turn = 1 }, before, 100, 60))
      assert.are.equal("", sqlite(path, "UPDATE sessions SET version = " .. given))
      local _, version = store:get("a", 100)
      assert.is_true(store:put("a", { turn = 2 }, version, 100, 60))
      assert.are.equal(2, store:get("a", 100).turn)
    end
  end)

  it("where no file can be are refused at once", function()
    local store, message, code = open_history(folder .. "/missing/h.db")
    assert.is_nil(store)
    assert.are.equal(folder .. "/missing/h.db: the folder does not exist: create it first", message)
    assert.are.equal("history", code)
  end)

  it("in a file that is no history are trouble, not none", function()
    local path = path_of_new()
    process.write_file(path, ("no database "):rep(100))
    local store = open_history(path)
    local session, message, code = store:get("a", 100)
    assert.is_false(session)
    assert.is_truthy(message:find("is not an SQLite database", 1, true), message)
    assert.are.equal("history", code)
    assert.are.equal("history", select(3, store:put("a", {}, 0, 100, 60)))
  end)

  it("in a file that went away begin anew", function()
    local path = path_of_new()
    local store = open_history(path)
    store:put("a", { turn = 1 }, 0, 100, 60)
    assert(os.remove(path))
    assert.are.same({ nil, 0, n = 2 }, { n = 2, store:get("a", 100) })
    assert.is_true(store:put("a", { turn = 1 }, 0, 100, 60))
  end)

  it("take no longer than their timeout, whatever another program does", function()
    local path = path_of_new()
    local patient, store = open_history(path), open_history(path, { timeout = 0.05 })
    assert.is_true(patient:put("a", { turn = 1 }, 0, 100, 60))
    local _, version = patient:get("a", 100)
    local lock = locked.for_writers(path)
    local done, message, code = store:put("a", { turn = 2 }, version, 100, 60)
    assert.is_nil(done)
    assert.are.equal("timeout", code)
    assert.is_truthy(message:find("within 50 ms", 1, true), message)
    assert.are.equal(1, patient:get("a", 100).turn)
    lock:stop()
  end)

  it("refuse what is no session, and keep what was there", function()
    local store = open_history(path_of_new())
    store:put("a", { turn = 1 }, 0, 100, 60)
    local _, version = store:get("a", 100)
    local loop = {}
    loop.loop = loop
    local wrong = {
      [{ print }] = "the session holds a function",
      [{ 0 / 0 }] = "the session holds a number that JSON does not have",
      [{ 1, 2, x = 3 }] = "the session holds a table with names and numbers, or gaps",
      [{ [true] = 1 }] = "the session holds a table with names and numbers",
      [loop] = "the session is nested more than 32 deep",
      [{ ("x"):rep(1024 * 1024) }] = "the session is larger than 1 MiB: keep less in it",
    }
    for session, message in pairs(wrong) do
      assert.are.same({ nil, message, "session", n = 3 }, { n = 3, store:put("a", session, version, 100, 60) })
    end
    assert.are.equal(1, store:get("a", 100).turn)
  end)
end)

describe("the text of a session", function()
  it("keeps numbers as they were, and whole ones as such", function()
    local numbers = { 0, 1, -7, 0.1, 1 / 3, 1e300, -5e-324, 2 ^ 53, 1700000000.123456, 123456789012345680 }
    local back = assert(text.decode(assert(text.encode(numbers))))
    assert.are.same(numbers, back)
    assert.are.equal("1", tostring(back[2]))
    assert.are.equal("[0,1,-7,0.1]", text.encode { 0, 1, -7, 0.1 })
  end)

  it("keeps empty tables as tables that can be used", function()
    local back = text.decode(text.encode { list = {}, object = {} })
    back.list[1], back.object.x = 1, 1
    assert.are.same({ list = { 1 }, object = { x = 1 } }, back)
  end)

  it("of a form with five slots is small and quick", function()
    local session = { intent = "book_table", turns = 4, slots = {} }
    for index = 1, 5 do session.slots["slot_" .. index] = { value = "value " .. index, text = "said " .. index } end
    assert.is_true(#text.encode(session) < 500)
  end)
end)

describe("a user's own session store", function()
  local function with(get, put)
    return open { get = get or function() end, put = put or function() return true end }
  end

  it("gets JSON, the ttl, and what its get gave before", function()
    local calls, kept = {}, nil
    local store = open { ttl = 90, get = function() return kept end, put = function(id, value, ttl, before)
      calls[#calls + 1] = { id, value, ttl, before or "none" }
      kept = value
      return true
    end }
    store:put("a", { turn = 1 }, 0, 100)
    local _, version = store:get("a", 100)
    store:put("a", nil, version, 100)
    assert.are.equal("a", calls[1][1])
    assert.are.same({ expires = 190, session = { turn = 1 } }, require("cjson").decode(calls[1][2]))
    assert.are.same({ 90, "none" }, { calls[1][3], calls[1][4] })
    assert.are.same({ "a", nil, 90, calls[1][2] }, calls[2])
  end)

  it("may raise: that comes back as trouble", function()
    local store = with(function() error("no network") end, function() error({}) end)
    local session, message, code = store:get("a", 1)
    assert.are.same({ false, "store" }, { session, code })
    assert.is_truthy(message:find("^sessions%.get: .*no network"), message)
    local done, problem, put_code = store:put("a", {}, 0, 1)
    assert.are.same({ "nil", "store" }, { type(done), put_code })
    assert.is_truthy(problem:find("^sessions%.put: "), problem)
  end)

  it("may return rubbish: that comes back as trouble", function()
    for _, rubbish in ipairs { 7, true, print, {}, "", "{", "null", "[]", "{}", '{"session":1,"expires":5}',
      '{"session":{},"expires":"x"}', "\255" } do
      local session, message, code = with(function() return rubbish end):get("a", 1)
      assert.are.same({ false, "store" }, { session, code }, tostring(rubbish))
      assert.is_truthy(message:find("^sessions%.get: "), message)
    end
    for _, rubbish in ipairs { 7, "ok", print, {} } do
      assert.are.equal("store", select(3, with(nil, function() return rubbish end):put("a", {}, 0, 1)))
    end
    assert.are.equal("store", select(3, with(nil, function() end):put("a", {}, 0, 1)))
  end)

  it("may say what went wrong", function()
    local store = with(function() return nil, "connection refused" end, function() return nil, "no memory" end)
    assert.are.same({ false, "sessions.get: connection refused", "store" }, { store:get("a", 1) })
    assert.are.same({ nil, "sessions.put: no memory", "store", n = 3 }, { n = 3, store:put("a", {}, 0, 1) })
  end)
end)

describe("the options of sessions", function()
  it("are those of memory when there are none", function()
    local accepted = session_store.check(check.mistakes(), "sessions", nil, true)
    assert.are.same({ store = "memory", limit = 10000, ttl = 3600 }, accepted)
    assert.are.same(accepted, session_store.check(check.mistakes(), "sessions", {}, true))
    assert.are.same({ store = "history", ttl = 3600, timeout = 0.5 },
      session_store.check(check.mistakes(), "sessions", { store = "history" }, false))
  end)

  it("are checked, each with what to do", function()
    assert.are.equal("sessions: must be a table, got a string", first_mistake("history"))
    assert.are.equal('sessions.store: must be "memory" or "history": did you mean "history"?',
      first_mistake { store = "histroy" })
    assert.are.equal("sessions.limit: must be from 1 to 10000000, got 0", first_mistake { limit = 0 })
    assert.are.equal("sessions.ttl: must be from 1 to 31536000, got 0.5: it counts seconds without a message",
      first_mistake { store = "history", ttl = 0.5 })
    assert.are.equal('sessions.expires: is no option: did you mean "ttl"?', first_mistake { expires = 5 })
    assert.are.equal("sessions.put: must be a function, got nil: give a function(id, text, ttl, before) that stores "
      .. "the text and returns true", first_mistake { get = print })
    assert.is_truthy(first_mistake({ store = "memory", key = KEY }):find("^sessions%.key: is no option"))
  end)

  it("ask for a key when a slot is sensitive, for the history file only", function()
    assert.are.equal("sessions.key: is missing, and there are sensitive slots, whose values must not reach the disk as "
      .. "they are: give a key, or key_env", first_mistake({ store = "history" }, true))
    assert.is_truthy(open({ store = "history", key = KEY }, nil, true))
    assert.is_truthy(open(nil, nil, true))
    assert.is_truthy(open(own_options {}, nil, true))
  end)

  it("take a key of a decent length, from one place", function()
    assert.are.equal("sessions.key: holds a key of 15 bytes, but 16 is the least: take a random one, as of openssl "
      .. "rand -base64 32", first_mistake { store = "history", key = "123456789012345" })
    assert.are.equal("sessions.key_env: is given as well as key: remove one of the two",
      first_mistake { store = "history", key = KEY, key_env = "PATH" })
    assert.are.equal("sessions.key_env: is empty: name the variable, or leave key_env out",
      first_mistake { store = "history", key_env = "" })
    assert.are.equal("sessions.key_env: names the environment variable SURELY_NOT_SET_HERE, which is not set: set "
      .. "it, or leave key_env out", first_mistake({ store = "history", key_env = "SURELY_NOT_SET_HERE" }, true))
    local accepted = session_store.check(check.mistakes(), "sessions", { store = "history", key_env = "PATH" }, true)
    assert.are.equal(os.getenv("PATH"), accepted.key)
    assert.is_truthy(open({ store = "history", key_env = "PATH" }, nil, true))
  end)
end)

describe("a store of one's own #once", function()
  it("whose put forgets to return true is told what to return", function()
    local own = require "intent_webhook.session_store.own"
    local store = own.new({ get = function() end, put = function() end, ttl = 60 }, {})
    assert.are.same({ nil,
      "sessions.put: returned nil and no message: return true when it is stored, or nil and why not", "store" },
      { store:put("a", {}, 0, 1, 60) })
  end)
end)
