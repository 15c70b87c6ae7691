-- Whole conversations, written as people write, from the first message to the bytes that the receiver got: the tables
-- in spec/fixtures/conversations. Each file there returns
--
--     { options = { client's options },
--       intents = function(url) return { the intents, which post to url } end,
--       conversations = { { name =, turns = { turn, ... }, bodies = { the body of each request } }, ... } }
--
-- and each turn is { say = "the message", after = seconds since the one before, session = another one, and what is
-- expected of the turn: status, intent, slot, attempt, text, slots, ... }. `rejects` is a slot and why it refused a
-- value: "date impossible".

local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local webhook = require "intent_webhook"

local NOW = 1764064800 -- Tuesday, 2025-11-25, 10:00 UTC
local FOLDER = "spec/fixtures/conversations/"
local TOPICS = { -- those that every interpreter runs come first
  "booking", "hotel", "vietnamese", "appointment", "refund", "lead", "tracking", "pizza", "reminder", "survey",
  "support", "limits", "german", "stay",
}
local EVERYWHERE = 3
local ABOUT = { say = true, after = true, session = true, rejects = true }

describe("a whole conversation", function()
  local folder, receiver, client, now

  setup(function()
    folder = process.temporary_folder()
    receiver = receivers.start()
  end)
  teardown(function()
    receiver:stop()
    process.remove(folder)
  end)

  local function new_client(topic, data)
    local given = { history = ("%s/%s.db"):format(folder, topic), zone = "UTC", now = function() return now end,
      intents = data.intents(receiver:url("/hook")) }
    for name, value in pairs(data.options or {}) do given[name] = value end
    return assert(webhook.new(given))
  end

  local function rejects(turn)
    local first = turn.rejected and turn.rejected[1]
    return first and first.slot .. " " .. first.reason
  end

  local function check_turn(number, expected, turn)
    local place = ("turn %d, %q: "):format(number, expected.say:sub(1, 60))
    for name, value in pairs(expected) do
      if not ABOUT[name] then assert.are.same({ [name] = value }, { [name] = turn[name] }, place) end
    end
    if expected.rejects then assert.are.equal(expected.rejects, rejects(turn), place) end
    assert.is_nil(turn.errors, place)
  end

  -- Waits for what an event posts, so that requests come in the order of the turns. Some events post nothing.
  local function settle(turn)
    for _, event in ipairs(turn.events) do
      for _, delivery in ipairs(assert(client:wait(event.id, 5))) do
        assert.is_truthy(delivery.status == "delivered" or delivery.status == "recorded", delivery.status)
      end
    end
  end

  local function run(one)
    now = NOW
    receiver:forget()
    for number, expected in ipairs(one.turns) do
      now = now + (expected.after or 5)
      local turn = assert(client:message(expected.say, { session = expected.session or one.name }))
      check_turn(number, expected, turn)
      settle(turn)
    end
    local bodies = {}
    for index, request in ipairs(receiver:requests()) do bodies[index] = request.body end
    assert.are.same(one.bodies or {}, bodies)
  end

  for number, topic in ipairs(TOPICS) do
    describe("about " .. topic .. (number > EVERYWHERE and " #once" or ""), function()
      local data = dofile(FOLDER .. topic .. ".lua")

      setup(function() client = new_client(topic, data) end)
      teardown(function() assert.is_true(client:close(5)) end)

      for _, one in ipairs(data.conversations) do
        it("with " .. one.name, function() run(one) end)
      end
    end)
  end
end)
