--- phrases: templates with a name, for which <name> in a sentence stands.

local check = require "intent_webhook.check"

local phrases = {}

---Checks phrases by name; adds their mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definitions table
---@return string[][] # { name, template } each, sorted by name
function phrases.all(mistakes, path, definitions)
  local read = {}
  for _, name in ipairs(check.names(mistakes, path, definitions, "give phrases by name")) do
    local place, template = check.within(path, name), definitions[name]
    if name:find("^%s") or name:find("%s$") then
      mistakes:add(place, "begins or ends with white space: remove it, since <a name> is read without")
    end
    if name:find("[%[%]{}()<>|;\\]") then
      mistakes:add(place, "holds one of [ ] { } ( ) < > | ; \\ in its name: a sentence could not name it")
    end
    local good = check.text(mistakes, place, template, "write a template")
    -- a wrong one stays as its name, so that nobody is told besides that there is no such phrase
    read[#read + 1] = { name, good and template or name }
  end
  return read
end

return phrases
