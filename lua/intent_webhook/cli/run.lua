--- run: the command that takes messages from standard input and fires the intents that they match.
--
-- Each message gives a line of JSON with what came of it, each delivery another one when it is finished. Only WINDOW
-- deliveries, and no more than the queue takes, are under way at a time; a long input waits.

local delivery = require "intent_webhook.cli.delivery"
local file = require "intent_webhook.cli.file"
local input = require "intent_webhook.cli.input"
local json = require "intent_webhook.json_writer"
local message = require "intent_webhook.cli.message"
local nlu = require "intent_webhook.nlu"
local terminal = require "intent_webhook.cli.terminal"
local turn = require "intent_webhook.cli.turn"

local WINDOW = 1000 -- deliveries
local INTERRUPTED_SECONDS = 5 -- for what is under way, when reading ends with an error or ^C
local STEP_SECONDS = 0.1 -- between two looks at what is finished

---@class intent_webhook.Run
---@field client intent_webhook.Client
---@field screen intent_webhook.Terminal
---@field input intent_webhook.Input
---@field session string|nil of lines that name none
---@field line integer the number of the input line
---@field messages integer
---@field fired integer events
---@field delivered integer
---@field failed integer deliveries
---@field problems integer messages that could not be handled
---@field shown_at integer when the progress line was last shown
local Run = { __name = "intent_webhook.Run" }
Run.__index = Run

-- Messages ---------------------------------------------------------------------------------------------------------

-- What came of an input line: a result, or nil, message, code.
function Run:ask(read)
  if read.nlu then return self.client:nlu(read.nlu, read.given) end
  return self.client:message(read.text, read.given)
end

function Run:count(result)
  local problem = result.errors ~= nil
  for _, event in ipairs(result.events or { result.status == "fired" and result or nil }) do
    if event.id then self.fired = self.fired + 1 else problem = true end
  end
  if problem then self.problems = self.problems + 1 end
end

function Run:handle(line)
  self.messages = self.messages + 1
  local read, mistake = message.read(line, self.client.slot_names, self.session)
  local result, problem, code = nil, mistake, "invalid"
  if read then result, problem, code = self:ask(read) end
  if result then
    self:count(result)
    return self.screen:print(turn.json(self.client, result, read.session))
  end
  self.problems = self.problems + 1
  local status = (code == "invalid" or code == "format") and "invalid" or "refused"
  self.screen:print(json.object {
    { "status", json.value(status) }, { "line", json.value(self.line) },
    { "session", json.optional(read and read.session) },
    { "error", json.value(problem) }, { "code", json.value(code) },
  })
end

-- Deliveries -------------------------------------------------------------------------------------------------------

function Run:take(deliveries)
  for _, one in ipairs(deliveries) do
    if one.status == "failed" then self.failed = self.failed + 1 end
    if one.status == "delivered" then self.delivered = self.delivered + 1 end
    self.screen:print(delivery.json(one))
  end
  self.screen:flush()
  self:show_progress()
end

function Run:under_way()
  local stats = self.client:stats()
  return stats.queued + stats.in_flight + stats.unrecorded, stats.bytes
end

function Run:has_room()
  local deliveries, bytes = self:under_way()
  return deliveries == 0
    or (deliveries < math.min(WINDOW, self.client.queue_limit) and bytes * 2 < self.client.queue_bytes)
end

function Run:show_progress()
  local now = os.time()
  if now == self.shown_at then return end
  self.shown_at = now
  self.screen:progress(("%d messages, %d fired, %d delivered, %d failed, %d under way"):format(self.messages,
    self.fired, self.delivered, self.failed, (self:under_way())))
end

function Run:read_all()
  repeat
    local line = self.input:line(STEP_SECONDS)
    if line then
      self.line = self.line + 1
      line = line:gsub("\r$", "")
      if line:find("%S") then self:handle(line) end
    end
    self:take(self.client:poll())
    while not self:has_room() do
      self.client:flush(STEP_SECONDS)
      self:take(self.client:poll())
    end
  until self.input.ended
end

-- Whatever happened, what was accepted is finished and recorded.
function Run:give_up()
  local function take(deliveries) pcall(self.take, self, deliveries) end -- perhaps it is the output that is closed
  file.close(self.screen, self.client, take, INTERRUPTED_SECONDS)
end

local function run(values, screen)
  local one = setmetatable({
    input = input.new(), screen = screen, session = values.session, line = 0, messages = 0, fired = 0, delivered = 0,
    failed = 0, problems = 0, shown_at = os.time(), -- a short run shows no progress
  }, Run)
  one.client = file.client(values.FILE, values.history)
  local good, trouble = pcall(one.read_all, one)
  if not good then
    one:give_up()
    error(trouble, 0)
  end
  local recorded = file.close(screen, one.client, function(deliveries) one:take(deliveries) end)
  screen:clear_progress()
  if not recorded then return terminal.WORLD end
  return (one.failed == 0 and one.problems == 0) and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "run",
  summary = "read messages from standard input and fire the intents that they match",
  help = [[
Reads messages from standard input, one a line:

  book a table for two                 plain text
  {"text": "...", "session": "..."}    with "context", like {"area": "kitchen", "on": true}, and "best_slot"
  {"intent": {...}, "entities": ...}   what an NLU or a model answered
  {"nlu": {...}, "session": "..."}     the same, with "format", like "rasa", and "least_confidence", 0 to 1

Formats of NLUs and models: ]] .. table.concat(nlu.formats(), ", ") .. [[.
A line with a session is one message of a conversation: what is missing is asked for. One without is on its own.

Prints one line of JSON for each message, and one {"delivery": {...}} for each webhook as it is finished.
Waits at the end for what is under way. Values of sensitive slots are printed as [redacted], in texts too.

Exit status: 0 all is well, 1 a delivery failed or a message could not be handled, or the file has mistakes, 3 a file
cannot be read, or the history not be written.]],
  operands = { "FILE" },
  options = {
    file.HISTORY_OPTION,
    { name = "session", value = "NAME", help = "the session of lines that name none" },
  },
  run = run,
}
