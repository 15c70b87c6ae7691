--- The intents of a restaurant's chat: book a table, ask for a person. Their webhooks go to CHAT_URL; who listens there
-- knows us by CHAT_TOKEN.

local url = os.getenv("CHAT_URL") or "http://127.0.0.1:8080"

return {
  {
    name = "book_table",
    rules = {
      "[i'd like to] (book|reserve) a table [for {guests}] [on {date}]",
      "[a] table for {guests} [on {date}]",
    },
    slots = {
      { name = "guests", type = "integer", min = 1, max = 20,
        prompt = { "For how many?", "How many people, 1 to 20?" } },
      { name = "date", type = "date", min = "today", prompt = "For which day?" },
      { name = "phone", type = "phone", region = "VN", prompt = "What is your phone number?", sensitive = true },
    },
    actions = {
      { webhook = url .. "/bookings", token_env = "CHAT_TOKEN" },
      { reply = "A table for {guests} on {date}: we will see to it." },
    },
  },
  {
    name = "ask_for_person",
    rules = { { pattern = "[Tt]alk to a %l+" }, { pattern = "[Ss]peak to somebody" } },
    actions = {
      { webhook = url .. "/handover", token_env = "CHAT_TOKEN", timeout = 5 },
      { reply = "Somebody will write to you." },
    },
  },
}
