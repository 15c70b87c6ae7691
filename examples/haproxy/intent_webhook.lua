--- Actions of HAProxy that fire intents. For HAProxy 2.6, by lua-load or lua-load-per-thread.
--
--     http-request lua.intent_message          the request's body is a message, and may fire the intent that fits
--     http-request lua.intent_fire NAME        fires that intent; the variables txn.SLOT are its slots
--
-- Both answer at once and leave in the transaction what came of it:
--
--     txn.intent_status      "fired", "incomplete" or "unmatched"; unset when nothing could be fired, and then
--     txn.intent_code        why: "full", "history", "system" and so on
--     txn.intent_name        the intent that fits, if any
--     txn.intent_id          the event's id, if it fired
--
-- and take the session from txn.intent_session, if that is set. Ahead of the line that loads this file, the global
-- section has setenv INTENTS with the path of the file of intents, and setenv HISTORY with that of the history.
--
-- The file is run before HAProxy forks, and again at every reload. The client is made here, so that a mistake in the
-- intents keeps HAProxy from starting, and starts its threads in the worker, with the first event. With
-- lua-load-per-thread there is a client for each thread; they share one sender and one history.

local webhook = require "intent_webhook"

local POLL_MS = 200

local options = assert(webhook.load(assert(os.getenv "INTENTS", "setenv INTENTS to the path of the file of intents")))
options.history = os.getenv "HISTORY" or options.history
options.sessions = options.sessions or false -- nobody asks for what is missing: a session is a name in the history

local slots_of = {} -- the names of an intent's slots, by its name
for _, intent in ipairs(options.intents) do
  local names = {}
  for index, slot in ipairs(intent.slots or {}) do names[index] = slot.name or slot end
  slots_of[intent.name] = names
end

local client = assert(webhook.new(options))

local function session_of(txn)
  return { session = txn:get_var("txn.intent_session") }
end

-- result: as of client:message, or nil, message, code.
local function leave(txn, result, message, code)
  if not result then
    txn:set_var("txn.intent_code", code)
    core.Warning("nothing was fired: " .. message)
    return
  end
  txn:set_var("txn.intent_status", result.status)
  if result.intent then txn:set_var("txn.intent_name", result.intent) end
  if result.id then txn:set_var("txn.intent_id", result.id) end
  for _, mistake in ipairs(result.errors or {}) do core.Warning(mistake.where .. ": " .. mistake.message) end
end

core.register_action("intent_message", { "http-req" }, function(txn)
  leave(txn, client:message(txn.f:req_body() or "", session_of(txn)))
end)

core.register_action("intent_fire", { "http-req" }, function(txn, name)
  local slots = {}
  for _, slot in ipairs(slots_of[name] or {}) do slots[slot] = txn:get_var("txn." .. slot) end
  local id, message, code = client:fire(name, slots, session_of(txn))
  leave(txn, id and { status = "fired", intent = name, id = id }, message, code)
end, 1)

-- HAProxy runs this beside its requests. It only pulls what is finished, and never waits for it.
core.register_task(function()
  while true do
    for _, delivery in ipairs(client:poll()) do
      if delivery.status == "failed" then
        core.Warning(("event %s of %s was not delivered: %s: %s"):format(delivery.id, delivery.intent, delivery.cause,
          delivery.reason))
      end
    end
    core.msleep(POLL_MS)
  end
end)
