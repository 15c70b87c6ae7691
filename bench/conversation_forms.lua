-- conversation_forms: the form of five slots that the figure `conversation` is about, with the intents beside it, and
-- conversations as people have them.
--
--     forms.intents(count, actions)   the form and count - 1 others; actions: the form's
--     forms.conversations             lists of { messages..., slots = what comes of them }
--     forms.now                       the clock of all of them: Tuesday, 2026-11-24, 10:00 UTC

local forms = { now = 1795514400 }

-- What else a restaurant's chat is asked for: two sentences or keywords each, with up to three slots.
local OTHERS = {
  { name = "cancel_booking", rules = { "cancel my (booking|table) [on {day}]", "i have to cancel" },
    slots = { { name = "day", type = "date", optional = true } } },
  { name = "opening_hours", rules = { "when (are you open|do you open) [on {day}]", "what are your opening hours" },
    slots = { { name = "day", type = "date", optional = true } } },
  { name = "menu", rules = { { keywords = { any = { "menu", "dishes" }, none = { "allergy" } } } }, slots = {} },
  { name = "order_food", rules = { "(i want|i'd like) to order {dish}", "[please] deliver {dish} to {address}" },
    slots = { "dish", { name = "address", prompt = "Where to?" }, { name = "count", type = "integer", default = 1 } } },
  { name = "complaint", rules = { { keywords = { any = { "complain", "complaint", "terrible" } } } },
    slots = { { name = "what", type = "text", prompt = "What happened?" } } },
  { name = "gift_card", rules = { "[i'd like|i want] a gift card for {amount} [dollars]", "buy a gift card" },
    slots = { { name = "amount", type = "number", min = 10 }, { name = "email", type = "email" } } },
  { name = "directions", rules = { "how do i get (there|to you) [from {place}]", "where are you" },
    slots = { { name = "place", optional = true } } },
  { name = "allergy", rules = { { keywords = { any = { "allergy", "allergic", "gluten" } } } },
    slots = { { name = "what", type = "text" } } },
  { name = "call_back", rules = { "[please] call me [back] [at {time}]", "can (someone|you) call me" },
    slots = { { name = "phone", type = "phone", region = "VN" }, { name = "time", type = "time", optional = true } } },
}

---@param count integer 1 to 10
---@param actions table|nil of the form
---@return table[] definitions
function forms.intents(count, actions)
  local intents = { {
    name = "book_table",
    rules = {
      "i'd like to book a table [for {date}]", { keywords = { any = { "book", "reserve" }, all = { "table" } } },
    },
    slots = {
      { name = "customer_name", type = "name", prompt = "What is your name?" },
      { name = "party_size", type = "integer", min = 1, max = 20,
        prompt = { "For how many?", "How many people, 1 to 20?" } },
      { name = "date", type = "date", prompt = "Which day?" },
      { name = "phone", type = "phone", region = "VN", prompt = "Your phone number?" },
      { name = "note", type = "text", prompt = "Any wishes?", optional = true },
    },
    confirm = "A table for {party_size} on {date}?",
    actions = actions,
  } }
  for index = 2, count do intents[index] = OTHERS[index - 1] end
  return intents
end

forms.conversations = {
  { "I'd like to book a table for Saturday evening", "John Doe", "4 people", "0901 234 567", "no", "yes",
    slots = { customer_name = "John Doe", party_size = 4, date = "2026-11-28", phone = "+84901234567" } },
  { "hi, can I reserve a table please?", "it's Maria Garcia", "we are six", "next friday",
    "my number is +84 90 123 4568", "a quiet corner if possible, it is our anniversary", "Yes please!",
    slots = { customer_name = "Maria Garcia", party_size = 6, date = "2026-12-04", phone = "+84901234568",
      note = "a quiet corner if possible, it is our anniversary" } },
  { "book a table for 2 people tomorrow", "Nguyễn Văn An", "0912345678", "nothing", "ok",
    slots = { customer_name = "Nguyễn Văn An", party_size = 2, date = "2026-11-25", phone = "+84912345678" } },
  { "Book table", "my name is Jürgen Müller", "three", "2026-12-24", "no, the 23rd of december", "+49 171 1234567",
    "a high chair for the baby", "yes",
    slots = { customer_name = "Jürgen Müller", party_size = 3, date = "2026-12-23", phone = "+491711234567",
      note = "a high chair for the baby" } },
  { "I want to book a table on December 5th for eight people, my number is 0987 654 321", "Ann O'Neill",
    "window seat 🪟 please", "change the party size to 9", "yes, thanks",
    slots = { customer_name = "Ann O'Neill", party_size = 9, date = "2026-12-05", phone = "+84987654321",
      note = "window seat 🪟 please" } },
  { "can you reserve us a table", "Lee", "hmm", "seven of us", "the day after tomorrow", "call me on 0933-444-555",
    "skip", "yep",
    slots = { customer_name = "Lee", party_size = 7, date = "2026-11-26", phone = "+84933444555" } },
}

return forms
