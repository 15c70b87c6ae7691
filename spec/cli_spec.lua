local cjson = require "cjson"
local listener = require "intent_webhook.listener"
local process = require "spec.support.process"

local INTENTS = [[
local url = os.getenv("SPEC_URL")
return {
  {
    name = "book",
    rules = { "book for {name}", "book for {name}, phone {phone}" },
    slots = { "name", { name = "phone", optional = true, sensitive = true } },
    actions = { { webhook = url .. "/hook", token = "t0ken-of-spec" } },
  },
  { name = "note", rules = { "note {text}", function(m) if m == "boom" then error("broken rule") end end },
    slots = { "text", { name = "more", optional = true } } },
  { name = "need", rules = { "need {a}" }, slots = { "a", "b" } },
}
]]

describe("intent-webhook", function()
  local folder, receiver, url

  setup(function()
    folder = process.temporary_folder()
    receiver = assert(listener.open { body = "\27[31mhello\27[0m\194\155\226\128\174" })
    url = "http://127.0.0.1:" .. receiver:port()
  end)
  teardown(function()
    process.stop_all()
    receiver:close()
    process.remove(folder)
  end)

  local function write(name, content)
    local path = folder .. "/" .. name
    process.write_file(path, content)
    return path
  end

  local intents, history
  before_each(function()
    intents = write("intents.lua", INTENTS)
    history = folder .. "/history.db"
  end)

  -- The command, with words that the shell shall see as they are in `shell`.
  local function command(words, shell)
    local parts = { process.quote(process.interpreter()), process.quote(process.shell("pwd"):gsub("\n", "")
      .. "/bin/intent-webhook") }
    for _, word in ipairs(words) do parts[#parts + 1] = process.quote(word) end
    local root = process.shell("pwd"):gsub("\n", "")
    local function absolute(paths) return (paths:gsub("%f[^;%z]%./", root .. "/")) end
    return {
      "sh", "-c", table.concat(parts, " ") .. " " .. (shell or ""),
      env = { SPEC_URL = url, LUA_PATH = absolute(";" .. package.path), LUA_CPATH = absolute(";" .. package.cpath) },
    }
  end

  -- A reader that takes one line and goes; the command's exit status comes on the standard error.
  it("says that its output was closed, and ends with 3, instead of dying by the signal", function()
    local input = write("many", ("note something\n"):rep(5000))
    local words = command({ "run", intents, "--history", history }, "<" .. process.quote(input))
    words[3] = "{ " .. words[3] .. "; echo status $? >&2; } | head -n 1"
    local _, output, errors = process.run(words)
    assert.is_truthy(output:find('"status":"fired"', 1, true))
    assert.is_truthy(errors:find("the output cannot be written", 1, true), errors)
    assert.is_truthy(errors:find("status 3", 1, true), errors)
  end)

  local function run(words, shell)
    return process.run(command(words, shell))
  end

  -- The command where no file can grow beyond a few pages, its output excepted; its status is errors' last line.
  local function run_on_full_disk(words, shell)
    local limited = command(words, shell)
    limited[3] = "{ trap '' XFSZ; ulimit -f 180; " .. limited[3] .. "; echo status $? >&2; } | cat"
    local _, output, errors = process.run(limited)
    return output, errors
  end

  -- The command, which gets ^C once `ready`, a command of the shell that may look at "$out", is true. Its input
  -- is what it is given, and does not end.
  local function interrupt(words, ready, input)
    local interrupted = command(words)
    local script = [[out=$1; rm -f "$out" "$out.in"; mkfifo "$out.in"
      %s <>"$out.in" >"$out" & pid=$!
      printf '%%s' "$2" >"$out.in"
      until %s; do sleep 0.02; done
      kill -INT $pid; wait $pid]]
    interrupted[3] = script:format(interrupted[3], ready)
    interrupted[4], interrupted[5], interrupted[6] = "sh", folder .. "/interrupted", input or ""
    local status, _, errors = process.run(interrupted)
    return status, process.read_file(folder .. "/interrupted"), errors
  end

  local function lines(output)
    local list = {}
    for line in output:gmatch("[^\n]+") do list[#list + 1] = cjson.decode(line) end
    return list
  end

  describe("as such", function()
    it("shows its help and its version", function()
      local status, output = run { "--help" }
      assert.are.equal(0, status)
      for _, name in ipairs { "check", "lint", "match", "explain", "sample", "compile", "test", "chat", "run", "fire",
        "history", "show", "listen" } do
        assert.is_truthy(output:find("\n  " .. name .. " ", 1, true))
        local its_status, its_help, errors = run { name, "--help" }
        assert.are.equal(0, its_status, errors)
        assert.is_truthy(its_help:find("^usage: intent%-webhook " .. name))
        assert.are.equal(its_help, select(2, run { "help", name }))
        assert.are.equal(its_help, select(2, run { name, "-h" }))
      end
      status, output = run { "--version" }
      assert.are.equal(0, status)
      assert.are.equal("intent-webhook " .. require("intent_webhook").VERSION .. "\n", output)
    end)

    it("ends with 2 for a wrong call, and says what was meant", function()
      local wrong = {
        [{}] = "usage: intent-webhook COMMAND",
        [{ "chek" }] = 'intent-webhook: chek is no command: did you mean "check"?',
        [{ "check" }] = "intent-webhook: check needs FILE",
        [{ "check", intents, "x" }] = 'intent-webhook: check does not know what to do with "x"',
        [{ "run", "--histroy", "x" }] = 'intent-webhook: --histroy is no option of run: did you mean "--history"?',
        [{ "match", intents }] = "intent-webhook: match needs TEXT",
        [{ "match", intents, "x", "--context", "area" }] = 'intent-webhook: --context: "area" is no context',
        [{ "match", intents, "x", "--context", "a=b", "--context=a=c" }] = "intent-webhook: --context: has a twice",
        [{ "explain", intents, "x", "--context", "a:=[" }] = "--context: what is given for a is no JSON: ",
        [{ "explain", intents, "x", "--context", "a:=[]" }] = "--context: a must be a string, a number or a boolean",
        [{ "match", intents, "x", "--best-slot", "nam" }] =
          'intent-webhook: --best-slot: no intent has the slot "nam": did you mean "name"?',
        [{ "sample", intents, "bok" }] = 'intent-webhook: there is no intent "bok": did you mean "book"?',
        [{ "sample", intents, "--count", "0" }] = "intent-webhook: --count must be from 1 to 100000, not 0",
        [{ "compile", intents }] = "intent-webhook: compile needs OUT",
        [{ "lint", intents, "x" }] = 'intent-webhook: lint does not know what to do with "x"',
        [{ "history", "--limit", "many" }] = 'intent-webhook: --limit needs a whole number, not "many"',
        [{ "history", "--limit=0" }] = "intent-webhook: --limit must be from 1 to 1000000, not 0",
        [{ "history", "--limit" }] = "intent-webhook: --limit needs a value: N",
        [{ "history", "--json=yes" }] = "intent-webhook: --json takes no value",
        [{ "history", "--status", "lost" }] = "intent-webhook: --status is pending, delivered, failed, ",
        [{ "history", "--json", "--csv" }] = "intent-webhook: --json and --csv: give one of them",
        [{ "history", "--since", "yesterday" }] = "intent-webhook: --since does not know the time",
        [{ "history", "--since", "2026-99-99" }] = "intent-webhook: --since does not know the time",
        [{ "history", "--since", "2026-02-30" }] = "intent-webhook: --since does not know the time",
        [{ "history", "--since", "0000-00-00" }] = "intent-webhook: --since does not know the time",
        [{ "history", "--since", "2026-03-15 24:61" }] = "intent-webhook: --since does not know the time",
        [{ "listen", "--address", "localhost" }] = "intent-webhook: --address: must be an IPv4 or IPv6 address",
        [{ "listen", "--address", "999.1.1.1" }] = "intent-webhook: --address: must be an IPv4 or IPv6 address",
        [{ "listen", "--port", "65536" }] = "intent-webhook: --port must be from 0 to 65535, not 65536",
        [{ "fire", intents, "book", "name", "--history", history }] = 'intent-webhook: "name" is no slot',
        [{ "fire", intents, "book", "name:=[", "--history", history }] = "intent-webhook: the slot name has no JSON",
        [{ "fire", intents, "book", "name:=0x10", "--history", history }] = "the slot name has no JSON",
        [{ "fire", intents, "book", "name:=007", "--history", history }] = "the slot name has no JSON",
        [{ "fire", intents, "book", "name=a", "name=b", "--history", history }] = "the slot name is given twice",
        [{ "fire", intents, "bok", "--history", history }] = 'there is no intent "bok": did you mean "book"?',
        [{ "fire", intents, "book", "nam=x", "--history", history }] = "intent-webhook: slots.name: is required",
        [{ "fire", intents, "book", "name=x", "nam=x", "--history", history }] = "slots.nam: is not declared",
      }
      for words, message in pairs(wrong) do
        local status, output, errors = run(words)
        assert.are.equal(2, status, table.concat(words, " ") .. "\n" .. errors)
        assert.are.equal("", output)
        assert.is_truthy(errors:find(message, 1, true), errors)
        assert.is_nil(errors:find("traceback", 1, true))
      end
    end)

    it("ends with 3 when a file cannot be read", function()
      for _, words in ipairs {
        { "check", folder .. "/none.lua" }, { "check", folder }, { "match", folder .. "/none.lua", "x" },
        { "explain", folder .. "/none.lua", "x" }, { "sample", folder .. "/none.lua" },
        { "lint", folder .. "/none.lua" }, { "compile", intents, "/nonexistent/folder/out" },
        { "run", folder .. "/none.lua" },
        { "fire", folder .. "/none.lua", "book" }, { "history", "--history", folder .. "/none.db" },
        { "show", "x", "--history", folder .. "/none.db" }, { "history", "--history", intents },
        { "run", intents, "--history", intents }, { "fire", intents, "book", "--history", "/nonexistent/h.db" },
        { "run", intents, "--history", "/nonexistent/folder/h.db" },
      } do
        local status, output, errors = run(words)
        assert.are.equal(3, status, table.concat(words, " ") .. "\n" .. errors)
        assert.are.equal("", output)
        assert.is_truthy(errors:find("^intent%-webhook: "), errors)
        assert.is_nil(errors:find("traceback", 1, true))
      end
    end)

    it("says so when this Lua cannot load the module", function()
      local words = command { "--help" }
      words.env.LUA_PATH, words.env.LUA_CPATH = "/nonexistent/?.lua", "/nonexistent/?.so"
      local status, output, errors = process.run(words)
      assert.are.equal(3, status)
      assert.are.equal("", output)
      assert.is_truthy(errors:find("^intent%-webhook: Lua 5.%d cannot load the module"), errors)
      assert.is_nil(errors:find("traceback", 1, true))
    end)

    it("ends with 3 when its output cannot be written", function()
      local status, _, errors = run({ "--help" }, "> /dev/full")
      assert.are.equal(3, status)
      assert.is_truthy(errors:find("^intent%-webhook: the output cannot be written: "))
    end)

    it("does not let words of its command line reach the terminal as they are", function()
      local _, _, errors = run { "\27[2Jx" }
      assert.is_nil(errors:find("\27", 1, true))
      _, _, errors = run { "show", "\27[2Jx", "--history", folder .. "/none.db" }
      assert.is_nil(errors:find("\27", 1, true))
    end)
  end)

  describe("check", function()
    it("says that a file is good, and what is in it", function()
      local status, output = run { "check", intents, "--history", history }
      assert.are.equal(0, status)
      assert.are.equal(intents .. ": 3 intents, 5 rules, 1 action: no mistakes, 1 warning\n", output:match("[^\n]*\n$"))
      assert.is_truthy(output:find('intents[3]: warning: the slot "b" is required, but no rule yields it', 1, true))
    end)

    it("lists every mistake", function()
      local bad = write("bad.lua", [[
        return { { nme = "a", rules = { { pattern = "(b)" } } }, { name = "c", actions = { {} } } }]])
      local status, output = run { "check", bad, "--history", history }
      assert.are.equal(1, status)
      assert.are.equal([[
intents[1].name: must be a string, got nil: give the intent a name
intents[1].nme: is no option: did you mean "name"?
intents[1].rules[1]: has 1 capture but 0 names in slots: name each capture, in order
intents[2].actions[1]: is none of what an action can be: give a webhook, a reply, a handoff or a function, ]]
        .. [[like { reply = "Done." }
]] .. bad .. ": 4 mistakes\n", output)
    end)

    it("ends with 3 when only the history cannot be used", function()
      local status, output = run { "check", intents, "--history", "/nonexistent/folder/h.db" }
      assert.are.equal(3, status)
      assert.is_truthy(output:find("^history: .*: 1 mistake, 1 warning\n$"), output)
      local bad = write("bad.lua", "return { { nme = 'a' } }")
      assert.are.equal(1, (run { "check", bad, "--history", "/nonexistent/folder/h.db" }))
    end)

    it("says what is wrong with a file that is no Lua, or raises", function()
      local status, output = run { "check", write("syntax.lua", "return {{"), "--history", history }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("^the file of intents is not Lua: .*syntax.lua:1: "))
      status, output = run { "check", write("raises.lua", "error('boom')"), "--history", history }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("raises.lua:1: boom\nstack traceback:\n", 1, true))
    end)
  end)

  describe("match, explain, sample, lint and compile", function()
    local home

    before_each(function()
      home = write("home.lua", [[
        local webhook = require "intent_webhook"
        return {
          history = "/nonexistent/folder/history.db",
          lists = { area = { "kitchen", { "living room", value = "living_room" } }, level = { from = 0, to = 100 } },
          phrases = { turn = "(turn|switch)" },
          intents = {
            { name = "light", slots = { "area", { name = "level", optional = true } },
              rules = { { sentences = { "<turn> on [the] {area} light[s] [to {level}]" }, response = "done",
                metadata = { b = { 1, 2 }, a = "x" } } } },
            { name = "code", slots = { { name = "pin", sensitive = true }, { name = "area", optional = true } },
              rules = { { sentences = { "my code is {pin}" }, requires_context = { area = { slot = true } } },
                { pattern = "pin (%d+)", slots = { "pin" } },
                function(m) if m:find("boom") then error("broken by " .. m) end end } },
          },
        }]])
    end)

    it("say what a message would fire, without a history", function()
      local status, output, errors = run { "match", home, "switch on the Living Room lights to 50" }
      assert.are.equal(0, status, errors)
      assert.are.equal("", errors)
      assert.are.equal([[
light  rule 1  score 1.000
  sentence  <turn> on [the] {area} light[s] [to {level}]
  slots     area = "living_room"  (bytes 15 to 25)
            level = 50  (bytes 37 to 38)
  response  done
]], output)
      status, output = run { "match", home, "switch on the Living Room lights to 50", "--json" }
      assert.are.equal(0, status)
      assert.are.equal('{"intent":"light","slots":{"area":"living_room","level":50},"spans":{"area":[15,25],'
        .. '"level":[37,38]},"rule":1,"template":"<turn> on [the] {area} light[s] [to {level}]","score":1,'
        .. '"response":"done","metadata":{"a":"x","b":[1,2]}}\n', output)
    end)

    it("end with 1 when there is no intent for a message, and tell what functions raised", function()
      local status, output, errors = run { "match", home, "boom" }
      assert.are.equal(1, status)
      assert.are.equal("no intent\n", output)
      assert.is_truthy(errors:find("^intents%[2%].rules%[3%]: what the rule raised is not shown, since .-\n"
        .. "stack traceback:\n.*home.lua:%d+"), errors)
      status, output = run { "match", home, "boom", "--json" }
      assert.are.equal(1, status)
      assert.are.equal("intents[2].rules[3]", cjson.decode(output).errors[1].where)
      local strange = write("strange.lua", [[return { { name = "a", rules = { { sentences = { "go" },
        metadata = setmetatable({ k = 1 }, { __index = error, __pairs = error }) } } } }]])
      assert.are.same({ k = 1 }, cjson.decode((select(2, run { "match", strange, "go", "--json" }))).metadata)
      local open = write("open.lua", [[
        return { { name = "a", rules = { function(m) error("broken by " .. m) end } } }]])
      assert.is_truthy(select(3, run { "match", open, "boom" }):find("^intents%[1%].rules%[1%]: .*broken by boom"))
      status, output = run { "explain", home, "boom" }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("error: ", 1, true), output)
    end)

    it("take a context, and keep sensitive slots out of what they print", function()
      local words = { "my code is 98765", "--context", "area=hall", "--context", "on:=true" }
      for _, name in ipairs { "match", "explain" } do
        for _, more in ipairs { "--json", "--best-slot=pin" } do
          local status, output, errors = run { name, home, words[1], words[2], words[3], words[4], words[5], more }
          assert.are.equal(0, status, errors)
          assert.is_truthy(output:find("[redacted]", 1, true), output)
          assert.is_truthy(output:find("hall", 1, true), output)
          assert.is_nil(output:find("98765", 1, true), output)
        end
        assert.are.equal(1, (run { name, home, words[1] }))
        assert.is_nil(select(2, run { name, home, "pin 98765" }):find("98765", 1, true))
      end
      assert.is_true(cjson.decode((select(2, run { "match", home, words[1], "--json", words[2], words[3], words[4],
        words[5] }))).context.on)
    end)

    it("explain why what lost did", function()
      local status, output, errors = run { "explain", home, "my code is pin 5" }
      assert.are.equal(0, status, errors)
      assert.is_truthy(output:find("^ 1  code  rule 2  wins\n    slots     pin = %[redacted%]\n"), output)
      assert.is_truthy(output:find("\n 2  code  rule 1  does not match\n", 1, true), output)
      assert.is_truthy(output:find("why       context_missing: ", 1, true), output)
      status, output = run { "explain", home, "my code is pin 5", "--json" }
      assert.are.equal(0, status)
      local list = lines(output)
      assert.are.same({ 1, 2, "context_missing" }, { list[1].rank, list[2].rank, list[2].reason })
      status, output = run { "explain", home, "switch on the garden light" }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("unmatched: ", 1, true), output)
    end)

    it("explain what each typed slot would get, or why it gets nothing", function()
      local typed = write("typed.lua", [[return { zone = "UTC", now = function() return 1764054000 end, intents = {
        { name = "table", rules = { "book a table for {date}", { pattern = "table" } }, slots = {
          { name = "date", type = "date" }, { name = "size", type = "number", max = 20 }, "guest",
          { name = "email", type = "email", sensitive = true, validate = function(v) return false, "no " .. v end },
        } } } }]])
      local said = "book a table for 28 November 2026 for 50 people, ann@example.org"
      local status, output, errors = run { "explain", typed, said }
      assert.are.same({ 0, "" }, { status, errors })
      assert.is_truthy(output:find([[
    slots     date = "2026-11-28"  (bytes 18 to 33, date)
              size: too_large "50"
              email: refused "[redacted]": [redacted]
              guest: not in the text
]], 1, true), output)
      status, output = run { "explain", typed, said, "--json" }
      assert.are.equal(0, status)
      local first = lines(output)[1]
      assert.are.same({ { date = "2026-11-28" }, { date = { 18, 33 } }, { "size", "guest", "email" } },
        { first.slots, first.spans, first.missing })
      assert.are.same({ { slot = "size", reason = "too_large", raw = "50" },
        { slot = "email", reason = "refused", raw = "[redacted]", message = "[redacted]" } }, first.rejected)
      assert.is_truthy(output:find('"accepted":true,"priority":0,"slots":{.-},"spans":{.-},"missing":%[.-%],'
        .. '"rejected":%[.-%],"score":'), output)
      assert.is_nil(output:find("ann@example.org", 1, true))
    end)

    it("explain calls each function once", function()
      local counted = write("counted.lua", [[local calls = 0
        local function rule() calls = calls + 1 error(calls .. " calls", 0) end
        return { { name = "a", rules = { "turn it on", rule } } }]])
      local status, output = run { "explain", counted, "turn off" }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("1 calls", 1, true), output)
      assert.is_nil(output:find("2 calls", 1, true), output)
    end)

    it("explain why nothing is listed", function()
      local rules = write("rules.lua", [[return { { name = "a", rules = { "turn it on" } } }]])
      local none = write("no_rules.lua", [[return { { name = "a" } }]])
      local near = "no rule comes near the text: nothing fits from its first character on\n"
      assert.are.same({ 1, near, "" }, { run { "explain", rules, "xyz" } })
      assert.are.same({ 1, "no intent has a rule\n", "" }, { run { "explain", none, "xyz" } })
      assert.are.same({ 1, "", "" }, { run { "explain", rules, "xyz", "--json" } })
      local long = ("x"):rep(70000)
      local problem = "is too long: 70000 bytes were not compared with the sentences; the most is 65536"
      assert.are.same({ 1, "no intent\n", "text: " .. problem .. "\n" }, { run { "explain", rules, long } })
      local status, output, errors = run { "explain", rules, long, "--json" }
      assert.are.same({ 1, "" }, { status, errors })
      assert.are.same({ errors = { { where = "text", message = problem } } }, cjson.decode(output))
    end)

    it("quote nothing of the text that may be of a sensitive slot", function()
      local secret = write("secret.lua", [[return {
        lists = { pin = { from = 1, to = 9999 }, area = { { "[the] red fox", value = "r" } },
          who = { { "me", context = { owner = "ann" } } } },
        intents = { { name = "code", slots = { { name = "pin", sensitive = true } },
          rules = { "my code is {pin}", { sentences = { "unlock it" },
            requires_context = { badge = { slot = "pin" } } },
            function(m) if m:find("boom") then error("broken by " .. m) end end } },
          { name = "level", slots = { "n" }, rules = { "level {1..9:n}" } },
          { name = "door", slots = { { name = "who", sensitive = true } }, rules = {
            function(m) error("broken by " .. m) end, "open for {area:who}" } } } }]])
      local status, output = run { "explain", secret, "my code is 98765" }
      assert.are.equal(1, status)
      assert.is_nil(output:find("98765", 1, true), output)
      assert.is_truthy(output:find("unmatched: the text does not fit from byte 12 on", 1, true), output)
      assert.is_nil(select(2, run { "explain", secret, "level 12" }):find("12 is not in the range", 1, true))
      output = select(2, run { "explain", secret, "boom 98765" })
      assert.is_nil(output:find("98765", 1, true), output)
      assert.is_truthy(output:find("error: what the rule raised is not shown", 1, true), output)
      for _, said in ipairs { "open for the red FOX", "is this the red FOX" } do -- another spelling; no slot
        local input = process.quote(write("said", said .. "\n"))
        for _, asked in ipairs { { "match", secret, said }, { "explain", secret, said },
          { "run", secret, "--history", history } } do
          local _, printed, problems = run(asked, "< " .. input)
          assert.is_nil((printed .. problems):find("FOX", 1, true), printed .. problems)
          assert.is_truthy((printed .. problems):find("what the rule raised is not shown", 1, true))
        end
      end
      local greedy = write("greedy.lua", [[return {
        { name = "pin", slots = { { name = "pin", sensitive = true } },
          rules = { "my pin is {pin}", "your pin {pin}" } },
        { name = "num", slots = { "n", "rest" }, rules = { "your pin {0..9999:n} {rest}" } },
        { name = "any", slots = { "thing", "all" },
          rules = { "my {thing}", { pattern = "^my (.*)$", slots = { "all" } } } },
      }]])
      for _, more in ipairs { "--json", "--best-slot=pin" } do
        output = select(2, run { "explain", greedy, "my pin is 123", more })
        assert.is_nil(output:find("123", 1, true), output)
        assert.are.equal(3, select(2, output:gsub("%[redacted%]", "")))
        output = select(2, run { "explain", greedy, "your pin 4,711 abc", more }) -- in pieces, and as a number
        assert.is_nil(output:find("711", 1, true) or output:find("abc", 1, true), output)
      end
      local chunks = write("chunks.lua", [[return { { name = "pin", slots = { { name = "pin", sensitive = true } },
        rules = { function(m) (loadstring or load)("error(5)", m)() end } } }]])
      output = select(3, run { "match", chunks, "a hunter2" })
      assert.is_truthy(output:find("stack traceback:", 1, true), output)
      assert.is_nil(output:find("hunter2", 1, true), output)
      local contexts = { "--context=badge:=4711", "--context=again=4711", "--context=other=471" }
      for _, more in ipairs { "--json", "--best-slot=pin" } do
        status, output = run { "match", secret, "unlock it", more, contexts[1], contexts[2], contexts[3] }
        assert.are.equal(0, status, output)
        assert.is_nil(output:find("4711", 1, true), output)
        if more == "--json" then
          assert.are.same({ badge = "[redacted]", again = "[redacted]", other = "471" }, cjson.decode(output).context)
        end
      end
    end)

    it("show sentences that intents accept", function()
      local status, output, errors = run { "sample", home, "light", "--count", "7", "--seed=3" }
      assert.are.equal(0, status, errors)
      assert.are.equal(7, select(2, output:gsub("[^\n]+\n", "")))
      assert.are.equal(output, select(2, run { "sample", home, "light", "--count", "7", "--seed=3" }))
      for sentence in output:gmatch("[^\n]+") do assert.are.equal(0, (run { "match", home, sentence })) end
      status, output = run { "sample", home, "--count=1" }
      assert.are.equal(0, status)
      assert.is_truthy(output:find("^light\t[^\n]+\ncode\t[^\n]+\n$"), output)
      local none = write("none.lua", "return { { name = 'a' } }")
      local missing
      status, output, missing = run { "sample", none }
      assert.are.same({ 1, "", "no sentences\n" }, { status, output, missing })
    end)

    it("list what each sentence yields, then mistakes and warnings", function()
      local path = write("lint.lua", [[return { lists = { area = { "hall" } }, intents = { {
        name = "light", slots = { "area", { name = "domain", optional = true } },
        rules = { "on [in {area}]", { sentences = { "off in {area}" }, slots = { domain = "light" } } },
      } } }]])
      local status, output = run { "lint", path }
      assert.are.equal(0, status)
      assert.is_truthy(output:find([[
light
  1  on [in {area}]
     sometimes area
  2  off in {area}
     always    area, domain
intents[1].rules[1]: warning: the slot "area" is required, but some branches of this sentence do not yield it: ]], 1,
        true), output)
      assert.is_truthy(output:find(": 1 intent, 2 rules, 0 actions: no mistakes, 1 warning\n$"), output)
      local bad = write("bad.lua", "return { { name = 'a', rules = { 'x (y' } } }")
      status, output = run { "lint", bad }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("^intents%[1%].rules%[1%]: column 3: .*: 1 mistake\n$"), output)
      for _, words in ipairs { { "match", bad, "x" }, { "explain", bad, "x" }, { "sample", bad }, { "compile", bad,
        folder .. "/out" } } do
        assert.are.equal(1, (run(words)))
      end
    end)

    it("write the compiled sentences, which are then used, and refused when they are old", function()
      local out = folder .. "/home.compiled"
      local status, output, errors = run { "compile", home, out }
      assert.are.equal(0, status, errors)
      assert.are.equal(out .. ": the compiled sentences of " .. home .. "\n", output)
      local content = process.read_file(home)
      local used = write("used.lua", content:gsub("history = [^\n]*", ("compiled = %q,"):format(out)))
      assert.are.equal(0, (run { "check", used, "--history", history }))
      local old = write("old.lua", process.read_file(used):gsub("living room", "bedroom"))
      status, output = run { "check", old, "--history", history }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("^compiled: .*make it again with intent%-webhook compile"), output)
      assert.are.equal(0, (run { "compile", old, out }))
      assert.are.equal(0, (run { "check", old, "--history", history }))
      assert.are.equal(1, (run { "compile", write("none.lua", "return { { name = 'a' } }"), out }))
    end)
  end)

  describe("run", function()
    local function run_over(input, more)
      local path = write("input", input)
      local words = { "run", intents, "--history", history }
      for _, word in ipairs(more or {}) do words[#words + 1] = word end
      return run(words, "< " .. process.quote(path))
    end

    it("prints a line of JSON for each message, then one for each delivery", function()
      local status, output, errors =
        run_over('book for Ann\r\n\n{"text": "book for Bob", "session": "s1"}\nhello\nneed x\n')
      assert.are.equal(0, status, errors)
      assert.are.equal("", errors)
      local results, deliveries = {}, {}
      for _, line in ipairs(lines(output)) do
        if line.delivery then deliveries[#deliveries + 1] = line.delivery else results[#results + 1] = line end
      end
      assert.are.same({ "fired", "fired", "unmatched", "incomplete" },
        { results[1].status, results[2].status, results[3].status, results[4].status })
      assert.are.same({ name = "Ann" }, results[1].slots)
      assert.are.equal("s1", results[2].session)
      assert.are.same({ "b" }, results[4].missing)
      assert.are.equal(4, #results)
      assert.are.equal(2, #deliveries)
      for _, delivery in ipairs(deliveries) do
        assert.are.same({ "delivered", 200, "book", true },
          { delivery.status, delivery.http_status, delivery.intent, delivery.recorded })
        assert.is_truthy(delivery.id == results[1].id or delivery.id == results[2].id)
      end
    end)

    it("keeps the order of fields and slots", function()
      local _, output = run_over('{"text": "book for Ann, phone 123456", "session": "s"}\n')
      assert.is_truthy(output:find(
        '^{"status":"fired","intent":"book","session":"s","slots":{"name":"Ann","phone":"%[redacted%]"},'
        .. '"filled":%["name","phone"%],"score":0.%d+,"rule":2,"id":"[%x%-]+","events":%[{"intent":"book",'
        .. '"id":"[%x%-]+","slots":{"name":"Ann","phone":"%[redacted%]"}}%]}\n'), output)
    end)

    it("keeps sensitive slots and tokens out of its output", function()
      local _, output = run_over("book for Ann, phone 123456\n")
      assert.is_nil(output:find("123456", 1, true))
      assert.is_nil(output:find("t0ken", 1, true))
    end)

    it("goes on after a line that is no message, and ends with 1", function()
      local status, output = run_over('{"text":\n{"txt": "x"}\n{"text": "x", "session": 5}\n{"text": 5}\nnote this\n')
      assert.are.equal(1, status)
      local results = lines(output)
      for index = 1, 4 do
        assert.are.same({ "invalid", "invalid" }, { results[index].status, results[index].code })
        assert.is_string(results[index].error)
      end
      assert.are.equal("fired", results[5].status)
      assert.are.equal("recorded", results[6].delivery.status)
    end)

    it("takes a context and a slot that counts most, and refuses anything else, naming it", function()
      local path = write("context.lua", [[return { lists = { name = { "hall", "hall lamp" } }, intents = { {
        name = "light", slots = { { name = "area", optional = true }, { name = "name", optional = true } },
        rules = { { sentences = { "lights on" }, requires_context = { area = { slot = true }, on = true } },
          "turn on {name} [lamp]" } } } }]])
      local cases = {
        { '{"text":"lights on","context":{"area":"hall","on":true,"n":1.5},"best_slot":null}', "hall" },
        { '{"text":"turn on hall lamp","best_slot":"name","session":"s","context":{}}', nil, "hall lamp" },
        { '{"text":"x","contxt":{}}', error = 'the JSON has "contxt", which is no option: did you mean "context"?' },
        { '{"text":"x","zone":1}',
          error = 'the JSON has "zone", which is no option: known are text, session, context, best_slot, nlu, format, '
            .. "least_confidence; nor is it what an NLU or a model answers, of which known are alexa, lex, dialogflow, "
            .. "openai, openai_responses, anthropic, wit, hassil, snips, rasa" },
        { '{"text":"x","context":"a"}', error = 'the JSON has a "context" that is no object' },
        { '{"text":"x","context":["a"]}', error = 'the JSON has a "context" that is no object' },
        { '{"text":"x","context":{"a":{}}}',
          error = 'the JSON has a "context" whose "a" is no string, number or boolean' },
        { '{"text":"x","context":{"b":null}}',
          error = 'the JSON has a "context" whose "b" is no string, number or boolean' },
        { '{"text":"x","context":{"":1}}', error = 'the JSON is wrong: context[""]: is empty: give values by key' },
        { '{"text":"x","best_slot":5}', error = 'the JSON has a "best_slot" that is no string' },
        { '{"text":"x","best_slot":"nam"}',
          error = 'the JSON is wrong: best_slot: no intent has the slot "nam": did you mean "name"?' },
      }
      local input = {}
      for index, case in ipairs(cases) do input[index] = case[1] end
      input = write("input", table.concat(input, "\n") .. "\n")
      local status, output, errors = run({ "run", path, "--history", history }, "< " .. process.quote(input))
      assert.are.equal(1, status, errors)
      local results = {}
      for _, line in ipairs(lines(output)) do
        if not line.delivery then results[#results + 1] = line end
      end
      assert.are.equal(#cases, #results)
      for index, case in ipairs(cases) do
        local one = results[index]
        assert.are.same({ case.error and "invalid" or "fired", case.error }, { one.status, one.error })
        if one.slots then assert.are.same({ area = case[2], name = case[3] }, one.slots) end
      end
    end)

    describe("with sessions and results of NLUs", function()
      local form

      before_each(function()
        form = write("form.lua", [[
          local webhook = require "intent_webhook"
          return { zone = "+07:00", intents = {
            { name = "book_table", rules = { webhook.keywords { all = { "table" } } }, slots = {
                { name = "guest", type = "name", prompt = "What is your name?" },
                { name = "size", type = "number", max = 20, prompt = "For how many?" },
                { name = "pin", type = "pattern", pattern = "%d%d%d%d%d?", sensitive = true,
                  prompt = "Your PIN, {guest}?" },
              },
              confirm = "{size} people, PIN {pin}?",
              actions = { { webhook = os.getenv("SPEC_URL") .. "/hook" }, { reply = "Booked with {pin}." } } },
            { name = "hours", rules = { "when do you open" }, actions = { { reply = "From 9." } } },
          } }]])
      end)

      local function run_form(list, ...)
        local input = write("input", table.concat(list, "\n") .. "\n")
        local status, output, errors = run({ "run", form, "--history", history, ... }, "< " .. process.quote(input))
        local results = {}
        for _, line in ipairs(lines(output)) do
          if not line.delivery then results[#results + 1] = line end
        end
        return results, output, status, errors
      end

      it("prints each message of a session as a turn, without sensitive values in any text", function()
        local results, output, status, errors = run_form({
          '{"text":"book a table","session":"a"}', "Ann", "50", "4", "7153", "when do you open", "yes", "hello",
        }, "--session", "a")
        assert.are.same({ 0, "" }, { status, errors })
        local kept = {}
        for index, one in ipairs(results) do kept[index] = one.status .. " " .. (one.text or "") end
        assert.are.same({
          "collecting What is your name?", "collecting For how many?", "collecting 50 is too much.\nFor how many?",
          "collecting Your PIN, Ann?", "confirming 4 people, PIN [redacted]?",
          "fired From 9.\n4 people, PIN [redacted]?", "fired Booked with [redacted].", "unmatched ",
        }, kept)
        assert.are.same({ { slot = "size", reason = "too_large", raw = "50" } }, results[3].rejected)
        assert.are.same({ guest = "Ann", size = 4, pin = "[redacted]" }, results[5].slots)
        assert.are.same({ "a", "book_table", "book_table" },
          { results[7].session, results[6].resumed, results[7].events[1].intent })
        assert.are.equal(results[7].id, results[7].events[1].id)
        assert.is_nil(output:find("7153", 1, true))
        assert.is_truthy(output:find('^{"status":"collecting","intent":"book_table","session":"a","slots":{},'
          .. '"slot":"guest","attempt":1,"prompt":"What is your name%?","text":"What is your name%?",'
          .. '"missing":%["guest","size","pin"%],"score":0%.%d+,"rule":1}\n'), output)
      end)

      it("takes what an NLU or a model answered, as it is or with a session beside it", function()
        local rasa = '{"text":"x","intent":{"name":"book_table","confidence":0.9},"entities":[%s]}'
        local size = '{"entity":"size","value":4}'
        local results, output, status, errors = run_form {
          rasa:format(size),
          '{"nlu":' .. rasa:format(size .. ',{"entity":"colour","value":"red"}') .. ',"session":"s","format":"rasa"}',
          '{"text":"Ann","session":"s"}',
          '{"id":"msg_1","stop_reason":"tool_use","content":[{"type":"tool_use","name":"book_table",'
            .. '"input":{"guest":"Bob","size":2,"pin":"71534"}}]}',
          '{"sessionId":"lex-1","inputTranscript":"x","sessionState":{"intent":{"name":"hours","slots":{}}}}',
          '{"nlu":{"intent":{"name":"book_table","confidence":0.2},"entities":[]},"least_confidence":0.5}',
        }
        assert.are.same({ 0, "" }, { status, errors })
        local kept = {}
        for index, one in ipairs(results) do kept[index] = { one.status, one.session, one.slot } end
        assert.are.same({
          { "incomplete", nil, "guest" }, { "collecting", "s", "guest" }, { "collecting", "s", "pin" },
          { "incomplete" }, { "fired", "lex-1" }, { "unmatched" },
        }, kept, output)
        assert.are.same({ "colour", "unknown_slot" }, { results[2].refused[1].slot, results[2].refused[1].code })
        assert.are.equal("low_confidence", results[6].refused[1].code)
        assert.is_nil(output:find("71534", 1, true))
      end)

      it("says why an object is neither a message nor such an answer", function()
        local cases = {
          { '{"nlu":{"a":1}}', "the result has not the keys of any format", "format" },
          { '{"nlu":{"intent":{"name":"x"}},"format":"wit"}', "the result is not of the format wit", "format" },
          { '{"nlu":5}', 'the JSON has an "nlu" that is no object' },
          { '{"nlu":{},"text":"x"}', 'the JSON has "nlu" and "text"' },
          { '{"nlu":{},"session":5}', 'the JSON has a "session" that is no string' },
          { '{"nlu":{},"least_confidence":2}', "the JSON is wrong: least_confidence: must be from 0 to 1" },
          { '{"text":"x","format":"rasa"}', 'the JSON has "format", but no "nlu"' },
          { '{"texts":"x"}', 'the JSON has "texts", which is no option: did you mean "text"?' },
          { '{"sessionId":"a\\u0000","sessionState":{"intent":{"name":"hours"}}}', 'the JSON has a "session" that' },
          { '{"foo":"\27[2J"}', 'which is no option: known are text, session' },
          { '{"intent":{"name":"hours"},"entities":["\255"]}', "the result has text that is not UTF-8 at entities[0]" },
        }
        local input = {}
        for index, case in ipairs(cases) do input[index] = case[1] end
        local results, output, status = run_form(input)
        assert.are.equal(1, status)
        for index, case in ipairs(cases) do
          local one = results[index]
          assert.are.same({ "invalid", index, case[3] or "invalid" }, { one.status, one.line, one.code })
          assert.is_truthy(one.error:find(case[2], 1, true), one.error)
        end
        assert.is_nil(output:find("\27", 1, true))
      end)

      it("adds what was refused to the line of a message without a session", function()
        local results = run_form { "a table for 50 people" }
        assert.are.same({ "incomplete", { { slot = "size", reason = "too_large", raw = "50" } } },
          { results[1].status, results[1].rejected })
      end)
    end)

    it("reports what a rule raised, and ends with 1", function()
      local status, output = run_over("boom\nnote x\n")
      assert.are.equal(1, status)
      local results = lines(output)
      assert.are.equal("intents[2].rules[2]", results[1].errors[1].where)
      assert.is_truthy(results[1].errors[1].message:find("^what the rule raised is not shown.-\nstack traceback:\n"))
      assert.are.equal("fired", results[2].status)
    end)

    it("ends with 1 when a delivery failed", function()
      local saved = url
      url = "http://127.0.0.1:" .. process.free_port()
      finally(function() url = saved end)
      local status, output = run_over("book for Ann\n")
      assert.are.equal(1, status)
      local delivery = lines(output)[2].delivery
      assert.are.same({ "failed", "connect_refused" }, { delivery.status, delivery.cause })
      assert.is_truthy(delivery.reason:find("is the endpoint running?", 1, true))
    end)

    it("takes an empty input, and one without a line break at its end", function()
      assert.are.equal(0, (run_over("")))
      local status, output = run_over("hello")
      assert.are.equal(0, status)
      assert.are.equal('{"status":"unmatched"}\n', output)
    end)

    it("masks sensitive slots in what rules and map raise", function()
      local path = write("raising.lua", [[
        return { {
          name = "call",
          rules = {
            function(m) error("first: " .. m) end,
            function(m) return { phone = m:match("%+%d+"), pin = tonumber(m:match("pin (%d+)")) } end,
          },
          slots = { { name = "phone", sensitive = true }, { name = "pin", sensitive = true } },
          actions = { { webhook = "http://127.0.0.1:9/", map = function(slots)
            error(("bad phone %s, pin %d"):format(slots.phone, slots.pin))
          end } },
        } }]])
      local input = write("input", "call +84901234567 with pin 90718\n")
      local status, output, errors = run({ "run", path, "--history", history }, "< " .. process.quote(input))
      assert.are.equal(1, status, errors)
      assert.is_truthy(output:find("bad phone [redacted], pin [redacted]", 1, true), output)
      assert.is_truthy(lines(output)[2].delivery.message:find("bad phone [redacted], pin [redacted]", 1, true))
      assert.is_nil(output:find("84901234567", 1, true))
      assert.is_nil(output:find("90718", 1, true))
    end)

    it("says in which line of the input a mistake is", function()
      local _, output = run_over("hello\n\n{\nhello\n{}")
      local results = lines(output)
      assert.are.same({ 3, 5 }, { results[2].line, results[4].line })
    end)

    it("prints a delivery when it is finished, not when the next message comes", function()
      local words = command({ "run", intents, "--history", history }, [[>"$out"]])
      words[3] = [[out=$1
        { echo "book for Ann"; until grep -qs '"status":"delivered"' "$out"; do sleep 0.02; done; } | ]] .. words[3]
      words[4], words[5] = "sh", folder .. "/printed"
      local status, _, errors = process.run(words, 10)
      assert.are.equal(0, status, errors)
    end)

    it("waits, after ^C, for what is under way, and prints it", function()
      local slow = assert(listener.open { delay = 0.5 })
      local saved = url
      url = "http://127.0.0.1:" .. slow:port()
      finally(function()
        url = saved
        slow:close()
      end)
      local status, output =
        interrupt({ "run", intents, "--history", history }, [[grep -qs '"fired"' "$out"]], "book for Ann\n")
      assert.are.equal(130, status)
      assert.are.equal("delivered", lines(output)[2].delivery.status)
    end)

    it("ends with 3, and says why, when the history cannot be written", function()
      local path = write("note.lua", "return { { name = 'note', rules = { 'note {text}' }, slots = { 'text' } } }")
      local input = write("input", ("note " .. ("x"):rep(60000) .. "\n"):rep(4) .. "note b\n")
      local output, errors = run_on_full_disk({ "run", path, "--history", folder .. "/full.db" },
        "< " .. process.quote(input))
      assert.is_truthy(errors:find("^intent%-webhook: not recorded: [^\n]*disk[^\n]*\nstatus 3\n$"), errors)
      for _, line in ipairs(lines(output)) do
        local delivery = line.delivery
        if delivery then assert.are.same({ "unrecorded", false }, { delivery.status, delivery.recorded }) end
      end
    end)

    it("sends more than the queue holds", function()
      local options = "%1return { queue_limit = 5, intents = {\n"
      local small = write("small.lua", INTENTS:gsub("^(.-)return {\n", options) .. "}")
      local input = write("many", ("book for Ann\n"):rep(300))
      local status, output, errors = run({ "run", small, "--history", history }, "< " .. process.quote(input))
      assert.are.equal(0, status, errors .. output:sub(-500))
      assert.are.equal(300, select(2, output:gsub('"status":"fired"', "")))
      assert.are.equal(300, select(2, output:gsub('"status":"delivered"', "")))
    end)

    it("takes the history from the file of intents, unless it is told another", function()
      local inside = folder .. "/inside.db"
      local path = write("with-history.lua", ("return { history = %q, intents = { { name = 'n', rules = { 'n' } } } }")
        :format(inside))
      local input = write("input", "n\n")
      assert.are.equal(0, (run({ "run", path }, "< " .. process.quote(input))))
      assert.are.equal(1, #lines(select(2, run { "history", "--history", inside, "--json" })))
      local other = folder .. "/other.db"
      assert.are.equal(0, (run({ "run", path, "--history", other }, "< " .. process.quote(input))))
      assert.are.equal(1, #lines(select(2, run { "history", "--history", other, "--json" })))
      assert.are.equal(1, #lines(select(2, run { "history", "--history", inside, "--json" })))
    end)
  end)

  describe("fire", function()
    it("fires, waits and shows the call", function()
      local status, output, errors = run { "fire", intents, "book", "name=Ann = Lee", "phone=123456", "--session", "s9",
        "--history", history }
      assert.are.equal(0, status, errors)
      assert.is_truthy(output:find("^book  %d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d.%d%d%d\n"))
      for _, words in ipairs { '  slots     name = "Ann = Lee"\n            phone = "[redacted]"\n', "  session   s9\n",
        "webhook 1  delivered  200  ", "    POST /hook HTTP/1.1\n", "    Authorization: [redacted]\n",
        '    {"name":"Ann = Lee","phone":"[redacted]"}\n' } do
        assert.is_truthy(output:find(words, 1, true), words .. output)
      end
    end)

    it("shows what came back so that the terminal obeys none of it", function()
      local _, output = run { "fire", intents, "book", "name=Ann", "--history", history }
      assert.is_truthy(output:find("\n    \\x1b[31mhello\\x1b[0m\\x9b\\u{202e}\n", 1, true), output)
      assert.is_nil(output:find("\27", 1, true))
    end)

    it("takes JSON after :=", function()
      local status, output = run { "fire", intents, "note", "text:=12", "more:=null", "--history", history, "--json" }
      assert.are.equal(0, status)
      assert.is_truthy(output:find('"slots":{"text":12,"more":null}', 1, true), output)
    end)

    it("sends the whole number that is written, or refuses it, and shows it as it was sent", function()
      local wide = rawget(math, "maxinteger") ~= nil
      local number = wide and "12345678901234567" or "9007199254740991"
      local status, output, errors = run { "fire", intents, "note", "text:= " .. number, "--history", history }
      assert.are.equal(0, status, errors)
      assert.is_truthy(output:find("  slots     text = " .. number .. "\n", 1, true), output)
      for _, refused in ipairs { "9223372036854775808", "-9223372036854775809", not wide and number .. "0" or nil } do
        status, output, errors = run { "fire", intents, "note", "text:=" .. refused, "--history", history }
        assert.are.equal(2, status, output)
        assert.are.equal(("intent-webhook: the slot text has the number %s, which %s cannot hold: "
          .. "send it as text, text=%s\n"):format(refused, _VERSION, refused), errors)
      end
    end)

    it("ends with 3, and says what it knows, when the history cannot be written", function()
      local words = { "fire", write("note.lua", "return { { name = 'note', slots = { 'text' } } }"), "note",
        "text=" .. ("x"):rep(120000), "--history", folder .. "/full.db" }
      local output, errors = run_on_full_disk(words)
      assert.is_truthy(errors:find("^intent%-webhook: not recorded: [^\n]*disk[^\n]*\nstatus 3\n$"), errors)
      assert.are.equal("note  no webhook  unrecorded\n", output)
    end)

    it("ends by ^C while it waits", function()
      local slow = assert(listener.open { delay = 30 })
      local saved = url
      url = "http://127.0.0.1:" .. slow:port()
      finally(function()
        url = saved
        slow:close()
      end)
      local path = folder .. "/interrupted.db"
      local status, _, errors = interrupt({ "fire", intents, "book", "name=Ann", "--history", path },
        ("test -s %s-wal"):format(process.quote(path)))
      assert.are.equal(130, status)
      assert.are.equal("", errors)
    end)

    it("ends by ^C while it fires", function()
      local line = 0
      for text in process.read_file("lua/intent_webhook.lua"):gmatch("([^\n]*)\n") do
        line = line + 1
        if text:find("^function Client:fire%(") then break end
      end
      local code = ([[debug.sethook(function()
        local called = debug.getinfo(2, "S")
        if called.linedefined == %d and called.short_src:find("intent_webhook%%.lua$") then
          debug.sethook()
          error("interrupted!", 0)
        end
      end, "c")]]):format(line)
      local fired = command { "fire", intents, "book", "name=Ann", "--history", folder .. "/while-it-fires.db" }
      fired.env.LUA_INIT = code
      local status, output, errors = process.run(fired)
      assert.are.same({ 130, "", "" }, { status, output, errors })
    end)

    it("ends with 1 and the cause when it was not delivered", function()
      local saved = url
      url = "http://127.0.0.1:" .. process.free_port()
      finally(function() url = saved end)
      local status, output = run { "fire", intents, "book", "name=Ann", "--history", history }
      assert.are.equal(1, status)
      assert.is_truthy(output:find("\n  cause     connect_refused\n", 1, true))
      assert.is_truthy(output:find("is the endpoint running?", 1, true))
    end)
  end)

  describe("history and show", function()
    local path, ids

    setup(function()
      path, ids = folder .. "/shown.db", {}
      write("intents.lua", INTENTS)
      for index, words in ipairs { { "book", "name=Ann", "--session", "one" }, { "note", "text=\27[2J" },
        { "book", "name=Bob" } } do
        local all = { "fire", folder .. "/intents.lua", "--history", path, "--json" }
        for _, word in ipairs(words) do all[#all + 1] = word end
        local status, output, errors = run(all)
        assert.are.equal(0, status, errors)
        ids[index] = cjson.decode(output).id
      end
    end)

    it("list a line for each event, newest first", function()
      local status, output = run { "history", "--history", path }
      assert.are.equal(0, status)
      local list = {}
      for line in output:gmatch("[^\n]+") do list[#list + 1] = line end
      assert.are.equal(4, #list)
      assert.is_truthy(list[1]:find("^TIME +INTENT +SESSION +STATUS +HTTP +TOOK +URL +EVENT$"))
      assert.is_truthy(list[2]:find("^%d+%-%d+%-%d+ %d+:%d+:%d+ +book +delivered +200 +[%d.]+ ms +http://[^ ]*/hook +"
        .. ids[3]:gsub("%-", "%%-") .. "$"))
      assert.is_truthy(list[3]:find(" note +recorded +" .. ids[2]:gsub("%-", "%%-") .. "$"))
      assert.is_truthy(list[4]:find(" book +one +delivered +200 "))
    end)

    it("filter", function()
      local function found(...)
        local words = { "history", "--history", path, "--json", ... }
        local status, output = run(words)
        assert.are.equal(0, status)
        local list = {}
        for index, event in ipairs(lines(output)) do list[index] = event.id end
        return list
      end
      assert.are.same({ ids[3], ids[2], ids[1] }, found())
      assert.are.same({ ids[3], ids[1] }, found("--intent", "book"))
      assert.are.same({ ids[1] }, found("--session=one"))
      assert.are.same({ ids[3], ids[1] }, found("--status", "delivered"))
      assert.are.same({}, found("--status", "failed"))
      assert.are.same({}, found("--status", "paused"))
      assert.are.same({ ids[2] }, found("--status", "recorded"))
      assert.are.same({ ids[3], ids[1] }, found("--search", "/HOOK"))
      assert.are.same({ ids[2] }, found("--search", ids[2]:upper()))
      assert.are.same({}, found("--search", "is nowhere"))
      assert.are.same({ ids[3], ids[1] }, found("--url", url .. "/hook"))
      assert.are.same({ ids[3] }, found("--limit", "1"))
      assert.are.same({ ids[3], ids[2], ids[1] }, found("--since", "10m"))
      assert.are.same({ ids[3], ids[2], ids[1] }, found("--since", "2020-01-01 12:00"))
      assert.are.same({ ids[3], ids[2], ids[1] }, found("--since", "1960-01-01"))
      assert.are.same({}, found("--since", "2100-01-01"))
    end)

    it("give CSV, a row for each webhook", function()
      local status, output = run { "history", "--history", path, "--csv" }
      assert.are.equal(0, status)
      local rows = {}
      for row in output:gmatch("(.-)\r\n") do rows[#rows + 1] = row end
      assert.are.equal(4, #rows)
      assert.are.equal("time,id,intent,session,slots,delivery,url,status,http_status,cause,message,finished,total_us",
        rows[1])
      local time = "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ"
      assert.is_truthy(rows[2]:find("^" .. time .. "," .. ids[3]:gsub("%-", "%%-") .. ',book,,.*,1,http://[^,]*/hook,'
        .. "delivered,200,,," .. time .. ",%d+$"), rows[2])
      assert.is_truthy(rows[3]:find("^" .. time .. "," .. ids[2]:gsub("%-", "%%-")
        .. ",note,,.*,,,recorded,,,[^,]+,,$"), rows[3])
      assert.is_truthy(rows[4]:find(",book,one,", 1, true))
    end)

    it("say when there is nothing to list", function()
      local status, output, errors = run { "history", "--history", path, "--intent", "none" }
      assert.are.equal(0, status)
      assert.are.equal("", output)
      assert.are.equal("no such events\n", errors)
    end)

    it("show one event in full, as JSON too", function()
      local status, output = run { "show", ids[1], "--history", path }
      assert.are.equal(0, status)
      assert.is_truthy(output:find("  timings   name looked up [%d.]+ ms, connected [%d.]+ ms, first byte [%d.]+ ms, "))
      assert.is_truthy(output:find("    HTTP/1.1 200 OK\n", 1, true))
      status, output = run { "show", ids[1], "--history", path, "--json" }
      assert.are.equal(0, status)
      assert.are.equal(1, select(2, output:gsub("\n", "")))
      local event = cjson.decode(output)
      assert.are.equal(200, event.deliveries[1].attempts[1].http_status)
    end)

    it("show text from outside harmlessly", function()
      local _, output = run { "show", ids[2], "--history", path }
      assert.is_truthy(output:find('text = "\\u001b[2J"', 1, true), output)
      assert.is_truthy(output:find("no webhook  recorded", 1, true))
    end)

    it("end with 1 for an event that is not there", function()
      local status, output, errors = run { "show", "none", "--history", path }
      assert.are.equal(1, status)
      assert.are.equal("", output)
      assert.are.equal("intent-webhook: there is no event none in the history\n", errors)
    end)

    it("use no colour where there is no terminal", function()
      assert.is_nil(select(2, run { "history", "--history", path }):find("\27", 1, true))
      assert.is_nil(select(2, run { "show", ids[1], "--history", path }):find("\27", 1, true))
    end)

    it("use colour on a terminal, unless NO_COLOR is set", function()
      local function on_terminal(prefix)
        local words = command { "history", "--history", path }
        local script = prefix .. " " .. words[3]
        words[3] = "script -qec " .. process.quote(script) .. " /dev/null"
        return select(2, process.run(words))
      end
      if process.shell("command -v script") == "" then return pending("needs script(1)") end
      assert.is_truthy(on_terminal("env -u NO_COLOR TERM=xterm"):find("\27[32mdelivered\27[0m", 1, true))
      assert.is_nil(on_terminal("env NO_COLOR=1 TERM=xterm"):find("\27", 1, true))
    end)
  end)

  describe("listen", function()
    local function start(...)
      local words = command({ "listen", "--port", "0", ... })
      words[3] = "exec " .. words[3]
      local started = process.start(words)
      return started, started.first_line
    end

    local function post(address, path, body)
      local status, output, errors = process.run { "curl", "-sS", "-i", "-d", body, address .. path }
      assert.are.equal(0, status, errors)
      return output
    end

    it("says where it listens, prints what it gets, answers as told, and ends when it has enough", function()
      local started, first = start("--status", "418", "--body", "short and stout", "--count", "2")
      local address = first:match("^listening on (http://127.0.0.1:%d+), answering 418$")
      assert.is_truthy(address)
      local answer = post(address, "/a?b=c", "hello\27[2J")
      assert.is_truthy(answer:find("^HTTP/1.1 418 "))
      assert.is_truthy(answer:find("\r\n\r\nshort and stout$"))
      assert.is_truthy(post(address, "/2", "x"):find("^HTTP/1.1 418 "))
      process.wait_until(function() return started:ended() end, 5, "listen to end")
      local output = started:output()
      assert.is_truthy(output:find("\n#1  %d+:%d+:%d+\nPOST /a%?b=c HTTP/1.1\nHost: 127.0.0.1:%d+\n"))
      assert.is_truthy(output:find("\nContent-Length: 9\n", 1, true))
      assert.is_truthy(output:find("\n\nhello\\x1b[2J\n", 1, true))
      assert.is_truthy(output:find("\n#2  ", 1, true))
      started:stop()
    end)

    it("prints JSON when asked to", function()
      local started, first = start("--json", "--count", "1")
      post(cjson.decode(first).listening, "/x", "body")
      process.wait_until(function() return started:ended() end, 5, "listen to end")
      local request = lines(started:output())[2]
      assert.are.same({ "POST", "/x", "HTTP/1.1", "body" },
        { request.method, request.target, request.version, request.body })
      assert.are.equal("Host", request.headers[1][1])
      started:stop()
    end)

    it("ends with 3 when the port is taken", function()
      local status, _, errors = run { "listen", "--port", tostring(receiver:port()) }
      assert.are.equal(3, status)
      assert.is_truthy(errors:find("^intent%-webhook: .*already in use %(%-%-port takes another port"), errors)
    end)

    it("ends with 130 by ^C", function()
      local status, _, errors = interrupt({ "listen", "--port", "0" }, 'grep -qs listening "$out"')
      assert.are.equal(130, status)
      assert.are.equal("", errors)
    end)
  end)
end)
