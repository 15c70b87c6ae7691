--- Builds shim.c, and gives the environment of a child process that runs behind it.
--
--     local shim = require("spec.support.shim").build(folder)
--     process.run { "lua5.4", "script.lua", env = shim:environment { ["name.test"] = "127.0.0.1" } }
--     shim:log()      { "lookup name.test", "connect 127.0.0.1 80", ... } since the last environment()

local process = require "spec.support.process"

local shim = {}

local Shim = {}
Shim.__index = Shim

--- Compiles into a folder of the test's.
function shim.build(folder)
  local library = folder .. "/shim.so"
  local status, output, errors = process.run({ os.getenv("CC") or "cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-shared",
    "-fPIC", "-o", library, "spec/support/shim.c", "-ldl" }, 60)
  if status ~= 0 then error("the shim could not be built: " .. output .. errors, 2) end
  return setmetatable({ library = library, log_file = folder .. "/shim.log" }, Shim)
end

--- names: what names resolve to, in the terms of shim.c. Begins a new log.
function Shim:environment(names)
  os.remove(self.log_file)
  local entries = {}
  for name, answer in pairs(names or {}) do entries[#entries + 1] = name .. "=" .. answer end
  local before = os.getenv("LD_PRELOAD") -- a sanitizer's library has to stay the first
  return {
    LD_PRELOAD = (before and before ~= "" and before .. " " or "") .. self.library,
    SHIM_NAMES = table.concat(entries, ";"),
    SHIM_LOG = self.log_file,
  }
end

function Shim:log()
  local lines = {}
  for line in process.read_file(self.log_file):gmatch("[^\n]+") do lines[#lines + 1] = line end
  return lines
end

return shim
