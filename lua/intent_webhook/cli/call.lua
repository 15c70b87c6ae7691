--- call: one event of the history, printed for people: its deliveries, and each attempt as it was on the wire.

local history = require "intent_webhook.history"
local json = require "intent_webhook.json"
local text = require "intent_webhook.safe_text"

local call = {}

-- Times ------------------------------------------------------------------------------------------------------------

---A moment in local time.
---@param seconds number since 1970
---@param fraction? boolean with milliseconds
---@return string
function call.time(seconds, fraction)
  local whole = math.floor(seconds)
  local words = os.date("%Y-%m-%d %H:%M:%S", whole)
  if not fraction then return words end
  local microseconds = math.floor((seconds - whole) * 1000000 + 0.5) -- what was meant, before it became a fraction
  return ("%s.%03d"):format(words, math.min(999, math.floor(microseconds / 1000)))
end

---A duration in milliseconds, as "3.1 ms".
---@param microseconds number
---@return string
function call.duration(microseconds)
  if microseconds < 99950 then return ("%.1f ms"):format(microseconds / 1000) end
  if microseconds < 9999500 then return ("%.0f ms"):format(microseconds / 1000) end
  return ("%.1f s"):format(microseconds / 1000000)
end

-- Parts ------------------------------------------------------------------------------------------------------------

local function print_indented(screen, indent, words)
  words = text.lines(words):gsub("\n+$", "")
  for line in (words .. "\n"):gmatch("(.-)\n") do screen:print(line == "" and "" or indent .. line) end
end

local function print_field(screen, name, value)
  if value == nil then return end
  local lines = text.lines(value):gsub("\n+$", ""):gsub("\n", "\n            ")
  screen:print(("  %s %s"):format(screen:paint("dim", ("%-9s"):format(name)), lines))
end

local TIMINGS = {
  { "name_lookup_us", "name looked up" }, { "connect_us", "connected" }, { "tls_us", "TLS" },
  { "first_byte_us", "first byte" }, { "total_us", "complete" },
}

local function timings(attempt)
  local parts = {}
  for _, timing in ipairs(TIMINGS) do
    local value = attempt[timing[1]]
    if value then parts[#parts + 1] = timing[2] .. " " .. call.duration(value) end
  end
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local function print_message(screen, title, head, body)
  screen:print("")
  screen:print("  " .. screen:paint("bold", title))
  if head and head ~= "" then print_indented(screen, "    ", head) end
  if body and body ~= "" then
    if head and head ~= "" then screen:print("") end
    print_indented(screen, "    ", body)
  end
end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local MOST_BYTES = 1023 -- of a body that is no text; a multiple of 3

local function decode_base64(digits)
  return (digits:gsub("(.)(.)(.)(.)", function(...)
    local number, count = 0, 3
    for _, digit in ipairs { ... } do
      local place = DIGITS:find(digit, 1, true)
      if not place then count = count - 1 end -- padding
      number = number * 64 + (place or 1) - 1
    end
    return string.char(math.floor(number / 65536), math.floor(number / 256) % 256, number % 256):sub(1, count)
  end))
end

-- The body, or as much of its bytes as it takes to see what it is.
local function body_words(attempt, name)
  local digits = attempt[name .. "_base64"]
  if not digits then return attempt[name] end
  local first = decode_base64(digits:sub(1, MOST_BYTES / 3 * 4))
  if #digits <= MOST_BYTES / 3 * 4 then return first end
  return first .. "\n... and more bytes that are no text"
end

local function connection(attempt)
  local parts = {}
  local function add(part) parts[#parts + 1] = part end
  add(attempt.remote_address)
  add(attempt.http_version and "HTTP/" .. attempt.http_version)
  add(attempt.tls_version)
  add(attempt.resent and "sent again on a fresh connection" or nil)
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local function print_attempt(screen, attempt)
  print_field(screen, "started", call.time(attempt.started, true))
  print_field(screen, "over", connection(attempt))
  print_field(screen, "timings", timings(attempt))
  local sent = attempt.request_headers and attempt.request_headers ~= ""
  print_message(screen, sent and "request" or "request, not sent", attempt.request_headers,
    body_words(attempt, "request_body"))
  if attempt.response_headers then
    print_message(screen, "response", attempt.response_headers, body_words(attempt, "response_body"))
    if attempt.truncated then
      screen:print("    ... " .. (attempt.response_length
        and ("of %d bytes, these are the first"):format(attempt.response_length) or "and more, which was not read"))
    end
  else
    screen:print("")
    screen:print("  " .. screen:paint("bold", "response"))
    screen:print("    none")
  end
end

local function last_attempt(delivery)
  return delivery.attempts and delivery.attempts[#delivery.attempts]
end

local function print_delivery(screen, delivery)
  local title = { ("webhook %d"):format(delivery.number), screen:badge(text.line(delivery.status)) }
  if delivery.http_status then title[#title + 1] = ("%d"):format(delivery.http_status) end
  if delivery.total_us then title[#title + 1] = call.duration(delivery.total_us) end
  screen:print("")
  screen:print(screen:paint("bold", title[1]) .. "  " .. table.concat(title, "  ", 2))
  print_field(screen, "url", delivery.url)
  print_field(screen, "cause", delivery.cause)
  print_field(screen, "message", delivery.message)
  local attempt = last_attempt(delivery)
  if attempt then
    print_field(screen, "body", attempt.body_cause)
    print_attempt(screen, attempt)
  end
end

-- As the history has them: a Lua number would not be the number that was sent.
local function slots_words(members)
  local lines = {}
  for index, member in ipairs(members) do lines[index] = text.line(member[1]) .. " = " .. text.line(member[2]) end
  return #lines > 0 and table.concat(lines, "\n") or nil
end

---Prints an event with its deliveries and their attempts.
---@param screen intent_webhook.Terminal
---@param source string as history:event_json returns it
---@return table event
function call.print(screen, source)
  local event = history.decode(source)
  screen:print(screen:paint("bold", text.line(event.intent)) .. "  " .. call.time(event.time, true))
  print_field(screen, "event", event.id)
  print_field(screen, "session", event.session)
  print_field(screen, "slots", slots_words(json.members(source, "slots")))
  print_field(screen, "note", event.note)
  print_field(screen, "error", event.error)
  for _, delivery in ipairs(event.deliveries) do print_delivery(screen, delivery) end
  if #event.deliveries == 0 then
    screen:print("")
    screen:print("no webhook  " .. screen:badge("recorded"))
  end
  return event
end

return call
