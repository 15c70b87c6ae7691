--- number_words: whole numbers in words, as people say and write them: "twenty five", "vingt et une", "hundertfünf".
--
-- A language is a table in number_words/<code>.lua, read when it is first asked for. It says how to spell; the code
-- that composes the spellings is here. Fields of that table:
--
--   most     the greatest number that it can spell: 1000, beyond which no template asks for words, or less
--   main     a form: the spellings that people may use
--   halves   a form as well, or nil: its spelling of 20 means 20.5
--   typed    what some letters become on keyboards without them, or nil: { ["ü"] = "ue" }
--   (other)  forms that forms refer to: { plain = {...}, joined = {...} }
--
-- A form is a list of entries. Entries add up: what two of them spell is spelt both ways, by words before patterns.
--
--   { first, "one two|twain three" }     words of numbers from `first` on; "|" between those of one number, "_" for a
--                                        space within one, "-" for none; by = 10 counts in tens
--   { first, last, "{tens}( and|) {ones}" }   a pattern for the numbers from `first` to `last`
--
-- A pattern is text with (alternatives|of text) and {parts} of the number. A part is spelt by the form that it names,
-- "{ones:joined}", or else by main. A pattern is for the numbers that its parts add up to, none of them 0: the pattern
-- "{tens} {ones}" does not spell 30, and "{hundreds} hundred {ones}" spells 205 but not 215.
--
-- Whoever compares folds case and accents, and lets a space stand for a hyphen; so nothing is listed twice for those.
-- No words mean two numbers of one language. What people say wrongly now and then may be among the spellings; which
-- number they mean is never in doubt.

local number_words = {}

local CODES = "af ar bg ca cs da de el en es et eu fi fr gl he hr hu id is" ..
  " it ja ko lt lv ms nb nl pl pt ro ru sk sl sr sv tr uk vi zh"

-- Codes of old, and languages that count with another's words.
local ALIASES = { bs = "hr", ["in"] = "id", iw = "he", no = "nb" }

-- Parts of a number: what is spelt, and what that counts.
local PARTS = {
  number = function(number) return number, 1 end,
  ones = function(number) return number % 10, 1 end,
  tens = function(number) return number % 100 - number % 10, 1 end, -- 20
  ten = function(number) return (number % 100 - number % 10) / 10, 10 end, -- 2
  twenties = function(number) return number % 100 - number % 20, 1 end, -- 80
  under_twenty = function(number) return number % 20, 1 end, -- 17
  rest = function(number) return number % 100, 1 end,
  hundred = function(number) return number - number % 100, 1 end, -- 200
  hundreds = function(number) return (number - number % 100) / 100, 100 end, -- 2
}

-- Forms as lists and pieces --------------------------------------------------------------------------------------

-- Appends every pattern without alternatives that a pattern stands for.
local function each_choice(pattern, choices)
  local before, group, after = pattern:match("^(.-)(%b())(.*)$")
  if not before then
    choices[#choices + 1] = pattern
    return
  end
  for choice in (group:sub(2, -2) .. "|"):gmatch("([^|]*)|") do each_choice(before .. choice .. after, choices) end
end

-- "{tens} {ones:f}" -> { { part = PARTS.tens, form = "main" }, " ", { part = PARTS.ones, form = "f" } }
local function pieces_of(choice)
  local pieces = {}
  for text, name, form in (choice .. "{}"):gmatch("([^{]*){([%a_]*):?([%a_]*)}") do
    if text ~= "" then pieces[#pieces + 1] = text end
    if name ~= "" then
      pieces[#pieces + 1] = { part = assert(PARTS[name], name), form = form == "" and "main" or form }
    end
  end
  return pieces
end

-- Adds the words of an entry to those that there are, by number.
local function read_words(entry, words)
  local number = entry[1]
  for group in entry[2]:gmatch("%S+") do
    local spellings = words[number] or {}
    words[number] = spellings
    if group ~= "-" then
      for spelling in group:gmatch("[^|]+") do spellings[#spellings + 1] = (spelling:gsub("_", " ")) end
    end
    number = number + (entry.by or 1)
  end
end

local function read_form(entries)
  local form = { words = {}, patterns = {} }
  for _, entry in ipairs(entries) do
    if entry[3] then
      local choices = {}
      each_choice(entry[3], choices)
      for _, choice in ipairs(choices) do
        form.patterns[#form.patterns + 1] = { first = entry[1], last = entry[2], pieces = pieces_of(choice) }
      end
    else
      read_words(entry, form.words)
    end
  end
  return form
end

-- Spelling ---------------------------------------------------------------------------------------------------------

-- Whether the parts of a pattern add up to the number.
local function adds_up(pieces, number)
  local sum = 0
  for _, piece in ipairs(pieces) do
    if type(piece) == "table" then
      local value, unit = piece.part(number)
      if value == 0 and number ~= 0 then return false end
      sum = sum + value * unit
    end
  end
  return sum == number
end

local spell

-- Appends what the pieces from `index` on spell, each after what stands before.
local function append_pieces(speller, pieces, index, number, before, spellings)
  local piece = pieces[index]
  if not piece then
    spellings[#spellings + 1] = before
  elseif type(piece) == "string" then
    append_pieces(speller, pieces, index + 1, number, before .. piece, spellings)
  else
    for _, spelling in ipairs(spell(speller, piece.form, (piece.part(number)))) do
      append_pieces(speller, pieces, index + 1, number, before .. spelling, spellings)
    end
  end
end

-- The spellings of a number in a form: maybe none. Each is made once, by the speller's memory.
function spell(speller, name, number)
  local form = speller[name]
  if not form then
    form = read_form(speller.language[name])
    form.known = {}
    speller[name] = form
  end
  local spellings = form.known[number]
  if spellings then return spellings end
  spellings = {}
  for _, words in ipairs(form.words[number] or {}) do spellings[#spellings + 1] = words end
  for _, pattern in ipairs(form.patterns) do
    if number >= pattern.first and number <= pattern.last and adds_up(pattern.pieces, number) then
      append_pieces(speller, pattern.pieces, 1, number, "", spellings)
    end
  end
  form.known[number] = spellings
  return spellings
end

-- Words as they are typed without some letters, or nil when they have none of these.
local function retype(words, typed)
  local other = words
  for letter, letters in pairs(typed or {}) do other = other:gsub(letter, letters) end
  return other ~= words and other or nil
end

-- The pairs of a form for the numbers 0..last, each `more` than the form's number.
local function pairs_of(language, form, last, more)
  local list, speller = {}, { language = language }
  for number = 0, last do
    local known = {}
    for _, words in ipairs(spell(speller, form, number)) do
      if not known[words] then
        known[words] = true
        list[#list + 1] = { words, number + more }
        local other = retype(words, language.typed)
        if other and not known[other] then
          known[other] = true
          list[#list + 1] = { other, number + more }
        end
      end
    end
  end
  return list
end

-- Languages --------------------------------------------------------------------------------------------------------

local function is_known(code)
  return (" " .. CODES .. " "):find(" " .. code .. " ", 1, true) ~= nil
end

-- The table of a language, or nil.
local function language_of(code)
  local language = type(code) == "string" and code:lower():match("^%a+")
  language = ALIASES[language] or language
  return language and is_known(language) and require("intent_webhook.number_words." .. language) or nil
end

---The words of the whole numbers 0..most.
---@param language string "de", or with a region: "de-CH", "pt_BR"
---@param most number capped at 1000 (100 in Arabic); a fraction is rounded down; below 0: an empty list
---@return { [1]: string, [2]: integer }[]|nil # { words, number } by number; nil: a language that is not known
function number_words.of(language, most)
  local spelt = language_of(language)
  return spelt and pairs_of(spelt, "main", math.min(math.floor(most), spelt.most), 0)
end

---The words of the halves 0.5..most, as in "twenty and a half", "twenty point five".
---@param language string
---@param most number as in number_words.of
---@return { [1]: string, [2]: number }[]|nil # { words, number } by number; nil: not known in this language
function number_words.halves(language, most)
  local spelt = language_of(language)
  if not spelt or not spelt.halves then return nil end
  return pairs_of(spelt, "halves", math.floor(math.min(most, spelt.most) - 0.5), 0.5)
end

---The languages that number_words.of knows.
---@return string[] # codes, sorted
function number_words.languages()
  local codes = {}
  for code in CODES:gmatch("%a+") do codes[#codes + 1] = code end
  return codes
end

return number_words
