-- conversation_plain: the form of conversation_forms.lua as it is often written by hand: one string.match a slot, a
-- table of words for the days, and nothing else. A lower bound of what a form costs, and what one gets for it.
--
-- It knows ISO dates, weekdays, today and tomorrow, digits and twelve number words, and numbers of one country. It has
-- no corrections, takes one value a message, and looks for nothing that it has not asked for.

local plain = {}

local NOW = require("conversation_forms").now
local WEEKDAYS = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" }
local NUMBERS = { one = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9, ten = 10,
  eleven = 11, twelve = 12 }
local OTHERS = {
  "cancel", "opening hours", "menu", "order", "complain", "gift card", "directions", "allergy", "call me",
}

local function read_name(text)
  return text:match("[Nn]ame is (.+)") or text:match("[Ii]t's (.+)") or text:match("^%s*(.-)%s*$")
end

local function read_size(text)
  local size = tonumber(text:match("%d+"))
  if not size then
    for word in text:lower():gmatch("%a+") do size = size or NUMBERS[word] end
  end
  return size and size >= 1 and size <= 20 and size or nil
end

local function read_date(text)
  local iso = text:match("%d%d%d%d%-%d%d%-%d%d")
  if iso then return iso end
  local lower = text:lower()
  if lower:find("today", 1, true) then return os.date("!%Y-%m-%d", NOW) end
  if lower:find("tomorrow", 1, true) then return os.date("!%Y-%m-%d", NOW + 86400) end
  local today = tonumber(os.date("!%w", NOW))
  for index, name in ipairs(WEEKDAYS) do
    if lower:find(name, 1, true) then return os.date("!%Y-%m-%d", NOW + ((index - 2 - today) % 7 + 1) * 86400) end
  end
end

local function read_phone(text)
  local digits = text:gsub("[^%d+]", "")
  if digits:find("^%+%d+$") and #digits >= 8 then return digits end
  if digits:find("^0%d+$") and #digits == 10 then return "+84" .. digits:sub(2) end
end

local function read_note(text)
  return text:lower():find("^no") and "" or text
end

local SLOTS = {
  { "customer_name", read_name, "What is your name?" }, { "party_size", read_size, "For how many?" },
  { "date", read_date, "Which day?" }, { "phone", read_phone, "Your phone number?" },
  { "note", read_note, "Any wishes?" },
}

-- Which of the intents a first message is of.
local function recognise(text)
  local lower = text:lower()
  if lower:find("table", 1, true) and (lower:find("book", 1, true) or lower:find("reserve", 1, true)) then
    return "book_table"
  end
  for _, words in ipairs(OTHERS) do
    if lower:find(words, 1, true) then return words end
  end
end

function plain.begin() return { slots = {} } end

function plain.turn(kept, text)
  local slots = kept.slots
  if not kept.intent then
    kept.intent = recognise(text)
    if not kept.intent then return { status = "unmatched" } end
    slots.date = read_date(text)
  elseif kept.confirming then
    if not text:lower():find("^%s*y") and not text:lower():find("^%s*ok") then return { status = "cancelled" } end
    if slots.note == "" then slots.note = nil end
    return { status = "fired", slots = slots }
  else
    slots[kept.asked[1]] = kept.asked[2](text)
  end
  for _, slot in ipairs(SLOTS) do
    if slots[slot[1]] == nil then
      kept.asked = slot
      return { status = "collecting", slot = slot[1], prompt = slot[3] }
    end
  end
  kept.confirming = true
  return { status = "confirming", prompt = ("A table for %d on %s?"):format(slots.party_size, slots.date) }
end

return plain
