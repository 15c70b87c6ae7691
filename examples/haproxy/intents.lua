--- The intents of a gateway: a chat in which people book appointments, and who tries the doors that are locked.
--
-- GATEWAY_URL is where the systems behind it listen. Try it with `intent-webhook listen --port 8080`.

local url = os.getenv("GATEWAY_URL") or "http://127.0.0.1:8080"

return {
  {
    name = "book_appointment",
    rules = { "book an appointment for {customer_name} on {appointment_date}" },
    slots = { "customer_name", "appointment_date" },
    actions = { { webhook = url .. "/appointments", in_flight = 16 } },
  },
  {
    name = "door_tried",
    slots = { "address", "path", { name = "agent", optional = true } },
    actions = { { webhook = url .. "/alarms", in_flight = 16 } },
  },
}
