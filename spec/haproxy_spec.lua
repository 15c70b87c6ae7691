-- The actions in a real HAProxy with two threads, in master-worker mode: what fires, and what becomes of it at a reload
-- and at the end.

local haproxy = require "spec.support.haproxy"
local process = require "spec.support.process"
local receiver = require "spec.support.receiver"
local socket = require "socket"
local sqlite = require "spec.support.sqlite"
local webhook = require "intent_webhook"

-- One intent, which "n NUMBER" fires.
local function intents_of(url, more, rule)
  return ([[
    local function slow(message) -- longer than HAProxy lets Lua run without a pause
      local number = message:match("^n (%%d+)$")
      for _ = 1, 100000 do if not number then return nil end end
      return { n = number }
    end
    return { %s intents = { { name = "test", slots = { "n" }, rules = { %s },
      actions = { { webhook = %q, in_flight = 16 } } } } }]]):format(more or "", rule or '"n {n}"', url)
end

local function is_root()
  return process.shell("id -u") == "0\n"
end

describe("HAProxy #once", function()
  local endpoint, server

  setup(function()
    local status, output, errors = process.run({ "env", "-u", "LUA", "make", "-s", "LUA_VERSION=5.3", "all" }, 120)
    assert.equal(0, status, output .. errors)
    endpoint = receiver.start()
  end)
  teardown(function() process.stop_all() end)
  before_each(function() endpoint:forget() end)
  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  local function start(options) server = haproxy.start(options) end

  -- Posts messages "n FIRST" to "n LAST", all at the same time: the events' ids, and how often each thread answered.
  local function fire(first, last)
    local connections, ids, threads = {}, {}, {}
    for number = first, last do connections[number] = assert(server:send("POST", "/chat", "n " .. number)) end
    for number = first, last do
      local status, body, thread = server:response(connections[number])
      assert.equal(200, status, body)
      ids[#ids + 1] = assert(body:match("^fired (%x+%-[%x-]+)\n$"), body)
      threads[thread] = (threads[thread] or 0) + 1
    end
    return ids, threads
  end

  local function await_requests(count)
    process.wait_until(function() return #endpoint:requests() >= count end, 20, count .. " requests")
  end

  -- How many of these events the history has with that end.
  local function count_recorded(ids, status, cause)
    local reader, count = assert(webhook.history(server.history)), 0
    for _, id in ipairs(ids) do
      local event = reader:event(id)
      local delivery = event and event.deliveries[1]
      if delivery and delivery.status == status and delivery.cause == cause then count = count + 1 end
    end
    reader:close()
    return count
  end

  -- Sends the master a signal, and returns how many seconds it took to end.
  local function stop(signal, status)
    local before = socket.gettime()
    server:signal(signal)
    local ended = process.wait_until(function() return server:ended() end, 30, "HAProxy to end")
    assert.equal(status or 0, ended, server.process:errors())
    return socket.gettime() - before
  end

  for _, directive in ipairs { "lua-load-per-thread", "lua-load" } do
    local function edit(configuration)
      return (configuration:gsub("lua%-load%-per%-thread (\"%${ACTIONS)", directive .. " %1"))
    end

    it("fires for messages and for requests, with " .. directive, function()
      start { edit = edit, env = { GATEWAY_URL = endpoint:url("/status/200?to=") } }
      local status, body = server:request("POST", "/chat", "Book an appointment for John Doe on 2026-03-15")
      assert.equal(200, status)
      local id = assert(body:match("^fired (%x+%-[%x-]+)\n$"), body)
      assert.equal("unmatched \n", select(2, server:request("POST", "/chat", "Good evening")))
      assert.equal("unmatched \n", select(2, server:request("POST", "/chat", "")))
      assert.equal(403, (server:request("GET", "/admin/users")))
      assert.equal("nothing to say here\n", select(2, server:request("GET", "/")))
      await_requests(2)
      stop("USR1")
      local bodies = {}
      for _, request in ipairs(endpoint:requests()) do bodies[request.target] = request.body end
      assert.same({
        ["/status/200?to=/appointments"] = '{"customer_name":"John Doe","appointment_date":"2026-03-15"}',
        ["/status/200?to=/alarms"] = '{"address":"127.0.0.1","path":"/admin/users"}',
      }, bodies)
      assert.equal(1, count_recorded({ id }, "delivered"))
      local reader = assert(webhook.history(server.history))
      assert.equal("visitor", reader:event(id).session)
      reader:close()
    end)

    it("delivers what both threads fire at the same time, with " .. directive, function()
      start { edit = edit, intents = intents_of(endpoint:url("/status/200"), nil, "slow") }
      local ids, threads = fire(1, 60)
      assert.is_true(threads[0] > 0 and threads[1] > 0)
      assert.equal(60, threads[0] + threads[1])
      await_requests(60)
      stop("USR1")
      assert.equal(60, count_recorded(ids, "delivered"))
      local seen = {}
      for _, request in ipairs(endpoint:requests()) do seen[request.body] = true end
      for number = 1, 60 do assert.is_true(seen[('{"n":"%d"}'):format(number)], number) end
    end)
  end

  it("answers at once while every endpoint hangs, and says what it refuses", function()
    start { intents = intents_of(endpoint:url("/hang"), "queue_limit = 50,") }
    local before, fired, full = socket.gettime(), 0, 0
    for number = 1, 150 do
      local status, body = server:request("POST", "/chat", "n " .. number)
      if status == 200 then fired = fired + 1 else
        assert.same({ 503, "full\n" }, { status, body })
        full = full + 1
      end
    end
    assert.same({ 100, 50 }, { fired, full }) -- fifty for each of two threads
    assert.is_true(socket.gettime() - before < 8) -- a delivery takes ten
    assert.is_truthy(server.process:errors():find("nothing was fired: ", 1, true))
  end)

  it("logs what was not delivered", function()
    start { intents = intents_of("http://127.0.0.1:" .. process.free_port()) }
    fire(1, 1)
    process.wait_until(function()
      return server.process:errors():find("of test was not delivered: connect_refused: ", 1, true)
    end, 10, "the log")
  end)

  it("does not start with a mistake in the intents, and checking a configuration leaves nothing behind", function()
    local good, message = pcall(start, { intents = intents_of("ftp://127.0.0.1/") })
    assert.is_false(good)
    assert.is_truthy(message:find("intents[1].actions[1].webhook: ", 1, true), message)
    local folder = process.temporary_folder()
    finally(function() process.remove(folder) end)
    local status, _, errors = process.run { "sh", "-c",
      'PATH="$PATH:/usr/sbin"; exec haproxy -c -f examples/haproxy/haproxy.cfg', env = {
        LUA_PATH = "./lua/?.lua;;", LUA_CPATH = "./build/5.3/?.so;;", HISTORY = folder .. "/history.db" } }
    assert.equal(0, status, errors)
    assert.equal("", process.shell("ls -A " .. folder))
  end)

  it("keeps its workers when the intents are wrong at a reload", function()
    start { intents = intents_of(endpoint:url("/status/200")) }
    server:write_intents(intents_of("ftp://127.0.0.1/"))
    server:signal("USR2")
    process.wait_until(function()
      return server.process:errors():find("intents[1].actions[1].webhook: ", 1, true)
    end, 10, "the complaint")
    fire(1, 5)
    await_requests(5)
  end)

  it("keeps every accepted event through reloads under load", function()
    start { intents = intents_of(endpoint:url("/slow?seconds=0.3")) }
    local ids, lost = {}, 0
    for _ = 1, 3 do
      server:reload()
      process.wait_until(function()
        for number = 1, 5 do
          local status, body = server:request("POST", "/chat", "n " .. number)
          if status then
            assert.equal(200, status, body)
            ids[#ids + 1] = assert(body:match("^fired (%S+)\n$"), body)
          else
            lost = lost + 1 -- nobody was told that it was accepted
          end
        end
        return server:is_ready() and #server:workers() == 1 -- HAProxy kills those that still leave at the next one
      end, 30, "the reload")
    end
    for _, id in ipairs(fire(1, 10)) do ids[#ids + 1] = id end
    stop("USR1")
    assert.is_true(#ids >= 25)
    local delivered, cut = count_recorded(ids, "delivered"), count_recorded(ids, "failed", "process_exit")
    assert.equal(#ids, delivered + cut) -- a worker that leaves has two seconds for its queue
    assert.is_true(delivered > 0)
    assert.is_true(lost < 10, lost)
    assert.is_nil(server.process:errors():find("exited with code [^0]"))
  end)

  it("delivers what is under way when it is stopped gracefully", function()
    start { intents = intents_of(endpoint:url("/slow?seconds=1")) }
    local ids = fire(1, 20)
    stop("USR1")
    assert.equal(20, count_recorded(ids, "delivered"))
  end)

  it("ends in bounded time when endpoints hang, and the history says why", function()
    start { intents = intents_of(endpoint:url("/hang")) }
    local ids = fire(1, 20)
    assert.is_true(stop("USR1") < 8) -- two for what is under way, two for the history, and HAProxy's own
    assert.equal(20, count_recorded(ids, "failed", "process_exit"))
  end)

  it("is killed by SIGTERM, and what was recorded until then stands as pending", function()
    start { intents = intents_of(endpoint:url("/hang")) }
    local ids = fire(1, 20)
    process.wait_until(function() return count_recorded(ids, "pending") == 20 end, 10, "the history")
    assert.is_true(stop("TERM") < 5)
    assert.equal(20, count_recorded(ids, "pending"))
    assert.equal("ok\n", sqlite(server.history, "PRAGMA integrity_check"))
  end)

  it("needs insecure-fork-wanted when it is not root, and says so with every event until it has it", function()
    local user = is_root() and "nobody" or nil
    local options = { intents = intents_of(endpoint:url("/status/200")), user = user, global = user and "user nobody",
      edit = function(configuration) return (configuration:gsub("insecure%-fork%-wanted\n", "\n")) end }
    start(options)
    local status, body = server:request("POST", "/chat", "n 1")
    assert.same({ 503, "system\n" }, { status, body })
    stop("USR1")
    server:stop()
    options.edit = nil
    start(options)
    local ids = fire(1, 10)
    stop("USR1")
    assert.equal(10, count_recorded(ids, "delivered"))
  end)

  it("may live in a jail in which the history has the same path", function()
    if not is_root() then return pending("only root may chroot") end
    start { intents = intents_of(endpoint:url("/status/200")), user = "nobody", global = "user nobody",
      edit = function(configuration, folder)
        process.shell(("mkdir -p %s/jail%s; ln -s / %s/jail%s/jail"):format(folder, folder, folder, folder))
        return (configuration:gsub("\nglobal\n", "%0  chroot " .. folder .. "/jail\n"))
      end }
    local ids = fire(1, 10)
    stop("USR1")
    assert.equal(10, count_recorded(ids, "delivered"))
  end)
end)
