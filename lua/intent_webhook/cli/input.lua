--- input: standard input line by line, for a command that has something else to do while nothing comes.

local core = require "intent_webhook.core"
local terminal = require "intent_webhook.cli.terminal"

local input = {}

local STANDARD_INPUT = 0

---@class intent_webhook.Input
---@field ended boolean whether every line was given out
---@field parts string[] the beginning of a line whose end has not come
---@field bytes string what was read last
---@field at integer where in `bytes` the next line begins
local Input = { __name = "intent_webhook.Input" }
Input.__index = Input

-- Reads more. False when nothing came in that time, or nothing will.
local function fill(self, seconds)
  local bytes, problem = core.read(STANDARD_INPUT, seconds)
  if problem then
    terminal.exit(terminal.WORLD, "the messages cannot be read from standard input: " .. problem)
  end
  self.ended = bytes == nil
  if not bytes or bytes == "" then return false end
  self.bytes, self.at = bytes, 1
  return true
end

---Ends the command when standard input cannot be read.
---@return intent_webhook.Input
function input.new()
  local self = setmetatable({ ended = false, parts = {}, bytes = "", at = 1 }, Input)
  fill(self, 0)
  return self
end

-- Moves what there is of the next line to its parts. Whether its end was there.
local function complete(self)
  if self.at > #self.bytes then return false end
  local last = self.bytes:find("\n", self.at, true)
  self.parts[#self.parts + 1] = self.bytes:sub(self.at, (last or #self.bytes + 1) - 1)
  self.at = (last or #self.bytes) + 1
  return last ~= nil
end

---The next line, without its line break. Ends the command when standard input cannot be read.
---@param seconds number how long to wait for more of it
---@return string|nil # nil when no whole line has come in that time, and when `ended`
function Input:line(seconds)
  while not complete(self) do
    if not fill(self, seconds) then
      if self.ended then break end -- the last line may have no line break
      return nil
    end
  end
  local line = table.concat(self.parts)
  self.parts = {}
  if self.ended and line == "" then return nil end
  return line
end

return input
