-- Messages that are longer than anybody writes: they cost little, and lose nothing that was asked for.

local conversation = require "intent_webhook.conversation"
local process = require "spec.support.process"
local webhook = require "intent_webhook"

local LONGEST = 64 * 1024

describe("a message of 64 KiB #once", function()
  local folder, client

  before_each(function() folder = process.temporary_folder() end)
  after_each(function()
    if client then client:close(5) end
    process.remove(folder)
  end)

  local function new(slots)
    client = assert(webhook.new {
      history = folder .. "/history.db", zone = "UTC",
      intents = { { name = "note", rules = { "note" }, slots = slots } },
    })
  end

  local function answer(text)
    local session = client:step(nil, "note")
    local _, turn = client:step(session, text)
    return turn
  end

  it("is looked at for values in its first 2,000 words", function()
    local message = conversation.heard(("1h"):rep(LONGEST / 2))
    assert.are.same({ 2000, 2000, 2000 }, { #message.words, #message.firsts, #message.lasts })
    assert.are.equal(LONGEST, #message.text)
    new { { name = "day", type = "date" }, { name = "hour", type = "time" } }
    local filler = ("so it is "):rep(7000)
    assert.are.equal("2026-11-28", answer("on 2026-11-28, " .. filler).slots.day)
    assert.are.equal("19:30", answer("on 2026-11-28, 19:30 " .. filler).slots.hour)
    assert.is_nil(answer(filler .. "on 2026-11-28").slots.day)
  end)

  it("goes whole to a text that may be as long", function()
    new { { name = "text", type = "text", max_length = 65536 } }
    local text = ("word "):rep(13000) .. "end"
    assert.are.equal(text, answer(text).slots.text)
  end)

  it("takes little time, whatever it repeats and however many slots there are", function()
    local types = { "number", "integer", "date", "time", "datetime", "duration", "email", "phone", "url", "name" }
    local slots = {}
    for index = 1, 20 do
      local kind = types[index % #types + 1]
      slots[index] = { name = "slot" .. index, type = kind, region = kind == "phone" and "VN" or nil }
    end
    new(slots)
    for _, part in ipairs { "1h", "$1" } do
      local started = os.clock()
      answer(part:rep(LONGEST / 2))
      assert.is_true(os.clock() - started < 8) -- half a second; without a bound it was half a minute
    end
  end)
end)
