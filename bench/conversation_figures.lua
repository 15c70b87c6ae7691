-- conversation_figures: the figure `conversation` of report.lua: runs what measures conversations, on Lua 5.4 and on
-- LuaJIT in turn, and gives the rows.
--
--     require "conversation_figures" { folder =, lua =, row =, note =, progress =, numbers =, installed =,
--                                      port =, url = }      report.lua's; of nginx
--
-- LUAJIT names its interpreter, LUAJIT_CPATH is where that finds modules in C; without the interpreter, only Lua 5.4 is
-- measured.

local median = require "median"

local ROUNDS, SECONDS, REMOTE_COUNT = 7, 0.7, 5000
local PROFILE_ROUNDS, PROFILE_SECONDS, LEAST_SHARE = 3, 4, 0.5
local SESSIONS, MOST_SESSION_BYTES = 100000, 2048
local GROWTH_ROUNDS, GROWTH_SECONDS, MOST_EXPONENT = 3, 0.2, 1.05
local KINDS, COUNTS = { "sentences", "keywords", "patterns", "mix" }, { 10, 50, 100, 250, 500 }
local MODES = { "answers", "step", "message", "webhook", "json", "plain" }

-- Medians of columns by name, filled round by round.
local function collector()
  local values = {}
  local function add(name, ...)
    values[name] = values[name] or {}
    for column, value in ipairs { ... } do
      values[name][column] = values[name][column] or {}
      table.insert(values[name][column], value)
    end
  end
  return add, function(name, column) return median(values[name][column or 1]) end
end

-- The exponent of the power of x that fits best: the slope of a line through the logarithms.
local function exponent(xs, ys)
  local count, sum_x, sum_y, sum_xx, sum_xy = #xs, 0, 0, 0, 0
  for index, x in ipairs(xs) do
    local log_x, log_y = math.log(x), math.log(ys[index])
    sum_x, sum_y, sum_xx, sum_xy = sum_x + log_x, sum_y + log_y, sum_xx + log_x * log_x, sum_xy + log_x * log_y
  end
  return (count * sum_xy - sum_x * sum_y) / (count * sum_xx - sum_x * sum_x)
end

local function turns(report, interpreters, run)
  local add, get = collector()
  local order = {}
  for _, one in ipairs(interpreters) do
    for _, mode in ipairs(MODES) do
      order[#order + 1] = { one.name .. mode, function()
        return run(one, "conversation_turns.lua", mode, "HISTORY", SECONDS, report.url)
      end }
    end
  end
  order[#order + 1] = { "remote", function()
    return report.numbers(("%s bench/conversation_remote.lua %s %d"):format(report.lua, report.port, REMOTE_COUNT))
  end }
  for round = 1, ROUNDS do
    report.progress("turns of conversations, round %d of %d", round, ROUNDS)
    for i = 1, #order do -- every round begins with another one
      local each = order[(round + i - 2) % #order + 1]
      add(each[1], each[2]())
    end
  end
  return get
end

local function report_turns(report, interpreters, get)
  local row, note = report.row, report.note
  for _, one in ipairs(interpreters) do
    local rate = get(one.name .. "answers")
    row(one.name .. ", client:step, an answer to each question, turns/s", "%.0f", rate,
      one.least and "at least " .. one.least or "", one.least and rate >= one.least)
    row(one.name .. ", client:step, as people write, turns/s", "%.0f", get(one.name .. "step"), "")
  end
  for _, one in ipairs(interpreters) do
    local function against(mode) return get(one.name .. mode) / get(one.name .. "step") end
    row(one.name .. ", client:message, recorded / client:step", "%.2f", against "message", "")
    row(one.name .. ", the same with a webhook / client:step", "%.2f", against "webhook", "")
    row(one.name .. ", the same, sessions as JSON / client:step", "%.2f", against "json", "")
    row(one.name .. ", time of a turn / by hand in plain Lua", "%.0f", against "plain", "")
    local round_trips = get "remote"
    row(one.name .. ", client:message / round trips on loopback", "%.2f", get(one.name .. "message") / round_trips, "")
  end
  for _, one in ipairs(interpreters) do
    for _, mode in ipairs(MODES) do
      local name = one.name .. mode
      note("%-8s %-8s %8.0f turns/s, a turn %.1f us, median %.1f us, p99 %.1f us; right in %.0f %% of conversations",
        one.name, mode, get(name, 1), get(name, 2), get(name, 3), get(name, 4), get(name, 5))
    end
  end
  note("round trip on loopback: %.0f/s, %.1f us of the asking thread's processor time", get("remote", 1),
    get("remote", 2))
end

-- The shares of stages in percent, by name: of all rounds together.
local function profile_of(report, one)
  local samples, counts = 0, {}
  for round = 1, PROFILE_ROUNDS do
    report.progress("profile of conversations on %s, round %d of %d", one.name, round, PROFILE_ROUNDS)
    local words = one.words("conversation_profile.lua", "HISTORY", PROFILE_SECONDS)
    samples = samples + tonumber(words[1])
    for index = 2, #words, 2 do
      local stage = words[index]:gsub("_", " ")
      counts[stage] = (counts[stage] or 0) + words[index + 1] / 100 * words[1]
    end
  end
  return samples, counts
end

local function report_profile(report, interpreters)
  local all, order, header = {}, {}, ""
  for index, one in ipairs(interpreters) do
    local samples, counts = profile_of(report, one)
    header = header .. (" %12s"):format(one.name)
    for stage, count in pairs(counts) do
      if not all[stage] then
        all[stage] = {}
        order[#order + 1] = stage
      end
      all[stage][index] = count / samples * 100
    end
  end
  local last = #interpreters
  table.sort(order, function(stage, other)
    local share, others = all[stage][last] or 0, all[other][last] or 0
    if share ~= others then return share > others end
    return stage < other
  end)
  report.note("")
  report.note("share of a turn, client:message, %%             %s", header)
  for _, stage in ipairs(order) do
    local line, most = "", 0
    for index = 1, last do
      local share = all[stage][index] or 0
      most = math.max(most, share)
      line = line .. (" %12.1f"):format(share)
    end
    if most >= LEAST_SHARE then report.note("  %-44s%s", stage, line) end
  end
end

local function report_sessions(report, interpreters, run)
  for _, one in ipairs(interpreters) do
    report.progress("%d open sessions on %s", SESSIONS, one.name)
    local bytes, mean, most = run(one, "conversation_sessions.lua", "HISTORY", SESSIONS)
    report.row(("%s, %d open sessions, MB"):format(one.name, SESSIONS), "%.0f", bytes * SESSIONS / 1e6, "")
    report.note("%-8s a session takes %.0f bytes in memory; as JSON %.0f bytes, the longest %d", one.name, bytes, mean,
      most)
    if one == interpreters[1] then
      local fits = most < MOST_SESSION_BYTES
      report.row("longest session as JSON, bytes", "%d", most, "under " .. MOST_SESSION_BYTES, fits)
    end
  end
end

local function growth_of(report, one, run)
  local add, get = collector()
  for round = 1, GROWTH_ROUNDS do
    report.progress("many intents on %s, round %d of %d", one.name, round, GROWTH_ROUNDS)
    for _, kind in ipairs(KINDS) do
      for _, count in ipairs(COUNTS) do
        add(kind .. count, run(one, "conversation_intents.lua", "HISTORY", kind, count, GROWTH_SECONDS))
      end
    end
  end
  return get
end

local function report_growth(report, one, get)
  report.row(one.name .. ", 500 intents of all kinds loaded, ms", "%.0f", get("mix500", 1), "")
  report.note("")
  report.note("%-8s              load, ms   us a message that fits, with intents       none fits", one.name)
  report.note("         intents       500   %s  growth  %s  growth", ("%6d"):rep(#COUNTS):format(table.unpack(COUNTS)),
    ("%6d"):rep(#COUNTS):format(table.unpack(COUNTS)))
  local worst = 0
  for _, kind in ipairs(KINDS) do
    local line = ("         %-10s %6.0f   "):format(kind, get(kind .. 500, 1))
    for column = 3, 4 do
      local times = {}
      for index, count in ipairs(COUNTS) do times[index] = get(kind .. count, column) end
      local power = exponent(COUNTS, times)
      worst = math.max(worst, power)
      line = line .. ("%6.0f"):rep(#COUNTS):format(table.unpack(times)) .. ("  n^%4.2f  "):format(power)
    end
    report.note("%s", (line:gsub("%s+$", "")))
  end
  report.row(one.name .. ", growth by intents, exponent at its most", "%.2f", worst, "at most " .. MOST_EXPONENT,
    worst <= MOST_EXPONENT)
end

return function(report)
  local histories = 0
  local function command(one, script, ...)
    histories = histories + 1
    local path = ("%s/conversation%d.db"):format(report.folder, histories)
    local words = table.concat({ one.command, "bench/" .. script, ... }, " "):gsub("HISTORY", path)
    return words, function()
      for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(path .. suffix) end
    end
  end
  local function run(one, ...)
    local words, remove = command(one, ...)
    local results = { report.numbers(words) }
    remove()
    return table.unpack(results)
  end

  local interpreters = { { name = "Lua 5.4", command = report.lua } }
  local luajit = os.getenv "LUAJIT" or "luajit"
  if report.installed(luajit) then
    local cpath = assert(os.getenv "LUAJIT_CPATH", "LUAJIT_CPATH is not set")
    interpreters[2] = { name = "LuaJIT", command = ("LUA_CPATH='%s' %s"):format(cpath, luajit), least = 50000 }
  end
  for _, one in ipairs(interpreters) do
    function one.words(...)
      local text, remove = command(one, ...)
      local pipe = assert(io.popen(text))
      local line = pipe:read "l"
      if not pipe:close() then error("this failed: " .. text, 0) end
      remove()
      local words = {}
      for word in line:gmatch "%S+" do words[#words + 1] = word end
      return words
    end
  end

  local get = turns(report, interpreters, run)
  report_turns(report, interpreters, get)
  report_sessions(report, interpreters, run)
  report_profile(report, interpreters)
  for _, one in ipairs(interpreters) do report_growth(report, one, growth_of(report, one, run)) end
  if not interpreters[2] then report.note("LuaJIT is not installed, so it is not measured") end
end
