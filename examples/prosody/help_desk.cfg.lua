-- The hosts of a help desk: what is written in the room "lobby", or to the user "desk", can fire an intent.
--
-- Include this from a prosody.cfg.lua whose plugin_paths name the folder of mod_intent_webhook.lua, absolute, and put
-- intents.lua beside that configuration.

VirtualHost "localhost"
  modules_enabled = { "intent_webhook" } -- of a VirtualHost: messages to its users
  intent_webhook_intents = "intents.lua"
  intent_webhook_users = { "desk" }

Component "rooms.localhost" "muc"
  muc_room_locking = false -- the lobby is there as soon as somebody enters
  modules_enabled = { "intent_webhook" } -- of a component of rooms: what is said in them; the history may be the same
  intent_webhook_intents = "intents.lua"
  intent_webhook_rooms = { "lobby" }
