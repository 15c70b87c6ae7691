--- recognised: what was recognised in a message, as JSON, without the values of sensitive slots: output is often kept.

local json = require "intent_webhook.json_writer"
local text = require "intent_webhook.safe_text"

local masking = require "intent_webhook.secrets"

local MASK, LEAST = masking.MASK, masking.LEAST

local recognised = {}

-- Whether a value holds one of the secrets, or comes from where one stands.
local function holds(value, span, secrets)
  for _, secret in ipairs(secrets and secrets.spans or {}) do
    if span and span[1] <= secret[2] and span[2] >= secret[1] then return true end
  end
  if type(value) ~= "string" and type(value) ~= "number" then return false end
  for _, secret in ipairs(secrets or {}) do
    if secret ~= "" and tostring(value):find(secret, 1, true) then return true end
  end
  return false
end

---The slots in their declared order.
---@param checked intent_webhook.CheckedIntent
---@param slots table
---@param spans table|nil
---@param secrets intent_webhook.SecretTexts|nil values that hold one of these are not shown, either
---@return string JSON
function recognised.slots(checked, slots, spans, secrets)
  local members = {}
  for _, slot in ipairs(checked.slots) do
    local name, sensitive = slot[1], slot[3]
    local value = slots[name]
    local hidden = sensitive or holds(value, spans and spans[name], secrets)
    if value ~= nil then members[#members + 1] = { name, json.value(hidden and MASK or value) } end
  end
  return json.object(members)
end

-- A value in a line: text in quotes, so that its ends can be seen.
local function shown(value)
  return type(value) == "string" and '"' .. value .. '"' or json.value(value)
end

---The slots in their declared order, a line each, with the place in the text: for people.
---@param checked intent_webhook.CheckedIntent
---@param slots table
---@param spans table|nil
---@param secrets intent_webhook.SecretTexts|nil values that hold one of these are not shown, either
---@param with_types boolean|nil whether to name the slot's type beside the place
---@return string[]
function recognised.lines(checked, slots, spans, secrets, with_types)
  local lines = {}
  for _, slot in ipairs(checked.slots) do
    local name, sensitive = slot[1], slot[3]
    local value, span = slots[name], spans and spans[name]
    if value ~= nil then
      local kind = with_types and checked.by_name[name].type
      local place = span and ("  (bytes %d to %d%s)"):format(span[1], span[2], kind and ", " .. kind or "") or ""
      local hidden = sensitive or holds(value, span, secrets)
      lines[#lines + 1] = ("%s = %s%s"):format(name, hidden and MASK or shown(value), place)
    end
  end
  return lines
end

---A score with three digits.
---@param score number
---@return number
function recognised.score(score)
  return math.floor(score * 1000 + 0.5) / 1000
end

---The sensitive values among slots, as they could stand in a text.
---@param checked intent_webhook.CheckedIntent
---@param slots table
---@return string[]
function recognised.sensitive(checked, slots)
  local values = {}
  for _, slot in ipairs(checked.slots) do
    local value = slots[slot[1]]
    if slot[3] and (type(value) == "string" or type(value) == "number") then
      values[#values + 1] = tostring(value)
      if type(value) == "number" then values[#values + 1] = json.value(value) end
    end
  end
  return values
end

---What sensitive slots got in any of several candidates for one text, as they got it and as it was said, and where:
---another candidate may have it, or a part of it, in a slot that is not sensitive.
---@class intent_webhook.SecretTexts
---@field [integer] string
---@field spans integer[][] first and last byte in the text

---@param client intent_webhook.Client
---@param candidates intent_webhook.Explanation[]
---@param said string the text
---@return intent_webhook.SecretTexts
function recognised.secrets(client, candidates, said)
  local secrets = { spans = {} }
  for _, one in ipairs(candidates) do
    local checked = client.intents[one.intent]
    for _, value in ipairs(recognised.sensitive(checked, one.slots or {})) do secrets[#secrets + 1] = value end
    for _, slot in ipairs(checked.slots) do
      local span = slot[3] and one.spans and one.spans[slot[1]]
      if span then
        secrets[#secrets + 1] = said:sub(span[1], span[2])
        secrets.spans[#secrets.spans + 1] = span
      end
    end
  end
  return secrets
end

---Whether any intent of a client has a sensitive slot. Then a text may hold a value of one wherever it stands, also
---when another intent matched, or none.
---@param client intent_webhook.Client
---@return boolean
function recognised.has_sensitive(client)
  for _, checked in ipairs(client.list) do
    for _, slot in ipairs(checked.slots) do
      if slot[3] then return true end
    end
  end
  return false
end

---Whether a slot of that name is sensitive in any intent.
---@param client intent_webhook.Client
---@param name string
---@return boolean
function recognised.is_sensitive(client, name)
  for _, checked in ipairs(client.list) do
    local slot = checked.by_name[name]
    if slot and slot.sensitive then return true end
  end
  return false
end

---A text without the secrets in it. A short one is only found where it stands alone, as a word.
---@param client intent_webhook.Client
---@param words string
---@param secrets string[]
---@return string
function recognised.hide(client, words, secrets)
  words = client.core:redact(words, secrets)
  for _, secret in ipairs(secrets) do
    if #secret < LEAST and secret:find("^%w+$") then
      words = words:gsub("%f[%w]" .. secret .. "%f[%W]", MASK)
    end
  end
  return words
end

---What stands for what a rule raised, where it may quote a value of a sensitive slot.
recognised.NOT_SHOWN = "what the rule raised is not shown, since it may quote the text"

local FUNCTION_NOT_SHOWN = "what the function raised is not shown, since it may quote the text"

-- What stands in the place of what a function raised that was given the text, or a sensitive value that nobody has
-- kept; nil where it may be shown.
local function unshown(client, where)
  if where:find(".rules[", 1, true) then return recognised.has_sensitive(client) and recognised.NOT_SHOWN or nil end
  if where:find("%.type$") then return recognised.has_sensitive(client) and FUNCTION_NOT_SHOWN or nil end
  local path = where:match("^(.*)%.validate$")
  for _, checked in ipairs(path and client.list or {}) do
    for _, slot in ipairs(checked.fields) do
      if slot.path == path and slot.sensitive then return FUNCTION_NOT_SHOWN end
    end
  end
end

-- What a user's function raised. A rule is given the text, and its traceback quotes nothing of it but in the names of
-- chunks that were loaded from strings; a map is given the slots.
local function message_of(client, one, values)
  local instead = unshown(client, one.where)
  if not instead then return recognised.hide(client, one.message, values) end
  local traceback = one.message:match(".*(\nstack traceback:\n.*)") or ""
  return instead .. traceback:gsub('%[string ".-"%]', "[string]")
end

---The context, without the values that are those of sensitive slots too.
---@param checked intent_webhook.CheckedIntent
---@param slots table
---@param context table|nil
---@return string|nil JSON
function recognised.context(checked, slots, context)
  if not context then return nil end
  local secret, shown_context = {}, {}
  for _, slot in ipairs(checked.slots) do
    local value = slots[slot[1]]
    if slot[3] and value ~= nil then secret[json.value(value)] = true end
  end
  for key, value in next, context do
    local hidden = secret[json.value(value)] or secret[json.value(json.value(value))] -- 5 and "5"
      or (type(value) == "string" and secret[value])
    shown_context[key] = hidden and MASK or value
  end
  return json.any(shown_context)
end

---What users' functions raised, without values of sensitive slots.
---@param client intent_webhook.Client
---@param checked intent_webhook.CheckedIntent|nil of the intent that matched
---@param slots table|nil
---@param errors intent_webhook.RuleError[]|nil
---@param secrets string[]|nil what must not be shown; default: the sensitive values among the slots
---@return string|nil JSON
function recognised.errors(client, checked, slots, errors, secrets)
  if not errors then return nil end
  local values = secrets or checked and recognised.sensitive(checked, slots) or {}
  local elements = {}
  for index, one in ipairs(errors) do
    local message = json.value(message_of(client, one, values))
    elements[index] = json.object { { "where", json.value(one.where) }, { "message", message } }
  end
  return json.array(elements)
end

---The same for people, on standard error.
---@param client intent_webhook.Client
---@param screen intent_webhook.Terminal
---@param checked intent_webhook.CheckedIntent|nil of the intent that matched
---@param slots table|nil
---@param errors intent_webhook.RuleError[]|nil
---@param secrets string[]|nil as for `errors`
function recognised.print_errors(client, screen, checked, slots, errors, secrets)
  local values = secrets or checked and recognised.sensitive(checked, slots) or {}
  for _, one in ipairs(errors or {}) do
    screen:note(text.line(one.where) .. ": " .. text.lines(message_of(client, one, values)))
  end
end

return recognised
