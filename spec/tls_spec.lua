local certificates = require "spec.support.certificates"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local trials = require "spec.support.trial"

describe("an https endpoint", function()
  local folder, made, outcomes, servers, trial, web

  local function over_tls(server, path) return (server:url(path):gsub("^http:", "https:")) end

  setup(function()
    folder = process.temporary_folder()
    made = certificates.make(folder)
    servers = {
      good = receivers.start { certificate = made.good },
      six = receivers.start { certificate = made.good, host = "::1" },
      self_signed = receivers.start { certificate = made.self_signed },
      expired = receivers.start { certificate = made.expired },
      not_yet = receivers.start { certificate = made.not_yet },
      wrong_name = receivers.start { certificate = made.wrong_name },
      plain = receivers.start(),
      silent = receivers.start { hello = "hang" },
      resetting = receivers.start { hello = "reset" },
    }
    web = nginx.start { certificate = made.good }
    local missing, rubbish = folder .. "/missing.pem", folder .. "/index.txt"
    trial = trials.new({
      good = { webhook = servers.good:url("/status/200?body=ok"), ca_file = made.ca_file },
      named = { webhook = servers.good:url("/status/200", "localhost"), ca_file = made.ca_file },
      six = { webhook = servers.six:url("/status/200"), ca_file = made.ca_file },
      unknown_authority = { webhook = servers.good:url("/status/200") },
      self_signed = { webhook = servers.self_signed:url("/status/200"), ca_file = made.ca_file },
      expired = { webhook = servers.expired:url("/status/200"), ca_file = made.ca_file },
      not_yet = { webhook = servers.not_yet:url("/status/200"), ca_file = made.ca_file },
      wrong_name = { webhook = servers.wrong_name:url("/status/200"), ca_file = made.ca_file },
      plain = { webhook = over_tls(servers.plain, "/"), ca_file = made.ca_file },
      silent = { webhook = over_tls(servers.silent, "/"), ca_file = made.ca_file, timeout = 1 },
      resetting = { webhook = over_tls(servers.resetting, "/"), ca_file = made.ca_file },
      missing_file = { webhook = servers.good:url("/status/200"), ca_file = missing },
      rubbish_file = { webhook = servers.good:url("/status/200"), ca_file = rubbish },
      hang = { webhook = servers.good:url("/hang"), ca_file = made.ca_file, timeout = 3 },
      no_tls = { webhook = servers.good:url("/"):gsub("^https", "http") .. "", timeout = 2 },
      two = { webhook = web:url("/hook"), ca_file = made.ca_file },
      two_refused = { webhook = web:url("/refuse"), ca_file = made.ca_file },
      two_missing = { webhook = web:url("/nothing"), ca_file = made.ca_file },
    })
    local ids = trial:fire_all()
    trial:settle()
    outcomes = {}
    for name, id in pairs(ids) do outcomes[name] = trial:outcome(id) end
  end)

  teardown(function()
    if trial then trial:close() end
    if web then web:stop() end
    process.stop_all()
    process.remove(folder)
  end)

  local function fails(name, cause)
    assert.equal("failed", outcomes[name].status)
    assert.equal(cause, outcomes[name].cause)
    assert.is_nil(outcomes[name].attempt.http_status)
    assert.is_true(#outcomes[name].attempt.message > 0)
  end

  it("is delivered to when its certificate is signed by the authority in ca_file", function()
    local outcome = outcomes.good
    assert.equal("delivered", outcome.status)
    assert.equal("ok", outcome.attempt.response_body)
    assert.equal("TLSv1.3", outcome.attempt.tls_version)
    assert.is_true(outcome.attempt.tls_us > outcome.attempt.connect_us)
    assert.equal("delivered", outcomes.named.status)
    assert.equal("delivered", outcomes.six.status)
  end)

  it("is not delivered to when its authority is not trusted", function()
    fails("unknown_authority", "tls_untrusted")
  end)

  it("is not delivered to with a self-signed certificate", function() fails("self_signed", "tls_untrusted") end)
  it("is not delivered to with an expired certificate", function() fails("expired", "tls_expired") end)
  it("is not delivered to with a certificate that is not valid yet", function() fails("not_yet", "tls_expired") end)
  it("is not delivered to with a certificate for another name", function() fails("wrong_name", "tls_name") end)
  it("is not delivered to when plain text answers the TLS hello", function() fails("plain", "tls_handshake") end)
  it("is not delivered to when the handshake is reset", function() fails("resetting", "tls_handshake") end)
  it("is not delivered to when its ca_file is not there", function() fails("missing_file", "tls_ca_file") end)
  it("is not delivered to when its ca_file holds no certificate", function() fails("rubbish_file", "tls_ca_file") end)

  it("is not delivered to when the handshake is never answered, and the deadline holds", function()
    fails("silent", "tls_timeout")
    local total = outcomes.silent.attempt.total_us
    assert.is_true(total > 0.95e6 and total < 2e6, total)
  end)

  it("times out behind the handshake with another cause", function() fails("hang", "response_timeout") end)

  it("is not reached by http", function()
    assert.equal("failed", outcomes.no_tls.status)
    assert.is_nil(outcomes.no_tls.attempt.http_status)
  end)

  it("gets no request before its certificate is known to be good", function()
    for _, name in ipairs { "self_signed", "expired", "not_yet", "wrong_name", "plain", "silent", "resetting" } do
      assert.same({}, servers[name]:requests("/"))
    end
    for _, request in ipairs(servers.good:requests()) do assert.is_true(request.complete) end
  end)

  it("is spoken to in HTTP/2 where it offers that, with the same headers", function()
    local outcome = outcomes.two
    assert.equal("delivered", outcome.status)
    assert.equal("2", outcome.attempt.http_version)
    assert.equal("HTTP/2.0", outcome.attempt.response_body)
    local headers = outcome.attempt.request_headers:lower()
    assert.matches("content%-type: application/json\r\n", headers)
    assert.matches("user%-agent: rag%-go%-intent%-webhook/1%.0\r\n", headers)
    assert.is_nil(headers:find("\r\naccept", 1, true))
  end)

  it("fails with its status in HTTP/2 too", function()
    assert.equal("failed", outcomes.two_refused.status)
    assert.equal(403, outcomes.two_refused.attempt.http_status)
    assert.equal("2", outcomes.two_refused.attempt.http_version)
    assert.equal("refused", outcomes.two_refused.attempt.response_body)
    assert.equal(404, outcomes.two_missing.attempt.http_status)
  end)

  it("takes many requests at once in HTTP/2, each with an outcome of its own", function()
    local ids = {}
    for number = 1, 300 do ids[number] = trial:fire(number % 3 == 0 and "two_refused" or "two") end
    trial:settle(30)
    for number, id in ipairs(ids) do
      local outcome = trial:outcome(id)
      assert.equal(number % 3 == 0 and 403 or 200, outcome.attempt.http_status)
      assert.equal(number % 3 == 0 and "failed" or "delivered", outcome.status)
      assert.is_false(outcome.attempt.resent)
    end
  end)

  it("does not lend its trust: another endpoint at the same server needs an authority of its own", function()
    -- the connection of "good" is still open
    assert.equal("delivered", trial:post("good").status)
    assert.equal("tls_untrusted", trial:post("unknown_authority").cause)
    assert.equal("tls_ca_file", trial:post("missing_file").cause)
  end)
end)
