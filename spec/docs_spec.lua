-- What docs/ shows in Lua runs, and prints what stands behind its "-->".

local process = require "spec.support.process"
local receivers = require "spec.support.receiver"

-- The Lua blocks of a file, in order.
local function blocks_of(path)
  local blocks = {}
  for block in process.read_file(path):gmatch("\n```lua\n(.-\n)```\n") do blocks[#blocks + 1] = block end
  return blocks
end

-- The lines that a block promises to print.
local function promised(block)
  local lines = {}
  for words in block:gmatch("%-%-> ([^\n]+)") do lines[#lines + 1] = (words:gsub("%s%s+", "\t")) end
  return lines
end

describe("the documentation #once", function()
  local folder, receiver
  local getenv = os.getenv

  setup(function()
    folder = process.temporary_folder()
    receiver = receivers.start()
    rawset(os, "getenv", function(name) return name == "HOOK_TOKEN" and "abc123" or getenv(name) end)
  end)
  teardown(function()
    rawset(os, "getenv", getenv)
    process.stop_all()
    process.remove(folder)
  end)

  -- Runs Lua text with our receiver and a history of its own; returns its variables and what it printed.
  local function run(source, before)
    local printed, environment = {}, setmetatable({}, { __index = before or _G })
    environment.print = function(...)
      local words = {}
      for index = 1, select("#", ...) do words[index] = tostring((select(index, ...))) end
      printed[#printed + 1] = table.concat(words, "\t")
    end
    source = source:gsub("http://127%.0%.0%.1:8080", function() return receiver:url(""):gsub("/$", "") end)
    source = source:gsub('"history%.db"', function() return ("%q"):format(folder .. "/history.db") end)
    source = source:gsub("\nlocal ", "\n"):gsub("^local ", "")
    local chunk = assert(load(function() -- in pieces, as Lua 5.1 wants it
      local piece = source
      source = nil
      return piece
    end, "=block", "t", environment))
    local set_environment = rawget(_G, "setfenv")
    if set_environment then set_environment(chunk, environment) end
    chunk()
    return printed, environment
  end

  it("shows in docs/conversations.md a conversation, and a step", function()
    local blocks = blocks_of("docs/conversations.md")
    local printed, environment = run(blocks[1])
    assert.are.same(promised(blocks[1]), printed)
    local _, made = run("given = {\n" .. blocks[2] .. "}")
    local slots = { party_size = 4, date = "2026-11-28" }
    assert.are.equal("A table for 4 on Saturday, November 28?", made.given.confirm(slots))
    local _, stepped = run(blocks[3], environment)
    assert.are.equal("collecting", stepped.turn.status)
    assert.are.equal("customer_name", stepped.turn.slot)
    local _, asked = run("answer = '{}'\n" .. blocks[4], environment)
    assert.is_truthy(asked.tools:find('"name":"book_table"', 1, true))
    assert.is_string(asked.message) -- {} is no answer of a model
    environment.client:close(5)
  end)

  it("shows in docs/slots.md a type of one's own", function()
    local source
    for _, block in ipairs(blocks_of("docs/slots.md")) do
      if block:find("function ticket", 1, true) then source = block end
    end
    local _, environment = run(source)
    assert.are.same({ "12345", 4, 10 }, { environment.ticket("it T-12345") })
    assert.are.same({ nil, "invalid" }, { environment.ticket("T-1") })
    local webhook = require "intent_webhook"
    local client = assert(webhook.new { history = folder .. "/types.db", types = { ticket = environment.ticket },
      intents = { { name = "ask", rules = { "what of {ticket}" },
        slots = { { name = "ticket", type = "ticket" } } } } })
    assert.are.same({ ticket = "12345" }, client:match("what of my T-12345 please").slots)
  end)
end)
