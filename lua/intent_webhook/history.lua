--- history: reads a history file, with or without a client that writes it.
--
-- SQLite runs in a thread of the core; a question waits for its answer, at most as long as `timeout` says. The fields
-- of events, deliveries and attempts are described in docs/history.md.

local argument = require "intent_webhook.argument"
local core = require "intent_webhook.core"
local json = require "intent_webhook.json"
local options = require "intent_webhook.options"

local history = {}

---@class intent_webhook.History
---@field reader userdata
local History = { __name = "intent_webhook.History" }
History.__index = History

---One firing of one intent, as it was recorded. What is masked as sensitive or secret reads "[redacted]".
---@class intent_webhook.Event
---@field seq integer the order of recording
---@field id string
---@field time number when it fired, seconds since 1970
---@field intent string
---@field session? string
---@field slots table<string, string|number|boolean|lightuserdata> null is webhook.null; a whole number that this Lua
---  cannot hold (beyond 2^53 in Lua 5.1 and LuaJIT) is a string of its digits
---@field error? string what users' functions raised, with traceback
---@field note? string why nothing was sent, or that text was repaired
---@field deliveries intent_webhook.EventDelivery[]

---One event on its way to one endpoint, as it was recorded.
---@class intent_webhook.EventDelivery
---@field number integer which webhook action of the intent, from 1
---@field url string
---@field status intent_webhook.Status
---@field cause? string why it failed: a stable code
---@field message? string the same in words
---@field finished? number seconds since 1970
---@field http_status? integer what its last attempt was answered; nil: no complete response head
---@field total_us? integer how long its last attempt took, microseconds
---@field attempts? intent_webhook.Attempt[] only from `event`

---One HTTP request, as it was recorded. Times are microseconds from the start; nil where that point was not reached.
---@class intent_webhook.Attempt
---@field started number seconds since 1970
---@field method string
---@field url string
---@field request_headers? string the request's head as it was sent
---@field request_body? string
---@field request_body_base64? string its bytes, where they are no UTF-8 text
---@field http_status? integer nil: no complete response head
---@field response_headers? string the response's head as it came
---@field response_body? string at most 64 KiB of it
---@field response_body_base64? string its bytes, where they are no UTF-8 text
---@field response_length? integer what the endpoint announced, or sent in full
---@field truncated boolean whether response_body is not all of it
---@field remote_address? string
---@field http_version? string "1.1", "2"
---@field tls_version? string "TLSv1.3"
---@field name_lookup_us? integer
---@field connect_us? integer
---@field tls_us? integer
---@field first_byte_us? integer
---@field total_us? integer
---@field cause? string why it is not a success
---@field message? string what the system said
---@field body_cause? string what went wrong in the response body; changes nothing in the outcome
---@field resent boolean whether the HTTP library sent it again on a fresh connection

---What `events` returns.
---@class intent_webhook.EventPage
---@field events intent_webhook.Event[] newest first, with their deliveries, without attempts
---@field next? integer give it as `before` for the next page; nil when there is none
---@field searched_to? number when the time to look through events was over: the time of the last one that was looked at

---Opens a history file for reading. The file is looked at with the first question.
---@param path string
---@return intent_webhook.History|nil history
---@return string|nil message
---@return string|nil code "memory"
function history.open(path)
  local reader, message, code = core.reader(path)
  if not reader then return nil, message, code end
  return setmetatable({ reader = reader }, History)
end

local to_integer = rawget(math, "tointeger") -- Lua 5.3 and later

-- Without JSON's null, except in slots, where it is a value; with whole numbers as integers where Lua has those.
local function plain(value, in_slots)
  if value == json.null then
    if in_slots then return value end
    return nil
  end
  if type(value) == "number" then return to_integer and to_integer(value) or value end
  if type(value) ~= "table" then return value end
  for key, member in pairs(value) do value[key] = plain(member, in_slots or key == "slots") end
  return value
end

local MANY_DIGITS = ("%d"):rep(16) -- no number with fewer is beyond 2^53

-- Puts the whole numbers in an event's slots right, which are doubles so far.
local function restore_integers(event, source)
  for _, member in ipairs(json.members(source, "slots")) do
    local name, text = member[1], member[2]
    local value, whole = json.integer(text)
    if whole then event.slots[name] = value or text end
  end
end

---An answer of the core, an event or a page of events, as Lua values. JSON's null becomes nil, except in slots. A whole
---number in slots that this Lua cannot hold is a string of its digits.
---@param source string
---@return table|nil
function history.decode(source)
  local good, value = json.decode(source)
  if not good then error("the history's JSON cannot be read: " .. value, 0) end
  value = plain(value)
  if not value or not source:find(MANY_DIGITS) then return value end
  if not value.events then
    restore_integers(value, source)
  else
    for index, text in ipairs(json.elements(source)) do restore_integers(value.events[index], text) end
  end
  return value
end

local function ask(self, question)
  if not self.reader then return nil, "the history is closed", "closed" end
  return self.reader:ask(question)
end

-- No event has an id with a NUL, and the core would stop reading at it.
local function ask_for(self, id, timeout)
  if id:find("%z") then return "null" end
  return ask(self, { id = id, timeout = timeout })
end

---The events that a filter lets through, as JSON text: {"events":[...],"next":...}.
---@param filter? intent_webhook.EventFilter
---@return string|nil json
---@return string|nil message
---@return string|nil code "history", "timeout", "memory" or "closed"
function History:events_json(filter)
  local question = argument.options("history:events_json", "filter", filter, options.event_filter)
  return ask(self, question)
end

---One event with its deliveries and attempts, as JSON text; "null" when there is none of that id.
---@param id string
---@param timeout? number seconds to wait; default 5
---@return string|nil json
---@return string|nil message
---@return string|nil code "history", "timeout", "memory" or "closed"
function History:event_json(id, timeout)
  argument.string("history:event_json", "id", id)
  timeout = argument.seconds("history:event_json", timeout, options.seconds.event)
  return ask_for(self, id, timeout)
end

---The events that a filter lets through, newest first.
---@param filter? intent_webhook.EventFilter
---@return intent_webhook.EventPage|nil
---@return string|nil message
---@return string|nil code "history": the file cannot be read; "timeout": it took too long; "memory"; "closed"
function History:events(filter)
  local question = argument.options("history:events", "filter", filter, options.event_filter)
  local text, message, code = ask(self, question)
  if not text then return nil, message, code end
  return history.decode(text)
end

---One event with its deliveries and their attempts.
---@param id string
---@param timeout? number seconds to wait; default 5
---@return intent_webhook.Event|nil
---@return string|nil message
---@return string|nil code "unknown": no event of that id; "history", "timeout", "memory", "closed"
function History:event(id, timeout)
  argument.string("history:event", "id", id)
  timeout = argument.seconds("history:event", timeout, options.seconds.event)
  local text, message, code = ask_for(self, id, timeout)
  if not text then return nil, message, code end
  local event = history.decode(text)
  if not event then return nil, "there is no event " .. id .. " in the history", "unknown" end
  return event
end

---Gives the file back. A second time does nothing.
---@return true
function History:close()
  local reader = self.reader
  self.reader = nil
  if reader then reader:close() end
  return true
end

History.__close = History.close

return history
