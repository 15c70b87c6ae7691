--- What people say to the restaurant, and what comes of it: intent-webhook test examples/table/intents.lua THIS
--
-- It is Wednesday, 25 November 2026, ten in the morning.

local webhook = require "intent_webhook"

local NOW = "2026-11-25T10:00:00+07:00"
local BOOKED = { text = "Ann, 4 on 2026-11-28", size = 4, contact = { phone = "+84901234567" } }

return {
  {
    name = "books a table, question by question", now = NOW,
    turns = {
      { say = "I'd like to book a table for Saturday", status = "collecting", intent = "book_table", rule = 1,
        slots = { date = "2026-11-28" }, slot = "customer_name", text = "What is your name?" },
      { say = "ann", slots = { customer_name = "ann" }, text = "For how many?" },
      { say = "four of us", text = "Your phone number?" },
      { say = "0901 234 567", status = "confirming", text = "A table for 4 on 2026-11-28?" },
      { say = "yes please", status = "fired", text = "Booked, ann.", handoff = false },
    },
  },
  {
    name = "takes several answers at once", now = NOW,
    turns = {
      { say = "Can I reserve a table for 4 people on Saturday?", rule = 2,
        slots = { party_size = 4, date = "2026-11-28" }, slot = "customer_name" },
      { say = "Ann", slot = "phone" },
      { say = "my number is 0901234567", status = "confirming" },
      { say = "yes", status = "fired", events = { { intent = "book_table", slots = { phone = "+84901234567" } } } },
    },
    payloads = { { url = "http://127.0.0.1:8080/hook", body = BOOKED } },
  },
  {
    name = "takes a change of mind", now = NOW,
    turns = {
      { say = "book a table for 4 people on Saturday" },
      { say = "Ann" },
      { say = "no, Friday", slots = { date = "2026-11-27", customer_name = "Ann" }, slot = "phone" },
      { say = "0901234567", text = "A table for 4 on 2026-11-27?" },
      { say = "change the date to Saturday", text = "A table for 4 on 2026-11-28?" },
      { say = "yes", status = "fired" },
    },
    payload = BOOKED,
  },
  {
    name = "says what is wrong with a number, asks once more, and then calls somebody", now = NOW,
    turns = {
      { say = "book a table on Saturday" },
      { say = "Ann", slot = "party_size", attempt = 1 },
      { say = "50", rejected = { party_size = "too_large" }, slot = "party_size", attempt = 2,
        text_matches = "How many people, 1 to 20%?$" },
      { say = "everybody", status = "handoff", reason = "attempts" },
    },
    payloads = {},
  },
  {
    name = "answers a question in between, and goes on", now = NOW,
    turns = {
      { say = "book a table on Saturday", slot = "customer_name" },
      { say = "when do you open?", status = "fired", intent = "opening_hours", resumed = "book_table",
        text = "We are open every day from 11 to 22.\nWhat is your name?" },
      { say = "Ann", slots = { customer_name = "Ann" } },
    },
  },
  {
    name = "can be left", now = NOW,
    turns = {
      { say = "book a table on Saturday" },
      { say = "never mind", status = "cancelled" },
      { say = "Ann", status = "unmatched" },
    },
    payloads = {},
  },
  {
    name = "does not wait for ever", now = NOW,
    turns = {
      { say = "book a table on Saturday" },
      { wait = 3600, say = "what are your opening hours", status = "fired", intent = "opening_hours", expired = true,
        dropped = { "book_table" } },
    },
  },
  {
    name = "calls somebody for a large party, with what a model has understood", now = NOW,
    turns = {
      { nlu = { stop_reason = "tool_use", content = { { type = "tool_use", id = "toolu_1", name = "book_table",
          input = { customer_name = "Ann", party_size = 15, date = "2026-11-28", phone = "0901234567", colour = "red",
            note = "a birthday" } } } },
        status = "confirming", slots = { note = "a birthday" }, refused = { colour = "unknown_slot" } },
      { say = "yes", status = "fired", handoff = "a party of 15" },
    },
    payloads = { { body = { text = "Ann, 15 on 2026-11-28", size = 15, contact = { phone = "+84901234567" } } } },
  },
  {
    name = "cancels an order", now = NOW,
    turns = {
      { say = "please cancel my order A1234", status = "fired", text = "Order A1234 is cancelled." },
      { say = "cancel order", slot = "number", slots = { number = webhook.null } },
      { say = "it is A4321", status = "fired", text = "Order A4321 is cancelled." },
    },
    payloads = { { body = { number = "A1234" } }, { body = { number = "A4321" } } },
  },
  {
    name = "asks for the day when none is said", now = NOW,
    turns = {
      { say = "I want to reserve a table" },
      { say = "Ann" },
      { say = "2", slot = "date" },
      { say = "30 February", slot = "date", rejected = { date = "impossible" } },
      { say = "tomorrow", slots = { date = "2026-11-26" } },
    },
  },
}
