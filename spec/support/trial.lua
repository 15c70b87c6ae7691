--- A client on a history of its own, with one intent for each webhook action that a test tries.
--
--     local trial = trials.new({ good = { webhook = url }, slow = { webhook = url, timeout = 0.3 } })
--     local id = trial:fire("good")
--     trial:settle()
--     local outcome = trial:outcome(id)   the only delivery, with `attempt`, its only attempt (or nil), and `event`
--     trial:close()                       also removes the history

local process = require "spec.support.process"
local webhook = require "intent_webhook"

local trials = {}

local Trial = {}
Trial.__index = Trial

--- actions: by name; a name is an intent's. slots: as in an intent, default one slot "name". options: for webhook.new.
function trials.new(actions, slots, options)
  local folder = process.temporary_folder()
  local self = setmetatable({ folder = folder, path = folder .. "/history.db" }, Trial)
  local complete = { history = self.path, intents = {} }
  for name, value in pairs(options or {}) do complete[name] = value end
  for name, action in pairs(actions) do
    complete.intents[#complete.intents + 1] = { name = name, slots = slots or { "name" }, actions = { action } }
  end
  local good, client, message = pcall(webhook.new, complete)
  if not good or not client then
    process.remove(folder)
    error(message or client, 0)
  end
  self.client = client
  return self
end

function Trial:fire(name, values)
  return assert(self.client:fire(name, values or { name = "Zoë" }))
end

--- Fires everything that there is, once. Returns ids by name.
function Trial:fire_all(values)
  local ids = {}
  for _, intent in ipairs(self.client.list) do ids[intent.name] = self:fire(intent.name, values) end
  return ids
end

--- Waits until everything is recorded.
function Trial:settle(timeout)
  assert(self.client:flush(timeout or 15))
end

--- What became of an event that has one delivery; raises when there is more than one, or an attempt too many.
function Trial:outcome(id)
  local event = assert(self.client:event(id))
  assert(#event.deliveries == 1, "one delivery")
  local outcome = event.deliveries[1]
  assert(#outcome.attempts <= 1, "one attempt")
  outcome.event, outcome.attempt = event, outcome.attempts[1]
  return outcome
end

--- Fires, waits and returns the outcome.
function Trial:post(name, values)
  local id = self:fire(name, values)
  self:settle()
  return self:outcome(id)
end

function Trial:close()
  if not self.folder then return end
  self.client:close(5)
  process.remove(self.folder)
  self.folder = nil
end

return trials
