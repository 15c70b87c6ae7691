-- page_figures: the figure `page` of report.lua: what the Intent History page costs a sender whose history it shows,
-- and how soon it shows a long history.
--
--     require "page_figures" { folder =, lua =, row =, note =, progress =, numbers =, installed =, new_history =,
--       remove_history =, with_receiver = }                                                               report.lua's
--
-- PAGE_ROUNDS, PAGE_SECONDS: of the first half, by default 11 and 5. PAGE_EVENTS: of the long history, by default
-- 1,000,000.

local clock = require "bench_clock"
local median = require "median"

local ROUNDS = tonumber(os.getenv "PAGE_ROUNDS") or 11
local SECONDS = tonumber(os.getenv "PAGE_SECONDS") or 5
local EVENTS = tonumber(os.getenv "PAGE_EVENTS") or 1000000
local PAGES, STEADY_RATE, START_US, END_US = 20, 2000, 15e6, 60e6
local CASES = { "none", "own", "serve" } -- no page; pages that the sending process serves; that `serve` does
local WORDS = { none = "no page", own = "20 pages of its own", serve = "20 pages of `serve`" }

--- Waits until something is in the file, and returns its first line.
local function await(path, patience_us)
  local deadline = clock.now() + (patience_us or START_US)
  repeat
    local file = io.open(path)
    local line = file and file:read("l")
    if file then file:close() end
    if line then return line end
    clock.sleep_until(clock.now() + 10000)
  until clock.now() > deadline
  error("nothing came in " .. path, 0)
end

local function read_numbers(path, patience_us)
  local found = {}
  for number in await(path, patience_us):gmatch("%S+") do found[#found + 1] = tonumber(number) end
  return found
end

--- Of lists under the same names: the median of each.
local function medians(lists)
  local result = {}
  for name, list in pairs(lists) do result[name] = median(list) end
  return result
end

--- Of each round, so that a machine that gets slower or faster meanwhile does not matter.
local function ratios(ones, others)
  local result = {}
  for round, one in ipairs(ones) do result[round] = one / others[round] end
  return result
end

return function(report)
  local row, note, numbers, folder = report.row, report.note, report.numbers, report.folder

  local function file(name)
    local path = folder .. "/page." .. name
    os.remove(path)
    return path
  end

  --- A program that runs until close(), and `close`.
  local function start(command, ...)
    command = command:format(...)
    local pipe = assert(io.popen(command, "w"))
    return pipe, function()
      if not pipe:close() then error("this failed: " .. command, 0) end
    end
  end

  --- `intent-webhook serve`: its port, and what ends it and returns the milliseconds of processor time that it took.
  local function serve(history)
    local said, spent = file("served"), file("serve_cpu")
    local _, close = start([[
      %s bin/intent-webhook serve --history %s --port 0 >%s </dev/null &
      read line
      cat /proc/$!/task/*/schedstat | awk '{ ms += $1 / 1e6 } END { print ms }' >%s
      kill $! && wait $! || [ $? -ge 128 ] ]], report.lua, history, said, spent)
    local port = await(said):match("http://[^/]*:(%d+)/")
    return port, function()
      close()
      return read_numbers(spent)[1]
    end
  end

  --- One run. What it returns are numbers by name.
  local function run(case, rate)
    local history, run_numbers = report.new_history(), {}
    local arrived = report.with_receiver("", 1, 0, function(receiver_port)
      local port_file, said, seen = file("port"), file("sent"), file("viewers")
      local url = ("http://127.0.0.1:%s/hook"):format(receiver_port)
      local sender, sender_close = start("%s bench/page_sender.lua %s %s %g %d %s %s >%s", report.lua, url, history,
        SECONDS, rate, port_file, case == "own" and "serve" or "-", said)
      local port, serve_close, viewers_close, _ = await(port_file)
      if case == "serve" then port, serve_close = serve(history) end
      if case ~= "none" then
        _, viewers_close = start("build/bench/page_viewers %s %d %s", port, PAGES, seen)
        await(seen)
      end
      sender:write("\n")
      sender:flush()
      local sent = read_numbers(said, SECONDS * 1e6 + END_US)
      if viewers_close then
        viewers_close()
        local answers = read_numbers(seen)
        run_numbers.requests, run_numbers.bytes, run_numbers.answer, run_numbers.answer_p99, run_numbers.viewers_cpu =
          table.unpack(answers)
      end
      if serve_close then run_numbers.serve_cpu = serve_close() end
      sender_close()
      for i, name in ipairs { "rate", "cpu", "host_cpu", "sender_cpu", "history_cpu", "page_cpu", "http_cpu" } do
        run_numbers[name] = sent[i]
      end
      run_numbers.own_us = (sent[3] + sent[4] + sent[5]) * 1e3 / (sent[1] * SECONDS) -- host, sender, history
    end)
    report.remove_history(history)
    run_numbers.latency, run_numbers.latency_p99 = arrived:match("^%d+ %d+ %d+ (%d+) (%d+)")
    return run_numbers
  end

  --- Rounds of the cases in turn; the medians of each case.
  local function in_turn(rate, rounds)
    local results = {}
    for _, case in ipairs(CASES) do results[case] = {} end
    for round = 1, rounds do
      report.progress("open pages, %s events a second, round %d of %d", rate == 0 and "all" or rate, round, rounds)
      for i = 1, #CASES do -- every round begins with another one
        local case = CASES[(round + i - 2) % #CASES + 1]
        for name, number in pairs(run(case, rate)) do
          results[case][name] = results[case][name] or {}
          table.insert(results[case][name], tonumber(number))
        end
      end
    end
    for _, case in ipairs(CASES) do results[case].ratio = ratios(results[case].rate, results.none.rate) end
    for case, lists in pairs(results) do
      table.sort(lists.rate)
      local least, most = lists.rate[1], lists.rate[#lists.rate]
      results[case] = medians(lists)
      results[case].least, results[case].most = least, most
    end
    return results
  end

  --- What the cases took of a second, in milliseconds of processor time; and what host, sender and history took of it
  --- for a delivery, in microseconds, which is what they are slowed down by, however busy the machine is.
  local function note_times(results)
    note("  %-43s %7s %7s %7s %7s %7s %7s %7s   us", "ms of processor time a second:", "sender", "history", "host",
      "page", "HTTP", "serve", "viewers")
    for _, case in ipairs(CASES) do
      local result = results[case]
      local function share(name) return (result[name] or 0) / SECONDS end
      local range = ("%.0f/s (%.0f to %.0f)"):format(result.rate, result.least, result.most)
      note("  %-20s %-22s %7.0f %7.0f %7.0f %7.1f %7.1f %7.1f %7.1f %4.1f", WORDS[case], range, share "sender_cpu",
        share "history_cpu", share "host_cpu", share "page_cpu", share "http_cpu", share "serve_cpu",
        share "viewers_cpu", result.own_us)
    end
  end

  local function note_answers(results)
    for _, case in ipairs { "own", "serve" } do
      local result = results[case]
      note("  %-20s %.0f answers of %.1f KB at the mean; median %.2f ms, p99 %.1f ms", WORDS[case], result.requests,
        result.bytes / result.requests / 1e3, result.answer / 1e3, result.answer_p99 / 1e3)
    end
  end

  local function latency(results, case)
    return ("%s %.0f and %.0f"):format(WORDS[case], results[case].latency, results[case].latency_p99)
  end

  local function open_pages()
    local fast = in_turn(0, ROUNDS)
    local ratio = fast.own.ratio
    row("deliveries, 20 pages of the sender's own / none", "%.3f", ratio, "at least 0.95", ratio >= 0.95)
    ratio = fast.serve.ratio
    row("deliveries, 20 pages of `serve` / none", "%.3f", ratio, "at least 0.95", ratio >= 0.95)
    local spent = (fast.own.page_cpu + fast.own.http_cpu) / SECONDS
    row("20 pages of its own, ms of processor time a second", "%.0f", spent, "")
    note("as fast as it goes, %d runs of %g s each:", ROUNDS, SECONDS)
    note_times(fast)
    note_answers(fast)

    local steady = in_turn(STEADY_RATE, math.max(1, ROUNDS // 2))
    ratio = steady.own.ratio
    row(STEADY_RATE .. "/s steadily, 20 pages of its own / none", "%.3f", ratio, "at least 0.95", ratio >= 0.95)
    row("the same, processor time of the process", "%.2f", steady.own.cpu / steady.none.cpu, "")
    note("%d events a second; from fire to the receiver, median and p99 in us: %s", STEADY_RATE,
      table.concat({ latency(steady, "none"), latency(steady, "own"), latency(steady, "serve") }, ", "))
    note_times(steady)
    note_answers(steady)
  end

  --- A long history, and the page of it.
  local function first_view()
    local path = report.new_history()
    report.progress("a history of %d events", EVENTS)
    numbers(("build/bench/history_queries %s %d fill"):format(path, EVENTS))
    report.progress("first views of it")
    local pipe = assert(io.popen(("node bench/page_first_view.mjs %s"):format(path)))
    local values = {}
    for line in pipe:lines() do
      local name, number = line:match("^(%S+) ([%d.]+)$")
      if name then values[name] = tonumber(number) else note("%s", line) end
    end
    local done = pipe:close()
    report.remove_history(path)
    if not done then error("page_first_view.mjs failed", 0) end
    local cold, warm, bytes = values.cold_ms, values.warm_ms, values.bytes
    row(("first row of %.0f events seen, ms"):format(EVENTS), "%.0f", cold, "under 200", cold < 200)
    row("the same, with a warm cache", "%.0f", warm, "under 200", warm < 200)
    row("bytes of the first view, KB", "%.1f", bytes / 1000, "under 100", bytes < 100000)
  end

  open_pages()
  local driver = io.open("spec/browser/node_modules/playwright-core/package.json")
  if driver then driver:close() end
  if driver and report.installed("node") and report.installed("chromium") then
    first_view()
  else
    report.progress("first view: skipped, it needs Chromium, Node and npm")
    note("first view: not measured, it needs Chromium, Node and npm")
  end
end
