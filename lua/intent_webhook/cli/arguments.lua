--- arguments: reads the words of a command line, and writes the help from the same description.

local check = require "intent_webhook.check"

local arguments = {}

---One command, described once.
---@class intent_webhook.Command
---@field name string
---@field summary string one line
---@field help string what it does, in a few lines
---@field operands string[] the words that it needs, in order; the last may be "WORD..." for any number of them, or
---  "[WORD]" for one that may be left out
---@field options intent_webhook.CommandOption[]
---@field run fun(values: table, terminal: intent_webhook.Terminal): integer returns the exit status

---@class intent_webhook.CommandOption
---@field name string without the dashes
---@field value? string what its value is called in the help; none: a switch
---@field many? boolean it may be given more than once; its value is a list
---@field number? boolean the value is a number
---@field whole? boolean the value is a whole number
---@field from? number the least
---@field to? number the greatest
---@field help string

local HELP = { name = "help", help = "show this help" }

local function find_option(command, name)
  if name == "help" then return HELP end
  for _, option in ipairs(command.options) do
    if option.name == name then return option end
  end
end

local function option_names(command)
  local names = { "--help" }
  for index, option in ipairs(command.options) do names[index + 1] = "--" .. option.name end
  return names
end

local function read_number(option, word)
  -- not what tonumber alone takes: hexadecimal numbers, "inf", "nan", white space
  local value = word:find("^%-?%d*%.?%d*$") and tonumber(word)
  if not value or (option.whole and value ~= math.floor(value)) then
    return nil, ("--%s needs a %snumber, not \"%s\""):format(option.name, option.whole and "whole " or "", word)
  end
  if (option.from and value < option.from) or (option.to and value > option.to) then
    return nil, ("--%s must be from %g to %.15g, not %s"):format(option.name, option.from, option.to, word)
  end
  return value
end

-- Reads the option at words[at]. Returns the index of the next word, or nil and what is wrong.
local function read_option(command, words, at, values)
  local name, value = words[at]:match("^%-%-([^=]+)=(.*)$")
  name = name or words[at]:match("^%-%-(.+)$") or (words[at] == "-h" and "help")
  local option = name and find_option(command, name)
  if not option then
    local word = words[at]:match("^[^=]*")
    return nil, ("%s is no option of %s%s"):format(word, command.name, check.suggestion(word, option_names(command)))
  end
  if not option.value then
    if value then return nil, ("--%s takes no value"):format(name) end
    values[name] = true
    return at + 1
  end
  if not value then
    at = at + 1
    value = words[at]
  end
  if not value then return nil, ("--%s needs a value: %s"):format(name, option.value) end
  if option.number or option.whole then
    local read, mistake = read_number(option, value)
    if not read then return nil, mistake end
    value = read
  end
  if option.many then
    values[name] = values[name] or {}
    table.insert(values[name], value)
  else
    values[name] = value
  end
  return at + 1
end

local function assign_operands(command, given, values)
  for index, operand in ipairs(command.operands) do
    local many = operand:match("^(.*)%.%.%.$")
    if many then
      local rest = {}
      for place = index, #given do rest[#rest + 1] = given[place] end
      values[many] = rest
      return values
    end
    local optional = operand:match("^%[(.*)%]$")
    if not given[index] and not optional then return nil, ("%s needs %s"):format(command.name, operand) end
    values[optional or operand] = given[index]
  end
  if #given > #command.operands then
    return nil, ("%s does not know what to do with \"%s\""):format(command.name, given[#command.operands + 1])
  end
  return values
end

---Reads the words after the command's name.
---@param command intent_webhook.Command
---@param words string[]
---@return table|nil values by the names of options and operands; values.help: help was asked for
---@return string|nil mistake
function arguments.read(command, words)
  local values, given = {}, {}
  local at, only_operands = 1, false
  while at <= #words do
    local word = words[at]
    if not only_operands and word == "--" then
      only_operands = true
      at = at + 1
    elseif not only_operands and word:find("^%-.") then
      local after, mistake = read_option(command, words, at, values)
      if not after then return nil, mistake end
      at = after
    else
      given[#given + 1] = word
      at = at + 1
    end
  end
  if values.help then return values end
  return assign_operands(command, given, values)
end

---The help of a command.
---@param command intent_webhook.Command
---@return string
function arguments.help(command)
  local words = { "usage: intent-webhook", command.name }
  for _, operand in ipairs(command.operands) do
    words[#words + 1] = operand:find("%.%.%.$") and "[" .. operand .. "]" or operand
  end
  words[#words + 1] = "[options]"
  local lines = { table.concat(words, " "), "", command.help, "", "options:" }
  local function left_of(option) return "--" .. option.name .. (option.value and " " .. option.value or "") end
  local width = 18
  for _, option in ipairs(command.options) do width = math.max(width, #left_of(option)) end
  local function describe(option)
    local left = left_of(option)
    lines[#lines + 1] = "  " .. left .. (" "):rep(width - #left + 2) .. option.help
  end
  for _, option in ipairs(command.options) do describe(option) end
  describe(HELP)
  return table.concat(lines, "\n")
end

return arguments
