-- conversation_sessions: what open sessions take, each before its confirmation, with all five slots filled in.
--
--     lua5.4|luajit bench/conversation_sessions.lua HISTORY COUNT
--
-- Every session has another name, phone number, date and note. Prints bytes of Lua's memory a session, after full
-- collections, and the mean and greatest length of a session as JSON.

local contract = require "contract"
local forms = require "conversation_forms"
local text = require "intent_webhook.session_store.text"
local webhook = require "intent_webhook"

local FIRST = { "John", "Maria", "Nguyễn Văn", "Jürgen", "Anne-Marie", "Olivia", "Trần Thị", "Mohammed" }
local LAST = { "Doe", "Garcia", "Smith", "Müller", "O'Neill", "Van der Berg", "Hòa", "Al-Rashid" }
local DAYS = { "tomorrow", "next friday", "on December 5th", "2026-12-24", "Saturday evening" }
local NOTES = {
  "a quiet corner if possible, it is our anniversary", "window seat 🪟 please", "two of us are vegetarians",
  "we bring a dog, a small one, and would like to sit outside if the weather is fine, otherwise near the door so that "
    .. "we can go out with it now and then; one of us is allergic to nuts, and we need a high chair for the baby",
}

local path, count = arg[1], tonumber(arg[2])
if not count then contract.fail("usage: conversation_sessions.lua HISTORY COUNT") end

local client = assert(webhook.new {
  history = path, zone = "UTC", intents = forms.intents(10), now = function() return forms.now end,
  sessions = { limit = count },
})

local function talk(number)
  local options = { session = "chat-" .. number }
  local turn
  local function say(message) turn = assert(client:message(message, options)) end
  say("I'd like to book a table")
  local first, last = FIRST[number % #FIRST + 1], LAST[math.floor(number / #FIRST) % #LAST + 1]
  say(first .. " " .. last .. (" IV"):rep(number % 2))
  say(number % 20 + 1 .. " people")
  say(DAYS[number % #DAYS + 1])
  say(("09%08d"):format(number))
  say(NOTES[number % #NOTES + 1] .. " (" .. number .. ")")
  if turn.status ~= "confirming" then contract.fail("session", number, "is", turn.status, turn.slot or "") end
end

-- The first ones fill what is made once, and go.
for number = 1, 100 do talk(number) end
client.sessions:clear()

local function used()
  for _ = 1, 3 do collectgarbage() end
  return collectgarbage("count") * 1024
end

local before = used()
for number = 1, count do talk(number) end
local bytes = (used() - before) / count
if client.sessions:count() ~= count then contract.fail("not all sessions are there") end

local total, longest = 0, 0
for number = 1, count do
  local length = #assert(text.encode(client.sessions:get("chat-" .. number, forms.now)))
  total, longest = total + length, math.max(longest, length)
end
print(("%.0f %.0f %d"):format(bytes, total / count, longest))
client:close()
