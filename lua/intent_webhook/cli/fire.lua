--- fire: the command that fires one intent and shows what came of it.

local call = require "intent_webhook.cli.call"
local delivery = require "intent_webhook.cli.delivery"
local file = require "intent_webhook.cli.file"
local history = require "intent_webhook.history"
local json = require "intent_webhook.json"
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local function usage(message)
  terminal.exit(terminal.USAGE, text.line(message))
end

-- The value of a slot. A whole number is the one that was written, or it is refused: nothing near it is sent.
local function read_json(name, source)
  local good, value = json.decode(source)
  if not good then usage(("the slot %s has no JSON: %s"):format(name, value)) end
  if type(value) ~= "number" then return value end
  local digits = source:match("^%s*(.-)%s*$")
  local integer, whole = json.integer(digits)
  if not whole then return value end
  if not integer then
    usage(("the slot %s has the number %s, which %s cannot hold: send it as text, %s=%s"):format(name, digits, _VERSION,
      name, digits))
  end
  return integer
end

-- "name=text" or "name:=JSON".
local function read_slots(words)
  local slots = {}
  for _, word in ipairs(words) do
    local name, colon, value = word:match("^([^=]-)(:?)=(.*)$")
    if not name or name == "" then usage(('"%s" is no slot: write slot=text or slot:=JSON'):format(word)) end
    if slots[name] ~= nil then usage(("the slot %s is given twice"):format(name)) end
    if colon == ":" then value = read_json(name, value) end
    slots[name] = value
  end
  return slots
end

local function fire(client, checked, slots, session)
  local good, id, message, code = pcall(client.fire, client, checked.name, slots, { session = session })
  if not good then usage(tostring(id):match("client:fire: (.*)$") or error(id, 0)) end -- not what ^C raised
  if code == "incomplete" then usage(message) end
  if not id then terminal.exit(terminal.WORLD, text.line(message)) end
  return id
end

local function all_delivered(source)
  for _, one in ipairs(history.decode(source).deliveries) do
    if one.status ~= "delivered" then return false end
  end
  return true
end

-- The event as JSON, or nil and why it is not in the history.
local function read_event(path, id)
  local opened = file.history(path)
  local source, message = opened:event_json(id)
  opened:close()
  if source == "null" then return nil, ("there is no event %s in the history"):format(id) end
  return source, message
end

-- What is known of an event that is not in the history.
local function print_deliveries(screen, deliveries, as_json)
  for _, one in ipairs(deliveries) do screen:print(as_json and delivery.json(one) or delivery.line(screen, one)) end
end

local function run(values, screen)
  local slots = read_slots(values["slot=value"])
  local client = file.client(values.FILE, values.history)
  local checked = file.intent(client, values.INTENT)
  local id = fire(client, checked, slots, values.session)
  local deliveries = {}
  local recorded = file.close(screen, client, function(list)
    for _, one in ipairs(list) do deliveries[#deliveries + 1] = one end
  end)
  local source, message = read_event(client.path, id)
  if not source then
    print_deliveries(screen, deliveries, values.json)
    if recorded then screen:note("intent-webhook: " .. text.line(message)) end -- otherwise that is why
    return terminal.WORLD
  end
  if values.json then screen:print(source) else call.print(screen, source) end
  if not recorded then return terminal.WORLD end
  return all_delivered(source) and terminal.OK or terminal.FAILED
end

---@type intent_webhook.Command
return {
  name = "fire",
  summary = "fire one intent and show the event",
  help = [[
Fires an intent with the given slots, waits, and shows the event in full: requests and responses.
slot=value gives text, slot:=value gives JSON: a number, true, false or null.

Exit status: 0 delivered, or recorded when the intent has no webhook, 1 not delivered, or the file has mistakes, 2 no
such intent or slot, or a required slot is missing, 3 a file cannot be read, or the history not be written.]],
  operands = { "FILE", "INTENT", "slot=value..." },
  options = {
    file.HISTORY_OPTION,
    { name = "session", value = "NAME", help = "the session that the event belongs to" },
    { name = "json", help = "one JSON object, as in the history" },
  },
  run = run,
}
