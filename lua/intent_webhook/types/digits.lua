--- digits: numbers in digits as parts of dates and times: "28.11.2026", "19:30", "2026-11-28".
--
-- Digits that a sign ties together are one thing and never read in parts: there is no 15 in "10-15", and no date in
-- "1.2.3.4". What is read here is what the digits look like; whether there is such a day is for others to say.

local digits = {}

---Whether a word is of digits.
---@param word string|nil
---@return boolean
function digits.is(word)
  if not word then return false end
  local byte = word:byte()
  return byte >= 48 and byte <= 57
end

local is = digits.is

-- The one byte between two words of digits when it ties them into one thing: 45 "-", 46 ".", 47 "/", 58 ":".
local function tie(said, index)
  local last, first = said.lasts[index], said.firsts[index + 1]
  if not first or first - last ~= 2 then return nil end
  local byte = said.text:byte(last + 1)
  if not (byte >= 45 and byte <= 47 or byte == 58) then return nil end
  return is(said.words[index]) and is(said.words[index + 1]) and byte or nil
end

-- Whether words of digits belong together, in a way in which dates and times are not written: "1,000", "10 - 12".
local function is_range(said, index)
  local from, to = said.lasts[index], said.firsts[index + 1]
  if not from or not to or to - from < 2 or to - from > 6 then return false end
  from, to = from + 1, to - 1
  local byte = said.text:byte(from)
  if from == to and byte ~= 44 and byte ~= 39 then return false end -- most are spaces
  if not is(said.words[index]) or not is(said.words[index + 1]) then return false end
  if byte == 44 and from == to then return #said.words[index + 1] ~= 4 end -- "March 15,2026"
  local gap = said.text:sub(from, to)
  return gap == "'" or gap:find("^ ?%-+ ?$") ~= nil or gap:find("^ ?\226\128[\147\148] ?$") ~= nil
end

---Whether a word is digits that nothing ties to others.
---@param said intent_webhook.Said
---@param index integer
---@return boolean
function digits.lone(said, index)
  if not is(said.words[index]) then return false end
  if tie(said, index) or is_range(said, index) then return false end
  return index == 1 or not (tie(said, index - 1) or is_range(said, index - 1))
end

---Whether digits are the end of what they are tied to, or only a "/" ties them to more.
---@param said intent_webhook.Said
---@param index integer
---@return boolean
function digits.ends(said, index)
  local byte = tie(said, index)
  return (not byte or byte == 47) and not is_range(said, index)
end

---Digits that are tied to each other from a word on.
---@param said intent_webhook.Said
---@param index integer
---@return string[]|nil parts nil: none begin there; at most 7, of which the last is not all then
---@return string|nil ties the bytes between them
---@return integer|nil behind the first word behind them
function digits.run(said, index)
  if not tie(said, index) or (index > 1 and (tie(said, index - 1) or is_range(said, index - 1))) then return nil end
  local parts, ties = { said.words[index] }, {}
  local byte = tie(said, index)
  while byte and #parts < 7 do
    ties[#ties + 1] = string.char(byte)
    index = index + 1
    parts[#parts + 1] = said.words[index]
    byte = tie(said, index)
  end
  if is_range(said, index) then return nil end
  return parts, table.concat(ties), index + 1
end

---A decimal number, "1.5" or "1,5".
---@param said intent_webhook.Said
---@param index integer
---@return number|nil
---@return integer|nil behind the first word behind it
function digits.decimal(said, index)
  local word, fraction = said.words[index], said.words[index + 1]
  if not is(word) or not is(fraction) or #word > 4 or #fraction > 2 then return nil end
  local from = said.lasts[index] + 1
  local byte = said.text:byte(from)
  if said.firsts[index + 1] ~= from + 1 or not (byte == 46 or byte == 44) then return nil end
  if tie(said, index + 1) or (index > 1 and tie(said, index - 1)) then return nil end
  return tonumber(word .. "." .. fraction), index + 2
end

-- Bytes that make of digits beside them something else: money, an id, a path, an address.
local function is_bad_before(text, at)
  local byte = text:sub(at, at)
  if byte == "" then return false end
  if byte == "@" then return at > 1 and not text:find("^%s", at - 1) end -- "@7pm", but not "me@7pm"
  if byte:find("[$#+_=&%%/\\.-]") then return true end
  local three = text:sub(math.max(1, at - 2), at)
  return three:find("^\226\130[\160-\191]$") ~= nil or three:find("\194[\162-\165]$") ~= nil
end

local function is_bad_behind(text, at)
  local next_one = text:sub(at, at)
  if next_one == "" then return false end
  if next_one:find("[_@#=&/\\$%%]") then return true end
  if next_one:find("[.:-]") then return text:find("^%w", at + 1) ~= nil end
  local after_space = next_one == " " and at + 1 or at
  return text:find("^%$", after_space) ~= nil or text:find("^\226\130[\160-\191]", after_space) ~= nil
    or text:find("^\194[\162-\165\176]", at) ~= nil
end

---Whether some words stand for themselves: no letter or digit touches them, nor, where they begin or end with digits,
---a sign that makes something else of these.
---@param said intent_webhook.Said
---@param first integer of the first word
---@param last integer
---@return boolean
function digits.bounded(said, first, last)
  local firsts, lasts = said.firsts, said.lasts
  if first > 1 and lasts[first - 1] + 1 == firsts[first] then return false end
  if firsts[last + 1] == lasts[last] + 1 then return false end
  if is(said.words[first]) and is_bad_before(said.text, firsts[first] - 1) then return false end
  return not (is(said.words[last]) and is_bad_behind(said.text, lasts[last] + 1))
end

return digits
