--- The intents of a help desk's chat: somebody asks for help, something is out of order.
--
-- HELP_DESK_URL is where the help desk's systems listen. Try it with `intent-webhook listen --port 8080`.

local url = os.getenv("HELP_DESK_URL") or "http://127.0.0.1:8080"

return {
  {
    name = "report_fault",
    rules = { "{thing} is out of order", "{thing} does not work" },
    slots = { "thing" },
    actions = { { webhook = url .. "/faults" } },
  },
  {
    name = "request_help",
    rules = { { pattern = "^!help%s+(.+)", slots = { "question" } } },
    slots = { "question" },
    actions = { { webhook = url .. "/questions" } },
  },
}
