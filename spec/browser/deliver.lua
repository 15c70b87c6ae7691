--- Fires what standard input says, so that the tests have a history of real deliveries: lua deliver.lua HISTORY.
--
-- The first line is a JSON array of intents, the further ones are objects: { intent =, slots =, session =, time = };
-- time, seconds since 1970, is when the event shall have been. For each it prints a line, the event's id, once its
-- deliveries are finished; with "wait": false at once. An empty line waits until everything is in the file. A string
-- that begins with "hex:" stands for these bytes, since JSON cannot say them; an action with raises = TEXT has a map
-- function that raises it.

local json = require("cjson").new()
local socket = require "socket"
local webhook = require "intent_webhook"

local function real(value)
  if type(value) == "table" then
    local copy = {}
    for key, member in pairs(value) do copy[key] = real(member) end
    return copy
  end
  local bytes = type(value) == "string" and value:match("^hex:(%x*)$")
  if not bytes then return value end
  return (bytes:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function raise(text)
  return function() error(text) end
end

local intents, time = real(json.decode(io.read())), nil
for _, intent in ipairs(intents) do
  for _, action in ipairs(intent.actions or {}) do
    if action.raises then action.map, action.raises = raise(action.raises), nil end
  end
end

local client = assert(webhook.new {
  history = arg[1], intents = intents, sessions = false, keep_days = false,
  now = function() return time or socket.gettime() end,
})

assert(client:start(10)) -- the file is there from now on

for line in io.lines() do
  local said = ""
  if line == "" then
    assert(client:flush(30))
  else
    local event = json.decode(line)
    time = event.time
    said = assert(client:fire(event.intent, real(event.slots or {}), { session = real(event.session) }))
    if event.wait ~= false then assert(client:wait(said, 30)) end
  end
  io.write(said, "\n")
  io.flush()
end
client:close(10)
