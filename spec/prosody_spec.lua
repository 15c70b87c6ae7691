-- The module in a real Prosody, with people who write to each other: what fires, and what becomes of it when the module
-- is reloaded or the server stops.

local process = require "spec.support.process"
local prosody = require "spec.support.prosody"
local receiver = require "spec.support.receiver"
local socket = require "socket"
local webhook = require "intent_webhook"

local LOBBY = "lobby@rooms.localhost"

-- A file of intents with one intent, which is fired by "!NAME anything".
local function intents_of(name, url, more)
  return ([[return { %s intents = { { name = %q, rules = { { pattern = "^!%s (.+)", slots = { "text" } } },
    slots = { "text" }, actions = { { webhook = %q } } } } }]]):format(more or "", name, name, url)
end

describe("Prosody #once", function()
  local endpoint, server, people

  setup(function() endpoint = receiver.start() end)
  teardown(function() process.stop_all() end)
  before_each(function()
    endpoint:forget()
    people = {}
  end)
  after_each(function()
    for _, person in ipairs(people) do person:close() end
    if server then server:stop() end
    server = nil
  end)

  local function start(options) server = prosody.start(options) end

  local function connect(name)
    local person = server:connect(name)
    people[#people + 1] = person
    return person
  end

  -- Waits until so many requests have come: their bodies, in order.
  local function bodies(count)
    process.wait_until(function() return #endpoint:requests() >= count end, 20, count .. " requests")
    local list = {}
    for index, request in ipairs(endpoint:requests()) do list[index] = request.body end
    return list
  end

  -- All events of the history, oldest first, each with its only delivery's status and cause.
  local function recorded()
    local reader, list = assert(webhook.history(server.history)), {}
    local page = assert(reader:events { limit = 1000 })
    for index = #page.events, 1, -1 do
      local event = page.events[index]
      assert.equal(1, #event.deliveries)
      list[#list + 1] = { intent = event.intent, session = event.session, slots = event.slots,
        status = event.deliveries[1].status, cause = event.deliveries[1].cause }
    end
    reader:close()
    return list
  end

  local function assert_all(count, status, cause)
    local list = recorded()
    assert.equal(count, #list)
    for _, event in ipairs(list) do assert.same({ status, cause }, { event.status, event.cause }) end
  end

  -- Asks the server to stop, and returns how many seconds that took. It has to end as Prosody ends.
  local function stop()
    local before = socket.gettime()
    server:ask_to_stop()
    local status = process.wait_until(function() return server:ended() end, 30, "Prosody to end")
    assert.equal(0, status, server:log() .. server.process:errors())
    assert.is_truthy(server:log():find("Shutdown complete", 1, true))
    return socket.gettime() - before
  end

  it("fires for what is said in a room and to a user, and hands every message on", function()
    start { env = { HELP_DESK_URL = endpoint:url("/status/200?to=") } }
    local juliet, desk = connect("juliet"), connect("desk")
    juliet:join(LOBBY)
    desk:join(LOBBY) -- what is said here now goes to this user too, and shall fire once
    juliet:join("garden@rooms.localhost")
    juliet:message("garden@rooms.localhost", "the fountain does not work", "groupchat")
    juliet:expect("fountain")
    juliet:message(LOBBY, "The <lift> & the \"stairs\" do not work!", "groupchat")
    desk:expect("stairs")
    juliet:message(LOBBY, "The <lift> is out of order!", "groupchat")
    desk:expect("The &lt;lift&gt; is out of order!")
    juliet:send(("<message to='%s' type='groupchat'><subject>the subject does not work</subject></message>"):format(
      LOBBY))
    desk:expect("<subject>the subject")
    juliet:message("juliet@localhost", "!help me to talk to myself")
    juliet:expect("to myself")
    juliet:message("desk@localhost", "!help how do I print?")
    desk:expect("how do I print?")
    juliet:message("desk@localhost", "!help this is no message", "headline")
    desk:expect("this is no message")
    assert.same({ '{"thing":"The <lift>"}', '{"question":"how do I print?"}' }, bodies(2))
    stop()
    assert.same({
      { intent = "report_fault", session = LOBBY .. "/juliet", slots = { thing = "The <lift>" }, status = "delivered" },
      { intent = "request_help", session = "juliet@localhost", slots = { question = "how do I print?" },
        status = "delivered" },
    }, recorded())
    assert.equal(2, #endpoint:requests())
  end)

  it("goes on at once while every endpoint hangs, and its log says what was refused", function()
    start { intents = intents_of("hang", endpoint:url("/hang"), "queue_limit = 20,"),
      options = "intent_webhook_stop_seconds = 0.2" }
    local juliet, desk = connect("juliet"), connect("desk")
    for number = 1, 30 do juliet:message("desk@localhost", "!hang " .. number) end
    local before = socket.gettime()
    juliet:message("desk@localhost", "good evening")
    desk:expect("good evening")
    assert.is_true(socket.gettime() - before < 8) -- a delivery takes ten
    assert.equal(10, select(2, server:log():gsub("a message fired nothing: [^\n]+ %(full%)\n", "")))
    stop()
    assert.equal(30, #recorded())
  end)

  it("logs what was not delivered, with the cause and without the address", function()
    local closed = "http://127.0.0.1:" .. process.free_port() .. "/secret"
    start { intents = intents_of("lost", closed) }
    connect("juliet"):message("desk@localhost", "!lost something")
    process.wait_until(function() return server:log():find("was not delivered: connect_refused: ", 1, true) end, 10,
      "the log")
    assert.is_nil(server:log():find("/secret", 1, true))
  end)

  it("has no module where the file of intents is wrong, says where the mistake is, and serves", function()
    start { intents = intents_of("wrong", "ftp://127.0.0.1/") }
    local juliet, desk = connect("juliet"), connect("desk")
    juliet:message("desk@localhost", "!wrong but delivered")
    desk:expect("but delivered")
    assert.is_truthy(server:log():find("intents[1].actions[1].webhook: ", 1, true))
  end)

  it("reloads the module and its intents while deliveries are under way, and loses none", function()
    start { intents = intents_of("first", endpoint:url("/slow?seconds=1")) }
    local juliet = connect("juliet")
    for number = 1, 10 do juliet:message("desk@localhost", "!first " .. number) end
    bodies(10)
    server:write_intents(intents_of("second", endpoint:url("/status/200")))
    server:shell("module:reload('intent_webhook', 'localhost')")
    juliet:message("desk@localhost", "!first after the reload")
    juliet:message("desk@localhost", "!second after the reload")
    assert.equal('{"text":"after the reload"}', bodies(11)[11])
    -- the client that the reload left behind closes itself, and the new one is all that has to be waited for
    process.wait_until(function() return #recorded() == 11 end, 10, "the history")
    process.wait_until(function() return recorded()[10].status == "delivered" end, 10, "the old client")
    stop()
    assert_all(11, "delivered")
  end)

  it("is not held up by a reload when endpoints hang, and a stop after it records what both clients had", function()
    start { intents = intents_of("hang", endpoint:url("/hang")), options = "intent_webhook_stop_seconds = 0.5" }
    local juliet = connect("juliet")
    juliet:message("desk@localhost", "!hang before")
    bodies(1)
    local before = socket.gettime()
    server:shell("module:reload('intent_webhook', 'localhost')")
    juliet:message("desk@localhost", "!hang after")
    bodies(2)
    assert.is_true(socket.gettime() - before < 8) -- the first delivery still has its time
    assert.is_true(stop() < 8)
    assert_all(2, "failed", "client_closed")
    assert.equal(2, select(2, server:log():gsub("was not delivered: client_closed", "")))
  end)

  it("finishes what is under way when the module is unloaded, and then has none of our threads", function()
    start { intents = intents_of("slow", endpoint:url("/slow?seconds=0.5")) }
    local juliet = connect("juliet")
    local before = server:threads()
    juliet:message("desk@localhost", "!slow good bye")
    bodies(1)
    assert.is_true(server:threads() > before)
    server:shell("module:unload('intent_webhook')")
    juliet:message("desk@localhost", "!slow nobody listens")
    process.wait_until(function() return server:threads() == before end, 10, "our threads to end")
    assert_all(1, "delivered")
    stop()
    assert_all(1, "delivered")
  end)

  it("delivers what is under way when the server stops", function()
    start { intents = intents_of("slow", endpoint:url("/slow?seconds=1")) }
    local juliet = connect("juliet")
    for number = 1, 20 do juliet:message("desk@localhost", "!slow " .. number) end
    bodies(20)
    stop()
    assert_all(20, "delivered")
  end)

  it("stops in the time that it was given when endpoints hang, and the history says so", function()
    start { intents = intents_of("hang", endpoint:url("/hang")), options = "intent_webhook_stop_seconds = 0.5" }
    local juliet = connect("juliet")
    for number = 1, 20 do juliet:message("desk@localhost", "!hang " .. number) end
    bodies(20)
    assert.is_true(stop() < 8)
    assert_all(20, "failed", "client_closed")
  end)

  it("works the same in a server that goes into the background, since nothing is started before that", function()
    start { intents = intents_of("slow", endpoint:url("/slow?seconds=0.5")), daemon = true }
    local juliet = connect("juliet")
    for number = 1, 5 do juliet:message("desk@localhost", "!slow " .. number) end
    bodies(5)
    stop()
    assert_all(5, "delivered")
  end)
end)
