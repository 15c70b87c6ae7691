--- domain: names of hosts as they stand in e-mail addresses and URLs of people's messages.
--
-- A name has labels of 1 to 63 bytes with dots between them, 253 bytes in all; a label holds letters, digits and
-- hyphens, and neither begins nor ends with a hyphen. Letters of other scripts are taken as they are written in UTF-8
-- (IDN): nothing is translated to "xn--". The last label has two letters at least and begins with none but a letter,
-- so that "2.50" and "1.2.3" are no names. Whether there is such a name is not asked anywhere.

local domain = {}

domain.MOST = 253
local MOST_LABEL = 63

-- The number of the last word that begins at a byte or before it; 0 when there is none.
local function word_before(said, at)
  local firsts = said.firsts
  local low, high = 0, #firsts
  while low < high do
    local middle = math.floor((low + high + 1) / 2)
    if firsts[middle] <= at then low = middle else high = middle - 1 end
  end
  return low
end
domain.word_before = word_before

---Whether the character that a byte is of belongs to a word, as letters and digits of any script do.
---@param said intent_webhook.Said
---@param at integer
---@return boolean
function domain.in_word(said, at)
  local index = word_before(said, at)
  if index == 0 or said.lasts[index] < at then return false end
  -- a curly apostrophe may be inside a word
  return not said.text:sub(math.max(1, at - 2), at + 2):find("\226\128[\152\153]")
end

---The last byte of the letters, digits, hyphens and dots that begin at a byte; the byte before it when there are none.
---Looks at a few bytes more than a name may have.
---@param said intent_webhook.Said
---@param first integer
---@return integer
function domain.last(said, first)
  local text = said.text
  local position, stop = first, math.min(#text, first + domain.MOST + 2)
  while position <= stop do
    local byte = text:byte(position)
    local last = position
    if byte >= 128 then
      if not domain.in_word(said, position) then break end
      last = select(2, text:find("^[\194-\244][\128-\191]*", position)) or position
    elseif not text:find("^[A-Za-z0-9.-]", position) then
      break
    end
    position = last + 1
  end
  return position - 1
end

---ASCII letters in lower case, whatever the host's locale.
---@param text string
---@return string
function domain.lower(text)
  return (text:gsub("[A-Z]", string.lower))
end

local function is_last_label(label)
  if label:find("^[Xx][Nn]%-%-[A-Za-z0-9-]+$") then return true end
  local _, letters = label:gsub("[^\128-\191]", "") -- characters, not bytes
  return letters >= 2 and not label:find("[0-9-]")
end

---Whether a text is a name with a dot in it.
---@param name string
---@return true|nil
---@return nil|"too_long"|"invalid"|"incomplete" reason incomplete: there is no dot, or one letter behind the last
function domain.check(name)
  if name == "" then return nil, "incomplete" end
  if #name > domain.MOST then return nil, "too_long" end
  local last
  for label in (name .. "."):gmatch("([^.]*)%.") do
    if label == "" or label:find("^%-") or label:find("%-$") then return nil, "invalid" end
    if #label > MOST_LABEL then return nil, "too_long" end
    last = label
  end
  if is_last_label(last) then
    if last ~= name then return true end
    return nil, "incomplete"
  end
  return nil, (last == name or last:find("^[A-Za-z]$")) and "incomplete" or "invalid"
end

return domain
