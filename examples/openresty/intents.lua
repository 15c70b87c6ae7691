--- The intents of a restaurant's chat: book a table, ask for a person. Their webhooks go to CHAT_URL; who listens there
-- knows us by CHAT_TOKEN.

local url = os.getenv("CHAT_URL") or "http://127.0.0.1:8080"

return {
  {
    name = "book_table",
    rules = {
      "book a table for {guests} on {date}, my number is {phone}",
      {
        pattern = "[Tt]able for (%d+) on (%d%d%d%d%-%d%d%-%d%d).-(%+%d[%d ]+%d)",
        slots = { "guests", "date", "phone" },
      },
      { pattern = "[Tt]able for (%d+) on (%d%d%d%d%-%d%d%-%d%d)", slots = { "guests", "date" } },
    },
    slots = { "guests", "date", { name = "phone", sensitive = true } },
    actions = { { webhook = url .. "/bookings", token_env = "CHAT_TOKEN" } },
  },
  {
    name = "ask_for_person",
    rules = { { pattern = "[Tt]alk to a %l+" }, { pattern = "[Ss]peak to somebody" } },
    actions = { { webhook = url .. "/handover", token_env = "CHAT_TOKEN", timeout = 5 } },
  },
}
