local cjson = require "cjson"
local listener = require "intent_webhook.listener"
local process = require "spec.support.process"
local socket = require "socket"
local webhook = require "intent_webhook"

local function environment(more)
  local env = { LUA = process.interpreter(), LUA_PATH = package.path, LUA_CPATH = package.cpath }
  for name, value in pairs(more) do env[name] = value end
  return env
end

describe("examples/clinic", function()
  local folder

  before_each(function() folder = process.temporary_folder() end)
  after_each(function() process.remove(folder) end)

  it("has a chat in which some messages fire their intent and most fire none", function()
    local receiver = assert(listener.open {})
    finally(function() receiver:close() end)
    local words = ("%s bin/intent-webhook run examples/clinic/intents.lua --history %s < examples/clinic/chat.jsonl")
      :format(process.quote(process.interpreter()), process.quote(folder .. "/history.db"))
    local status, output, errors = process.run { "sh", "-c", words, env = environment {
      CLINIC_URL = "http://127.0.0.1:" .. receiver:port(), CLINIC_TOKEN = "abc123",
    } }
    assert.are.equal(0, status, errors)
    local fired, messages, delivered = {}, 0, 0
    for line in output:gmatch("[^\n]+") do
      local result = cjson.decode(line)
      if result.delivery then
        delivered = delivered + (result.delivery.status == "delivered" and 1 or 0)
      else
        messages = messages + 1
        assert.is_nil(result.errors)
        if result.status == "fired" then
          fired[#fired + 1] = ("%s %s %d"):format(result.session, result.intent, result.rule)
        end
      end
    end
    assert.are.same({
      "web-john book_appointment 1",
      "sms-mai book_appointment 3",
      "web-aisha request_callback 1",
      "web-pedro book_appointment 2",
      "web-liu cancel_appointment 1",
      "web-olga request_callback 2",
    }, fired)
    assert.is_true(messages >= 20 and #fired * 2 < messages)
    assert.are.equal(#fired, delivered)
    local bodies = {}
    for index = 1, #fired do
      local request = receiver:take(5)
      bodies[index] = request.target .. " " .. request.body:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")
    end
    table.sort(bodies)
    assert.are.same({
      '/appointments {"customer_name":"John Doe","appointment_date":"2026-03-15","phone":"+84901234567"}',
      '/appointments {"customer_name":"Mai Tran","appointment_date":"2026-03-18","phone":"0901 555 123"}',
      '/appointments {"customer_name":"Pedro Núñez","appointment_date":"Friday 20 March","phone":"+34 600 123 456"}',
      '/cancellations {"appointment_date":"2026-03-12"}',
      '/chat-room {"fields":[{"title":"Conversation","value":"web-aisha"},{"title":"Event","value":"ID"}],'
        .. '"text":"Please call a visitor back: +44 20 7946 0958"}',
      '/chat-room {"fields":[{"title":"Conversation","value":"web-olga"},{"title":"Event","value":"ID"}],'
        .. '"text":"Please call Olga Ivanova back: +7 912 345 67 89"}',
    }, bodies)
    assert.are.equal("", process.shell("grep -l -e abc123 -e 84901234567 -e '345 67 89' " .. folder .. "/*"))
  end)

  -- Runs the demo with an empty folder for temporary files, which must be empty again afterwards, and checks that
  -- nothing listens any more where its receiver did.
  local function demo(env)
    env.TMPDIR = folder
    env.CLINIC_TOKEN = env.CLINIC_TOKEN or "" -- whoever runs the tests may have one
    local status, output, errors = process.run { "sh", "examples/clinic/demo", env = environment(env) }
    assert.are.equal("", process.shell("ls -A " .. folder))
    local port = assert(output:match("listening on http://127%.0%.0%.1:(%d+)"), errors)
    assert.is_nil((socket.connect("127.0.0.1", tonumber(port))))
    return status, output, errors
  end

  it("has a demo that shows a chat, the intents that fire, and one event in full, as often as one likes", function()
    for _ = 1, 2 do
      local status, output, errors = demo {}
      assert.are.equal(0, status, errors)
      assert.are.equal("", errors)
      for _, words in ipairs {
        "  web-john   Book an appointment for John Doe on 2026-03-15, phone +84901234567\n"
          .. "             -> book_appointment  appointment_date = 2026-03-15, customer_name = John Doe, "
          .. "phone = [redacted]\n                webhook delivered 200, ",
        "24 messages, 6 of them fired an intent",
        "             Booked, Ann Lee.\n", -- a conversation
        "6 messages, 2 of them fired an intent",
        "  Authorization: Bearer a-token-for-the-demo\n", -- what came in
        "    Authorization: [redacted]\n", -- what is kept
        '\n    {"customer_name":"John Doe","appointment_date":"2026-03-15","phone":"[redacted]"}\n',
        "  response\n    HTTP/1.1 200 OK\n",
        '\n    {"queued":true}\n',
      } do
        assert.is_truthy(output:find(words, 1, true), words)
      end
      assert.is_nil(output:find("\27", 1, true))
    end
  end)

  it("has a demo that says how to see the page, and keeps its history where it is told, for make page", function()
    local _, output = demo {}
    assert.is_truthy(output:find("$ make page\n", 1, true))
    local kept = process.temporary_folder()
    local status, _, errors = demo { DEMO_HISTORY = kept .. "/history.db" }
    assert.are.equal(0, status, errors)
    local history = assert(webhook.history(kept .. "/history.db"))
    assert.are.equal(8, #assert(history:events()).events)
    history:close()
    process.remove(kept)
  end)

  it("has a demo that cleans up when it fails", function()
    local status, _, errors = demo { CLINIC_TOKEN = "Bearer abc" }
    assert.are.equal(1, status)
    assert.is_truthy(errors:find('token_env: begins with "Bearer"', 1, true))
  end)
end)

describe("examples/event-loops", function()
  local folder, receiver, env

  before_each(function()
    folder = process.temporary_folder()
    receiver = assert(listener.open { delay = 0.2 })
    env = environment {}
  end)
  after_each(function()
    process.stop_all()
    receiver:close()
    process.remove(folder)
  end)

  local function command(script, ...)
    local url = "http://127.0.0.1:" .. receiver:port()
    return { process.interpreter(), "examples/event-loops/" .. script, url, folder .. "/history.db", ..., env = env }
  end

  it("has a loop of cqueues that goes on while webhooks are on their way", function()
    local status, output, errors = process.run(command("cqueues.lua", "20"))
    assert.are.equal(0, status, errors)
    assert.are.equal(20, select(2, output:gsub("%x+%-[%x-]+\tdelivered\n", "")))
    assert.is_truthy(output:find("20 finished, and the loop went on meanwhile\n", 1, true), output)
  end)

  it("has a chat in luv that answers each line when its webhook was delivered, and ends with SIGTERM", function()
    local chat = process.start(command("luv.lua"))
    local port = tonumber(chat.first_line)
    local slow, quick = assert(socket.connect("127.0.0.1", port)), assert(socket.connect("127.0.0.1", port))
    slow:settimeout(10)
    quick:settimeout(10)
    slow:send("Call me at +84 90 123\n")
    assert.are.equal('{"phone":"+84 90 123"}', assert(receiver:take(10)).body)
    quick:send("hello\n") -- while the webhook of the other waits for its answer
    assert.are.equal('Say "call me at" and your number.', (quick:receive("*l")))
    slow:settimeout(0)
    assert.is_nil((slow:receive("*l")))
    slow:settimeout(10)
    assert.are.equal("We call you back.", (slow:receive("*l")))
    slow:close()
    quick:close()
    process.shell("kill -TERM " .. chat.pid)
    process.wait_until(function() return chat:ended() end, 10, "the chat to end")
    assert.are.equal("", chat:errors())
  end)
end)

describe("examples/embedded #once", function()
  it("has a C program with its intents in a script, which fires what fits and delivers it", function()
    local folder, receiver = process.temporary_folder(), assert(listener.open {})
    finally(function()
      receiver:close()
      process.remove(folder)
    end)
    local messages = "hello\nBook an appointment for John Doe on 2026-03-15, phone +84901234567\n"
    local words = ("printf %%s %s | build/examples/host examples/clinic/intents.lua %s"):format(process.quote(messages),
      process.quote(folder .. "/history.db"))
    local status, output, errors = process.run { "sh", "-c", words, env = environment {
      CLINIC_URL = "http://127.0.0.1:" .. receiver:port(), CLINIC_TOKEN = "abc123",
      LUA_PATH = "./lua/?.lua;;", LUA_CPATH = "./build/5.4/?.so;;",
    } }
    assert.are.equal(0, status, errors)
    assert.is_truthy(output:find("book_appointment: Book an appointment", 1, true), output)
    assert.is_truthy(output:find("unmatched: hello", 1, true), output)
    assert.is_truthy(output:find("\n%d delivered, 0 failed\n$"), output)
    assert.are.equal("/appointments", assert(receiver:take(5)).target)
  end)
end)

-- What a reader of README and of the C header tries first.
describe("a first try", function()
  local folder, receiver

  before_each(function()
    folder = process.temporary_folder()
    receiver = assert(listener.open {})
  end)
  after_each(function()
    receiver:close()
    process.remove(folder)
  end)

  local function port() return tostring(receiver:port()) end

  it("of README's synopsis prints and sends what README says", function()
    local readme = process.read_file("README.md")
    local synopsis = assert(readme:match("```lua\n(.-)\n```")):gsub(":8080", ":" .. port())
    synopsis = synopsis:gsub('"history.db"', ("%q"):format(folder .. "/history.db"))
    local status, output, errors = process.run {
      "sh", "-c", process.quote(process.interpreter()) .. " - <<'SYNOPSIS'\n" .. synopsis .. "\nSYNOPSIS\n",
      env = environment {},
    }
    assert.are.equal(0, status, errors)
    assert.is_truthy(output:find("^fired%s+book_appointment%s+%x+%-[%x-]+\ndelivered%s+200\n$"), output)
    local request = assert(receiver:take(5))
    local shown = readme:match("this is what arrives:\n\n(    POST .-)\n\n[^ ]"):gsub("\n    ", "\n"):gsub("^    ", "")
    local lines = { ("%s %s HTTP/1.1"):format(request.method, request.target) }
    for _, header in ipairs(request.headers) do lines[#lines + 1] = header[1] .. ": " .. header[2] end
    local arrived = table.concat(lines, "\n") .. "\n\n" .. request.body
    assert.are.equal((shown:gsub(":8080", ":" .. port())), arrived)
  end)

  it("of examples/c/send.c sends one webhook without any Lua", function()
    local body = '{"customer_name":"John Doe","appointment_date":"2026-03-15","phone":"+84901234567"}'
    local url = "http://127.0.0.1:" .. port() .. "/hook"
    local words = { "build/examples/send", url, folder .. "/history.db", "abc123" }
    local status, output, errors = process.run(words)
    assert.are.equal(0, status, errors)
    assert.is_truthy(output:find("/hook: delivered, status 200", 1, true), output)
    assert.are.equal(body, assert(receiver:take(5)).body)
    receiver:close()
    status, output = process.run(words)
    assert.are.equal(1, status)
    assert.is_truthy(output:find("connect_refused, status 0", 1, true), output)
  end)

  it("of examples/c/sentences.c says what a text means without any Lua", function()
    local status, output, errors =
      process.run { "build/examples/sentences", "Switch on my sitting-room lights to 40 percent!" }
    assert.are.same({ 0, "light_on\n  area = living_room\n  brightness = 40\n" }, { status, output }, errors)
    status, output = process.run { "build/examples/sentences", "switch off my lights" }
    assert.are.same({ 1, "" }, { status, output })
  end)
end)
