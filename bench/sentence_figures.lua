-- sentence_figures: the figure `sentences` of report.lua: runs what measures the matcher of sentences, its peers in
-- turn with it, and gives the rows.
--
--     require "sentence_figures" { folder =, lua =, row =, note =, progress =, numbers =, installed = }  report.lua's
--
-- CORPUS names the folder of the test sentences, by default ../shared/corpus; without it there are no figures. HASSIL
-- names folders, separated by colons, from which Python 3 can import hassil and what it needs; without it there is no
-- such peer.

local median = require "median"

local ROUNDS, SECONDS, NEW_ROUNDS, HASSIL_ROUNDS, HASSIL_EVERY = 7, 0.7, 3, 3, 8
local LANGUAGES = { -- and what a second must reach
  { "en", "English", 25000 }, { "nl", "Dutch", 5000 }, { "de", "German", 15000 }, { "fr", "French", 25000 },
}

local corpus = os.getenv "CORPUS" or "../shared/corpus"
local hassil = os.getenv "HASSIL"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- The medians of columns that were filled round by round.
local function columns()
  local values = {}
  return function(...)
    for i, value in ipairs { ... } do
      values[i] = values[i] or {}
      table.insert(values[i], value)
    end
  end, function(i) return values[i] and median(values[i]) end
end

return function(report)
  local row, note, numbers = report.row, report.note, report.numbers

  local missing
  for _, language in ipairs(LANGUAGES) do
    local path = corpus .. "/" .. language[1] .. ".json"
    if not exists(path) then missing = path end
  end
  if missing then
    report.progress("sentences: skipped, there is no %s (CORPUS names its folder)", missing)
    note("sentences: not measured, there is no %s", missing)
    return
  end

  local function script(name, ...)
    return numbers(table.concat({ report.lua, "bench/" .. name, corpus, ... }, " "))
  end
  local function program(mode, ...)
    return numbers(table.concat({ "build/bench/sentences", mode, ... }, " "))
  end
  local function file(language, kind) return report.folder .. "/" .. language .. "." .. kind end

  local compiled = {}
  for _, language in ipairs(LANGUAGES) do
    report.progress("sentences, compiling %s", language[2])
    compiled[language[1]] = { script("sentence_files.lua", language[1], report.folder) }
  end

  -- Who is measured in turn: by name, a function, and how many of the rounds it is in.
  local contestants, measured, order = {}, {}, {}
  local function contestant(name, rounds, run)
    local add, get = columns()
    contestants[name], measured[name] = { run = run, add = add, rounds = rounds }, get
    order[#order + 1] = name
  end
  for _, language in ipairs(LANGUAGES) do
    local code = language[1]
    contestant(code, ROUNDS, function() return program("rate", file(code, "image"), file(code, "texts"), SECONDS) end)
  end
  contestant("misses", ROUNDS, function()
    return program("rate", file("en", "image"), file("en", "misses"), SECONDS)
  end)
  contestant("new", ROUNDS, function() return program("new", file("en", "image"), file("en", "texts"), NEW_ROUNDS) end)
  contestant("lua", ROUNDS, function() return script("sentence_api.lua", "en", report.folder, SECONDS) end)
  contestant("lpeg", ROUNDS, function() return script("sentence_lpeg.lua", "en", SECONDS) end)
  if hassil and report.installed "python3" then
    contestant("hassil", HASSIL_ROUNDS, function()
      return numbers(("PYTHONPATH='%s' python3 bench/sentence_hassil.py %s en %d"):format(hassil, corpus, HASSIL_EVERY))
    end)
  end
  for round = 1, ROUNDS do
    report.progress("sentences, round %d of %d", round, ROUNDS)
    for i = 1, #order do -- every round begins with another one
      local each = contestants[order[(round + i - 2) % #order + 1]]
      if round <= each.rounds then each.add(each.run()) end
    end
  end

  local english = measured.en(1)
  for _, language in ipairs(LANGUAGES) do
    local rate = measured[language[1]](1)
    row(language[2] .. " sentences in C, 1/s", "%.0f", rate, "at least " .. language[3], rate >= language[3])
  end
  local p99 = measured.en(3) / 1000
  row("English, p99 of a sentence, ms", "%.3f", p99, "under 0.5", p99 < 0.5)
  local misses = measured.misses(1)
  row("English, time of a miss / of a hit", "%.2f", english / misses, "at most 1", english <= misses)
  row("English, texts that are new / that came before", "%.2f", measured.new(1) / measured.new(2), "")
  local of_core, of_client = measured.lua(1), measured.lua(2)
  row("core's Lua object / C", "%.2f", of_core / english, "at least 0.7", of_core / english >= 0.7)
  row("client:match / C", "%.2f", of_client / english, "at least 0.7", of_client / english >= 0.7)
  row("English in C / LPeg, which only says yes or no", "%.1f", english / measured.lpeg(1), "")
  if measured.hassil then row("English in C / hassil", "%.0f", english / measured.hassil(1), "") end

  local in_core, in_new = compiled.en[1], compiled.en[2]
  row("English grammar compiled, ms", "%.0f", in_core, "under 150", in_core < 150)
  report.progress("sentences, loading and replacing a list")
  local load_ms, bytes = program("load", file("en", "image"))
  row("English grammar loaded from its file, ms", "%.1f", load_ms, "under 15", load_ms < 15)
  row("English grammar in memory, MB", "%.2f", bytes / 1e6, "under 3", bytes < 3e6)
  local few, many, replace, found = program("list", file("en", "image"), file("en", "places"), "area")
  if found ~= 100 then error(("only %.0f %% of the sentences with the replaced list match"):format(found), 0) end
  row("a list of 10,000 values, us more a sentence", "%.2f", many - few, "under 50", many - few < 50)
  row("a list of 10,000 values replaced, ms", "%.1f", replace, "under 10", replace < 10)

  for _, language in ipairs(LANGUAGES) do
    local get, right = measured[language[1]], compiled[language[1]][3]
    note("%-8s %7.0f/s, a sentence %.1f us, p99 %.1f us; right intent in %.1f %%; compiled in %.0f ms", language[2],
      get(1), get(2), get(3), right, compiled[language[1]][1])
  end
  note("misses   %7.0f/s, p99 %.1f us; %d of 1,000 fire", misses, measured.misses(3), measured.misses(4))
  note("Lua      %7.0f/s with the core's object, %.0f/s with client:match; webhook.new in %.0f ms", of_core, of_client,
    in_new)
  note("LPeg     %7.0f/s, accepts %.1f %% of the sentences, patterns of %.0f MB", measured.lpeg(1), measured.lpeg(2),
    measured.lpeg(3))
  if measured.hassil then
    note("hassil   %7.0f/s, right intent in %.1f %%", measured.hassil(1), measured.hassil(2))
  end
  note("a sentence with a list of 10 values %.2f us, of 10,000 values %.2f us", few, many)
end
