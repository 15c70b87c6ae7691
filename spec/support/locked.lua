--- Another program that keeps an SQLite file locked, as a shell does that somebody left open.

local process = require "spec.support.process"

local locked = {}

local function lock(path, statements)
  local started = process.start { "sh", "-c", [[
    mkfifo "$1.in"; exec 3<>"$1.in"; rm "$1.in"
    printf '.timeout 10000\n%s\n%s\n' "$2" "SELECT 'locked';" >&3
    exec sqlite3 -bail "$1" <&3]], "sh", path, statements }
  process.wait_until(function() return ("\n" .. started:output()):find("\nlocked\n", 1, true) end, 10, "the lock")
  return started
end

--- Nobody else can read or write until the process that this returns is stopped.
function locked.for_all(path)
  return lock(path, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;")
end

--- Nobody else can write.
function locked.for_writers(path)
  return lock(path, "BEGIN IMMEDIATE;")
end

return locked
