-- chat_gateway: the chat gateway that the benchmarks run in nginx. POST /chat takes the contract's slots as JSON,
-- answers at once and, by the case, does one of
--
--     nothing       nginx without us
--     fire          a webhook of ours
--     cosocket      a webhook as one writes it without us, in the manner of lua-resty-http: ngx.timer.at(0), a cosocket
--                   that is kept alive, the answer's head read and looked at, its body read
--
-- `left` says how many webhooks are still on their way.

local cjson = require "cjson.safe"

local chat_gateway = {}

local TIMEOUT_MS, IDLE_MS = 10000, 4000
local AT_ONCE = 4000 -- requests in flight, connections that are kept

local REQUEST = table.concat({
  "POST %s HTTP/1.1", "Host: 127.0.0.1:%d", "Content-Type: application/json",
  "User-Agent: rag-go-intent-webhook/1.0", "Authorization: Bearer abc123", "Content-Length: %d", "", "%s",
}, "\r\n")

-- True, or nil and what went wrong.
local function exchange(connection, path, port, body)
  local sent, problem = connection:send(REQUEST:format(path, port, #body, body))
  if not sent then return nil, problem end
  local line = connection:receive("*l")
  local status = line and line:match("^HTTP/1%.[01] (%d%d%d)")
  if not status then return nil, "no status line" end
  local length = 0
  repeat
    line, problem = connection:receive("*l")
    if not line then return nil, problem end
    local name, value = line:match("^([^:]+):%s*(.-)%s*$")
    if name and name:lower() == "content-length" then length = tonumber(value) end
  until line == ""
  if length > 0 then
    local _, reason = connection:receive(length)
    if reason then return nil, reason end
  end
  if status:sub(1, 1) ~= "2" then return nil, "status " .. status end
  return true
end

local function post(_, port, path, body)
  local connection = ngx.socket.tcp()
  connection:settimeout(TIMEOUT_MS)
  local connected, problem = connection:connect("127.0.0.1", port)
  if connected then connected, problem = exchange(connection, path, port, body) end
  if connected then
    connection:setkeepalive(IDLE_MS, AT_ONCE)
  else
    ngx.log(ngx.ERR, "webhook: ", problem)
  end
end

local actions = {}

function actions.nothing()
  return function() end, function() return 0 end
end

function actions.cosocket(port, path)
  local function act(slots)
    local made, problem = ngx.timer.at(0, post, port, path, cjson.encode(slots))
    if not made then ngx.log(ngx.ERR, "webhook: ", problem) end
  end
  return act, function() return ngx.timer.pending_count() + ngx.timer.running_count() end
end

function actions.fire(port, path, history)
  local webhooks = assert(require("intent_webhook.openresty").new({
    history = history,
    queue_limit = 100000,
    intents = { require("contract").intent("book_appointment", ("http://127.0.0.1:%d%s"):format(port, path),
      { in_flight = AT_ONCE }) },
  }))
  local function act(slots) assert(webhooks:fire("book_appointment", slots)) end
  return act, function()
    local stats = webhooks.client:stats()
    return stats.queued + stats.in_flight + stats.unrecorded
  end
end

function chat_gateway.new(case, port, path, history)
  local act, left = actions[case](port, path, history)
  local gateway = {}

  function gateway.chat()
    ngx.req.read_body()
    local slots = cjson.decode(ngx.req.get_body_data() or "")
    if type(slots) ~= "table" then return ngx.exit(400) end
    act(slots)
    ngx.say('{"reply":"We will see to it."}')
  end

  function gateway.left() ngx.say(left()) end

  return gateway
end

return chat_gateway
