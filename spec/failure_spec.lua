-- What can go wrong at an endpoint. Everything is fired at once, so that the suite takes as long as its slowest row.

local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local sqlite = require "spec.support.sqlite"
local trials = require "spec.support.trial"

local DELIVERED, FAILED = "delivered", "failed"

-- Each row: what the endpoint does; the path at the receiver that does it; and what is recorded. `timeout` where the
-- row is about time; the others get one that they never need.
local MATRIX = {
  -- the connection
  { "nothing listens at the port", url = "refused", FAILED, cause = "connect_refused", unconnected = true },
  { "the connection attempt is never answered", url = "blackhole", FAILED, cause = "connect_timeout", timeout = 1,
    unconnected = true },
  -- before the response head
  { "it resets the connection before an answer", "/reset-before", FAILED, cause = "response_reset" },
  { "it closes the connection without an answer", "/close", FAILED, cause = "response_empty" },
  { "it never answers", "/hang", FAILED, cause = "response_timeout", timeout = 1 },
  -- within the head
  { "it resets the connection within the head", "/reset-in-head", FAILED, cause = "head_reset" },
  { "it closes the connection within the head", "/close-in-head", FAILED, cause = "head_cut" },
  { "its head never ends, quickly", "/endless-head", FAILED, cause = "head_too_large" },
  { "its head never ends, slowly", "/endless-head?interval=0.05", FAILED, cause = "head_timeout", timeout = 1 },
  { "its head comes a byte at a time", "/slow-head?interval=0.005", FAILED, cause = "head_timeout", timeout = 1 },
  { "not even its status line is there in time", "/slow-head?interval=0.1", FAILED, cause = "response_timeout",
    timeout = 1 },
  { "its head has 1 MB in many lines", "/big-head?size=1000000", FAILED, cause = "head_too_large" },
  { "its head has 1 MB in one line", "/big-head?size=1000000&kind=line", FAILED, cause = "head_too_large" },
  { "its head has 200 KB in many lines", "/big-head?size=200000", DELIVERED, http_status = 200 },
  { "its interim responses never end", "/interim/103?times=100000", FAILED, cause = "head_too_large" },
  -- no HTTP
  { "it answers with bytes that are no HTTP", "/garbage", FAILED, cause = "response_malformed" },
  { "it answers like an SSH server", "/garbage?kind=ssh", FAILED, cause = "response_malformed" },
  { "it answers with a page without a head", "/garbage?kind=html", FAILED, cause = "response_malformed" },
  { "it answers with an HTTP version that there is not", "/garbage?kind=version", FAILED,
    cause = "response_malformed" },
  { "it answers with a status that is no number", "/garbage?kind=status", FAILED, cause = "response_malformed" },
  { "it answers with a status of two digits", "/garbage?kind=short", FAILED, cause = "response_malformed" },
  -- behind a complete 2xx head: delivered all the same
  { "it resets the connection within the body", "/reset-in-body", DELIVERED, http_status = 200,
    body_cause = "body_reset", body = "only this", length = 100, truncated = true },
  { "it closes the connection within the body", "/close-in-body", DELIVERED, http_status = 200,
    body_cause = "body_cut", body = "only this", length = 100, truncated = true },
  { "its body comes a byte at a time", "/slow-body", DELIVERED, http_status = 200, body_cause = "body_timeout",
    timeout = 1, length = 1000, truncated = true },
  { "its body never ends", "/endless-body", DELIVERED, http_status = 200, body_cause = "body_too_large",
    size = 65536, truncated = true },
  { "its chunked body never ends", "/endless-body?chunked=1", DELIVERED, http_status = 200,
    body_cause = "body_too_large", size = 65536, truncated = true },
  { "its body has exactly 64 KiB", "/body?size=65536", DELIVERED, http_status = 200, size = 65536, length = 65536 },
  { "its body has a byte more than 64 KiB", "/body?size=65537", DELIVERED, http_status = 200,
    body_cause = "body_too_large", size = 65536, length = 65537, truncated = true },
  { "its chunks are broken", "/bad-chunk", DELIVERED, http_status = 200, body_cause = "body_malformed",
    truncated = true },
  { "it gives two different lengths", "/two-lengths?second=4", DELIVERED, http_status = 200,
    body_cause = "body_malformed", truncated = true },
  { "it gives the same length twice", "/two-lengths", DELIVERED, http_status = 200, body = "hello", length = 5 },
  -- unusual, and right
  { "it sends 100 before 200", "/interim/100", DELIVERED, http_status = 200, body = "after" },
  { "it sends 103 before 200", "/interim/103", DELIVERED, http_status = 200, body = "after" },
  { "it speaks HTTP/1.0 and gives no length", "/http10", DELIVERED, http_status = 200, body = "until the end",
    http_version = "1.0" },
  { "it sends chunks and trailers", "/trailers", DELIVERED, http_status = 200, body = "hello world" },
  { "it closes the connection that it promised to keep", "/close-after", DELIVERED, http_status = 200,
    body = "and gone" },
  -- statuses
  { "it answers 200 with a body", "/status/200?body=yes", DELIVERED, http_status = 200, body = "yes" },
  { "it answers 200 without a body", "/status/200", DELIVERED, http_status = 200, body = "" },
  { "it answers 201 with a body", "/status/201?body=yes", DELIVERED, http_status = 201, body = "yes" },
  { "it answers 201 without a body", "/status/201", DELIVERED, http_status = 201, body = "" },
  { "it answers 202 with a body", "/status/202?body=yes", DELIVERED, http_status = 202, body = "yes" },
  { "it answers 202 without a body", "/status/202", DELIVERED, http_status = 202, body = "" },
  { "it answers 204 without a body", "/status/204", DELIVERED, http_status = 204, body = "" },
  { "it answers 204 with a body, which there may not be", "/status/204?body=yes", DELIVERED, http_status = 204,
    body = "" },
  { "it answers 299", "/status/299", DELIVERED, http_status = 299 },
  { "it answers 301", "/status/301", FAILED, cause = "status_3xx", http_status = 301, redirect = true },
  { "it answers 302", "/status/302", FAILED, cause = "status_3xx", http_status = 302, redirect = true },
  { "it answers 303", "/status/303", FAILED, cause = "status_3xx", http_status = 303, redirect = true },
  { "it answers 307", "/status/307", FAILED, cause = "status_3xx", http_status = 307, redirect = true },
  { "it answers 308", "/status/308", FAILED, cause = "status_3xx", http_status = 308, redirect = true },
  { "it answers 304", "/status/304", FAILED, cause = "status_3xx", http_status = 304 },
  { "it answers 400", "/status/400?body=no", FAILED, cause = "status_4xx", http_status = 400, body = "no" },
  { "it answers 401", "/status/401?body=no", FAILED, cause = "status_4xx", http_status = 401, body = "no" },
  { "it answers 404", "/status/404?body=no", FAILED, cause = "status_4xx", http_status = 404, body = "no" },
  { "it answers 407", "/status/407?body=no", FAILED, cause = "status_4xx", http_status = 407, body = "no" },
  { "it answers 410", "/status/410?body=no", FAILED, cause = "status_4xx", http_status = 410, body = "no" },
  { "it answers 417", "/status/417?body=no", FAILED, cause = "status_4xx", http_status = 417, body = "no" },
  { "it answers 429", "/status/429?body=no", FAILED, cause = "status_4xx", http_status = 429, body = "no" },
  { "it answers 500", "/status/500?body=no", FAILED, cause = "status_5xx", http_status = 500, body = "no" },
  { "it answers 503", "/status/503?body=no", FAILED, cause = "status_5xx", http_status = 503, body = "no" },
  { "it answers 600", "/status/600?body=no", FAILED, cause = "status_other", http_status = 600, body = "no" },
  { "it answers 101, for which nobody has asked", "/status/101", FAILED, cause = "status_other", http_status = 101,
    body_cause = "body_timeout", truncated = true, timeout = 1 },
  -- the default timeout, last but not least
  { "it never answers and no timeout was given", "/hang?default=1", FAILED, cause = "response_timeout",
    timeout = "default" },
}

local function resident_kilobytes(field)
  return tonumber(process.read_file("/proc/" .. process.pid() .. "/status"):match(field .. ":%s*(%d+)"))
end

describe("an endpoint", function()
  local receiver, elsewhere, trial, ids, polled, seen, memory

  setup(function()
    receiver = receivers.start()
    elsewhere = receivers.start() -- where redirects point
    local actions = {}
    for number, row in ipairs(MATRIX) do
      local url = receiver:url(row[#row - 1])
      if row.url == "refused" then url = "http://127.0.0.1:" .. process.free_port() .. "/" end
      if row.url == "blackhole" then url = ("http://127.0.0.1:%d/"):format(receiver:blackhole()) end
      if row.redirect then url = url .. "?location=" .. elsewhere:url("/target") end
      row.target = url:match("^%w+://[^/]+(.*)$")
      row.key = ("row %d"):format(number)
      actions[row.key] = { webhook = url, timeout = row.timeout or 8 }
      if row.timeout == "default" then actions[row.key].timeout = nil end
    end
    trial = trials.new(actions)
    local clear = assert(io.open("/proc/" .. process.pid() .. "/clear_refs", "w")) -- begins a new peak
    clear:write("5")
    clear:close()
    memory = { before = resident_kilobytes("VmRSS") }
    ids = trial:fire_all()
    trial:settle(20)
    memory.peak = resident_kilobytes("VmHWM")
    polled = {}
    for _, delivery in ipairs(trial.client:poll()) do
      polled[delivery.id] = polled[delivery.id] or {}
      table.insert(polled[delivery.id], delivery)
    end
    seen = {}
    for _, request in ipairs(receiver:requests()) do seen[request.target] = (seen[request.target] or 0) + 1 end
  end)

  teardown(function()
    if trial then trial:close() end
    process.stop_all()
  end)

  for _, row in ipairs(MATRIX) do
    local status = row[#row]
    local words = row.cause or row.body_cause
    it(("is %s%s when %s"):format(status, words and ", " .. words .. "," or "", row[1]), function()
      local outcome = trial:outcome(ids[row.key])
      local attempt = outcome.attempt
      assert.equal(status, outcome.status)
      assert.equal(row.cause, outcome.cause)
      assert.equal(row.cause, attempt.cause)
      assert.equal(row.http_status, attempt.http_status)
      assert.equal(row.body_cause, attempt.body_cause)
      assert.equal(row.truncated or false, attempt.truncated)
      if row.body then assert.equal(row.body, attempt.response_body) end
      if row.size then assert.equal(row.size, #attempt.response_body) end
      if row.length then assert.equal(row.length, attempt.response_length) end
      if row.http_version then assert.equal(row.http_version, attempt.http_version) end
      assert.is_false(attempt.resent)
      -- for people: a sentence with every failure
      if row.cause then assert.is_true(#outcome.message > 20) end
      -- in time: the deadline is absolute, and what is not about time does not take any
      local limit = row.timeout == "default" and 10 or row.timeout
      if limit then
        assert.is_true(attempt.total_us > limit * 0.95e6, attempt.total_us)
        assert.is_true(attempt.total_us < limit * 1e6 + 4e6, attempt.total_us)
      else
        assert.is_true(attempt.total_us < 5e6, attempt.total_us)
      end
      -- once: one request on the wire, one finished delivery for the host
      assert.equal(row.unconnected and 0 or 1, seen[row.target] or 0)
      assert.equal(1, #polled[ids[row.key]])
      assert.equal(status, polled[ids[row.key]][1].status)
      assert.equal(row.cause, polled[ids[row.key]][1].cause)
    end)
  end

  it("is never left for the target of a redirect, and Location is recorded", function()
    assert.equal(0, elsewhere:connections())
    local redirects = 0
    for _, row in ipairs(MATRIX) do
      if row.redirect then
        redirects = redirects + 1
        local headers = trial:outcome(ids[row.key]).attempt.response_headers
        assert.truthy(headers:find("Location: " .. elsewhere:url("/target") .. "\r\n", 1, true), headers)
      end
    end
    assert.equal(5, redirects)
  end)

  it("gets 10 s when no timeout is given", function()
    for _, row in ipairs(MATRIX) do
      if row.timeout == "default" then
        local total = trial:outcome(ids[row.key]).attempt.total_us
        assert.is_true(total >= 9.9e6 and total < 14e6, total)
      end
    end
  end)

  it("costs bounded memory, however much it sends", function()
    -- it sent without an end in four of the rows, and a MB in two; all of them at once
    local grown = memory.peak - memory.before
    assert.is_true(grown < 64 * 1024, grown .. " KB")
  end)

  it("keeps a gzip body as it came", function()
    local client = trials.new { gzip = { webhook = receiver:url("/gzip") } }
    finally(function() client:close() end)
    local outcome = client:post("gzip")
    assert.equal(DELIVERED, outcome.status)
    assert.is_nil(outcome.attempt.body_cause)
    assert.truthy(outcome.attempt.response_headers:find("Content-Encoding: gzip", 1, true))
    local sql = "SELECT hex(substr(response_body, 1, 2)), length(response_body) = response_length FROM attempts"
    assert.equal("1F8B|1\n", sqlite(client.path, sql))
  end)

  describe("that does not read a large payload", function()
    local client
    setup(function()
      client = trials.new {
        hang = { webhook = receiver:url("/unread?then=hang"), timeout = 1 },
        reset = { webhook = receiver:url("/unread?then=reset") },
        answer = { webhook = receiver:url("/unread?then=answer") },
      }
    end)
    teardown(function() client:close() end)
    local LARGE = { name = ("x"):rep(16 * 1048576) }

    it("and does nothing: failed, send_timeout", function()
      local outcome = client:post("hang", LARGE)
      assert.equal(FAILED, outcome.status)
      assert.equal("send_timeout", outcome.cause)
      assert.is_true(outcome.attempt.total_us < 5e6, outcome.attempt.total_us)
    end)

    it("and resets the connection: failed, by whichever end of it was found broken first", function()
      local outcome = client:post("reset", LARGE)
      assert.equal(FAILED, outcome.status)
      assert.truthy(outcome.cause == "send_failed" or outcome.cause == "response_reset", outcome.cause)
    end)

    it("and answers early: its answer counts", function()
      local outcome = client:post("answer", LARGE)
      assert.equal(FAILED, outcome.status)
      assert.equal("status_4xx", outcome.cause)
      assert.equal(413, outcome.attempt.http_status)
      assert.equal("too large", outcome.attempt.response_body)
    end)
  end)

  -- Connections are kept across clients, so those who count them need a receiver of their own.
  describe("that drops idle connections", function()
    local own, client
    before_each(function() own = receivers.start() end)
    after_each(function()
      client:close()
      own:stop()
    end)

    for how, word in pairs { close = "closes", reset = "resets" } do
      it(word .. " one just as the next request goes out: it is sent again on a new one, and the attempt says so",
        function()
          client = trials.new { idle = { webhook = own:url("/idle-close?how=" .. how) } }
          local first = client:post("idle", { name = "one" })
          assert.equal(DELIVERED, first.status)
          assert.is_false(first.attempt.resent)
          local second = client:post("idle", { name = "two" })
          assert.equal(DELIVERED, second.status)
          assert.is_true(second.attempt.resent)
          assert.equal("first", second.attempt.response_body)
          local _, requests = second.attempt.request_headers:gsub("POST ", "")
          assert.equal(1, requests)
          assert.equal(2, own:connections())
          local bodies = {}
          for _, request in ipairs(own:requests()) do bodies[#bodies + 1] = request.body end
          assert.same({ '{"name":"one"}', '{"name":"two"}', '{"name":"two"}' }, bodies)
        end)
    end

    it("closes one behind its answer: the next request goes out on a new one, once", function()
      client = trials.new { idle = { webhook = own:url("/close-after") } }
      for _ = 1, 3 do
        local outcome = client:post("idle")
        assert.equal(DELIVERED, outcome.status)
        assert.is_false(outcome.attempt.resent)
        process.sleep(0.05)
      end
      assert.equal(3, own:connections())
      assert.equal(3, #own:requests())
    end)
  end)

  describe("with a connection that is kept", function()
    local own, client
    before_each(function() own = receivers.start() end)
    after_each(function()
      client:close()
      own:stop()
    end)

    it("gets the next request on it", function()
      client = trials.new { good = { webhook = own:url("/status/200?body=ok") } }
      for _ = 1, 5 do assert.equal(DELIVERED, client:post("good").status) end
      assert.equal(1, own:connections())
    end)

    it("fails on it for the same causes as on a new one", function()
      client = trials.new {
        good = { webhook = own:url("/status/200") },
        hang = { webhook = own:url("/hang"), timeout = 0.5 },
        close = { webhook = own:url("/close-in-head") },
        reset = { webhook = own:url("/reset-in-head") },
        slow = { webhook = own:url("/slow-head?interval=0.005"), timeout = 0.5 },
      }
      local expected = { hang = "response_timeout", close = "head_cut", reset = "head_reset", slow = "head_timeout" }
      for name, cause in pairs(expected) do
        assert.equal(DELIVERED, client:post("good").status)
        local before = own:connections()
        assert.equal(cause, client:post(name).cause)
        assert.equal(before, own:connections(), "it went out on the connection that was kept")
      end
    end)

    it("is not confused by bytes behind a response", function()
      client = trials.new { smuggled = { webhook = own:url("/status/204?body=HTTP/1.1+500+No%0D%0A%0D%0A") } }
      for _ = 1, 3 do
        local outcome = client:post("smuggled")
        assert.equal(204, outcome.attempt.http_status)
        assert.equal(DELIVERED, outcome.status)
      end
      assert.equal(3, #own:requests())
    end)

    it("is not asked again on the connection whose body was given up", function()
      client = trials.new { large = { webhook = own:url("/body?size=200000") } }
      for _ = 1, 3 do
        local outcome = client:post("large")
        assert.equal(DELIVERED, outcome.status)
        assert.equal("body_too_large", outcome.attempt.body_cause)
      end
      assert.equal(3, own:connections())
    end)
  end)
end)
