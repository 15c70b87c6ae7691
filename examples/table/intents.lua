--- A restaurant's chat: it books tables, says when it is open, and cancels orders.
--
-- TABLE_URL is where the restaurant's systems listen. Talk to it, and run its cases (cases.lua), with
--
--     intent-webhook listen --port 8080
--     intent-webhook chat examples/table/intents.lua
--     intent-webhook test examples/table/intents.lua examples/table/cases.lua

local webhook = require "intent_webhook"

local url = os.getenv("TABLE_URL") or "http://127.0.0.1:8080/hook"

-- More than the biggest table has seats; a person finds room for them.
local function is_large(slots) return slots.party_size > 12 end

return {
  zone = "+07:00",
  intents = {
    {
      name = "book_table",
      rules = {
        "i'd like to book a table for {date}",
        webhook.keywords { any = { "book", "reserve" }, all = { "table" } },
      },
      slots = {
        { name = "customer_name", type = "name", prompt = "What is your name?" },
        { name = "party_size", type = "number", min = 1, max = 20,
          prompt = { "For how many?", "How many people, 1 to 20?" } },
        { name = "date", type = "date", prompt = "Which day?" },
        { name = "phone", type = "phone", region = "VN", prompt = "Your phone number?", sensitive = true },
        { name = "note", type = "text", optional = true },
      },
      confirm = "A table for {party_size} on {date}?",
      actions = {
        { webhook = url, payload = {
          text = "{customer_name}, {party_size} on {date}", size = "{party_size}", contact = { phone = "{phone}" } } },
        { reply = "Booked, {customer_name}." },
        { handoff = "a party of {party_size}", when = is_large },
      },
    },
    {
      name = "opening_hours",
      rules = { "(when|what time) (do|are) you open [today]", "[what are] your opening hours" },
      actions = { { reply = "We are open every day from 11 to 22." } },
    },
    {
      name = "cancel_order",
      rules = { "[please] cancel [my] order [{number}]" },
      slots = {
        { name = "number", type = "pattern", pattern = "A%d%d%d%d", prompt = "Which order? It is like A1234." },
      },
      actions = { { webhook = url }, { reply = "Order {number} is cancelled." } },
    },
  },
}
