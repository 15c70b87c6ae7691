-- The command chat: a conversation in a terminal, or through pipes.

local command = require "spec.support.command"
local listener = require "intent_webhook.listener"
local process = require "spec.support.process"

local INTENTS = [[
local webhook = require "intent_webhook"
return { zone = "+07:00", intents = {
  {
    name = "book_table",
    rules = { webhook.keywords { all = { "table" } } },
    slots = {
      { name = "guest", type = "name", prompt = "What is your name?" },
      { name = "size", type = "number", max = 20, prompt = "For how many?" },
      { name = "email", type = "email", sensitive = true, prompt = "Your mail?", validate = function(value)
        if value:find("raise") then error("cannot take " .. value) end
        return not value:find("spam"), value .. " is refused"
      end },
    },
    confirm = "{size} people, {email}?",
    actions = { { webhook = os.getenv("SPEC_URL"), timeout = 2 }, { reply = "Booked, {guest}." } },
  },
  { name = "hours", rules = { "when do you open" }, actions = { { reply = "From 9." } } },
  { name = "note", rules = { "note {text}" }, slots = { "text" }, actions = { { reply = "Noted: {text}" } } },
} }
]]

local BOOKING = "book a table\nAnn\n4\nann@example.org\n"

describe("intent-webhook chat #once", function()
  local folder, receiver, intents, history, env

  setup(function()
    folder = process.temporary_folder()
    receiver = assert(listener.open {})
    intents = folder .. "/intents.lua"
    process.write_file(intents, INTENTS)
  end)
  teardown(function()
    process.stop_all()
    receiver:close()
    process.remove(folder)
  end)
  before_each(function()
    history = folder .. "/history.db"
    env = { SPEC_URL = ("http://127.0.0.1:%d/hook"):format(receiver:port()) }
  end)

  local function chat(input, ...)
    return command.run_over(folder, input, { "chat", intents, "--history", history, ... }, env)
  end

  it("prints what the bot says, and below it what came of the message", function()
    local status, output, errors = chat(BOOKING .. "when do you open\nyes\nhello\n")
    assert.are.same({ 0, "" }, { status, errors })
    assert.are.equal([[
What is your name?
  collecting book_table
For how many?
  collecting book_table  guest = "Ann"
Your mail?
  collecting book_table  guest = "Ann"  size = 4
4 people, ann@example.org?
  confirming book_table  guest = "Ann"  size = 4  email = [redacted]
From 9.
4 people, ann@example.org?
  fired      hours
  event      hours  ID
  resumed    book_table
Booked, Ann.
  fired      book_table  guest = "Ann"  size = 4  email = [redacted]
  event      book_table  ID
  webhook 1  delivered 200
(nothing matched)
  unmatched
]], (output:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")))
  end)

  it("says what was refused, and why, without a sensitive value", function()
    local status, output, errors = chat("book a table\nAnn\n50\n4\nspam@example.org\nraise@example.org\n")
    assert.are.equal(1, status) -- a function raised an error
    assert.is_truthy(output:find('\n  rejected   size: too_large "50"\n', 1, true), output)
    assert.is_truthy(output:find("\nspam@example.org is refused\nYour mail?\n", 1, true), output) -- says the bot
    assert.is_truthy(output:find('\n  rejected   email: refused "[redacted]": [redacted]\n', 1, true), output)
    assert.is_truthy(errors:find("^intents%[1%]%.slots%[3%]%.validate: what the function raised is not shown"), errors)
    assert.is_nil(errors:find("raise@example.org", 1, true), errors)
  end)

  it("shows what people say so that the terminal obeys none of it", function()
    local status, output, errors =
      chat("note \27[31mred\27[0m \255 \226\128\174 x\n\27[2J\n:explain note \27[2J\n:\27x\n")
    assert.are.same({ 0, "" }, { status, errors })
    assert.is_nil(output:find("\27", 1, true))
    assert.is_nil(output:find("\226\128\174", 1, true))
    assert.is_truthy(output:find("Noted: \\x1b[31mred", 1, true), output)
    assert.is_truthy(output:find('text = "\\x1b[2J"', 1, true), output)
  end)

  it("has commands of its own", function()
    local status, output, errors = chat(BOOKING .. ":slots\n:explain table for 50, a@b.example\n:slot\n:)\n:reset\n"
      .. ":slots\n:explain\n:help\n:quit\nnote never said\n")
    assert.are.same({ 0, "" }, { status, errors })
    for _, words in ipairs {
      '\n  intent     book_table\n  slots      guest = "Ann"\n             size = 4\n             email = [redacted]\n',
      '\n              size: too_large "50"\n',
      '\n  error      :slot is no command: did you mean ":slots"?\n',
      "\nPlease say \"yes\" or \"no\", or what to change.\n",
      "\n  reset      all that was said is forgotten\n  slots      none: no intent is being filled\n",
      "\n  error      :explain needs a text\n", "\n  :quit      end; so does ^D\n",
    } do
      assert.is_truthy(output:find(words, 1, true), words .. output)
    end
    assert.is_nil(output:find("never said", 1, true))
    assert.is_nil(output:find("a@b.example", 1, true))
  end)

  it("ends with 1 when a webhook fails, and says why", function()
    local failing = assert(listener.open { status = 500 })
    finally(function() failing:close() end)
    env.SPEC_URL = ("http://127.0.0.1:%d/hook"):format(failing:port())
    local status, output = chat(BOOKING .. "yes\n")
    assert.are.equal(1, status)
    assert.is_truthy(output:find("\n  webhook 1  failed 500: %u[^\n]+\n"), output)
  end)

  it("goes on with a session that is kept", function()
    local kept = folder .. "/kept.lua"
    local store = 'return { sessions = { store = "history", key = "a key of some length" }, zone'
    process.write_file(kept, (INTENTS:gsub("return { zone", store)))
    local words = { "chat", kept, "--history", folder .. "/kept.db", "--session", "mine" }
    assert.are.equal(0, (command.run_over(folder, "book a table\nAnn\n", words, env)))
    local _, output = command.run_over(folder, ":slots\n4\n", words, env)
    assert.is_truthy(output:find('^  intent     book_table\n  slots      guest = "Ann"\n'), output)
    assert.is_truthy(output:find("\nYour mail?\n", 1, true), output)
  end)

  it("is a conversation also with intents whose host keeps none", function()
    local alone = folder .. "/alone.lua"
    process.write_file(alone, (INTENTS:gsub("return { zone", "return { sessions = false, zone")))
    local status, output, errors = command.run_over(folder, "book a table\nAnn\n:slots\n:reset\n",
      { "chat", alone, "--history", history }, env)
    assert.are.same({ 0, "" }, { status, errors })
    assert.is_truthy(output:find('\nFor how many%?\n.*  slots      guest = "Ann"\n.*\n  reset '), output)
  end)

  it("says that a webhook is pending, and waits, after ^C, for what is under way", function()
    local slow = assert(listener.open { delay = 1.2 })
    finally(function() slow:close() end)
    env.SPEC_URL = ("http://127.0.0.1:%d/hook"):format(slow:port())
    local status, output, errors = command.interrupt(folder, BOOKING .. "yes\n",
      { "chat", intents, "--history", history }, [[grep -qs pending "$out"]], env)
    assert.are.same({ 130, "" }, { status, errors })
    assert.is_truthy(output:find("\n  webhook    pending\n  webhook 1  delivered 200\n$"), output)
  end)

  it("has a prompt, colours and an end by ^D on a terminal", function()
    if process.shell("command -v script") == "" then return pending("needs script(1)") end
    local function on_terminal(prefix)
      local line = command.line({ "chat", intents, "--history", history }, nil, env)
      local script = process.quote(prefix .. " " .. line[3])
      line[3] = ("{ printf 'hello\\n'; sleep 0.2; printf '\\004'; } | script -qec %s /dev/null"):format(script)
      return process.run(line)
    end
    local status, output = on_terminal("env -u NO_COLOR TERM=xterm")
    assert.are.equal(0, status)
    assert.is_truthy(output:find("\r\27[K> ", 1, true), output)
    assert.is_truthy(output:find("(nothing matched)\r\n\27[2m  unmatched\27[0m\r\n", 1, true), output)
    assert.is_nil(select(2, on_terminal("env NO_COLOR=1 TERM=xterm")):find("\27[2m", 1, true))
  end)

  it("ends with 2 for a wrong call, and with 3 or 1 for a file that is none, or is wrong", function()
    assert.are.equal(2, (command.run { "chat" }))
    assert.are.equal(3, (command.run { "chat", folder .. "/none.lua" }))
    process.write_file(folder .. "/bad.lua", "return { { nme = 'x' } }")
    assert.are.equal(1, (command.run { "chat", folder .. "/bad.lua", "--history", history }))
  end)
end)
