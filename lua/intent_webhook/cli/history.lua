--- history: the command that lists what was fired and what became of it, newest first.

local call = require "intent_webhook.cli.call"
local csv = require "intent_webhook.cli.csv"
local file = require "intent_webhook.cli.file"
local json = require "intent_webhook.json"
local options = require "intent_webhook.options"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"
local decode = require("intent_webhook.history").decode

local PAGE = 500 -- events that are asked for at a time

-- Time -------------------------------------------------------------------------------------------------------------

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

-- Whether there is such a day; os.time takes the 99th of a month for a day of another one.
local function is_date(moment)
  local noon = { year = moment.year, month = moment.month, day = moment.day, hour = 12 }
  local known, time = pcall(os.time, noon)
  if not known or not time then return false end
  return os.date("%Y-%m-%d", time) == ("%04d-%02d-%02d"):format(moment.year, moment.month, moment.day)
end

-- "90s", "15m", "2h", "7d" ago; "2026-03-15" or "2026-03-15 10:30" in local time. Seconds since 1970, or nil.
local function read_since(words, now)
  local count, unit = words:match("^(%d+)([smhd])$")
  if count then return math.max(0, now - tonumber(count) * UNITS[unit]) end
  local year, month, day, clock = words:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
  if not year then return nil end
  local hour, minute, second = clock:match("^[ T](%d%d):(%d%d):?(%d?%d?)$")
  if clock ~= "" and not hour then return nil end
  local moment = {
    year = tonumber(year), month = tonumber(month), day = tonumber(day),
    hour = tonumber(hour) or 0, min = tonumber(minute) or 0, sec = tonumber(second) or 0,
  }
  if not is_date(moment) or moment.hour > 23 or moment.min > 59 or moment.sec > 59 then return nil end
  return math.max(0, os.time(moment))
end

-- Table ------------------------------------------------------------------------------------------------------------

local COLUMNS = { "TIME", "INTENT", "SESSION", "STATUS", "HTTP", "TOOK", "URL", "EVENT" }
local STATUS, URL = 4, 7
local WIDEST = { [2] = 30, [3] = 24, [URL] = 48 } -- characters; longer ones are cut in the middle

local function row_of(event, delivery)
  local status, total = delivery and delivery.http_status, delivery and delivery.total_us
  local cells = {
    call.time(event.time), event.intent, event.session or "", delivery and delivery.status or "recorded",
    status and ("%d"):format(status) or (delivery and delivery.cause) or "", total and call.duration(total) or "",
    delivery and delivery.url or "", event.id,
  }
  for index, cell in ipairs(cells) do
    cells[index] = text.line(cell)
    if WIDEST[index] then cells[index] = text.shorten(cells[index], WIDEST[index]) end
  end
  return cells
end

local function rows_of(events)
  local rows = {}
  for _, event in ipairs(events) do
    for _, delivery in ipairs(event.deliveries) do rows[#rows + 1] = row_of(event, delivery) end
    if #event.deliveries == 0 then rows[#rows + 1] = row_of(event) end
  end
  return rows
end

local function pad(cell, width)
  return cell .. (" "):rep(width - text.width(cell))
end

local function print_row(screen, row, widths, paint)
  local cells = {}
  for index, cell in ipairs(row) do
    cells[index] = paint(index, index < #row and pad(cell, widths[index]) or cell, cell)
  end
  screen:print(table.concat(cells, "  "))
end

local function print_table(screen, events)
  local rows, widths = rows_of(events), {}
  for index, title in ipairs(COLUMNS) do
    widths[index] = #title
    for _, row in ipairs(rows) do widths[index] = math.max(widths[index], text.width(row[index])) end
  end
  print_row(screen, COLUMNS, widths, function(_, padded) return screen:paint("dim", padded) end)
  for _, row in ipairs(rows) do
    print_row(screen, row, widths, function(index, padded, cell)
      if index ~= STATUS then return padded end
      return screen:badge(cell) .. padded:sub(#cell + 1)
    end)
  end
end

-- Questions --------------------------------------------------------------------------------------------------------

local function fail(message)
  terminal.exit(terminal.WORLD, text.line(message))
end

local function misuse(sentence, word)
  terminal.exit(terminal.USAGE, text.line(sentence:format(word)))
end

-- Calls take(source) for each event, as JSON of the core, newest first.
local function each(history, filter, wanted, take)
  while wanted > 0 do
    filter.limit = math.min(wanted, PAGE)
    local source, message = history:events_json(filter)
    if not source then fail(message) end
    local events = json.elements(source)
    for _, event in ipairs(events) do take(event) end
    wanted = wanted - #events
    filter.before = tonumber(source:match('"next":(%d+)[^%[%]{}]*}$')) -- "searched_to" may stand behind it
    if not filter.before then return end
  end
end

local function print_json(screen, history, filter, wanted)
  each(history, filter, wanted, function(source) screen:print(text.json_source(source)) end)
end

local function print_csv(screen, history, filter, wanted)
  screen:print(csv.HEAD)
  each(history, filter, wanted, function(source)
    for _, row in ipairs(csv.rows(source)) do screen:print(row) end
  end)
end

local function print_events(screen, history, filter, wanted)
  local events = {}
  each(history, filter, wanted, function(source) events[#events + 1] = decode(source) end)
  if #events > 0 then print_table(screen, events) else screen:note("no such events") end
end

local function statuses()
  for _, option in ipairs(options.event_filter) do
    if option.name == "status" then return option.one_of end
  end
end

local function check_status(status)
  local known = statuses()
  for _, word in ipairs(known) do
    if word == status then return end
  end
  misuse("--status is " .. table.concat(known, ", ", 1, #known - 1) .. " or " .. known[#known] .. ', not "%s"', status)
end

local function run(values, screen)
  local filter = { intent = values.intent, status = values.status, session = values.session, url = values.url,
    search = values.search }
  if values.since then
    filter.from = read_since(values.since, os.time())
    if not filter.from then
      misuse('--since does not know the time "%s": write 15m, 2h, 7d or 2026-03-15', values.since)
    end
  end
  if filter.status then check_status(filter.status) end
  if values.json and values.csv then misuse("--json and --csv: give one of them") end
  local history = file.history(values.history)
  local print_them = values.json and print_json or values.csv and print_csv or print_events
  print_them(screen, history, filter, values.limit or 20)
  history:close()
  return terminal.OK
end

---@type intent_webhook.Command
return {
  name = "history",
  summary = "list what was fired, newest first",
  help = [[
Lists events, newest first, one line for each webhook. STATUS is pending, delivered, failed, retrying, paused or
unknown, or recorded for an event without a webhook. "intent-webhook show ID" shows one in full; its ID is in the
column EVENT.

Exit status: 0 also when there is nothing to list, 3 the history cannot be read.]],
  operands = {},
  options = {
    { name = "history", value = "FILE", help = "the history file (default: " .. file.DEFAULT_HISTORY .. ")" },
    { name = "intent", value = "NAME", help = "only this intent" },
    { name = "status", value = "STATUS", help = "only events with a webhook of this status; recorded: with none" },
    { name = "session", value = "NAME", help = "only this session" },
    { name = "url", value = "URL", help = "only events with a webhook to this URL" },
    { name = "search", value = "TEXT", help = "only events with this text in slots, URLs, bodies, id, session, error" },
    { name = "since", value = "TIME", help = 'only since 90s, 15m, 2h, 7d ago, 2026-03-15, "2026-03-15 10:30"' },
    { name = "limit", value = "N", whole = true, from = 1, to = 1000000, help = "how many events (default 20)" },
    { name = "json", help = "one JSON object a line" },
    { name = "csv", help = "CSV for spreadsheets, which take nothing in it for a formula" },
  },
  run = run,
}
