--- safe_text: text that came from outside, made safe to print.
--
-- A webhook's response, a person's message or a header may hold bytes that a terminal obeys: escape sequences, C1
-- controls, marks that turn the direction of writing. On the way to a terminal all of these become visible escapes, as
-- do bytes that are not UTF-8. Pure functions, by byte, so that the host's locale does not matter.

local text = {}

-- The least code point that needs so many bytes (RFC 3629); shorter ones in so many bytes are overlong.
local LEAST = { [2] = 0x80, [3] = 0x800, [4] = 0x10000 }

-- The code point at `at` and how many bytes it takes; nil when the byte there begins no UTF-8.
local function decode(bytes, at)
  local first = bytes:byte(at)
  if first < 0x80 then return first, 1 end
  local length = first >= 0xf0 and 4 or first >= 0xe0 and 3 or first >= 0xc2 and 2
  if not length or first > 0xf4 then return nil end
  local code = first - (length == 4 and 0xf0 or length == 3 and 0xe0 or 0xc0)
  for place = at + 1, at + length - 1 do
    local byte = bytes:byte(place)
    if not byte or byte < 0x80 or byte > 0xbf then return nil end
    code = code * 64 + byte - 0x80
  end
  if code < LEAST[length] or code > 0x10ffff or (code >= 0xd800 and code <= 0xdfff) then return nil end
  return code, length
end

local function is_unsafe(code)
  return code < 0x20 or (code >= 0x7f and code <= 0x9f) -- C0, DEL, C1
    or code == 0x061c or code == 0x200e or code == 0x200f -- marks of direction
    or (code >= 0x202a and code <= 0x202e) or (code >= 0x2066 and code <= 0x2069) -- embeddings, overrides, isolates
    or code == 0x2028 or code == 0x2029 -- line and paragraph separators
end

-- Copies text, with replace(code) for each unsafe character and bad(byte) for each byte that is no UTF-8.
local function rewrite(bytes, replace, bad)
  if not bytes:find("[%z\1-\31\127-\255]") then return bytes end
  local parts, from, at = {}, 1, 1
  while at <= #bytes do
    local code, length = decode(bytes, at)
    local other
    if not code then
      other, length = bad(bytes:byte(at)), 1
    elseif is_unsafe(code) then
      other = replace(code)
    end
    if other then
      parts[#parts + 1] = bytes:sub(from, at - 1)
      parts[#parts + 1] = other
      from = at + length
    end
    at = at + length
  end
  parts[#parts + 1] = bytes:sub(from)
  return table.concat(parts)
end

local function visible(code)
  if code < 0x100 then return ("\\x%02x"):format(code) end
  return ("\\u{%04x}"):format(code)
end

---Text for one line of a terminal.
---@param value any
---@return string
function text.line(value)
  return rewrite(tostring(value), visible, visible)
end

---Text for several lines of a terminal: line breaks and tabs stay, CR before LF goes.
---@param value any
---@return string
function text.lines(value)
  local function replace(code)
    if code == 10 or code == 9 then return nil end
    return visible(code)
  end
  return rewrite((tostring(value):gsub("\r\n", "\n")), replace, visible)
end

---How many characters text has, which is nearly how many columns it takes.
---@param value string valid UTF-8, as the functions above return it
---@return integer
function text.width(value)
  return #(value:gsub("[\128-\191]", ""))
end

---Text cut in the middle to at most `width` characters.
---@param value string valid UTF-8
---@param width integer at least 5
---@return string
function text.shorten(value, width)
  if text.width(value) <= width then return value end
  local characters = {}
  for character in value:gmatch("[%z\1-\127\194-\244][\128-\191]*") do characters[#characters + 1] = character end
  local head = math.ceil((width - 1) / 2)
  local tail = width - 1 - head
  return table.concat(characters, "", 1, head) .. "…" .. table.concat(characters, "", #characters - tail + 1)
end

local SHORT_ESCAPES = { [8] = "\\b", [9] = "\\t", [10] = "\\n", [12] = "\\f", [13] = "\\r" }

---The inside of a JSON string: what a terminal would obey is escaped, bytes that are no UTF-8 become U+FFFD.
---@param value string
---@return string
function text.json(value)
  value = value:gsub('[\\"]', "\\%0")
  return rewrite(value, function(code)
    return SHORT_ESCAPES[code] or ("\\u%04x"):format(code)
  end, function()
    return "\239\191\189"
  end)
end

return text
