--- Statements on an SQLite file by the shell of SQLite, as a user would give them.

local process = require "spec.support.process"

local WAIT = ".timeout 10000" -- ms, for whoever has the file locked: one who opens or closes it has so for a moment

--- What the statements print. Raises when one of them fails.
return function(path, statements)
  local status, output, errors = process.run({ "sqlite3", "-bail", "-cmd", WAIT, path, statements }, 60)
  if status ~= 0 then error(("sqlite3 ends with status %s: %s"):format(status, errors), 2) end
  return output
end
