-- conversation_intents: a client with many intents, each of two sentences, a keyword rule or two patterns, and three
-- slots.
--
--     lua5.4|luajit bench/conversation_intents.lua HISTORY KIND COUNT SECONDS
--
--     KIND: sentences, keywords, patterns, mix (a third of each)
--
-- The intents are verbs by nouns, so that each word is in many of them. Prints the milliseconds that webhook.new takes
-- the first time and once the tables of the language are there, and the microseconds that client:step takes with a
-- message that fits an intent, and with one that fits none; processor time.

local clock = require "bench_clock"
local contract = require "contract"
local forms = require "conversation_forms"
local webhook = require "intent_webhook"

local VERBS = { "book", "cancel", "move", "check", "open", "close", "order", "return", "repair", "rent", "buy", "sell",
  "clean", "paint", "ship", "track", "renew", "insure", "measure", "inspect", "deliver", "replace", "reserve", "extend",
  "report" }
local NOUNS = { "table", "room", "flight", "car", "bike", "parcel", "account", "card", "phone", "laptop", "sofa",
  "kitchen", "window", "garden", "roof", "boat", "ticket", "subscription", "contract", "invoice" }
local MISSES = {
  "what is the weather like in hanoi today", "thank you so much, that was very helpful", "ok see you at 7 then",
  "my window has a nice view of the garden", "is there anything else that i should know about the contract",
  "i will check with my wife and write again tomorrow", "hello", "do you speak vietnamese or german?",
  "the last time i was with you 3 people waited for an hour", "how much would that be for the four of us",
}

local RULES = {
  sentences = function(verb, noun)
    return { ("[please] %s (a|the|my) %s [for {count} people]"):format(verb, noun),
      ("i (want|would like|have) to %s (a|the|my) %s [on {day}]"):format(verb, noun) }
  end,
  keywords = function(verb, noun) return { { keywords = { all = { verb, noun } } } } end,
  patterns = function(verb, noun)
    return { { pattern = verb .. "%a* .-" .. noun .. " for (%d+)", slots = { "count" } },
      { pattern = verb .. "%a* .-" .. noun .. " on (.+)", slots = { "day" } } }
  end,
}
local KINDS = { "sentences", "keywords", "patterns" }

local path, kind, count, seconds = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4])
if not seconds then contract.fail("usage: conversation_intents.lua HISTORY KIND COUNT SECONDS") end

local function words_of(number) -- 1 to 500
  return VERBS[(number - 1) % #VERBS + 1], NOUNS[math.floor((number - 1) / #VERBS) % #NOUNS + 1]
end

local function intents()
  local list = {}
  for number = 1, count do
    local verb, noun = words_of(number)
    list[number] = {
      name = verb .. "_" .. noun, rules = RULES[RULES[kind] and kind or KINDS[number % #KINDS + 1]](verb, noun),
      slots = { { name = "count", type = "integer", optional = true }, { name = "day", type = "date", optional = true },
        { name = "note", optional = true } },
    }
  end
  return list
end

local function load()
  local definitions = intents()
  collectgarbage()
  local since = clock.thread_cpu()
  local client = assert(webhook.new { history = path, zone = "UTC", intents = definitions })
  return (clock.thread_cpu() - since) / 1000, client
end

local first = load()
local again, client = load()

local hits = {}
for index = 1, 50 do
  local number = math.floor((index - 0.5) / 50 * count) + 1
  local verb, noun = words_of(number)
  hits[index] = { ("please %s the %s for 3 people"):format(verb, noun), verb .. "_" .. noun }
  local _, turn = client:step(nil, hits[index][1], forms.now)
  local found = turn.status == "fired" and turn.intent == hits[index][2] and turn.slots.count == 3
  if not found then contract.fail(hits[index][1], "is", turn.status, turn.intent or "") end
end
local misses = {}
for index, text in ipairs(MISSES) do
  misses[index] = { text }
  local _, turn = client:step(nil, text, forms.now)
  if turn.status ~= "unmatched" then contract.fail(text, "is", turn.status, turn.intent or "") end
end

local function time_of(messages)
  local function run(for_seconds)
    local passes, since = 0, clock.thread_cpu()
    local took
    repeat
      for index = 1, #messages do client:step(nil, messages[index][1], forms.now) end
      passes = passes + 1
      took = clock.thread_cpu() - since
    until took >= for_seconds * 1e6
    return took / passes / #messages
  end
  run(seconds / 3)
  return run(seconds)
end

print(first, again, time_of(hits), time_of(misses))
client:close()
