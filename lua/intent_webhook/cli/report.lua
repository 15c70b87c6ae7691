--- report: what came of a user's cases: for people as busted says it, as TAP, or as JSON.

local json = require "intent_webhook.json_writer"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

---What came of one case.
---@class intent_webhook.CaseResult
---@field case intent_webhook.Case
---@field status "success"|"failure"|"error"
---@field seconds number
---@field turn integer|nil the turn at which it ended
---@field said string|nil what was said there
---@field differences intent_webhook.Difference[]|nil
---@field errors intent_webhook.RuleError[]|nil

---What came of all.
---@class intent_webhook.TestResult
---@field results intent_webhook.CaseResult[]
---@field counts table<string, integer> by status
---@field seconds number
---@field percent number of coverage
---@field reached integer
---@field unreached intent_webhook.CoverageItem[]
---@field least number|nil the coverage that is asked for

local report = {}

local SHORT_LIST = 10 -- items that are listed without being asked for

-- Lines of a failure --------------------------------------------------------------------------------------------------

-- Where and why a case failed, in lines, the first without indent.
local function lines_of(result)
  local lines = {}
  if result.turn then
    lines[1] = ("turn %d%s"):format(result.turn, result.said and ": " .. result.said or "")
  end
  for _, one in ipairs(result.errors or {}) do
    lines[#lines + 1] = ("  %s: %s"):format(one.where, (one.message:gsub("\n", "\n    ")))
  end
  for _, one in ipairs(result.differences or {}) do
    lines[#lines + 1] = "  " .. one.path .. (one.note and (" (%s)"):format(one.note) or "")
    lines[#lines + 1] = "    expected  " .. (one.expected or "nothing")
    lines[#lines + 1] = "    got       " .. (one.got or "nothing")
  end
  return lines
end

local function coverage_line(outcome)
  local total = outcome.reached + #outcome.unreached
  return ("coverage: %g %% of rules, slots and actions (%d of %d)"):format(outcome.percent, outcome.reached, total)
end

local function unreached_lines(outcome, all)
  local lines = {}
  for index, item in ipairs(outcome.unreached) do
    if index > SHORT_LIST and not all then
      lines[#lines + 1] = ("and %d more: --coverage lists them"):format(#outcome.unreached - SHORT_LIST)
      break
    end
    lines[#lines + 1] = ("%s: %s: %s"):format(item.path, item.intent, item.what)
  end
  return lines
end

local function is_below(outcome)
  return outcome.least ~= nil and outcome.percent < outcome.least
end

-- Plain ---------------------------------------------------------------------------------------------------------------

local SYMBOLS = {
  success = { "+", "green" }, failure = { "-", "red" }, error = { "*", "red" },
}

local function plural(count, word)
  return ("%d %s"):format(count, count == 1 and word or word == "success" and "successes" or word .. "s")
end

local function print_failure(screen, result)
  local title = result.status == "error" and "Error" or "Failure"
  screen:print("")
  screen:print(screen:paint("red", title) .. " -> " .. screen:paint("bold", text.line(result.case.name))
    .. screen:paint("dim", ("  %s %s"):format(text.line(result.case.file), result.case.path)))
  for _, line in ipairs(lines_of(result)) do
    for part in (text.lines(line) .. "\n"):gmatch("(.-)\n") do screen:print("  " .. part) end
  end
end

---@param screen intent_webhook.Terminal
---@param outcome intent_webhook.TestResult
---@param all boolean whether the whole coverage was asked for
function report.plain(screen, outcome, all)
  local symbols = {}
  for index, result in ipairs(outcome.results) do
    local symbol = SYMBOLS[result.status]
    symbols[index] = screen:paint(symbol[2], symbol[1])
  end
  screen:print(table.concat(symbols))
  local counts = outcome.counts
  screen:print(("%s / %s / %s : %.3f seconds"):format(plural(counts.success, "success"),
    plural(counts.failure, "failure"), plural(counts.error, "error"), outcome.seconds))
  local good = counts.failure + counts.error == 0
  for _, result in ipairs(outcome.results) do
    if result.status ~= "success" then print_failure(screen, result) end
  end
  if not (good or all or is_below(outcome)) then return end
  screen:print("")
  local colour = is_below(outcome) and "red" or #outcome.unreached == 0 and "green" or "yellow"
  local least = is_below(outcome) and (": less than %g %%"):format(outcome.least) or ""
  screen:print(screen:paint(colour, coverage_line(outcome) .. least))
  for _, line in ipairs(unreached_lines(outcome, all)) do screen:print("  " .. text.line(line)) end
end

-- TAP -----------------------------------------------------------------------------------------------------------------

---The Test Anything Protocol: a line a case, and comments.
---@param screen intent_webhook.Terminal
---@param outcome intent_webhook.TestResult
---@param all boolean
function report.tap(screen, outcome, all)
  local function comment(words)
    for line in (text.lines(words) .. "\n"):gmatch("(.-)\n") do screen:print("# " .. line) end
  end
  screen:print("TAP version 13")
  screen:print(("1..%d"):format(#outcome.results))
  for index, result in ipairs(outcome.results) do
    local name = text.line(result.case.name):gsub("[\\#]", "\\%0")
    screen:print(("%s %d - %s"):format(result.status == "success" and "ok" or "not ok", index, name))
    if result.status ~= "success" then
      comment(("%s %s"):format(result.case.file, result.case.path))
      for _, line in ipairs(lines_of(result)) do comment(line) end
    end
  end
  comment(coverage_line(outcome) .. (is_below(outcome) and (": less than %g %%"):format(outcome.least) or ""))
  for _, line in ipairs(unreached_lines(outcome, all)) do comment("  " .. line) end
end

-- JSON ----------------------------------------------------------------------------------------------------------------

local function seconds_json(seconds)
  return json.value(math.floor(seconds * 1e6 + 0.5) / 1e6)
end

local function difference_json(one)
  return json.object {
    { "path", json.value(one.path) }, { "note", json.optional(one.note) }, { "expected", one.expected },
    { "got", one.got },
  }
end

local function error_json(one)
  return json.object { { "where", json.value(one.where) }, { "message", json.value(one.message) } }
end

local function result_json(result)
  return json.object {
    { "file", json.value(result.case.file) }, { "path", json.value(result.case.path) },
    { "name", json.value(result.case.name) }, { "status", json.value(result.status) },
    { "seconds", seconds_json(result.seconds) }, { "turn", json.optional(result.turn) },
    { "said", json.optional(result.said) }, { "differences", json.list(result.differences, difference_json) },
    { "errors", json.list(result.errors, error_json) },
  }
end

local function item_json(item)
  return json.object {
    { "path", json.value(item.path) }, { "intent", json.value(item.intent) }, { "what", json.value(item.what) },
  }
end

---One object.
---@param screen intent_webhook.Terminal
---@param outcome intent_webhook.TestResult
function report.json(screen, outcome)
  screen:print(json.object {
    { "successes", json.value(outcome.counts.success) }, { "failures", json.value(outcome.counts.failure) },
    { "errors", json.value(outcome.counts.error) }, { "seconds", seconds_json(outcome.seconds) },
    { "cases", json.list(outcome.results, result_json) },
    { "coverage", json.object {
      { "percent", json.value(outcome.percent) }, { "reached", json.value(outcome.reached) },
      { "total", json.value(outcome.reached + #outcome.unreached) },
      { "unreached", json.list(outcome.unreached, item_json) },
    } },
  })
end

---The exit status.
---@param outcome intent_webhook.TestResult
---@return integer
function report.status(outcome)
  local good = outcome.counts.failure + outcome.counts.error == 0 and not is_below(outcome)
  return good and terminal.OK or terminal.FAILED
end

return report
