--- erase: the command that deletes from a history what it has of an event, a session, or a person.

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local file = require "intent_webhook.cli.file"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local SHORTEST = 3 -- bytes; a shorter text is in nearly everything
local TIMEOUT = 3600 -- seconds: a search through millions of events takes a while

local function plural(count, word)
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

local function both(events, sessions)
  local words = plural(events, "event")
  if sessions > 0 then words = words .. " and " .. plural(sessions, "conversation") .. " on the way" end
  return words
end

-- What is to be erased, from the words of the command line.
local function read_what(values)
  local what, count = { timeout = TIMEOUT }, 0
  for _, name in ipairs { "id", "session", "containing" } do
    if values[name] then what[name], count = values[name], count + 1 end
  end
  if count ~= 1 then terminal.exit(terminal.USAGE, "give one of --id, --session and --containing") end
  if what.containing == "-" then what.containing = (io.read("*l") or ""):gsub("\r$", "") end
  for _, name in ipairs { "id", "session", "containing" } do
    if what[name] == "" then terminal.exit(terminal.USAGE, ("--%s: is empty"):format(name)) end
    if what[name] and what[name]:find("%z") then terminal.exit(terminal.USAGE, ("--%s: holds a NUL"):format(name)) end
  end
  if what.containing and #what.containing < SHORTEST then
    local sentence = "--containing: must have at least %d bytes, since a shorter text is in nearly everything"
    terminal.exit(terminal.USAGE, sentence:format(SHORTEST))
  end
  return what
end

local function erase(path, what, dry_run)
  what.dry_run = dry_run
  local events, sessions, code = core.erase(path, what)
  if events then return events, sessions, code end
  terminal.exit(terminal.WORLD, text.line(sessions) .. (code == "timeout" and "" or (" (%s)"):format(text.line(path))))
end

-- Whether the person at the terminal says yes.
local function is_agreed(screen, values, found)
  if values.yes then return true end
  if values.containing == "-" or not core.isatty(0) then
    terminal.exit(terminal.USAGE, ("%s would be deleted: say so with --yes"):format(found))
  end
  screen:prompt(("Delete %s for good? [y/N] "):format(found))
  local answer = io.read("*l") or ""
  return answer:lower() == "y" or answer:lower() == "yes"
end

local function run(values, screen)
  local what = read_what(values)
  local path = values.history or file.DEFAULT_HISTORY
  local problem = check.unreadable(path)
  if problem then terminal.exit(terminal.WORLD, text.line("there is no history to erase from: " .. problem)) end
  local events, sessions = erase(path, what, true)
  local found = events + sessions > 0
  if found and values["dry-run"] then
    screen:print(both(events, sessions) .. " would be deleted")
    return terminal.OK
  end
  if found and not is_agreed(screen, values, both(events, sessions)) then
    screen:print("nothing deleted")
    return terminal.FAILED
  end
  local left
  if found or (values.yes and not values["dry-run"]) then -- copies may be left of what was deleted before
    events, sessions, left = erase(path, what, false)
  end
  if left then screen:note("intent-webhook: " .. text.line(left)) end
  if events + sessions == 0 then
    screen:print("nothing found, nothing deleted")
    return terminal.FAILED
  end
  screen:print(both(events, sessions) .. " deleted")
  return terminal.OK
end

---@type intent_webhook.Command
return {
  name = "erase",
  summary = "delete what the history has of an event, a session, or a person",
  help = [[
Deletes events with all that was sent and received for them, and conversations that
are on their way, and overwrites them in the file. Asks first, unless --yes is given.
A client may go on with the file meanwhile.

Conversations that are stored encrypted are found by their session, not by a text.

Exit status: 0 deleted, 1 nothing was found or it was not to be, 3 the history cannot
be written.]],
  operands = {},
  options = {
    { name = "history", value = "FILE", help = "the history file (default: " .. file.DEFAULT_HISTORY .. ")" },
    { name = "id", value = "ID", help = "the event with this id" },
    { name = "session", value = "NAME", help = "all events of this session, and the session" },
    { name = "containing", value = "TEXT",
      help = "all that contains this text, in any case; - reads it from standard input" },
    { name = "dry-run", help = "only count" },
    { name = "yes", help = "do not ask" },
  },
  run = run,
}
