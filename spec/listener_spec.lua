local listener = require "intent_webhook.listener"
local pace = require "spec.support.pace"
local process = require "spec.support.process"
local socket = require "socket"

local GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

describe("the listener", function()
  local opened, connections

  before_each(function() opened, connections = {}, {} end)

  after_each(function()
    for _, connection in ipairs(connections) do connection:close() end
    for _, each in ipairs(opened) do each:close() end
  end)

  local function open(options)
    local server = assert(listener.open(options))
    opened[#opened + 1] = server
    return server
  end

  local function connect(server, address)
    local connection = assert(socket.connect(address or "127.0.0.1", server:port()))
    connection:settimeout(10)
    connections[#connections + 1] = connection
    return connection
  end

  -- One response: status line, table of headers (lower case), body.
  local function response(connection)
    local first, headers = assert(connection:receive("*l")), {}
    for line in function() return assert(connection:receive("*l")) end do
      if line == "" then break end
      local name, value = line:match("^([^:]+):%s*(.*)$")
      headers[name:lower()] = value
    end
    local length = tonumber(headers["content-length"] or 0)
    return first, headers, length > 0 and assert(connection:receive(length)) or ""
  end

  local function threads() return tonumber(process.shell("ls /proc/" .. process.pid() .. "/task | wc -l")) end
  local function descriptors() return tonumber(process.shell("ls /proc/" .. process.pid() .. "/fd | wc -l")) end

  it("listens on a free port of loopback, and answers 200 with nothing", function()
    local server = open()
    assert.is_true(server:port() > 0)
    local connection = connect(server)
    connection:send(GET)
    local status, headers, body = response(connection)
    assert.equal("HTTP/1.1 200 OK", status)
    assert.equal("0", headers["content-length"])
    assert.equal("", body)
  end)

  it("is not reached by way of another address of the machine", function()
    local server = open { address = "127.0.0.2" }
    assert.is_nil((socket.connect("127.0.0.1", server:port())))
    connect(server, "127.0.0.2")
  end)

  it("listens on an IPv6 address", function()
    local server = open { address = "::1" }
    local connection = connect(server, "::1")
    connection:send(GET)
    assert.equal("HTTP/1.1 200 OK", (response(connection)))
  end)

  it("keeps a request as it came: target, version, every header in order, every byte of the body", function()
    local server = open()
    local body = "\0\1\r\n\255 text"
    connect(server):send("POST /a%20b/../c?x=1&y= HTTP/1.1\r\nHost: h\r\nX-Two: 2\r\nx-one: 1\r\nX-Two:  again\r\n"
      .. "X-None:\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
    assert.same({
      method = "POST", target = "/a%20b/../c?x=1&y=", version = "HTTP/1.1", body = body,
      headers = { { "Host", "h" }, { "X-Two", "2" }, { "x-one", "1" }, { "X-Two", "again" }, { "X-None", "" },
        { "Content-Length", tostring(#body) } },
    }, server:take(5))
  end)

  it("joins the pieces of a chunked body", function()
    local server = open()
    connect(server):send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
    assert.equal("abcdefg", server:take(5).body)
  end)

  it("answers with the status, the body and the headers that it was told", function()
    local server = open { status = 418, body = "short\0stout", headers = { ["X-Pot"] = "tea", ["Retry-After"] = "7" } }
    local connection = connect(server)
    connection:send(GET)
    local status, headers, body = response(connection)
    assert.equal("HTTP/1.1 418", status:sub(1, 12))
    assert.equal("tea", headers["x-pot"])
    assert.equal("7", headers["retry-after"])
    assert.equal("short\0stout", body)
  end)

  it("answers several requests of one connection, and keeps all of them in order", function()
    local server = open()
    local connection = connect(server)
    for number = 1, 3 do
      connection:send(("POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n%d"):format(number, number))
      response(connection)
    end
    for number = 1, 3 do
      local request = server:take(5)
      assert.equal("/" .. number, request.target)
      assert.equal(tostring(number), request.body)
    end
  end)

  it("gives a request before it is answered, and answers after the delay", function()
    local server = open { delay = 0.3 }
    local connection = connect(server)
    pace.assert_within(0.2, function()
      local start = socket.gettime()
      connection:send(GET)
      assert.truthy(server:take(5))
      local until_given = socket.gettime() - start
      response(connection)
      local until_answered = socket.gettime() - start
      assert.is_true(until_answered >= 0.29 and until_answered < 10, until_answered)
      return until_given
    end)
  end)

  it("holds up no request by the delay of another", function()
    local server = open { delay = 0.4 }
    local start = socket.gettime()
    for _ = 1, 40 do connect(server):send(GET) end
    for number = 1, 40 do assert.equal("HTTP/1.1 200 OK", (response(connections[number]))) end
    assert.is_true(socket.gettime() - start < 10) -- one after the other they would take 16
  end)

  it("waits for a request only as long as it is told", function()
    local server = open()
    local start = socket.gettime()
    assert.is_nil(server:take())
    assert.is_nil(server:take(0))
    assert.is_nil(server:take(-1))
    assert.is_true(socket.gettime() - start < 2)
    start = socket.gettime()
    assert.is_nil(server:take(0.2))
    local taken = socket.gettime() - start
    assert.is_true(taken >= 0.19 and taken < 5, taken)
  end)

  it("keeps 1,000 requests; what goes beyond is answered 503, and room is made by taking", function()
    local server = open()
    local connection = connect(server)
    local function post()
      connection:send(GET)
      return (response(connection)):sub(10, 12)
    end
    for _ = 1, 1000 do assert.equal("200", post()) end
    assert.equal("503", post())
    assert.truthy(server:take(1))
    assert.equal("200", post())
    assert.equal("503", post())
    local count = 0
    while server:take(0) do count = count + 1 end
    assert.equal(1000, count)
  end)

  it("keeps 64 MiB; what goes beyond is answered 503, and room is made by taking", function()
    local server = open()
    local function post(megabytes)
      local connection = connect(server)
      connection:send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " .. megabytes * 1048576 .. "\r\n\r\n")
      for _ = 1, megabytes do connection:send(("x"):rep(1048576)) end
      return (response(connection)):sub(10, 12)
    end
    assert.equal("503", post(65))
    assert.equal("200", post(30))
    assert.equal("503", post(40))
    assert.equal(30 * 1048576, #server:take(5).body)
    assert.is_nil(server:take(0))
    assert.equal("200", post(40))
  end)

  it("forgets what a client does not finish", function()
    local server = open()
    for _ = 1, 3 do
      local connection = connect(server)
      connection:send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf")
      connection:close()
    end
    assert.is_nil(server:take(0.1))
  end)

  it("is closed at once, also with answers outstanding, and only once", function()
    local server = open { delay = 60 }
    for _ = 1, 5 do connect(server):send(GET) end
    for _ = 1, 5 do assert.truthy(server:take(5)) end
    local start = socket.gettime()
    server:close()
    assert.is_true(socket.gettime() - start < 20)
    for _, connection in ipairs(connections) do
      local _, reason = connection:receive("*l")
      assert.equal("closed", reason)
    end
    server:close()
    assert.equal("listener (closed)", tostring(server))
    assert.error_matches(function() server:take() end, "the listener is closed")
    assert.error_matches(function() server:port() end, "the listener is closed")
  end)

  it("leaves no thread and no descriptor behind", function()
    local threads_before, descriptors_before = threads(), descriptors()
    for _ = 1, 5 do
      local server = assert(listener.open { delay = 0.01 })
      local connection = assert(socket.connect("127.0.0.1", server:port()))
      connection:send(GET)
      server:take(5)
      server:close()
      connection:close()
    end
    -- fewer, when what earlier tests left to the collector and to ending threads was counted before
    assert.is_true(threads() <= threads_before)
    assert.is_true(descriptors() <= descriptors_before)
  end)

  it("is closed by the garbage collector", function()
    local port = listener.open():port()
    collectgarbage()
    collectgarbage()
    assert.is_nil((socket.connect("127.0.0.1", port)))
  end)

  it("says why it cannot listen", function()
    local server = open()
    local second, message, code = listener.open { port = server:port() }
    assert.is_nil(second)
    assert.matches("^cannot listen on 127%.0%.0%.1 port %d+: Address already in use$", message)
    assert.equal("address", code)
  end)

  it("refuses a wrong option by its name, at the caller's line", function()
    local function refuses(options, pattern)
      local ok, message = pcall(function() listener.open(options) end)
      assert.is_false(ok)
      assert.matches("^%S*listener_spec%.lua:%d+: listener%.open: " .. pattern, message)
    end
    refuses({ prot = 1 }, 'unknown option "prot"')
    refuses({ "x" }, 'unknown option "number"')
    refuses({ port = "80" }, "port: must be a number, not a string")
    refuses({ port = 65536 }, "port: must be a whole number from 0 to 65535")
    refuses({ port = 1.5 }, "port: must be a whole number")
    refuses({ port = -1 }, "port: must be a whole number")
    refuses({ status = 199 }, "status: must be")
    refuses({ status = 600 }, "status: must be")
    refuses({ delay = -1 }, "delay: must be from 0 to 3600 seconds")
    refuses({ delay = 0 / 0 }, "delay: must be from 0 to 3600 seconds")
    refuses({ delay = 3601 }, "delay: must be from 0 to 3600 seconds")
    refuses({ address = "localhost" }, "address: must be an IPv4 or IPv6 address")
    refuses({ address = 1 }, "address: must be a string, not a number")
    refuses({ body = {} }, "body: must be a string, not a table")
    refuses({ headers = { "x" } }, "headers: names and values must be strings")
    refuses({ headers = { ["X-A"] = "a\r\nX-B: b" } }, 'headers: "X%-A" cannot be added')
    refuses({ headers = { ["X A"] = "a" } }, 'headers: "X A" cannot be added')
    refuses({ headers = { ["X-A"] = "a\0b" } }, 'headers: "X%-A" cannot be added')
    refuses({ headers = { ["Content-Length"] = "1" } }, 'headers: "Content%-Length" cannot be added')
  end)
end)
