--- intent_webhook: turns conversation into webhooks.
--
--     local webhook = require "intent_webhook"
--     local client = webhook.new {
--       history = "history.db",
--       intents = {
--         {
--           name = "book_appointment",
--           rules = { "book an appointment for {customer_name} on {appointment_date}, phone {phone}" },
--           slots = { "customer_name", "appointment_date", { name = "phone", sensitive = true } },
--           actions = { { webhook = "https://example.org/hook", token_env = "WEBHOOK_TOKEN" } },
--         },
--       },
--     }
--     client:message("Book an appointment for John Doe on 2026-03-15, phone +84901234567")
--
-- A message is compared with the rules of the intents, in Lua. The intent that fits best fires: its slots go to the C
-- core, which posts them and keeps the history. `message` and `fire` never wait for the network or the disk; `poll`
-- tells later what came of it. Only start, wait, flush, close and the questions to the history wait, and each has a
-- timeout.
--
-- Misuse raises at the caller's line and names the option. The world (a full queue, a file that cannot be opened) comes
-- back as nil, message, code: the message is for people and may change, the code is for programs and stays.
--
-- A user's own functions (rules, map) may raise: that is caught, reported, and recorded with the event, and the host
-- goes on. Only what `now` raises goes through.

local action = require "intent_webhook.action"
local argument = require "intent_webhook.argument"
local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local history = require "intent_webhook.history"
local intent = require "intent_webhook.intent"
local options = require "intent_webhook.options"
local protected = require "intent_webhook.protected"

local webhook = {
  VERSION = core.version, -- "0.1.0"
  null = require("cjson").null, -- JSON's null: a slot or a part of a payload that is there and has no value
}

---What turns messages into webhooks. Made by `webhook.new`.
---@class intent_webhook.Client
---@field core userdata
---@field path string of the history file
---@field list intent_webhook.CheckedIntent[] in the order of their definition
---@field intents table<string, intent_webhook.CheckedIntent> by name
---@field now (fun(): number)|nil
---@field queue_limit integer
---@field queue_bytes integer
---@field history intent_webhook.History|nil opened with the first question
local Client = { __name = "intent_webhook.Client" }
Client.__index = Client

-- Definition -------------------------------------------------------------------------------------------------------

-- Options with the intents of a file in place of its path, or nil, message, code.
local function with_intents(given)
  if type(given) ~= "table" or type(given.intents) ~= "string" then return given end
  local loaded, message, code = webhook.load(given.intents)
  if not loaded then return nil, message, code end
  for name, value in pairs(given) do
    if name ~= "intents" then loaded[name] = value end
  end
  return loaded
end

-- Checks options, in the order in which the manual lists them.
local function check_client(mistakes, given)
  local accepted = check.options(mistakes, "", given, options.client)
  if not accepted then return nil end
  if accepted.allow then
    accepted.allow = check.strings(mistakes, "allow", accepted.allow, "write an address range")
  end
  if type(accepted.intents) == "string" then -- the file that was named has named another
    mistakes:add("intents", "must be a list here, got a string: return the intents themselves")
    accepted.intents = nil
  end
  return accepted
end

local function core_client(accepted)
  return core.client {
    history = accepted.history,
    queue_limit = accepted.queue_limit,
    queue_bytes = accepted.queue_bytes,
    keep_days = accepted.keep_days or 0, -- the core's word for "for ever"
  }
end

-- A client that only checks endpoints, for when there is no good history file: nothing is written to its own.
local function scratch_client()
  local path = os.tmpname()
  local made = core.client { history = path }
  os.remove(path)
  return made
end

---Makes a client. Nothing is opened or started before the first event, or `start`.
---@param given intent_webhook.ClientOptions
---@return intent_webhook.Client|nil
---@return string|nil message
---@return string|nil code "history": the history file cannot be used; "unreadable" or "invalid": the file of intents;
---  "system": there is not enough of something
function webhook.new(given)
  local mistakes = check.mistakes()
  local complete, message, code = with_intents(given)
  if complete == nil and message then return nil, message, code end
  local accepted = check_client(mistakes, complete)
  local made
  if not mistakes:first() then
    made, message, code = core_client(accepted)
    if not made then return nil, message, code end
  end
  local list = accepted and accepted.intents and intent.check(mistakes, accepted.intents, accepted, made) or {}
  local mistake = mistakes:first()
  if mistake then
    local path = mistake.path == "" and "options" or mistake.path
    argument.misuse("webhook.new", path .. ": " .. mistake.message)
  end
  local by_name = {}
  for _, checked in ipairs(list) do by_name[checked.name] = checked end
  return setmetatable({
    core = made, path = accepted.history, list = list, intents = by_name, now = accepted.now,
    queue_limit = accepted.queue_limit, queue_bytes = accepted.queue_bytes,
  }, Client)
end

local function check_all(mistakes, given)
  local complete, message = with_intents(given)
  if complete == nil and message then return mistakes:add("intents", message) end
  local accepted = check_client(mistakes, complete)
  if accepted and accepted.intents then
    local made, problem
    if accepted.history then made, problem = core_client(accepted) end
    if problem then mistakes:add("history", (problem:gsub("^history: ", ""))) end
    intent.check(mistakes, accepted.intents, accepted, made or scratch_client())
  end
end

---Every mistake in the options of a client, by the same checker that `new` uses. Raises nothing, starts nothing.
---@param given any
---@return intent_webhook.Mistake[] # empty when all is well; warnings have level = "warning"
function webhook.check(given)
  local mistakes = check.mistakes()
  local good, problem = protected.call(check_all, mistakes, given) -- a metamethod in the options may raise
  if not good then mistakes:add("", "reading the options raised an error: " .. problem) end
  return mistakes.list
end

-- What a file of intents returned, as options.
local function options_of(value)
  if value.intents == nil then return { intents = value } end
  local copied = {}
  for name, option in pairs(value) do copied[name] = option end
  return copied
end

---Runs a Lua file of intents. It returns a list of intents, or a table of options for `new` with `intents` among them.
---@param path string
---@return intent_webhook.ClientOptions|nil # always with `intents`
---@return string|nil message
---@return string|nil code "unreadable": there is no such file, or no permission; "invalid": it is not what it should be
function webhook.load(path)
  argument.path("webhook.load", path)
  local problem = check.unreadable(path)
  if problem then return nil, "the file of intents cannot be read: " .. problem, "unreadable" end
  local chunk, mistake = loadfile(path)
  if not chunk then return nil, "the file of intents is not Lua: " .. mistake, "invalid" end
  local good, value = protected.call(chunk, path)
  if not good then return nil, "the file of intents raised an error: " .. value, "invalid" end
  if type(value) ~= "table" then
    local sentence = "the file of intents %s returned %s: return a list of intents"
    return nil, sentence:format(path, check.kind(value)), "invalid"
  end
  local read, result = protected.call(options_of, value)
  if not read then return nil, "reading what the file of intents returned raised an error: " .. result, "invalid" end
  return result
end

---Reads a history file without a client.
---@param path string
---@return intent_webhook.History|nil
---@return string|nil message
---@return string|nil code "memory"
function webhook.history(path)
  argument.path("webhook.history", path)
  return history.open(path)
end

---Marks a table as a JSON array, for map functions: an empty table without the mark is an object.
---@param list? table default: a new one
---@return table # the same
function webhook.array(list)
  if list ~= nil and type(list) ~= "table" then
    argument.misuse("webhook.array", "list: must be a table, got " .. check.kind(list))
  end
  local good, marked = pcall(setmetatable, list or {}, { __jsontype = "array" })
  if not good then argument.misuse("webhook.array", "list: has a metatable that cannot be changed") end
  return marked
end

-- Firing -----------------------------------------------------------------------------------------------------------

---What a user's function raised.
---@class intent_webhook.RuleError
---@field where string for example "intents[1].rules[2]" or "intents[1].actions[1].map"
---@field message string with the traceback

-- The host's own time, or nil. Raises at the line that called the method `caller`, which calls this itself.
local function time_of(client, caller)
  local now = client.now
  if not now then return nil end
  local time = now()
  if type(time) ~= "number" or not (time > 0 and time < 2 ^ 43) then
    error(("%s: now: must return seconds since 1970, returned %s"):format(caller, check.show(time)), 3)
  end
  return time
end

local function error_text(errors)
  if #errors == 0 then return nil end
  local lines = {}
  for index, one in ipairs(errors) do lines[index] = one.where .. ": " .. one.message end
  return table.concat(lines, "\n\n")
end

-- The time in an id, in seconds since 1970: its first 48 bits are milliseconds.
local function time_of_id(id)
  return tonumber(id:sub(1, 8) .. id:sub(10, 13), 16) / 1000
end

-- Fires with map functions, or with errors that the event shall keep. Code "misuse" is for the caller to raise.
local function fire_in_full(client, checked, slots, session, time, errors)
  -- the slots shall be good and complete before anybody's function sees them
  local encoded, message, code = client.core:encode(checked.core, slots)
  if not encoded then return nil, message, code end
  local id = core.id(time)
  local event = { id = id, time = time or time_of_id(id), intent = checked.name, session = session }
  local payloads = action.payloads(checked.actions, checked.where, slots, event, errors)
  return client.core:fire(checked.core, slots, session, event.time, id, payloads, error_text(errors))
end

-- The core's sentence, and, when it is about a slot that is not declared, which one was meant.
local function explain_misuse(checked, slots, message)
  if not message:find("is not declared by the intent", 1, true) then return message end
  for name in next, slots do
    if not checked.declared[name] then return message .. check.suggestion(name, checked.names) end
  end
  return message
end

---Fires an intent with these slots. Returns at once.
---
---Raises for an unknown intent, a slot that it does not declare, or a value that a slot cannot hold: slots are strings,
---numbers, booleans and webhook.null. An error in a map function does not raise: that delivery is recorded as failed.
---@param name string
---@param slots? table values by name; optional ones may be missing
---@param given? intent_webhook.MessageOptions
---@return string|nil id of the event
---@return string|nil message
---@return string|nil code "incomplete": a required slot is missing; "full": queue_limit or queue_bytes is reached;
---  "closed"; "memory"; "system"
function Client:fire(name, slots, given)
  local checked = self.intents[name]
  if not checked then
    local names = {}
    for index, one in ipairs(self.list) do names[index] = one.name end
    argument.misuse("client:fire", ('there is no intent "%s"%s'):format(tostring(name), check.suggestion(name, names)))
  end
  -- without options nothing of that: it would cost more than all the rest
  local session = given ~= nil and argument.options("client:fire", "options", given, options.message).session or nil
  if slots == nil then slots = {} end
  if type(slots) ~= "table" then
    argument.misuse("client:fire", "slots: must be a table, got " .. check.kind(slots))
  end
  local time = time_of(self, "client:fire")
  local id, message, code
  if checked.maps then
    id, message, code = fire_in_full(self, checked, slots, session, time, {})
  else
    id, message, code = self.core:fire(checked.core, slots, session, time)
  end
  if code == "misuse" then argument.misuse("client:fire", explain_misuse(checked, slots, message)) end
  return id, message, code
end

local SLOT_TYPES = { string = true, number = true, boolean = true }

-- Recognising ------------------------------------------------------------------------------------------------------

-- What a rule function found, as a plain table of our own. Raises for slots that the intent cannot have.
local function take_found(checked, found)
  local slots = {}
  for name, value in next, found do -- no metamethod of the user's
    local problem
    if not checked.declared[name] then
      problem = ('slots.%s: is not declared by the intent "%s"%s'):format(tostring(name), checked.name,
        check.suggestion(name, checked.names))
    elseif value ~= webhook.null and not SLOT_TYPES[type(value)] then
      local kind = check.kind(value)
      problem = ("slots.%s: %s cannot be sent: give a string, a number, a boolean or null"):format(name, kind)
    elseif type(value) == "number" and value - value ~= 0 then
      problem = ("slots.%s: %s cannot be sent: JSON has no such number"):format(name, check.show(value))
    end
    if problem then error("the rule returned " .. problem, 0) end
    slots[name] = value
  end
  return slots
end

-- One rule's answer: slots and score, or nil. What it raises, or slots that the intent cannot have, go to errors.
local function apply_rule(checked, index, text, session, errors)
  local rule = checked.rules[index]
  local good, slots, score = protected.call(function()
    local found, its_score = rule:match(text, { intent = checked.name, session = session })
    if found and not rule.yields then found = take_found(checked, found) end
    return found, its_score
  end)
  if good then return slots, score end
  errors[#errors + 1] = { where = ("%s.rules[%d]"):format(checked.where, index), message = slots }
end

local function recognise(list, text, session, errors)
  local best
  for _, checked in ipairs(list) do
    for index = 1, #checked.rules do
      local slots, score = apply_rule(checked, index, text, session, errors)
      if slots and (not best or score > best.score) then
        best = { intent = checked, slots = slots, score = score, rule = index }
        if score >= 1 then return best end -- nothing can be better
      end
    end
  end
  return best
end

---What came of a message.
---@class intent_webhook.MessageResult
---@field status "fired"|"incomplete"|"unmatched"
---@field intent? string the intent that fits best
---@field slots? table what its rule found
---@field score? number 0 to 1: how much of the message the rule accounts for
---@field rule? integer which of the intent's rules it was
---@field id? string of the event, when it fired
---@field missing? string[] the required slots that were not in the message, when it is incomplete
---@field errors? intent_webhook.RuleError[] what users' functions raised; nil when none did

---Looks for the intent that a message fits best, and fires it. Returns at once.
---
---The rule with the highest score wins, and among equals the one that is defined first. An error in a rule counts as no
---match. Raises only for arguments that are wrong.
---@param text string
---@param given? intent_webhook.MessageOptions
---@return intent_webhook.MessageResult|nil
---@return string|nil message
---@return string|nil code as those of `fire`, when the intent could not be fired
function Client:message(text, given)
  argument.string("client:message", "text", text)
  local session = given ~= nil and argument.options("client:message", "options", given, options.message).session or nil
  local errors = {}
  local best = recognise(self.list, text, session, errors)
  local result = { status = "unmatched" }
  if best then
    result = {
      status = "incomplete", intent = best.intent.name, slots = best.slots, score = best.score, rule = best.rule,
      missing = intent.missing(best.intent, best.slots),
    }
    if not result.missing then
      local time = time_of(self, "client:message")
      local id, message, code
      if best.intent.maps or #errors > 0 then
        id, message, code = fire_in_full(self, best.intent, best.slots, session, time, errors)
      else
        id, message, code = self.core:fire(best.intent.core, best.slots, session, time)
      end
      if not id then return nil, message, code end
      result.status, result.id = "fired", id
    end
  end
  if #errors > 0 then result.errors = errors end
  return result
end

-- Results ----------------------------------------------------------------------------------------------------------

---A delivery that is finished.
---@class intent_webhook.Delivery
---@field id string of the event
---@field intent string
---@field session? string
---@field number integer which webhook action of the intent, from 1; 0: an event that has no webhook
---@field url? string
---@field status "delivered"|"failed"|"recorded"|"unrecorded" the last two: number 0
---@field http_status? integer
---@field cause? string why it is not delivered: a stable code, listed in docs/history.md
---@field reason? string the same as a sentence that says what to do
---@field message? string what the system said
---@field seconds? number what the attempt took
---@field recorded boolean false: the history could not be written so far

---The deliveries that finished since the last call, oldest first. Never waits. A table for each takes about 2 us, so a
---host that has other things to do may take them in portions.
---@param most? integer how many at most, from 1; the others stay for the next call; default: all
---@return intent_webhook.Delivery[] # perhaps none
function Client:poll(most)
  if most ~= nil and (type(most) ~= "number" or most < 1 or most % 1 ~= 0) then
    local got = type(most) == "number" and tostring(most) or check.kind(most)
    error("client:poll: most: must be a whole number from 1, got " .. got, 2)
  end
  return self.core:poll(most)
end

---A descriptor for an event loop (luv, cqueues, poll(2)): readable as long as `poll` has something. Only to be watched,
---never read from or closed; stop watching it before the client is collected. In a forked child, ask again.
---@return integer|nil descriptor
---@return string|nil message
---@return string|nil code "system": there is no descriptor left
function Client:fd()
  return self.core:fd()
end

---Waits for the deliveries of one event; `poll` will not give them any more.
---@param id string
---@param timeout? number seconds; default 15
---@return intent_webhook.Delivery[]|nil
---@return string|nil message
---@return string|nil code "timeout"; "unknown": no event of that id is under way, or its deliveries were polled
function Client:wait(id, timeout)
  argument.string("client:wait", "id", id)
  return self.core:wait(id, argument.seconds("client:wait", timeout, options.seconds.wait))
end

---Waits until everything is sent and recorded.
---@param timeout? number seconds; default 15
---@return true|nil
---@return string|nil message
---@return string|nil code "timeout"
function Client:flush(timeout)
  return self.core:flush(argument.seconds("client:flush", timeout, options.seconds.flush))
end

---Accepts nothing more, waits until everything is sent and recorded, and ends. What is not finished in time is recorded
---as failed, client_closed. A second time does nothing.
---@param timeout? number seconds; default 15
---@return true|nil
---@return string|nil message how many deliveries were cut off
---@return string|nil code "timeout"
function Client:close(timeout)
  timeout = argument.seconds("client:close", timeout, options.seconds.close)
  if self.history then self.history:close() end
  self.history = nil
  return self.core:close(timeout)
end

function Client:__close()
  self:close()
end

---Opens the history and starts the threads now, to learn of trouble early. Otherwise the first event does.
---@param timeout? number seconds; default 5
---@return true|nil
---@return string|nil message
---@return string|nil code "history": the file cannot be used, or not within the timeout; "closed"; "system"
function Client:start(timeout)
  return self.core:start(argument.seconds("client:start", timeout, options.seconds.start))
end

---Figures of the client.
---@class intent_webhook.Stats
---@field fired integer events that were accepted
---@field delivered integer deliveries
---@field failed integer deliveries
---@field refused integer events that were refused as full
---@field results_dropped integer finished deliveries that nobody polled in time
---@field queued integer deliveries that wait now
---@field in_flight integer deliveries on the wire now
---@field unrecorded integer deliveries that are finished, but not yet in the history
---@field bytes integer memory that all of them hold
---@field history_recorded integer what the file's writer, which clients may share, has written
---@field history_waiting integer what it has yet to write
---@field history_error? string why its last write failed; nil when it did not

---What the client has done, and what it holds now. Never waits.
---@return intent_webhook.Stats
function Client:stats()
  return self.core:stats()
end

-- History ----------------------------------------------------------------------------------------------------------

local function history_of(client)
  if not client.history then
    local opened, message, code = history.open(client.path)
    if not opened then return nil, message, code end
    client.history = opened
  end
  return client.history
end

---The events that a filter lets through, newest first. Waits for the answer, at most filter.timeout seconds.
---@param filter? intent_webhook.EventFilter
---@return intent_webhook.EventPage|nil
---@return string|nil message
---@return string|nil code "history", "timeout", "memory"
function Client:events(filter)
  argument.options("client:events", "filter", filter, options.event_filter)
  local opened, message, code = history_of(self)
  if not opened then return nil, message, code end
  return opened:events(filter)
end

---One event with its deliveries and their attempts. Waits for the answer.
---@param id string
---@param timeout? number seconds; default 5
---@return intent_webhook.Event|nil
---@return string|nil message
---@return string|nil code "unknown", "history", "timeout", "memory"
function Client:event(id, timeout)
  argument.string("client:event", "id", id)
  timeout = argument.seconds("client:event", timeout, options.seconds.event)
  local opened, message, code = history_of(self)
  if not opened then return nil, message, code end
  return opened:event(id, timeout)
end

return webhook
