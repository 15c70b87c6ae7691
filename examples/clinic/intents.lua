--- The intents of a clinic's chat: book an appointment, ask for a call back, cancel.
--
-- CLINIC_URL is where the clinic's systems listen, CLINIC_TOKEN what they know us by. Try it with
--
--     intent-webhook listen --port 8080
--     CLINIC_TOKEN=try intent-webhook run examples/clinic/intents.lua < examples/clinic/chat.jsonl

local url = os.getenv("CLINIC_URL") or "http://127.0.0.1:8080"

-- People write a booking in many ways. What it cannot do without is an ISO date, a phone number and "my name is" or
-- "for" with a name; whoever writes those and speaks of an appointment wants one.
local function free_booking(message)
  local text = message:lower()
  if not (text:find("appointment", 1, true) or text:find("see the doctor", 1, true)) then return nil end
  local date = message:match("%d%d%d%d%-%d%d%-%d%d")
  local phone = message:match("%+%d[%d ]+%d") or message:match("%f[%d]0%d[%d ]+%d")
  local name = message:match("[Mm]y name is (%u[%w'%-]*%s+%u[%w'%-]*)")
    or message:match("[Ff]or (%u[%w'%-]*%s+%u[%w'%-]*)")
  if not (date and phone and name) then return nil end
  return { appointment_date = date, phone = phone, customer_name = name }, 0.5
end

-- A chat room wants its own shape of payload. The phone number goes there in full; the history has it masked.
local function chat_message(slots, event)
  return {
    text = ("Please call %s back: %s"):format(slots.customer_name or "a visitor", slots.phone),
    fields = {
      { title = "Conversation", value = event.session or "unknown" },
      { title = "Event", value = event.id },
    },
  }
end

return {
  {
    name = "book_appointment",
    rules = {
      "book an appointment for {customer_name} on {appointment_date}, phone {phone}",
      "I'd like to book an appointment for {customer_name} on {appointment_date}, phone {phone}",
      free_booking,
    },
    slots = {
      { name = "customer_name" },
      { name = "appointment_date" },
      { name = "phone", sensitive = true },
    },
    actions = {
      { webhook = url .. "/appointments", token_env = "CLINIC_TOKEN" },
    },
  },
  {
    name = "request_callback",
    rules = {
      { pattern = "[Cc]all me back .-(%+?%d[%d ]+%d)", slots = { "phone" } },
      "this is {customer_name}, please call me on {phone}",
    },
    slots = {
      { name = "customer_name", optional = true },
      { name = "phone", sensitive = true },
    },
    actions = {
      { webhook = url .. "/chat-room", headers = { ["X-Room"] = "front-desk" }, timeout = 5, map = chat_message },
    },
  },
  {
    name = "cancel_appointment",
    rules = {
      { pattern = "[Cc]ancel.-(%d%d%d%d%-%d%d%-%d%d)", slots = { "appointment_date" } },
    },
    slots = { "appointment_date" },
    actions = {
      { webhook = url .. "/cancellations", token_env = "CLINIC_TOKEN" },
    },
  },
}
