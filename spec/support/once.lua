--- A program of its own that posts once to every URL in its arguments and prints one line of JSON for each: what became
--- of it. For tests that need another environment than the one that runs the tests.
--
--     lua5.4 spec/support/once.lua HISTORY ACTION...
--
-- ACTION is a webhook action as JSON. A line is { refused = MESSAGE } for one that cannot be defined.

local cjson = require "cjson"
local webhook = require "intent_webhook"

local path = arg[1]
for index = 2, #arg do
  local action = cjson.decode(arg[index])
  local good, client = pcall(webhook.new, {
    history = path,
    intents = { { name = "once", slots = { "name" }, actions = { action } } },
  })
  if good then
    local id = assert(client:fire("once", { name = "value" }))
    local delivery = assert(client:wait(id, 20))[1]
    local attempt = assert(client:event(id)).deliveries[1].attempts[1] or {}
    print(cjson.encode {
      status = delivery.status, cause = delivery.cause, http_status = delivery.http_status,
      message = delivery.message, remote_address = attempt.remote_address, total_us = attempt.total_us,
      request_headers = attempt.request_headers,
    })
    client:close(5)
  else
    print(cjson.encode { refused = client })
  end
end
