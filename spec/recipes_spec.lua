-- docs/recipes.md: each recipe is loaded from there, gets the messages below it, and sends the requests below these.

local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local webhook = require "intent_webhook"

local PATH = "docs/recipes.md"
local ID = "019aad2c-3b1e-7c55-8d1c-0d1f5f3c9a6e" -- stands for every event's
local ECHO = "/status/200?" -- what follows is the URL that the recipe has, without its scheme

-- The recipes: { heading, source, messages = { { text, requests = {...} } } }.
local function read_recipes()
  local recipes, heading, kind, lines = {}, nil, nil, nil
  for line in process.read_file(PATH):gmatch("([^\n]*)\n") do
    local last = recipes[#recipes]
    if kind and line == "```" then
      local text = table.concat(lines, "\n")
      if kind == "lua" then recipes[#recipes + 1] = { heading = heading, source = text, messages = {} } end
      if kind == "text" then last.messages[#last.messages + 1] = { text = text, requests = {} } end
      if kind == "http" then
        local requests = last.messages[#last.messages].requests
        requests[#requests + 1] = text
      end
      kind = nil
    elseif kind then
      lines[#lines + 1] = line
    else
      heading = line:match("^## (.+)") or heading
      kind, lines = line:match("^```(%a+)$"), {}
    end
  end
  return recipes
end

describe("the recipe #once", function()
  local folder, receiver, client
  local getenv = os.getenv

  setup(function() receiver = receivers.start() end)
  teardown(function() process.stop_all() end)
  before_each(function()
    folder = process.temporary_folder()
    rawset(os, "getenv", function(name) return "$" .. name end)
  end)
  after_each(function()
    rawset(os, "getenv", getenv)
    if client then client:close(5) end
    client = nil
    receiver:forget()
    process.remove(folder)
  end)

  local function new(source)
    local base = receiver:url(ECHO)
    local path = folder .. "/intents.lua"
    process.write_file(path, (source:gsub('webhook = "https?://', function() return 'webhook = "' .. base end)))
    local loaded = assert(webhook.load(path))
    loaded.history, loaded.now = folder .. "/history.db", function() return 1764080000 end
    loaded.keep_days = false
    assert.same({}, webhook.check(loaded))
    return assert(webhook.new(loaded))
  end

  -- What was received, as it would have been at the URL of the recipe, with lines that end in LF.
  local function requests(id)
    local list = {}
    for index, request in ipairs(receiver:requests()) do
      local host, target = request.target:match("^/status/200%?([^/]+)(/.*)$")
      local bytes = request.bytes:gsub("^POST %S+", function() return "POST " .. target end)
      bytes = bytes:gsub("\r\nHost: [^\r]*", function() return "\r\nHost: " .. host end)
      list[index] = bytes:gsub("\r\n", "\n"):gsub(id:gsub("%-", "%%-"), ID)
    end
    return list
  end

  local count = 0
  for _, recipe in ipairs(read_recipes()) do
    count = count + 1
    it(("for %s (%d) sends what the manual says"):format(recipe.heading, count), function()
      client = new(recipe.source)
      assert.is_true(#recipe.messages > 0)
      for _, message in ipairs(recipe.messages) do
        local result = client:message(message.text, { session = "chat-7" })
        assert.equal("fired", result.status, message.text)
        assert.is_nil(result.errors)
        assert(client:flush(5))
        assert.same(message.requests, requests(result.id))
        receiver:forget()
      end
    end)
  end

  it("is there for each service of the table of contents, and sends something", function()
    local sent = {}
    for _, recipe in ipairs(read_recipes()) do
      for _, message in ipairs(recipe.messages) do
        sent[recipe.heading] = (sent[recipe.heading] or 0) + #message.requests
      end
    end
    for _, heading in ipairs { "Slack", "Zapier", "Make", "n8n", "HubSpot", "A queue", "Several at once" } do
      assert.is_true((sent[heading] or 0) > 0, heading)
    end
  end)

  it("for several at once replies and hands off besides", function()
    for _, recipe in ipairs(read_recipes()) do
      if recipe.heading == "Several at once" then client = new(recipe.source) end
    end
    local result = client:message("Book a table for 25 on Friday, name Ann")
    assert.same({ "Booked, Ann.", "A colleague will call about the menu." }, result.replies)
    assert.equal("large parties", result.handoff)
  end)
end)
