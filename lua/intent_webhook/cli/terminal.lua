--- terminal: where a command prints. Knows about colour, the progress line, and output that cannot be written.

local core = require "intent_webhook.core"

local terminal = {}

-- Exit statuses, for scripts.
terminal.OK = 0
terminal.FAILED = 1 -- something that was to succeed did not: a delivery failed, a check found mistakes
terminal.USAGE = 2 -- the command was called wrongly
terminal.WORLD = 3 -- a file cannot be read, a history not be opened, output not be written
terminal.INTERRUPTED = 130 -- as shells report SIGINT

local COLOURS = { red = "31", green = "32", yellow = "33", bold = "1", dim = "2" }

---@class intent_webhook.Terminal
---@field colour boolean
---@field progressing boolean whether a progress line may be shown
---@field shown boolean whether one is shown now
local Terminal = { __name = "intent_webhook.Terminal" }
Terminal.__index = Terminal

---@return intent_webhook.Terminal
function terminal.new()
  local out, err = core.isatty(1), core.isatty(2)
  local no_colour = os.getenv("NO_COLOR")
  local colour = out and not (no_colour and no_colour ~= "") and os.getenv("TERM") ~= "dumb"
  -- with results on the same terminal, the line would only be in their way
  return setmetatable({ colour = colour, progressing = err and not out, shown = false }, Terminal)
end

---How a command ends before its end: main prints the message and exits with the status.
---@class intent_webhook.Exit
---@field status integer
---@field message string
local Exit = { __name = "intent_webhook.Exit" }
Exit.__index = Exit

function Exit:__tostring()
  return self.message
end

---Ends the command. Does not return.
---@param status integer
---@param message string
function terminal.exit(status, message)
  error(setmetatable({ status = status, message = message }, Exit), 0)
end

---Ends a command that cannot listen where it was told to. Does not return.
---@param message string
---@param code string "address": another place may do
function terminal.exit_without_port(message, code)
  local hint = code == "address" and " (--port takes another port, 0 any that is free; --address another address)"
  terminal.exit(terminal.WORLD, message .. (hint or ""))
end

---The end that somebody asked for with ^C.
---@return intent_webhook.Exit
function terminal.interruption()
  return setmetatable({ status = terminal.INTERRUPTED, message = "" }, Exit)
end

---@param problem any
---@return boolean
function terminal.is_exit(problem)
  return getmetatable(problem) == Exit
end

local function written(result, problem)
  if not result then terminal.exit(terminal.WORLD, "the output cannot be written: " .. tostring(problem)) end
end

---Prints a line. Ends the command when that is not possible. A progress line stays: it is shown elsewhere.
---@param line string
function Terminal:print(line)
  written(io.stdout:write(line, "\n"))
end

---Hands over what was printed.
function Terminal:flush()
  written(io.stdout:flush())
end

---Shows what somebody is to type behind, in place of whatever the line on the screen holds.
---@param words string
function Terminal:prompt(words)
  written(io.stdout:write("\r\27[K", words))
  self:flush()
end

---Clears the line on the screen, where a prompt may stand.
function Terminal:clear_prompt()
  written(io.stdout:write("\r\27[K"))
end

---Prints a line for people to standard error.
---@param line string
function Terminal:note(line)
  self:clear_progress()
  io.stderr:write(line, "\n")
end

---@param colour "red"|"green"|"yellow"|"bold"|"dim"
---@param text string
---@return string
function Terminal:paint(colour, text)
  if not self.colour then return text end
  return ("\27[%sm%s\27[0m"):format(COLOURS[colour], text)
end

local BADGES = { delivered = "green", failed = "red", pending = "yellow", recorded = "dim" }

---A status as a badge.
---@param status string
---@return string
function Terminal:badge(status)
  return self:paint(BADGES[status] or "bold", status)
end

---Shows how far a long run is, where somebody watches.
---@param line string
function Terminal:progress(line)
  if not self.progressing then return end
  io.stderr:write("\r", line, "\27[K")
  io.stderr:flush()
  self.shown = true
end

function Terminal:clear_progress()
  if not self.shown then return end
  io.stderr:write("\r\27[K")
  io.stderr:flush()
  self.shown = false
end

return terminal
