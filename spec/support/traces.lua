--- Random conversations over generated forms, and what has to hold after every message of them.
--
--     local steps = traces.run(count, seed)     raises, with the trace, where something does not hold
--
-- What holds: a step never raises, and leaves the session that it was given as it was. Of the forms that were open and
-- the one that a message may begin, each is open still or has ended in exactly one way: it fired, was cancelled, was
-- dropped, or was handed over. An event has every slot that its intent requires. The session is plain and small. And
-- every conversation ends: with nothing but noise no form stays open.

local webhook = require "intent_webhook"

local traces = {}

local NOW = 1764064800
local CLIENTS = 60 -- generated ones; traces take them in turn
local MOST_BYTES = 16 * 1024 -- of a session, about as JSON
local LIMITS = { attempts = 3, turn_limit = 12, idle_timeout = 600, interruptions = 2 }

-- A generator of our own, so that a seed means the same in every Lua.
local function generator(seed)
  local state = seed % 2147483647
  if state == 0 then state = 1 end
  return function(most)
    state = state * 48271 % 2147483647
    return state % most + 1
  end
end

-- Forms ------------------------------------------------------------------------------------------------------------

local TYPES = {
  { type = "text" }, { type = "name" }, { type = "number", min = 0, max = 1000 }, { type = "integer", min = 1 },
  { type = "date" }, { type = "time" }, { type = "datetime" }, { type = "duration" }, { type = "email" },
  { type = "phone", region = "VN" }, { type = "url" }, { type = "enum", values = { "small", "large", "extra large" } },
  { type = "boolean" }, { type = "pattern", pattern = "%u%d%d%d" }, {},
  { type = function(text)
    local first, last = text:find("@%w+")
    if first then return text:sub(first, last), first, last end
  end },
}

local function generate_slot(random, index)
  local slot = { name = ("slot_%d"):format(index) }
  for key, value in pairs(TYPES[random(#TYPES)]) do slot[key] = value end
  local kind = random(6)
  if kind == 1 then slot.optional = true end
  if kind == 2 then slot.optional, slot.prompt = true, "Any {slot_1}?" end
  if kind == 3 then slot.prompt = { "First?", "Second?" } end
  if kind == 4 and slot.type == "integer" then slot.default = 7 end
  if kind == 5 then slot.validate = function(value) return tostring(value):len() % 7 ~= 3, "Not that." end end
  if random(10) == 1 then slot.sensitive = true end
  if random(20) == 1 then slot.validate = function() error("validate raised") end end
  return slot
end

local function generate_client(random)
  local intents = {}
  for number = 1, 1 + random(3) do
    local slots = {}
    for index = 1, random(6) do slots[index] = generate_slot(random, index) end
    intents[number] = {
      name = "intent_" .. number, slots = slots, priority = random(3) - 2,
      rules = { ("start %d [with {slot_1}]"):format(number), webhook.keywords { any = { "begin" .. number } } },
      confirm = random(3) == 1 and "All right with {slot_1}?" or nil, interrupts = random(5) > 1,
    }
  end
  local path = os.tmpname()
  os.remove(path)
  return assert(webhook.new { history = path, intents = intents, zone = "UTC", conversation = LIMITS,
    now = function() return NOW end })
end

-- Messages ---------------------------------------------------------------------------------------------------------

local PIECES = {
  "yes", "no", "cancel", "help", "repeat", "skip", "nothing", "no, ", "actually ", "I mean ", "change the ", "slot 1",
  "slot 2 is ", "slot 3: ", " to ", "start 1", "start 2", "start 3", "start 1 with ", "begin1", "begin2", "begin3",
  "4", "four", "12.5", "1,000", "-3", "Friday", "tomorrow", "2026-03-15", "30 February", "03/04/2026", "7pm", "19:30",
  "tomorrow at 7pm", "2 hours", "john@example.org", "john@", "+84 901 234 567", "0901234567", "example.org/path",
  "https://example.org", "small", "extra large", "A123", "@handle", "John Doe", "my name is Ann", "", " ", "🙂", "\255",
  "not Friday, ", "no wait, ", "make it ", " instead", "... no, ", "i don't want to", "wrong slot 2", "date: ",
  "the slot 1 is wrong", "remove the slot 2", "no slot 3", "without slot 1",
  "slot 4 small", "3 slot 5", "hold on", "that's all", "no small", "it's Tim", "sorry, I mean Ann",
  "\0", "?!", ("long "):rep(120), ("9"):rep(60), "and", ",", "what a lovely day", "4 people on Friday, John Doe",
}

local function generate_message(random)
  local count = random(3)
  if count == 3 then count = random(4) end
  local parts = {}
  for index = 1, count do parts[index] = PIECES[random(#PIECES)] end
  return table.concat(parts, random(2) == 1 and " " or "")
end

-- What holds -------------------------------------------------------------------------------------------------------

local function fail(trace, why)
  local said = {}
  for index, one in ipairs(trace) do said[index] = ("  %q"):format(one) end
  error(why .. ", after\n" .. table.concat(said, "\n"), 0)
end

-- About how many bytes a value has as JSON; raises for what JSON does not have.
local function size_of(value, trace)
  local kind = type(value)
  if kind == "string" then return #value + 2 end
  if kind == "number" and value - value == 0 then return 8 end
  if kind == "boolean" then return 5 end
  if kind ~= "table" or getmetatable(value) then fail(trace, "the session holds a " .. kind) end
  local size = 2
  for key, member in pairs(value) do
    if type(key) ~= "string" and not (type(key) == "number" and key >= 1 and key <= #value) then
      fail(trace, "the session has a key that JSON does not have")
    end
    size = size + #tostring(key) + 3 + size_of(member, trace)
  end
  return size
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local copied = {}
  for key, member in pairs(value) do copied[key] = copy(member) end
  return copied
end

local function same(one, other)
  if type(one) ~= "table" or type(other) ~= "table" then return one == other end
  for key, member in pairs(one) do
    if not same(member, other[key]) then return false end
  end
  for key in pairs(other) do
    if one[key] == nil then return false end
  end
  return true
end

local function check_events(client, turn, trace)
  local fired = {}
  for _, event in ipairs(turn.events) do
    if fired[event.intent] then fail(trace, "an intent fired twice with one message") end
    fired[event.intent] = true
    for _, slot in ipairs(client.intents[event.intent].fields) do
      if slot.required and event.slots[slot.name] == nil then fail(trace, "fired without " .. slot.name) end
    end
  end
  local status = turn.status
  if turn.events[1] and status ~= "fired" and status ~= "handoff" then fail(trace, "fired as " .. status) end
end

-- The forms that were open, and one more at most, are open or have ended, each once.
local function check_forms(before, after, turn, trace)
  local ended = #turn.events + #(turn.dropped or {})
  if turn.status == "cancelled" or turn.status == "handoff" then ended = ended + 1 end
  local begun = #after + ended - #before
  if begun ~= 0 and begun ~= 1 then
    fail(trace, ("%d forms, %d ended, %d are left"):format(#before, ended, #after))
  end
  local open = {}
  for _, form in ipairs(after) do
    if open[form.intent] then fail(trace, "an intent is open twice") end
    open[form.intent] = true
  end
end

local function take_step(client, session, message, now, trace, kept)
  trace[#trace + 1] = message
  local good, after, turn = pcall(client.step, client, session, message, now)
  if not good then fail(trace, "raised " .. tostring(after)) end
  if kept and not same(kept, session) then fail(trace, "the session that was given has changed") end
  check_events(client, turn, trace)
  check_forms(session and session.forms or {}, after.forms, turn, trace)
  if size_of(after, trace) > MOST_BYTES then fail(trace, "the session has grown too large") end
  return after
end

local function run_trace(client, random)
  local trace, session, now = {}, nil, NOW
  for _ = 1, random(8) do
    now = now + (random(30) == 1 and 700 or random(20))
    local kept = random(16) == 1 and copy(session) or nil
    session = take_step(client, session, generate_message(random), now, trace, kept)
  end
  local left = LIMITS.turn_limit * (LIMITS.interruptions + 1) + 1
  while session.forms[1] do
    if left == 0 then fail(trace, "the conversation does not end") end
    left = left - 1
    session = take_step(client, session, "xyzzy !", now, trace)
  end
  return #trace
end

---@param count integer
---@param seed integer
---@return integer steps
function traces.run(count, seed)
  local random = generator(seed)
  local clients, steps = {}, 0
  for index = 1, math.min(CLIENTS, count) do clients[index] = generate_client(random) end
  for index = 1, count do steps = steps + run_trace(clients[index % #clients + 1], random) end
  return steps
end

return traces
