-- sentence_files: compiles the grammar of a language and writes what bench/sentences reads.
--
--     lua5.4 bench/sentence_files.lua CORPUS LANGUAGE FOLDER
--
-- FOLDER/LANGUAGE.image   the compiled sentences, by client:save_sentences
-- FOLDER/LANGUAGE.texts   the test sentences with their contexts
-- FOLDER/LANGUAGE.misses  for English: 1,000 sentences of something else
-- FOLDER/LANGUAGE.places  for English: test sentences with "%" in place of the area that they name
--
-- Its last line: milliseconds (of processor time, medians of several) that the core needed to compile, and that all of
-- webhook.new did; and how many of the test sentences get the right intent, in per cent.

local core = require "intent_webhook.core"
local corpus = require "sentence_corpus"
local clock = require "bench_clock"
local median = require "median"
local webhook = require "intent_webhook"

local RUNS, MISSES = 5, 1000
local folder, language, out = arg[1], arg[2], arg[3]
local read = corpus.read(folder .. "/" .. language .. ".json")

local function write(name, lines)
  local file = assert(io.open(out .. "/" .. language .. "." .. name, "w"))
  for _, line in ipairs(lines) do file:write(line, "\n") end
  assert(file:close())
end

local function line_of(text, context)
  local fields = { (text:gsub("[\t\n]", " ")) }
  for key, value in pairs(context or {}) do
    fields[#fields + 1] = key
    fields[#fields + 1] = tostring(value)
  end
  return table.concat(fields, "\t")
end

-- The time of the core within that of webhook.new.
local compile, in_core = core.sentences, {}
core.sentences = function(...)
  local since = clock.thread_cpu()
  local compiled, mistakes = compile(...)
  in_core[#in_core + 1] = (clock.thread_cpu() - since) / 1000
  return compiled, mistakes
end

local options = webhook.from_hassil(read.grammar)
options.history = out .. "/" .. language .. ".db"
local client, whole = nil, {}
for run = 1, RUNS do
  if client then client:close() end
  collectgarbage()
  local since = clock.thread_cpu()
  client = assert(webhook.new(options))
  whole[run] = (clock.thread_cpu() - since) / 1000
end

assert(client:save_sentences(out .. "/" .. language .. ".image"))
local texts, right = {}, 0
for i, test in ipairs(read.tests) do
  texts[i] = line_of(test.text, test.context)
  local match = client:match(test.text, { context = test.context, best_slot = "name" })
  if match and match.intent == test.intent then right = right + 1 end
end
write("texts", texts)

if language == "en" then
  write("misses", corpus.misses(MISSES))
  local places = {}
  for _, test in ipairs(read.tests) do
    local area = test.slots.area
    local from, to
    if type(area) == "string" then from, to = test.text:lower():find(area:lower(), 1, true) end
    if from then
      places[#places + 1] = line_of(test.text:sub(1, from - 1) .. "%" .. test.text:sub(to + 1), test.context)
    end
  end
  write("places", places)
end
client:close()
print(median(in_core), median(whole), 100 * right / #read.tests)
