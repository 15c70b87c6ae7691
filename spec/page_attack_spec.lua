-- What an attack on the page found: each of these was so once.

local command = require "spec.support.command"
local pace = require "spec.support.pace"
local process = require "spec.support.process"
local socket = require "socket"
local sqlite = require "spec.support.sqlite"
local webhook = require "intent_webhook"

local TOKEN = "a-token-for-the-spec"

describe("an attacked page #once", function()
  local folder, path, open, guarded

  local function serve(words, env)
    local all = { "serve", "--history", path, "--port", "0" }
    for _, word in ipairs(words) do all[#all + 1] = word end
    local started = command.start(all, env)
    return { process = started, port = tonumber(started.first_line:match(":(%d+)")) }
  end

  local function connect(server)
    local connection = assert(socket.connect("127.0.0.1", server.port))
    connection:settimeout(20)
    return connection
  end

  -- A head whose lines are as given, with a Host.
  local function head(line, headers)
    return line .. " HTTP/1.1\r\nHost: localhost\r\n" .. table.concat(headers or {}, "\r\n")
      .. (headers and headers[1] and "\r\n" or "") .. "\r\n"
  end

  -- Everything that comes until the server closes.
  local function exchange(server, bytes)
    local connection = connect(server)
    assert(connection:send(bytes))
    local all, _, rest = connection:receive("*a")
    connection:close()
    return all or rest
  end

  local function request(server, line, headers)
    local all = { "Connection: close" }
    for _, header in ipairs(headers or {}) do all[#all + 1] = header end
    return exchange(server, head(line, all))
  end

  -- For which each byte of the text that is stored costs as many steps as it has bytes itself.
  local SLOW_SEARCH = "GET /api/events?limit=1&search=" .. ("0"):rep(199) .. "b"

  local SAME_ORIGIN = "Sec-Fetch-Site: same-origin"

  setup(function()
    folder = process.temporary_folder()
    path = folder .. "/history.db"
    local client = assert(webhook.new { history = path, intents = { { name = "small" } } })
    for _ = 1, 150 do assert(client:fire("small")) end -- an export of two pieces
    client:close(20)
    sqlite(path, [[WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE
      i < 11000) INSERT INTO events SELECT i, 'id-' || i, 1700000000000000 + i, 'slow', NULL,
      json_object('text', hex(zeroblob(2000))), NULL, NULL FROM n]])
    open = serve({})
    guarded = serve({ "--token-env", "PAGE_TOKEN" }, { PAGE_TOKEN = TOKEN })
  end)

  teardown(function()
    process.stop_all()
    process.remove(folder)
  end)

  local function seconds_of(line)
    local start = socket.gettime()
    assert.matches("^HTTP/1.1 200", request(open, line))
    return socket.gettime() - start
  end

  it("searches no longer than it may, however slow a text makes it, and refuses longer texts", function()
    assert.matches("^HTTP/1.1 400.*search: must have at most 200 bytes", request(open, SLOW_SEARCH .. "b"))
    pace.assert_within(4, function()
      assert.matches('"searched_to":%d', request(open, SLOW_SEARCH)) -- not at the end of it
      return seconds_of(SLOW_SEARCH)
    end)
  end)

  it("answers others while searches are stopped whose clients have gone", function()
    pace.assert_within(0.4, function() -- a search that is not stopped takes 0.8 s
      for _ = 1, 2 do
        local gone = connect(open)
        gone:send(head(SLOW_SEARCH))
        socket.sleep(0.1) -- until both threads are at it; nothing outside shows that
        gone:close()
      end
      return seconds_of("GET /app.js")
    end)
  end)

  it("holds back every answer to a wrong token, also where none is needed", function()
    for _, line in ipairs { "GET /api/session", "POST /api/logout", "GET /healthz" } do
      local start = socket.gettime()
      request(guarded, line, { "Authorization: Bearer a-wrong-token-of-someone", "Content-Length: 0", SAME_ORIGIN })
      assert.is_true(socket.gettime() - start > 0.9, line)
    end
  end)

  it("tells nobody without the token what only follows from the token: the cookie's name", function()
    local answer = request(guarded, "POST /api/logout", { SAME_ORIGIN, "Content-Length: 0" })
    assert.is_nil(answer:find("intent_webhook_", 1, true))
  end)

  it("sends no body in answer to HEAD, so that the next answer on the connection is understood", function()
    local next_one = head("GET /healthz", { "Connection: close" })
    local answers = exchange(open, head("HEAD /api/export?format=jsonl") .. next_one)
    local after = answers:match("\r\n\r\n(.*)")
    assert.is_true(after == "" or after:find("^HTTP/1.1 ") ~= nil, after:sub(1, 40))
  end)

  -- Whoever reads the length differently must not find a second request in it.
  for name, headers in pairs {
    ["two lengths"] = { "Content-Length: 0", "Content-Length: 5" },
    ["a length and chunks"] = { "Content-Length: 5", "Transfer-Encoding: chunked" },
    ["a space before a length's colon"] = { "Content-Length : 40" },
    ["a space before an encoding's colon"] = { "Content-Length: 0", "Transfer-Encoding : chunked" },
  } do
    it("refuses a request with " .. name .. ", and ends the connection", function()
      local all = { SAME_ORIGIN }
      for _, header in ipairs(headers) do all[#all + 1] = header end
      local body = headers[2] and headers[2]:find("Encoding: chunked", 1, true) and "0\r\n\r\n" or ""
      local next_one = head("GET /healthz", { "Connection: close" })
      local answers = exchange(open, head("POST /api/logout", all) .. body .. next_one)
      assert.matches("^HTTP/1.1 400", answers)
      local _, count = answers:gsub("HTTP/1%.1 %d%d%d", "")
      assert.are.equal(1, count)
    end)
  end

  it("does not take an empty dry_run for leave to erase", function()
    local body = "session=nobody&dry_run="
    local headers = { SAME_ORIGIN, "Connection: close", "Content-Length: " .. #body }
    local answer = exchange(open, head("POST /api/erase", headers) .. body)
    assert.matches("^HTTP/1.1 400", answer)
  end)

  it("lets other origins of the same site not search, whose time would tell what is in the history", function()
    assert.matches("^HTTP/1.1 403", request(open, "GET /api/events?search=a", { "Sec-Fetch-Site: same-site" }))
  end)

  it("gives up at once a connection whose client has closed it within a request", function()
    pace.assert_within(1, function()
      for _ = 1, 250 do -- more than the server has at a time
        local gone = connect(open)
        gone:send("GET /api/session HTTP/1.1\r\nHost: lo")
        gone:close()
      end
      return seconds_of("GET /api/session")
    end)
  end)
end)
