--- url: addresses of pages and services.
--
-- Options: `schemes`, those that are taken, in lower case; default { "http", "https" }. "javascript", "data" and
-- "vbscript" cannot be among them: such a URL is a program, and whoever opens it runs it.
--
-- The value is the URL as it was written, with its scheme and the ASCII letters of its host in lower case; nothing is
-- escaped, unescaped or resolved. Letters of any script stay (a host is not translated to "xn--"), at most 2000 bytes.
-- "www.example.org/x" becomes "https://www.example.org/x" (with the first scheme of the slot, if https is not taken).
--
-- The host is a domain name with a dot (domain.lua), "localhost", an IPv4 address of four numbers or an IPv6 address in
-- brackets; a port is 1 to 65535. Credentials ("https://user:secret@host") are refused: they would be kept and sent.
-- Punctuation behind a URL is no part of it, nor is a bracket that was not opened in it.
--
-- When the person was asked, "example.org/path" is taken as well, but no address of e-mail and no name of a file
-- ("report.pdf"); and several different URLs are none: "ambiguous".
--
-- Reasons: "invalid" (credentials, a wrong host or port, when asked another scheme), "incomplete" (a host without a
-- dot), "too_long", "ambiguous".

local check = require "intent_webhook.check"
local domain = require "intent_webhook.domain"

local MOST = 2000
local MOST_AUTHORITY = 512 -- bytes in which credentials are looked for
local NEVER = { javascript = true, data = true, vbscript = true }

-- Bytes that end a URL.
local ENDS = "^[%z\1-\32\127<>\"`{}|\\^]"

-- Signs of more than a byte that end one: spaces, quotes, dashes, the ellipsis, CJK punctuation.
local WIDE_ENDS = {
  "^\194[\160\171\187]", "^\227\128[\128-\145]",
  "^\226\128[\128-\143\147-\158\166\168\169\175\185\186]",
  "^\239\188[\129\136\137\140\141\154\155\158\159]",
}

-- Endings of the names of files, which nobody means for a site.
local FILES = {}
for name in ([[7z avi bak bmp c cfg conf cpp css csv dll doc docx exe gif gz h htm html ini iso jpeg jpg js
  json log lua md
  mkv mov mp3 mp4 odt ogg pdf php png ppt pptx rar rtf sql svg tar tmp toml ts txt wav webp xls xlsx xml yaml yml
  zip]]):gmatch("%S+") do FILES[name] = true end

-- Last labels of bare names that are meant for a site also in the middle of an answer, beside those of two letters.
local SITES = {}
for name in ([[academy agency app art biz blog cafe care cloud club com company design dev digital edu email events fun
  gov group info int jobs life live media mil mobi museum name net network news online org page photo photos pizza pro
  restaurant shop site solutions space store studio systems team tech today tours travel video website wiki work works
  world xyz zone]]):gmatch("%S+") do SITES[name] = true end

-- Words of two letters that are no country's: "yes.of course".
local WORDS = {}
for word in ("ab an da du if js ob of ok on or rb ts up wo yo zu"):gmatch("%S+") do WORDS[word] = true end

-- Hosts ------------------------------------------------------------------------------------------------------------

local function is_ipv4(host)
  local count = 0
  for number in (host .. "."):gmatch("([^.]*)%.") do
    count = count + 1
    if not number:find("^%d%d?%d?$") or tonumber(number) > 255 or number:find("^0%d") then return false end
  end
  return count == 4
end

-- How many 16-bit groups a part of an IPv6 address has; nil when it is wrong.
local function groups_of(part, with_ipv4)
  if part == "" then return 0 end
  local count = 0
  for group in (part .. ":"):gmatch("([^:]*):") do
    if count > 8 then return nil end
    if group:find("^[0-9A-Fa-f][0-9A-Fa-f]?[0-9A-Fa-f]?[0-9A-Fa-f]?$") then
      count = count + 1
    elseif with_ipv4 and is_ipv4(group) and part:sub(-#group) == group then
      count = count + 2
    else
      return nil
    end
  end
  return count
end

local function is_ipv6(host)
  local before, after = host:match("^(.-)::(.*)$")
  if not before then return groups_of(host, true) == 8 end
  local first, second = groups_of(before, false), groups_of(after, true)
  return first ~= nil and second ~= nil and first + second < 8
end

-- Whether a name or address can be a host: true; or nil, reason.
local function check_host(host)
  if host == "" then return nil, "incomplete" end
  if host == "localhost" then return true end
  local inside = host:match("^%[(.*)%]$")
  if inside then
    if is_ipv6(inside) then return true end
    return nil, "invalid"
  end
  if host:find("^[0-9.]+$") then
    if is_ipv4(host) then return true end
    return nil, "invalid"
  end
  return domain.check(host)
end

-- The last byte of a host that begins at `first`.
local function host_last(said, first)
  local _, last = said.text:find("^%[[0-9A-Fa-f:.]*%]", first)
  return last or domain.last(said, first)
end

-- One URL ------------------------------------------------------------------------------------------------------------

-- The last byte of what belongs to a URL from `first` on, with a few more than one may have.
local function tail_last(text, first)
  local position, stop = first, math.min(#text, first + MOST + 1)
  while position <= stop do
    local last
    if text:find("^[\128-\255]", position) then
      for _, pattern in ipairs(WIDE_ENDS) do
        if text:find(pattern, position) then return position - 1 end
      end
      last = select(2, text:find("^[\194-\244][\128-\191]+", position))
      if not last then return position - 1 end -- no UTF-8
    elseif text:find(ENDS, position) then
      return position - 1
    else
      last = select(2, text:find("^[!#-;=?-%[%]_a-z~]+", position)) or position
    end
    position = last + 1
  end
  return position - 1
end

-- Without punctuation at the end, and without brackets that were not opened.
local function trimmed(text, first, last)
  local inside = text:sub(first, last)
  local _, opened = inside:gsub("%(", "")
  local _, closed = inside:gsub("%)", "")
  local _, square_opened = inside:gsub("%[", "")
  local _, square_closed = inside:gsub("%]", "")
  while last >= first do
    local sign = text:sub(last, last)
    if sign == ")" and closed > opened then
      closed = closed - 1
    elseif sign == "]" and square_closed > square_opened then
      square_closed = square_closed - 1
    elseif not sign:find("[.,;:!?'*(]") then
      break
    end
    if sign == "(" then opened = opened - 1 end
    last = last - 1
  end
  return last
end

-- The URL whose host begins at a byte: its part from there, nil, the last byte; or nil, reason, the last byte.
local function read(said, host_first)
  local text = said.text
  local last = host_last(said, host_first)
  local authority = text:sub(host_first, host_first + MOST_AUTHORITY):match("^[^%z\1-\32\127<>\"`{}|\\^/?#]*")
  if authority:find("@", 1, true) then return nil, "invalid", host_first + #authority - 1 end
  while last >= host_first and text:find("^[.-]", last) and not text:find("^[/:?#]", last + 1) do last = last - 1 end
  local host = domain.lower(text:sub(host_first, last))
  local good, reason = check_host(host)
  if not good and text:find("^[_%%]", last + 1) then reason = "invalid" end
  if not good then return nil, reason, math.max(last, host_first - 1) end
  local behind = last
  local _, port_last, port = text:find("^:(%d+)", last + 1)
  if port then
    if #port > 5 or tonumber(port) < 1 or tonumber(port) > 65535 then return nil, "invalid", port_last end
    last, behind = port_last, port_last
  end
  if text:find("^[/?#]", behind + 1) then
    last = tail_last(text, behind + 1)
    if last - host_first >= MOST then return nil, "too_long", last end
    last = trimmed(text, behind + 1, last)
  elseif text:find("^[_%%=~$&+]", behind + 1) or text:find("^:[A-Za-z]", behind + 1) then
    return nil, "invalid", behind
  end
  return host .. text:sub(host_first + #host, last), nil, last
end

-- What may be a URL --------------------------------------------------------------------------------------------------

-- The first byte of the scheme that ends before "://", at most 32 bytes of it.
local function scheme_first(text, at, stop)
  local first = at
  while first > at - 32 and first > stop and text:find("^[A-Za-z0-9+.-]", first - 1) do first = first - 1 end
  while first < at and text:find("^[^A-Za-z]", first) do first = first + 1 end
  return first
end

-- The URL with "://" at a byte: value, nil, first, last; or nil, reason, first, last; or nil.
local function read_full(reader, said, at, floor, asked)
  local text = said.text
  local first = scheme_first(text, at, floor)
  local scheme = domain.lower(text:sub(first, at - 1))
  if first == at or NEVER[scheme] then return nil end
  if not reader.schemes[scheme] then
    if asked then return nil, "invalid", first, at + 2 end
    return nil
  end
  local value, reason, last = read(said, at + 3)
  if not value then
    if not asked and reason == "incomplete" then reason = nil end
    return nil, reason, first, math.max(last, at + 2)
  end
  value = scheme .. "://" .. value
  if #value > MOST then return nil, "too_long", first, last end
  return value, nil, first, last
end

-- The URL without a scheme whose host begins at a byte.
local function read_bare(reader, said, first)
  local text = said.text
  if first > 1 and (text:find("^[A-Za-z0-9@./_:%%=&-]", first - 1) or domain.in_word(said, first - 1)) then
    return nil
  end
  local value, reason, last = read(said, first)
  if not value then return nil, reason, first, last end
  if text:find("^@", last + 1) then return nil end
  if not value:find("^[^/?#:]*%.[^/?#:]*") then return nil end
  value = reader.default_scheme .. "://" .. value
  if #value > MOST then return nil, "too_long", first, last end
  return value, nil, first, last
end

-- Whether a bare name in an answer is meant for a site.
local function is_site(said, first, last)
  local text = said.text
  local host = domain.lower(text:sub(first, host_last(said, first))):gsub("[.-]+$", "")
  local ending = host:match("([^.]*)$")
  if host:find("^[0-9.]+$") or ending == host then return false end
  if text:find("^[/?#:]", first + #host) and first + #host <= last then return true end
  if FILES[ending] then return false end
  return SITES[ending] or #ending == 2
      and not WORDS[ending] or ending:find("^xn%-%-") ~= nil or ending:find("[\128-\255]") ~= nil
    or #text <= MOST and not text:sub(1, first - 1):find("[^%s%p]") and not text:sub(last + 1):find("[^%s%p]")
end

-- The type -----------------------------------------------------------------------------------------------------------

---@class intent_webhook.UrlReader
local Reader = { __name = "intent_webhook.UrlReader" }
Reader.__index = Reader

-- Whether a URL at `first` would be part of a script: "javascript:location='http://...'". `chunks` keeps where the last
-- such text ends.
local function in_script(text, chunks, first)
  while chunks.next and chunks.next < first do
    chunks.last = (text:find("[%z\1-\32]", chunks.next) or #text + 1) - 1
    chunks.next = text:find("[Ss][Cc][Rr][Ii][Pp][Tt]:", chunks.last + 1)
  end
  return chunks.last >= first
end

-- Calls `take` with each URL that has a scheme or "www.", in order, until it returns true.
local function each_marked(reader, said, at, asked, take)
  local text = said.text
  local full, bare = text:find("://", at, true), text:find("[Ww][Ww][Ww]%.", at)
  if not full and not bare then return end
  local chunks = { last = 0, next = text:find("[Ss][Cc][Rr][Ii][Pp][Tt]:") }
  local floor = at
  while full or bare do
    local value, reason, first, last
    if full and (not bare or full < bare) then
      value, reason, first, last = read_full(reader, said, full, floor, asked)
      floor = (value or reason == "too_long") and last + 1 or full + 3
    else
      value, reason, first, last = read_bare(reader, said, bare)
      floor = (value or reason == "too_long") and last + 1 or bare + 4
      if not value then reason = nil end
    end
    if (value or reason) and not in_script(text, chunks, first) and take(value, reason, first, last) then return end
    if full and full < floor then full = text:find("://", floor, true) end
    if bare and bare < floor then bare = text:find("[Ww][Ww][Ww]%.", floor) end
  end
end

-- The first byte of the name that the dot at a byte is in, not before `floor`.
local function bare_first(text, dot, floor)
  local first = dot
  while first > floor and dot - first <= domain.MOST and text:find("^[A-Za-z0-9.\128-\255-]", first - 1) do
    first = first - 1
  end
  while first < dot and text:find("^[.-]", first) do first = first + 1 end
  return first
end

-- The same with each bare name in an answer.
local function each_bare(reader, said, at, take)
  local text, position = said.text, at
  while true do
    local dot = text:find("%.[A-Za-z\194-\244]", position)
    if not dot then return end
    local first = bare_first(text, dot, position)
    position = select(2, text:find("^[^%z\1-\32,;<>()\"]*", dot)) + 1
    if first < dot then
      local value, _, _, last = read_bare(reader, said, first)
      if value and is_site(said, first, last) then
        if take(value, nil, first, last) then return end
        position = last + 1
      end
    end
  end
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
  local value, value_first, value_last
  local wrong, wrong_first, wrong_last
  local ambiguous = false
  local function take(found, reason, first, last)
    if not found then
      if not wrong then wrong, wrong_first, wrong_last = reason, first, last end
    elseif not value then
      value, value_first, value_last = found, first, last
    elseif found ~= value then
      ambiguous, value_last = true, last
    end
    return ambiguous or value and not asked
  end
  each_marked(self, said, at, asked, take)
  if asked and not value and not wrong then each_bare(self, said, at, take) end
  if ambiguous then return nil, "ambiguous", value_first, value_last end
  if value then return value, value_first, value_last end
  return nil, wrong, wrong_first, wrong_last
end

local function read_schemes(mistakes, path, given)
  local schemes, first = {}, nil
  path = check.within(path, "schemes")
  if #given == 0 then mistakes:add(path, 'is empty: list those that are taken, like { "https" }') end
  for index, scheme in ipairs(check.strings(mistakes, path, given, 'write it like { "http", "https" }')) do
    local place = check.within(path, index)
    if NEVER[domain.lower(scheme)] then
      mistakes:add(place, ('must not be "%s": whoever opens such a URL runs a program'):format(domain.lower(scheme)))
    elseif not scheme:find("^[a-z][a-z0-9+.-]*$") or #scheme > 32 then
      mistakes:add(place, 'must be a scheme in lower case, without "://": write it like "https"')
    else
      schemes[scheme], first = true, first or scheme
    end
  end
  return schemes, schemes.https and "https" or first or "https"
end

return {
  name = "url",
  rank = 11,
  options = {
    { name = "schemes", type = "list", default = { "http", "https" }, most = 32, also = { "scheme", "protocols" },
      hint = 'list those that are taken, like { "https" }' },
  },
  new = function(mistakes, path, accepted)
    local schemes, default_scheme = read_schemes(mistakes, path, accepted.schemes)
    return setmetatable({
      schemes = schemes, default_scheme = default_scheme, schema = { type = "string", format = "uri" },
    }, Reader)
  end,
}
