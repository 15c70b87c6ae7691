-- conversation_turns: how many turns a second one thread takes through the form of conversation_forms.lua.
--
--     lua5.4|luajit bench/conversation_turns.lua MODE HISTORY SECONDS [URL]
--
--     step      client:step, which stores and fires nothing
--     answers   the same, only the first of the conversations: one answer to each question
--     message   client:message, sessions in memory, the event recorded in the history
--     webhook   the same, and the event posted to URL
--     json      the same as message, sessions as JSON in a store of the user's own, which is a Lua table
--     plain     conversation_plain.lua: what somebody would write by hand
--
-- Prints turns a second, the mean, median and 99th percentile of a turn in microseconds, and in how many of a hundred
-- conversations the slots are those that were said. Processor time of the calling thread, garbage collection included.
-- Every conversation is a session of its own. Turns are timed one by one in a second pass, since that costs time too.

local clock = require "bench_clock"
local contract = require "contract"
local forms = require "conversation_forms"
local plain = require "conversation_plain"

local INTENTS, TIMED, WARM_UP = 10, 20000, 0.3
local QUEUE_BYTES = 1024 * 1024 * 1024

local mode, path, seconds, url = arg[1], arg[2], tonumber(arg[3]), arg[4]
if not seconds then contract.fail("usage: conversation_turns.lua MODE HISTORY SECONDS [URL]") end

local function table_store()
  local texts = {}
  return {
    get = function(id) return texts[id] end,
    put = function(id, text) -- nobody else writes
      texts[id] = text
      return true
    end,
  }
end

-- begin() -> what a conversation keeps; turn(kept, text) -> the turn. And what is to be done at the end.
local function contestant()
  if mode == "plain" then
    return plain.begin, plain.turn, function() end
  end
  local client = assert(require("intent_webhook").new {
    history = path, zone = "UTC", queue_limit = 1000000, queue_bytes = QUEUE_BYTES,
    sessions = mode == "json" and table_store() or nil, now = function() return forms.now end,
    intents = forms.intents(INTENTS, mode == "webhook" and { { webhook = url, in_flight = 64 } } or nil),
  })
  local function finish()
    assert(client:flush(60))
    local stats = client:stats()
    if mode == "webhook" and stats.delivered ~= stats.fired then
      contract.fail("only", stats.delivered, "of", stats.fired, "events were delivered")
    end
    client:close()
  end
  if mode == "step" or mode == "answers" then
    return function() return {} end, function(kept, text)
      local session, turn = client:step(kept.session, text, forms.now)
      kept.session = session
      return turn
    end, finish
  end
  local count = 0
  return function()
    count = count + 1
    return { session = "chat-" .. count }
  end, function(options, text) return assert(client:message(text, options)) end, finish
end

local begin, turn, finish = contestant()
local conversations = mode == "answers" and { forms.conversations[1] } or forms.conversations

local function is_right(conversation, last)
  if last.status ~= "fired" then return false end
  for name, value in pairs(conversation.slots) do
    if last.slots[name] ~= value then return false end
  end
  for name in pairs(last.slots) do
    if conversation.slots[name] == nil then return false end
  end
  return true
end

local right, turns_each_pass = 0, 0
for _, conversation in ipairs(conversations) do
  local kept, last = begin(), nil
  for _, text in ipairs(conversation) do last = turn(kept, text) end
  if is_right(conversation, last) then right = right + 1 end
  turns_each_pass = turns_each_pass + #conversation
end

local function pass()
  for _, conversation in ipairs(conversations) do
    local kept = begin()
    for index = 1, #conversation do turn(kept, conversation[index]) end
  end
end

local function run(for_seconds)
  local since, passes = clock.thread_cpu(), 0
  local took
  repeat
    for _ = 1, 10 do pass() end
    passes = passes + 10
    took = clock.thread_cpu() - since
  until took >= for_seconds * 1e6
  return passes * turns_each_pass / took * 1e6
end

run(WARM_UP)
collectgarbage()
local rate = run(seconds)

local times = {}
while #times < TIMED do
  for _, conversation in ipairs(conversations) do
    local kept = begin()
    for index = 1, #conversation do
      local since = clock.thread_cpu()
      turn(kept, conversation[index])
      times[#times + 1] = clock.thread_cpu() - since
    end
  end
end
table.sort(times)

print(rate, 1e6 / rate, times[math.floor(#times * 0.5)], times[math.floor(#times * 0.99)],
  right / #conversations * 100)
finish()
