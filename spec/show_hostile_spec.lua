-- A terminal on which a history is printed: whatever was fired, and whatever an endpoint answered, it gets text to show
-- and nothing to obey.

local command = require "spec.support.command"
local process = require "spec.support.process"
local receiver = require "spec.support.receiver"
local webhook = require "intent_webhook"

-- Sequences for terminals, C1 as UTF-8 and as bytes, marks of direction, what shows nothing, NUL, no UTF-8.
local OBEYED = "\27[31m\27]0;title\7\8\127\11\r\194\155\194\133\t"
local HIDDEN = "\226\128\174\226\129\166\226\128\139\226\128\168\216\156\239\187\191\243\160\129\129\194\173"
local STRAY = "\255\254\192\128\237\160\128\155"
local HOSTILE = OBEYED .. HIDDEN .. STRAY
local LONG = ("y"):rep(64 * 1024)

-- What must not reach a terminal, as patterns by byte.
local UNSAFE = {
  ["a control"] = "[%z\1-\9\11-\31\127]",
  ["C1"] = "\194[\128-\159]",
  ["a soft hyphen"] = "\194\173",
  ["a letter mark"] = "\216\156",
  ["a zero width character, or a mark of direction"] = "\226\128[\139-\143]",
  ["a separator of lines, or an override"] = "\226\128[\168-\174]",
  ["an isolate, or an invisible operator"] = "\226\129[\160-\175]",
  ["a byte order mark"] = "\239\187\191",
  ["a tag"] = "\243\160[\128-\129]",
}

-- The first byte that is no UTF-8, told another way than safe_text does; nil when all are.
local function stray_byte(words)
  local rest = words:gsub("[\194-\223][\128-\191]", ""):gsub("\224[\160-\191][\128-\191]", "")
    :gsub("[\225-\236\238\239][\128-\191][\128-\191]", ""):gsub("\237[\128-\159][\128-\191]", "")
    :gsub("\240[\144-\191][\128-\191][\128-\191]", ""):gsub("[\241-\243][\128-\191][\128-\191][\128-\191]", "")
    :gsub("\244[\128-\143][\128-\191][\128-\191]", "")
  return rest:match("[\128-\255]")
end

local function assert_harmless(output)
  for name, pattern in pairs(UNSAFE) do
    local at = output:find(pattern)
    assert.is_nil(at, ("%s in: %q"):format(name, output:sub(math.max(1, (at or 1) - 60), (at or 1) + 20)))
  end
  assert.is_nil(stray_byte(output))
end

describe("a history full of what a terminal would obey #once", function()
  local folder, path, server, ids

  setup(function()
    folder, ids = process.temporary_folder(), {}
    path = folder .. "/history.db"
    server = receiver.start()
    local function post(name, target, more)
      local action = { webhook = server:url(target) }
      for key, value in pairs(more or {}) do action[key] = value end
      return { name = name, slots = { "text", { name = "long", optional = true } }, actions = { action } }
    end
    local client = assert(webhook.new {
      history = path,
      intents = {
        post("answered", "/hostile", { headers = { ["X-Sent"] = "sent \226\128\174\194\155" } }),
        post("bytes", "/hostile?kind=bytes"),
        post("echoed", "/echo?where=%E2%80%AE%1B%5B31m"),
        post("garbage", "/garbage?kind=binary"),
        post("no_http", "/garbage?kind=ssh"),
        post("mapped", "/status/200", { map = function() error("map " .. HOSTILE, 0) end }),
        { name = "nothing", slots = { "text" } },
      },
    })
    local slots = { text = "slot " .. HOSTILE .. "\0", long = LONG }
    for index, name in ipairs { "answered", "bytes", "echoed", "garbage", "no_http", "mapped", "nothing" } do
      local given = name == "nothing" and { text = slots.text } or slots
      ids[index] = assert(client:fire(name, given, { session = "session " .. HOSTILE }))
    end
    assert(client:flush(15))
    assert(client:close(15))
  end)
  teardown(function()
    server:stop()
    process.stop_all()
    process.remove(folder)
  end)

  -- What it prints, all of which has been looked at.
  local function run(...)
    local status, output, errors = command.run { ... }
    assert.are.equal(0, status, errors)
    assert.are.equal("", errors)
    assert_harmless(output)
    return output
  end

  it("was made by deliveries that brought all that", function()
    local history = assert(webhook.history(path))
    local attempt = assert(history:event(ids[1])).deliveries[1].attempts[1]
    assert.is_truthy(attempt.request_headers:find("X-Sent: sent \226\128\174\194\155", 1, true))
    assert.is_truthy(attempt.response_headers:find("X-Obeyed: \27]0;title\7\27[2J", 1, true))
    assert.is_truthy(attempt.response_body:find("\27[31mred\8", 1, true))
    assert.is_truthy(assert(history:event(ids[2])).deliveries[1].attempts[1].response_body_base64)
    assert.is_truthy(assert(history:event(ids[6])).error:find("map \27[31m", 1, true))
    assert.is_truthy(assert(history:event(ids[7])).session:find("session \27[31m", 1, true))
    history:close()
  end)

  it("is shown event by event as text, with what was there as escapes", function()
    for _, id in ipairs(ids) do
      local output = run("show", id, "--history", path)
      local session = "session   session \\x1b[31m\\x1b]0;title\\x07\\x08\\x7f\\x0b\\x0d\\x9b\\x85    \\u{202e}"
      assert.is_truthy(output:find(session, 1, true), output:sub(1, 500))
      assert.is_truthy(output:find("slot \\u001b[31m", 1, true), id)
    end
    local answered = run("show", ids[1], "--history", path)
    assert.is_truthy(answered:find("    X-Obeyed: \\x1b]0;title\\x07\\x1b[2J", 1, true))
    assert.is_truthy(answered:find("    begin \\x1b]0;title\\x07", 1, true))
    assert.is_truthy(answered:find("    X-Sent: sent \\u{202e}\\x9b\n", 1, true))
    assert.is_truthy(answered:find(LONG, 1, true))
    local bytes = run("show", ids[2], "--history", path)
    assert.is_truthy(bytes:find("\\x00\\xff\\xfe\\xc0\\x80\\xed\\xa0\\x80\\x9b31m <script>", 1, true))
    assert.is_truthy(bytes:find("\n    ... and more bytes that are no text\n", 1, true))
  end)

  it("lets no answer look like a line of the command's own", function()
    for line in run("show", ids[1], "--history", path):gmatch("[^\n]+") do
      assert.is_falsy(line:find("^%S.*end"), line)
      assert.is_falsy(line:find("^  ?%S.*<script>"), line)
    end
  end)

  it("is JSON that means the same", function()
    for _, id in ipairs(ids) do
      local output = run("show", id, "--history", path, "--json")
      assert.are.equal(1, select(2, output:gsub("\n", "")))
      local history = assert(webhook.history(path))
      local known, shown = assert(history:event(id)), require("intent_webhook.history").decode(output)
      assert.are.same(known, shown)
      history:close()
    end
    assert.are.equal(#ids, select(2, run("history", "--history", path, "--json"):gsub("\n", "")))
  end)

  it("is listed in lines that fit, whatever the names", function()
    local output = run("history", "--history", path)
    assert.are.equal(#ids + 1, select(2, output:gsub("\n", "")))
    for line in output:gmatch("[^\n]+") do
      assert.is_true(#line:gsub("[\128-\191]", "") < 250, line)
    end
    run("history", "--history", path, "--search", "SLOT", "--session", "session " .. HOSTILE)
  end)

  it("is CSV with the line ends of CSV as its only controls", function()
    local status, output = command.run { "history", "--history", path, "--csv" }
    assert.are.equal(0, status)
    local ended = output:gsub("\r\n", "\n")
    assert_harmless(ended)
    assert.is_truthy(ended:find("session \\x1b[31m", 1, true))
  end)

  it("is what run prints as it takes such messages", function()
    process.write_file(folder .. "/intents.lua", ([[return {
      { name = "say", rules = { "say {text}" }, slots = { "text" }, actions = { { webhook = %q } } },
    }]]):format(server:url("/hostile")))
    local text = "say " .. (OBEYED .. HIDDEN):gsub("[\r\n]", "") .. STRAY .. " something"
    local _, output, errors = command.run_over(folder, text .. "\nunknown " .. text .. "\n",
      { "run", folder .. "/intents.lua", "--history", folder .. "/run.db", "--session", HIDDEN .. "x" })
    assert.is_truthy(output:find('"status":"delivered"', 1, true), errors)
    assert_harmless(output)
    assert_harmless(errors)
  end)

  it("complains about what it was given without printing it as it is", function()
    for _, words in ipairs { { "show", HOSTILE, "--history", path },
      { "history", "--history", folder .. "/" .. HOSTILE },
      { "history", "--history", path, "--status", HOSTILE } } do
      local status, output, errors = command.run(words)
      assert.is_true(status > 0)
      assert_harmless(output)
      assert_harmless(errors)
      assert.is_truthy(errors:find("\\x1b[31m", 1, true), errors)
    end
  end)
end)
