--- phrase_sense: whether words that are a date, a time or a duration by a language's table are meant as one where they
-- stand: what is around them, and whether the person was asked. moment.lua says what phrases can demand.

local digits = require "intent_webhook.types.digits"

local phrase_sense = {}

local MOST_WORDS_WHOLE = 5 -- of a message that is little more than "the 15th please"

-- Whether what follows a word leaves the phrase before it as it is: no word, a sign, or one that is expected.
local function ends_there(tables, said, last, is_clause_expected)
  local word = said.words[last + 1]
  if not word then return true end
  if is_clause_expected and tables.clauses[word] then return true end
  if tables.followers[word] or tables.date:may_begin(said, last + 1) or tables.time:may_begin(said, last + 1) then
    return true
  end
  return said.text:find("[^ \t]", said.lasts[last] + 1) < said.firsts[last + 1]
end

local function is_capital(said, index)
  return said.text:find("^[A-Z]", said.firsts[index]) ~= nil
end

-- "may 5 people come", "2 may be late", "I may second that"; but "5th of may", "5 May", "may 5 at noon".
local function is_month_meant(tables, said, match)
  local day = match.fields.day
  if not day or match.fields.year then return true end
  if day.ordinal and not day.words then return true end
  if match.order[#match.order][1] == "month" then
    return day.ordinal or is_capital(said, match.last) or ends_there(tables, said, match.to)
  end
  return (day.ordinal or not day.words) and not day.shy and ends_there(tables, said, match.to)
end

-- "sat down", "the sun"; but "on sat", "sat evening".
local function is_weekday_meant(tables, said, match)
  if match.accept.length == 1 then return false end
  if match.accept.tail > 0 or match.order[#match.order][1] ~= "weekday" then return true end
  return ends_there(tables, said, match.to, true)
end

local function are_shy_words_meant(tables, said, match)
  local fields = match.fields
  if fields.month and fields.month.shy and not is_month_meant(tables, said, match) then return false end
  return not (fields.weekday and fields.weekday.shy) or is_weekday_meant(tables, said, match)
end

-- Whether a day or an hour that is one word is rather the first part of a name or a title: "Sunday Okafor", "Noon
-- Patel", "Midnight Cowboy". Words that may follow a day are none of a name.
local function begins_name(tables, said, match)
  local entry, first = match.entry, match.first
  if not tables.in_names or match.from ~= match.to or first ~= match.last then return false end
  if not (match.fields.weekday or entry.hour) or not is_capital(said, first) then return false end
  if said.firsts[first + 1] ~= said.lasts[first] + 2 or ends_there(tables, said, first, true) then return false end
  return said.text:find("^ [A-Z][a-z]", said.lasts[first] + 1) ~= nil
end

-- Whether a message is little more than the match: "on the 15 please", but neither "we are 12" nor "12 30 44".
local function is_whole(tables, said, match, leads)
  if #said.words > MOST_WORDS_WHOLE or not ends_there(tables, said, match.to) then return false end
  for index = 1, match.from - 1 do
    local word = said.words[index]
    if not leads[word] and not tables.followers[word] then return false end
  end
  return not digits.is(said.words[match.to + 1] or "-")
end

---Whether a phrase is meant where it was found.
---@param tables intent_webhook.MomentTables
---@param said intent_webhook.Said
---@param match intent_webhook.PhraseMatch
---@param state { asked: boolean, joined: boolean|nil, leads: table<string, boolean> }
---@return boolean
function phrase_sense.is_meant(tables, said, match, state)
  local entry = match.entry
  if (entry.asked and not state.asked) or (entry.joined and not state.joined) then return false end
  if entry.unless and entry.unless[said.words[match.from - 1]] then return false end
  if entry.not_before and entry.not_before[said.words[match.to + 1]] then return false end
  if not digits.bounded(said, match.first, match.last) then return false end
  if tables.counted[said.words[match.last + 1]] and digits.is(said.words[match.last]) then return false end
  if entry.no_unit and tables.classes.hours.starts[said.words[match.to + 1]] then return false end -- "1:30 h"
  if entry.whole then return is_whole(tables, said, match, state.leads) end
  if state.asked then return true end
  if begins_name(tables, said, match) then return false end
  if entry.careful and not ends_there(tables, said, match.to, true) then return false end
  return are_shy_words_meant(tables, said, match)
end

return phrase_sense
