--- numerals: numbers in digits, and what else is written with digits: dates, times, telephone numbers, codes.
--
-- A chunk is what is written in one piece around digits: "1,250.75", "2026-03-15", "19:30", "12b". It is read as one:
--
--   number    value                   range     two numbers with a dash: "2-3"
--   fraction  value: "1/2"            invalid   digits with points that make no number in the language: "1,23"
--   sum       "18+", "2x3"            other     anything else: no number
--
-- A chunk of digits ends before letters that are glued to it ("5km"), which whoever asks has to judge.

local word_tree = require "intent_webhook.word_tree"

local numerals = {}

local MOST_CHUNKS = 12 -- that are looked at for a telephone number
local PHONE_DIGITS = 7
local MOST_BELOW = 10 -- the bar of a fraction; what is more is rather a date
local MOST_DIGITS = 15 -- that a double holds
local MOST_WHOLE, MOST_TEXT = 2 ^ 53, "9007199254740992"
local to_integer = rawget(math, "tointeger") -- Lua 5.3 and later

-- What joins two pieces into a chunk, besides ASCII; as what it counts.
local JOINTS = {
  -- en dash, hyphens, minus
  ["\226\128\147"] = "-", ["\226\128\144"] = "-", ["\226\128\145"] = "-", ["\226\136\146"] = "-",
  ["\226\128\153"] = "'", ["\217\171"] = "decimal", ["\217\172"] = "group", ["\195\151"] = "*",
}
local SMALL_SPACES = { [" "] = true, ["\194\160"] = true, ["\226\128\137"] = true, ["\226\128\175"] = true }

---A number as Lua and JSON have it: an integer when it is whole.
---@param value number
---@return number
function numerals.whole(value)
  if value ~= math.floor(value) or value > MOST_WHOLE or value < -MOST_WHOLE then return value end
  return to_integer and to_integer(value) or value + 0
end

---Whether a text is a number.
---@param word string|nil
---@return boolean
function numerals.is_digits(word)
  return word ~= nil and word:find("^%d") ~= nil
end

-- What joins word `index` and the next one into a chunk; nil when nothing does, as between words.
local function joint(text, index)
  local last, first = text.lasts[index], text.firsts[index + 1]
  if not first then return nil end
  if last + 1 == first then return "" end
  if first - last > 5 or text.text:byte(last + 1) == 32 then return nil end
  local between = text.text:sub(last + 1, first - 1)
  local digits = numerals.is_digits(text.words[index])
  if digits and numerals.is_digits(text.words[index + 1]) then
    return JOINTS[between] or between:match("^[,.:/'_@+*=#\\^%-]+$")
  end
  if between:find("^[/_@=#\\'%-]+$") or between == "://" or JOINTS[between] == "'" then return between end
  return between == "." and not digits and "." or nil
end

---Whether something is glued to the front of a word: another word, or what makes it part of a code.
---@param text intent_webhook.Said
---@param index integer
---@return boolean
function numerals.is_glued(text, index)
  return index > 1 and joint(text, index - 1) ~= nil
end

-- Parts of digits and what joins them -> number; nil when they are no number of the language.
local function read_format(parts, joints, lexicon)
  local count = #parts
  if parts[1]:find("^0%d") then return nil end
  local fraction = ""
  local decimal = joints[count - 1]
  if count > 1 and (decimal == lexicon.decimal or decimal == "decimal") then
    fraction = parts[count]
    count = count - 1
  end
  for index = 2, count do
    local group = joints[index - 1]
    local good = group == lexicon.group or group == "'" or group == "group" or group == " "
    if not good or group ~= joints[1] or #parts[index] ~= 3 or #parts[1] > 3 or parts[1] == "0" then return nil end
  end
  local whole = table.concat(parts, "", 1, count)
  if #whole > #MOST_TEXT or #whole == #MOST_TEXT and whole > MOST_TEXT then return 2 * MOST_WHOLE end
  fraction = fraction:sub(1, math.max(0, MOST_DIGITS - #whole)) -- a whole number by a power of ten: rounded once
  return tonumber(whole .. fraction) / 10 ^ #fraction
end

-- What a chunk of digits is that is no number.
local function kind_of(parts, joints, digits)
  local dashes, slashes, points = 0, 0, 0
  for index = 1, #parts - 1 do
    local sign = joints[index]
    if sign == "-" then dashes = dashes + 1
    elseif sign == "/" then slashes = slashes + 1
    elseif sign:find("^[,.']$") or sign == "decimal" or sign == "group" then points = points + 1
    elseif sign:find("^[+*]$") then return "sum"
    else return "other" end
  end
  if dashes == 1 and slashes == 0 then
    if points == 0 and digits >= PHONE_DIGITS then return "other" end
    return "range"
  end
  if dashes + slashes == 0 then return "invalid" end
  return "other"
end

-- "3/4"; not "03/04" or "3/15", which are dates, nor "24/7".
local function read_fraction(parts, joints)
  if #parts ~= 2 or joints[1] ~= "/" then return nil end
  local above, below = parts[1], parts[2]
  if above:find("^0") or below:find("^0") or #above + #below > 3 then return nil end
  if tonumber(above) >= tonumber(below) or tonumber(below) > MOST_BELOW then return nil end
  return tonumber(above) / tonumber(below)
end

---Reads the chunk that begins with a word of digits.
---@param text intent_webhook.Said
---@param index integer
---@param lexicon table
---@return { kind: string, value: number|nil, to: integer, last: integer, digits: integer, parts: string[],
---  joints: string[], glue: string|nil } chunk `to`: the last word of digits, `last` that of the chunk, `glue` what
---  joins the two
function numerals.chunk(text, index, lexicon)
  local words = text.words
  local parts, joints, digits, to = { words[index] }, {}, #words[index], index
  local sign = joint(text, to)
  while sign and numerals.is_digits(words[to + 1]) do
    joints[#joints + 1] = sign
    to = to + 1
    parts[#parts + 1] = words[to]
    digits = digits + #words[to]
    sign = joint(text, to)
  end
  local last, glue = to, sign
  while sign do
    last = last + 1
    sign = joint(text, last)
  end
  local chunk = { to = to, last = last, digits = digits, parts = parts, joints = joints, glue = glue }
  chunk.value = read_format(parts, joints, lexicon)
  chunk.kind = chunk.value and "number" or #parts > 1 and kind_of(parts, joints, digits) or "zeros"
  local fraction = not chunk.value and read_fraction(parts, joints)
  if fraction then
    chunk.kind, chunk.value = "fraction", fraction
  elseif chunk.kind == "number" and text.text:find("^%+[^%w]", text.lasts[to] + 1) or
      chunk.kind == "number" and text.text:find("^%+$", text.lasts[to] + 1) then
    chunk.kind = "sum"
  end
  return chunk
end

-- Several chunks in a row ------------------------------------------------------------------------------------------

-- Whether a chunk begins a telephone number by itself: "+84", "0901".
local function starts_phone(text, index)
  local word = text.words[index]
  return word:find("^0%d%d%d") ~= nil or text.text:byte(text.firsts[index] - 1) == 43
end

-- Whether a chunk is a date, a time or a fraction, which is no piece of anything longer.
local function stands_alone(chunk)
  if chunk.kind == "fraction" then return true end
  local joints = chunk.joints
  return chunk.kind == "other" and (joints[1] ~= "-" or joints[2] == "-" and #chunk.parts == 3 and chunk.digits == 8)
end

-- The chunks that follow, as far as the pieces of a telephone number do.
local function following(text, chunk, lexicon)
  local chunks = { chunk }
  while #chunks < MOST_CHUNKS and chunk.last == chunk.to and not stands_alone(chunk) do
    local index = chunk.to + 1
    if not numerals.is_digits(text.words[index]) or starts_phone(text, index) then break end
    local between = word_tree.between(text, index - 1)
    if not between:find("^[ ()./%-]+$") and not SMALL_SPACES[between] then break end
    chunk = numerals.chunk(text, index, lexicon)
    chunks[#chunks + 1] = chunk
  end
  return chunks
end

-- "1 250", "1 250 000", "12 500,75" -> number, last word; nil when they are no such thing.
local function read_spaced(text, chunks, lexicon)
  local parts, joints = {}, {}
  for number, chunk in ipairs(chunks) do
    if number > 1 then
      local between = word_tree.between(text, chunks[number - 1].to)
      if not SMALL_SPACES[between] then return nil end
      joints[#joints + 1] = " "
    end
    local decimals = number == #chunks and #chunk.parts == 2 and chunk.joints[1] == lexicon.decimal
    if #chunk.parts > 1 and not decimals then return nil end
    parts[#parts + 1] = chunk.parts[1]
    if decimals then
      joints[#joints + 1] = chunk.joints[1]
      parts[#parts + 1] = chunk.parts[2]
    end
  end
  if #chunks > 2 and chunks[#chunks].parts[1] ~= "000" then return nil end -- three in a row are rather a phone's
  return read_format(parts, joints, lexicon), chunks[#chunks].to
end

---Reads what begins with a word of digits, over spaces too: "1 250", "2 1/2", "0901 234 567".
---@param text intent_webhook.Said
---@param index integer
---@param lexicon table
---@return table chunk as of numerals.chunk
function numerals.read(text, index, lexicon)
  local chunk = numerals.chunk(text, index, lexicon)
  if chunk.last > chunk.to or not numerals.is_digits(text.words[chunk.to + 1]) then return chunk end
  local chunks = following(text, chunk, lexicon)
  if #chunks == 1 then return chunk end
  local final = chunks[#chunks]
  local value, to = read_spaced(text, chunks, lexicon)
  local kind = "number"
  if not value and chunk.kind == "number" and #chunks == 2 and final.kind == "fraction" then
    kind, value, to = "fraction", chunk.value + final.value, final.to
  end
  if value then
    return { kind = kind, value = value, to = to, last = final.last, glue = final.glue, digits = 0, parts = { "" },
      joints = {} }
  end
  local digits, count = 0, 0
  for _, one in ipairs(chunks) do
    if stands_alone(one) then break end
    digits, count = digits + one.digits, count + 1
  end
  if count > 1 and (digits >= PHONE_DIGITS or starts_phone(text, index)) then
    final = chunks[count]
    return { kind = "other", to = final.to, last = final.last, digits = digits, parts = {}, joints = {} }
  end
  return chunk
end

return numerals
