--- run: the command that takes messages from standard input and fires the intents that they match.
--
-- Each message gives a line of JSON with what came of it, each delivery another one when it is finished. Only WINDOW
-- deliveries, and no more than the queue takes, are under way at a time; a long input waits.

local argument = require "intent_webhook.argument"
local check = require "intent_webhook.check"
local delivery = require "intent_webhook.cli.delivery"
local file = require "intent_webhook.cli.file"
local input = require "intent_webhook.cli.input"
local json = require "intent_webhook.cli.json"
local reading = require "intent_webhook.json"
local recognised = require "intent_webhook.cli.recognised"
local terminal = require "intent_webhook.cli.terminal"
local webhook = require "intent_webhook"

local WINDOW = 1000 -- deliveries
local INTERRUPTED_SECONDS = 5 -- for what is under way, when reading ends with an error or ^C
local STEP_SECONDS = 0.1 -- between two looks at what is finished

---@class intent_webhook.Run
---@field client intent_webhook.Client
---@field screen intent_webhook.Terminal
---@field input intent_webhook.Input
---@field line integer the number of the input line
---@field messages integer
---@field fired integer
---@field delivered integer
---@field failed integer deliveries
---@field problems integer messages that could not be handled
---@field shown_at integer when the progress line was last shown
local Run = { __name = "intent_webhook.Run" }
Run.__index = Run

-- Messages ---------------------------------------------------------------------------------------------------------

local KEYS = { "text", "session", "context", "best_slot" }

local function unknown_key(value)
  local unknown = {}
  for key in next, value do unknown[#unknown + 1] = key end
  table.sort(unknown)
  for _, key in ipairs(unknown) do
    local known = false
    for _, name in ipairs(KEYS) do known = known or name == key end
    if not known then return key end
  end
end

local SCALARS = { string = true, number = true, boolean = true }

-- What is wrong with the context of a JSON line as JSON; nil when nothing is.
local function context_mistake(context)
  if type(context) ~= "table" or context[1] ~= nil then return 'the JSON has a "context" that is no object' end
  local wrong
  for key, value in next, context do
    if not SCALARS[type(value)] and (not wrong or key < wrong) then wrong = key end
  end
  return wrong and ('the JSON has a "context" whose "%s" is no string, number or boolean'):format(wrong)
end

-- What is wrong with what a JSON line gives besides its text; nil when nothing is.
local function mistake_in(given, slot_names)
  local session = given.session
  if session ~= nil and (type(session) ~= "string" or session:find("%z")) then
    return 'the JSON has a "session" that is no string, or holds a NUL'
  end
  local mistake = given.context ~= nil and context_mistake(given.context)
  if mistake then return mistake end
  if given.best_slot ~= nil and type(given.best_slot) ~= "string" then
    return 'the JSON has a "best_slot" that is no string'
  end
  local good, problem = pcall(argument.message, "JSON", given, slot_names)
  if not good then return "the JSON is wrong: " .. tostring(problem):gsub("^.-JSON: ", "") end
end

-- The text of an input line, and what goes with it; nil and why not.
local function read_message(line, slot_names)
  if not line:find("^%s*{") then return line end
  local good, value = reading.decode(line)
  if not good then return nil, nil, "the line is no JSON: " .. value end
  local unknown = unknown_key(value)
  if unknown then
    return nil, nil, ('the JSON has "%s", which is no option%s'):format(unknown, check.suggestion(unknown, KEYS))
  end
  if type(value.text) ~= "string" then return nil, nil, 'the JSON has no "text" that is a string' end
  local given = {}
  for _, key in ipairs { "session", "context", "best_slot" } do
    if value[key] ~= webhook.null then given[key] = value[key] end
  end
  local mistake = mistake_in(given, slot_names)
  if mistake then return nil, nil, mistake end
  return value.text, given
end

local function optional(value)
  return value ~= nil and json.value(value) or nil
end

local function result_json(client, result, session)
  local checked = client.intents[result.intent]
  return json.object {
    { "status", json.value(result.status) },
    { "intent", optional(result.intent) },
    { "session", optional(session) },
    { "slots", checked and recognised.slots(checked, result.slots) },
    { "missing", recognised.list(result.missing) },
    { "ambiguous", recognised.list(result.ambiguous) },
    { "score", result.score and json.value(recognised.score(result.score)) },
    { "rule", optional(result.rule) },
    { "id", optional(result.id) },
    { "errors", recognised.errors(client, checked, result.slots, result.errors) },
  }
end

function Run:handle(line)
  self.messages = self.messages + 1
  local text, given, mistake = read_message(line, self.client.slot_names)
  local session = given and given.session
  local result, message, code
  if text then
    result, message, code = self.client:message(text, given)
  else
    message, code = mistake, "invalid"
  end
  if not result then
    self.problems = self.problems + 1
    local status = code == "invalid" and "invalid" or "refused"
    self.screen:print(json.object {
      { "status", json.value(status) }, { "line", json.value(self.line) }, { "session", optional(session) },
      { "error", json.value(message) }, { "code", json.value(code) },
    })
  else
    if result.errors then self.problems = self.problems + 1 end
    if result.status == "fired" then self.fired = self.fired + 1 end
    self.screen:print(result_json(self.client, result, session))
  end
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
    input = input.new(), screen = screen, line = 0, messages = 0, fired = 0, delivered = 0, failed = 0, problems = 0,
    shown_at = os.time(), -- a short run shows no progress
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
Reads messages from standard input, one a line: plain text, or a JSON object {"text": "...", "session": "..."}, which
may have a "context" as well, like {"area": "kitchen", "on": true}, and a "best_slot".
Prints one line of JSON for each message, and one {"delivery": {...}} for each webhook as it is finished.
Waits at the end for what is under way. Values of sensitive slots are printed as [redacted].

Exit status: 0 all is well, 1 a delivery failed or a message could not be handled, or the file has mistakes, 3 a file
cannot be read, or the history not be written.]],
  operands = { "FILE" },
  options = { file.HISTORY_OPTION },
  run = run,
}
