--- test: the command that runs a user's own cases against a file of intents, without sending or recording anything.

local cases = require "intent_webhook.cli.cases"
local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local coverage = require "intent_webhook.cli.coverage"
local expectation = require "intent_webhook.cli.expectation"
local file = require "intent_webhook.cli.file"
local protected = require "intent_webhook.protected"
local rehearsal = require "intent_webhook.cli.rehearsal"
local report = require "intent_webhook.cli.report"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"
local zone = require "intent_webhook.zone"

---@class intent_webhook.TestRun
---@field path string of the file of intents
---@field zone string|number|function|nil that it says
---@field stages table<any, table> by zone: { client, definitions }
---@field coverage intent_webhook.Coverage
local TestRun = {}
TestRun.__index = TestRun

-- The file of intents, ready to play, in a zone; nil: that of the file, else UTC.
function TestRun:stage(in_zone)
  if in_zone ~= nil and self.stages[in_zone] then return self.stages[in_zone] end
  local stage = {}
  stage.client = file.recogniser(self.path, function(options)
    stage.zone, stage.definitions = options.zone, options.intents
    if in_zone == nil then in_zone = options.zone or "UTC" end
    options.zone, options.sessions = in_zone, nil
  end)
  self.stages[in_zone] = stage
  self.coverage = self.coverage or coverage.new(stage.client)
  self.coverage:watch(stage.client)
  return stage
end

-- Cases ---------------------------------------------------------------------------------------------------------------

local function said(turn)
  if turn.say then return ('"%s"'):format(turn.say) end
  return turn.nlu and "the result of an NLU" or nil
end

-- What is wrong with a turn; nil when nothing is.
local function play_turn(played, turn)
  local good, got, errors = protected.call(played.take, played, turn)
  if not good then return { status = "error", errors = { { where = "turn", message = got } } } end
  if errors[1] then return { status = "error", errors = errors } end
  local differences = got and expectation.turn(turn, got) or {}
  if differences[1] then return { status = "failure", differences = differences } end
end

-- Plays a case up to the first turn that is not as it should be: those after it would only say that again.
local function play(played, case)
  for index, turn in ipairs(case.turns) do
    local result = play_turn(played, turn)
    if result then
      result.turn, result.said = index, said(turn)
      return result
    end
  end
  local differences = case.payloads and expectation.payloads(case.payloads, played.payloads) or {}
  if differences[1] then return { status = "failure", differences = differences } end
  return { status = "success" }
end

function TestRun:play(case)
  local in_zone = cases.zone(case, self.zone)
  local stage = self:stage(in_zone)
  local began = core.seconds()
  local now = cases.start(case, zone.offset(in_zone))
  local result = play(rehearsal.new(stage.client, stage.definitions, self.coverage, case.session, now), case)
  result.case, result.seconds = case, core.seconds() - began
  return result
end

-- Files ---------------------------------------------------------------------------------------------------------------

-- The cases of a file. Ends the command when it cannot be read.
local function load(path)
  local list, message, code = cases.load(path)
  if list ~= nil then return list end
  terminal.exit(code == "unreadable" and terminal.WORLD or terminal.FAILED, text.lines(message))
end

local function print_mistakes(screen, path, mistakes)
  for _, one in ipairs(mistakes.list) do
    screen:print(screen:paint("bold", text.line(one.path)) .. ": " .. text.lines(one.message))
  end
  local count = #mistakes.list
  screen:print(text.line(path) .. ": " .. screen:paint("red", ("%d mistake%s"):format(count, count == 1 and "" or "s")))
end

-- All cases of all files, or nil when there are mistakes in them.
local function read_cases(screen, paths, client)
  local all, good = {}, true
  for _, path in ipairs(paths) do
    local mistakes = check.mistakes()
    for _, case in ipairs(cases.check(mistakes, load(path), client, path)) do all[#all + 1] = case end
    if mistakes:first() then
      good = false
      print_mistakes(screen, path, mistakes)
    end
  end
  return good and all or nil
end

local OUTPUTS = { plain = report.plain, tap = report.tap, json = report.json }

local function run(values, screen)
  local output = OUTPUTS[values.output or "plain"]
  if not output then terminal.exit(terminal.USAGE, "--output is plain, tap or json") end
  if not values.CASES[1] then terminal.exit(terminal.USAGE, "test needs CASES: name a file of conversations") end
  local one = setmetatable({ path = values.FILE, stages = {} }, TestRun)
  local stage = one:stage()
  one.zone = stage.zone
  local all = read_cases(screen, values.CASES, stage.client)
  if not all then return terminal.FAILED end
  local outcome = { results = {}, counts = { success = 0, failure = 0, error = 0 }, least = values["min-coverage"] }
  local began = core.seconds()
  for index, case in ipairs(all) do
    local result = one:play(case)
    outcome.results[index] = result
    outcome.counts[result.status] = outcome.counts[result.status] + 1
  end
  outcome.seconds = core.seconds() - began
  outcome.percent, outcome.reached, outcome.unreached = one.coverage:result()
  output(screen, outcome, values.coverage or false)
  return report.status(outcome)
end

---@type intent_webhook.Command
return {
  name = "test",
  summary = "run your own conversations against a file of intents",
  help = [[
Plays the conversations of each file of CASES, Lua that returns a list of them, or JSON (.json) that holds one:

  { name = "books a table", now = "2026-11-25T10:00:00+07:00",
    turns = {
      { say = "A table for Saturday", status = "collecting", slot = "name", slots = { date = "2026-11-28" } },
      { wait = 60, say = "Ann", text_matches = "^Booked" },
    },
    payloads = { { url = "https://example.org/hook", body = { date = "2026-11-28", name = "Ann" } } } }

A turn is what somebody says, or "nlu", the result of one (with "format" and "least_confidence"), with "wait", seconds
before it, "context" and "best_slot". The rest of it is what should come of it; only what it names is compared: status,
intent, slot, attempt, rule, text, text_matches (a Lua pattern), prompt, slots (those that are named; null: none),
rejected and refused (codes by slot), missing, filled, replies, handoff, reason, resumed, interrupted, dropped, expired,
events ({ intent, slots } each). "payloads" is all that the webhooks of a conversation would send, in order.

Nothing is sent and nothing recorded, and functions that are actions are not called. Time stands still but for "wait";
it begins at "now" (default: 2026-01-05T09:00:00, a Monday) in the zone that the case or the file of intents names, else
in that of "now", else UTC. Events are numbered: the first has the id 00000000-0000-7000-8000-000000000001.
A case ends at the first turn that is not as it should be; it is an error when a function of the file raises one.

When all is well, --output=plain says which rules, slots and actions no case reaches, the first ten of them; --coverage
says all, always. Values are shown as they are: those of cases are no secrets.

Exit status: 0 all is well, 1 a case failed, coverage is too low, or a file has mistakes, 2 a wrong call, 3 a file
cannot be read.]],
  operands = { "FILE", "CASES..." },
  options = {
    { name = "output", value = "FORMAT", help = "plain (default), tap or json" },
    { name = "coverage", help = "list all that no case reaches, also when a case failed" },
    { name = "min-coverage", value = "PERCENT", number = true, from = 0, to = 100,
      help = "fail when cases reach less than that of rules, slots and actions" },
  },
  run = run,
}
