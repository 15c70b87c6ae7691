--- openresty: a client in the workers of nginx, and the Intent History page in a location, for OpenResty and for nginx
-- with its Lua module.
--
--     init_by_lua_block {
--       webhooks = assert(require("intent_webhook.openresty").new { history = "...", intents = "..." })
--     }
--     exit_worker_by_lua_block { webhooks:close() }
--     ...
--     content_by_lua_block { ngx.say(webhooks:message(text).status) }
--
-- Made in init_by_lua it is one client a worker: the master starts nothing, and each worker has its own threads from
-- its first event on. All of them write one history file.
--
-- Nothing of ours may call into a worker, so results are pulled: while deliveries are on their way, a timer polls ten
-- times a second and calls the user's function, a hundred times at most before other requests have their turn. When
-- nothing is on its way there is no timer, so that an idle worker sleeps and a Lua state of `lua_code_cache off` ends
-- with its request's deliveries (ngx.timer.every would keep it for good).
--
-- A worker that exits gracefully has its timers run out at once and gets no new ones. From then on an event polls for
-- those before it, and `close` for the last ones.
--
--     init_by_lua_block { history = require("intent_webhook.openresty").history { history = "..." } }
--     ...
--     location = /history { content_by_lua_block { history() } } # leads to the next one
--     location /history/ { content_by_lua_block { history() } }
--
-- A request for the page is handed to threads of the core's, as everything that reads the file. The worker looks
-- whether they are done, every 2 ms at first and 20 ms later.

local argument = require "intent_webhook.argument"
local check = require "intent_webhook.check"
local page = require "intent_webhook.page"
local webhook = require "intent_webhook"

local openresty = {}

local INTERVAL = 0.1 -- seconds between two polls
local PORTION = 100 -- deliveries that are handed over without a look at other requests: about 0.2 ms
local LATE = 1 -- after so many seconds more a timer is taken for lost: lua_max_running_timers was reached
local STOP = 2 -- what a graceful stop waits for deliveries
local FAST_STOP = 0.5 -- what a fast stop waits: the master kills workers 3 s after it has asked them

---A client as the workers of nginx use it. Made by `openresty.new`.
---@class intent_webhook.WorkerClient
---@field client intent_webhook.Client for `stats`; its methods that wait are not for workers
---@field on_delivery fun(delivery: intent_webhook.Delivery)
---@field due number when the timer that is on its way counts as lost; 0: there is none
local WorkerClient = { __name = "intent_webhook.WorkerClient" }
WorkerClient.__index = WorkerClient

-- For users who want to hear only of what went wrong.
local function log_trouble(delivery)
  if delivery.status == "failed" then
    local sentence = 'webhook %d of intent "%s", event %s, failed: %s: %s'
    ngx.log(ngx.WARN, sentence:format(delivery.number, delivery.intent, delivery.id, delivery.cause, delivery.reason))
  end
  if not delivery.recorded then ngx.log(ngx.WARN, "event ", delivery.id, " is not in the history so far") end
end

---Makes a client, in init_by_lua (best) or in init_worker_by_lua. Nothing is opened or started before the first event.
---Raises the first mistake in the options.
---@param given intent_webhook.ClientOptions
---@param on_delivery? fun(delivery: intent_webhook.Delivery) called in the worker for every delivery that is finished,
---  within about 0.1 s; may use what timers may; what it raises is logged. Default: those that failed or could not be
---  recorded are logged as warnings
---@return intent_webhook.WorkerClient|nil
---@return string|nil message
---@return string|nil code as those of `webhook.new`
function openresty.new(given, on_delivery)
  if on_delivery ~= nil and type(on_delivery) ~= "function" then
    error("openresty.new: on_delivery: must be a function, got " .. type(on_delivery), 2)
  end
  local good, client, message, code = pcall(webhook.new, given)
  if not good then error(client, 2) end
  if not client then return nil, message, code end
  return setmetatable({ client = client, on_delivery = on_delivery or log_trouble, due = 0 }, WorkerClient)
end

local function call_back(self, deliveries)
  for _, delivery in ipairs(deliveries) do
    local good, problem = pcall(self.on_delivery, delivery)
    if not good then ngx.log(ngx.ERR, "on_delivery: ", tostring(problem)) end
  end
end

local await_results

-- `due` tells this timer from later ones.
local function tick(_, self, due)
  repeat
    local deliveries = self.client:poll(PORTION)
    call_back(self, deliveries)
    if #deliveries == PORTION then ngx.sleep(0.001) end -- with 0, nginx would come back here before it looks further
  until #deliveries < PORTION
  if self.due ~= due then return end -- another one took over while on_delivery waited
  self.due = 0
  if not ngx.worker.exiting() and self.client:stats().bytes > 0 then await_results(self) end
end

-- Has a timer poll, if none is going to. Where nginx has no room for another timer, the next event tries again.
function await_results(self)
  local now = ngx.now()
  if now < self.due then return end
  local phase = ngx.get_phase()
  if phase == "init" then error("the master process cannot fire: do it in init_worker_by_lua or later", 3) end
  if phase == "exit_worker" then return end -- close polls
  local due = now + INTERVAL + LATE
  if ngx.timer.at(ngx.worker.exiting() and 0 or INTERVAL, tick, self, due) then self.due = due end
end

---A store for the option `sessions` in a dictionary that all workers share: `lua_shared_dict NAME 32m;`. It outlives a
---reload, but not nginx. Of two messages of one session that are handled at once, the second is taken after the first.
---Raises when there is no such dictionary.
---@param name string of the dictionary
---@param ttl? number seconds without a message after which a session is over, 1 to 31536000; default 3600
---@return intent_webhook.OwnSessions
function openresty.sessions(name, ttl)
  local dictionary = type(name) == "string" and ngx.shared[name]
  if not dictionary then
    local sentence = 'openresty.sessions: name: there is no dictionary "%s": declare it, like lua_shared_dict %s 32m;'
    error(sentence:format(tostring(name), type(name) == "string" and name or "sessions"), 2)
  end
  return {
    ttl = ttl,
    get = function(id)
      local text, problem = dictionary:get("session:" .. id)
      if text == nil then return nil, problem end
      return text
    end,
    put = function(id, text, seconds, before)
      local key, lock = "session:" .. id, "lock:" .. id
      if not dictionary:add(lock, true, 1) then return false end -- another worker is at it; ends by itself after 1 s
      local same, good, problem = dictionary:get(key) == before, true, nil
      if same then good, problem = dictionary:safe_set(key, text, seconds) end -- pushes no other session out
      dictionary:delete(lock)
      if not same then return false end
      if not good then return nil, problem end
      return true
    end,
  }
end

---Looks for the intent that a message fits best, and fires it. Returns at once, in every phase of a worker. Raises in
---init_by_lua, since the master fires nothing.
---@param text string
---@param given? intent_webhook.MessageOptions
---@return intent_webhook.MessageResult|intent_webhook.Turn|nil
---@return string|nil message
---@return string|nil code as those of `client:message`
function WorkerClient:message(text, given)
  await_results(self)
  return self.client:message(text, given) -- a tail call: what it raises names the caller's line
end

---Takes what an NLU or a model recognised. Returns at once, in every phase of a worker. Raises in init_by_lua.
---@param result string|table JSON text, or the table that it is
---@param given? intent_webhook.NluOptions
---@return intent_webhook.Turn|nil
---@return string|nil message
---@return string|nil code as those of `client:nlu`
function WorkerClient:nlu(result, given)
  await_results(self)
  return self.client:nlu(result, given)
end

---Fires an intent with these slots. Returns at once, in every phase of a worker. Raises as `client:fire` does, and in
---init_by_lua.
---@param name string
---@param slots? table values by name; optional ones may be missing
---@param given? intent_webhook.MessageOptions
---@return string|nil id of the event
---@return string|nil message
---@return string|nil code as those of `client:fire`
---@return intent_webhook.Outcome|nil outcome
function WorkerClient:fire(name, slots, given)
  await_results(self)
  return self.client:fire(name, slots, given)
end

---For exit_worker_by_lua: accepts nothing more, waits for what is under way, and hands over the last results. What is
---not finished in time is recorded as failed, client_closed. In a fast stop (TERM) it waits half a second at most.
---@param timeout? number seconds; default 2
---@return true|nil
---@return string|nil message how many deliveries were cut off
---@return string|nil code "timeout"
function WorkerClient:close(timeout)
  if timeout == nil then timeout = STOP end
  if type(timeout) ~= "number" or timeout ~= timeout or timeout < 0 then
    error("close: timeout: must be a number of seconds from 0, got " .. tostring(timeout), 2)
  end
  if ngx.get_phase() == "exit_worker" and not ngx.worker.exiting() then timeout = math.min(timeout, FAST_STOP) end
  local closed, message, code = self.client:close(timeout)
  call_back(self, self.client:poll())
  return closed, message, code
end

-- The page ---------------------------------------------------------------------------------------------------------

local FIRST_LOOK, LAST_LOOK, SLOWER = 0.002, 0.02, 1.5 -- seconds between two looks, and their growth
local MOST_BODY = 16 * 1024 + 1 -- bytes: one more than the page takes, so that it sees that there are too many

local BUSY = '{"error":"The page has too much to do: ask again in a moment.","code":"busy"}'

local function read_body()
  ngx.req.read_body()
  local body, path = ngx.req.get_body_data(), ngx.req.get_body_file()
  if body then return body:sub(1, MOST_BODY) end
  local file = path and io.open(path, "rb")
  if not file then return nil end
  body = file:read(MOST_BODY)
  file:close()
  return body
end

local function read_request()
  local var = ngx.var
  local host, version = var.http_host, ngx.req.http_version() -- no version: later than those that the Lua module knows
  if not host and (not version or version >= 2) then host = var.host end -- which may have it elsewhere
  return {
    method = ngx.req.get_method(), target = var.request_uri, host = host, origin = var.http_origin,
    fetch_site = var.http_sec_fetch_site, authorization = var.http_authorization, cookie = var.http_cookie,
    if_none_match = var.http_if_none_match, accept_encoding = var.http_accept_encoding, body = read_body(),
    secure = var.scheme == "https" or var.http_x_forwarded_proto == "https",
  }
end

-- Waits until the page has made a response, or the next piece of it; nil when the client has gone meanwhile.
local function await_response(call, client)
  local pause = FIRST_LOOK
  while not client.gone do
    local response = call:take()
    if response then return response end
    ngx.sleep(pause)
    pause = math.min(pause * SLOWER, LAST_LOOK)
  end
end

local function send_head(response)
  ngx.status = response.status
  for _, header in ipairs(response.headers) do ngx.header[header[1]] = header[2] end
  if not response.more then ngx.header["Content-Length"] = #response.body end
end

-- Sends a response to its end. False when the client has gone, or a piece could not be made.
local function send(call, client, response)
  send_head(response)
  if ngx.req.get_method() == "HEAD" or response.body == "" and not response.more then return ngx.send_headers() end
  while ngx.print(response.body) and ngx.flush(true) do
    if not response.more then return true end
    while not client.gone and not call:more() do ngx.sleep(LAST_LOOK) end -- others have the page's threads
    response = await_response(call, client)
    if not response or response.broken then return false end
  end
  return false
end

local function serve(made)
  local client = { gone = false }
  ngx.on_abort(function() client.gone = true end) -- does nothing without lua_check_client_abort
  local call = made:call(read_request())
  if not call then
    ngx.status = ngx.HTTP_SERVICE_UNAVAILABLE
    ngx.header["Content-Type"] = "application/json"
    return ngx.print(BUSY)
  end
  local response = await_response(call, client)
  if response and response.delay > 0 then ngx.sleep(response.delay) end
  local complete = response and send(call, client, response)
  call:close()
  if not complete then ngx.exit(ngx.ERROR) end -- so that the client sees that it is not all
end

local function make(accepted, name)
  local hosts = { name ~= "" and name or nil }
  for _, host in ipairs(accepted.hosts) do hosts[#hosts + 1] = host end
  local options = { prefix = accepted.prefix, token = accepted.token, hosts = hosts }
  local made, message = page.make(options, accepted.history, "openresty.history { hosts = { ... } }")
  if not made then error("openresty.history: " .. message, 0) end
  return made
end

---The Intent History page, for a location: call what this returns in content_by_lua. Made in init_by_lua, best; nothing
---is opened or started before the first request. Who may see it is up to the location, unless there is a token. Besides
---`hosts`, the name in `server_name` may be asked for. Raises the first mistake in the options.
---@param given intent_webhook.LocationOptions
---@return fun() # serves the request
function openresty.history(given)
  local mistakes = check.mistakes()
  local accepted = page.check_location(mistakes, given)
  local mistake = mistakes:first()
  if mistake then
    local path = mistake.path == "" and "options" or mistake.path
    argument.misuse("openresty.history", path .. ": " .. mistake.message)
  end
  local pages = {} -- by the name of the server that the location is in, which only a request tells
  return function()
    local name = ngx.var.server_name or ""
    if not name:find("^[%w%-.]+$") then name = "" end -- none, a pattern, or a name with a star
    pages[name] = pages[name] or make(accepted, name)
    return serve(pages[name])
  end
end

return openresty
