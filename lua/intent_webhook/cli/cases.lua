--- cases: a user's own cases: a Lua file that returns, or a JSON file that holds, a list of conversations.
--
--     return {
--       { name = "books a table", now = "2026-11-25T10:00:00+07:00",
--         turns = {
--           { say = "A table for Saturday, please", status = "collecting", slots = { date = "2026-11-28" } },
--           { say = "Ann", text = "For how many?" },
--         },
--         payloads = { { body = { ... } } } },
--     }
--
-- A turn (case_turn.lua) has what a person says and what should come of it; `payloads` are what the webhooks of the
-- whole conversation would send, in that order. Every mistake in a file is found, and named by its path.

local calendar = require "intent_webhook.calendar"
local case_turn = require "intent_webhook.cli.case_turn"
local check = require "intent_webhook.check"
local protected = require "intent_webhook.protected"
local reading = require "intent_webhook.json"
local value = require "intent_webhook.cli.value"
local zone = require "intent_webhook.zone"

local cases = {}

---A checked case.
---@class intent_webhook.Case
---@field path string "cases[1]"
---@field file string
---@field name string
---@field session string
---@field turns table[] as case_turn.lua lists
---@field payloads table[]|nil { url, body } each
---@field now string|number
---@field zone string|number|function|nil

local DEFAULT_NOW = "2026-01-05T09:00:00" -- a Monday

local CASE = {
  { name = "name", type = "string", required = true, hint = "say what it is about" },
  { name = "turns", type = "list", required = true, most = 1000, also = { "steps", "messages" },
    hint = 'list what is said, like { { say = "hello" } }' },
  { name = "now", type = "string|number", default = DEFAULT_NOW, also = { "time", "clock" },
    hint = 'write it like "2026-11-25T10:00:00+07:00"' },
  { name = "zone", type = "string|number|function", also = { "timezone", "time_zone" } },
  { name = "session", type = "string", default = "test" },
  { name = "payloads", type = "list", also = { "webhooks", "requests" }, hint = "list what should be sent" },
  { name = "payload", type = "any", also = { "body" } },
}

local PAYLOAD = {
  { name = "url", type = "string", also = { "webhook", "to" } },
  { name = "body", type = "any", also = { "payload", "json" } },
}

-- Time ----------------------------------------------------------------------------------------------------------------

-- A time as text: seconds of the day or nil, and the offset's text, perhaps empty.
local function time_of_day(words)
  if words == "" then return 0, "" end
  local hour, minute, second, rest = words:match("^[T ](%d%d):(%d%d):?(%d?%d?)%.?%d*(.*)$")
  if not hour or (second ~= "" and #second ~= 2) then return nil end
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second) or 0
  if hour > 23 or minute > 59 or second > 59 then return nil end
  return hour * 3600 + minute * 60 + second, rest
end

-- Local seconds and the offset's function, if the text has one; nil when it is no time.
local function parse_now(words)
  local day = calendar.parse(words:sub(1, 10))
  local seconds, rest = time_of_day(words:sub(11))
  if not (day and seconds) then return nil end
  if rest == "" then return day * 86400 + seconds end
  local offset = zone.offset(rest)
  if not offset then return nil end
  return day * 86400 + seconds, offset, rest
end

---When a case begins, in seconds since 1970.
---@param case intent_webhook.Case
---@param offset fun(time: number): integer of the zone that it is in
---@return number
function cases.start(case, offset)
  if type(case.now) == "number" then return case.now end
  local seconds, own = parse_now(case.now)
  return calendar.instant(seconds, own or offset)
end

---The zone that a case is in: its own, that of the file of intents, or that of its time; else UTC. Never the system's,
---so that a case comes to the same everywhere.
---@param case intent_webhook.Case
---@param of_file string|number|function|nil
---@return string|number|function
function cases.zone(case, of_file)
  if case.zone ~= nil then return case.zone end
  if of_file ~= nil then return of_file end
  local _, _, words = parse_now(tostring(case.now))
  return words or "UTC"
end

-- Checking ------------------------------------------------------------------------------------------------------------

local function check_body(mistakes, path, body)
  local place, problem = value.problem(body, path)
  if problem then mistakes:add(place, problem .. ": it could be in no payload") end
end

local function check_payloads(mistakes, path, case)
  if case.payload ~= nil then
    if case.payloads then
      mistakes:add(check.within(path, "payload"), "is given as well as payloads: remove one of the two")
    end
    check_body(mistakes, check.within(path, "payload"), case.payload)
    return { { body = case.payload } }
  end
  if not case.payloads then return nil end
  local checked = {}
  for index, one in ipairs(case.payloads) do
    local place = check.within(check.within(path, "payloads"), index)
    checked[index] = check.options(mistakes, place, one, PAYLOAD)
    if checked[index] then check_body(mistakes, check.within(place, "body"), checked[index].body) end
  end
  return checked
end

local function check_time(mistakes, path, case)
  local place = check.within(path, "now")
  local now = case.now
  if type(now) == "string" and not parse_now(now) then
    mistakes:add(place, 'is no time: write it like "2026-11-25T10:00:00+07:00"')
  elseif type(now) == "number" and not (now > 0 and now < 2 ^ 43) then
    mistakes:add(place, "must be seconds since 1970, got " .. check.show(now))
  end
  local _, problem = zone.offset(case.zone)
  if problem then mistakes:add(check.within(path, "zone"), problem) end
end

local function check_case(mistakes, path, definition, client)
  local case = check.options(mistakes, path, definition, CASE)
  if not case then return nil end
  check_time(mistakes, path, case)
  local turns = {}
  for index, turn in ipairs(case.turns or {}) do
    turns[index] = case_turn.check(mistakes, check.within(check.within(path, "turns"), index), turn, client)
  end
  if case.turns and not case.turns[1] then mistakes:add(check.within(path, "turns"), "is empty: list what is said") end
  case.path, case.turns, case.payloads = path, turns, check_payloads(mistakes, path, case)
  return case
end

---Checks what a file of cases holds.
---@param mistakes intent_webhook.Mistakes
---@param list any
---@param client intent_webhook.Client whose intents and slots may be named
---@param file string
---@return intent_webhook.Case[] # complete only if there was no mistake
function cases.check(mistakes, list, client, file)
  local checked = {}
  if not check.type(mistakes, "cases", list, "list", "list conversations") then return checked end
  if not list[1] then mistakes:add("cases", "is empty: list conversations") end
  for index, definition in ipairs(list) do
    local case = check_case(mistakes, check.within("cases", index), definition, client)
    if case then case.file = file end
    checked[#checked + 1] = case
  end
  return checked
end

-- Files ---------------------------------------------------------------------------------------------------------------

local function load_json(path)
  local opened, problem = io.open(path, "rb")
  if not opened then return nil, problem end
  local content = opened:read("*a")
  opened:close()
  local good, decoded = reading.decode(content)
  if not good then return nil, "the file of cases is no JSON: " .. decoded, "invalid" end
  return decoded
end

local function load_lua(path)
  local chunk, mistake = loadfile(path)
  if not chunk then return nil, "the file of cases is not Lua: " .. mistake, "invalid" end
  local good, returned = protected.call(chunk, path)
  if not good then return nil, "the file of cases raised an error: " .. returned, "invalid" end
  if returned ~= nil then return returned end
  return nil, "the file of cases returned nothing: return a list of conversations", "invalid"
end

---Reads a file of cases: JSON when its name ends in .json, otherwise Lua.
---@param path string
---@return any # nil when there is none
---@return string|nil message
---@return string|nil code "unreadable", "invalid"
function cases.load(path)
  local problem = check.unreadable(path)
  if problem then return nil, "the file of cases cannot be read: " .. problem, "unreadable" end
  if path:lower():find("%.json$") then return load_json(path) end
  return load_lua(path)
end

return cases
