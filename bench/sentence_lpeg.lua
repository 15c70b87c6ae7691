-- sentence_lpeg: a peer of the benchmark. The English grammar as LPeg patterns, and how many sentences a second these
-- recognise: yes or no, without slots, ranks, or contexts.
--
--     lua5.4 bench/sentence_lpeg.lua CORPUS LANGUAGE SECONDS
--
-- Prints sentences a second (processor time), how many of the test sentences are accepted, in per cent, and the
-- megabytes that the patterns take.
--
-- A choice of LPeg is final once it has succeeded, so `[the] {list}` would lose sentences. Hence continuation style:
-- each part is made with the pattern for all that comes behind it, down to the end of the text, and what alternatives
-- share is a rule of the template's grammar. Before they are matched, texts are made lower case and lose their
-- punctuation, and the skip words when they do not match with them.

local corpus = require "sentence_corpus"
local clock = require "bench_clock"
local lpeg = require "lpeg"
local number_words = require "intent_webhook.number_words"

local P, V, B = lpeg.P, lpeg.V, lpeg.B
local MOST_RULES = 900 -- LPeg takes 1,000 in a grammar

local folder, language, seconds = arg[1], arg[2], tonumber(arg[3])
local read = corpus.read(folder .. "/" .. language .. ".json")
local source = read.grammar

-- Texts ------------------------------------------------------------------------------------------------------------

local UPPER = { ["Ä"] = "ä", ["Ö"] = "ö", ["Ü"] = "ü", ["É"] = "é", ["À"] = "à", ["È"] = "è", ["Ê"] = "ê", ["Ç"] = "ç",
  ["Î"] = "î", ["Ô"] = "ô" }

local function lower(text)
  return (text:lower():gsub("\xC3[\x80-\xBF]", UPPER))
end

local function normal(text)
  text = lower(text):gsub("’", "'"):gsub("[.,?!;:]+%f[%s\0]", ""):gsub("%s+", " ")
  return (text:match("^ ?(.-) ?$"))
end

local function without_skip_words(text)
  for _, word in ipairs(source.skip_words) do
    text = (" " .. text .. " "):gsub(" " .. lower(word):gsub("%p", "%%%0") .. "%f[ ]", "")
    text = text:match("^ ?(.-) ?$")
  end
  return text
end

-- Templates, to trees ----------------------------------------------------------------------------------------------

local CLOSING = { ["("] = ")", ["["] = "]" }
local parse_body

local function parse_part(text, at)
  local char = text:sub(at, at)
  if CLOSING[char] then
    local body, next_at = parse_body(text, at + 1, CLOSING[char])
    if char == "[" then body = { "either", body, { "text", "" } } end
    return body, next_at
  elseif char == "{" then
    local name, last = text:match("^{([^}]*)}()", at)
    return { "list", (name:match("^[^:]*")) }, last
  elseif char == "<" then
    local name, last = text:match("^<([^>]*)>()", at)
    return { "rule", name }, last
  end
  local word, last = text:match("^\\(.)()", at)
  if not word then word, last = text:match("^([^%(%)%[%]{}<>|;\\]+)()", at) end
  return { "text", lower(word):gsub("[.,?!:]+%f[%s\0]", "") }, last
end

-- Up to the closing bracket, or the end.
function parse_body(text, at, closing)
  local branches, kind = { { "all" } }, "either"
  while at <= #text do
    local char = text:sub(at, at)
    if char == closing then
      at = at + 1
      break
    elseif char == "|" or char == ";" then
      if char == ";" then kind = "any_order" end
      branches[#branches + 1] = { "all" }
      at = at + 1
    else
      local branch = branches[#branches]
      branch[#branch + 1], at = parse_part(text, at)
    end
  end
  if #branches == 1 then return branches[1], at end
  return { kind, table.unpack(branches) }, at
end

local parsed = setmetatable({}, { __index = function(trees, text)
  trees[text] = parse_body(text, 1)
  return trees[text]
end })

-- Trees, to patterns -----------------------------------------------------------------------------------------------

local space = P " " + B " " + -P(1) -- where two meet or the text ends, one is enough

local local_rules, local_lists -- of the block that is being made
local rules -- of the template's grammar
local make

-- The pattern as a rule, so that it can stand in several places.
local function shared(pattern)
  if #rules >= MOST_RULES then return pattern end
  rules[#rules + 1] = pattern
  return V(#rules)
end

local function make_text(text, behind)
  local words = {}
  for word, gap in text:gmatch("([^ ]*)( *)") do
    if word ~= "" then words[#words + 1] = P(word) end
    if gap ~= "" then words[#words + 1] = space end
  end
  for i = #words, 1, -1 do behind = words[i] * behind end
  return behind
end

-- The numbers of a range that have words, as a choice; and digits, whatever they say.
local function make_range(range, behind)
  local digits = (P "-") ^ -1 * lpeg.R "09" ^ 1 * (lpeg.S ".," * lpeg.R "09" ^ 1) ^ -1 * behind
  local most = math.min(range.to, 100)
  local function take(words)
    for _, pair in ipairs(words or {}) do
      if pair[2] >= range.from then digits = digits + P(lower(pair[1])) * behind end
    end
  end
  take(number_words.of(language, most))
  if range.fractions then take(number_words.halves(language, most)) end
  return digits
end

local function make_list(name, behind)
  behind = shared(P " " * behind + behind) -- a space may be missing behind a list
  local from, to = name:match("^(%-?%d+)%.%.(%-?%d+)")
  if from then return make_range({ from = tonumber(from), to = tonumber(to) }, behind) end
  local list = local_lists and local_lists[name] or source.fixture_lists[name] or source.lists[name]
  if not list then error("no list " .. name) end
  if list.range then return make_range(list.range, behind) end
  if list.wildcard then
    rules[#rules + 1] = false
    local number = #rules
    rules[number] = P(1) * (behind + V(number))
    return V(number)
  end
  local values
  for _, value in ipairs(list.values or list) do
    local text = type(value) == "table" and value["in"] or value
    local one = make(parsed[text], behind)
    values = values and values + one or one
  end
  return values
end

local function make_any_order(parts, behind)
  if #parts == 0 then return space * behind end
  local orders
  for i = 1, #parts do
    local others = table.move(parts, 1, #parts, 1, {})
    local first = table.remove(others, i)
    local one = space ^ -1 * make(first, shared(space ^ -1 * make_any_order(others, behind)))
    orders = orders and orders + one or one
  end
  return shared(orders)
end

-- The pattern for the tree, with what comes behind.
function make(tree, behind)
  local kind = tree[1]
  if kind == "text" then
    return make_text(tree[2], behind)
  elseif kind == "all" then
    for i = #tree, 2, -1 do behind = make(tree[i], behind) end
    return behind
  elseif kind == "either" then
    behind = shared(behind)
    local choice = make(tree[2], behind)
    for i = 3, #tree do choice = choice + make(tree[i], behind) end
    return choice
  elseif kind == "any_order" then
    return make_any_order({ table.unpack(tree, 2) }, shared(behind))
  elseif kind == "rule" then
    return make(parsed[local_rules and local_rules[tree[2]] or source.expansion_rules[tree[2]]], behind)
  end
  return make_list(tree[2], behind)
end

local function make_template(text)
  rules = { false }
  rules[1] = P " " * make(parsed[text], P " " ^ -1 * -P(1)) -- texts begin with a space, so that one may come first
  return P(rules)
end

collectgarbage()
local before = collectgarbage "count"
local all
for _, intent in pairs(source.intents) do
  for _, block in ipairs(intent.data) do
    local_rules, local_lists = block.expansion_rules, block.lists
    for _, template in ipairs(block.sentences) do
      local one = make_template(template)
      all = all and all + one or one
    end
  end
end
all:match("") -- LPeg compiles when it first matches
collectgarbage()
local megabytes = (collectgarbage "count" - before) / 1024

-- Measuring --------------------------------------------------------------------------------------------------------

local function accepts(text)
  text = normal(text)
  if all:match(" " .. text) then return true end
  local shorter = without_skip_words(text)
  return shorter ~= text and all:match(" " .. shorter)
end

local accepted = 0
for _, test in ipairs(read.tests) do
  if accepts(test.text) then
    accepted = accepted + 1
  elseif os.getenv "VERBOSE" then
    io.stderr:write(test.text, "\n")
  end
end
local passes, since = 0, clock.thread_cpu()
local took
repeat
  for _, test in ipairs(read.tests) do accepts(test.text) end
  passes = passes + 1
  took = clock.thread_cpu() - since
until took >= seconds * 1e6
print(passes * #read.tests / took * 1e6, 100 * accepted / #read.tests, megabytes)
