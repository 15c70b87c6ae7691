--- languages: the tables of words that slot types and conversations work with. English, German and Vietnamese come with
-- the module; a user's own is a table of the same form (docs/slots.md), of which any section may be left out.

local check = require "intent_webhook.check"

local languages = {}

local CODES = { "de", "en", "vi" }

---The codes of those that come with the module.
---@return string[]
function languages.codes()
  local codes = {}
  for index, code in ipairs(CODES) do codes[index] = code end
  return codes
end

---The table of a language.
---@param given string|table a code, perhaps with a region, which does not count ("de-CH"); or the table itself
---@return table|nil
---@return string|nil message
function languages.of(given)
  if type(given) == "table" then return given end
  local code = given:lower():match("^%a+")
  for _, known in ipairs(CODES) do
    if known == code then return (require("intent_webhook.languages." .. known)) end
  end
  return nil, ('is "%s", which has no table%s; or give a table of your own'):format(given,
    check.suggestion(given, CODES))
end

-- A user's own table --------------------------------------------------------------------------------------------------

-- A value of these languages by what it is: "strings" (a list of them), "list", "table" (by name), or its type.
local function form_of(value)
  if type(value) ~= "table" then return type(value) end
  if #value == 0 then return "table" end
  return type(value[1]) == "string" and "strings" or "list"
end

-- Adds the fields of a table to those known, by name: { form =, fields = those of a table }.
local function learn(known, section)
  for name, value in pairs(section) do
    local form = form_of(value)
    known[name] = known[name] or { form = form, fields = {} }
    if form == "table" then learn(known[name].fields, value) end
  end
end

-- What the sections of a language can have: what those of the languages that come with the module do.
local function known_fields()
  local known = {}
  for _, code in ipairs(CODES) do learn(known, languages.of(code)) end
  known.number.fields.words = nil -- the code of a language, or pairs of words and numbers
  return known
end

local function names_of(fields)
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local check_fields -- below: tables hold tables

local function check_field(mistakes, path, value, known)
  if known.form == "table" then
    if check.type(mistakes, path, value, "table") then check_fields(mistakes, path, value, known.fields) end
  elseif known.form == "strings" or known.form == "list" then
    if not check.type(mistakes, path, value, "list", "list words, like { \"stop\", \"never mind\" }") then return end
    for index, entry in ipairs(value) do
      if known.form == "strings" then check.type(mistakes, check.within(path, index), entry, "string") end
    end
  else
    check.type(mistakes, path, value, known.form)
  end
end

function check_fields(mistakes, path, given, known)
  local names = names_of(known)
  for name, value in pairs(given) do
    local place = check.within(path, name)
    if known[name] then
      check_field(mistakes, place, value, known[name])
    else
      local nearest = type(name) == "string" and check.nearest(name, names)
      if nearest then mistakes:warn(place, ('is not read: did you mean "%s"?'):format(nearest)) end
    end
  end
end

---Adds what is wrong with a user's own table: what has another form than in the languages that come with the module,
---sections that there are not, and, as warnings, fields that look like misspelt ones. Other fields may be read by a
---type, or be reasons of the user's types.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param given table
function languages.check(mistakes, path, given)
  local known = known_fields()
  local sections = names_of(known)
  for _, name in ipairs(sections) do
    if given[name] ~= nil then check_field(mistakes, check.within(path, name), given[name], known[name]) end
  end
  for name in pairs(given) do
    if not known[name] then
      mistakes:add(check.within(path, name), "is no section" .. check.suggestion(name, sections))
    end
  end
end

return languages
