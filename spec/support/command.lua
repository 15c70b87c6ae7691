--- The command intent-webhook, started for a test.

local process = require "spec.support.process"

local command = {}

local function root()
  return (process.shell("pwd"):gsub("\n", ""))
end

--- The words that start it in a shell, where `shell` is seen as it is: redirections. env: more variables.
function command.line(words, shell, env)
  local folder = root()
  local parts = { process.quote(process.interpreter()), process.quote(folder .. "/bin/intent-webhook") }
  for _, word in ipairs(words) do parts[#parts + 1] = process.quote(word) end
  local function absolute(paths) return (paths:gsub("%f[^;%z]%./", folder .. "/")) end
  local variables = { LUA_PATH = absolute(";" .. package.path), LUA_CPATH = absolute(";" .. package.cpath) }
  for name, value in pairs(env or {}) do variables[name] = value end
  return { "sh", "-c", table.concat(parts, " ") .. " " .. (shell or ""), env = variables }
end

--- Starts it; signals to its pid reach it.
function command.start(words, env)
  local line = command.line(words, nil, env)
  line[3] = "exec " .. line[3]
  return process.start(line)
end

--- Runs it to its end: exit status, output, errors.
function command.run(words, env)
  return process.run(command.line(words, nil, env))
end

--- The same with a text on its standard input, which is kept in a file meanwhile.
function command.run_over(folder, input, words, env)
  local path = folder .. "/input"
  process.write_file(path, input)
  return process.run(command.line(words, "< " .. process.quote(path), env))
end

--- Runs it on an input that does not end, and gives it ^C once `ready` is true: a command of the shell that may look at
--- "$out". Returns what run does.
function command.interrupt(folder, input, words, ready, env)
  local line = command.line(words, nil, env)
  local script = [[out=$1; rm -f "$out" "$out.in"; mkfifo "$out.in"
    %s <>"$out.in" >"$out" & pid=$!
    printf '%%s' "$2" >"$out.in"
    until %s || ! kill -0 $pid; do sleep 0.02; done
    kill -INT $pid; wait $pid]]
  line[3] = script:format(line[3], ready)
  line[4], line[5], line[6] = "sh", folder .. "/interrupted", input
  local status, _, errors = process.run(line)
  return status, process.read_file(folder .. "/interrupted"), errors
end

return command
