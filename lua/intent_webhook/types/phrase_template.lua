--- phrase_template: phrases of words, as tables of languages write them, and the lists of words that they stand for.
--
--   tomorrow                  words, as people write them; they are folded
--   (this|coming) {weekday}   one of several; "|" also at the outside: "today|this day"
--   [the] {day}               may be left out
--   {month}                   what a class of words or numbers reads: see moment.lua
--   <on> {weekday}            has to stand there, but is no part of what is found; at the beginning or at the end

local said = require "intent_webhook.said"

local phrase_template = {}

local MOST_SEQUENCES = 4096 -- that one template may stand for

local CLOSERS = { ["("] = ")", ["["] = "]", ["<"] = ">" }

-- Appends each of the ends to each of the sequences.
local function combine(sequences, ends)
  if #sequences * #ends > MOST_SEQUENCES then error("stands for too many phrases: write less alternatives", 0) end
  local combined = {}
  for _, sequence in ipairs(sequences) do
    for _, one in ipairs(ends) do
      local longer = {}
      for index = 1, #sequence do longer[index] = sequence[index] end
      for _, token in ipairs(one) do longer[#longer + 1] = token end
      combined[#combined + 1] = longer
    end
  end
  return combined
end

local function set_aside(sequences)
  local aside = {}
  for index, sequence in ipairs(sequences) do
    aside[index] = {}
    for place, token in ipairs(sequence) do
      aside[index][place] = { word = token.word, class = token.class, aside = true }
    end
  end
  return aside
end

local function words_of(text)
  local tokens = {}
  for word in said.fold(text):gmatch("%S+") do tokens[#tokens + 1] = { word = word } end
  if #tokens == 0 and text:find("%S") then error(('has "%s" where words are meant'):format(text), 0) end
  return tokens
end

local read_alternatives

-- A group's sequences, and where it ends.
local function read_group(template, at)
  local opener = template:sub(at, at)
  local sequences, behind = read_alternatives(template, at + 1)
  if template:sub(behind, behind) ~= CLOSERS[opener] then
    error(('has a "%s" that is not closed'):format(opener), 0)
  end
  if opener == "[" then sequences[#sequences + 1] = {} end
  return opener == "<" and set_aside(sequences) or sequences, behind + 1
end

local function read_class(template, at)
  local name, behind = template:match("^{([%a_]+)}()", at)
  if not name then error('has a "{" without a name and "}"', 0) end
  return { { { class = name } } }, behind
end

-- The sequences of tokens up to a closing bracket or the end, and where that is.
function read_alternatives(template, at)
  local all, sequences = {}, { {} }
  while at <= #template do
    local byte = template:sub(at, at)
    local ends
    if byte == "|" then
      for _, sequence in ipairs(sequences) do all[#all + 1] = sequence end
      sequences, at = { {} }, at + 1
    elseif byte == ")" or byte == "]" or byte == ">" then
      break
    elseif byte == "{" then
      ends, at = read_class(template, at)
    elseif CLOSERS[byte] then
      ends, at = read_group(template, at)
    else
      local text, behind = template:match("^([^%[%](){}<>|]+)()", at)
      if not text then error('has a "}" without "{"', 0) end
      ends, at = { words_of(text) }, behind
    end
    if ends then sequences = combine(sequences, ends) end
  end
  for _, sequence in ipairs(sequences) do all[#all + 1] = sequence end
  return all, at
end

---What a template stands for.
---@param template string
---@return table[]|nil # lists of tokens: { word = } or { class = }, with aside = true for what is no part of it
---@return string|nil message
function phrase_template.expand(template)
  local fine, sequences, at = pcall(read_alternatives, template, 1)
  if not fine then return nil, sequences end
  if at <= #template then return nil, 'has a bracket that is not opened' end
  for index = #sequences, 1, -1 do
    if #sequences[index] == 0 then table.remove(sequences, index) end
  end
  if #sequences == 0 then return nil, "holds no words" end
  return sequences
end

return phrase_template
