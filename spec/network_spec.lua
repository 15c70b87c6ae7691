-- network = "public": which addresses are dialled. Whatever might leave loopback runs in a child process behind the
-- shim (spec/support/shim.c), which logs every connection attempt and lets none out.

local cjson = require "cjson"
local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local shims = require "spec.support.shim"
local socket = require "socket"
local trials = require "spec.support.trial"
local webhook = require "intent_webhook"

-- Hosts of URLs, by what they lead to. PORT of the receiver on 127.0.0.1 comes behind each.
local FORBIDDEN = {
  ["127.0.0.0/8"] = {
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.2", "127.255.255.254", "2130706433", "0x7f000001",
    "0X7F000001", "017700000001", "0x7f.0.0.1", "0x7F.0.0.0x1", "0177.0.0.1", "0177.0.0.01", "00000177.0.0.1",
    "0x7f.1", "0177.1", "127.0.0x1", "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "localhost",
    "LOCALHOST", "localhost.", "any.localhost",
  },
  ["0.0.0.0/8"] = { "0.0.0.0", "0", "0x0", "00", "0.0", "000.000.000.000", "1", "0.0.0.1", "0.1.2.3" },
  ["10.0.0.0/8"] = { "10.0.0.1", "10.255.255.255", "10.1", "012.0.0.1", "0xa.0.0.1", "167772161", "0x0a000001" },
  ["172.16.0.0/12"] = { "172.16.0.1", "172.31.255.255", "2886729729", "0254.020.0.1" },
  ["192.168.0.0/16"] = { "192.168.0.1", "192.168.1", "3232235777", "0xC0A80101", "0300.0250.1.1" },
  ["169.254.0.0/16"] = { "169.254.169.254", "2852039166", "0xA9FEA9FE", "169.254.43518", "0251.0376.0251.0376" },
  ["100.64.0.0/10"] = { "100.64.0.1", "100.100.100.200", "100.127.255.255" },
  ["other IPv4"] = { "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "4294967295" },
  ["::1 and ::"] = { "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[0::0:1]", "[::]",
    "[0:0:0:0:0:0:0:0]" },
  ["IPv4 in IPv6"] = {
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::FFFF:127.0.0.1]", "[::127.0.0.1]",
    "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:192.168.0.1]", "[::ffff:169.254.169.254]",
    "[::ffff:0.0.0.0]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::1]",
    "[2002:a00:1::1]", "[2002:a9fe:a9fe::1]", "[2001:0:0:0:0:0:80ff:fffe]",
  },
  ["other IPv6"] = {
    "[fe80::1]", "[fe80::1%25lo]", "[febf::1]", "[fec0::1]", "[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[ff02::1]",
    "[ff05::2]", "[2001:db8::1]", "[100::1]", "[2001:2::1]", "[3fff::1]",
  },
}

describe('network = "public"', function()
  local receiver, six, folder, shim, trial

  setup(function()
    receiver = receivers.start()
    six = receivers.start { host = "::1" }
    folder = process.temporary_folder()
    shim = shims.build(folder)
  end)
  teardown(function()
    process.stop_all()
    process.remove(folder)
  end)
  before_each(function() -- a fresh one, since connections are kept from test to test
    receiver:stop()
    receiver = receivers.start()
    six:forget()
  end)
  after_each(function()
    if trial then trial:close() end
    trial = nil
  end)

  -- Posts once to each URL behind the shim: a list of outcomes, and the connection attempts.
  local function post_behind_shim(urls, names, change)
    local command = { process.interpreter(), "spec/support/once.lua", folder .. "/shimmed.db",
      env = shim:environment(names) }
    for _, url in ipairs(urls) do
      local action = { webhook = url, network = "public", timeout = 5 }
      for name, value in pairs(change or {}) do action[name] = value end
      command[#command + 1] = cjson.encode(action)
    end
    local status, output, errors = process.run(command, 60)
    assert.equal(0, status, errors)
    local outcomes, attempts = {}, {}
    for line in output:gmatch("[^\n]+") do outcomes[#outcomes + 1] = cjson.decode(line) end
    assert.equal(#urls, #outcomes)
    for _, line in ipairs(shim:log()) do
      if line:match("^connect ") then attempts[#attempts + 1] = line:match("^connect (.*)$") end
    end
    return outcomes, attempts
  end

  local function is_forbidden(outcome, what)
    if outcome.refused then
      assert.matches("%.webhook: ", outcome.refused, what)
    else
      assert.equal("failed", outcome.status, what)
      assert.equal("address_forbidden", outcome.cause, what)
      assert.is_nil(outcome.http_status, what)
    end
  end

  it("lets the shim see every connection attempt, or the rest of this would prove nothing", function()
    local urls = { ("http://2130706433:%d/"):format(receiver.port), six:url("/"),
      "http://loop.test:" .. receiver.port .. "/", "http://192.0.2.1/" }
    local outcomes, attempts = post_behind_shim(urls, { ["loop.test"] = "127.0.0.1" }, { network = "any" })
    for number = 1, 3 do assert.equal("delivered", outcomes[number].status) end
    assert.equal("connect_unreachable", outcomes[4].cause)
    local four = "127.0.0.1 " .. receiver.port
    assert.same({ four, "::1 " .. six.port, four, "192.0.2.1 80" }, attempts)
  end)

  local count = 0
  for range, hosts in pairs(FORBIDDEN) do
    count = count + #hosts
    it(("dials none of %d spellings of %s"):format(#hosts, range), function()
      local urls = {}
      for number, host in ipairs(hosts) do
        urls[number] = ("http://%s:%d/"):format(host, host:match("^%[[:0]*1%]") and six.port or receiver.port)
      end
      local outcomes, attempts = post_behind_shim(urls, { localhost = "127.0.0.1", ["localhost."] = "127.0.0.1" })
      assert.same({}, attempts)
      for number, outcome in ipairs(outcomes) do is_forbidden(outcome, hosts[number]) end
      assert.equal(0, receiver:connections())
      assert.equal(0, six:connections())
    end)
  end

  it("is tried with at least 60 spellings", function() assert.is_true(count >= 60, count) end)

  it("refuses a name that leads to a forbidden address, or only to such", function()
    local names = {
      ["loop.test"] = "127.0.0.1", ["private.test"] = "10.0.0.1", ["metadata.test"] = "169.254.169.254",
      ["six.test"] = "::1", ["mapped.test"] = "::ffff:127.0.0.1", ["mixed.test"] = "10.0.0.1,127.0.0.1,::1,fe80::1",
    }
    local urls = {}
    for name in pairs(names) do urls[#urls + 1] = ("http://%s:%d/"):format(name, receiver.port) end
    local outcomes, attempts = post_behind_shim(urls, names)
    assert.same({}, attempts)
    for number, outcome in ipairs(outcomes) do is_forbidden(outcome, urls[number]) end
  end)

  it("does not take a dot behind an address for another spelling of it: that is a name, which there is not", function()
    local outcomes, attempts = post_behind_shim({ ("http://127.0.0.1.:%d/"):format(receiver.port) })
    assert.same({}, attempts)
    assert.equal("name_unresolved", outcomes[1].cause)
  end)

  it("dials the public ones among a name's addresses, and none of the others", function()
    local _, attempts = post_behind_shim({ "http://both.test:" .. receiver.port .. "/" },
      { ["both.test"] = "127.0.0.1,93.184.216.34,10.0.0.1,::1" })
    assert.same({ "93.184.216.34 " .. receiver.port }, attempts)
    assert.equal(0, receiver:connections())
  end)

  it("dials no forbidden address when a name's answer changes between a check and the connection", function()
    -- Each name is public at some lookups and forbidden at others; each is posted to several times.
    local names = {
      ["second.test"] = "93.184.216.34/127.0.0.1", ["third.test"] = "93.184.216.34/93.184.216.34/127.0.0.1",
      ["first.test"] = "127.0.0.1/93.184.216.34", ["flip.test"] = "93.184.216.34/127.0.0.1/93.184.216.34/::1/10.0.0.1",
    }
    local urls = {}
    for name in pairs(names) do
      for _ = 1, 4 do urls[#urls + 1] = ("http://%s:%d/"):format(name, receiver.port) end
    end
    local outcomes, attempts = post_behind_shim(urls, names)
    assert.is_true(#attempts >= 3, "the public answers were dialled")
    for _, attempt in ipairs(attempts) do assert.equal("93.184.216.34 " .. receiver.port, attempt) end
    for _, outcome in ipairs(outcomes) do
      assert.truthy(outcome.cause == "address_forbidden" or outcome.cause == "connect_unreachable", outcome.cause)
    end
    assert.equal(0, receiver:connections())
  end)

  it("dials public addresses", function()
    local urls = { "http://93.184.216.34/", "http://8.8.8.8:81/", "http://[2606:2800:220:1:248:1893:25c8:1946]/",
      "http://11.0.0.1/", "http://172.32.0.1/", "http://192.167.255.255/", "http://100.63.255.255/" }
    local outcomes, attempts = post_behind_shim(urls)
    assert.same({ "93.184.216.34 80", "8.8.8.8 81", "2606:2800:220:1:248:1893:25c8:1946 80", "11.0.0.1 80",
      "172.32.0.1 80", "192.167.255.255 80", "100.63.255.255 80" }, attempts)
    for _, outcome in ipairs(outcomes) do assert.equal("connect_unreachable", outcome.cause) end
  end)

  it("says of a name that there is none, that it is slow, or that there is no way to it", function()
    local outcomes, attempts = post_behind_shim(
      { "http://nowhere.test/", "http://slow.test/", "http://far.test/" },
      { ["slow.test"] = "slow", ["far.test"] = "93.184.216.34" }, { timeout = 0.5 })
    assert.equal("name_unresolved", outcomes[1].cause)
    assert.equal("name_timeout", outcomes[2].cause)
    assert.is_true(outcomes[2].total_us > 0.47e6 and outcomes[2].total_us < 5e6, outcomes[2].total_us)
    assert.equal("connect_unreachable", outcomes[3].cause)
    assert.same({ "93.184.216.34 80" }, attempts)
  end)

  it("is not held up by a name that is slow: not the others, not close, not the end of the process", function()
    local script = ([[
      local webhook, socket = require "intent_webhook", require "socket"
      local client = webhook.new { history = %q, intents = {
        { name = "slow", actions = {
          { webhook = "http://slow.test/", timeout = 0.3 }, { webhook = "http://slow.test/" } } },
        { name = "quick", actions = { { webhook = %q } } } } }
      client:fire("slow")
      socket.sleep(0.6)
      local start = socket.gettime()
      assert(client:wait(client:fire("quick"), 10)[1].status == "delivered")
      print(socket.gettime() - start)
      start = socket.gettime()
      client:close(0.2)
      print(socket.gettime() - start)
    ]]):format(folder .. "/slow.db", receiver:url("/"))
    local start = socket.gettime()
    local status, output, errors = process.run { process.interpreter(), "-e", script,
      env = shim:environment { ["slow.test"] = "slow" } }
    assert.equal(0, status, errors)
    local taken = socket.gettime() - start
    assert.is_true(taken < 4, "the process took " .. taken .. " s")
    local quick, closing = output:match("^(%S+)\n(%S+)\n$")
    assert.is_true(tonumber(quick) < 1, "another webhook took " .. quick .. " s")
    assert.is_true(tonumber(closing) < 1.5, "close took " .. closing .. " s")
  end)

  it("allows the ranges in allow, and nothing beside them", function()
    trial = trials.new {
      range = { webhook = receiver:url("/"), network = "public", allow = { "10.0.0.0/8", "127.0.0.0/8" } },
      one = { webhook = receiver:url("/"), network = "public", allow = { "127.0.0.1" } },
      mapped = { webhook = ("http://[::ffff:127.0.0.1]:%d/"):format(receiver.port), network = "public",
        allow = { "127.0.0.0/8" } },
      six = { webhook = six:url("/"), network = "public", allow = { "::1/128" } },
      neighbour = { webhook = receiver:url("/"), network = "public", allow = { "127.0.0.2/31", "10.0.0.0/8" } },
      other_family = { webhook = six:url("/"), network = "public", allow = { "127.0.0.0/8" } },
      nothing = { webhook = receiver:url("/"), network = "public", allow = {} },
    }
    for name, status in pairs { range = "delivered", one = "delivered", mapped = "delivered", six = "delivered",
      neighbour = "failed", other_family = "failed", nothing = "failed" } do
      local outcome = trial:post(name)
      assert.equal(status, outcome.status, name)
      if status == "failed" then assert.equal("address_forbidden", outcome.cause, name) end
    end
  end)

  it("of the client holds for every action that does not say otherwise", function()
    trial = trials.new({
      inherits = { webhook = receiver:url("/") },
      any = { webhook = receiver:url("/"), network = "any" },
      allows = { webhook = receiver:url("/"), allow = { "127.0.0.1/32" } },
    }, nil, { network = "public", allow = { "10.0.0.0/8" } })
    assert.equal("address_forbidden", trial:post("inherits").cause)
    assert.equal("delivered", trial:post("any").status)
    assert.equal("delivered", trial:post("allows").status)
  end)

  it("takes the client's ranges where an action has none of its own", function()
    trial = trials.new({
      inherits = { webhook = receiver:url("/") },
      own = { webhook = receiver:url("/"), allow = { "10.0.0.0/8" } },
    }, nil, { network = "public", allow = { "127.0.0.0/8" } })
    assert.equal("delivered", trial:post("inherits").status)
    assert.equal("address_forbidden", trial:post("own").cause)
  end)

  it("uses no connection that an endpoint with network = \"any\" has opened", function()
    trial = trials.new {
      any = { webhook = receiver:url("/") },
      public = { webhook = receiver:url("/"), network = "public" },
    }
    assert.equal("delivered", trial:post("any").status)
    for _ = 1, 3 do
      local outcome = trial:post("public")
      assert.equal("failed", outcome.status)
      assert.equal("address_forbidden", outcome.cause)
      assert.is_nil(outcome.attempt.request_headers)
    end
    assert.equal(1, #receiver:requests())
    assert.equal(1, receiver:connections())
    assert.equal("delivered", trial:post("any").status)
    assert.equal(2, #receiver:requests())
  end)

  it("is the only other word than \"any\", and ranges have to be ranges", function()
    local function refuses(pattern, change)
      local action = { webhook = receiver:url("/") }
      for name, value in pairs(change) do action[name] = value end
      local good, message = pcall(webhook.new, { history = folder .. "/refused.db",
        intents = { { name = "x", actions = { action } } } })
      assert.is_false(good)
      assert.matches(pattern, message)
    end
    refuses("intents%[1%]%.actions%[1%]%.network: ", { network = "Public" })
    refuses("intents%[1%]%.actions%[1%]%.network: ", { network = "private" })
    refuses("intents%[1%]%.actions%[1%]%.network: ", { network = "" })
    for _, range in ipairs { "", "x", "127.0.0.1/33", "127.0.0.1/8", "127.0.0/8", "127.0.0.1/-1", "::1/129",
      "fd00::1/8", "127.0.0.0/8 ", "0177.0.0.0/8", "127.0.0.0/08", "127.0.0.0/", "localhost", "[::1]" } do
      refuses("intents%[1%]%.actions%[1%]%.allow", { allow = { range } })
    end
  end)
end)
