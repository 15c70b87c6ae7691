--- mod_intent_webhook: what people write in rooms, or to users, fires intents. For Prosody 0.12.
--
-- Load it on a MUC component for what is said in its rooms, on a VirtualHost for the messages to its users. It only
-- reads: Prosody hands everything on as always. Options, in the section of that host or in the global one:
--
--     intent_webhook_intents        path of the file of intents, from the configuration's folder; required
--     intent_webhook_history        path of the history, from the data folder; default "intent-webhook.db"
--     intent_webhook_rooms          list of rooms, the part before the @; default: every room
--     intent_webhook_users          list of users, the part before the @; default: every user
--     intent_webhook_stop_seconds   how long a server that stops waits for what is under way; default 5
--
-- The session of an event is who wrote: the address in the room ("lobby@rooms.example.org/juliet"), or the bare address
-- ("juliet@example.org").
--
-- Nothing here waits in the server's loop. A timer pulls what became of the deliveries, and logs those that failed.
-- A module that is unloaded or reloaded leaves its client to a timer of the server, which closes it when everything is
-- sent and recorded; only a server that stops waits, and then nothing else runs.

local jid = require "util.jid"
local timer = require "util.timer"
local webhook = require "intent_webhook"

local POLL_SECONDS = 0.2

local intents = module:get_option_path("intent_webhook_intents", nil, "config")
local history = module:get_option_path("intent_webhook_history", "intent-webhook.db", "data")
local rooms = module:get_option_set("intent_webhook_rooms")
local users = module:get_option_set("intent_webhook_users")
local stop_seconds = module:get_option_number("intent_webhook_stop_seconds", 5)

if not intents then error("set intent_webhook_intents to the path of the file of intents", 0) end
-- It asks nobody for what is missing, so each message is for itself, and the session a name in the history.
local client, problem = webhook.new { intents = intents, history = history, sessions = false }
if not client then error(problem, 0) end

local function log_results()
  for _, delivery in ipairs(client:poll()) do
    if delivery.status == "failed" then
      module:log("warn", "event %s of %s was not delivered: %s: %s", delivery.id, delivery.intent, delivery.cause,
        delivery.reason)
    end
  end
end

local function read(stanza, session)
  local text = stanza:get_child_text("body")
  if not text then return end -- a subject, a receipt, "is typing"
  local result, reason, code = client:message(text, { session = session })
  if not result then
    module:log("error", "a message fired nothing: %s (%s)", reason, code)
    return
  end
  for _, mistake in ipairs(result.errors or {}) do
    module:log("error", "%s: %s", mistake.where, mistake.message)
  end
end

local function read_of_room(event)
  if rooms and not rooms:contains((jid.split(event.room.jid))) then return end
  read(event.stanza, event.occupant.nick)
end

local function read_to_user(event)
  local stanza = event.stanza
  local kind = stanza.attr.type
  if kind and kind ~= "normal" and kind ~= "chat" then return end
  local user = stanza.attr.to and jid.split(stanza.attr.to) or event.origin.username
  if users and not users:contains(user) then return end
  read(stanza, jid.bare(stanza.attr.from))
end

if module:get_host_type() == "component" then
  module:hook("muc-occupant-groupchat", read_of_room, -1) -- after those that refuse a message
else
  module:hook("message/bare", read_to_user)
  module:hook("message/full", read_to_user)
end

module:add_timer(POLL_SECONDS, function()
  log_results()
  return POLL_SECONDS
end)

-- In the handler of the last event before the process ends: this is the one place that may wait.
local function close()
  local closed, reason = client:close(stop_seconds)
  log_results()
  if not closed then module:log("warn", "%s", reason) end
end
prosody.events.add_handler("server-stopped", close)

function module.unload()
  timer.add_task(0, function() -- of the server, since those of this module end with it
    log_results()
    if not client:flush(0) then return POLL_SECONDS end
    prosody.events.remove_handler("server-stopped", close)
    client:close(0)
  end)
end
