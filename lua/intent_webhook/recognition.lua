--- recognition: which intent a message is of.
--
-- The core is asked once for all sentences of a client, and ranks them among themselves; the best of them takes part as
-- one candidate, beside what each pattern and each function finds. The candidate wins whose priority is higher, among
-- equals the one whose score is higher, and then the one that is defined first. Rules that cannot win any more are not
-- asked: after an intent of higher priority has matched, and after one that accounts for the whole message.

local check = require "intent_webhook.check"
local core = require "intent_webhook.core"
local keywords = require "intent_webhook.keywords"
local null = require("cjson").null
local protected = require "intent_webhook.protected"
local said = require "intent_webhook.said"

local find = string.find

local recognition = {}

-- What users get ---------------------------------------------------------------------------------------------------

---What came of a message.
---@class intent_webhook.MessageResult
---@field status "fired"|"incomplete"|"unmatched"
---@field intent? string the intent that fits best
---@field slots? table what its rule found
---@field score? number 0 to 1: how much of the message the rule accounts for
---@field rule? integer which of the intent's rules it was
---@field id? string of the event, when it fired
---@field missing? string[] the required slots that were not in the message, when it is incomplete
---@field ambiguous? string[] other intents that are as good, but for the order of their definition
---@field rejected? intent_webhook.Rejection[] values that are none of their slot's type, or that its predicate refused
---@field replies? string[] what the intent's actions say, when it fired
---@field handoff? true|string that a human shall take over, when it fired
---@field errors? intent_webhook.RuleError[] what users' functions raised, and which took long; nil when none did

---What `match` found.
---@class intent_webhook.Match
---@field intent string
---@field rule integer which of the intent's rules it was
---@field slots table values by name
---@field score number 0 to 1: how much of the message the rule accounts for
---@field missing? string[] the required slots that were not in the message: `message` would not fire
---@field template? string the sentence
---@field spans? table<string, integer[]> of a sentence: the first and last byte in the text that gave a slot its value;
---  values from the rule or the context have none
---@field ambiguous? string[] other intents that are as good, but for the order of their definition
---@field context? table of a sentence: that of the message, with what the values in it add
---@field response? string of the rule
---@field metadata? any of the rule
---@field rejected? intent_webhook.Rejection[] values that are none of their slot's type, or that its predicate refused
---@field errors? intent_webhook.RuleError[] what users' functions raised

---A candidate, as `explain` lists it.
---@class intent_webhook.Explanation
---@field rank integer from 1
---@field intent string
---@field rule integer
---@field priority integer the intent's and the rule's
---@field accepted boolean whether the rule matched, with its context and keywords
---@field slots? table
---@field score? number of one that matched
---@field template? string the sentence
---@field spans? table<string, integer[]>
---@field wildcards? integer how many lists in it took any text
---@field literals? integer how many characters of the text the sentence says itself
---@field stopped? integer of a sentence that did not match: the first byte of the text that does not fit, or the one
---  behind the text
---@field reason? string why it did not win, nil for the one that did: "priority", "score", "best_slot", "wildcards",
---  "free", "typos", "accents", "literals", "conditions", "order"; of those that did not match: "context_missing",
---  "context_differs", "context_excluded", "keyword_missing", "unmatched", "error"
---@field detail? string the same as a sentence

---What a user's function raised.
---@class intent_webhook.RuleError
---@field where string for example "intents[1].rules[2]" or "intents[1].actions[1].map"; "text": that is beyond what
---  sentences are compared with, 64 KiB or 163,840 steps
---@field message string of a function, with the traceback

-- Rules to ask -----------------------------------------------------------------------------------------------------

---What a rule found.
---@class intent_webhook.Candidate
---@field intent intent_webhook.CheckedIntent
---@field number integer of the intent
---@field rule integer its number in the intent
---@field priority integer
---@field slots table
---@field score number
---@field found table|nil what the core said, of a sentence
---@field sentence intent_webhook.Sentence|nil
---@field ties integer[]|nil numbers of other intents that are as good

---A rule that is asked alone: no sentence.
---@class intent_webhook.LoneRule
---@field intent intent_webhook.CheckedIntent
---@field number integer of the intent
---@field rule integer its number in the intent
---@field priority integer
---@field where string its path

---A rule that is a sentence, with all that a match of it takes in one table: every message reads it.
---@class intent_webhook.RankedSentence
---@field intent intent_webhook.CheckedIntent
---@field name string the intent's
---@field required string[]|nil the intent's required slots, nil when there are none
---@field rule integer its number in the intent
---@field priority integer the intent's and its own
---@field templates string[]
---@field response string|nil
---@field metadata any

---@class intent_webhook.Recognition
---@field list intent_webhook.CheckedIntent[]
---@field grammar intent_webhook.Grammar|nil
---@field sentences intent_webhook.RankedSentence[][] by the core's numbers of intent and block
---@field others intent_webhook.LoneRule[] in the order in which they are asked: by priority, then as defined
---@field worded intent_webhook.LoneRule[] those that are keywords, in that order
---@field index intent_webhook.KeywordIndex|nil of these; nil when there are none
---@field clock fun(): table what readers are told, when nobody says
local Recognition = { __name = "intent_webhook.Recognition" }
Recognition.__index = Recognition

local function ranked_sentences(list, grammar)
  local ranked = {}
  for number, checked in ipairs(list) do
    local of_intent = {}
    for block, placed in ipairs(grammar.placed[number]) do
      local rule = placed.rule
      of_intent[block] = {
        intent = checked, name = checked.name, required = checked.required[1] and checked.required,
        rule = placed.number, priority = checked.priority + rule.priority, templates = rule.templates,
        response = rule.response, metadata = rule.metadata,
      }
    end
    ranked[number] = of_intent
  end
  return ranked
end

local function asked_before(one, other)
  if one.priority ~= other.priority then return one.priority > other.priority end
  if one.number ~= other.number then return one.number < other.number end
  return one.rule < other.rule
end

local function rules_of(lone_rules)
  local rules = {}
  for index, one in ipairs(lone_rules) do rules[index] = one.intent.rules[one.rule] end
  return rules
end

---@param list intent_webhook.CheckedIntent[]
---@param grammar intent_webhook.Grammar|nil
---@param clock fun(): table makes what readers of types are told: the time, and the zone
---@return intent_webhook.Recognition
function recognition.new(list, grammar, clock)
  local others, worded = {}, {}
  for number, checked in ipairs(list) do
    for index, rule in ipairs(checked.rules) do
      local of_kind = rule.keywords and worded or others
      if not rule.sentence then
        of_kind[#of_kind + 1] = { intent = checked, number = number, rule = index, priority = checked.priority,
          where = ("%s.rules[%d]"):format(checked.where, index) }
      end
    end
  end
  table.sort(others, asked_before)
  table.sort(worded, asked_before)
  local sentences = grammar and ranked_sentences(list, grammar)
  return setmetatable({
    list = list, grammar = grammar, sentences = sentences, others = others, worded = worded,
    index = worded[1] and keywords.index(rules_of(worded)), clock = clock,
  }, Recognition)
end

-- Order ------------------------------------------------------------------------------------------------------------

local function is_before(one, other)
  if one.number ~= other.number then return one.number < other.number end
  return one.rule < other.rule
end

-- Why `one` goes before `other`: "priority", "score" or "order"; nil when it does not.
local function advantage(one, other)
  if one.priority ~= other.priority then return one.priority > other.priority and "priority" or nil end
  if one.score ~= other.score then return one.score > other.score and "score" or nil end
  return is_before(one, other) and "order" or nil
end

-- Whether a rule could still win, were it to account for the whole message.
local function could_win(rule, best)
  if rule.priority ~= best.priority then return rule.priority > best.priority end
  return best.score < 1 or is_before(rule, best)
end

-- Candidates -------------------------------------------------------------------------------------------------------

local SLOT_TYPES = { string = true, number = true, boolean = true }

-- What a rule function found, as a plain table of our own. Raises for slots that the intent cannot have.
local function take_found(checked, found)
  local slots = {}
  for name, value in next, found do -- no metamethod of the user's
    local problem
    if not checked.declared[name] then
      problem = ('slots.%s: is not declared by the intent "%s"%s'):format(tostring(name), checked.name,
        check.suggestion(name, checked.names))
    elseif value ~= null and not SLOT_TYPES[type(value)] then
      local kind = check.kind(value)
      problem = ("slots.%s: %s cannot be sent: give a string, a number, a boolean or null"):format(name, kind)
    elseif type(value) == "number" and value - value ~= 0 then
      problem = ("slots.%s: %s cannot be sent: JSON has no such number"):format(name, check.show(value))
    end
    if problem then error("the rule returned " .. problem, 0) end
    slots[name] = value
  end
  return slots
end

-- Whether a pattern is certainly not in the text: so for most patterns of a client, and without what a rule costs that
-- may raise. By way of pcall, since LuaJIT would else compile each call of find for one pattern alone, and look for the
-- right one among all that it compiled.
local function lacks(text, pattern)
  local good, first = pcall(find, text, pattern)
  return good and not first
end

-- One rule's answer: slots and score, or nil. What it raises, that it took long, and slots that the intent cannot have,
-- go to errors.
local function apply_rule(one, text, session, errors)
  local checked = one.intent
  local rule = checked.rules[one.rule]
  if rule.pattern and lacks(text, rule.pattern) then return nil end
  local good, slots, score = protected.report(errors, one.where, function()
    local found, its_score = rule:match(text, { intent = checked.name, session = session })
    if found and not rule.yields then found = take_found(checked, found) end
    return found, its_score
  end)
  if good then return slots, score end
end

local function of_rule(one, slots, score)
  return { intent = one.intent, number = one.number, rule = one.rule, priority = one.priority, slots = slots,
    score = score }
end

function Recognition:of_sentence(found)
  local sentence = self.sentences[found.intent][found.block]
  return { intent = sentence.intent, number = found.intent, rule = sentence.rule, priority = sentence.priority,
    slots = found.slots, score = found.score, found = found, sentence = sentence }
end

-- That a text is beyond what sentences are compared with.
local function text_error(text)
  local message
  if #text > core.most_text_bytes then
    local sentence = "is too long: %d bytes were not compared with the sentences; the most is %d"
    message = sentence:format(#text, core.most_text_bytes)
  else
    local sentence = "is too much for the sentences: its %d bytes fit them in so many ways that the search was given up"
    message = sentence:format(#text)
  end
  return { where = "text", message = message }
end

-- The names of the intents of these numbers, or nil.
function Recognition:names(numbers)
  if not numbers then return nil end
  local names = {}
  for index, number in ipairs(numbers) do names[index] = self.list[number].name end
  return names
end

---The names of the required slots that are not there, in order; nil when all are.
---@param required string[]
---@param slots table
---@return string[]|nil
function recognition.missing_in(required, slots)
  local missing
  for _, name in ipairs(required) do
    if slots[name] == nil then
      missing = missing or {}
      missing[#missing + 1] = name
    end
  end
  return missing
end
local missing_in = recognition.missing_in

-- The numbers of intents that are as good, with one more.
local function with_tie(ties, number)
  local all = {}
  for index, one in ipairs(ties or {}) do
    if one == number then return ties end
    all[index] = one
  end
  all[#all + 1] = number
  return all
end

-- The better one of the best so far and of what a rule found. It knows which other intents are as good but for the
-- order.
local function better(best, one, slots, score)
  if not slots then return best end
  local candidate = of_rule(one, slots, score)
  if not best then return candidate end
  local equal = candidate.priority == best.priority and candidate.score == best.score
  local wins = advantage(candidate, best) ~= nil
  if equal and wins then
    candidate.ties = candidate.number ~= best.number and with_tie(best.ties, best.number) or best.ties
  elseif equal and candidate.number ~= best.number then
    best.ties = with_tie(best.ties, candidate.number)
  end
  return wins and candidate or best
end

-- The best of the rules that are no sentences, or what is better than all of them.
function Recognition:ask_others(text, session, message, best, errors)
  for _, one in ipairs(self.others) do
    if best and not could_win(one, best) then break end -- nor could those after it
    best = better(best, one, apply_rule(one, text, session, errors))
  end
  if self.index then
    message = message or said.new(text)
    for _, number in ipairs(self.index:candidates(message)) do
      local one = self.worded[number]
      if best and not could_win(one, best) then break end
      best = better(best, one, one.intent.rules[one.rule]:find(message))
    end
  end
  return best
end

---What fits best.
---@param text string
---@param given intent_webhook.MessageOptions|nil
---@param slot_names table<string, boolean>|nil of all intents, for what is given unchecked
---@param message intent_webhook.Said|nil the text with its words, where somebody has them already
---@param context table|nil for readers of types; default: of the client's clock
---@return intent_webhook.Match|false|nil # without `errors`; false: what is given is doubtful, and nothing was asked
---@return intent_webhook.RuleError[]|nil errors what users' functions raised, and that the text is too long
---@return intent_webhook.CheckedIntent|nil
function Recognition:match(text, given, slot_names, message, context)
  local match, best, errors
  if self.grammar then
    local types
    if self.grammar.readers then
      message = message or said.new(text)
      types = self.grammar:recogniser(message, context or self.clock())
    end
    local slots, spans, number, block, template, score, merged, tied =
      self.grammar.core:match(text, given, slot_names, types)
    if slots then
      local sentence = self.sentences[number][block]
      match = {
        intent = sentence.name, rule = sentence.rule, slots = slots, score = score,
        template = sentence.templates[template], spans = spans,
      }
      -- only what is there: room for all would cost more than the rest
      if merged then match.context = merged end
      if sentence.response then match.response = sentence.response end
      if sentence.metadata ~= nil then match.metadata = sentence.metadata end
      if tied then match.ambiguous = self:names(tied) end
      if sentence.required then match.missing = missing_in(sentence.required, slots) end
      if not self.others[1] and not self.index then return match, nil, sentence.intent end
      best = { number = number, rule = sentence.rule, priority = sentence.priority, score = score, ties = tied }
    elseif spans then -- here: whether the text is too long
      errors = { text_error(text) }
    elseif spans == nil then
      return false
    end
  elseif slot_names and given ~= nil and not core.is_plain_message(given, slot_names) then
    return false
  end
  if self.others[1] or self.index then
    errors = errors or {}
    local winner = self:ask_others(text, given and given.session, message, best, errors)
    if winner ~= best then
      best = winner
      match = { intent = winner.intent.name, rule = winner.rule, slots = winner.slots, score = winner.score,
        missing = missing_in(winner.intent.required, winner.slots) }
    end
    if best then match.ambiguous = self:names(best.ties) end
  end
  return match, errors and errors[1] and errors or nil, best and self.list[best.number]
end

-- Explaining -------------------------------------------------------------------------------------------------------

local DETAILS = {
  priority = "its priority is %g, that of the first %g",
  score = "its score is %.3f, that of the first %.3f",
  order = "it is as good as the first, and defined later",
}

-- What it is that the winner has and the candidate has not.
local function explain_loss(candidate, winner)
  local reason = advantage(winner, candidate)
  if not reason then return nil end
  return reason, DETAILS[reason]:format(candidate[reason] or 0, winner[reason] or 0)
end

-- What the other rules found, best first, and those that found nothing.
function Recognition:ask_all(text, session)
  local found, failed = {}, {}
  local function ask(one)
    local errors = {}
    local slots, score = apply_rule(one, text, session, errors)
    if slots then
      found[#found + 1] = of_rule(one, slots, score)
    else
      failed[#failed + 1] = { one = one, problem = errors[1] and protected.first_line(errors[1].message) }
    end
  end
  for _, one in ipairs(self.others) do ask(one) end
  for _, one in ipairs(self.worded) do ask(one) end
  table.sort(found, advantage)
  return found, failed
end

local function explained(candidate, reason, detail)
  local found, sentence = candidate.found, candidate.sentence
  return {
    intent = candidate.intent.name, rule = candidate.rule, slots = candidate.slots, score = candidate.score,
    priority = candidate.priority, accepted = true, reason = reason, detail = detail,
    template = sentence and sentence.templates[found.template], spans = found and found.spans,
  }
end

-- Reasons of the core for sentences that do match, and lose to another.
local LOSSES = {
  priority = true, best_slot = true, wildcards = true, free = true, typos = true, accents = true, literals = true,
  conditions = true, order = true,
}

local SENTENCE_DETAILS = {
  wildcards = "the best sentence has fewer wildcards",
  free = "the best sentence leaves fewer characters of the text to slots that take any",
  typos = "the best sentence has fewer typos in the text",
  accents = "the best sentence has fewer accents that differ from the text",
  literals = "the best sentence says more characters of the text itself",
  conditions = "the best sentence requires more of the context",
  order = "the best sentence is as good, and defined before it",
  context_missing = 'the context lacks "%s", which the rule requires',
  context_differs = "the context's \"%s\" is not one that the rule requires",
  context_excluded = "the context's \"%s\" is one that the rule excludes",
  keyword_missing = 'the text has none of the words that the rule requires, such as "%s"',
}

---Where a sentence ceased to fit, in words that do not quote the text.
---@param text string
---@param stopped integer
---@return string
function recognition.stop(text, stopped)
  if stopped > #text then return "the text ends where the sentence goes on" end
  return ("the text does not fit from byte %d on"):format(stopped)
end

-- The core's reason as a sentence; nil when there is none. `best` is the sentence that the core put first.
local function sentence_detail(text, found, priority, best, best_slot)
  local reason = found.reason
  if reason == "priority" then return ("its priority is %g, that of the best sentence %g"):format(priority, best) end
  if reason == "best_slot" then return ('the best sentence has a longer value for "%s"'):format(best_slot) end
  if reason == "unmatched" then return found.detail or recognition.stop(text, found.stopped) end
  local words = reason and SENTENCE_DETAILS[reason]
  return words and words:format(found.detail or "")
end

-- The core's entries as ours: those that match, and the rest; whether the text was too long.
function Recognition:explain_sentences(text, given)
  local accepted, rest, best = {}, {}, nil
  if not self.grammar then return accepted, rest, false end
  local types = self.grammar.readers and self.grammar:recogniser(said.new(text), self.clock())
  local list_found, too_long = self.grammar.core:explain(text, given, nil, types)
  for _, found in ipairs(list_found) do
    local candidate = self:of_sentence(found)
    best = best or candidate.priority
    local detail = sentence_detail(text, found, candidate.priority, best, given and given.best_slot)
    local entry = explained(candidate, found.reason, detail)
    entry.wildcards, entry.literals = found.wildcards, found.literals
    entry.accepted, entry.stopped = not found.reason or LOSSES[found.reason] or false, found.stopped
    if entry.accepted then
      accepted[#accepted + 1] = { candidate = candidate, entry = entry }
    else
      entry.score = nil
      rest[#rest + 1] = entry
    end
  end
  return accepted, rest, too_long
end

local function add_failed(entries, failed, with_silent)
  for _, one in ipairs(failed) do
    if one.problem or with_silent then
      local rule = one.one.intent.rules[one.one.rule]
      local silent = rule.pattern and "the pattern is not in the text"
        or rule.keywords and "the text lacks a keyword, or has one that it must not have"
        or "the function returned nothing"
      entries[#entries + 1] = {
        intent = one.one.intent.name, rule = one.one.rule, priority = one.one.priority, accepted = false,
        reason = one.problem and "error" or "unmatched", detail = one.problem or silent,
      }
    end
  end
end

---Every candidate, the best first: what matched, with the reason why it did not win, then what did not; rules that just
---found nothing only when all did.
---@param text string
---@param given intent_webhook.MessageOptions|nil checked
---@return intent_webhook.Explanation[]
---@return intent_webhook.RuleError[]|nil errors that the text is too long
function Recognition:explain(text, given)
  local sentences, rest, too_long = self:explain_sentences(text, given)
  local others, failed = self:ask_all(text, given and given.session)
  local entries, winner = {}, nil
  local next_sentence, next_other = 1, 1
  while sentences[next_sentence] or others[next_other] do
    local one, other = sentences[next_sentence], others[next_other]
    if one and not (other and advantage(other, one.candidate)) then
      if winner and next_sentence == 1 then one.entry.reason, one.entry.detail = explain_loss(one.candidate, winner) end
      winner = winner or one.candidate
      entries[#entries + 1] = one.entry
      next_sentence = next_sentence + 1
    else
      local reason, detail
      if winner then reason, detail = explain_loss(other, winner) end
      winner = winner or other
      entries[#entries + 1] = explained(other, reason, detail)
      next_other = next_other + 1
    end
  end
  for _, entry in ipairs(rest) do entries[#entries + 1] = entry end
  add_failed(entries, failed, winner == nil)
  for rank, entry in ipairs(entries) do entry.rank = rank end
  return entries, too_long and { text_error(text) } or nil
end

return recognition
