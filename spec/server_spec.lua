-- The Intent History page on a port: client:serve, and the command that does the same. With a page that is a fake, and
-- without memory: spec/c/test_server.c. In nginx: spec/openresty_history_spec.lua.

local command = require "spec.support.command"
local core = require "intent_webhook.core"
local http = require "spec.support.http"
local locked = require "spec.support.locked"
local pace = require "spec.support.pace"
local process = require "spec.support.process"
local server_module = require "intent_webhook.server"
local socket = require "socket"
local sqlite = require "spec.support.sqlite"
local webhook = require "intent_webhook"

local TOKEN = "0123456789abcdef-spec"
local BEARER = { Authorization = "Bearer " .. TOKEN }

local folder, client

local function new_client(name)
  return assert(webhook.new {
    history = folder .. "/" .. name,
    intents = { { name = "note", rules = { "note {text}" }, slots = { "text" } } },
  })
end

local function fire(with, count, text)
  for number = 1, count do
    local id, message, code = with:fire("note", { text = text or "note " .. number })
    while code == "full" do
      with:flush()
      id, message, code = with:fire("note", { text = text or "note " .. number })
    end
    assert(id, message)
  end
  assert(with:flush())
end

local function start()
  folder = process.temporary_folder()
  client = new_client("history.db")
  fire(client, 3)
end

local function stop()
  client:close()
  process.stop_all()
  process.remove(folder)
end

local function threads() return tonumber((process.shell("ls /proc/" .. process.pid() .. "/task | wc -l"))) end
local function descriptors() return tonumber((process.shell("ls /proc/" .. process.pid() .. "/fd | wc -l"))) end

describe("client:serve", function()
  setup(start)
  teardown(stop)

  it("serves the page of the client's history on loopback, and says where", function()
    local server = assert(client:serve { port = 0 })
    assert.equal(("http://127.0.0.1:%d/"):format(server.port), server.url)
    local page = http.get(server.port, "/")
    assert.equal(200, page.status)
    assert.matches("^text/html", page.headers["content-type"])
    local events = http.get(server.port, "/api/events")
    assert.equal(200, events.status)
    assert.matches('"text":"note 3"', events.body)
    assert.equal("ok\n", http.get(server.port, "/healthz").body)
    assert.is_true(server:close())
    assert.is_nil((socket.connect("127.0.0.1", server.port)))
    assert.is_true(server:close())
  end)

  it("shows what is fired while it is open, without holding up the client", function()
    local server = assert(client:serve { port = 0 })
    fire(client, 1, "late")
    assert.matches('"text":"late"', http.get(server.port, "/api/events?limit=1").body)
    server:close()
  end)

  it("serves below a prefix, which may have dots in its steps", function()
    assert(client:serve { port = 0, prefix = "/.well-known/v1.0/..a" }):close()
    local server = assert(client:serve { port = 0, prefix = "/a/b" })
    assert.matches("/a/b/$", server.url)
    assert.equal(200, http.get(server.port, "/a/b/").status)
    assert.equal(308, http.get(server.port, "/a/b").status)
    local elsewhere = http.get(server.port, "/")
    assert.equal(404, elsewhere.status)
    assert.matches("prefix", elsewhere.body)
    server:close()
  end)

  it("shows the client's queue in /metrics", function()
    local server = assert(client:serve { port = 0 })
    assert.matches("queue", http.get(server.port, "/metrics").body)
    server:close()
  end)

  it("is ended by client:close", function()
    local other = new_client("other.db")
    local servers = { assert(other:serve { port = 0 }), assert(other:serve { port = 0 }) }
    other:close()
    for _, server in ipairs(servers) do assert.is_nil((socket.connect("127.0.0.1", server.port))) end
  end)

  it("is refused by a client that is closed, as everything else of it", function()
    local other = new_client("closed.db")
    other:close()
    local server, message, code = other:serve { port = 0 }
    assert.is_nil(server)
    assert.are.same({ "the client is closed", "closed" }, { message, code })
    assert.error_matches(function() other:serve { prt = 0 } end, "prt: is no option")
  end)

  it("takes as many names as its option does, and tells who asks by another which option that is", function()
    local hosts = {}
    for number = 1, 100 do hosts[number] = ("host-%d.example"):format(number) end
    local server = assert(client:serve { port = 0, hosts = hosts })
    assert.equal(200, http.get(server.port, "/healthz", { Host = "host-100.example" }).status)
    local refused = http.get(server.port, "/healthz", { Host = "host-101.example" })
    assert.equal(421, refused.status)
    assert.is_truthy(refused.body:find("name it: client:serve { hosts = { ... } }", 1, true), refused.body)
    server:close()
    hosts[101] = "server-name.example" -- nginx adds one
    core.page({ history = folder .. "/history.db", hosts = hosts }):close()
    hosts[102] = "one-more.example"
    local function make() core.page { history = folder .. "/history.db", hosts = hosts } end
    assert.error_matches(make, "hosts: at most")
  end)

  it("serves also when there is no history yet", function()
    local other = new_client("none.db")
    local server = assert(other:serve { port = 0 })
    local events = http.get(server.port, "/api/events")
    assert.equal(200, events.status)
    assert.matches('"events":%[%]', events.body)
    other:close()
  end)

  it("says why it cannot listen", function()
    local server = assert(client:serve { port = 0 })
    local second, message, code = client:serve { port = server.port }
    assert.is_nil(second)
    assert.matches("^cannot listen on 127%.0%.0%.1 port %d+: Address already in use$", message)
    assert.equal("address", code)
    server:close()
  end)

  it("listens on other addresses of loopback without a token, and elsewhere only with one", function()
    for _, address in ipairs { "127.0.0.2", "::1" } do
      local server = assert(client:serve { address = address, port = 0 })
      local connection = http.connect(server.port, address)
      connection:request("GET", "/healthz", { Host = address == "::1" and "[::1]:80" or address })
      assert.equal(200, connection:receive().status)
      connection:close()
      server:close()
    end
    for _, address in ipairs { "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:127.0.0.1" } do
      assert.error_matches(function() client:serve { address = address, port = 0 } end, "token: is needed on ")
    end
    local server = assert(client:serve { address = "0.0.0.0", port = 0, token = TOKEN })
    assert.equal(401, http.get(server.port, "/api/events").status)
    assert.equal(200, http.get(server.port, "/api/events", BEARER).status)
    server:close()
  end)

  it("refuses a wrong option by its name, at the caller's line", function()
    local function refuses(options, pattern)
      local good, message = pcall(function() client:serve(options) end)
      assert.is_false(good)
      assert.matches("^%S*server_spec%.lua:%d+: client:serve: " .. pattern, message)
    end
    refuses("x", "options: must be a table")
    refuses({ prt = 1 }, 'prt: is no option.* "port"')
    refuses({ port = 65536 }, "port: must be from 0 to 65535")
    refuses({ port = "80" }, "port: must be a whole number, got a string")
    refuses({ address = "localhost" }, "address: must be an IPv4 or IPv6 address, like 127.0.0.1 or ::1")
    refuses({ address = "127.0.0.1\0x" }, "address: ")
    local sentence = 'prefix: must be a path like "/history": it begins with a slash, does not end in one, has no two '
      .. 'of them in a row, and besides them only ASCII letters, digits, "%-", "%.", "_" and "~"; no step is "%." or '
      .. '"%.%."$'
    for _, prefix in ipairs { "history", "/history/", "/a b", "/a//b", "/a%20b", "/ä", "/a/../b", "/.", "/a/.." } do
      refuses({ prefix = prefix }, sentence)
    end
    refuses({ token = "short" }, "token: has 5 characters, but needs 16")
    refuses({ token = ("x"):rep(15) .. " y" }, "token: may only have visible ASCII characters")
    refuses({ token = ("ü"):rep(16) }, "token: may only have visible ASCII characters")
    refuses({ token = TOKEN, token_env = "HOME" }, "token_env: is given as well as token")
    refuses({ token_env = "INTENT_WEBHOOK_UNSET" },
      "token_env: names the environment variable INTENT_WEBHOOK_UNSET, which is not set")
    refuses({ token_env = "HOME" }, "token_env: names the environment variable HOME, whose value ")
    refuses({ hosts = "x" }, "hosts: must be a list")
    refuses({ hosts = { "x:80" } }, "hosts%[1%]: must be a name without scheme and port")
    refuses({ hosts = { "a", 1 } }, "hosts%[2%]: must be a string")
  end)

  it("is over a page of the core's, which raises for options that nobody has checked", function()
    assert.error_matches(function() core.page { history = "" } end, "core.page: history: is missing", 1, true)
    assert.error_matches(function() core.page { history = "h.db", token = "short" } end, "core.page: token: ", 1, true)
  end)

  it("leaves neither threads nor descriptors behind, also when the collector ends it", function()
    local threads_before, descriptors_before = threads(), descriptors()
    for _ = 1, 5 do
      local server = assert(client:serve { port = 0 })
      local kept = http.connect(server.port)
      kept:request("GET", "/api/events")
      assert.equal(200, kept:receive().status)
      server:close()
      kept:close()
    end
    assert.is_true(threads() <= threads_before, threads())
    -- SQLite keeps one of a connection that was closed, for the next, while the client's own holds a lock
    assert.is_true(descriptors() <= descriptors_before + 1)
    local page = assert(core.page { history = folder .. "/history.db" })
    local port = server_module.open({ page = page }):port()
    page = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_nil((socket.connect("127.0.0.1", port)))
  end)

  it("closes with variables of Lua 5.4 that go out of scope, as the page and its calls do", function()
    if _VERSION ~= "Lua 5.4" then return end
    local load_text = rawget(_G, "load")
    local scope = assert(load_text "local value, use = ...; local guard <close> = value; return use(value)")
    local page = assert(core.page { history = folder .. "/history.db" })
    local call, port
    scope(page, function()
      call = assert(page:call { method = "GET", target = "/healthz", host = "localhost" })
      scope(call, call.take)
      port = scope(server_module.open { page = page }, function(server) return server:port() end)
    end)
    assert.has_error(function() call:take() end, "the call is closed")
    assert.has_error(function() page:call {} end, "the page is closed")
    assert.is_nil((socket.connect("127.0.0.1", port)))
  end)
end)

describe("the page's server #once", function()
  local server, opened, connections

  setup(start)
  teardown(stop)

  before_each(function() opened, connections = {}, {} end)

  after_each(function()
    for _, connection in ipairs(connections) do connection:close() end
    for _, each in ipairs(opened) do each:close() end
  end)

  local function serve(options)
    options = options or {}
    options.port = 0
    server = assert(client:serve(options))
    opened[#opened + 1] = server
    return server
  end

  local function connect(port)
    local connection = http.connect(port or server.port)
    connections[#connections + 1] = connection
    return connection
  end

  local function status(method, target, headers, body)
    return (http.ask(server.port, method, target, headers, body) or {}).status
  end

  -- What comes back for these bytes.
  local function raw(bytes)
    local connection = connect()
    connection:send(bytes)
    return connection:receive()
  end

  it("shows nothing without its token: none, wrong ones, the right one as header and as cookie", function()
    serve { token = TOKEN }
    local refused = http.get(server.port, "/api/events")
    assert.equal(401, refused.status)
    assert.equal("Bearer", refused.headers["www-authenticate"])
    for _, wrong in ipairs { TOKEN .. "x", TOKEN:sub(2), "", TOKEN:upper() } do
      assert.equal(401, status("GET", "/api/events", { Authorization = "Bearer " .. wrong }))
    end
    assert.equal(401, status("GET", "/api/events", { Authorization = "Basic " .. TOKEN }))
    assert.equal(401, status("GET", "/metrics"))
    assert.equal(401, status("GET", "/api/export?format=csv"))
    assert.equal(200, status("GET", "/api/events", BEARER))
    assert.equal(200, status("GET", "/metrics", BEARER))
    assert.equal(200, status("GET", "/"))
    assert.equal(200, status("GET", "/healthz"))

    assert.equal(401, http.post(server.port, "/api/login", "token=wrong-wrong-wrong").status)
    local login = http.post(server.port, "/api/login", "token=" .. TOKEN)
    assert.equal(204, login.status)
    local cookie = login.headers["set-cookie"]
    assert.matches("; ?HttpOnly", cookie)
    assert.matches("; ?SameSite=Strict", cookie)
    assert.is_nil(cookie:find(TOKEN, 1, true))
    local pair = cookie:match("^[^;]+")
    assert.equal(200, status("GET", "/api/events", { Cookie = pair }))
    assert.equal(200, status("GET", "/api/events", { Cookie = "a=b; " .. pair .. "; c=d" }))
    assert.equal(401, status("GET", "/api/events", { Cookie = pair:sub(1, -2) }))
    assert.equal(401, status("GET", "/api/events", { Cookie = pair:gsub("=(.)", "=x%1") }))
  end)

  it("holds back the answer to a wrong token, and nobody else's", function()
    serve { token = TOKEN }
    pace.assert_within(0.9, function()
      local asked = {}
      local begin = socket.gettime()
      for index = 1, 30 do
        asked[index] = connect()
        asked[index]:request("GET", "/api/events", { Authorization = "Bearer " .. ("y"):rep(20) })
      end
      assert.equal(200, status("GET", "/api/events", BEARER))
      local for_others = socket.gettime() - begin
      for _, connection in ipairs(asked) do assert.equal(401, connection:receive().status) end
      local taken = socket.gettime() - begin
      assert.is_true(taken >= 0.95 and taken < 15, taken) -- one after the other they would take 30
      return for_others
    end)
  end)

  it("answers only those who ask for it by a name of its own", function()
    serve { hosts = { "history.example.org" } }
    for _, host in ipairs { "127.0.0.1", "127.0.0.1:8090", "localhost", "localhost:1", "[::1]:80", "192.168.7.7",
      "history.example.org", "HISTORY.example.org:8090" } do
      assert.equal(200, status("GET", "/api/events", { Host = host }), host)
    end
    for _, host in ipairs { "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "",
      "evil.example:8090", "x@127.0.0.1", "127.0.0.1, evil.example" } do
      assert.equal(421, status("GET", "/api/events", { Host = host }), host)
    end
    assert.equal(400, status("GET", "/api/events", { Host = false })) -- HTTP/1.1 needs it
    assert.equal(400, raw("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n").status)
    assert.equal(200, raw("GET /api/events HTTP/1.0\r\n\r\n").status)
  end)

  it("changes nothing for other sites", function()
    serve()
    local function erase(headers) return http.post(server.port, "/api/erase", "id=none", headers).status end
    local here = "http://127.0.0.1:" .. server.port
    assert.equal(403, erase {})
    assert.equal(403, erase { Origin = "http://evil.example" })
    assert.equal(403, erase { Origin = "null" })
    assert.equal(403, erase { Origin = "http://127.0.0.1:1" })
    assert.equal(403, erase { Origin = here .. ".evil.example" })
    for _, site in ipairs { "cross-site", "same-site", "none" } do
      assert.equal(403, erase { ["Sec-Fetch-Site"] = site })
    end
    assert.equal(403, erase { Authorization = "Bearer " .. TOKEN }) -- no token is configured, so none is right
    assert.equal(200, erase { Origin = here })
    assert.equal(200, erase { ["Sec-Fetch-Site"] = "same-origin" })
    assert.equal(405, status("GET", "/api/erase?id=none"))
  end)

  it("finds nothing beside its own paths", function()
    serve { prefix = "/p" }
    for _, target in ipairs { "/p/../../etc/passwd", "/p/%2e%2e/%2e%2e/etc/passwd", "/p/..%2f..%2fetc%2fpasswd",
      "/p/..\\..\\etc\\passwd", "/p/%00", "/p/app.js%00.css", "/p/./app.js", "/p//app.js", "/p/app.js/", "/p/APP.JS",
      "/p/app.js%20", "/p/api", "/p/api/", "/p/api/events/", "/p/api/events/..", "/p/api/nothing", "/../p/app.js",
      "/p/api/events/%2e%2e", "/p/api/events/x/deliveries/1/attempts/1/../../../../", "//etc/passwd", "/pp/app.js",
      "/etc/passwd", "/P/app.js" } do
      local response = raw("GET " .. target .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
      assert.equal(404, response.status, target)
      assert.is_nil(response.body:find("root:", 1, true))
    end
    assert.equal(200, status("GET", "/p/app.js"))
  end)

  it("outlives what is no HTTP", function()
    serve()
    for _, bytes in ipairs { "\0", "\r\n\r\n\r\n", "GET\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
      "\22\3\1\2\0\1\0\1\252\3\3", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", ("A"):rep(100000),
      "GET /\0/ HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n" } do
      local connection = connect()
      connection:send(bytes)
      connection.socket:shutdown("send")
      local answer = connection:rest()
      assert.is_nil((answer or ""):match("^HTTP/1%.1 2"), bytes)
      assert.equal(200, status("GET", "/healthz"))
    end
  end)

  it("refuses heads, targets and bodies that are too large, and goes on with the connection", function()
    serve()
    assert.equal(431, status("GET", "/", { ["X-Filler"] = ("x"):rep(17000) }))
    assert.equal(200, status("GET", "/", { ["X-Filler"] = ("x"):rep(15000) }))
    assert.equal(414, status("GET", "/api/events?session=" .. ("x"):rep(8192)))
    assert.equal(200, status("GET", "/api/events?session=" .. ("x"):rep(8000)))
    local connection = connect()
    connection:request("POST", "/api/erase", { ["Sec-Fetch-Site"] = "same-origin" }, "id=" .. ("x"):rep(100000))
    assert.equal(413, connection:receive().status)
    connection:request("POST", "/api/erase", { ["Sec-Fetch-Site"] = "same-origin",
      ["Content-Type"] = "application/x-www-form-urlencoded" }, "id=" .. ("x"):rep(1000))
    assert.equal(200, connection:receive().status)
  end)

  it("answers HEAD as GET without the body, other methods with 405, and several requests in their order", function()
    serve()
    local get, head = http.get(server.port, "/"), http.ask(server.port, "HEAD", "/")
    assert.equal(200, head.status)
    assert.equal(get.headers["content-length"], head.headers["content-length"])
    assert.equal(get.headers.etag, head.headers.etag)
    assert.equal(304, status("GET", "/", { ["If-None-Match"] = get.headers.etag }))
    for _, method in ipairs { "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "X" } do
      local response = http.ask(server.port, method, "/api/events")
      assert.equal(405, response.status)
      assert.matches("GET", response.headers.allow)
    end
    local connection = connect()
    local lines = {}
    for number = 1, 20 do
      lines[number] = ("%s /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"):format(number % 3 == 0 and "HEAD" or "GET",
        number % 2 == 0 and "api/events?limit=" .. number or "nothing-" .. number)
    end
    connection:send(table.concat(lines))
    for number = 1, 20 do
      local response = assert(connection:receive(number % 3 == 0))
      assert.equal(number % 2 == 0 and 200 or 404, response.status)
    end
  end)

  it("serves 200 clients that come at once", function()
    serve()
    local clients = {}
    for number = 1, 200 do
      clients[number] = connect()
      clients[number]:request("GET", "/api/events?limit=" .. number, { Connection = "close" })
    end
    for number = 1, 200 do
      local response, problem = clients[number]:receive()
      assert(response, problem)
      -- more than its threads and their queue take at a time are sent away
      assert.is_true(response.status == 200 or response.status == 503, response.status)
    end
    assert.equal(200, status("GET", "/api/events"))
  end)

  it("lets those in who ask when all places are taken by those who do not", function()
    serve()
    for _ = 1, 100 do connect() end
    local begin = socket.gettime()
    assert.equal(200, status("GET", "/api/events"))
    assert.is_true(socket.gettime() - begin < 12) -- those who say nothing are closed after 15
  end)

  it("ends those who say nothing, or a byte now and then", function()
    local page = assert(core.page { history = folder .. "/history.db" })
    local slow = assert(server_module.open { page = page, idle_seconds = 1, receive_seconds = 2 })
    opened[#opened + 1], opened[#opened + 2] = slow, page
    local silent = connect(slow:port())
    local begin = socket.gettime()
    assert.equal("closed", select(2, silent.socket:receive(1)))
    assert.is_true(socket.gettime() - begin < 10)
    local dripping = connect(slow:port())
    begin = socket.gettime()
    dripping:send("GET / HTTP/1.1\r\nX-Slow: ")
    local sent = true
    while sent and socket.gettime() - begin < 20 do
      sent = dripping:send("x") -- more often than idle_seconds
      process.sleep(0.2)
    end
    local taken = socket.gettime() - begin
    assert.is_true(taken > 1.5 and taken < 15, taken)
  end)

  it("streams an export piece by piece, to a slow reader too, and serves others meanwhile", function()
    local many = new_client("many.db")
    fire(many, 4000, ("long text "):rep(100))
    server = assert(many:serve { port = 0 })
    opened[#opened + 1] = server
    local slow = connect()
    slow.socket:setoption("tcp-nodelay", true)
    slow:request("GET", "/api/export?format=jsonl")
    process.sleep(0.3)
    assert.equal(200, status("GET", "/api/events"))
    local export = assert(slow:receive())
    assert.equal(200, export.status)
    assert.equal("chunked", export.headers["transfer-encoding"])
    local _, lines = export.body:gsub("\n", "")
    assert.equal(4000, lines)
    local old = raw("GET /api/export?format=csv HTTP/1.0\r\n\r\n") -- no chunks: to the end of the connection
    assert.equal(200, old.status)
    _, lines = old.body:gsub("\r\n", "")
    assert.equal(4001, lines)
    assert.equal(200, status("HEAD", "/api/export?format=jsonl"))
    local leaving = connect()
    leaving:request("GET", "/api/export?format=jsonl")
    leaving:close()
    assert.equal(200, status("GET", "/api/events"))
    many:close()
  end)

  it("ends at once with requests on their way", function()
    local many = new_client("busy.db")
    fire(many, 2000, ("x"):rep(1000))
    server = assert(many:serve { port = 0, token = TOKEN })
    for number = 1, 60 do
      local headers = { Authorization = number % 3 == 0 and ("Bearer " .. ("z"):rep(20)) or BEARER.Authorization }
      connect():request("GET", number % 2 == 0 and "/api/export?format=csv" or "/api/events?search=nothing", headers)
    end
    local begin = socket.gettime()
    many:close()
    assert.is_true(socket.gettime() - begin < 5)
    for _, connection in ipairs(connections) do connection:rest() end -- as far as it came
  end)

  it("ends with the program, however that ends", function()
    local script = [[
      local webhook = require "intent_webhook"
      local client = assert(webhook.new { history = arg[1], intents = {} })
      local server = assert(client:serve { port = 0 })
      local socket = require "socket"
      local connection = assert(socket.connect("127.0.0.1", server.port))
      connection:send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
      assert(connection:receive("*l") == "HTTP/1.1 200 OK")
      if arg[2] == "exit" then os.exit(0) elseif arg[2] == "exit, closing" then os.exit(0, true) end
      if arg[2] == "error" then error("on purpose") end
    ]]
    process.write_file(folder .. "/program.lua", script)
    for how, expected in pairs { exit = 0, ["exit, closing"] = 0, ["error"] = 1, ["end"] = 0 } do
      local words = { process.interpreter(), folder .. "/program.lua", folder .. "/history.db", how,
        env = { LUA_PATH = package.path, LUA_CPATH = package.cpath } }
      local ended, _, errors = process.run(words, 20)
      assert.equal(expected, ended, how .. ": " .. errors)
    end
  end)
end)

describe("intent-webhook serve #once", function()
  setup(start)
  teardown(stop)

  -- Started, and where it is: as its first line says.
  local function serve(words, env)
    local all = { "serve", "--history", folder .. "/history.db", "--port", "0" }
    for _, word in ipairs(words or {}) do all[#all + 1] = word end
    local started = command.start(all, env)
    local url, port = started.first_line:match("^Intent History on (http://127%.0%.0%.1:(%d+)%S*/)$")
    assert(url, started.first_line)
    return started, tonumber(port), url
  end

  local function ends(started, signal)
    process.shell(("kill -%s %d"):format(signal, started.pid))
    process.wait_until(function() return started:ended() end, 10, "the command to end")
  end

  it("shows the history until SIGTERM", function()
    local started, port = serve()
    assert.matches('"note 3"', http.get(port, "/api/events").body)
    ends(started, "TERM")
    assert.equal("", started:errors())
    assert.is_nil((socket.connect("127.0.0.1", port)))
  end)

  it("ends with 130 on ^C and with 0 on SIGTERM", function()
    for signal, expected in pairs { INT = 130, TERM = 0 } do
      local line = command.line { "serve", "--history", folder .. "/history.db", "--port", "0" }
      local out = process.quote(folder .. "/served")
      line[3] = ("%s >%s & pid=$!; until grep -q Intent %s; do sleep 0.02; done; kill -%s $pid; wait $pid"):format(
        line[3], out, out, signal)
      process.shell("rm -f " .. out .. "; touch " .. out)
      if signal == "INT" then line[3] = "set -m; " .. line[3] end -- a shell's background has ^C ignored otherwise
      local ended, _, errors = process.run(line, 20)
      assert.equal(expected, ended, errors)
      assert.is_nil(errors:find("traceback", 1, true), errors)
    end
  end)

  it("asks for the token of an environment variable, and takes a prefix and names", function()
    local started, port, url = serve({ "--token-env", "SPEC_PAGE_TOKEN", "--prefix", "/x", "--host", "a.example",
      "--host", "b.example" }, { SPEC_PAGE_TOKEN = TOKEN })
    assert.matches("/x/$", url)
    assert.equal(401, http.get(port, "/x/api/events").status)
    for _, host in ipairs { "a.example", "b.example" } do
      assert.equal(200, http.get(port, "/x/api/events", { Host = host, Authorization = BEARER.Authorization }).status)
    end
    ends(started, "TERM")
  end)

  it("names the option that adds a name to who asks by another", function()
    local started, port = serve()
    local refused = http.get(port, "/api/events", { Host = "other.example" })
    assert.equal(421, refused.status)
    assert.is_truthy(refused.body:find("name it: --host NAME", 1, true), refused.body)
    ends(started, "TERM")
  end)

  it("does not start on what is no history, with the status that README names", function()
    process.write_file(folder .. "/text.db", ("no database "):rep(1000))
    process.write_file(folder .. "/short.db", "short")
    sqlite(folder .. "/others.db", "CREATE TABLE events (a); INSERT INTO events VALUES (1)")
    for name, sentence in pairs { ["text.db"] = "is not an SQLite database", ["short.db"] = "is not an SQLite database",
      ["others.db"] = "not a history of intent-webhook" } do
      local status, output, errors = command.run { "serve", "--history", folder .. "/" .. name, "--port", "0" }
      assert.equal(3, status, errors)
      assert.equal("", output)
      assert.is_truthy(errors:find(name .. ": ", 1, true) and errors:find(sentence, 1, true), errors)
    end
  end)

  it("starts on a history that is locked, says so, and shows it when it can", function()
    local path = folder .. "/locked.db"
    local other = new_client("locked.db")
    fire(other, 1)
    other:close()
    local lock = locked.for_all(path)
    local started = command.start { "serve", "--history", path, "--port", "0" }
    local port = tonumber(started.first_line:match(":(%d+)/$"))
    assert.matches("^intent%-webhook: the history does not answer so far.*locked%.db\n$", started:errors())
    lock:stop()
    assert.equal(200, http.get(port, "/api/events").status)
    ends(started, "TERM")
  end)

  it("says what is wrong, and what to do", function()
    local function fails(expected, words, pattern)
      local all = { "serve" }
      for _, word in ipairs(words) do all[#all + 1] = word end
      local ended, output, errors = command.run(all)
      assert.equal(expected, ended, errors)
      assert.equal("", output)
      assert.matches(pattern, errors)
    end
    local history = folder .. "/history.db"
    fails(3, { "--history", folder .. "/none.db" }, "there is no history to show: .*none%.db: No such.*%-%-history")
    local taken = assert(socket.bind("127.0.0.1", 0))
    local _, port = taken:getsockname()
    fails(3, { "--history", history, "--port", tostring(port) },
      "cannot listen on 127%.0%.0%.1 port " .. port .. ": .*%(%-%-port takes another port")
    taken:close()
    fails(2, { "--history", history, "--address", "0.0.0.0" },
      "on 0%.0%.0%.0, which others may reach, a token is needed: %-%-token%-env NAME")
    fails(2, { "--history", history, "--address", "here" }, "%-%-address: must be an IPv4 or IPv6 address")
    for _, name in ipairs { "INTENT_WEBHOOK_UNSET", "HOME", "" } do
      local _, _, errors = command.run { "serve", "--history", history, "--token-env", name }
      assert.matches("^intent%-webhook: %-%-token%-env: ", errors)
      assert.is_nil(errors:find("token_env", 1, true), errors)
    end
    fails(2, { "--history", history, "--prefix", "x" }, "%-%-prefix: must be a path")
    fails(2, { "--history", history, "--prefix", "/a b" }, "%-%-prefix: must be a path .*letters, digits")
    fails(2, { "--history", history, "--host", "a.example", "--host", "x:1" }, "%-%-host x:1: must be a name")
    fails(2, { "--port", "70000" }, "%-%-port must be from 0 to 65535")
  end)
end)
