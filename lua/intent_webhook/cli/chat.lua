--- chat: the command to talk with the intents of a file in a terminal.
--
-- What is said is one session. Each turn prints what the bot says, then in dimmed lines what came of it: the status,
-- the slots so far, what was refused, what fired. A webhook that answers soon is shown with its turn; of others it says
-- "pending", and their end is shown when it comes, above the prompt. (What was typed already stays with the terminal.)

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local delivery = require "intent_webhook.cli.delivery"
local explanation = require "intent_webhook.cli.explanation"
local file = require "intent_webhook.cli.file"
local input = require "intent_webhook.cli.input"
local recognised = require "intent_webhook.cli.recognised"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"
local turn = require "intent_webhook.cli.turn"

local INTERRUPTED_SECONDS = 5 -- for what is under way, when the chat ends with an error or ^C
local STEP_SECONDS = 0.1 -- between two looks at what is finished
local SOON_SECONDS = 1 -- how long a turn waits for its webhooks

local PROMPT = "> "

---@class intent_webhook.Chat
---@field client intent_webhook.Client
---@field screen intent_webhook.Terminal
---@field input intent_webhook.Input
---@field session string
---@field interactive boolean whether somebody types, and sees what is printed
---@field prompted boolean whether the prompt stands on the screen
---@field left boolean
---@field problems integer deliveries that failed, messages that could not be handled
local Chat = { __name = "intent_webhook.Chat" }
Chat.__index = Chat

function Chat:print(name, words)
  self.screen:print(self.screen:paint("dim", ("  %-10s %s"):format(name, text.line(words))))
end

-- Deliveries ----------------------------------------------------------------------------------------------------------

function Chat:print_delivery(one)
  if one.status == "recorded" then return end -- an event without webhook, in the history
  self.screen:print(delivery.badge_line(self.screen, one))
end

function Chat:take(deliveries)
  if not deliveries[1] then return end
  if self.prompted then self.screen:clear_prompt() end
  for _, one in ipairs(deliveries) do
    if one.status == "failed" then self.problems = self.problems + 1 end
    self:print_delivery(one)
  end
  self.screen:flush()
  if self.prompted then self.screen:prompt(PROMPT) end
end

function Chat:pending()
  local stats = self.client:stats()
  return stats.queued + stats.in_flight
end

-- Waits a little for what a turn has sent.
function Chat:await()
  local deadline = core.seconds() + SOON_SECONDS
  repeat
    local done = self.client:flush(STEP_SECONDS)
    self:take(self.client:poll())
  until done or self:pending() == 0 or core.seconds() > deadline
  local pending = self:pending()
  if pending == 0 then return end
  local count = pending > 1 and (" %d"):format(pending) or ""
  local screen = self.screen
  screen:print(screen:paint("dim", ("  %-10s "):format("webhook")) .. screen:badge("pending")
    .. screen:paint("dim", count))
end

-- What is said --------------------------------------------------------------------------------------------------------

function Chat:say(words)
  local result, message, code = self.client:message(words, { session = self.session })
  if not result then
    self.problems = self.problems + 1
    return self:print("refused", ("%s (%s)"):format(message, code))
  end
  local says = result.text or result.status == "unmatched" and "(nothing matched)"
  if says then self.screen:print(text.lines(says)) end
  turn.print(self.screen, self.client, result, self.session)
  if result.errors then self.problems = self.problems + 1 end
  for _, event in ipairs(result.events) do
    if not event.id then self.problems = self.problems + 1 end
  end
  if result.events[1] then self:await() end
end

-- Commands of the tool ------------------------------------------------------------------------------------------------

local COMMANDS = {
  { name = ":slots", help = "what is known so far" },
  { name = ":explain", help = "TEXT: every candidate for a text, and why it wins or loses" },
  { name = ":reset", help = "forget what was said" },
  { name = ":quit", help = "end; so does ^D" },
  { name = ":help", help = "this list" },
}

local commands = {}

-- What is kept of the session.
function Chat:kept()
  local client = self.client
  return client.sessions:get(self.session, client.now and client.now() or os.time())
end

function Chat:print_form(form)
  local checked = self.client.intents[form.intent]
  if not checked then return end
  self:print("intent", form.intent)
  local known = recognised.lines(checked, form.slots)
  for index, words in ipairs(known) do self:print(index == 1 and "slots" or "", words) end
  local missing = {}
  for _, slot in ipairs(checked.fields) do
    local open = form.slots[slot.name] == nil
    if open then missing[#missing + 1] = slot.name .. (slot.required and "" or " (optional)") end
  end
  if missing[1] then self:print("open", table.concat(missing, ", ")) end
end

commands[":slots"] = function(self)
  local kept, problem = self:kept()
  if kept == false then return self:print("error", problem) end
  local forms = kept and kept.forms or {}
  if not forms[1] then return self:print("slots", "none: no intent is being filled") end
  for index = #forms, 1, -1 do self:print_form(forms[index]) end -- the open one, then those that wait
end

commands[":explain"] = function(self, words)
  if words == "" then return self:print("error", ":explain needs a text") end
  explanation.new(self.client, words, self.client:explain(words)):print(self.screen)
end

commands[":reset"] = function(self)
  local client = self.client
  local now = client.now and client.now() or os.time()
  local kept, version = client.sessions:get(self.session, now)
  local done, problem = kept == nil, version
  if kept then done, problem = client.sessions:put(self.session, nil, version, now) end
  if not done then return self:print("error", problem) end
  self:print("reset", "all that was said is forgotten")
end

commands[":quit"] = function(self) self.left = true end

commands[":help"] = function(self)
  for _, one in ipairs(COMMANDS) do self:print(one.name, one.help) end
  self:print("", "everything else is said to the bot")
end

-- Runs a line that is a command, or looks like one that is written wrong. False when it is something to say, like ":)".
function Chat:command(line)
  local name, rest = line:match("^%s*(:%l+)%s*(.-)%s*$")
  if not name then return false end
  if commands[name] then
    commands[name](self, rest)
    return true
  end
  local names = {}
  for index, one in ipairs(COMMANDS) do names[index] = one.name end
  if #name < 4 and not check.nearest(name, names) then return false end
  self:print("error", ("%s is no command%s"):format(name, check.suggestion(name, names)))
  return true
end

-- The conversation ----------------------------------------------------------------------------------------------------

function Chat:ask()
  self.screen:flush()
  if not self.interactive then return end
  self.screen:prompt(PROMPT)
  self.prompted = true
end

function Chat:hear(line)
  self.prompted = false
  line = line:gsub("\r$", "")
  if line:find("%S") and not self:command(line) then self:say(line) end
  if not self.left then self:ask() end
end

function Chat:converse()
  self:ask()
  repeat
    local line = self.input:line(STEP_SECONDS)
    if line then self:hear(line) end
    self:take(self.client:poll())
  until self.left or self.input.ended
  self:leave_prompt()
end

-- A line of its own for what comes.
function Chat:leave_prompt()
  if self.prompted then self.screen:print("") end
  self.prompted = false
end

-- Whatever happened, what was accepted is finished and recorded.
function Chat:give_up()
  local function take(deliveries) pcall(self.take, self, deliveries) end -- perhaps it is the output that is closed
  pcall(self.leave_prompt, self)
  file.close(self.screen, self.client, take, INTERRUPTED_SECONDS)
end

local function run(values, screen)
  local chat = setmetatable({
    input = input.new(), screen = screen, session = values.session or "chat-" .. core.id(), prompted = false,
    interactive = core.isatty(0) and core.isatty(1), left = false, problems = 0,
  }, Chat)
  chat.client = file.client(values.FILE, values.history, function(options)
    options.sessions = options.sessions or nil -- a chat is a conversation, also where the host keeps none
  end)
  local good, trouble = pcall(chat.converse, chat)
  if not good then
    chat:give_up()
    error(trouble, 0)
  end
  if not file.close(screen, chat.client, function(deliveries) chat:take(deliveries) end) then return terminal.WORLD end
  return chat.problems == 0 and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "chat",
  summary = "talk with the intents of a file, in a terminal",
  help = [[
Reads what you say, a line each, and prints what the bot says; below it, dimmed, what came of it: the status and the
intent, the slots so far, values that were refused, with why, the events that fired, and what became of their webhooks.
Everything is real: webhooks are sent, and recorded. Input may be a file or a pipe, too.

Lines that begin with a colon are for the tool: :slots, :explain TEXT, :reset, :quit, :help.
:quit, ^D and ^C end it when what is under way is finished. Values of sensitive slots are printed as [redacted], but in
what the bot says.

Exit status: 0 all is well, 1 a delivery failed, a message could not be handled or a function of the file raised an
error, or the file has mistakes, 3 a file cannot be read, or the history not be written, 130 after ^C.]],
  operands = { "FILE" },
  options = {
    file.HISTORY_OPTION,
    { name = "session", value = "NAME", help = "the session: goes on where it is kept (default: a new one)" },
  },
  run = run,
}
