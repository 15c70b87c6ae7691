-- lua/intent_webhook/openresty.lua in Debian's nginx: where it can be configured, every phase that can fire, and what
-- becomes of accepted events however a worker ends. A client of the 5.1 ABI in nginx's LuaJIT, whichever Lua runs this.

local cjson = require "cjson"
local openresty = require "spec.support.openresty"
local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local socket = require "socket"
local sqlite = require "spec.support.sqlite"
local webhook = require "intent_webhook"

local TIMES = 20 -- each of what once crashed or hung
local AT_ONCE = 5 -- servers that run beside each other

-- Needs $url, a receiver. Logs what becomes of each delivery.
local CLIENT = [[
  webhooks = assert(require("intent_webhook.openresty").new({
    history = "$folder/history.db",
    intents = {
      { name = "quick", rules = { "quick {n}" }, slots = { "n" }, actions = { { webhook = "$url/status/200" } } },
      { name = "slow", rules = { "slow {n}" }, slots = { "n" }, actions = { { webhook = "$url/slow?seconds=0.1" } } },
      { name = "hang", rules = { "hang {n}" }, slots = { "n" }, actions = { { webhook = "$url/hang" } } },
    },
  }, function(delivery)
    ngx.log(ngx.NOTICE, "result ", delivery.id, " ", delivery.status, " ", delivery.cause, " in ", ngx.get_phase(), ";")
  end))
]]

local IN_MASTER = "init_by_lua_block {" .. CLIENT .. "}\n"
local CLOSES = "exit_worker_by_lua_block { webhooks:close(0.8) }\n"

local CHAT = [[
  location = /chat {
    content_by_lua_block {
      ngx.req.read_body()
      local result, problem = webhooks:message(ngx.req.get_body_data())
      ngx.say(result and result.id or problem)
    }
  }
  location = /plain { content_by_lua_block { ngx.say("plain") } }
]]

describe("nginx with intent_webhook.openresty #once", function()
  local receiver

  setup(function()
    openresty.build()
    receiver = receivers.start()
  end)

  teardown(function()
    process.stop_all()
  end)

  after_each(function()
    openresty.stop_all()
  end)

  local function start(options)
    local complete = { server = CHAT }
    for name, value in pairs(options) do complete[name] = value end
    complete.http = complete.http:gsub("%$url", receiver:url(""))
    return openresty.start(complete)
  end

  -- Starts servers a few at a time, TIMES in all, and does the same steps with each, all of them together.
  local function many(options, ...)
    for _ = 1, TIMES / AT_ONCE do
      local servers = {}
      for index = 1, AT_ONCE do servers[index] = start(options) end
      for _, step in ipairs { ... } do
        for _, server in ipairs(servers) do step(server) end
      end
      for _, server in ipairs(servers) do server:stop() end
    end
  end

  -- Posts messages, all of them at once, and returns the ids.
  local function chat(server, ...)
    local connections, ids = {}, {}
    for index, message in ipairs { ... } do connections[index] = server:send("/chat", message) end
    for index, connection in ipairs(connections) do
      local status, body = server:answer(connection)
      assert.are.equal(200, status, body)
      ids[index] = assert(body:match("^(%x+%-%x+%-%x+%-%x+%-%x+)\n$"), body)
    end
    return ids
  end

  local function close(reader)
    if reader then reader:close() end
  end

  -- The outcome of each event: "delivered", or its cause, or "pending"; "missing" when it is not there.
  local function outcomes(server, ids)
    local reader = assert(webhook.history(server.folder .. "/history.db"))
    local list = {}
    for index, id in ipairs(ids) do
      local event, message, code = reader:event(id)
      assert(event or code == "unknown", message)
      local delivery = event and event.deliveries[1]
      list[index] = delivery and (delivery.cause or delivery.status) or "missing"
    end
    close(reader)
    return list
  end

  local function all_of(word, count)
    local list = {}
    for index = 1, count do list[index] = word end
    return list
  end

  -- Nothing in the log of what may not happen. killed: signals of the test's own.
  local function assert_sound(server, killed)
    local log = server:log()
    for line in log:gmatch("[^\n]+") do
      local signal = line:match("exited on signal (%d+)")
      assert.is_true(signal == nil or signal == killed, line)
      assert.is_nil(line:match("%[emerg%].*") or line:match("%[crit%].*") or line:match("%[error%].*"), line)
    end
  end

  -- Its state, a letter, of each process that the master has started.
  local function states(server)
    return (process.shell("ps -o stat= --ppid " .. server.pid):gsub("(%a)[^\n]*\n", "%1"))
  end

  local function threads(pid)
    return tonumber((process.shell("ls /proc/" .. pid .. "/task | wc -l")))
  end

  local function ends_with(signal, seconds)
    return function(server) server:signal(signal) end, function(server)
      assert.is_true(server:await_end() < seconds)
      assert_sound(server)
    end
  end

  local CONFIGURED = {
    init_by_lua = IN_MASTER .. CLOSES,
    init_worker_by_lua = "init_worker_by_lua_block {" .. CLIENT .. "}\n" .. CLOSES,
  }
  for phase, http in pairs(CONFIGURED) do
    it("takes a client that is configured in " .. phase, function()
      local ids = {}
      local quit, ended = ends_with("QUIT", 10)
      many({ http = http }, function(server)
        ids[server] = chat(server, "quick 1", "quick 2", "quick 3")
      end, function(server)
        server:await_log("result (%S+) delivered nil in timer;", 3)
      end, quit, ended, function(server)
        assert.are.same(all_of("delivered", 3), outcomes(server, ids[server]))
      end)
    end)
  end

  it("starts nothing in the master", function()
    local server = start { http = IN_MASTER .. CLOSES }
    chat(server, "quick 1")
    assert.are.same({ 1, 3 }, { threads(server.pid), threads(server:workers()[1]) })
  end)

  -- A graceful stop gives what is under way the time that close was told, and a fast one half a second.
  for signal, phase in pairs { QUIT = "graceful", TERM = "fast" } do
    it("ends in a " .. phase .. " stop with deliveries in flight, and the history says what became of each", function()
      local ids = {}
      local signalled, ended = ends_with(signal, 10)
      many({ http = IN_MASTER .. CLOSES }, function(server)
        ids[server] = chat(server, "slow 1", "hang 2", "slow 3", "hang 4")
      end, signalled, ended, function(server)
        local became = outcomes(server, ids[server])
        assert.are.same({ "client_closed", "client_closed" }, { became[2], became[4] })
        for _, slow in ipairs { became[1], became[3] } do
          assert.is_true(slow == "delivered" or signal == "TERM" and slow == "client_closed", slow)
        end
        -- and the user's function has heard of all of them
        assert.are.equal(4, #server:await_log("result (%S+)", 4))
      end)
    end)
  end

  it("is reloaded under load, and no event gets lost", function()
    local server = start { http = IN_MASTER .. CLOSES, workers = 2 }
    local ids = {}
    for round = 1, TIMES do
      local before = server:workers()
      local connections = {}
      for number = 1, 10 do
        connections[number] = server:send("/chat", (number % 2 == 0 and "slow " or "quick ") .. round)
        if number == 5 then server:signal("HUP") end
      end
      for _, connection in ipairs(connections) do
        local status, body = server:answer(connection)
        assert.are.equal(200, status, body)
        ids[#ids + 1] = body:match("^%S+")
      end
      process.wait_until(function()
        local now = {}
        for _, pid in ipairs(server:workers()) do now[pid] = true end
        for _, pid in ipairs(before) do
          if now[pid] then return false end
        end
        return next(now) ~= nil
      end, 20, "the workers to be others")
    end
    process.wait_until(function() return not states(server):find("Z") end, 5, "the master to wait for its workers")
    server:signal("QUIT")
    assert.is_true(server:await_end() < 10)
    assert_sound(server)
    assert.are.same(all_of("delivered", 10 * TIMES), outcomes(server, ids))
  end)

  it("goes on when a worker is killed: what that had recorded is in the history", function()
    local server = start { http = IN_MASTER .. CLOSES }
    local recorded, late = {}, {}
    local reader
    finally(function() close(reader) end)
    for round = 1, TIMES do
      local worker = server:workers()[1]
      recorded[round] = chat(server, "slow " .. round)[1]
      if not reader then
        process.wait_until(function() return process.read_file(server.folder .. "/history.db-wal") ~= "" end, 20,
          "the history to be there")
        reader = assert(webhook.history(server.folder .. "/history.db"))
      end
      process.wait_until(function() return reader:event(recorded[round]) end, 20, "the event to be in the history")
      late[round] = chat(server, "slow " .. round)[1]
      server:signal("KILL", worker)
      process.wait_until(function()
        local now = server:workers()
        return #now == 1 and now[1] ~= worker and states(server) ~= "Z"
      end, 20, "another worker")
    end
    local after = chat(server, "quick 1")
    server:signal("QUIT")
    assert.is_true(server:await_end() < 10)
    assert_sound(server, "9")
    assert.are.same({ "delivered" }, outcomes(server, after))
    for _, became in ipairs(outcomes(server, recorded)) do
      assert.is_true(became == "pending" or became == "delivered", became)
    end
    for _, became in ipairs(outcomes(server, late)) do
      assert.is_true(became == "missing" or became == "pending" or became == "delivered", became)
    end
    assert.are.equal("ok\n", sqlite(server.folder .. "/history.db", "PRAGMA integrity_check"))
  end)

  it("works with lua_code_cache off, where each request has a Lua state of its own", function()
    local ids = {}
    local quit, ended = ends_with("QUIT", 10)
    many({ http = "lua_code_cache off;\n" .. IN_MASTER .. CLOSES }, function(server)
      ids[server] = chat(server, "quick 1", "slow 2", "quick 3")
    end, quit, ended, function(server)
      assert.are.same(all_of("delivered", 3), outcomes(server, ids[server]))
    end)
  end)

  it("gathers neither threads nor timers with lua_code_cache off", function()
    local server = start { http = "lua_code_cache off;\n" .. IN_MASTER, server = CHAT .. [[
      location = /timers { content_by_lua_block { ngx.say(ngx.timer.pending_count() + ngx.timer.running_count()) } }
    ]] }
    local worker = server:workers()[1]
    for number = 1, 100 do chat(server, "quick " .. number) end
    assert.are.equal(100, #server:await_log("result (%S+) delivered", 100))
    process.wait_until(function() return select(2, server:get("/timers")) == "0\n" end, 20, "the timers to end")
    -- nginx's own, and the history's, which the client in the worker's first Lua state may need again
    process.wait_until(function() return threads(worker) == 2 end, 20, "the sender to end")
    assert_sound(server)
  end)

  it("may have four workers that write one history", function()
    local ids = {}
    local quit, ended = ends_with("QUIT", 10)
    many({ workers = 4, http = IN_MASTER .. CLOSES .. [[
      init_worker_by_lua_block { ngx.log(ngx.NOTICE, "began ", webhooks:fire("quick", { n = ngx.worker.id() }), ";") }
    ]] }, function(server)
      ids[server] = server:await_log("began (%S+);", 4)
      for _, id in ipairs(chat(server, "quick 1", "quick 2", "slow 3", "slow 4", "quick 5", "quick 6")) do
        table.insert(ids[server], id)
      end
    end, quit, ended, function(server)
      assert.are.same(all_of("delivered", 10), outcomes(server, ids[server]))
    end)
  end)

  it("fires in every phase of a worker", function()
    local directives, phases = {}, { "set", "rewrite", "access", "header_filter", "body_filter", "log" }
    for _, phase in ipairs(phases) do
      directives[#directives + 1] = ("location = /%s {"):format(phase)
      local code = 'ngx.log(ngx.NOTICE, "fired ", assert(webhooks:fire("quick", { n = ngx.get_phase() })), ";")'
      if phase == "body_filter" then code = "if ngx.arg[2] then " .. code .. " end" end
      if phase == "set" then
        directives[#directives + 1] = "set_by_lua_block $nothing { " .. code .. " }"
      else
        directives[#directives + 1] = phase .. "_by_lua_block { " .. code .. " }"
      end
      directives[#directives + 1] = 'content_by_lua_block { ngx.say("content") } }'
    end
    local server = start { http = IN_MASTER .. CLOSES .. [[
      init_worker_by_lua_block {
        ngx.log(ngx.NOTICE, "fired ", assert(webhooks:fire("quick", { n = "init_worker" })), ";")
        ngx.timer.at(0, function()
          ngx.log(ngx.NOTICE, "fired ", assert(webhooks:fire("quick", { n = "timer" })), ";")
        end)
      }
    ]], server = table.concat(directives, "\n") }
    for _ = 1, TIMES do
      for _, phase in ipairs(phases) do assert.are.equal("content\n", select(2, server:get("/" .. phase))) end
    end
    local count = TIMES * #phases + 2
    local ids = server:await_log("fired (%S+);", count)
    server:await_log("result (%S+) delivered nil in timer;", count)
    server:signal("QUIT")
    server:await_end()
    assert_sound(server)
    assert.are.same(all_of("delivered", count), outcomes(server, ids))
  end)

  it("fires as init_worker_by_lua begins, each time that a worker does", function()
    local quit, ended = ends_with("QUIT", 10)
    many({ http = IN_MASTER .. CLOSES .. [[
      init_worker_by_lua_block { ngx.log(ngx.NOTICE, "fired ", assert(webhooks:fire("quick", { n = 1 })), ";") }
    ]] }, quit, ended, function(server)
      assert.are.same({ "delivered" }, outcomes(server, server:await_log("fired (%S+);")))
    end)
  end)

  it("gives a worker that shuts down its results with the next event, and those left at its end", function()
    local server = start { http = IN_MASTER .. CLOSES, server = CHAT .. [[
      location = /long {
        content_by_lua_block {
          local client, polls = webhooks.client, 0
          client.poll = function(self)
            polls = polls + 1
            return getmetatable(self).poll(self)
          end
          ngx.log(ngx.NOTICE, "long began;")
          while not ngx.worker.exiting() do ngx.sleep(0.01) end
          webhooks:fire("quick", { n = 1 })
          while client:stats().delivered < 1 or client:stats().unrecorded > 0 do ngx.sleep(0.01) end
          webhooks:fire("slow", { n = 2 })
          while client:stats().delivered < 2 do ngx.sleep(0.01) end
          ngx.say(polls) -- once for each event, however long they take
        }
      }
    ]] }
    local long = server:send("/long")
    server:await_log("(long began);")
    server:signal("QUIT")
    assert.are.equal("2\n", select(2, server:answer(long)))
    server:await_end()
    assert_sound(server)
    server:await_log("result (%S+) delivered nil in timer;")
    server:await_log("result (%S+) delivered nil in exit_worker;")
  end)

  it("lets requests have their turn when many deliveries are finished at once", function()
    local server = start { http = "init_by_lua_block {" .. CLIENT .. [[
      heard = { count = 0 }
      webhooks.on_delivery = function() heard.count = heard.count + 1 end
    }]], server = [[
      location = /burst {
        content_by_lua_block {
          for number = 1, 450 do assert(webhooks:fire("quick", { n = number })) end
          assert(webhooks.client:flush(20)) -- nobody has a turn meanwhile
          local before, most = 0, 0
          while heard.count < 450 do
            ngx.sleep(0.001)
            before, most = heard.count, math.max(most, heard.count - before)
          end
          ngx.say(most)
        }
      }
    ]] }
    local most = tonumber((select(2, server:get("/burst"))))
    assert.is_true(most >= 100 and most <= 200, most) -- one portion, or two where their milliseconds fall so
  end)

  it("goes on when on_delivery raises, and logs that", function()
    local server = start { http = "init_by_lua_block {" .. CLIENT .. [[
      local heard = webhooks.on_delivery
      webhooks.on_delivery = function(delivery)
        heard(delivery)
        error("on purpose")
      end
    }]] }
    chat(server, "quick 1", "quick 2")
    server:await_log("on_delivery: .*(on purpose)", 2)
    chat(server, "quick 3")
    assert.are.equal(3, #server:await_log("result (%S+) delivered", 3))
  end)

  it("lets on_delivery wait for other things, as timers may", function()
    local server = start { http = "init_by_lua_block {" .. CLIENT .. [[
      local heard = webhooks.on_delivery
      webhooks.on_delivery = function(delivery)
        ngx.sleep(1.3)
        heard(delivery)
      end
    }]] }
    chat(server, "quick 1")
    process.wait_until(function() return #receiver:requests() > 0 end, 10, "the webhook")
    server:await_log("result (%S+) delivered", 1)
    chat(server, "quick 2", "quick 3")
    assert.are.equal(3, #server:await_log("result (%S+) delivered", 3))
  end)

  it("logs failed deliveries when there is no on_delivery", function()
    local port = process.free_port()
    local server = start { http = ([[
      init_by_lua_block {
        webhooks = assert(require("intent_webhook.openresty").new {
          history = "$folder/history.db",
          intents = { { name = "lost", rules = { "lost" }, actions = { { webhook = "http://127.0.0.1:%d" } } } },
        })
      }
    ]]):format(port) }
    local id = chat(server, "lost")[1]
    local pattern = '%[warn%].*webhook 1 of intent "lost", event (%S+), failed: connect_refused: '
    assert.are.same({ id }, server:await_log(pattern))
    process.shell("rm " .. server.folder .. "/history.db* && mkdir " .. server.folder .. "/history.db")
    id = chat(server, "lost")[1]
    assert.are.same({ id }, server:await_log("%[warn%].*event (%S+) is not in the history so far"))
  end)

  it("names the caller's line and the mistake", function()
    local server = start { http = IN_MASTER, server = [[
      location = /mistakes {
        content_by_lua_block {
          local openresty = require "intent_webhook.openresty"
          local function try(call, ...)
            local _, problem = pcall(function(...) local result = call(...) return result end, ...)
            ngx.say(problem)
          end
          try(openresty.new, { history = 1 })
          try(openresty.new, { history = "x", intents = {} }, "no function")
          try(webhooks.fire, webhooks, "quik", { n = 1 })
          try(webhooks.fire, webhooks, "quick", { n = 1, m = 1 })
          try(webhooks.message, webhooks, 1)
          try(webhooks.close, webhooks, -1)
          ngx.say(select(3, openresty.new { history = "/dev/null/x/history.db", intents = {} }))
          ngx.say(select(3, openresty.new { history = "x", intents = "/nowhere.lua" }))
        }
      }
    ]] }
    local _, body = server:get("/mistakes")
    local lines = {}
    for line in body:gmatch("[^\n]+") do lines[#lines + 1] = line end
    for index, expected in ipairs {
      "webhook.new: history: must be a string, got a number", "openresty.new: on_delivery: must be a function",
      'client:fire: there is no intent "quik": did you mean "quick"?', "client:fire: slots.m: ",
      "client:message: text: must be a string, got a number",
      "close: timeout: must be a number of seconds from 0, got -1",
    } do
      assert.is_truthy(lines[index]:find("^content_by_lua%(nginx%.conf:%d+%):4: "), lines[index])
      assert.is_truthy(lines[index]:find(expected, 1, true), lines[index])
    end
    assert.are.same({ "history", "unreadable" }, { lines[7], lines[8] })
  end)

  it("raises when init_by_lua fires, since that is in the master", function()
    local server = start { http = "init_by_lua_block {" .. CLIENT .. [[
      first = select(2, pcall(webhooks.fire, webhooks, "quick", { n = 1 }))
    }]], server = "location = /first { content_by_lua_block { ngx.say(first) } }" .. CHAT }
    assert.is_truthy(select(2, server:get("/first")):find("the master process cannot fire", 1, true))
    local ids = chat(server, "quick 1")
    assert.are.same(ids, server:await_log("result (%S+) delivered"))
  end)

  it("answers while every endpoint hangs and each write to the disk takes a second", function()
    local library = process.temporary_folder()
    finally(function() process.remove(library) end)
    local status, output, errors = process.run({ os.getenv("CC") or "cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o",
      library .. "/slow_disk.so", "spec/support/slow_disk.c", "-ldl" }, 60)
    assert.are.equal(0, status, output .. errors)
    local server = start { http = IN_MASTER,
      main = "env SLOW_DISK_MS;", env = { LD_PRELOAD = library .. "/slow_disk.so", SLOW_DISK_MS = "1000" } }
    server:get("/plain") -- nginx's master writes its pid to the disk before it starts workers, but listens already
    local slowest = 0
    for number = 1, 100 do
      local before = socket.gettime()
      chat(server, "hang " .. number)
      assert.are.equal("plain\n", select(2, server:get("/plain")))
      slowest = math.max(slowest, socket.gettime() - before)
    end
    assert.is_true(slowest < 1, slowest)
    server:signal("KILL", server:workers()[1]) -- it would write for minutes
  end)
end)

describe("sessions in a shared dictionary", function()
  local before, openresty_module, kept

  -- A dictionary of nginx, as far as the store uses it.
  local function dictionary()
    return {
      get = function(_, key) return kept[key] end,
      add = function(_, key, value)
        if kept[key] ~= nil then return false, "exists" end
        kept[key] = value
        return true
      end,
      safe_set = function(_, key, value)
        if kept.full then return nil, "no memory" end
        kept[key] = value
        return true
      end,
      delete = function(_, key) kept[key] = nil end,
    }
  end

  setup(function()
    before, kept = rawget(_G, "ngx"), {}
    rawset(_G, "ngx", { shared = { chats = dictionary() } })
    openresty_module = require "intent_webhook.openresty"
  end)
  teardown(function() rawset(_G, "ngx", before) end)
  before_each(function()
    for key in pairs(kept) do kept[key] = nil end
  end)

  it("are put in place of what was there, and of nothing else", function()
    local store = openresty_module.sessions("chats", 60)
    assert.are.equal(60, store.ttl)
    assert.is_nil(store.get("a"))
    assert.is_true(store.put("a", "one", 60, nil))
    assert.is_false(store.put("a", "other", 60, nil)) -- somebody has begun it meanwhile
    assert.is_true(store.put("a", "two", 60, "one"))
    assert.is_false(store.put("a", "other", 60, "one"))
    assert.are.equal("two", store.get("a"))
    assert.is_true(store.put("a", nil, 60, "two"))
    assert.is_nil(store.get("a"))
    assert.is_nil(next(kept)) -- no lock is left either
  end)

  it("are left alone while another worker is at them, and when there is no room", function()
    local store = openresty_module.sessions("chats")
    kept["lock:a"] = true
    assert.is_false(store.put("a", "one", 60, nil))
    kept["lock:a"], kept.full = nil, true
    assert.are.same({ nil, "no memory" }, { store.put("a", "one", 60, nil) })
    assert.is_nil(kept["lock:a"])
  end)

  it("need a dictionary that there is", function()
    assert.has_error(function() openresty_module.sessions("chat") end, "openresty.sessions: name: there is no "
      .. 'dictionary "chat": declare it, like lua_shared_dict chat 32m;')
    assert.has_error(function() openresty_module.sessions() end, "openresty.sessions: name: there is no "
      .. 'dictionary "nil": declare it, like lua_shared_dict sessions 32m;')
  end)
end)

describe("examples/openresty #once", function()
  local folder, receiver, server

  setup(function()
    openresty.build()
    receiver = receivers.start()
  end)
  teardown(function()
    openresty.stop_all()
    process.stop_all()
  end)
  before_each(function()
    receiver:forget()
    folder = process.temporary_folder()
    local root = process.shell("pwd"):match("[^\n]+")
    process.shell("cp examples/openresty/* " .. folder)
    local configuration = process.read_file("examples/openresty/nginx.conf")
    configuration = "$user\n" .. configuration:gsub("127%.0%.0%.1:8081", "127.0.0.1:$port")
    server = openresty.run(configuration, folder, { CHAT_TOKEN = "abc123", CHAT_URL = receiver:url(""),
      LUA_PATH = root .. "/lua/?.lua;;", LUA_CPATH = root .. "/build/5.1/?.so;;" })
  end)
  after_each(function()
    openresty.stop_all()
  end)

  local function say(text)
    local status, body = server:post("/chat", cjson.encode { text = text, session = "web-7" })
    return status, cjson.decode(body)
  end

  it("has a gateway that answers each message at once and sends the webhooks", function()
    -- whichever worker gets a message
    assert.are.same({ 200, { reply = "What is your phone number?", status = "collecting" } },
      { say("A table for four on 2030-03-15, please") })
    local status, answer = say("+84 90 1234567")
    assert.are.equal(202, status)
    assert.are.equal("A table for 4 on 2030-03-15: we will see to it.", answer.reply)
    local booking = answer.id
    assert.are.same({ 200, { reply = "Sorry, we do not understand.", status = "unmatched" } }, { say("hello") })
    assert.are.equal(202, (say("I want to talk to a human")))
    local odd = { "hello", "[]", '{"text": 1}', '{"text": "hello", "session": {}}', '{"text": "hello"}', "" }
    for _, body in ipairs(odd) do
      assert.are.equal(400, (server:post("/chat", body)), body)
    end
    process.wait_until(function() return #receiver:requests() == 2 end, 10, "the webhooks")
    local request = receiver:requests("/bookings")[1]
    assert.are.equal('{"guests":4,"date":"2030-03-15","phone":"+84901234567"}', request.body)
    assert.is_truthy(request.head:find("\r\nAuthorization: Bearer abc123\r\n", 1, true))
    assert.are.equal(200, (server:get("/health")))

    server:signal("HUP") -- with the token from the environment again
    process.wait_until(function()
      local again = #receiver:requests()
      return say("Can I speak to somebody?") == 202 and again > 2
    end, 20, "a webhook after the reload")

    assert.are.equal("", server.process:errors())
    process.shell("echo 'return { { nam = 1 } }' > " .. folder .. "/intents.lua")
    server:signal("HUP") -- with a mistake, the old workers go on
    process.wait_until(function()
      return server.process:errors():find("init_by_lua error: .* webhook%.new: intents%[1%]%.name: ")
    end, 20, "the mistake to be logged")
    assert.are.equal(202, (say("Can I speak to somebody?")))
    server:signal("QUIT")
    assert.is_true(server:await_end() < 10)
    local history = assert(webhook.history(folder .. "/history.db"))
    local event = assert(history:event(booking))
    assert.are.same({ "web-7", "delivered" }, { event.session, event.deliveries[1].status })
    assert.are.equal("[redacted]", event.slots.phone)
    history:close()
  end)
end)
