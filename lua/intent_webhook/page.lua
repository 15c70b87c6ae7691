--- page: the options of the Intent History page, checked once for the three ways to serve it: `client:serve`, the
-- command `intent-webhook serve`, and nginx (openresty.history). And the server of the first two.

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"

local page = {}

local SHORTEST_TOKEN = 16 -- characters: hopeless to guess, whatever the rate

---What every way to serve the page takes.
---@class intent_webhook.PageOptions
---@field prefix? string the path that the page is below, like "/a/b": ASCII letters, digits, "-", ".", "_", "~" and
---  single slashes, one of them at its beginning and none at its end, no step "." or ".."; default "", but "/history"
---  in nginx
---@field token? string who sends it may see the page, as a bearer token or by logging in; at least 16 visible ASCII
---  characters; default: nobody is asked
---@field token_env? string the environment variable that holds the token; refused when it is not set
---@field hosts? string[] names, besides localhost and IP addresses, that the page is asked for by
local COMMON = {
  { name = "token", type = "string", also = { "secret", "password", "bearer" } },
  { name = "token_env", type = "string", hint = "name the environment variable that holds the token" },
  { name = "hosts", type = "list", default = {}, most = 100, also = { "host", "names", "server_name", "hostnames" },
    hint = 'list names, like { "history.example.org" }' },
}

---What `client:serve` takes.
---@class intent_webhook.ServeOptions: intent_webhook.PageOptions
---@field address? string IPv4 or IPv6 address to listen on; any but loopback needs a token; default "127.0.0.1"
---@field port? integer 0 to 65535; 0: any that is free; default 8090
local SERVE = {
  { name = "address", type = "string", default = "127.0.0.1", also = { "bind", "ip", "listen" } },
  { name = "port", type = "integer", default = 8090, from = 0, to = 65535 },
  { name = "prefix", type = "string", default = "", also = { "path", "mount" } },
}

---What `openresty.history` takes.
---@class intent_webhook.LocationOptions: intent_webhook.PageOptions
---@field history string path of the history file; it need not exist yet
local LOCATION = {
  { name = "history", type = "string", required = true, also = { "database", "db", "file" },
    hint = "name the SQLite file that keeps the history" },
  { name = "prefix", type = "string", default = "/history", also = { "path", "mount", "location" } },
}

for _, option in ipairs(COMMON) do
  SERVE[#SERVE + 1] = option
  LOCATION[#LOCATION + 1] = option
end

local function read_token(mistakes, accepted)
  local name, token, place = accepted.token_env, accepted.token, "token"
  if name then
    place = "token_env"
    if token then return mistakes:add(place, "is given as well as token: remove one of the two") end
    if name == "" then return mistakes:add(place, "is empty: name the variable, or leave it out") end
    token = os.getenv(name)
    if not token then
      local sentence = "names the environment variable %s, which is not set: set it, or ask for no token"
      return mistakes:add(place, sentence:format(name))
    end
  end
  if not token then return end
  local owner = name and ("names the environment variable %s, whose value "):format(name) or ""
  if token:find("[^\33-\126]") then
    mistakes:add(place, owner .. "may only have visible ASCII characters, and no spaces")
  elseif #token < SHORTEST_TOKEN then
    local sentence = "%shas %d characters, but needs %d: take random ones, like those of openssl rand -hex 16"
    mistakes:add(place, sentence:format(owner, #token, SHORTEST_TOKEN))
  end
  accepted.token = token
end

local function check_hosts(mistakes, hosts)
  for index, name in ipairs(hosts) do
    local place = check.within("hosts", index)
    if check.type(mistakes, place, name, "string", "write a name") and not name:find("^[%w%-._]+$") then
      mistakes:add(place, 'must be a name without scheme and port, like "history.example.org"')
    end
  end
end

local PREFIX = 'must be a path like "/history": it begins with a slash, does not end in one, has no two of them in a '
  .. 'row, and besides them only ASCII letters, digits, "-", ".", "_" and "~"; no step is "." or ".."'

local function is_prefix(path)
  if path == "" then return true end
  return path:find("^/[%w%-._~/]+$") and path:sub(-1) ~= "/" and not path:find("//", 1, true)
    and not path:find("/%.%.?%f[/%z]") -- which no browser would ask for
end

local function check_common(mistakes, given, known)
  local accepted = check.options(mistakes, "", given == nil and {} or given, known)
  if not accepted or mistakes:first() then return nil end
  read_token(mistakes, accepted)
  check_hosts(mistakes, accepted.hosts)
  if not is_prefix(accepted.prefix) then
    mistakes:add("prefix", PREFIX)
  end
  return accepted
end

---The options of `client:serve`, checked.
---@param mistakes intent_webhook.Mistakes gets what is wrong
---@param given any nil: none
---@return table|nil accepted
function page.check_serve(mistakes, given)
  return check_common(mistakes, given, SERVE)
end

---The options of `openresty.history`, checked.
---@param mistakes intent_webhook.Mistakes gets what is wrong
---@param given any
---@return table|nil accepted
function page.check_location(mistakes, given)
  local accepted = check_common(mistakes, given, LOCATION)
  if not accepted then return nil end
  if accepted.history == "" then mistakes:add("history", "is empty: name the SQLite file that keeps the history") end
  if accepted.history:find("%z") then mistakes:add("history", "holds a NUL: remove it") end
  return accepted
end

---A page of the core, of options that are checked.
---@param accepted table
---@param history string path
---@param hosts_option string what adds to the hosts, for those who ask for the page by another name
---@param client userdata|nil of the core, for the figures of its queue
---@return userdata|nil page
---@return string|nil message
---@return string|nil code "memory", "system"
function page.make(accepted, history, hosts_option, client)
  return core.page {
    history = history, prefix = accepted.prefix, token = accepted.token, hosts = accepted.hosts,
    hosts_option = hosts_option, client = client,
  }
end

-- Server -----------------------------------------------------------------------------------------------------------

---A page on a port. Made by `client:serve`.
---@class intent_webhook.Server
---@field url string where it is
---@field port integer
---@field server userdata
---@field page userdata
local Server = { __name = "intent_webhook.Server" }
Server.__index = Server

-- The module, or a sentence that says why not.
local function server_module()
  local found, server = pcall(require, "intent_webhook.server")
  if found then return server end
  return nil, "this installation has no server (intent_webhook.server, needs libmicrohttpd)"
end

---Serves a page, of options that are checked.
---@param mistakes intent_webhook.Mistakes gets what is wrong with the address
---@param accepted table
---@param history string path
---@param hosts_option string as for `make`
---@param client userdata|nil of the core
---@return intent_webhook.Server|nil # nil also when there is a mistake
---@return string|nil message
---@return string|nil code "address": nothing can listen there; "system", "memory"
function page.serve(mistakes, accepted, history, hosts_option, client)
  local module, problem = server_module()
  if not module then return nil, problem, "system" end
  local loopback = module.is_loopback(accepted.address)
  if loopback == nil then
    mistakes:add("address", "must be an IPv4 or IPv6 address, like 127.0.0.1 or ::1")
  elseif not loopback and not accepted.token then
    local sentence = "is needed on %s, which others may reach: give one, or listen on 127.0.0.1"
    mistakes:add("token", sentence:format(accepted.address))
  end
  if mistakes:first() then return nil end
  local made, message, code = page.make(accepted, history, hosts_option, client)
  if not made then return nil, message, code end
  local server
  server, message, code = module.open { page = made, address = accepted.address, port = accepted.port }
  if not server then
    made:close()
    return nil, message, code
  end
  local host = accepted.address:find(":", 1, true) and "[" .. accepted.address .. "]" or accepted.address
  local url = ("http://%s:%d%s/"):format(host, server:port(), accepted.prefix)
  return setmetatable({ url = url, port = server:port(), server = server, page = made }, Server)
end

---Ends it at once, and gives the port back. A second time does nothing.
---@return true
function Server:close()
  self.server:close()
  self.page:close()
  return true
end

Server.__close = Server.close

return page
