-- report: runs the benchmarks and prints their figures beside what they must reach. Called by bench/run.
--
--     lua5.4 bench/report.lua FOLDER NGINX_PORT [--record] [FIGURE...]

local clock = require "bench_clock"
local median = require "median"
local openresty = require "openresty"

local ROUNDS, COST_RUNS, ISOLATION_ROUNDS, ISOLATION_SECONDS = 7, 3, 11, 1.5
local FLIGHT, FLIGHT_DELAY_MS = 10000, 9000
local LATENCY_ROUNDS, LATENCY_SECONDS, CHAT_RATE, SLOW_DISK_MS = 11, 2, 500, 100
local CHAT_ROUNDS, CHAT_COUNTS = 7, { [1] = 20000, [1000] = 4000 } -- by the milliseconds that the endpoint takes
local OUTSTANDING = 512 -- of the host that fires steadily: enough that 64 are always in flight
local README = "bench/README.md"

local folder, port = arg[1], arg[2]
local lua = os.getenv("LUA") or "lua5.4"
local url = "http://127.0.0.1:" .. port .. "/hook"

-- Tables, each with its place in the README, and what goes into the one that is being filled.
local tables = {
  figures = { rows = {}, notes = {} }, -- rows: { name, measured, target or "", verdict or "" }; notes: lines below them
  ["figures of sentences"] = { rows = {}, notes = {} },
  ["figures of conversations"] = { rows = {}, notes = {} },
  ["figures of the page"] = { rows = {}, notes = {} },
}
local TABLES = { "figures", "figures of sentences", "figures of conversations", "figures of the page" }
local rows, notes = tables.figures.rows, tables.figures.notes

local function row(name, format, measured, target, reached)
  local verdict = ""
  if target ~= "" then verdict = reached and "reached" or "NOT REACHED" end
  rows[#rows + 1] = { name, string.format(format, measured), target, verdict }
end

local function note(...) notes[#notes + 1] = string.format(...) end

local function progress(...) io.stderr:write("bench: ", string.format(...), "\n") end

local function installed(program) return (os.execute("command -v " .. program .. " >/dev/null")) end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

--- Runs a command and returns the numbers of its last line. A command that fails ends the benchmarks.
local function numbers(command)
  local pipe = assert(io.popen(command))
  local line
  for each in pipe:lines() do line = each end
  if not pipe:close() or not line then error("this failed: " .. command, 0) end
  local found = {}
  for number in line:gmatch("%S+") do found[#found + 1] = tonumber(number) end
  return table.unpack(found)
end

local load_before = read("/proc/loadavg"):match("%S+")

local histories = 0
local function new_history()
  histories = histories + 1
  return string.format("%s/history%d.db", folder, histories)
end

local function remove_history(path)
  for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(path .. suffix) end
end

--- Runs one of our scripts with a fresh history file behind its arguments.
local function ours(script, before, after, expected)
  local path = new_history()
  local result = { numbers(table.concat({ lua, "bench/" .. script, before, path, after }, " ")) }
  if expected then
    local stored = numbers("build/bench/count_delivered " .. path)
    if stored ~= expected then
      error(string.format("%s: the history holds %d delivered rows of %d", script, stored, expected), 0)
    end
  end
  remove_history(path)
  return table.unpack(result)
end

--- Starts the receiver, calls work(port), and returns what the receiver reports at its end. `before`: chrt, or "".
local function with_receiver(before, addresses, delay_ms, work)
  local port_file, report_file = folder .. "/receiver.port", folder .. "/receiver.report"
  os.remove(port_file)
  local pipe = assert(io.popen(string.format("%sbuild/bench/receiver %s %s %d %d", before, port_file, report_file,
    addresses, delay_ms), "w"))
  local deadline = clock.now() + 5e6
  local receiver_port
  repeat
    clock.sleep_until(clock.now() + 10000)
    local file = io.open(port_file)
    if file then
      receiver_port = file:read("l")
      file:close()
    end
  until receiver_port or clock.now() > deadline
  if not receiver_port then error("the receiver does not start", 0) end
  local result = { work(receiver_port) }
  if not pipe:close() then error("the receiver failed", 0) end
  return read(report_file), table.unpack(result)
end

local figures = {}

function figures.throughput()
  local peers = {
    { name = "bare libcurl loop", count = 40000, run = function(count)
      return numbers("build/bench/bare_curl " .. url .. " " .. count)
    end },
    { name = "textbook libcurl loop", count = 40000, run = function(count)
      return numbers("build/bench/bare_curl " .. url .. " " .. count .. " textbook")
    end },
    { name = "fire to history", count = 40000, run = function(count)
      return ours("fire_to_history.lua", url .. " " .. count, count, count)
    end },
    { name = "the same, steadily", count = 40000, run = function(count)
      return ours("fire_to_history.lua", url .. " " .. count, OUTSTANDING, count)
    end },
    { name = "node http agent", count = 25000, needs = "node", run = function(count)
      return numbers("node bench/node_agent.mjs " .. url .. " " .. count)
    end },
    { name = "luasocket", count = 8000, run = function(count)
      return numbers(lua .. " bench/luasocket_post.lua " .. url .. " " .. count)
    end },
  }
  local rates = {}
  for _, peer in ipairs(peers) do rates[peer.name] = {} end
  for round = 1, ROUNDS do
    progress("throughput, round %d of %d", round, ROUNDS)
    for i = 1, #peers do -- every round begins with another one
      local peer = peers[(round + i - 2) % #peers + 1]
      if not peer.needs or installed(peer.needs) then
        table.insert(rates[peer.name], (peer.run(peer.count)))
      end
    end
  end
  local fire = median(rates["fire to history"])
  local function compare(peer, least)
    if #rates[peer] == 0 then
      rows[#rows + 1] = { "fire to history / " .. peer, "not measured", "", "" }
      return
    end
    local ratio = fire / median(rates[peer])
    row("fire to history / " .. peer, "%.2f", ratio, least and "at least " .. least or "", least and ratio >= least)
  end
  compare("bare libcurl loop", 0.75)
  compare("textbook libcurl loop")
  compare("node http agent", 1.3)
  compare("luasocket", 3)
  row("the same, steadily / bare libcurl loop", "%.2f",
    median(rates["the same, steadily"]) / median(rates["bare libcurl loop"]), "")
  for _, peer in ipairs(peers) do
    local sorted = rates[peer.name]
    table.sort(sorted)
    if #sorted > 0 then
      note("%-22s %6.0f/s (%.0f to %.0f)", peer.name, median(sorted), sorted[1], sorted[#sorted])
    end
  end
end

function figures.cost()
  local columns = { {}, {}, {}, {}, {} }
  for run = 1, COST_RUNS do
    progress("cost of fire, run %d of %d", run, COST_RUNS)
    local result = { ours("fire_cost.lua", url) }
    for i, column in ipairs(columns) do column[run] = result[i] end
  end
  local fire_cpu, encode_cpu, fire_elapsed, encode_elapsed, single =
    median(columns[1]), median(columns[2]), median(columns[3]), median(columns[4]), median(columns[5])
  row("fire / cjson encode, processor time", "%.1f", fire_cpu / encode_cpu, "at most 5", fire_cpu / encode_cpu <= 5)
  row("fire / cjson encode, elapsed time", "%.1f", fire_elapsed / encode_elapsed, "")
  note("fire %.2f us of processor time, %.2f us elapsed, %.1f us elapsed when all is asleep; encode %.2f us", fire_cpu,
    fire_elapsed, single, encode_cpu)
end

--- What goes before a command so that other programs on the machine do not show in latencies; "" where not permitted.
local function undisturbed()
  return os.execute("chrt -f 1 true 2>/dev/null") and "chrt -f 1 " or ""
end

function figures.isolation()
  local cases = { "answer", "hang" }
  local p50, p99 = { answer = {}, hang = {} }, { answer = {}, hang = {} }
  local before = undisturbed()
  for round = 1, ISOLATION_ROUNDS do
    progress("isolation, round %d of %d", round, ISOLATION_ROUNDS)
    for i = 1, #cases do -- every round begins with another one
      local case = cases[(round + i - 2) % #cases + 1]
      local report, sent = with_receiver(before, 100, 0, function(receiver_port)
        local path = new_history()
        local stamped = numbers(string.format("%s%s bench/fire_steadily.lua %s %s %g %s", before, lua, receiver_port,
          path, ISOLATION_SECONDS, case))
        remove_history(path)
        return stamped
      end)
      local came, middle, high = report:match("^%d+ %d+ (%d+) (%d+) (%d+)")
      if tonumber(came) ~= sent then error(came .. " of " .. sent .. " stamped requests came in", 0) end
      table.insert(p50[case], tonumber(middle))
      table.insert(p99[case], tonumber(high))
    end
  end
  local answer, hang = median(p99.answer), median(p99.hang)
  row("p99 of 99 endpoints, one more hangs / answers", "%.2f", hang / answer, "at most 1.1", hang / answer <= 1.1)
  note("from fire to the receiver%s, median and p99: %.0f and %.0f us; with the hang %.0f and %.0f us",
    before == "" and "" or ", with real-time priority", median(p50.answer), answer, median(p50.hang), hang)
end

function figures.flight()
  progress("%d requests in flight", FLIGHT)
  local report, delivered, peak, seconds = with_receiver("", 1, FLIGHT_DELAY_MS, function(receiver_port)
    local slow = "http://127.0.0.1:" .. receiver_port .. "/hook"
    return ours("fire_slow.lua", slow .. " " .. FLIGHT, nil)
  end)
  local at_once = tonumber(report:match("^%d+ (%d+)"))
  row("delivered of 10,000 that wait 9 s", "%d", delivered, "10000", delivered == FLIGHT)
  row("resident memory at its most, MB", "%.0f", peak, "under 300", peak < 300)
  note("in flight at once, as seen by the receiver: %d; %.1f s in all", at_once, seconds)
end

function figures.queries()
  progress("queries of 1,000,000 events")
  local path = new_history()
  local pipe = assert(io.popen("build/bench/history_queries " .. path))
  local slowest, name = 0, "none"
  for line in pipe:lines() do
    local question, milliseconds = line:match("^(.-)%s+([%d.]+) ms")
    if question and tonumber(milliseconds) > slowest then slowest, name = tonumber(milliseconds), question end
  end
  local done = pipe:close()
  remove_history(path)
  if not done then error("history_queries failed", 0) end
  row("slowest query of 1,000,000 events (median), ms", "%.1f", slowest, "under 5", slowest < 5)
  note("slowest query: %s", name)
end

--- Plain requests to a worker whose chat fires, while every endpoint hangs and the disk is slow.
local function plain_latency()
  local cases = { "nothing", "fire" }
  local p50, p99 = { nothing = {}, fire = {} }, { nothing = {}, fire = {} }
  local before = undisturbed()
  local environment = string.format("LD_PRELOAD=build/bench/slow_disk.so SLOW_DISK_MS=%d", SLOW_DISK_MS)
  for round = 1, LATENCY_ROUNDS do
    progress("latency in nginx, round %d of %d", round, LATENCY_ROUNDS)
    for i = 1, #cases do -- every round begins with another one
      local case = cases[(round + i - 2) % #cases + 1]
      with_receiver(before, 1, 0, function(receiver_port)
        local server = openresty.start {
          folder = folder, case = case, receiver_port = receiver_port, path = "/hang", before = before,
          env = environment,
        }
        local ran, middle, high = pcall(numbers, string.format(
          "%s%s bench/chat_steadily.lua %d %g %d & %s%s bench/plain_latency.lua %d %g; wait", before, lua, server.port,
          LATENCY_SECONDS, CHAT_RATE, before, lua, server.port, LATENCY_SECONDS))
        server:stop()
        if not ran then error(middle, 0) end
        table.insert(p50[case], middle)
        table.insert(p99[case], high)
      end)
    end
  end
  local without, with = median(p99.nothing), median(p99.fire)
  row("p99 of plain requests in nginx, with / without us", "%.2f", with / without, "at most 1.1", with / without <= 1.1)
  note("plain requests to nginx while its chat fires %d a second, endpoints hang and a write takes %d ms%s,", CHAT_RATE,
    SLOW_DISK_MS, before == "" and "" or ", with real-time priority")
  note("  median and p99: %.0f and %.0f us; without us %.0f and %.0f us", median(p50.fire), with, median(p50.nothing),
    without)
end

--- Requests a second of /chat, by what it does with the message.
local function chat_throughput(delay_ms)
  local cases = { "nothing", "fire", "cosocket" }
  local count, rates = CHAT_COUNTS[delay_ms], {}
  for _, case in ipairs(cases) do rates[case] = {} end
  for round = 1, CHAT_ROUNDS do
    progress("chat in nginx, endpoint of %d ms, round %d of %d", delay_ms, round, CHAT_ROUNDS)
    for i = 1, #cases do
      local case = cases[(round + i - 2) % #cases + 1]
      local report = with_receiver("", 1, delay_ms, function(receiver_port)
        local server = openresty.start { folder = folder, case = case, receiver_port = receiver_port, path = "/hook" }
        local ran, rate = pcall(numbers, string.format("build/bench/bare_curl http://127.0.0.1:%d/chat %d", server.port,
          count))
        local settled, problem = pcall(server.settle, server, 60)
        server:stop()
        if not ran then error(rate, 0) end
        if not settled then error(problem, 0) end
        table.insert(rates[case], rate)
      end)
      local came = tonumber(report:match("^%d+"))
      if came ~= (case == "nothing" and 0 or count) then error(came .. " webhooks of " .. count .. " came in", 0) end
    end
  end
  local fire = median(rates.fire)
  local suffix = delay_ms < 1000 and delay_ms .. " ms" or delay_ms // 1000 .. " s"
  row("chat in nginx, firing / not, endpoint " .. suffix, "%.2f", fire / median(rates.nothing), "")
  row("chat in nginx, firing / cosocket, endpoint " .. suffix, "%.2f", fire / median(rates.cosocket), "")
  note("chat in nginx, endpoint %s: %.0f/s firing, %.0f/s with a cosocket in a timer, %.0f/s without a webhook", suffix,
    fire, median(rates.cosocket), median(rates.nothing))
end

function figures.openresty()
  plain_latency()
  chat_throughput(1)
  chat_throughput(1000)
end

function figures.sentences()
  rows, notes = tables["figures of sentences"].rows, tables["figures of sentences"].notes
  require "sentence_figures" {
    folder = folder, lua = lua, row = row, note = note, progress = progress, numbers = numbers, installed = installed,
  }
  rows, notes = tables.figures.rows, tables.figures.notes
end

function figures.conversation()
  rows, notes = tables["figures of conversations"].rows, tables["figures of conversations"].notes
  require "conversation_figures" {
    folder = folder, lua = lua, row = row, note = note, progress = progress, numbers = numbers, installed = installed,
    port = port, url = url,
  }
  rows, notes = tables.figures.rows, tables.figures.notes
end

function figures.page()
  rows, notes = tables["figures of the page"].rows, tables["figures of the page"].notes
  require "page_figures" {
    folder = folder, lua = lua, row = row, note = note, progress = progress, numbers = numbers, installed = installed,
    new_history = new_history, remove_history = remove_history, with_receiver = with_receiver,
  }
  rows, notes = tables.figures.rows, tables.figures.notes
end

local function machine()
  local model = read("/proc/cpuinfo"):match("model name%s*:%s*([^\n]+)") or "processor of unknown make"
  local _, cores = read("/proc/cpuinfo"):gsub("processor%s*:", "")
  local system = read("/etc/os-release"):match('PRETTY_NAME="([^"]+)"') or "Linux"
  return string.format("%s, %d cores, %s, %s; load average before: %s.", model, cores, system, os.date("!%Y-%m-%d"),
    load_before)
end

local function lines_of(filled)
  local lines, format = {}, "%-48s %12s  %-14s %s"
  lines[1] = string.format(format, "figure", "measured", "must reach", "")
  for _, each in ipairs(filled.rows) do
    lines[#lines + 1] = string.format(format, table.unpack(each)):gsub("%s+$", "")
  end
  lines[#lines + 1] = ""
  for _, each in ipairs(filled.notes) do lines[#lines + 1] = each end
  lines[#lines + 1] = machine()
  return lines
end

local function record(name, text)
  local readme = read(README)
  local first, last = "<!-- " .. name .. " -->\n", "<!-- end of " .. name .. " -->"
  local _, from = readme:find(first, 1, true)
  local to = readme:find(last, 1, true)
  local file = assert(io.open(README, "w"))
  file:write(readme:sub(1, from), "```\n", text, "\n```\n", readme:sub(to))
  file:close()
end

local wanted, recording = {}, false
for i = 3, #arg do
  if arg[i] == "--record" then
    recording = true
  elseif figures[arg[i]] then
    wanted[#wanted + 1] = arg[i]
  else
    io.stderr:write("bench/run: there is no figure ", arg[i], "\n")
    os.exit(2)
  end
end
if #wanted == 0 then
  wanted = {
    "throughput", "cost", "isolation", "flight", "queries", "openresty", "sentences", "conversation", "page",
  }
end

for _, name in ipairs(wanted) do
  local ok, message = pcall(figures[name])
  if not ok then
    io.stderr:write("bench/run: ", tostring(message), "\n")
    os.exit(1)
  end
end
local printed = false
for _, name in ipairs(TABLES) do
  local filled = tables[name]
  if #filled.rows + #filled.notes > 0 then
    local text = table.concat(lines_of(filled), "\n")
    print((printed and "\n" or "") .. text)
    printed = true
    if recording and #filled.rows > 0 then record(name, text) end
  end
end
