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

return languages
