-- sentence_corpus: a language of the corpus of test sentences, as the benchmarks need it.
--
--     local corpus = require "sentence_corpus"
--     local language = corpus.read("../shared/corpus/en.json")
--     language.grammar        what the file holds, decoded
--     language.tests          { { text =, context = {}|nil, intent =, slots = }, ... }
--     corpus.misses(1000)     English sentences that mean nothing to a house

local cjson = require "cjson"

local corpus = {}

-- The message's context has one value for each key; of several the first.
local function context_of(test)
  local context
  for key, value in pairs(test.context or {}) do
    if type(value) == "table" then value = value[1] end
    if value ~= cjson.null then
      context = context or {}
      context[key] = value
    end
  end
  return context
end

function corpus.read(path)
  local file = assert(io.open(path))
  local grammar = cjson.decode(file:read("a"))
  file:close()
  local tests = {}
  for i, test in ipairs(grammar.tests) do
    tests[i] = { text = test.text, context = context_of(test), intent = test.intent, slots = test.slots or {} }
  end
  return { grammar = grammar, tests = tests }
end

local WORDS = {
  subject = { "my sister", "the teacher", "our neighbour", "a friend of mine", "the committee", "his grandmother",
    "that company", "the cat next door", "everybody here", "the author" },
  verb = { "has finally written", "never liked", "would rather sell", "forgot to bring", "is still looking for",
    "was talking about", "used to collect", "cannot explain", "will translate", "paid too much for" },
  object = { "a long letter", "the second chapter", "old stamps", "a bicycle with three wheels", "the recipe for soup",
    "an umbrella", "the theory of evolution", "two tickets to Lisbon", "a broken violin", "the history of bread" },
  ending = { "", " on the way to school", " because it rained", " without a reason", " for her birthday",
    " before lunch", ", as far as I know", " in the middle of the night", " although nobody asked", " last winter" },
  opening = { "", "did you know that ", "I think ", "please tell me why ", "honestly, ", "yesterday ",
    "is it true that ", "somebody said ", "what if ", "can you believe that " },
}

--- That many different sentences, always the same ones.
function corpus.misses(count)
  local sentences, seen, state = {}, {}, 1
  local function pick(words)
    state = (state * 1103515245 + 12345) % 2147483648 -- ISO C's example
    return words[state // 65536 % #words + 1]
  end
  while #sentences < count do
    local sentence = pick(WORDS.opening) .. pick(WORDS.subject) .. " " .. pick(WORDS.verb) .. " "
      .. pick(WORDS.object) .. pick(WORDS.ending)
    if not seen[sentence] then
      seen[sentence] = true
      sentences[#sentences + 1] = sentence
    end
  end
  return sentences
end

return corpus
