--- webhook_action: the action that posts. Reads where to, and with what headers, and has the core make the endpoint.
--
-- Lua looks at the names and types; what a URL, a token or a header may hold is the C core's to say, when it makes the
-- endpoint. Its sentences begin with the option that they are about.

local check = require "intent_webhook.check"
local template = require "intent_webhook.template"

local webhook_action = {}

---A checked webhook action.
---@class intent_webhook.CheckedWebhook: intent_webhook.Action
---@field endpoint userdata|nil the core's; nil when there is no core to ask
---@field map intent_webhook.MapFunction|nil
---@field payload intent_webhook.TemplateTree|nil
---@field timeout number seconds

local MOST_HEADERS = 100

-- The core's names for options that are called otherwise here.
local CORE_NAMES = { url = "webhook" }

local function header_list(mistakes, path, headers)
  local list, by_name = {}, {}
  for name, value in pairs(headers) do
    local place = check.within(path, name)
    if type(name) ~= "string" then
      mistakes:add(place, 'has no name: write headers like { ["X-Name"] = "value" }')
    elseif check.type(mistakes, place, value, "string", "give the header a value") then
      if (name .. value):find("%z") then
        mistakes:add(place, "holds a NUL: remove it")
      else
        local header = { name, value, false }
        list[#list + 1] = header
        by_name[name:lower()] = header
      end
    end
  end
  if #list > MOST_HEADERS then
    mistakes:add(path, ("has %d headers, but %d is the most"):format(#list, MOST_HEADERS))
  end
  table.sort(list, function(one, other) return one[1] < other[1] end)
  return list, by_name
end

local function mark_secret(mistakes, path, names, list, by_name)
  local known = {}
  for _, header in ipairs(list) do known[#known + 1] = header[1] end
  for index, name in ipairs(names) do
    local place = check.within(path, index)
    if check.type(mistakes, place, name, "string", "name a header") then
      local header = by_name[name:lower()]
      if header then
        header[3] = true
      else
        mistakes:add(place, ('is "%s", which is not in headers%s'):format(name, check.suggestion(name, known)))
      end
    end
  end
end

local function read_token(mistakes, path, accepted)
  local name = accepted.token_env
  if not name then return accepted.token end
  local place = check.within(path, "token_env")
  if accepted.token then
    mistakes:add(place, "is given as well as token: remove one of the two")
    return nil
  end
  if name == "" then
    mistakes:add(place, "is empty: name the variable, or leave token_env out")
    return nil
  end
  local token = os.getenv(name)
  if not token then
    mistakes:add(place, ("names the environment variable %s, which is not set: set it, or leave token_env out"):format(
      name))
  end
  return token
end

-- Asks the core. Its sentence "url: is ..." becomes a mistake of the option "webhook", or of `place`.
local function ask_core(mistakes, path, definition, endpoint, core_client, place)
  local made, sentence = core_client:endpoint(endpoint)
  if made then return made end
  local name, message = sentence:match("^([%w_]+): (.*)$")
  if not name then return mistakes:add(path, sentence) end
  name = CORE_NAMES[name] or name
  if name == "token" and definition.token_env ~= nil then name = "token_env" end
  if name == "allow" and definition.allow == nil then return mistakes:add("allow", message) end -- the client's
  mistakes:add(place or check.within(path, name), message)
end

local GOOD_URL = "http://127.0.0.1/"

-- The core stops at the first mistake, so it is asked about each part alone, with a URL that is good.
local function ask_core_in_parts(mistakes, path, definition, endpoint, core_client)
  local function ask(part, place)
    part.url = part.url or GOOD_URL
    ask_core(mistakes, path, definition, part, core_client, place)
  end
  if endpoint.url then ask { url = endpoint.url } end
  if endpoint.token then ask { token = endpoint.token } end
  for _, header in ipairs(endpoint.headers) do
    ask({ headers = { header } }, check.within(check.within(path, "headers"), header[1]))
  end
  for _, range in ipairs(endpoint.allow or {}) do ask { allow = { range } } end
  if endpoint.ca_file then ask { ca_file = endpoint.ca_file } end
end

-- Makes the endpoint, or adds every mistake in it. clean: no mistake is known so far.
local function make_endpoint(mistakes, path, definition, endpoint, core_client, clean)
  local made = clean and core_client:endpoint(endpoint)
  if made then return made end
  local before = #mistakes.list
  ask_core_in_parts(mistakes, path, definition, endpoint, core_client)
  if #mistakes.list > before then return nil end
  endpoint.url = endpoint.url or GOOD_URL
  return ask_core(mistakes, path, definition, endpoint, core_client) -- parts may be good alone, and not together
end

local function warn_of_ca_file(mistakes, place, path)
  local problem = path and path ~= "" and check.unreadable(path)
  if problem then mistakes:warn(place, ("cannot be read (%s): webhooks over https would fail"):format(problem)) end
end

-- The payload's templates, or nil.
local function read_payload(mistakes, path, accepted, names)
  if accepted.payload == nil then return nil end
  local place = check.within(path, "payload")
  if accepted.map then return mistakes:add(place, "is given as well as map: remove one of the two") end
  if type(accepted.payload) == "function" then
    return mistakes:add(place, "is a function: call it map, or give a value with slots in braces")
  end
  return template.check_tree(mistakes, place, accepted.payload, names, true)
end

-- Everything that the core wants to know of the endpoint.
local function read_endpoint(mistakes, path, accepted, client)
  local headers, by_name = header_list(mistakes, check.within(path, "headers"), accepted.headers)
  mark_secret(mistakes, check.within(path, "secret_headers"), accepted.secret_headers, headers, by_name)
  local allow = client.allow
  if accepted.allow then
    allow = check.strings(mistakes, check.within(path, "allow"), accepted.allow, "write an address range")
  end
  return {
    url = accepted.webhook,
    token = read_token(mistakes, path, accepted),
    headers = headers,
    timeout = accepted.timeout,
    in_flight = accepted.in_flight,
    public_only = (accepted.network or client.network) == "public",
    allow = allow,
    ca_file = accepted.ca_file,
    disabled = accepted.disabled,
  }
end

---Makes a webhook action; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition table what the user wrote
---@param accepted table its checked options
---@param before integer how many mistakes there were before the options were checked
---@param client table the client's checked options: defaults for network and allow
---@param core_client userdata|nil
---@param names string[] of the intent's slots
---@return intent_webhook.CheckedWebhook
function webhook_action.new(mistakes, path, definition, accepted, before, client, core_client, names)
  local endpoint = read_endpoint(mistakes, path, accepted, client)
  local made = { map = accepted.map, timeout = accepted.timeout }
  local clean = #mistakes.list == before
  if core_client then
    made.endpoint = make_endpoint(mistakes, path, definition, endpoint, core_client, clean)
  end
  made.payload = read_payload(mistakes, path, accepted, names)
  warn_of_ca_file(mistakes, check.within(path, "ca_file"), accepted.ca_file)
  return made
end

return webhook_action
