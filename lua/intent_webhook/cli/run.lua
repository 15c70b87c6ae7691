--- run: the command that takes messages from standard input and fires the intents that they match.
--
-- Each message gives a line of JSON with what came of it, each delivery another one when it is finished. Only WINDOW
-- deliveries, and no more than the queue takes, are under way at a time; a long input waits.

local file = require "intent_webhook.cli.file"
local intent = require "intent_webhook.intent"
local json = require "intent_webhook.cli.json"
local reading = require "intent_webhook.json"
local terminal = require "intent_webhook.cli.terminal"
local webhook = require "intent_webhook"

local WINDOW = 1000 -- deliveries
local GRACE_SECONDS = 5 -- beyond an endpoint's timeout: for recording

---@class intent_webhook.Run
---@field client intent_webhook.Client
---@field screen intent_webhook.Terminal
---@field messages integer
---@field fired integer
---@field delivered integer
---@field failed integer deliveries
---@field problems integer messages that could not be handled
---@field shown_at integer when the progress line was last shown
local Run = { __name = "intent_webhook.Run" }
Run.__index = Run

-- Messages ---------------------------------------------------------------------------------------------------------

-- The text and session of an input line; nil and why not.
local function read_message(line)
  if not line:find("^%s*{") then return line end
  local good, value = reading.decode(line)
  if not good then return nil, nil, "the line is no JSON: " .. value end
  if type(value.text) ~= "string" then return nil, nil, 'the JSON has no "text" that is a string' end
  local session = value.session
  if session == webhook.null then session = nil end
  if session ~= nil and (type(session) ~= "string" or session:find("%z")) then
    return nil, nil, 'the JSON has a "session" that is no string, or holds a NUL'
  end
  return value.text, session
end

-- The slots in their declared order. What is sensitive stays out of the output, which is often kept.
local function slots_json(checked, slots)
  local members = {}
  for _, slot in ipairs(checked.slots) do
    local name, sensitive = slot[1], slot[3]
    local value = slots[name]
    if value ~= nil then members[#members + 1] = { name, json.value(sensitive and "[redacted]" or value) } end
  end
  return json.object(members)
end

local function list_json(values)
  if not values then return nil end
  local elements = {}
  for index, value in ipairs(values) do elements[index] = json.value(value) end
  return json.array(elements)
end

local function errors_json(errors)
  if not errors then return nil end
  local elements = {}
  for index, one in ipairs(errors) do
    elements[index] = json.object { { "where", json.value(one.where) }, { "message", json.value(one.message) } }
  end
  return json.array(elements)
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
    { "slots", checked and slots_json(checked, result.slots) },
    { "missing", list_json(result.missing) },
    { "score", result.score and json.value(math.floor(result.score * 1000 + 0.5) / 1000) },
    { "rule", optional(result.rule) },
    { "id", optional(result.id) },
    { "errors", errors_json(result.errors) },
  }
end

function Run:handle(line)
  self.messages = self.messages + 1
  local text, session, mistake = read_message(line)
  local result, message, code
  if text then
    result, message, code = self.client:message(text, { session = session })
  else
    message, code = mistake, "invalid"
  end
  if not result then
    self.problems = self.problems + 1
    local status = code == "invalid" and "invalid" or "refused"
    self.screen:print(json.object {
      { "status", json.value(status) }, { "session", optional(session) }, { "error", json.value(message) },
      { "code", json.value(code) },
    })
  else
    if result.errors then self.problems = self.problems + 1 end
    if result.status == "fired" then self.fired = self.fired + 1 end
    self.screen:print(result_json(self.client, result, session))
  end
end

-- Deliveries -------------------------------------------------------------------------------------------------------

local function delivery_json(delivery)
  return json.object { { "delivery", json.object {
    { "id", json.value(delivery.id) },
    { "intent", json.value(delivery.intent) },
    { "session", optional(delivery.session) },
    { "number", json.value(delivery.number) },
    { "url", optional(delivery.url) },
    { "status", json.value(delivery.status) },
    { "http_status", optional(delivery.http_status) },
    { "cause", optional(delivery.cause) },
    { "reason", optional(delivery.reason) },
    { "message", optional(delivery.message) },
    { "seconds", optional(delivery.seconds) },
    { "recorded", optional(delivery.recorded) },
  } } }
end

function Run:print_deliveries()
  for _, delivery in ipairs(self.client:poll()) do
    if delivery.status == "failed" then self.failed = self.failed + 1 end
    if delivery.status == "delivered" then self.delivered = self.delivered + 1 end
    self.screen:print(delivery_json(delivery))
  end
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

-- Waits until everything is finished: as long as something comes of it, and an endpoint's timeout longer.
function Run:finish()
  local longest = 0
  for _, checked in ipairs(self.client.list) do longest = math.max(longest, intent.longest_timeout(checked)) end
  local patience = os.time() + longest + GRACE_SECONDS
  local finished = 0
  while not self.client:flush(0.2) and os.time() < patience do
    self:print_deliveries()
    self.screen:flush()
    self:show_progress()
    if self.delivered + self.failed > finished then
      finished = self.delivered + self.failed
      patience = os.time() + longest + GRACE_SECONDS
    end
  end
  self:print_deliveries()
  self.client:close(0)
  self:print_deliveries() -- those that were cut off
end

function Run:read_all()
  for line in io.stdin:lines() do
    line = line:gsub("\r$", "")
    if line:find("%S") then
      self:handle(line)
      self:print_deliveries()
      self.screen:flush()
      self:show_progress()
      while not self:has_room() do
        self.client:flush(0.05)
        self:print_deliveries()
        self:show_progress()
      end
    end
  end
end

local function run(values, screen)
  local readable, problem = io.stdin:read(0)
  if not readable and problem then
    terminal.exit(terminal.WORLD, "the messages cannot be read from standard input: " .. problem)
  end
  local client = file.client(values.FILE, values.history)
  local one = setmetatable({
    client = client, screen = screen, messages = 0, fired = 0, delivered = 0, failed = 0, problems = 0,
    shown_at = os.time(), -- a short run shows no progress
  }, Run)
  local good, trouble = pcall(one.read_all, one)
  if not good then
    client:close(GRACE_SECONDS) -- whatever happened, what was accepted is finished and recorded
    error(trouble, 0)
  end
  one:finish()
  screen:clear_progress()
  return (one.failed == 0 and one.problems == 0) and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "run",
  summary = "read messages from standard input and fire the intents that they match",
  help = [[
Reads messages from standard input, one a line: plain text, or a JSON object {"text": "...", "session": "..."}.
Prints one line of JSON for each message, and one {"delivery": {...}} for each webhook as it is finished.
Waits at the end for what is under way. Values of sensitive slots are printed as [redacted].

Exit status: 0 all is well, 1 a delivery failed or a message could not be handled, 3 a file cannot be read.]],
  operands = { "FILE" },
  options = { file.HISTORY_OPTION },
  run = run,
}
