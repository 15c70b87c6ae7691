-- What the module does to the process that it lives in: threads, signals, descriptors, symbols, and the process's end.
-- Everything runs in child processes. Many states and threads in one process: spec/c/host_states.c, run from here.

local pace = require "spec.support.pace"
local process = require "spec.support.process"
local receiver = require "spec.support.receiver"
local socket = require "socket"
local webhook = require "intent_webhook"

local EXIT_SECONDS = 5.5 -- two for what is under way, two for the history, and the interpreter's own

-- Every script gets: webhook, history, url, client (an intent "test" with the slot "n" that posts to url), fire_all.
local PRELUDE = [[
local webhook = require "intent_webhook"
local socket = require "socket"
local history, url = arg[1], arg[2]
local function new_client()
  return assert(webhook.new {
    history = history,
    intents = { { name = "test", slots = { "n" }, actions = { { webhook = url, in_flight = 4 } } } },
  })
end
local function fire_all(client, count)
  for n = 1, count do print((assert(client:fire("test", { n = n })))) end
  io.stdout:flush()
end
local function read(path)
  local file = assert(io.open(path))
  local content = file:read("*a")
  file:close()
  return content
end
local function list(folder)
  local pid, names = read("/proc/self/stat"):match("^%d+"), {}
  local pipe = io.popen("ls /proc/" .. pid .. "/" .. folder)
  for name in pipe:lines() do names[#names + 1] = name end
  pipe:close()
  return names
end
local function await(condition)
  for _ = 1, 5000 do
    if condition() then return true end
    socket.sleep(0.001)
  end
end
]]

describe("a host's process", function()
  local folder, history, server, scripts

  setup(function()
    server = receiver.start()
  end)

  teardown(function()
    process.stop_all()
  end)

  before_each(function()
    folder, scripts = process.temporary_folder(), 0
    history = folder .. "/history.db"
  end)

  after_each(function()
    process.remove(folder)
  end)

  local function write_script(source)
    scripts = scripts + 1
    local path = folder .. "/script" .. scripts .. ".lua"
    local file = assert(io.open(path, "w"))
    file:write(PRELUDE, source)
    file:close()
    return path
  end

  -- Exit status, the lines that the script printed, its errors, and how many seconds it took.
  local function run(source, path)
    local start = socket.gettime()
    local script = write_script(source)
    local status, output, errors = process.run({ process.interpreter(), script, history, server:url(path) }, 60)
    local lines = {}
    for line in output:gmatch("[^\n]+") do lines[#lines + 1] = line end
    return status, lines, errors, socket.gettime() - start
  end

  -- How many of these events stand in the history with that end, which has to be the one of all.
  local function assert_all(ids, status, cause)
    local reader = assert(webhook.history(history))
    for _, id in ipairs(ids) do
      local event = assert(reader:event(id))
      assert.equal(1, #event.deliveries)
      assert.equal(status, event.deliveries[1].status)
      assert.equal(cause, event.deliveries[1].cause)
    end
    reader:close()
  end

  local ENDS = {
    { "os.exit(0)", "os.exit(0)", 0 },
    { "os.exit(0, true)", "os.exit(0, true)", 0 },
    { "os.exit(3)", "os.exit(3)", 3 },
    { "an error", "error('on purpose')", 1 },
    { "its last line", "", 0 },
    { "its last line, the client collected", "client = nil; collectgarbage(); collectgarbage()", 0 },
  }
  for _, case in ipairs(ENDS) do
    it("ends with " .. case[1] .. " in the middle of deliveries, and loses none", function()
      local status, ids, errors, seconds =
        run("local client = new_client(); fire_all(client, 20); " .. case[2], "/slow?seconds=0.1")
      assert.equal(case[3], status)
      if case[3] ~= 1 then assert.equal("", errors) end
      assert.is_true(seconds < EXIT_SECONDS)
      assert.equal(20, #ids)
      assert_all(ids, "delivered")
    end)
  end

  for _, ending in ipairs { "os.exit(0)", "os.exit(0, true)" } do
    it("ends with " .. ending .. " in bounded time when endpoints hang, and the history says why", function()
      local status, ids, _, seconds = run("local client = new_client(); fire_all(client, 20); " .. ending, "/hang")
      assert.equal(0, status)
      assert.is_true(seconds > 1.5 and seconds < EXIT_SECONDS)
      assert_all(ids, "failed", "process_exit")
    end)
  end

  it("ends at once when the client is closed, or was never used", function()
    for _, source in ipairs { "local client = new_client(); fire_all(client, 5); assert(client:close())",
      "new_client()", "local client = new_client(); assert(client:start())" } do
      pace.assert_within(2, function()
        local status, ids, _, seconds = run(source .. "; os.exit(0)", "/status/200")
        assert.equal(0, status)
        assert_all(ids, "delivered")
        return seconds
      end)
    end
  end)

  it("is ended by SIGTERM as if the module were not there", function()
    local script = write_script("local client = new_client(); fire_all(client, 10); socket.sleep(30)")
    pace.assert_within(1.5, function()
      local started = process.start { process.interpreter(), script, history, server:url("/hang") }
      local before = socket.gettime()
      process.shell("kill -TERM " .. started.pid)
      process.wait_until(function() return started:ended() end, 5, "the process to end")
      local taken = socket.gettime() - before
      started:stop()
      return taken
    end)
  end)

  it("gets its signals itself: every thread of ours has blocked them all", function()
    local status, lines = run([[
      local client = new_client()
      fire_all(client, 1)
      assert(client:flush(10))
      client:events()
      for _, task in ipairs(list("task")) do
        local state = read("/proc/self/task/" .. task .. "/status")
        print(state:match("Name:%s*(%S+)"), state:match("SigBlk:%s*(%x+)"))
      end
      os.exit(0)]], "/status/200")
    assert.equal(0, status)
    local blocked = {}
    for index = 2, #lines do
      local name, mask = lines[index]:match("^(%S+)%s+(%x+)$")
      blocked[name] = mask
    end
    -- bits 1 to 31 but KILL and STOP; of the others, those that the C library does not keep for itself
    for _, name in ipairs { "webhook-sender", "iw-history", "iw-reader" } do
      assert.is_truthy(blocked[name], name)
      assert.equal("7ffbfeff", blocked[name]:sub(-8), name)
      blocked[name] = nil
    end
    local name, mask = next(blocked)
    assert.equal("0000000000000000", mask)
    assert.is_nil(next(blocked, name))
  end)

  it("has one sender and one writer for many clients, and none of our threads after they are closed", function()
    local status, lines = run([[
      local before = #list("task")
      local clients = {}
      for number = 1, 10 do
        clients[number] = new_client()
        clients[number]:fire("test", { n = number })
      end
      print(#list("task") - before)
      for _, client in ipairs(clients) do assert(client:close()) end
      print(await(function() return #list("task") == before end))
      os.exit(0)]], "/slow?seconds=0.2")
    assert.equal(0, status)
    assert.same({ "2", "true" }, lines)
  end)

  it("has no more descriptors after 200 clients than after the first", function()
    local status, lines = run([[
      local before
      for number = 1, 200 do
        local client = new_client()
        assert(client:fire("test", { n = number }))
        if number % 2 == 0 then
          assert(client:close())
          assert(#client:events().events > 0)
        end
        client = nil
        collectgarbage()
        if number == 1 then
          assert(await(function() return #list("task") == 1 end))
          before = #list("fd")
        end
      end
      collectgarbage()
      print(await(function() return #list("task") == 1 and #list("fd") == before end) or #list("fd") - before)
      os.exit(0)]], "/status/200")
    assert.equal(0, status)
    assert.same({ "true" }, lines)
  end)

  it("may use a client from any coroutine, and also when that is dead", function()
    local status, lines = run([[
      local client
      coroutine.wrap(function() client = new_client() end)()
      collectgarbage()
      local ids = {}
      for n = 1, 50 do
        coroutine.wrap(function() ids[n] = assert(client:fire("test", { n = n })) end)()
        if n % 10 == 0 then collectgarbage() end
      end
      for n = 1, 50 do
        coroutine.wrap(function() assert(client:wait(ids[n])[1].status == "delivered") end)()
      end
      assert(client:close())
      print("good")
      os.exit(0, true)]], "/status/200")
    assert.equal(0, status)
    assert.same({ "good" }, lines)
  end)

  it("may embed Lua 5.4 in many threads and close states at any time #once", function()
    if not process.interpreter():find("5.4", 1, true) then return pending("needs Lua 5.4") end
    local program = folder .. "/host_states"
    local status, output, errors = process.run({ "sh", "-c",
      (os.getenv("CC") or "cc") .. " -std=gnu11 -O1 -Ispec/c $(pkg-config --cflags lua5.4 2>/dev/null ||"
      .. " echo -I/usr/include/lua5.4) -o " .. program .. " spec/c/host_states.c spec/c/scene.c spec/c/loopback.c"
      .. " -llua5.4 -lsqlite3 -lpthread" }, 60)
    assert.equal(0, status, output .. errors)
    status, output, errors = process.run({ program, package.cpath, package.path }, 280)
    assert.equal(0, status, output .. errors)
    assert.is_truthy(output:find("\n%d+ passed, 0 failed\n$"))
  end)
end)

describe("the built module", function()
  local function lines_of(command)
    local lines = {}
    for line in process.shell(command):gmatch("[^\n]+") do lines[#lines + 1] = line end
    return lines
  end

  for name, symbol in pairs { core = "luaopen_intent_webhook_core", listener = "luaopen_intent_webhook_listener" } do
    it("exports nothing from its " .. name .. " but the function that opens it", function()
      local file
      for pattern in package.cpath:gmatch("[^;]+") do
        local path = pattern:gsub("%?", "intent_webhook/" .. name)
        local found = io.open(path)
        if found then found:close() end
        file = file or found and path
      end
      assert.same({ symbol }, lines_of("nm -D --defined-only " .. process.quote(file) .. " | awk '{ print $3 }'"))
    end)
  end

  it("knows Lua only in the sources that are called so", function()
    local files = lines_of([[grep -lE '#include *[<"](lua|lauxlib|lualib)\.h' src/*.c src/*.h]])
    assert.is_true(#files >= 3)
    for _, file in ipairs(files) do assert.is_truthy(file:find("^src/lua_"), file) end
    for _, file in ipairs(lines_of([[grep -lE '#include *"lua_' src/*.c src/*.h]])) do
      assert.is_truthy(file:find("^src/lua_"), file)
    end
  end)

  it("documents each cause with its code and its sentence", function()
    local header, manual, count = process.read_file("src/cause.h"), process.read_file("docs/history.md"), 0
    for code, sentence in header:gmatch('X%([A-Z0-9_]+, "([a-z0-9_]+)",%s*(%b"").-%)') do
      if code ~= "none" then
        count = count + 1
        local plain = header:match('"' .. code .. '", "(.-)"%)'):gsub('\\"', '"')
        assert.is_truthy(manual:find("| `" .. code .. "` | " .. plain .. " |", 1, true), code .. sentence)
      end
    end
    assert.is_true(count >= 40, count)
  end)

  it("has its version in one place", function()
    assert.is_truthy(webhook.VERSION:find("^%d+%.%d+%.%d+$"))
    local version = webhook.VERSION:gsub("%.", "%%.")
    local places = {}
    for _, line in ipairs(lines_of("grep -rn --include='*.c' --include='*.h' --include='*.lua' -F "
      .. process.quote(webhook.VERSION) .. " src lua bin")) do
      local code = line:gsub("%-%-.*", ""):gsub("/%*.*", "")
      if code:find('["\']' .. version) then places[#places + 1] = line:match("^[^:]+") end
    end
    assert.same({ "src/intent_webhook.h" }, places)
  end)
end)
