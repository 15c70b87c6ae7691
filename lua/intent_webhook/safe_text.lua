--- safe_text: text that came from outside, made safe to print.
--
-- A webhook's response, a person's message or a header may hold bytes that a terminal obeys: escape sequences, C1
-- controls, marks that turn the direction of writing. Others show nothing at all, so that two texts look the same and
-- are not, or a text carries what nobody sees. On the way to a terminal all of these become visible escapes, as do
-- bytes that are not UTF-8. What emoji and scripts need of them stays: a joiner behind a character that joins, and a
-- variation selector behind a character that has variants. Letters that are written from right to left stay too, since
-- they are what somebody wrote; but no mark of direction does.
--
-- Pure functions, by byte, so that the host's locale does not matter.

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

-- Ranges, in order. Unicode's format characters (Cf) but for the visible ones, its Default_Ignorable_Code_Points, and
-- what breaks lines or turns the direction of writing.
local UNSAFE = {
  { 0x0000, 0x001f }, { 0x007f, 0x009f }, -- C0, DEL, C1
  { 0x00ad, 0x00ad }, { 0x034f, 0x034f }, -- soft hyphen, grapheme joiner
  { 0x061c, 0x061c }, -- Arabic letter mark
  { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, -- letters without a shape
  { 0x180b, 0x180f }, -- Mongolian variation selectors
  { 0x200b, 0x200f }, -- zero width space, joiners, marks of direction
  { 0x2028, 0x202e }, -- line and paragraph separators, embeddings, overrides
  { 0x2060, 0x206f }, -- word joiner, invisible operators, isolates, old format characters
  { 0x3164, 0x3164 }, -- a letter without a shape
  { 0xfe00, 0xfe0f }, -- variation selectors
  { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, -- byte order mark, a letter without a shape
  { 0xfff0, 0xfffb }, -- reserved, interlinear annotations
  { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, -- formats of hieroglyphs, shorthand, music
  { 0xe0000, 0xe0fff }, -- tags, more variation selectors
}

-- Behind these a joiner (U+200C, U+200D) has a meaning: scripts whose letters join, and emoji.
local JOINING = {
  { 0x0620, 0x08ff }, { 0x0900, 0x0dff }, { 0x1000, 0x109f }, { 0x1780, 0x18af }, -- Arabic to Khmer and Mongolian
  { 0x2190, 0x21ff }, { 0x2600, 0x27bf }, { 0x2b00, 0x2bff }, -- arrows and symbols that are emoji too
  { 0xa840, 0xa8ff }, { 0xfb50, 0xfdff }, { 0xfe70, 0xfefc }, -- forms of Arabic letters
  { 0x1f000, 0x1faff }, -- emoji
}

local function is_in(ranges, code)
  for _, range in ipairs(ranges) do
    if code < range[1] then return false end
    if code <= range[2] then return true end
  end
  return false
end

-- Whether a variation selector behind it has a meaning: keys, symbols and emoji, ideographs.
local function has_variants(code)
  return code == 0x23 or code == 0x2a or (code >= 0x30 and code <= 0x39) or code == 0xa9 or code == 0xae
    or (code >= 0x1000 and code <= 0x109f) or (code >= 0x2010 and code <= 0x33ff) or (code >= 0x3400 and code <= 0x9fff)
    or (code >= 0xf900 and code <= 0xfaff) or (code >= 0x1f000 and code <= 0x3ffff)
end

local function is_variation_selector(code)
  return (code >= 0xfe00 and code <= 0xfe0f) or (code >= 0xe0100 and code <= 0xe01ef)
end

-- Whether one of UNSAFE stays where it is. `behind` is the character before it, 0 for none; `base` the same, but for
-- one variation selector between them.
local function is_needed(code, behind, base)
  if code == 0x200c or code == 0x200d then return is_in(JOINING, base) end
  if is_variation_selector(code) then return has_variants(behind) end
  return code >= 0x180b and code <= 0x180f and behind >= 0x1820 and behind <= 0x18aa
end

-- Copies text, with replace(code) for each unsafe character and bad(byte) for each byte that is no UTF-8. Where replace
-- returns nil, the character stays.
local function rewrite(bytes, replace, bad)
  if not bytes:find("[%z\1-\31\127-\255]") then return bytes end
  local parts, from, at = {}, 1, 1
  local behind, base = 0, 0
  while at <= #bytes do
    local code, length = decode(bytes, at)
    local unsafe = code and is_in(UNSAFE, code)
    local other
    if not code then
      other, length = bad(bytes:byte(at)), 1
    elseif unsafe and not is_needed(code, behind, base) then
      other = replace(code)
    end
    if other then
      parts[#parts + 1] = bytes:sub(from, at - 1)
      parts[#parts + 1] = other
      from = at + length
      behind, base = 0, 0
    else
      behind, base = code, is_variation_selector(code) and behind or code
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

---Text for several lines of a terminal: line breaks stay, CR before LF goes, a tab becomes four spaces.
---@param value any
---@return string
function text.lines(value)
  return rewrite((tostring(value):gsub("\r\n", "\n")), function(code)
    if code == 10 then return nil end
    return code == 9 and "    " or visible(code)
  end, visible)
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

local function json_escape(code)
  if code < 0x10000 then return SHORT_ESCAPES[code] or ("\\u%04x"):format(code) end
  local rest = code - 0x10000
  return ("\\u%04x\\u%04x"):format(0xd800 + math.floor(rest / 0x400), 0xdc00 + rest % 0x400)
end

local function replacement()
  return "\239\191\189"
end

---The inside of a JSON string: what a terminal would obey is escaped, bytes that are no UTF-8 become U+FFFD.
---@param value string
---@return string
function text.json(value)
  return rewrite(value:gsub('[\\"]', "\\%0"), json_escape, replacement)
end

---JSON text, without white space between its values, that means the same: what a terminal would obey is escaped in its
---strings.
---@param source string
---@return string
function text.json_source(source)
  return rewrite(source, json_escape, replacement)
end

return text
