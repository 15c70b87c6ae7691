-- What users install: the rockspecs, what LuaRocks makes of them, and `make install`.

local listener = require "intent_webhook.listener"
local process = require "spec.support.process"
local webhook = require "intent_webhook"

local SCM = "rockspec/intent-webhook-scm-1.rockspec"
local RELEASE = "rockspec/intent-webhook-" .. webhook.VERSION .. "-1.rockspec"
local BUILD_SECONDS = 280

local function lines_of(command)
  local lines = {}
  for line in process.shell(command):gmatch("[^\n]+") do lines[#lines + 1] = line end
  return lines
end

-- What a rockspec says, as a table.
local function read(path)
  local said, set_environment = {}, rawget(_G, "setfenv") -- Lua 5.1
  local chunk = assert(loadfile(path, "t", said))
  if set_environment then set_environment(chunk, said) end
  chunk()
  return said
end

local function sorted(list)
  local copy = {}
  for index, value in ipairs(list) do copy[index] = value end
  table.sort(copy)
  return copy
end

describe("a rockspec #once", function()
  it("builds exactly the sources that there are", function()
    local modules, built = read(SCM).build.modules, {}
    for name, module in pairs(modules) do
      assert.are.same(sorted(module.sources), module.sources, name)
      for _, source in ipairs(module.sources) do built[source] = true end
    end
    local sources = {}
    for source in pairs(built) do sources[#sources + 1] = source end
    assert.are.same(lines_of("ls src/*.c | LC_ALL=C sort"), sorted(sources))
    for _, source in ipairs(modules["intent_webhook.core"].sources) do
      assert.is_nil(source:find("listener", 1, true), source)
    end
  end)

  it("has every file of the page in the core, and the page names no other", function()
    local listed, files = {}, lines_of("ls src/page | LC_ALL=C sort")
    local assets = process.read_file("src/page_assets.c")
    for name in assets:gmatch('X%([%w_]+, "([%w_.]+)"') do listed[#listed + 1] = name end
    assert.are.same(files, sorted(listed))
    local known = {}
    for _, name in ipairs(files) do known[name] = true end
    for _, file in ipairs(files) do
      local source = process.read_file("src/page/" .. file)
      for name in source:gmatch('[%a]+="([%w_]+%.%a+)"') do assert.is_true(known[name], file .. ": " .. name) end
      for name in source:gmatch('"%./([%w_]+%.js)"') do assert.is_true(known[name], file .. ": " .. name) end
    end
  end)

  it("of a release has the module's version, and its place in the list of changes", function()
    assert.are.equal(webhook.VERSION .. "-1", read(RELEASE).version)
    assert.are.equal("v" .. webhook.VERSION, read(RELEASE).source.tag)
    assert.is_truthy(process.read_file("CHANGELOG.md"):find(webhook.VERSION, 1, true))
  end)

  it("passes LuaRocks' own check", function()
    for _, path in ipairs { SCM, RELEASE } do
      local status, output, errors = process.run { "luarocks", "lint", path }
      assert.are.equal(0, status, output .. errors)
    end
  end)
end)

-- The interpreters that an installation for one version has to serve.
local INTERPRETERS = { ["5.4"] = { "lua5.4" }, ["5.1"] = { "lua5.1", "luajit" } }

local SEND = [[
local webhook = require "intent_webhook"
local client = assert(webhook.new {
  history = arg[2],
  intents = { { name = "order", slots = { "number" }, actions = { { webhook = arg[1] } } } },
})
local id = assert(client:fire("order", { number = 7 }))
print(client:wait(id)[1].status, webhook.VERSION)
client:close()
]]

-- Files below a folder, without what LuaRocks keeps about its rocks.
local function files_below(folder)
  return lines_of(("cd %s && find . -type f ! -path './lib/luarocks/*' | LC_ALL=C sort"):format(process.quote(folder)))
end

local function expected_files(version)
  local expected = { "./bin/intent-webhook" }
  for _, module in ipairs { "core", "listener", "server" } do
    expected[#expected + 1] = ("./lib/lua/%s/intent_webhook/%s.so"):format(version, module)
  end
  for _, file in ipairs(lines_of("cd lua && find . -name '*.lua'")) do
    expected[#expected + 1] = ("./share/lua/%s/%s"):format(version, file:sub(3))
  end
  return sorted(expected)
end

local function paths(tree, version)
  return {
    LUA_PATH = ("%s/share/lua/%s/?.lua;;"):format(tree, version),
    LUA_CPATH = ("%s/lib/lua/%s/?.so;;"):format(tree, version),
  }
end

describe("an installation #once", function()
  local folder, receiver

  before_each(function()
    folder = process.temporary_folder()
    receiver = assert(listener.open {})
  end)
  after_each(function()
    receiver:close()
    process.remove(folder)
  end)

  local function run(words, seconds)
    local status, output, errors = process.run(words, seconds or 60)
    assert.are.equal(0, status, output .. errors)
    return output
  end

  local function in_folder(where, command, env)
    return { "sh", "-c", "cd " .. process.quote(where) .. " && " .. command, env = env }
  end

  -- The module sends, and the command runs, from a directory that has nothing of ours.
  local function check_use(tree, version, command_env)
    assert.are.same(expected_files(version), files_below(tree))
    run(in_folder(folder, "mkdir -p elsewhere && cat >elsewhere/send.lua <<'LUA'\n" .. SEND .. "LUA"))
    for _, interpreter in ipairs(INTERPRETERS[version]) do
      local output = run(in_folder(folder .. "/elsewhere",
        ("%s send.lua http://127.0.0.1:%d/hook %s.db"):format(interpreter, receiver:port(), interpreter),
        paths(tree, version)))
      assert.are.equal("delivered\t" .. webhook.VERSION .. "\n", output)
      assert.are.equal('{"number":7}', assert(receiver:take(5)).body)
    end
    local help = run(in_folder(folder .. "/elsewhere", process.quote(tree .. "/bin/intent-webhook") .. " --help",
      command_env))
    assert.is_truthy(help:find("^usage: intent%-webhook"), help)
  end

  for version in pairs(INTERPRETERS) do
    -- The system's lua-cjson is there, though LuaRocks did not install it; and nothing is fetched.
    local function luarocks(arguments)
      return "LUAROCKS_CONFIG=$PWD/../luarocks.lua luarocks --lua-version " .. version .. " " .. arguments
    end

    it("with LuaRocks, from a fresh clone and from a packed rock, is complete for Lua " .. version, function()
      run { "sh", "-c", ("mkdir %s/clone && git ls-files -z | xargs -0 cp --parents -t %s/clone"):format(folder,
        folder) }
      run(in_folder(folder, [[echo 'rocks_servers = {} rocks_provided = { ["lua-cjson"] = "2.1.0-1" }' >luarocks.lua]]))
      run(in_folder(folder .. "/clone", luarocks("--tree ../tree make")), BUILD_SECONDS)
      check_use(folder .. "/tree", version)
      run(in_folder(folder .. "/clone", luarocks("--tree ../tree pack intent-webhook")))
      run(in_folder(folder .. "/clone", luarocks("--tree ../second install *.rock")))
      run { "rm", "-rf", folder .. "/clone", folder .. "/tree" }
      check_use(folder .. "/second", version)
    end)

    it("with make is complete for Lua " .. version .. ", and leaves nothing when it is removed", function()
      local tree = folder .. "/installed/opt"
      local make = ("env -u LUA make -s LUA_VERSION=%s DESTDIR=%s/installed PREFIX=/opt "):format(version, folder)
      run({ "sh", "-c", make .. "install" }, BUILD_SECONDS)
      check_use(tree, version, paths(tree, version))
      run { "sh", "-c", make .. "uninstall" }
      assert.are.same({}, files_below(folder .. "/installed"))
    end)
  end
end)
