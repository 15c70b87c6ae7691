-- The page's API against docs/page.md: what stands there is so, and what is so stands there. Over HTTP, as
-- `intent-webhook serve` answers.

local cjson = require "cjson"
local command = require "spec.support.command"
local locked = require "spec.support.locked"
local process = require "spec.support.process"
local receivers = require "spec.support.receiver"
local socket = require "socket"
local sqlite = require "spec.support.sqlite"
local webhook = require "intent_webhook"

local TOKEN = "a-token-for-the-spec"
local documentation = process.read_file("docs/page.md")

-- ---- what is documented ----

-- The text below a heading, up to the next one of its level or above.
local function section(heading)
  local level, start = nil, nil
  for position, marks, title in documentation:gmatch("()\n(#+) ([^\n]+)") do
    if start and #marks <= level then return documentation:sub(start, position) end
    if not start and title == heading then level, start = #marks, position + 1 end
  end
  assert(start, "no section " .. heading)
  return documentation:sub(start)
end

-- The words in backticks in the first cell of a table's rows, for tables whose head begins with that word, each with
-- what stands in the second cell.
local function documented(text, head)
  local found, inside = {}, false
  for line in text:gmatch("([^\n]*)\n") do
    local cell, second = line:match("^| *(.-) *| *(.-) *|")
    if not cell then
      inside = false
    elseif cell == head then
      inside = true
    elseif inside then
      for word in cell:gmatch("`([^`]+)`") do found[word] = second end
    end
  end
  assert(next(found), "no table with " .. head)
  return found
end

local function names(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- ---- HTTP ----

local port

local function send(method, path, headers, body)
  local connection = assert(socket.connect("127.0.0.1", port))
  connection:settimeout(20)
  local lines = { ("%s %s HTTP/1.1"):format(method, path), "Connection: close" }
  headers = headers or {}
  if headers.Host == nil then headers.Host = "127.0.0.1:" .. port end
  if body then headers["Content-Length"] = #body end
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  assert(connection:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
  return connection
end

local function whole(body)
  local pieces, position = {}, 1
  while true do
    local size, start = body:match("^(%x+)\r\n()", position)
    size = tonumber(assert(size, "a chunk"), 16)
    if size == 0 then return table.concat(pieces) end
    pieces[#pieces + 1] = body:sub(start, start + size - 1)
    position = start + size + 2
  end
end

-- Status, body, headers as a table with names in lower case.
local function answer(connection)
  local text = assert(connection:receive("*a"))
  connection:close()
  local head, body = text:match("^(.-)\r\n\r\n(.*)$")
  local headers = {}
  for name, value in (head or ""):gmatch("\r\n([^:]+): ([^\r]*)") do headers[name:lower()] = value end
  if headers["transfer-encoding"] == "chunked" then body = whole(body) end
  return assert(tonumber((head or ""):match("^HTTP/1%.1 (%d+)")), text), body, headers
end

local function request(...)
  return answer(send(...))
end

local function get(path, headers)
  return request("GET", path, headers)
end

local function get_json(path, headers)
  local status, body = get(path, headers)
  assert.are.equal(200, status, body)
  return cjson.decode(body)
end

local function post(path, form, headers)
  headers = headers or { Origin = "http://127.0.0.1:" .. port }
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  return request("POST", path, headers, form)
end

local function encode(text)
  return (text:gsub("[^%w]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- ---- what is so ----

local function type_of(value)
  if value == cjson.null then return "null" end
  if type(value) ~= "table" then return type(value) end
  return (#value > 0 or next(value) == nil) and "list" or "object"
end

-- Enters the fields of an answer into `found`, with the types that they had; those of members of lists are
-- "list[].field". What is in a field of `leave` is left out.
local function collect(found, value, path, leave)
  for name, member in pairs(value) do
    local field = path .. name
    found[field] = found[field] or {}
    found[field][type_of(member)] = true
    if type(member) == "table" and not leave[field] then
      if type_of(member) == "list" then
        for _, one in ipairs(member) do
          if type(one) == "table" then collect(found, one, field .. "[].", leave) end
        end
      else
        collect(found, member, field .. ".", leave)
      end
    end
  end
  return found
end

-- Every documented field occurs, every field is documented, and their types are as the table says.
local function assert_fields(expected, found)
  assert.are.same(names(expected), names(found))
  for field, types in pairs(found) do
    for kind in pairs(types) do
      local sentence = ("%s is documented as %s and was %s"):format(field, expected[field], kind)
      assert.is_truthy(expected[field]:find(kind, 1, true), sentence)
    end
  end
end

-- The names in a list of strings of the sources.
local function names_in_source(path, list)
  local text = process.read_file(path):match(list .. "%[%] = (%b{})")
  local found = {}
  for name in assert(text, "no list " .. list):gmatch('"([%w_]+)"') do found[name] = true end
  return names(found)
end

-- The names of the filters that the sources have, of a list ("LIST") or of an export ("EXPORT").
local function filters_in_source(user)
  local found = {}
  for name, users in process.read_file("src/page_filters.c"):gmatch('X%(%u+, "([%w_]+)", (%u+)%)') do
    if users == user or users == "BOTH" then found[name] = true end
  end
  return names(found)
end

describe("the page's API #once", function()
  local folder, receiver, client, path, server, ids

  local function serve(history, words, env)
    local all = { "serve", "--history", history, "--port", "0" }
    for _, word in ipairs(words or {}) do all[#all + 1] = word end
    local started = command.start(all, env)
    port = tonumber(started.first_line:match(":(%d+)"))
    return started
  end

  -- Runs body with another server, as `port` says meanwhile.
  local function with_server(history, words, env, body)
    local before = port
    local started = serve(history, words, env)
    local good, problem = pcall(body)
    started:stop()
    port = before
    assert(good, problem)
  end

  local function fire(name, slots, session)
    local id = assert(client:fire(name, slots, { session = session }))
    client:wait(id, 10)
    return id
  end

  setup(function()
    folder, receiver, ids = process.temporary_folder(), receivers.start(), {}
    path = folder .. "/history.db"
    local closed = ("http://127.0.0.1:%d/closed"):format(process.free_port())
    client = assert(webhook.new {
      history = path,
      intents = {
        { name = "good", slots = { "n" }, actions = { { webhook = receiver:url("/status/200") },
          { webhook = receiver:url("/status/500") } } },
        { name = "bad", slots = { "n" }, actions = { { webhook = closed } } },
        { name = "noted", slots = { "n" } },
        { name = "hangs", slots = { "n" }, actions = { { webhook = receiver:url("/hang"), timeout = 60 } } },
      },
    })
    for index = 1, 12 do ids[index] = fire(index % 3 == 0 and "bad" or "good", { n = index }, "s" .. index % 2) end
    ids.noted = fire("noted", { n = ("é"):rep(400) })
    ids.hangs = assert(client:fire("hangs", { n = 1 }))
    assert(process.wait_until(function() return client:event(ids.hangs) end, 5, "the last event to be recorded"))
    server = serve(path)
  end)

  teardown(function()
    if client then client:close(0) end
    process.stop_all()
    process.remove(folder)
  end)

  it("gives the fields of the list that are documented, and no others", function()
    local expected = documented(section "The list", "field")
    for field in pairs(documented(section "The list", "parameter")) do assert.is_string(field) end
    local found = {}
    for _, query in ipairs { "", "&search=good", "&brief=true", "&after=1", "&seqs=1,2,3" } do
      local page = get_json("/api/events?limit=200" .. query)
      for _, event in ipairs(page.events) do collect(found, event, "", { slots = true, deliveries = true }) end
      page.events = #page.events > 0 and cjson.empty_array or page.events
      collect(found, page, "", { events = true })
      found.events = { list = true }
    end
    assert.are.same(names(expected), names(found))
    assert.is_true(found.cut.boolean)
    assert.is_true(found.searched_to.null)
  end)

  it("gives events, deliveries and attempts as docs/history.md has them", function()
    local example = process.read_file("docs/history.md"):match('\n(    {"seq": 1,.-)\n\n')
    local expected = collect({}, cjson.decode(example), "", { slots = true })
    local found = collect({}, get_json("/api/events/" .. ids[1]), "", { slots = true })
    assert.are.same(names(expected), names(found))
    local in_list = {}
    local list = get_json("/api/events?limit=200").events
    for _, event in ipairs(list) do collect(in_list, event, "", { slots = true }) end
    local words = section("The list"):match("| `deliveries` | list | each with ([^|]-), as in")
    local fields = {}
    for field in words:gmatch("`([^`]+)`") do fields["deliveries[]." .. field] = true end
    for field in pairs(in_list) do if not field:find("^deliveries%[%]") then fields[field] = true end end
    assert.are.same(names(fields), names(in_list))
  end)

  it("gives the fields of overview, names, session and erasing that are documented, with these types", function()
    local found = collect({}, get_json("/api/overview?span=hour"), "", {})
    assert_fields(documented(section "Overview", "field"), found)
    assert_fields(documented(section "Names", "field"), collect({}, get_json("/api/names"), "", {}))
    assert_fields(documented(section "Session", "field"), collect({}, get_json("/api/session"), "", {}))
    local status, body = post("/api/erase", "dry_run=true&session=s1")
    assert.are.equal(200, status, body)
    assert_fields(documented(section "Erasing", "field"), collect({}, cjson.decode(body), "", {}))
  end)

  it("has steps in the overview as documented, with the last one for now", function()
    local counts = { hour = { 60, 60 }, day = { 600, 144 }, week = { 3600, 168 } }
    for span, expected in pairs(counts) do
      local overview = get_json("/api/overview?span=" .. span)
      assert.are.equal(span, overview.span)
      assert.are.same(expected, { overview.step, #overview.delivered })
      assert.are.equal(#overview.delivered, #overview.failed)
      local last = overview.from + overview.step * #overview.delivered
      assert.is_true(overview.from + overview.step * (#overview.delivered - 1) <= os.time() and os.time() <= last + 1)
    end
  end)

  it("counts in the overview what the history has", function()
    local overview = get_json("/api/overview?span=day")
    local sum = { delivered = 0, failed = 0 }
    for outcome in pairs(sum) do
      for _, count in ipairs(overview[outcome]) do sum[outcome] = sum[outcome] + count end
    end
    assert.are.same({ delivered = 8, failed = 12 }, sum)
    local causes = {}
    for _, one in ipairs(overview.causes) do causes[one.cause] = one.count end
    assert.are.same({ status_5xx = 8, connect_refused = 4 }, causes)
    assert.are.equal(1, overview.pending)
  end)

  it("has a sentence for each cause of docs/history.md", function()
    local expected, text = {}, process.read_file("docs/history.md"):match("\n## Causes\n(.-)\n## ")
    for code, sentence in text:gmatch("\n| `([%w_]+)` | ([^|]-) |") do expected[code] = sentence end
    assert.are.same(expected, get_json("/api/causes"))
  end)

  it("takes the parameters that are documented, and no others", function()
    local list = documented(section "The list", "parameter")
    assert.are.same(filters_in_source "LIST", names(list))
    local values = { status = "failed", since = "1", ["until"] = "2.5", before = "3", after = "3", limit = "4",
      brief = "true", seqs = "1,2" }
    for name in pairs(list) do
      assert.are.equal(200, (get("/api/events?" .. name .. "=" .. (values[name] or "x"))), name)
    end
    local exported = { format = true }
    for name in section("Export"):match("The other parameters are (.-), as for"):gmatch("`([^`]+)`") do
      exported[name] = true
    end
    assert.are.same(filters_in_source "EXPORT", names(exported))
    exported.format = nil
    for name in pairs(exported) do
      assert.are.equal(200, (get("/api/export?format=csv&" .. name .. "=" .. (values[name] or "xyz"))), name)
    end
    local erased = documented(section "Erasing", "parameter")
    assert.are.same(names_in_source("src/page_erase.c", "erase_names"), names(erased))
  end)

  it("filters by each status that is documented", function()
    local cell = section("The list"):match("| `status` | ([^|]+) |")
    local counts = {}
    for word in cell:gmatch("`(%w+)`") do counts[word] = #get_json("/api/events?limit=200&status=" .. word).events end
    assert.are.same({ pending = 1, delivered = 8, failed = 12, retrying = 0, paused = 0, unknown = 0, recorded = 1 },
      counts)
  end)

  it("names what is wrong with a request", function()
    local wrong = { "colour=red", "limit=0", "limit=201", "limit=x", "status=lost", "since=soon", "before=-1",
      "brief=1", "after=1&before=2", "seqs=1,,2", "intent=a&intent=b", "until=%zz" }
    for _, query in ipairs(wrong) do
      local status, body = get("/api/events?" .. query)
      local problem = cjson.decode(body)
      assert.are.equal(400, status, query)
      assert.are.equal("bad_request", problem.code)
      local name = query:match("^%w+")
      if not query:find("%%") then assert.is_truthy(problem.error:find(name, 1, true), problem.error) end
    end
  end)

  it("answers each route that is documented, with the method that is documented", function()
    local routes, rows = section "The API", 0
    for route, method in routes:gmatch("\n| `(/[^`]*)` | (%u+) |") do
      rows = rows + 1
      local place = route:gsub("ID", ids[1]):gsub("/N/", "/1/"):gsub("/K/", "/1/")
      if route == "/api/export" then place = place .. "?format=jsonl" end
      local other = method == "GET" and "PUT" or "GET"
      local status, _, headers = request(other, place)
      assert.are.equal(405, status, route)
      assert.is_truthy(headers.allow:find(method, 1, true), route)
      if method == "GET" then
        assert.are.equal(200, (get(place)), route)
        local head, body = request("HEAD", place)
        assert.are.same({ 200, "" }, { head, body }, route)
      end
    end
    assert.are.equal(15, rows)
  end)

  it("gives bodies as the bytes that they are, to be saved", function()
    local base = "/api/events/" .. ids[1] .. "/deliveries/1/attempts/1/"
    local status, body, headers = get(base .. "request_body")
    assert.are.same({ 200, '{"n":"1"}' }, { status, (body:gsub(":1}", ':"1"}')) })
    assert.are.equal("application/octet-stream", headers["content-type"])
    assert.are.equal(('attachment; filename="%s-1-1-request_body"'):format(ids[1]), headers["content-disposition"])
    headers = select(3, get(base .. "response_body"))
    assert.are.equal(('attachment; filename="%s-1-1-response_body"'):format(ids[1]), headers["content-disposition"])
    assert.are.equal(404, (get("/api/events/" .. ids[1] .. "/deliveries/3/attempts/1/request_body")))
    assert.are.equal(404, (get("/api/events/" .. ids[1] .. "/deliveries/1/attempts/2/response_body")))
  end)

  it("answers with each error that is documented", function()
    local expected, found = {}, {}
    for code, statuses in section("Errors"):gmatch("\n| `([%w_]+)` | ([%d, ]+) |") do
      for status in statuses:gmatch("%d+") do expected[code .. " " .. status] = true end
    end
    local sources = {}
    for status, code in process.read_file("src/page_exchange.h"):gmatch('X%([%u_]+, (%d+), "([%w_]+)"%)') do
      sources[code .. " " .. status] = true
    end
    assert.are.same(names(sources), names(expected))
    local function note(status, body, headers)
      local problem = cjson.decode(body)
      assert.are.same({ "code", "error" }, names(problem))
      found[problem.code .. " " .. status] = true
      return headers
    end
    note(get("/api/events?x=1"))
    note(post("/api/erase", "id=x", {}))
    note(get("/api/none"))
    note(post("/api/events", ""))
    note(post("/api/erase", ("x"):rep(17000)))
    note(get("/api/events?search=" .. ("x"):rep(9000)))
    note(get("/api/events", { Host = "rebound.example.org" }))
    with_server(path, { "--token-env", "PAGE_TOKEN" }, { PAGE_TOKEN = TOKEN }, function()
      assert.are.equal("Bearer", note(get("/api/events"))["www-authenticate"])
      note(get("/api/events", { Authorization = "Bearer wrong" }))
    end)
    process.write_file(folder .. "/none.db", "")
    with_server(folder .. "/none.db", nil, nil, function()
      process.write_file(folder .. "/none.db", ("no database "):rep(1000)) -- with that it would not start
      note(get("/api/events"))
    end)
    expected["memory 503"] = nil -- C tests take the memory away
    expected["busy 503"], expected["timeout 503"] = nil, nil -- below
    assert.are.same(names(expected), names(found))
  end)

  it("says timeout when the file is locked for too long, and busy when too many wait for it", function()
    local copy = folder .. "/locked.db"
    sqlite(path, ".backup " .. copy)
    local lock = locked.for_all(copy)
    with_server(copy, nil, nil, function()
      local waiting, codes = {}, {}
      for index = 1, 80 do waiting[index] = send("GET", "/api/events") end
      -- whichever come after 64 are refused at once; those that are worked on are given up after five seconds
      while not codes.timeout do
        local ready = socket.select(waiting, nil, 20)
        assert.is_truthy(ready[1], "an answer")
        for _, connection in ipairs(ready) do
          for index, other in ipairs(waiting) do
            if other == connection then table.remove(waiting, index) break end
          end
          local status, body = answer(connection)
          assert.are.equal(503, status)
          codes[cjson.decode(body).code] = true
        end
      end
      assert.are.same({ busy = true, timeout = true }, codes)
      for _, connection in ipairs(waiting) do connection:close() end
    end)
    lock:stop()
  end)

  it("exports the columns that are documented", function()
    local _, body, headers = get("/api/export?format=csv")
    local columns = {}
    for column in body:match("^(.-)\r\n"):gmatch("[^,]+") do columns[#columns + 1] = column end
    table.sort(columns)
    assert.are.same(names(documented(section "Export", "column")), columns)
    assert.is_truthy(headers["content-disposition"]:find("attachment", 1, true))
    local _, lines = get("/api/export?format=jsonl&intent=good")
    local count = 0
    for line in lines:gmatch("[^\n]+") do
      count = count + 1
      local event = cjson.decode(line)
      assert.are.same(get_json("/api/events/" .. event.id), event)
    end
    assert.are.equal(8, count)
    assert.are.same({ "csv", "jsonl" }, names(documented(section "Export", "format")))
  end)

  it("has the metrics that are documented, with their types and labels", function()
    local served = assert(client:serve { port = 0 }) -- whose queue is known
    local before = port
    port = served.port
    local _, body, headers = get("/metrics")
    port = before
    served:close()
    assert.is_truthy(headers["content-type"]:find("text/plain; version=0.0.4", 1, true))
    local found = {}
    for name, kind in body:gmatch("# TYPE ([%w_:]+) (%w+)\n") do
      assert.is_truthy(body:find("# HELP " .. name .. " ", 1, true), name)
      found[name] = kind
    end
    assert.are.same(documented(section "Metrics", "metric"), found)
    local labels = {}
    for name, _, label in section("Metrics"):gmatch("\n| `([%w_]+)` | (%w+) | ([^|]-) |") do
      labels[name] = {}
      for word in label:gmatch("`([%w_]+)`") do labels[name][word] = true end
    end
    for name, given in body:gmatch("\n([%w_:]+)(%b{}) ") do
      local metric = labels[name] or labels[name:gsub("_bucket$", ""):gsub("_sum$", ""):gsub("_count$", "")]
      assert.is_table(metric, name)
      for label in given:gmatch('([%w_]+)="') do assert.is_true(metric[label], name .. " has the label " .. label) end
    end
  end)

  it("neither skips nor repeats an event while others come in, in either direction", function()
    local known = {}
    local first = get_json("/api/events?limit=200")
    for _, event in ipairs(first.events) do known[#known + 1] = event.seq end
    local count = 0
    local function insert()
      for _ = 1, 5 do
        count = count + 1
        assert(client:fire("noted", { n = tostring(count) }))
      end
    end
    local back, before = {}, nil
    repeat
      insert()
      local page = get_json("/api/events?limit=3" .. (before and ("&before=%d"):format(before) or ""))
      for _, event in ipairs(page.events) do back[#back + 1] = event.seq end
      before = page.next
    until before == cjson.null
    for index = 2, #back do assert.is_true(back[index] < back[index - 1]) end
    for index = 1, #known do assert.are.equal(known[#known - index + 1], back[#back - index + 1]) end

    local forward, after = { known[1] }, known[1]
    local inserts = 10
    repeat
      if inserts > 0 then insert() end
      inserts = inserts - 1
      local page = get_json(("/api/events?limit=7&after=%d"):format(after))
      for _, event in ipairs(page.events) do
        forward[#forward + 1] = event.seq
        after = event.seq
      end
      if inserts == 0 then assert(client:flush(0.1) or true) end
    until inserts < 0 and page.next == cjson.null and #forward == count + 1
    for index = 2, #forward do assert.is_true(forward[index] > forward[index - 1]) end
  end)

  it("asks events again by their seqs, whatever else is asked", function()
    local all = get_json("/api/events?limit=3").events
    local seqs = ("%d,%d"):format(all[3].seq, all[1].seq)
    local page = get_json("/api/events?intent=none&seqs=" .. seqs)
    assert.are.same({ all[1].seq, all[3].seq }, { page.events[1].seq, page.events[2].seq })
    assert.are.equal(cjson.null, page.next)
  end)

  it("erases what a dry run has counted", function()
    local gone = fire("noted", { n = "Person to be forgotten" }, "forget me")
    local form = "containing=" .. encode("to be forgotten")
    local _, counted = post("/api/erase", form .. "&dry_run=true")
    assert.are.equal(1, cjson.decode(counted).events)
    assert.are.equal(200, (get("/api/events/" .. gone)))
    local _, erased = post("/api/erase", form)
    assert.are.equal(1, cjson.decode(erased).events)
    assert.are.equal(404, (get("/api/events/" .. gone)))
  end)

  it("lets a person log in and out, and a program send the token", function()
    with_server(path, { "--token-env", "PAGE_TOKEN" }, { PAGE_TOKEN = TOKEN }, function()
      assert.are.same({ token = true, authorised = false, version = webhook.VERSION }, get_json("/api/session"))
      assert.are.equal(200, (get("/api/names", { Authorization = "Bearer " .. TOKEN })))
      local start = socket.gettime()
      assert.are.equal(401, (post("/api/login", "token=another-long-token")))
      assert.is_true(socket.gettime() - start >= 0.9)
      local status, _, headers = post("/api/login", "token=" .. TOKEN)
      assert.are.equal(204, status)
      local cookie = headers["set-cookie"]:match("^[^;]+")
      assert.is_nil(cookie:find(TOKEN, 1, true))
      for _, word in ipairs { "HttpOnly", "SameSite=Strict", "Max-Age=43200" } do
        assert.is_truthy(headers["set-cookie"]:find(word, 1, true), word)
      end
      assert.are.equal(200, (get("/api/events", { Cookie = cookie })))
      assert.is_true(get_json("/api/session", { Cookie = cookie }).authorised)
      local _, _, stranger = post("/api/logout", "")
      assert.is_nil(stranger["set-cookie"])
      assert.are.equal(400, (post("/api/logout", "everywhere=true")))
      local _, _, left = post("/api/logout", "", { Cookie = cookie, ["Sec-Fetch-Site"] = "same-origin" })
      assert.is_truthy(left["set-cookie"]:find("Max-Age=0", 1, true))
    end)
  end)

  it("is healthy as long as the history can be read", function()
    local status, body = get("/healthz")
    assert.are.same({ 200, "ok\n" }, { status, body })
    assert.is_false(server:ended())
  end)
end)
