--- Prints a chat with what became of each message, and what was answered: lua transcript.lua CHAT RESULTS, where
-- RESULTS is the output of intent-webhook run for CHAT. An example of a script that works with that output.

local json = require("cjson").new()
local terminal = require "intent_webhook.cli.terminal"
local text = require "intent_webhook.safe_text"

local screen = terminal.new()

local function read(path)
  local list = {}
  for line in assert(io.open(path)):lines() do list[#list + 1] = json.decode(line) end
  return list
end

local messages, results, deliveries = read(arg[1]), {}, {}
for _, line in ipairs(read(arg[2])) do
  if line.delivery then deliveries[line.delivery.id] = line.delivery else results[#results + 1] = line end
end

local function slots_of(result)
  local words = {}
  for name, value in pairs(result.slots) do
    if type(value) == "number" then value = ("%.14g"):format(value) end
    words[#words + 1] = name .. " = " .. text.line(value)
  end
  table.sort(words)
  return table.concat(words, ", ")
end

local function indented(words)
  return text.lines(words):gsub("\n", "\n             ")
end

local function badge(delivery)
  if not delivery then return screen:badge("pending") end
  local answer = delivery.http_status and (" %d"):format(delivery.http_status) or " " .. (delivery.cause or "")
  return screen:badge(delivery.status) .. answer .. (", %.1f ms"):format((delivery.seconds or 0) * 1000)
end

local fired = 0
for index, message in ipairs(messages) do
  local result = results[index]
  local is_fired = result.status == "fired"
  print(("  %s  %s"):format(screen:paint("dim", ("%-9s"):format(text.line(message.session))), text.line(message.text)))
  if result.text then print("             " .. screen:paint("bold", indented(result.text))) end
  if is_fired then
    fired = fired + 1
    print(("             -> %s  %s"):format(screen:paint("bold", result.intent), slots_of(result)))
    local delivery = deliveries[result.id]
    if not (delivery and delivery.status == "recorded") then print("                webhook " .. badge(delivery)) end
  end
end
print(("\n  %d messages, %d of them fired an intent"):format(#messages, fired))
