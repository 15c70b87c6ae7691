--- email: addresses of e-mail.
--
-- Options: none. The value is the address as it was written, with the ASCII letters of its domain in lower case; what
-- stands before the "@" keeps its case, since only the receiver knows whether that counts.
--
-- What is checked (RFC 5321): at most 64 bytes before the "@" and 254 in all; before it the letters, digits and signs
-- of a "dot-atom" in ASCII, with single dots that stand inside ("jo.doe+list@example.org"), but not "=", which people
-- put before an address, and with a letter, a digit, "_" or "+" in front; behind it a domain name with a dot
-- (domain.lua), of any script. Quoted local parts ("a b"@c.de), IP literals (a@[192.0.2.1]) and letters beyond ASCII
-- before the "@" are refused. Nobody asks the network.
--
-- Punctuation and brackets around an address, and "mailto:", are no part of it. What stands in a URL is no address.
--
-- When the person was asked, addresses are read as well that are dictated ("john dot doe at gmail dot com", by the
-- words in the language's `email`: at, dot, underscore, hyphen, plus, before) or have spaces around the "@", and
-- several different addresses are none: "ambiguous". A dictated address has to begin the message, or to follow a word
-- of `before`, so that "you can look at example.com" is none.
--
-- Reasons: "invalid" (two dots, "gmail,com", "jörg@"), "incomplete" (no domain, or one without a dot), "too_long",
-- "ambiguous". Unasked, only an address whose domain is right gets a reason.

local domain = require "intent_webhook.domain"
local fold = require("intent_webhook.said").fold

local MOST_LOCAL, MOST = 64, 254

local LOCAL = {} -- bytes that may stand before the "@"
for byte = 33, 126 do LOCAL[byte] = string.char(byte):find("[A-Za-z0-9.!#$%%&'*+/?^_`{|}~-]") ~= nil end

-- Whether an address is one, given in its two parts.
local function check_address(mailbox, host)
  if mailbox == "" then return nil, "incomplete" end
  if mailbox:find("[\128-\255]") or mailbox:find("^%.") or mailbox:find("%.$") or mailbox:find("..", 1, true) then
    return nil, "invalid"
  end
  if #mailbox > MOST_LOCAL or #mailbox + 1 + #host > MOST then return nil, "too_long" end
  return domain.check(host)
end

-- Written addresses ------------------------------------------------------------------------------------------------

-- Where the URL ends that began before a byte; 0 when there is none. Keeps in `urls` how far it has looked, so that a
-- text is looked through once.
local function url_end(text, urls, at)
  while urls.next and urls.next < at do
    urls.last = (text:find("[%z\1-\32<>\"(),;]", urls.next) or #text + 1) - 1
    urls.next = text:find("://", urls.last + 1, true)
  end
  return urls.last
end

-- The first byte of what may stand before the "@" at `sign`, not before `floor`.
local function local_first(said, sign, floor)
  local text, first = said.text, sign
  while first > floor and sign - first <= MOST_LOCAL + 8 do
    local byte = text:byte(first - 1)
    if byte >= 128 then
      if not domain.in_word(said, first - 1) then break end
    elseif not LOCAL[byte] then
      break
    end
    first = first - 1
  end
  while first < sign and text:find("^[^A-Za-z0-9_+.\128-\255]", first) do first = first + 1 end -- quotes, brackets
  return first
end

-- What kind of thing, other than an address, goes on behind the domain: user@host.org:path, a@b@c.
local function goes_on(text, last)
  return text:find("^[.-]*@", last + 1) or text:find("^:[A-Za-z0-9/~]", last + 1) or text:find("^_+[A-Za-z0-9]",
    last + 1)
end

-- The address around the "@" at `sign`: value, nil, first, last; or nil, reason, first, last, whether its domain is
-- right; or nil.
local function read(said, sign, floor, urls)
  local text = said.text
  if text:find("^@", sign + 1) or sign > 1 and text:find("^@", sign - 1) then return nil end
  local first = local_first(said, sign, floor)
  local last = domain.last(said, sign + 1)
  while last > sign and text:find("^[.-]", last) do last = last - 1 end
  if url_end(text, urls, first) >= first then return nil end
  if first > 1 and text:find("^@", first - 1) or goes_on(text, last) then return nil end
  if first == floor and floor > 1 and text:find("^[A-Za-z0-9._+-][A-Za-z0-9]", first - 1) then return nil end
  local mailbox, host = text:sub(first, sign - 1), text:sub(sign + 1, last)
  local good, reason = check_address(mailbox, host)
  if good then return mailbox .. "@" .. domain.lower(host), nil, first, last end
  if mailbox == "" and not domain.check(host) then return nil end -- an "@" alone, and "@john"
  if text:find("^,[A-Za-z]", last + 1) and not host:find(".", 1, true) then reason = "invalid" end
  return nil, reason, first, last, domain.check(host) and mailbox ~= ""
end

-- Dictated addresses -------------------------------------------------------------------------------------------------

local MOST_PIECES = 64 -- of an answer with a dictated address

-- The words and signs of a text from a byte on, at most MOST_PIECES: { text, folded, first, last }.
local function pieces_of(text, at)
  local pieces = {}
  local position = at
  while #pieces < MOST_PIECES do
    local first, last = text:find("[^%z\1-\32()%[%]{}<>\"@,;:]+", position)
    local sign = text:find("@", position, true)
    if sign and (not first or sign < first) then first, last = sign, sign end
    if not first then break end
    position = last + 1
    while last > first and text:find("^[.!?']", last) do last = last - 1 end
    local piece, ends = text:sub(first, last), last + 1 < position -- with punctuation behind it
    pieces[#pieces + 1] = { text = piece, folded = fold(piece), first = first, last = last, ends = ends }
  end
  return pieces
end

-- The same, with the words that mean signs as those signs: sign = "@", "." and so on.
local function with_signs(pieces, words)
  local signed, index = {}, 1
  while index <= #pieces do
    local piece, joined = pieces[index], nil
    for count = 3, 1, -1 do
      local last = pieces[index + count - 1]
      if last and not joined then
        local key = {}
        for number = 1, count do key[number] = pieces[index + number - 1].folded end
        local sign = words.signs[table.concat(key, " ")]
        if sign then joined = { sign = sign, first = piece.first, last = last.last, count = count } end
      end
    end
    if not joined and piece.text:find("^[@._+-]$") then
      joined = { sign = piece.text, first = piece.first, last = piece.last, count = 1 }
    end
    signed[#signed + 1] = joined or piece
    index = index + (joined and joined.count or 1)
  end
  return signed
end

-- The address around the "@" among pieces.
local function read_dictated(pieces, at, words)
  if not (pieces[at - 1] and pieces[at + 1]) or pieces[at - 1].sign or pieces[at + 1].sign then return nil end
  local first, last = at - 1, at + 1
  local function joins(sign, beyond) return sign and sign.sign and sign.sign ~= "@" and beyond and not beyond.sign end
  while joins(pieces[first - 1], pieces[first - 2]) do first = first - 2 end
  while joins(pieces[last + 1], pieces[last + 2]) do last = last + 2 end
  local parts = {}
  for index = first, last do
    if pieces[index].ends and index < last then return nil end
    parts[#parts + 1] = pieces[index].sign or pieces[index].text
  end
  local mailbox, host = table.concat(parts):match("^([^@]*)@([^@]*)$")
  local before = pieces[first - 1]
  local spelt = pieces[at].first < pieces[at].last
  if not mailbox or spelt and before and not words.before[before.folded or ""] then return nil end
  if mailbox:find("[^A-Za-z0-9.!#$%%&'*+/?^_`{|}~-]") or host:find("[^A-Za-z0-9.\128-\255-]") then return nil end
  if not check_address(mailbox, host) then return nil end
  return mailbox .. "@" .. domain.lower(host), pieces[first].first, pieces[last].last
end

local function find_dictated(text, at, words)
  local pieces = with_signs(pieces_of(text, at), words)
  for index, piece in ipairs(pieces) do
    if piece.sign == "@" then
      local value, first, last = read_dictated(pieces, index, words)
      if value then return value, first, last end
    end
  end
end

-- The type -----------------------------------------------------------------------------------------------------------

local SIGNS = { at = "@", dot = ".", underscore = "_", hyphen = "-", plus = "+" }

-- The language's words, folded: { signs = { word -> sign }, before = { word -> true } }.
local function words_of(language)
  local section = language and language.email or {}
  local words = { signs = {}, before = {} }
  for name, sign in pairs(SIGNS) do
    for _, word in ipairs(section[name] or {}) do words.signs[fold(word)] = sign end
  end
  for _, word in ipairs(section.before or {}) do words.before[fold(word)] = true end
  return words
end

---@class intent_webhook.EmailReader
local Reader = { __name = "intent_webhook.EmailReader" }
Reader.__index = Reader

-- The written addresses from a byte on: the first, with a reason in its place when there are several; or what is wrong
-- with the first that is none.
local function find_written(said, at, asked)
  local text = said.text
  local sign = text:find("@", at, true)
  local floor, urls = at, { next = sign and text:find("://", 1, true), last = 0 }
  local value, value_first, value_last
  local wrong, wrong_first, wrong_last
  while sign do
    local found, reason, first, last, meant = read(said, sign, floor, urls)
    if found then
      if not asked then return found, first, last end
      if value and found ~= value then return nil, "ambiguous", value_first, last end
      if not value then value, value_first, value_last = found, first, last end
      floor = last + 1
    elseif reason and not wrong and (asked or meant) then
      wrong, wrong_first, wrong_last = reason, first, last
    end
    sign = text:find("@", sign + 1, true)
  end
  if value then return value, value_first, value_last end
  return nil, wrong, wrong_first, wrong_last
end

---@param said intent_webhook.Said
---@param at integer
---@param _ table the context, which does not count
---@param asked boolean
---@return string|nil value
---@return integer|string|nil first or the reason
---@return integer|nil last or the first byte of what is meant
---@return integer|nil
function Reader:find(said, at, _, asked)
  if not asked and not said.text:find("@", at, true) then return nil end
  local value, first, last, wrong_last = find_written(said, at, asked)
  if value or not asked or first == "ambiguous" then return value, first, last, wrong_last end
  local dictated, dictated_first, dictated_last = find_dictated(said.text, at, self.words)
  if dictated then return dictated, dictated_first, dictated_last end
  return nil, first, last, wrong_last
end

return {
  name = "email",
  rank = 10,
  options = {},
  new = function(_, _, _, language)
    return setmetatable({ words = words_of(language), schema = { type = "string", format = "email" } }, Reader)
  end,
}
