--- Processes that tests start: each is stopped by its own pid, also when a test fails.
--
-- Needs a POSIX shell. Whoever starts something calls process.stop_all in a teardown or after_each; stop is idempotent.

local socket = require "socket"

local process = {}

local running = {} -- of this test run: the only thing here that lives longer than a call

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local content = file:read("*a")
  file:close()
  return content
end

function process.write_file(path, content)
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
end

-- A sanitizer's library that was loaded into this Lua is for this Lua, not for the programs that it starts.
local function shell(command)
  local pipe = assert(io.popen("unset LD_PRELOAD; " .. command, "r"))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

process.quote, process.read_file, process.shell, process.sleep = quote, read_file, shell, socket.sleep

--- Of the process that runs the tests.
function process.pid()
  return tonumber((shell("echo $PPID")))
end

--- Waits until condition() is true, at most `timeout` seconds; returns what it returned, or raises naming `what`.
function process.wait_until(condition, timeout, what)
  local deadline = socket.gettime() + timeout
  while true do
    local value = condition()
    if value then return value end
    if socket.gettime() > deadline then error("waited " .. timeout .. " s in vain for " .. what, 2) end
    socket.sleep(0.005)
  end
end

--- A new, empty folder; process.remove deletes it with all that is in it.
function process.temporary_folder()
  return (shell("mktemp -d /tmp/intent-webhook-spec.XXXXXXXX"):gsub("%s+$", ""))
end

function process.remove(folder)
  assert(folder:match("^/tmp/intent%-webhook%-spec%.%w+$"), "not a folder of ours")
  shell("rm -rf " .. quote(folder))
end

local FIRST_PORT, RUNS, PORTS_OF_RUN = 20000, 120, 100 -- up to 32,000; Linux gives out those from 32,768 on
local ports_given = 0

--- A TCP port of loopback on which nothing listens, another one each time. Hardly anybody takes it before it is used:
--- it is none of those that programs get that ask for any port, and test runs side by side have their own.
function process.free_port()
  local first = FIRST_PORT + process.pid() % RUNS * PORTS_OF_RUN
  for _ = 1, PORTS_OF_RUN do
    local port = first + ports_given % PORTS_OF_RUN
    ports_given = ports_given + 1
    local server = socket.bind("127.0.0.1", port)
    if server then
      server:close()
      return port
    end
  end
  error("there is no free port", 2)
end

--- The Lua that runs this.
function process.interpreter()
  if os.getenv("LUA") then return os.getenv("LUA") end
  local arguments, first = rawget(_G, "arg") or {}, 0
  while arguments[first - 1] do first = first - 1 end
  return first < 0 and arguments[first] or "lua5.4"
end

-- command: a list of words, with env = { NAME = value } beside them. Another Lua gets what this one was loaded with.
local function command_line(command)
  local words = { "exec", "env" }
  for name, value in pairs(command.env or {}) do words[#words + 1] = quote(name .. "=" .. value) end
  local preload = os.getenv("LD_PRELOAD")
  if command[1] == process.interpreter() and preload and not (command.env or {}).LD_PRELOAD then
    words[#words + 1] = quote("LD_PRELOAD=" .. preload)
  end
  for _, word in ipairs(command) do words[#words + 1] = quote(word) end
  return table.concat(words, " ")
end

local Process = {}
Process.__index = Process

--- What it has printed so far.
function Process:output()
  return read_file(self.folder .. "/out")
end

function Process:errors()
  return read_file(self.folder .. "/err")
end

-- A process that has ended is a zombie until its pipe is closed.
function Process:ended()
  local state = shell("ps -o stat= -p " .. self.pid .. " 2>/dev/null")
  return state == "" or state:sub(1, 1) == "Z"
end

-- What it started and left behind, a line each. A zombie has ended.
function Process:left()
  return shell(("ps -o pid=,stat=,args= -s %d | awk '$1 != %d && $2 !~ /^Z/'"):format(self.pid, self.pid))
end

--- Stops it: asks, and after two seconds insists. Raises when two seconds later anything is there that it started.
function Process:stop()
  if not running[self] then return end
  running[self] = nil
  shell("kill -TERM " .. self.pid .. " 2>/dev/null")
  local ended = pcall(process.wait_until, function() return self:ended() end, 2, "the process to end")
  if not ended then shell("kill -KILL " .. self.pid .. " 2>/dev/null") end
  local alone = pcall(process.wait_until, function() return self:left() == "" end, 2, "its children to end")
  local left = alone and "" or self:left()
  for pid in left:gmatch("%f[^\n%z] *(%d+)") do shell("kill -KILL " .. pid .. " 2>/dev/null") end
  self.pipe:close()
  process.remove(self.folder)
  if left ~= "" then error("these were left behind:\n" .. left, 2) end
end

--- Starts a command (a list of words; env = {...}) and waits up to `timeout` seconds (default 10) for its first line.
function process.start(command, timeout)
  local folder = process.temporary_folder()
  local script = ("unset LD_PRELOAD; echo $$; exec >%s 2>%s </dev/null; %s"):format(quote(folder .. "/out"),
    quote(folder .. "/err"), command_line(command))
  local pipe = assert(io.popen("exec setsid sh -c " .. quote(script), "r")) -- a session of its own, see Process:left
  local self = setmetatable({ pid = assert(tonumber(pipe:read("*l"))), pipe = pipe, folder = folder }, Process)
  running[self] = true
  local line
  local ok = pcall(process.wait_until, function()
    line = self:output():match("^([^\n]*)\n")
    return line or self:ended()
  end, timeout or 10, "its first line")
  if not ok or not line then
    local errors = self:errors()
    self:stop()
    error(command[1] .. " did not start: " .. errors, 2)
  end
  self.first_line = line
  return self
end

--- Runs a command to its end, at most `timeout` seconds (default 30): exit status, standard output, standard error.
function process.run(command, timeout)
  local folder = process.temporary_folder()
  local status = shell(("timeout -k 2 %d sh -c %s >%s 2>%s </dev/null; echo $?"):format(timeout or 30,
    quote(command_line(command)), quote(folder .. "/out"), quote(folder .. "/err")))
  local output, errors = read_file(folder .. "/out"), read_file(folder .. "/err")
  process.remove(folder)
  return tonumber(status), output, errors
end

function process.stop_all()
  local list = {}
  for started in pairs(running) do list[#list + 1] = started end
  local problems = {}
  for _, started in ipairs(list) do
    local good, problem = pcall(started.stop, started)
    if not good then problems[#problems + 1] = problem end
  end
  if problems[1] then error(table.concat(problems, "\n"), 2) end
end

return process
