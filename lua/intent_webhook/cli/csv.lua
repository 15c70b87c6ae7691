--- csv: events of the history as rows of CSV (RFC 4180), one for each delivery, or for an event without.
--
-- The columns are those of the page's export. A text that a spreadsheet would take for a formula has a ' before it.
-- Since it may be printed to a terminal, what one would obey, or not show, is escaped (safe_text); line breaks stay.

local history = require "intent_webhook.history"
local json = require "intent_webhook.json"
local text = require "intent_webhook.safe_text"

local csv = {}

local ROW_END = "\r" -- and the line break that print adds

csv.HEAD = "time,id,intent,session,slots,delivery,url,status,http_status,cause,message,finished,total_us" .. ROW_END

-- What a spreadsheet takes for the beginning of a formula, or skips in front of one; = + - @ also in their wide forms.
local FORMULA = { "^[=+%-@\t\r\n]", "^\239\188\157", "^\239\188\139", "^\239\188\141", "^\239\188\160" }

local function cell(value)
  if value == nil then return "" end
  local words = text.lines(value)
  for _, beginning in ipairs(FORMULA) do
    if tostring(value):find(beginning) then words = "'" .. words end
  end
  if words:find('[",;|\n]') or words:find("^ ") or words:find(" $") then
    return '"' .. words:gsub('"', '""') .. '"'
  end
  return words
end

local function number(value)
  return value and ("%d"):format(value) or ""
end

-- ISO 8601, UTC, with milliseconds.
local function time(seconds)
  if not seconds then return "" end
  local whole = math.floor(seconds)
  local microseconds = math.floor((seconds - whole) * 1000000 + 0.5) -- what was meant, before it became a fraction
  return ("%s.%03dZ"):format(os.date("!%Y-%m-%dT%H:%M:%S", whole), math.min(999, math.floor(microseconds / 1000)))
end

-- As the history has them: a Lua number would not be the number that was sent.
local function slots(source)
  local members = {}
  for index, member in ipairs(json.members(source, "slots")) do
    members[index] = ('"%s":%s'):format(text.json(member[1]), member[2])
  end
  return "{" .. table.concat(members, ",") .. "}"
end

---The rows of an event.
---@param source string the event as the core wrote it
---@return string[] # each for a line, whose end is that of RFC 4180 together with the line break
function csv.rows(source)
  local event = history.decode(source)
  local first = table.concat({ time(event.time), cell(event.id), cell(event.intent), cell(event.session),
    cell(slots(source)) }, ",")
  local rows = {}
  for index, delivery in ipairs(event.deliveries) do
    rows[index] = table.concat({ first, number(delivery.number), cell(delivery.url), cell(delivery.status),
      number(delivery.http_status), cell(delivery.cause), cell(delivery.message), time(delivery.finished),
      number(delivery.total_us) }, ",") .. ROW_END
  end
  if #rows == 0 then rows[1] = first .. ",,,recorded,,," .. cell(event.error or event.note) .. ",," .. ROW_END end
  return rows
end

return csv
