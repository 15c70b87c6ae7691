-- sentence_api: how many test sentences a second the Lua API matches.
--
--     lua5.4 bench/sentence_api.lua CORPUS LANGUAGE FOLDER SECONDS      FOLDER: see sentence_files.lua
--
-- Prints sentences a second of the core's object, and of client:match; processor time.

local core = require "intent_webhook.core"
local corpus = require "sentence_corpus"
local clock = require "bench_clock"
local webhook = require "intent_webhook"

local folder, language, files, seconds = arg[1], arg[2], arg[3], tonumber(arg[4])
local read = corpus.read(folder .. "/" .. language .. ".json")
local texts, options = {}, {}
for i, test in ipairs(read.tests) do
  texts[i], options[i] = test.text, { context = test.context, best_slot = "name" }
end

local function rate(match)
  local passes, since = 0, clock.thread_cpu()
  local took
  repeat
    for i = 1, #texts do match(texts[i], options[i]) end
    passes = passes + 1
    took = clock.thread_cpu() - since
  until took >= seconds * 1e6
  return passes * #texts / took * 1e6
end

local file = assert(io.open(files .. "/" .. language .. ".image", "rb"))
local _, image = file:read("l", "a")
file:close()
local loaded = assert(core.sentences_load(image))
local definitions = webhook.from_hassil(read.grammar)
definitions.history = files .. "/api.db"
local client = assert(webhook.new(definitions))
local of_core = rate(function(text, given) return loaded:match(text, given) end)
print(of_core, rate(function(text, given) return client:match(text, given) end))
client:close()
