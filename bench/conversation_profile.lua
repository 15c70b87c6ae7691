-- conversation_profile: where the time of a turn goes, by a sampling profiler: LuaJIT's own, and on Lua 5.4
-- lua_sampler.c.
--
--     lua5.4|luajit bench/conversation_profile.lua HISTORY SECONDS [lines]
--
-- Runs the conversations of conversation_forms.lua through client:message, with sessions in memory and recorded events.
-- A sample counts for the innermost function on the stack whose file belongs to a stage; what is in C counts for the
-- Lua that called it. Prints the samples, then each stage with its share in percent, largest first: on one line, the
-- names with "_" for spaces. With "lines" the lines of Lua before that, by their samples.

local clock = require "bench_clock"
local contract = require "contract"
local forms = require "conversation_forms"
local webhook = require "intent_webhook"

local INTENTS, INTERVAL_US, WARM_UP, MOST_LEVELS = 10, 1000, 0.5, 40

-- What ends a file's name -> the stage; false: that of its caller. The first that fits.
local STAGES = {
  { "/said.lua", "words" },
  { "/recognition.lua", "recognition" }, { "/keywords.lua", "recognition" }, { "/rule.lua", "recognition" },
  { "/types/number.lua", "type integer" }, { "/number_reading.lua", "type integer" },
  { "/numerals.lua", "type integer" },
  { "/types/phone.lua", "type phone" }, { "/phone_text.lua", "type phone" }, { "/phone_plans.lua", "type phone" },
  { "/types/date.lua", "type date" }, { "/types/moment", "type date" }, { "/types/numeric_date", "type date" },
  { "/types/phrase_tree", "type date" }, { "/types/text.lua", "types name and text" },
  { "/types/boolean.lua", "yes and no" }, { "/calendar.lua", false }, { "/types/digits.lua", false },
  { "/dialogue.lua", "commands, corrections, names of slots" },
  { "/filling.lua", "filling" },
  { "/template.lua", "prompts" }, { "/slot.lua", "prompts" },
  { "/conversation/", "step" }, { "/conversation.lua", "step" },
  { "/session_store/", "store" },
  { "/talk.lua", "talk and firing" }, { "/firing.lua", "talk and firing" }, { "/action.lua", "talk and firing" },
  { "/intent_webhook.lua", "checks of client:message" }, { "/argument.lua", "checks of client:message" },
  { "/check.lua", false },
}

local path, seconds, by_line = arg[1], tonumber(arg[2]), arg[3] == "lines"
if not seconds then contract.fail("usage: conversation_profile.lua HISTORY SECONDS [lines]") end

local stage_of_file = {}

local function stage_of(file)
  local stage = stage_of_file[file]
  if stage == nil then
    stage = false
    for _, one in ipairs(STAGES) do
      if ("/" .. file):find(one[1], 1, true) then
        stage = one[2]
        break
      end
    end
    stage_of_file[file] = stage
  end
  return stage
end

local samples, counts, lines = 0, {}, {}

local function count(stage, line, weight)
  samples = samples + weight
  counts[stage] = (counts[stage] or 0) + weight
  if by_line then lines[line] = (lines[line] or 0) + weight end
end

-- By LuaJIT's profiler.
local function start_luajit()
  local profile = require "jit.profile"
  profile.start("fi1", function(thread, weight, state)
    if state == "G" then return count("collecting garbage", "garbage", weight) end
    local first
    for file, line in profile.dumpstack(thread, "plZ;", MOST_LEVELS):gmatch("([^;]-):(%d+)") do
      first = first or file .. ":" .. line
      local stage = stage_of(file)
      if stage then return count(stage, first, weight) end
    end
    count("other", first or "?", weight)
  end)
  return profile.stop
end

-- By our own, for Lua 5.4.
local function start_sampler()
  local sampler = require "bench_sampler"
  sampler.start(INTERVAL_US, function()
    local first
    for level = 2, MOST_LEVELS do
      local called = debug.getinfo(level, "Sl")
      if not called then break end
      if called.what ~= "C" then
        local file = called.source
        first = first or file .. ":" .. called.currentline
        local stage = stage_of(file)
        if stage then return count(stage, first, 1) end
      end
    end
    count("other", first or "?", 1)
  end)
  return sampler.stop
end

local client = assert(webhook.new {
  history = path, zone = "UTC", queue_limit = 1000000, intents = forms.intents(INTENTS),
  now = function() return forms.now end,
})

local sessions = 0
local function run(for_seconds)
  local until_us = clock.thread_cpu() + for_seconds * 1e6
  repeat
    for _, conversation in ipairs(forms.conversations) do
      sessions = sessions + 1
      local options = { session = "chat-" .. sessions }
      for index = 1, #conversation do client:message(conversation[index], options) end
    end
  until clock.thread_cpu() >= until_us
end

run(WARM_UP)
local stop = (rawget(_G, "jit") and start_luajit or start_sampler)()
run(seconds)
stop()
client:flush(60)
client:close()

local function sorted(numbers)
  local names = {}
  for name in pairs(numbers) do names[#names + 1] = name end
  table.sort(names, function(one, other) return numbers[one] > numbers[other] end)
  return names
end

if by_line then
  for _, line in ipairs(sorted(lines)) do print(("%5.1f %%  %s"):format(lines[line] / samples * 100, line)) end
end
local parts = { samples }
for _, stage in ipairs(sorted(counts)) do
  parts[#parts + 1] = stage:gsub(" ", "_")
  parts[#parts + 1] = ("%.2f"):format(counts[stage] / samples * 100)
end
print(table.concat(parts, " "))
