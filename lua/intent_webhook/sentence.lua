--- sentence: the rule that is a sentence with holes: "book an appointment for {customer_name} on {appointment_date}".
--
-- The whole message must match. ASCII letters match in either case, runs of white space equal one space, white space at
-- either end is ignored, and so are . ! ? at the end. A hole takes at least one character besides spaces; the text
-- that it took is trimmed, and otherwise as the person wrote it.
--
-- Where several splits are possible, each hole, from left to right, takes as little as it can; only the last one takes
-- all up to the end, or up to the literal text that ends the sentence. Because each literal text is looked for
-- leftmost, what comes after it has the most room, so the first try fails only where every other would:
-- nothing is ever tried twice, and a match takes time proportional to message and sentence.
--
-- Score: the share of the message's bytes that the sentence itself says; the rest went into holes.

local check = require "intent_webhook.check"

local sentence = {}

---@class intent_webhook.Sentence: intent_webhook.Rule
---@field head string the text before the first hole, normalised, in lower case
---@field holes string[] names of slots
---@field literals string[] the text after each hole; the last one ends the sentence and may be empty
local Sentence = { __name = "intent_webhook.Sentence" }
Sentence.__index = Sentence

-- By byte and not by %s, %u and string.lower, which depend on the host's locale.
local SPACE = "[ \t\r\n\v\f]"
local LOWER = {}
for byte = ("A"):byte(), ("Z"):byte() do LOWER[string.char(byte)] = string.char(byte + 32) end

local function lower(text)
  return (text:gsub("[A-Z]", LOWER))
end

local function normalise(text)
  text = text:gsub(SPACE .. "+", " ")
  local last = #text
  while last > 0 and text:find("^[ .!?]", last) do last = last - 1 end
  return text:sub(text:find("^ ") and 2 or 1, last)
end

local function trim(text)
  return (text:gsub("^ ", ""):gsub(" $", ""))
end

function Sentence:match(message)
  local text = normalise(message)
  local folded = lower(text)
  if folded:sub(1, #self.head) ~= self.head then return nil end
  local slots, taken = {}, 0
  local from = #self.head + 1
  local count = #self.holes
  if count == 0 then
    if folded ~= self.head then return nil end
    return slots, 1
  end
  for index, hole in ipairs(self.holes) do
    local literal = self.literals[index]
    local first = text:find("[^ ]", from) -- the hole takes this character at least
    if not first then return nil end
    local literal_from
    if index < count then
      literal_from = folded:find(literal, first + 1, true)
      if not literal_from then return nil end
    else
      literal_from = #text - #literal + 1
      if literal_from <= first or folded:sub(literal_from) ~= literal then return nil end
    end
    slots[hole] = trim(text:sub(from, literal_from - 1))
    taken = taken + literal_from - from
    from = literal_from + #literal
  end
  return slots, (#text - taken) / #text
end

-- Definition -------------------------------------------------------------------------------------------------------

-- The holes and the literal texts around them: literals[0] {holes[1]} literals[1] {holes[2]} ...
local function split(text)
  local holes, literals = {}, {}
  local from = 1
  for before, name, after in text:gmatch("()%{([^{}]*)%}()") do
    literals[#holes] = text:sub(from, before - 1)
    holes[#holes + 1] = trim(name)
    from = after
  end
  literals[#holes] = text:sub(from)
  return holes, literals
end

local function check_holes(mistakes, path, holes, slots)
  local names, seen = {}, {}
  for name in pairs(slots) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(holes) do
    if name == "" then
      mistakes:add(path, "has a hole without a name: write the name of a slot between { and }")
    elseif not slots[name] then
      mistakes:add(path, ("has the hole {%s}, but the intent has no such slot%s"):format(name,
        check.suggestion(name, names)))
    elseif seen[name] then
      mistakes:add(path, ("has the hole {%s} twice: a slot has one value"):format(name))
    end
    seen[name] = true
  end
end

local function check_literals(mistakes, path, holes, literals)
  for index = 0, #holes do
    if literals[index]:find("[{}]") then
      mistakes:add(path, "has a { or } without its partner: a hole is written {slot}")
      return
    end
  end
  for index = 1, #holes - 1 do
    if not literals[index]:find("[^ ]") then
      mistakes:add(path, ("needs text between the holes {%s} and {%s}, or nobody can tell where one ends"):format(
        holes[index], holes[index + 1]))
    end
  end
end

---Makes the rule; adds its mistakes.
---@param mistakes intent_webhook.Mistakes
---@param path string
---@param definition string
---@param slots table<string, boolean> the names of the intent's slots
---@return intent_webhook.Sentence|nil
function sentence.new(mistakes, path, definition, slots)
  local text = normalise(definition)
  if text == "" then
    mistakes:add(path, "is empty: write what a person would say")
    return nil
  end
  local before = #mistakes.list
  local holes, literals = split(text)
  check_holes(mistakes, path, holes, slots)
  check_literals(mistakes, path, holes, literals)
  if #mistakes.list > before then return nil end
  local yields = {}
  for index = 0, #holes do literals[index] = lower(literals[index]) end
  for _, name in ipairs(holes) do yields[name] = true end
  return setmetatable({ head = literals[0], holes = holes, literals = literals, yields = yields }, Sentence)
end

return sentence
