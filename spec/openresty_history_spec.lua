-- The Intent History page in a location of Debian's nginx: openresty.history. With the module of the 5.1 ABI in nginx's
-- LuaJIT, whichever Lua runs this. What the page says is tested elsewhere: this is about nginx.

local http = require "spec.support.http"
local openresty = require "spec.support.openresty"
local pace = require "spec.support.pace"
local process = require "spec.support.process"
local socket = require "socket"
local webhook = require "intent_webhook"

local TOKEN = "0123456789abcdef-spec"
local EVENTS = 3000

local IN_MASTER = [[
  lua_check_client_abort on;
  init_by_lua_block {
    history = require("intent_webhook.openresty").history { history = "$folder/history.db", $options }
  }
]]

local LOCATION = [[
  location = /history { content_by_lua_block { history() } }
  location /history/ { content_by_lua_block { history() } }
  location = /historyx { content_by_lua_block { history() } }
  location = /plain { content_by_lua_block { ngx.say("plain") } }
]]

describe("nginx with openresty.history #once", function()
  local folder, connections

  setup(function()
    openresty.build()
    folder = process.temporary_folder()
    local client = assert(webhook.new {
      history = folder .. "/history.db",
      intents = { { name = "note", slots = { "text" } } },
    })
    local text = ("text "):rep(200)
    for number = 1, EVENTS do
      while not client:fire("note", { text = text .. number }) do client:flush() end
    end
    assert(client:close())
  end)

  teardown(function()
    process.stop_all()
    process.remove(folder)
  end)

  before_each(function() connections = {} end)

  after_each(function()
    for _, connection in ipairs(connections) do connection:close() end
    openresty.stop_all()
  end)

  -- options: of the page, as Lua; the rest as for openresty.start.
  local function start(options)
    options = options or {}
    local configured = (options.before or "") .. IN_MASTER:gsub("%$options", options.options or "")
    local server = openresty.start {
      http = configured, server = options.server or LOCATION, workers = options.workers, main = options.main,
    }
    process.shell(("cp %s/history.db %s/history.db"):format(folder, server.folder))
    return server
  end

  local function connect(server)
    local connection = http.connect(server.port)
    connections[#connections + 1] = connection
    return connection
  end

  local function assert_sound(server)
    for line in server:log():gmatch("[^\n]+") do
      assert.is_nil(line:match("%[emerg%].*") or line:match("%[crit%].*") or line:match("%[error%].*")
        or line:match("%[alert%].*"), line)
    end
  end

  local function threads(pid)
    return tonumber((process.shell("ls /proc/" .. pid .. "/task | wc -l")))
  end

  it("serves the page below its prefix, with the headers that the page has everywhere", function()
    local server = start()
    local moved = http.get(server.port, "/history")
    assert.equal(308, moved.status)
    assert.equal(200, http.get(server.port, "/history/").status)
    local script = http.get(server.port, "/history/app.js")
    assert.matches("^text/javascript", script.headers["content-type"])
    assert.matches("default%-src 'none'", script.headers["content-security-policy"])
    assert.equal("nosniff", script.headers["x-content-type-options"])
    assert.equal(#script.body, tonumber(script.headers["content-length"]))
    assert.equal(304, http.get(server.port, "/history/app.js", { ["If-None-Match"] = script.headers.etag }).status)
    local events = http.get(server.port, "/history/api/events?limit=2")
    assert.equal(200, events.status)
    assert.matches("text " .. EVENTS, events.body)
    assert.equal("no-store", events.headers["cache-control"])
    assert.equal("ok\n", http.get(server.port, "/history/healthz").body)
    assert_sound(server)
  end)

  it("says with a 404 that the prefix is not that of the location", function()
    local server = start { options = 'prefix = "/elsewhere"' }
    local response = http.get(server.port, "/history/")
    assert.equal(404, response.status)
    assert.matches("prefix", response.body)
    assert.matches("/elsewhere", response.body)
    assert.equal(404, http.get(start().port, "/historyx").status)
  end)

  it("answers HEAD, refuses methods, bodies and targets, also a body that nginx keeps in a file", function()
    local server = start { before = "client_body_buffer_size 1k; client_max_body_size 1m;\n" }
    local get, head = http.get(server.port, "/history/"), http.ask(server.port, "HEAD", "/history/")
    assert.equal(200, head.status)
    assert.equal(get.headers["content-length"], head.headers["content-length"])
    assert.equal(405, http.ask(server.port, "PUT", "/history/api/events").status)
    assert.equal(200, http.post(server.port, "/history/api/erase", "id=none&dry_run=true").status)
    assert.equal(200, http.post(server.port, "/history/api/erase", "id=" .. ("x"):rep(15000)).status)
    assert.equal(413, http.post(server.port, "/history/api/erase", "id=" .. ("x"):rep(100000)).status)
    for _, target in ipairs { "/history/../../etc/passwd", "/history/%2e%2e/app.js", "/history/%00",
      "/history/x/../app.js" } do
      local response = http.get(server.port, target)
      assert.is_true(response.status == 404 or response.status == 400, target)
    end
  end)

  it("asks for its token, holds back the answer to a wrong one, and goes on meanwhile", function()
    local server = start { options = ('token = "%s"'):format(TOKEN) }
    assert.equal(401, http.get(server.port, "/history/api/events").status)
    pace.assert_within(0.9, function()
      local asked = {}
      local begin = socket.gettime()
      for index = 1, 20 do
        asked[index] = connect(server)
        asked[index]:request("GET", "/history/api/events", { Authorization = "Bearer " .. ("x"):rep(20) })
      end
      assert.equal(200, http.get(server.port, "/history/api/events", { Authorization = "Bearer " .. TOKEN }).status)
      assert.equal("plain\n", http.get(server.port, "/plain").body)
      local for_others = socket.gettime() - begin
      for _, connection in ipairs(asked) do assert.equal(401, connection:receive().status) end
      assert.is_true(socket.gettime() - begin >= 0.95)
      return for_others
    end)
    local login = http.post(server.port, "/history/api/login", "token=" .. TOKEN)
    assert.equal(204, login.status)
    local cookie = login.headers["set-cookie"]:match("^[^;]+")
    assert.equal(200, http.get(server.port, "/history/api/events", { Cookie = cookie }).status)
    assert_sound(server)
  end)

  it("is known by IP addresses, localhost, its hosts, and the server's name", function()
    local server = start { options = 'hosts = { "one.example" }', server = "server_name two.example *.star.example;\n"
      .. LOCATION }
    for host, status in pairs { ["127.0.0.1"] = 200, localhost = 200, ["one.example"] = 200, ["TWO.example:80"] = 200,
      ["three.example"] = 421, ["a.star.example"] = 421 } do
      assert.equal(status, http.get(server.port, "/history/api/events", { Host = host }).status, host)
    end
    local nameless = start { server = "server_name _;\n" .. LOCATION }
    assert.equal(421, http.get(nameless.port, "/history/api/events", { Host = "_" }).status)
    assert.equal(200, http.get(nameless.port, "/history/api/events").status)
    assert_sound(server)
    local refused = http.get(server.port, "/history/", { Host = "three.example" })
    assert.is_truthy(refused.body:find("name it: openresty.history { hosts = { ... } }", 1, true), refused.body)
  end)

  it("takes as many hosts as its option does beside the server's name", function()
    local hosts = {}
    for number = 1, 100 do hosts[number] = ('"host-%d.example"'):format(number) end
    local server = start { options = ("hosts = { %s }"):format(table.concat(hosts, ", ")),
      server = "server_name server.example;\n" .. LOCATION }
    for host, status in pairs { ["host-1.example"] = 200, ["host-100.example"] = 200, ["server.example"] = 200,
      ["host-101.example"] = 421 } do
      assert.equal(status, http.get(server.port, "/history/api/events", { Host = host }).status, host)
    end
    assert_sound(server)
  end)

  it("changes nothing for other sites", function()
    local server = start()
    local function erase(headers) return http.post(server.port, "/history/api/erase", "id=none", headers).status end
    assert.equal(403, erase {})
    assert.equal(403, erase { Origin = "http://evil.example" })
    assert.equal(403, erase { ["Sec-Fetch-Site"] = "cross-site" })
    assert.equal(200, erase { Origin = "http://127.0.0.1:" .. server.port })
    assert.equal(200, erase { ["Sec-Fetch-Site"] = "same-origin" })
  end)

  it("streams an export, also to a client that reads late, and the worker answers others meanwhile", function()
    local server = start()
    local slow = connect(server)
    slow:request("GET", "/history/api/export?format=jsonl")
    local slowest = 0
    for _ = 1, 20 do
      local begin = socket.gettime()
      assert.equal("plain\n", http.get(server.port, "/plain").body)
      slowest = math.max(slowest, socket.gettime() - begin)
    end
    assert.is_true(slowest < 0.5, slowest)
    local export = assert(slow:receive())
    assert.equal("chunked", export.headers["transfer-encoding"])
    assert.equal(EVENTS, select(2, export.body:gsub("\n", "")))
    assert.equal(200, http.ask(server.port, "HEAD", "/history/api/export?format=csv").status)
    assert_sound(server)
  end)

  it("gives up what a client that goes away has asked for", function()
    local server = start { server = LOCATION .. [[
      location = /open { content_by_lua_block { ngx.say(collectgarbage("count") and open_calls) } }
    ]], before = [[
      init_worker_by_lua_block {
        -- counts the calls that are open, by what the page's calls are asked
        open_calls = 0
        local page = require "intent_webhook.page"
        local make = page.make
        page.make = function(...)
          local made = make(...)
          return {
            call = function(_, request)
              local call = made:call(request)
              open_calls = open_calls + 1
              return {
                take = function() return call:take() end, more = function() return call:more() end,
                close = function() open_calls = open_calls - 1 return call:close() end,
              }
            end,
          }
        end
      }
    ]] }
    for _ = 1, 10 do
      local leaving = http.connect(server.port)
      leaving:request("GET", "/history/api/export?format=jsonl")
      leaving.socket:receive(100)
      leaving:close()
    end
    process.wait_until(function() return http.get(server.port, "/open").body == "0\n" end, 20, "the calls to be closed")
  end)

  it("works in several workers, before and after a reload", function()
    local server = start { workers = 3 }
    for _ = 1, 2 do
      local before = server:workers()
      for _ = 1, 30 do assert.equal(200, http.get(server.port, "/history/api/events?limit=1").status) end
      server:signal("HUP")
      process.wait_until(function()
        local now = {}
        for _, pid in ipairs(server:workers()) do now[pid] = true end
        for _, pid in ipairs(before) do
          if now[pid] then return false end
        end
        return next(now) ~= nil
      end, 20, "the workers to be others")
    end
    assert.equal(200, http.get(server.port, "/history/api/events").status)
    assert.equal(1, threads(server.pid)) -- the master works for nobody
    server:signal("QUIT")
    assert.is_true(server:await_end() < 10)
    assert_sound(server)
  end)

  it("works with lua_code_cache off, and gathers no threads", function()
    local server = start { before = "lua_code_cache off;\n" }
    local worker = server:workers()[1]
    for _ = 1, 50 do assert.equal(200, http.get(server.port, "/history/api/events?limit=1").status) end
    process.wait_until(function() return threads(worker) <= 4 end, 20, "the pages of old requests to end")
  end)

  it("ends with requests on their way, gracefully and fast", function()
    for _, signal in ipairs { "QUIT", "TERM" } do
      local server = start()
      for number = 1, 20 do
        local path = number % 2 == 0 and "export?format=jsonl" or "overview"
        connect(server):request("GET", "/history/api/" .. path)
      end
      server:signal(signal)
      for _, connection in ipairs(connections) do connection:rest() end
      connections = {}
      assert.is_true(server:await_end() < 10)
      assert.is_nil(server:log():match("exited on signal[^\n]*"))
    end
  end)

  it("names the caller's line and the mistake", function()
    local server = start { server = [[
      location = /mistakes {
        content_by_lua_block {
          local openresty = require "intent_webhook.openresty"
          local function try(...)
            local _, problem = pcall(function(...) local result = openresty.history(...) return result end, ...)
            ngx.say(problem)
          end
          try()
          try { history = 1 }
          try { history = "" }
          try { history = "x", prefix = "history" }
          try { history = "x", token = "short" }
          try { history = "x", port = 1 }
        }
      }
    ]] }
    local lines = {}
    for line in http.get(server.port, "/mistakes").body:gmatch("[^\n]+") do lines[#lines + 1] = line end
    for index, expected in ipairs { "history: must be a string, got nil", "history: must be a string, got a number",
      "history: is empty", "prefix: must be a path", "token: has 5 characters", "port: " } do
      assert.is_truthy(lines[index]:find("^content_by_lua%(nginx%.conf:%d+%):4: openresty.history: "), lines[index])
      assert.is_truthy(lines[index]:find(expected, 1, true), lines[index])
    end
  end)
end)
