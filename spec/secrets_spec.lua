-- Secrets go over the wire and never to the disk.

local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local trials = require "spec.support.trial"

local TOKEN = "tok-5eCr3t-Tx9"
local KEY = 'key-"quoted"\\and-Kx7'
local BASIC = "Basic c2VjcmV0OnBhc3N3b3Jk"
local PHONE = "+84 90-SENSITIVE-77"
local NOTE = 'Größe "XL"\n\\back\tslash/ 東京'
local PIN = 9071823
local AMOUNT = 7351.0625

local SLOTS = {
  "customer_name",
  { name = "phone", sensitive = true },
  { name = "note", sensitive = true },
  { name = "pin", sensitive = true },
  { name = "amount", sensitive = true },
}

local VALUES = { customer_name = "Zoë", phone = PHONE, note = NOTE, pin = PIN, amount = AMOUNT }

-- How each secret could stand in a file: as it is, and as JSON, in JSON.
local SPELLINGS = {
  token = { TOKEN },
  key = { KEY, 'key-\\"quoted\\"\\\\and-Kx7', 'key-"quoted"' },
  basic = { "c2VjcmV0OnBhc3N3b3Jk" },
  phone = { PHONE, "SENSITIVE-77" },
  note = { NOTE, 'Größe \\"XL\\"\\n\\\\back\\tslash/ 東京', "\\\\back", "slash/ 東京" },
  pin = { "9071823" },
  amount = { "7351.0625" },
}

describe("a secret", function()
  local receiver, trial, ids

  setup(function()
    receiver = receivers.start()
    local headers = { ["X-Key"] = KEY, ["X-Open"] = "open" }
    local function action(path, change)
      local made = { webhook = receiver:url(path), token = TOKEN, headers = headers, secret_headers = { "x-key" } }
      for name, value in pairs(change or {}) do made[name] = value end
      return made
    end
    trial = trials.new({
      plain = action("/status/200"),
      echo = action("/echo"),
      refused = action("/status/401?body=no"),
      empty = action("/close"),
      reset = action("/reset-in-head"),
      untold = action("/hang", { timeout = 0.2 }),
      gone = { webhook = "http://127.0.0.1:" .. process.free_port() .. "/", token = TOKEN },
      mapped = action("/echo", { map = function(slots)
        return { text = slots.note, list = { slots.pin, slots.phone } }
      end }),
      nested = action("/echo", { map = function(slots)
        return { text = "call " .. slots.phone .. " with " .. slots.pin .. ", pay " .. slots.amount }
      end }),
      raising = action("/echo", { map = function(slots) error("no good: " .. slots.phone .. " / " .. slots.note) end }),
      invalid = action("/echo", { map = function(slots) return { [slots.phone] = print } end }),
      basic = { webhook = receiver:url("/echo"), headers = { authorization = BASIC } },
    }, SLOTS)
    ids = trial:fire_all(VALUES)
    trial:settle()
  end)

  teardown(function()
    if trial then trial:close() end
    process.stop_all()
  end)

  local function on_the_wire()
    local list = {}
    for _, request in ipairs(receiver:requests()) do list[#list + 1] = request.bytes end
    return table.concat(list, "\n")
  end

  local function files()
    local list = {}
    for name in process.shell("ls -A " .. process.quote(trial.folder)):gmatch("[^\n]+") do
      list[name] = process.read_file(trial.folder .. "/" .. name)
    end
    return list
  end

  it("goes over the wire", function()
    local wire = on_the_wire()
    assert.truthy(wire:find("Authorization: Bearer " .. TOKEN .. "\r\n", 1, true))
    assert.truthy(wire:find("X-Key: " .. KEY .. "\r\n", 1, true))
    assert.truthy(wire:find("uthorization: " .. BASIC .. "\r\n", 1, true))
    assert.truthy(wire:find('"phone":"' .. PHONE .. '"', 1, true))
    assert.truthy(wire:find('"pin":9071823', 1, true))
    assert.truthy(wire:find('"amount":7351.0625', 1, true))
    assert.truthy(wire:find("call " .. PHONE .. " with 9071823", 1, true))
  end)

  it("is in no file: not in the database, the WAL or the SHM", function()
    local count = 0
    for name, content in pairs(files()) do
      count = count + 1
      for secret, spellings in pairs(SPELLINGS) do
        for _, spelling in ipairs(spellings) do
          assert.is_nil(content:find(spelling, 1, true), ("%s holds %s: %s"):format(name, secret, spelling))
        end
      end
    end
    assert.is_true(count >= 2, "the database and its WAL are there")
  end)

  it("leaves the rest readable", function()
    local content = {}
    for _, each in pairs(files()) do content[#content + 1] = each end
    content = table.concat(content)
    for _, word in ipairs { "customer_name", "Zoë", "X-Open: open", "[redacted]" } do
      assert.truthy(content:find(word, 1, true), word)
    end
    local attempt = trial:outcome(ids.plain).attempt
    assert.matches("\r\nAuthorization: [^\r]*%[redacted%]\r\n", attempt.request_headers)
    assert.matches("\r\nX%-Key: %[redacted%]\r\n", attempt.request_headers)
    assert.matches('^{"customer_name":"Zoë","phone":"%[redacted%]",', attempt.request_body)
  end)

  it("that the receiver sends back is stored redacted, in the head and in the body", function()
    local attempt = trial:outcome(ids.echo).attempt
    assert.equal(200, attempt.http_status)
    assert.matches("\r\nX%-Echo%-Authorization: [^\r]*%[redacted%]\r\n", attempt.response_headers)
    assert.matches("\r\nX%-Echo%-X%-Key: %[redacted%]\r\n", attempt.response_headers)
    assert.matches("X%-Open: open", attempt.response_body)
    assert.matches("%[redacted%]", attempt.response_body)
  end)

  it("in the error of a map function is redacted, and the error is kept", function()
    local outcome = trial:outcome(ids.raising)
    assert.equal("map_error", outcome.cause)
    assert.matches("no good: %[redacted%]", outcome.event.error)
    assert.matches("secrets_spec%.lua:%d+", outcome.event.error)
  end)

  it("in the path of a value that cannot be sent is redacted", function()
    local outcome = trial:outcome(ids.invalid)
    assert.equal("payload_invalid", outcome.cause)
    assert.is_nil(outcome.message:find(PHONE, 1, true))
  end)

  it("is still in no file when the client is closed", function()
    assert(trial.client:close(10))
    local list = files()
    assert.truthy(list["history.db"])
    for name, content in pairs(list) do
      for secret, spellings in pairs(SPELLINGS) do
        for _, spelling in ipairs(spellings) do
          assert.is_nil(content:find(spelling, 1, true), ("%s holds %s: %s"):format(name, secret, spelling))
        end
      end
    end
  end)

  it("is not readable by others: the files belong to their owner alone", function()
    for line in process.shell("stat -c %a " .. process.quote(trial.folder) .. "/history.db*"):gmatch("%d+") do
      assert.equal("600", line)
    end
  end)
end)

describe("a part of a secret", function()
  local LIMIT = 65536 -- of a response's body in the history
  local KEY_ID, LONG = "Kx7-efgh-key", "SENSITIVE-" .. ("84901234567-"):rep(30)
  local receiver, trial, ids

  setup(function()
    receiver = receivers.start()
    local function raising(before)
      return { webhook = receiver:url("/status/200"), token = TOKEN,
        map = function(slots) error(before .. slots.phone, 0) end }
    end
    trial = trials.new({
      limit = { webhook = receiver:url("/quote?before=" .. LIMIT - 9), token = TOKEN },
      short = { webhook = receiver:url("/quote?before=30&keep=9"), token = TOKEN },
      message = raising(("e"):rep(245) .. TOKEN),
      token = raising("cannot sign with " .. TOKEN .. " for "),
      blanks = { webhook = receiver:url("/quote?header=x-key"), headers = { ["X-Key"] = " \t" .. KEY_ID .. "  " },
        secret_headers = { "X-Key" } },
      scheme = { webhook = receiver:url("/quote"), headers = { authorization = BASIC } },
    }, { { name = "phone", sensitive = true } })
    ids = trial:fire_all { phone = LONG }
    trial:settle()
  end)

  teardown(function()
    if trial then trial:close() end
    process.stop_all()
  end)

  it("that the limit of a body leaves of a token is not kept", function()
    local attempt = trial:outcome(ids.limit).attempt
    assert.equal(("x"):rep(LIMIT - 9), attempt.response_body)
    assert.is_true(attempt.truncated)
  end)

  it("that comes before a connection breaks off is not kept", function()
    local attempt = trial:outcome(ids.short).attempt
    assert.equal(("x"):rep(30), attempt.response_body)
    assert.is_true(attempt.truncated)
  end)

  it("that a long message of a refusal would end with is not kept", function()
    local outcome = trial:outcome(ids.message)
    assert.equal("map_error", outcome.cause)
    assert.equal(("e"):rep(245), outcome.message:match("e*$"), outcome.message)
  end)

  it("in what a map function raises is redacted when it is the token", function()
    local outcome = trial:outcome(ids.token)
    assert.matches("cannot sign with %[redacted%] for %[redacted%]", outcome.event.error)
    assert.matches("cannot sign with %[redacted%] for ", outcome.message)
  end)

  it("that is a secret header's value without the blanks around it is redacted", function()
    assert.equal("[redacted]" .. ("y"):rep(100), trial:outcome(ids.blanks).attempt.response_body)
  end)

  it("that is a credential without its scheme is redacted", function()
    assert.equal("[redacted]" .. ("y"):rep(100), trial:outcome(ids.scheme).attempt.response_body)
  end)

  it("is in no file", function()
    for name in process.shell("ls -A " .. process.quote(trial.folder)):gmatch("[^\n]+") do
      local content = process.read_file(trial.folder .. "/" .. name)
      for _, secret in ipairs { TOKEN, KEY_ID, BASIC:match(" (.*)"), LONG } do
        assert.is_nil(content:find(secret:sub(1, 4), 1, true), name .. " holds the beginning of " .. secret)
      end
    end
  end)
end)
