-- The LuaLS annotations of the public functions: there, and about the parameters that there are.

local process = require "spec.support.process"

-- File, and the tables in it whose functions are public.
local PUBLIC = {
  ["lua/intent_webhook.lua"] = { "webhook", "Client" },
  ["lua/intent_webhook/history.lua"] = { "History" },
  ["lua/intent_webhook/openresty.lua"] = { "openresty", "WorkerClient" },
}

-- The public functions of a file, each with its name, parameters, and the lines of the comment above it.
local function functions_of(path, owners)
  local found, comment = {}, {}
  for line in (process.read_file(path) .. "\n"):gmatch("(.-)\n") do
    local owner, name, parameters = line:match("^function ([%w_]+)[.:]([%w_]+)%((.-)%)")
    if owner and owners[owner] and name:sub(1, 2) ~= "__" then
      local names = {}
      for parameter in parameters:gmatch("[%w_.]+") do names[#names + 1] = parameter end
      found[#found + 1] = { name = owner .. "." .. name, parameters = names, comment = comment }
    end
    if line:sub(1, 3) == "---" then comment[#comment + 1] = line:sub(4) else comment = {} end
  end
  return found
end

local function annotated_parameters(comment)
  local names = {}
  for _, line in ipairs(comment) do names[#names + 1] = line:match("^@param ([%w_.]+)%??%s") end
  return names
end

local function has(comment, pattern)
  for _, line in ipairs(comment) do
    if line:find(pattern) then return true end
  end
  return false
end

describe("the annotations #once", function()
  for path, owners in pairs(PUBLIC) do
    local wanted = {}
    for _, owner in ipairs(owners) do wanted[owner] = true end
    it("say what every public function of " .. path .. " does, takes and returns", function()
      local found = functions_of(path, wanted)
      assert.is_true(#found >= 4, path)
      for _, one in ipairs(found) do
        assert.is_true(has(one.comment, "^%s*%u.*%."), one.name .. ": no sentence about it")
        assert.are.same(one.parameters, annotated_parameters(one.comment), one.name)
        assert.is_true(has(one.comment, "^@return"), one.name .. ": no @return")
      end
    end)
  end

  it("are there for whatever a host can call", function()
    local webhook = require "intent_webhook"
    local folder = process.temporary_folder()
    finally(function() process.remove(folder) end)
    local client = assert(webhook.new { history = folder .. "/history.db", intents = {} })
    local history = assert(webhook.history(folder .. "/history.db"))
    local documented = {}
    for path, owners in pairs(PUBLIC) do
      local wanted = {}
      for _, owner in ipairs(owners) do wanted[owner] = true end
      for _, one in ipairs(functions_of(path, wanted)) do documented[one.name] = true end
    end
    local metatables = { webhook = webhook, Client = getmetatable(client), History = getmetatable(history) }
    for owner, members in pairs(metatables) do
      for name, member in pairs(members) do
        if type(member) == "function" and name:sub(1, 2) ~= "__" then
          assert.is_true(documented[owner .. "." .. name], owner .. "." .. name)
        end
      end
    end
    history:close()
    client:close(5)
  end)
end)
