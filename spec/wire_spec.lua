-- What goes over the wire, byte by byte, and what is refused before it could.

local cjson = require "cjson"
local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local trials = require "spec.support.trial"
local webhook = require "intent_webhook"

describe("a request", function()
  local receiver, trial

  setup(function() receiver = receivers.start() end)
  teardown(process.stop_all)
  before_each(function() receiver:forget() end)
  after_each(function()
    if trial then trial:close() end
    trial = nil
  end)

  -- Fires once; returns the only request that came.
  local function sent(action, slots, values)
    if trial then trial:close() end
    trial = trials.new({ it = action }, slots)
    trial:fire("it", values)
    trial:settle()
    local requests = receiver:requests()
    assert.equal(1, #requests)
    return requests[1].bytes
  end

  local function expected(target, lines, body)
    return "POST " .. target .. " HTTP/1.1\r\nHost: 127.0.0.1:" .. receiver.port .. "\r\n"
      .. "Content-Type: application/json\r\nUser-Agent: rag-go-intent-webhook/1.0\r\n" .. lines
      .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
  end

  it("is what the contract says, and nothing else", function()
    assert.equal(expected("/status/200", "", '{"name":"Zoë"}'), sent({ webhook = receiver:url("/status/200") }))
  end)

  it("has the payload of the contract's example", function()
    local body = '{"customer_name":"John Doe","appointment_date":"2026-03-15","phone":"+84901234567"}'
    assert.equal(expected("/hook", "", body), sent({ webhook = receiver:url("/hook") },
      { "customer_name", "appointment_date", "phone" },
      { phone = "+84901234567", customer_name = "John Doe", appointment_date = "2026-03-15" }))
  end)

  it("carries the token when there is one", function()
    assert.equal(expected("/hook", "Authorization: Bearer abc123\r\n", '{"name":"Zoë"}'),
      sent { webhook = receiver:url("/hook"), token = "abc123" })
  end)

  it("carries the token of the environment", function()
    local folder = process.temporary_folder()
    finally(function() process.remove(folder) end)
    local status, output, errors = process.run { process.interpreter(), "spec/support/once.lua",
      folder .. "/history.db", cjson.encode { webhook = receiver:url("/hook"), token_env = "SPEC_TOKEN" },
      env = { SPEC_TOKEN = "from-outside" } }
    assert.equal(0, status, errors)
    assert.equal("delivered", cjson.decode(output).status)
    assert.equal(expected("/hook", "Authorization: Bearer from-outside\r\n", '{"name":"value"}'),
      receiver:requests()[1].bytes)
  end)

  it("carries the endpoint's headers, by name, behind the contract's", function()
    assert.equal(
      expected("/hook", "Authorization: Bearer abc123\r\nX-A: 1\r\nX-B: two words\r\nX-Empty:\r\nx-c: Größe\r\n",
        '{"name":"Zoë"}'),
      sent { webhook = receiver:url("/hook"), token = "abc123",
        headers = { ["X-B"] = "two words", ["x-c"] = "Größe", ["X-A"] = "1", ["X-Empty"] = "" } })
  end)

  it("carries an Authorization of the endpoint's own", function()
    assert.equal(expected("/hook", "Authorization: Basic dTpw\r\n", '{"name":"Zoë"}'),
      sent { webhook = receiver:url("/hook"), headers = { Authorization = "Basic dTpw" } })
  end)

  it("carries Accept only when the endpoint has one", function()
    assert.equal(expected("/hook", "Accept: application/json\r\n", '{"name":"Zoë"}'),
      sent { webhook = receiver:url("/hook"), headers = { Accept = "application/json" } })
  end)

  it("has the slots in the order in which the intent declares them", function()
    local slots, values, parts = {}, {}, {}
    for number = 20, 1, -1 do
      local name = ("slot_%d"):format(number * 7 % 23)
      slots[#slots + 1] = name
      values[name] = "v" .. number
      parts[#parts + 1] = ('"%s":"v%d"'):format(name, number)
    end
    assert.equal(expected("/", "", "{" .. table.concat(parts, ",") .. "}"), sent({ webhook = receiver:url("/") }, slots,
      values))
  end)

  it("carries the value of a sensitive slot as it is", function()
    assert.equal(expected("/", "", '{"phone":"+84901234567"}'), sent({ webhook = receiver:url("/") },
      { { name = "phone", sensitive = true } }, { phone = "+84901234567" }))
  end)

  it("leaves out an optional slot that is missing, and carries null", function()
    assert.equal(expected("/", "", '{"a":null,"c":false}'), sent({ webhook = receiver:url("/") },
      { { name = "a", optional = true }, { name = "b", optional = true }, "c" }, { a = webhook.null, c = false }))
  end)

  it("carries no slots as an empty object", function()
    assert.equal(expected("/", "", "{}"), sent({ webhook = receiver:url("/") }, {}, {}))
  end)

  it("carries text in UTF-8 as it is, escaping only what JSON must", function()
    local text = "Nguyễn 東京 🎉 \"quoted\" back\\slash / tab\t line\n\r \b\f \1 \127 </script>"
    assert.equal(expected("/", "", '{"text":"Nguyễn 東京 🎉 \\"quoted\\" back\\\\slash / tab\\t line\\n\\r \\b\\f \\u0001 '
      .. '\127 </script>"}'), sent({ webhook = receiver:url("/") }, { "text" }, { text = text }))
  end)

  it("carries a NUL in text", function()
    assert.equal(expected("/", "", '{"text":"a\\u0000b"}'), sent({ webhook = receiver:url("/") }, { "text" },
      { text = "a\0b" }))
  end)

  it("never carries text that is not UTF-8, and the event says so", function()
    assert.equal(expected("/", "", '{"text":"a\239\191\189b\239\191\189"}'), sent({ webhook = receiver:url("/") },
      { "text" }, { text = "a\255b\195" }))
    assert.matches("UTF%-8", trial.client:events().events[1].note)
  end)

  it("carries numbers in the shortest form that reads back the same", function()
    assert.equal(expected("/", "", '{"a":0.1,"b":1e+300,"c":-2.5,"d":0.30000000000000004,"e":3}'),
      sent({ webhook = receiver:url("/") }, { "a", "b", "c", "d", "e" },
        { a = 0.1, b = 1e300, c = -2.5, d = 0.1 + 0.2, e = 3 }))
  end)

  local largest, smallest = rawget(math, "maxinteger"), rawget(math, "mininteger")
  if largest then
    it("carries all 64 bits of an integer", function()
      assert.equal(expected("/", "", '{"a":9223372036854775807,"b":-9223372036854775808,"c":12345678901234567}'),
        sent({ webhook = receiver:url("/") }, { "a", "b", "c" },
          { a = largest, b = smallest, c = 12345678901234567 }))
    end)
  end

  it("carries what a map function returns", function()
    assert.equal(expected("/", "", '{"text":"Booked for Zoë"}'), sent { webhook = receiver:url("/"),
      map = function(slots) return { text = "Booked for " .. slots.name } end })
  end)

  it("goes to the target exactly as the URL has it", function()
    local target = "/a/../b/./c//d%2Fe%20f;p=1?x=1&y=%26&&z=a+b&=?'()*!$,:@[]{}|^`\\"
    target = target:gsub("[%[%]{}|^`\\]", "") -- those are not for URLs
    assert.equal(expected(target, "", '{"name":"Zoë"}'), sent { webhook = receiver:url(target) })
  end)

  it("goes to / when the URL has no path, and to /? with only a query", function()
    assert.equal(expected("/", "", '{"name":"Zoë"}'), sent { webhook = receiver:url("/"):sub(1, -2) })
    receiver:forget()
    assert.equal(expected("/?a=b", "", '{"name":"Zoë"}'), sent { webhook = receiver:url("/"):sub(1, -2) .. "?a=b" })
  end)

  it("names an IPv6 host in brackets", function()
    local other = receivers.start { host = "::1" }
    trial = trials.new { it = { webhook = other:url("/") } }
    assert.equal("delivered", trial:post("it").status)
    assert.equal("Host: [::1]:" .. other.port, other:requests()[1].bytes:match("\r\n(Host: [^\r]*)"))
    other:stop()
  end)

  it("is the same the second time on a connection", function()
    trial = trials.new { it = { webhook = receiver:url("/hook"), token = "abc123" } }
    for _ = 1, 3 do trial:post("it") end
    local requests = receiver:requests()
    assert.equal(3, #requests)
    for _, request in ipairs(requests) do
      assert.equal(expected("/hook", "Authorization: Bearer abc123\r\n", '{"name":"Zoë"}'), request.bytes)
      assert.equal(1, request.connection)
    end
  end)

  it("of a megabyte is whole", function()
    local text = ("0123456789abcdef"):rep(65536)
    assert.equal(expected("/", "", '{"text":"' .. text .. '"}'), sent({ webhook = receiver:url("/") }, { "text" },
      { text = text }))
  end)

  it("is recorded as it was sent, but for the secrets", function()
    local bytes = sent({ webhook = receiver:url("/hook?a=b"), token = "abc123-token", headers = { ["X-Open"] = "open",
      ["X-Key"] = "sesame-sesame" }, secret_headers = { "x-key" } }, { "a", { name = "b", sensitive = true } },
      { a = "plain", b = "confidential" })
    local attempt = trial.client:event(trial.client:events().events[1].id).deliveries[1].attempts[1]
    local head, body = bytes:match("^(.-\r\n\r\n)(.*)$")
    head = head:gsub("Bearer abc123%-token", "[redacted]"):gsub("sesame%-sesame", "[redacted]")
    assert.equal(head, (attempt.request_headers:gsub("Bearer %[redacted%]", "[redacted]")))
    assert.equal((body:gsub('"confidential"', '"[redacted]"')), attempt.request_body)
    assert.equal("POST", attempt.method)
    assert.equal(receiver:url("/hook?a=b"), attempt.url)
    assert.equal("127.0.0.1:" .. receiver.port, attempt.remote_address)
    assert.equal("1.1", attempt.http_version)
    assert.is_nil(attempt.tls_version)
  end)

  it("takes nothing from the environment: no proxy, no .netrc, no .curlrc", function()
    local folder = process.temporary_folder()
    finally(function() process.remove(folder) end)
    local settings = { [".netrc"] = "default login somebody password hidden\n", [".curlrc"] = "user-agent = x\n" }
    for name, text in pairs(settings) do
      local file = assert(io.open(folder .. "/" .. name, "w"))
      file:write(text)
      file:close()
    end
    local proxy = receivers.start()
    local nowhere = proxy:url("/")
    local status, output, errors = process.run { process.interpreter(), "spec/support/once.lua",
      folder .. "/history.db", cjson.encode { webhook = receiver:url("/hook") },
      env = { HOME = folder, CURL_HOME = folder, NETRC = folder .. "/.netrc", http_proxy = nowhere,
        HTTP_PROXY = nowhere, all_proxy = nowhere, ALL_PROXY = nowhere, no_proxy = "" } }
    assert.equal(0, status, errors)
    assert.equal("delivered", cjson.decode(output).status)
    assert.equal(expected("/hook", "", '{"name":"value"}'), receiver:requests()[1].bytes)
    assert.equal(0, proxy:connections())
    proxy:stop()
  end)

  it("keeps no cookies", function()
    trial = trials.new { it = { webhook = receiver:url("/cookie") } }
    for _ = 1, 2 do trial:post("it") end
    local requests = receiver:requests()
    assert.equal(2, #requests)
    assert.equal(requests[1].bytes, requests[2].bytes)
  end)
end)

local ACTION = "intents%[1%]%.actions%[1%]%."

describe("a definition that could put something else on the wire", function()
  local receiver, folder

  setup(function()
    receiver = receivers.start()
    folder = process.temporary_folder()
  end)
  teardown(function()
    assert.equal(0, receiver:connections())
    process.stop_all()
    process.remove(folder)
  end)

  local function refuses(pattern, change)
    local action = { webhook = receiver:url("/hook") }
    local intent = { name = "x", slots = { "name" }, actions = { action } }
    change(action, intent)
    local options = { history = folder .. "/history.db", intents = { intent } }
    local good, message = pcall(webhook.new, options)
    assert.is_false(good, "it was accepted")
    assert.matches("webhook%.new: " .. pattern, message)
    -- the same checker, asked without a client
    local mistakes = webhook.check(options)
    assert.is_true(#mistakes >= 1)
    assert.is_nil(message:find("[%z\1-\31]"), "the message repeats what it refuses")
  end

  for name, byte in pairs { CR = "\r", LF = "\n", ["CR LF"] = "\r\nX-Smuggled: 1", NUL = "\0", DEL = "\127" } do
    it("is refused: " .. name .. " in the URL", function()
      refuses(ACTION .. "webhook: ", function(action) action.webhook = action.webhook .. byte .. "x" end)
      refuses(ACTION .. "webhook: ", function(action) action.webhook = action.webhook .. byte end)
      refuses(ACTION .. "webhook: ", function(action) action.webhook = byte .. action.webhook end)
      refuses(ACTION .. "webhook: ", function(action)
        action.webhook = action.webhook:gsub("127", "12" .. byte .. "7")
      end)
    end)

    it("is refused: " .. name .. " in the token", function()
      refuses(ACTION .. "token: ", function(action) action.token = "abc" .. byte .. "def" end)
      refuses(ACTION .. "token: ", function(action) action.token = "abc" .. byte end)
      refuses(ACTION .. "token: ", function(action) action.token = byte .. "abc" end)
    end)

    it("is refused: " .. name .. " in a header's name or value", function()
      refuses(ACTION .. "headers", function(action) action.headers = { ["X-A" .. byte] = "1" } end)
      refuses(ACTION .. "headers", function(action) action.headers = { [byte .. "X-A"] = "1" } end)
      refuses(ACTION .. "headers", function(action) action.headers = { ["X-A"] = "1" .. byte } end)
      refuses(ACTION .. "headers", function(action) action.headers = { ["X-A"] = byte .. "1" } end)
    end)

    it("is refused: " .. name .. " in a slot's or an intent's name", function()
      refuses("intents%[1%]%.slots%[1%]", function(_, intent) intent.slots = { "na" .. byte .. "me" } end)
      refuses("intents%[1%]%.slots%[1%]", function(_, intent) intent.slots = { { name = "name" .. byte } } end)
      refuses("intents%[1%]%.name", function(_, intent) intent.name = "x" .. byte end)
    end)
  end

  for name, token in pairs {
    ["with the prefix"] = "Bearer abc", ["with the prefix in capitals"] = "BEARER abc",
    ["that is only the prefix"] = "Bearer",
    ["that is empty"] = "", ["with a space"] = "abc def", ["that is only a space"] = " ", ["beyond ASCII"] = "Größe",
    ["with the prefix and a tab"] = "bearer\tabc",
  } do
    it("is refused: a token " .. name, function()
      refuses(ACTION .. "token: ", function(action) action.token = token end)
    end)
  end

  it("is refused: a token from the environment that is not set", function()
    refuses(ACTION .. "token_env: ", function(action) action.token_env = "SPEC_TOKEN_THAT_IS_NOT_SET" end)
  end)

  for name, url in pairs {
    ["with a user name"] = "http://user@127.0.0.1:PORT/", ["with a password"] = "http://user:word@127.0.0.1:PORT/",
    ["with an empty user name"] = "http://@127.0.0.1:PORT/", ["with empty userinfo"] = "http://:@127.0.0.1:PORT/",
    ["with a fragment"] = "http://127.0.0.1:PORT/#there", ["with an empty fragment"] = "http://127.0.0.1:PORT/#",
    ["without a scheme"] = "127.0.0.1:PORT/", ["that is relative"] = "/hook", ["that is empty"] = "",
    ["with only //"] = "//127.0.0.1:PORT/", ["of a file"] = "file:///etc/passwd", ["of FTP"] = "ftp://127.0.0.1:PORT/",
    ["of gopher"] = "gopher://127.0.0.1:PORT/_POST", ["of LDAP"] = "ldap://127.0.0.1:PORT/",
    ["of a script"] = "javascript:1",
    ["without a host"] = "http:///hook", ["with three slashes"] = "http:///127.0.0.1:PORT/",
    ["with one slash"] = "http:/127.0.0.1:PORT/", ["with a backslash"] = "http:\\\\127.0.0.1:PORT/",
    ["with a backslash in the path"] = "http://127.0.0.1:PORT\\@example.org/",
    ["with a space"] = "http://127.0.0.1:PORT/a b",
    ["with a space before it"] = " http://127.0.0.1:PORT/", ["with a tab"] = "http://127.0.0.1:PORT/a\tb",
    ["beyond ASCII"] = "http://127.0.0.1:PORT/größe", ["with a port that is no number"] = "http://127.0.0.1:x/",
    ["with port 65536"] = "http://127.0.0.1:65536/", ["with port 0"] = "http://127.0.0.1:0/",
    ["with a bad percent-encoding in the host"] = "http://127.0.0.%/", ["with an encoded CR LF in the host"] =
    "http://127.0.0.1%0d%0aX-A:1/", ["with an encoded NUL in the host"] = "http://127.0.0.1%00.example/",
  } do
    it("is refused: a URL " .. name, function()
      refuses(ACTION .. "webhook: ", function(action) action.webhook = url:gsub("PORT", receiver.port) end)
    end)
  end

  for _, header in ipairs { "Host", "content-type", "Content-Length", "USER-AGENT", "Transfer-Encoding", "Connection",
    "Expect", "Accept-Encoding", "TE", "Trailer", "Upgrade", "Proxy-Authorization" } do
    it("is refused: a second " .. header, function()
      refuses(ACTION .. "headers", function(action) action.headers = { [header] = "x" } end)
    end)
  end

  it("is refused: Authorization beside a token", function()
    refuses(ACTION .. "headers", function(action)
      action.token = "abc"
      action.headers = { authorization = "Basic x" }
    end)
  end)

  it("is refused: a header twice, in different case", function()
    refuses(ACTION .. "headers", function(action) action.headers = { ["X-A"] = "1", ["x-a"] = "2" } end)
  end)

  for name, header in pairs {
    ["that is empty"] = "", ["with a space"] = "X A", ["with a colon"] = "X-A:", ["beyond ASCII"] = "X-Ä",
  } do
    it("is refused: a header name " .. name, function()
      refuses(ACTION .. "headers", function(action) action.headers = { [header] = "1" } end)
    end)
  end
end)
