--- intent_webhook: turns conversation into webhooks.
--
--     local webhook = require "intent_webhook"
--     local client = webhook.new {
--       history = "history.db",
--       intents = {
--         {
--           name = "book_appointment",
--           rules = { "book an appointment for {customer_name} on {appointment_date}, phone {phone}" },
--           slots = { "customer_name", "appointment_date", { name = "phone", sensitive = true } },
--           actions = { { webhook = "https://example.org/hook", token_env = "WEBHOOK_TOKEN" } },
--         },
--       },
--     }
--     client:message("Book an appointment for John Doe on 2026-03-15, phone +84901234567")
--
-- A message is compared with the rules of the intents: all sentences at once in the C core, patterns and functions in
-- Lua. The intent that fits best fires: its slots go to the core, which posts them and keeps the history. `message` and
-- `fire` never wait for the network or the disk; `poll` tells later what came of it. Only start, wait, flush, close and
-- the questions to the history wait, and each has a timeout.
--
-- Misuse raises at the caller's line and names the option. The world (a full queue, a file that cannot be opened) comes
-- back as nil, message, code: the message is for people and may change, the code is for programs and stays.
--
-- A user's own functions (rules, map) may raise: that is caught, reported, and recorded with the event, and the host
-- goes on. Only what `now`, and the function of a `zone`, raise goes through.

local argument = require "intent_webhook.argument"
local check = require "intent_webhook.check"
local conversation = require "intent_webhook.conversation"
local core = require "intent_webhook.core"
local filling = require "intent_webhook.filling"
local firing = require "intent_webhook.firing"
local hassil = require "intent_webhook.hassil"
local history = require "intent_webhook.history"
local intent = require "intent_webhook.intent"
local languages = require "intent_webhook.languages"
local lists = require "intent_webhook.list"
local nlu = require "intent_webhook.nlu"
local options = require "intent_webhook.options"
local page = require "intent_webhook.page"
local phrases = require "intent_webhook.phrases"
local protected = require "intent_webhook.protected"
local recognition = require "intent_webhook.recognition"
local secrets = require "intent_webhook.secrets"
local session_reader = require "intent_webhook.session_reader"
local session_store = require "intent_webhook.session_store"
local talk = require "intent_webhook.talk"
local tools = require "intent_webhook.tools"
local types = require "intent_webhook.types"
local zone = require "intent_webhook.zone"

local webhook = {
  VERSION = core.version, -- "0.1.0"
  null = require("cjson").null, -- JSON's null: a slot or a part of a payload that is there and has no value
  wildcard = lists.WILDCARD, -- in `lists`: any text
}

---What turns messages into webhooks. Made by `webhook.new`.
---@class intent_webhook.Client
---@field core userdata
---@field path string of the history file
---@field list intent_webhook.CheckedIntent[] in the order of their definition
---@field intents table<string, intent_webhook.CheckedIntent> by name
---@field slot_names table<string, boolean> of all intents
---@field now (fun(): number)|nil
---@field queue_limit integer
---@field queue_bytes integer
---@field grammar intent_webhook.Grammar|nil the sentences; nil when there are none
---@field recognition intent_webhook.Recognition
---@field conversation intent_webhook.Conversation
---@field sessions intent_webhook.SessionStore|nil nil: each message is for itself
---@field tool_names intent_webhook.ToolNames|nil made with the first result of a model
---@field history intent_webhook.History|nil opened with the first question
---@field servers intent_webhook.Server[] that were opened with `serve`
---@field closed boolean|nil nothing is served any more
local Client = { __name = "intent_webhook.Client" }
Client.__index = Client

-- Definition -------------------------------------------------------------------------------------------------------

-- Options with the intents of a file in place of its path, or nil, message, code.
local function with_intents(given)
  if type(given) ~= "table" or type(given.intents) ~= "string" then return given end
  local loaded, message, code = webhook.load(given.intents)
  if not loaded then return nil, message, code end
  for name, value in pairs(given) do
    if name ~= "intents" then loaded[name] = value end
  end
  return loaded
end

local function check_number_word(mistakes, place, pair)
  if not check.type(mistakes, place, pair, "table", 'write it like { "dozen", 12 }') then return nil end
  local words, number = rawget(pair, 1), rawget(pair, 2)
  if check.text(mistakes, check.within(place, 1), words, "write the words") then
    if not core.is_utf8(words) then
      mistakes:add(check.within(place, 1), "is not UTF-8: write it in UTF-8")
    elseif not words:find("[%w\128-\255]") then
      mistakes:add(check.within(place, 1), "has no letter: write the words")
    end
  end
  if check.type(mistakes, check.within(place, 2), number, "number", "give their number") then
    check.scalar(mistakes, check.within(place, 2), number)
  end
  for key in next, pair do
    if key ~= 1 and key ~= 2 then
      mistakes:add(check.within(place, key), 'is neither the words nor their number: write it like { "dozen", 12 }')
    end
  end
  return { words, number }
end

local function number_words_of(code, most)
  return require("intent_webhook.number_words").of(code, most)
end

-- What was given, or nil when there are mistakes in it.
local function check_number_words(mistakes, given)
  local before = #mistakes.list
  if type(given) == "string" then
    if not number_words_of(given, 1) then
      local words = require "intent_webhook.number_words"
      local sentence = 'has no words for "%s": known are %s; or list them, like { { "dozen", 12 } }, or give false'
      mistakes:add("number_words", sentence:format(given, table.concat(words.languages(), ", ")))
    end
  elseif given then
    local pairs_of_words = {} -- our own: nothing of the user's is kept, nor called
    for index, pair in ipairs(given) do
      pairs_of_words[index] = check_number_word(mistakes, check.within("number_words", index), pair)
    end
    given = pairs_of_words
  end
  return #mistakes.list == before and given or nil
end

-- The table of the language, the time zone, the number words and the user's types.
local function check_words(mistakes, accepted)
  local table_of_words, message = languages.of(accepted.language)
  if message then mistakes:add("language", message) end
  if type(accepted.language) == "table" then
    local before = #mistakes.list
    languages.check(mistakes, "language", accepted.language)
    if #mistakes.list > before and mistakes:first() then table_of_words = nil end -- what is wrong is not read
  end
  accepted.language_table = table_of_words or languages.of("en")
  if accepted.number_words == nil then
    local code = accepted.language_table.code
    accepted.number_words = type(code) == "string" and number_words_of(code, 0) and code or "en"
  end
  accepted.offset, message = zone.offset(accepted.zone)
  if message then
    mistakes:add("zone", message)
    accepted.offset = zone.offset("UTC")
  end
  accepted.own_types = {}
  for _, name in ipairs(check.names(mistakes, "types", accepted.types, "give types by name")) do
    local place = check.within("types", name)
    if types.of(name) then
      mistakes:add(place, "is the name of a type that comes with the module: give it another")
    elseif check.type(mistakes, place, accepted.types[name], "function|table", "give a function") then
      accepted.own_types[name] = types.own(mistakes, place, accepted.types[name])
    end
  end
end

-- Checks options, in the order in which the manual lists them.
local function check_client(mistakes, given)
  local accepted = check.options(mistakes, "", given, options.client)
  if not accepted then return nil end
  if accepted.allow then
    accepted.allow = check.strings(mistakes, "allow", accepted.allow, "write an address range")
  end
  check_words(mistakes, accepted)
  accepted.lists = lists.all(mistakes, "lists", accepted.lists, accepted)
  accepted.phrases = phrases.all(mistakes, "phrases", accepted.phrases)
  accepted.skip_words = check.strings(mistakes, "skip_words", accepted.skip_words, "write a word")
  accepted.number_words = check_number_words(mistakes, accepted.number_words)
  accepted.conversation = check.options(mistakes, "conversation", accepted.conversation, options.conversation)
  if type(accepted.intents) == "string" then -- the file that was named has named another
    mistakes:add("intents", "must be a list here, got a string: return the intents themselves")
    accepted.intents = nil
  end
  return accepted
end

local function core_client(accepted)
  return core.client {
    history = accepted.history,
    queue_limit = accepted.queue_limit,
    queue_bytes = accepted.queue_bytes,
    keep_days = accepted.keep_days or 0, -- the core's word for "for ever"
  }
end

-- A client that only checks endpoints, for when there is no good history file: nothing is written to its own.
local function scratch_client()
  local path = os.tmpname()
  local made = core.client { history = path }
  os.remove(path)
  return made
end

-- What readers of types are told, when a match is asked for without a time.
local function clock_of(accepted)
  local now, offset = accepted.now, accepted.offset
  return function() return { now = now and now() or os.time(), offset = offset } end
end

-- The options of the store of sessions; nil for none.
local function check_sessions(mistakes, accepted, intents)
  if accepted.sessions == false then return nil end
  return session_store.check(mistakes, "sessions", accepted.sessions, secrets.are_in(intents))
end

---Makes a client. Nothing is opened or started before the first event, or `start`.
---@param given intent_webhook.ClientOptions
---@return intent_webhook.Client|nil
---@return string|nil message
---@return string|nil code "history": the history file cannot be used; "unreadable" or "invalid": the file of intents,
---  or that of the compiled sentences; "stale": that one is of other sentences; "system": not enough of something
function webhook.new(given)
  local mistakes = check.mistakes()
  local complete, message, code = with_intents(given)
  if complete == nil and message then return nil, message, code end
  local accepted = check_client(mistakes, complete)
  local made
  if not mistakes:first() then
    made, message, code = core_client(accepted)
    if not made then return nil, message, code end
  end
  local intents, sentences = {}, nil
  if accepted and accepted.intents then
    intents, sentences, message, code = intent.check(mistakes, accepted.intents, accepted, made, false)
  end
  local stored = accepted and check_sessions(mistakes, accepted, intents)
  local mistake = mistakes:first()
  if mistake then
    local path = mistake.path == "" and "options" or mistake.path
    argument.misuse("webhook.new", path .. ": " .. mistake.message)
  end
  if message then return nil, message, code end
  local by_name, slot_names, recognised = {}, {}, recognition.new(intents, sentences, clock_of(accepted))
  for _, checked in ipairs(intents) do
    by_name[checked.name] = checked
    for name in pairs(checked.declared) do slot_names[name] = true end
  end
  local sessions
  if stored then
    sessions, message, code = session_store.new(stored, {
      history = accepted.history, read = function(session) return session_reader.read(session, by_name) end,
    })
    if not sessions then return nil, message, code end
  end
  return setmetatable({
    core = made, path = accepted.history, list = intents, intents = by_name, now = accepted.now,
    queue_limit = accepted.queue_limit, queue_bytes = accepted.queue_bytes, grammar = sentences,
    slot_names = slot_names, recognition = recognised, sessions = sessions,
    conversation = conversation.new(by_name, recognised, accepted), servers = {},
  }, Client)
end

local function check_all(mistakes, given)
  local complete, message = with_intents(given)
  if complete == nil and message then return mistakes:add("intents", message) end
  local accepted = check_client(mistakes, complete)
  if accepted and accepted.intents then
    local made, problem
    if accepted.history then made, problem = core_client(accepted) end
    if problem then mistakes:add("history", (problem:gsub("^history: ", ""))) end
    local intents = intent.check(mistakes, accepted.intents, accepted, made or scratch_client(), true)
    check_sessions(mistakes, accepted, intents)
  end
end

---Every mistake in the options of a client, by the same checker that `new` uses. Raises nothing, starts nothing.
---@param given any
---@return intent_webhook.Mistake[] # empty when all is well; warnings have level = "warning"
function webhook.check(given)
  local mistakes = check.mistakes()
  local good, problem = protected.call(check_all, mistakes, given) -- a metamethod in the options may raise
  if not good then mistakes:add("", "reading the options raised an error: " .. problem) end
  return mistakes.list
end

-- What a file of intents returned, as options.
local function options_of(value)
  if value.intents == nil then return { intents = value } end
  local copied = {}
  for name, option in pairs(value) do copied[name] = option end
  return copied
end

---Runs a Lua file of intents. It returns a list of intents, or a table of options for `new` with `intents` among them.
---@param path string
---@return intent_webhook.ClientOptions|nil # always with `intents`
---@return string|nil message
---@return string|nil code "unreadable": there is no such file, or no permission; "invalid": it is not what it should be
function webhook.load(path)
  argument.path("webhook.load", path)
  local problem = check.unreadable(path)
  if problem then return nil, "the file of intents cannot be read: " .. problem, "unreadable" end
  local chunk, mistake = loadfile(path)
  if not chunk then return nil, "the file of intents is not Lua: " .. mistake, "invalid" end
  local good, value = protected.call(chunk, path)
  if not good then return nil, "the file of intents raised an error: " .. value, "invalid" end
  if type(value) ~= "table" then
    local sentence = "the file of intents %s returned %s: return a list of intents"
    return nil, sentence:format(path, check.kind(value)), "invalid"
  end
  local read, result = protected.call(options_of, value)
  if not read then return nil, "reading what the file of intents returned raised an error: " .. result, "invalid" end
  return result
end

---Reads a history file without a client.
---@param path string
---@return intent_webhook.History|nil
---@return string|nil message
---@return string|nil code "memory"
function webhook.history(path)
  argument.path("webhook.history", path)
  return history.open(path)
end

---Turns a grammar of hassil, as Home Assistant writes its sentences, into options for `new`. It takes what a file of a
---language holds, decoded: `intents`, `lists`, `expansion_rules`, `skip_words`, `settings`, and `fixture_lists` for
---lists that come from elsewhere. Slots are declared as optional. Raises, naming the place, for what is no grammar.
---@param grammar table
---@return intent_webhook.ClientOptions # intents, lists, phrases, skip_words, ignore_whitespace, number_words
---@return string[] notes what had to be changed
function webhook.from_hassil(grammar)
  local read, notes = hassil.read(grammar)
  if not read then argument.misuse("webhook.from_hassil", notes) end
  return read, notes
end

---A rule that is a few words: webhook.keywords { any = { "book", "reserve" }, all = { "table" }, none = { "cancel" } }.
---@param words { any?: string[], all?: string[], none?: string[] }
---@return intent_webhook.KeywordRule
function webhook.keywords(words)
  return { keywords = words }
end

---What client:tools gave, as JSON text for a request to a model; the order of its keys is always the same.
---@param list table[]
---@return string
function webhook.tools_json(list)
  if type(list) ~= "table" then
    argument.misuse("webhook.tools_json", "list: must be a table, got " .. check.kind(list))
  end
  return tools.json(list)
end

---Marks a table as a JSON array, for map functions: an empty table without the mark is an object.
---@param list? table default: a new one
---@return table # the same
function webhook.array(list)
  if list ~= nil and type(list) ~= "table" then
    argument.misuse("webhook.array", "list: must be a table, got " .. check.kind(list))
  end
  local good, marked = pcall(setmetatable, list or {}, { __jsontype = "array" })
  if not good then argument.misuse("webhook.array", "list: has a metatable that cannot be changed") end
  return marked
end

-- Firing -----------------------------------------------------------------------------------------------------------

-- The host's own time, or nil. Raises at the line that called the method `caller`, which calls this itself.
local function time_of(client, caller)
  local now = client.now
  if not now then return nil end
  local time = now()
  if type(time) ~= "number" or not (time > 0 and time < 2 ^ 43) then
    error(("%s: now: must return seconds since 1970, returned %s"):format(caller, check.show(time)), 3)
  end
  return time
end

local function unknown_intent(client, name)
  local names = {}
  for index, one in ipairs(client.list) do names[index] = one.name end
  return ('there is no intent "%s"%s'):format(tostring(name), check.suggestion(name, names))
end

-- The core's sentence, and, when it is about a slot that is not declared, which one was meant.
local function explain_misuse(checked, slots, message)
  if not message:find("is not declared by the intent", 1, true) then return message end
  for name in next, slots do
    if not checked.declared[name] then return message .. check.suggestion(name, checked.names) end
  end
  return message
end

---Fires an intent with these slots. Returns at once.
---
---Raises for an unknown intent, a slot that it does not declare, or a value that a slot cannot hold: slots are strings,
---numbers, booleans and webhook.null. An error in a map function does not raise: that delivery is recorded as failed.
---Replies, handoffs and functions among the actions run before it returns, when the event was accepted.
---@param name string
---@param slots? table values by name; optional ones may be missing
---@param given? intent_webhook.FireOptions
---@return string|nil id of the event
---@return string|nil message
---@return string|nil code "incomplete": a required slot is missing; "full": queue_limit or queue_bytes is reached;
---  "closed"; "memory"; "system"
---@return intent_webhook.Outcome|nil outcome of an intent whose actions have functions, templates or replies
function Client:fire(name, slots, given)
  local checked = self.intents[name]
  if not checked then
    argument.misuse("client:fire", unknown_intent(self, name))
  end
  -- without options nothing of that: it would cost more than all the rest
  local session = given ~= nil and argument.options("client:fire", "options", given, options.fire).session or nil
  if slots == nil then slots = {} end
  if type(slots) ~= "table" then
    argument.misuse("client:fire", "slots: must be a table, got " .. check.kind(slots))
  end
  local time = time_of(self, "client:fire")
  if checked.typed then slots = firing.with_defaults(checked, slots) end
  local id, message, code, outcome = firing.fire(self, checked, slots, session, time)
  if code == "misuse" then argument.misuse("client:fire", explain_misuse(checked, slots, message)) end
  return id, message, code, outcome
end

-- Recognising ------------------------------------------------------------------------------------------------------

-- What a match gives for slots with types, predicates and defaults.
local function fill(self, checked, match, text, now, errors)
  errors = errors or {}
  local found = filling.new(checked, conversation.heard(text), {}, self.conversation:context(now, errors))
  found:capture(match.slots, match.spans)
  found:scan()
  match.slots, match.rejected = firing.with_defaults(checked, found.slots), found:rejections()
  match.spans = found.spans
  match.missing = recognition.missing_in(checked.required, match.slots)
  if not errors[1] then return nil end
  local hidden = secrets.new()
  hidden:add_slots(checked, found.raw)
  for _, one in ipairs(match.rejected or {}) do hidden:add_slots(checked, { [one.slot] = one.raw }) end
  if secrets.are_in { checked } then hidden:add(text) end
  hidden:hide(errors)
  return errors
end

---Looks for the intent that a message fits best, and fires it. Returns at once.
---
---The intent of the highest priority wins, then the rule with the highest score, and among equals the one that is
---defined first; the best sentence takes part as one rule. An error in a rule counts as no match. Raises only for
---arguments that are wrong.
---
---With a session it is one message of a conversation: slots that are missing are asked for, and the answer is a turn.
---@param text string
---@param given? intent_webhook.MessageOptions
---@return intent_webhook.MessageResult|intent_webhook.Turn|nil
---@return string|nil message
---@return string|nil code as those of `fire`, when the intent could not be fired; with a session as well those of the
---  store: "conflict", "history", "timeout", "store", "key"
function Client:message(text, given)
  if type(text) ~= "string" then argument.string("client:message", "text", text) end
  if given ~= nil then given = argument.message("client:message", given, self.slot_names) end
  if given and given.session and self.sessions then
    return talk.message(self, text, given, time_of(self, "client:message"))
  end
  local match, errors, checked = self.recognition:match(text, given)
  if not match then return { status = "unmatched", errors = errors } end
  local time = time_of(self, "client:message")
  if checked.typed then errors = fill(self, checked, match, text, time or os.time(), errors) end
  local result = {
    status = "incomplete", intent = match.intent, slots = match.slots, score = match.score, rule = match.rule,
    missing = match.missing, ambiguous = match.ambiguous, rejected = match.rejected, errors = errors,
  }
  if result.missing then return result end
  local session = given and given.session
  local id, message, code, outcome = firing.fire(self, checked, match.slots, session, time, errors)
  if not id then return nil, message, code end
  if outcome then
    result.replies, result.handoff, result.errors = outcome.replies, outcome.handoff, outcome.errors
  end
  result.status, result.id = "fired", id
  return result
end

---Looks for the intent that a message fits best, as `message` does without a session, and fires nothing.
---@param text string
---@param given? intent_webhook.MessageOptions
---@return intent_webhook.Match|nil
---@return intent_webhook.RuleError[]|nil errors what users' functions raised, when nothing matched
function Client:match(text, given)
  if type(text) ~= "string" then argument.string("client:match", "text", text) end
  local match, errors, checked = self.recognition:match(text, given, self.slot_names)
  if match == false then
    given = argument.message("client:match", given, self.slot_names)
    match, errors, checked = self.recognition:match(text, given)
  end
  if not match then return nil, errors end
  if checked.typed then
    errors = fill(self, checked, match, text, time_of(self, "client:match") or os.time(), errors)
  end
  if errors then match.errors = errors end
  return match
end

-- Conversations ----------------------------------------------------------------------------------------------------

-- The intents as those see them who make tools of them.
local function tool_intents(client)
  local described = {}
  for number, checked in ipairs(client.list) do
    local slots = {}
    for index, slot in ipairs(checked.fields) do
      slots[index] = { name = slot.name, description = slot.description or slot.label, schema = slot.schema,
        required = slot.required and slot.default == nil }
    end
    described[number] = { name = checked.name, description = checked.description, slots = slots }
  end
  return described
end

---One message of a conversation whose session the host keeps: a pure function, but for what users' functions do. It
---fires nothing: the host fires each of turn.events, with `fire`.
---@param session table|nil what the last step gave; nil for a new conversation
---@param input string|intent_webhook.MessageInput the text, or { text =, context =, best_slot =, session = }
---@param now? number seconds since 1970; default: the client's clock
---@return table session a plain table of strings, numbers, booleans and tables, for JSON
---@return intent_webhook.Turn
---@return table words the turn's text in parts, for who adds what actions say: see conversation.lua
function Client:step(session, input, now)
  if session ~= nil and type(session) ~= "table" then
    argument.misuse("client:step", "session: must be a table, got " .. check.kind(session))
  end
  local text, given = input, nil
  if type(input) == "table" then
    text, given = rawget(input, "text"), {}
    if text == nil then
      argument.misuse("client:step", 'input: has no text: write it like { text = "...", context = {} }')
    end
    for key, value in next, input do
      if key ~= "text" then given[key] = value end
    end
    given = argument.message("client:step", given, self.slot_names)
  end
  argument.string("client:step", "text", text)
  now = now or time_of(self, "client:step") or os.time()
  if type(now) ~= "number" or now - now ~= 0 then
    argument.misuse("client:step", "now: must be a number of seconds, got " .. check.show(now))
  end
  return self.conversation:step(session_reader.read(session, self.intents), text, now, given)
end

---Lists every candidate for a message, the best first. Fires nothing, but asks all functions.
---
---Each but the first has the reason why it did not win. When nothing matches, there are those that came nearest.
---@param text string
---@param given? intent_webhook.MessageOptions
---@return intent_webhook.Explanation[]
---@return intent_webhook.RuleError[]|nil errors that the text was not compared with the sentences; nil when it was
function Client:explain(text, given)
  argument.string("client:explain", "text", text)
  given = argument.message("client:explain", given, self.slot_names)
  return self.recognition:explain(text, given)
end

---Takes what an NLU or a model recognised, in one of ten formats, as `message` takes text. Returns at once.
---
---Intents that have all that they need fire, the others are asked about, in a session. What cannot be used is refused,
---one by one, with the reason, and recorded.
---@param result string|table JSON text, or the table that it is
---@param given? intent_webhook.NluOptions
---@return intent_webhook.Turn|nil
---@return string|nil message
---@return string|nil code "invalid": no JSON, or beyond the limits; "format": none is known, or not the one that was
---  named; those of `message`
function Client:nlu(result, given)
  given = argument.options("client:nlu", "options", given, options.nlu)
  if type(result) ~= "string" and type(result) ~= "table" then
    argument.misuse("client:nlu", "result: must be JSON text or a table, got " .. check.kind(result))
  end
  if given.session == "" then
    argument.misuse("client:nlu", "session: is empty: name the conversation, or give false for none")
  end
  local results, message, code = nlu.read(result, given.format)
  if not results then return nil, message, code end
  self.tool_names = self.tool_names or tools.names(tool_intents(self))
  for _, one in ipairs(results) do tools.restore(self.tool_names, one) end
  local session = given.session
  if session == nil then session = nlu.session(results) end
  return talk.nlu(self, results, session or nil, given.least_confidence, time_of(self, "client:nlu"))
end

---The intents as definitions of tools, so that a model can be asked for exactly their slots.
---@param format "openai"|"openai_responses"|"anthropic"
---@param given? intent_webhook.ToolOptions
---@return table[] # to be put in the request; `webhook.tools_json` writes it
function Client:tools(format, given)
  argument.string("client:tools", "format", format)
  given = argument.options("client:tools", "options", given, options.tools)
  local list, message = tools.export(tool_intents(self), format, given)
  if not list then argument.misuse("client:tools", message) end
  return list
end

-- Sentences --------------------------------------------------------------------------------------------------------

local function names_of_lists(client)
  local names = {}
  for name in pairs(client.grammar and client.grammar.lists or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

---Replaces the values of one of the client's lists, from the next message on; nothing is compiled again. A plain list
---keeps the options that the list was defined with. Raises for a list that there is not, or that has no values, and for
---values that are wrong.
---@param name string
---@param definition (string|intent_webhook.ListValue)[]|intent_webhook.ValueList
---@return true
function Client:set_list(name, definition)
  argument.string("client:set_list", "name", name)
  local defined = self.grammar and self.grammar.lists[name]
  if not defined then
    local sentence = 'there is no list "%s"%s'
    argument.misuse("client:set_list", sentence:format(name, check.suggestion(name, names_of_lists(self))))
  end
  if defined.description.kind ~= "values" then
    argument.misuse("client:set_list", ('the list "%s" has no values, so they cannot be replaced'):format(name))
  end
  local set, problem = self.grammar:set_list(name, definition)
  if not set then argument.misuse("client:set_list", problem) end
  return true
end

---Sentences that an intent accepts, all different. The same seed gives the same ones.
---@param name string of the intent
---@param count? integer how many at most, 1 to 100000; there may be fewer; default 10
---@param seed? integer 0 to 2^53; default 1
---@return string[] # none when the intent has no sentences
function Client:sample(name, count, seed)
  local checked = self.intents[name]
  if not checked then
    argument.misuse("client:sample", unknown_intent(self, name))
  end
  local accepted = argument.options("client:sample", "count", { count = count, seed = seed }, options.sample)
  if not self.grammar then return {} end
  for number, one in ipairs(self.list) do
    if one == checked then return self.grammar.core:sample(number, accepted.count, accepted.seed) end
  end
end

---Which slots each template yields, in the order of their definition.
---@return intent_webhook.Yield[]
function Client:yields()
  local yields = {}
  for index, one in ipairs(self.grammar and self.grammar:yields() or {}) do
    yields[index] = {
      intent = self.list[one.intent].name, rule = one.placed.number, template = one.placed.rule.templates[one.template],
      always = one.always, sometimes = one.sometimes,
    }
  end
  return yields
end

---Writes the compiled sentences to a file for the option `compiled`, completely or not at all. Raises when the client
---has no sentences, or when a list of it was replaced.
---@param path string
---@return true|nil
---@return string|nil message
---@return string|nil code "unwritable"
function Client:save_sentences(path)
  argument.path("client:save_sentences", path)
  if not self.grammar then argument.misuse("client:save_sentences", "the client has no sentences") end
  if self.grammar.replaced then
    local sentence = 'the list "%s" was replaced, so the file would fit no definition: save before set_list'
    argument.misuse("client:save_sentences", sentence:format(self.grammar.replaced))
  end
  return self.grammar:save(path)
end

-- Results ----------------------------------------------------------------------------------------------------------

---A delivery that is finished.
---@class intent_webhook.Delivery
---@field id string of the event
---@field intent string
---@field session? string
---@field number integer which webhook action of the intent, from 1; 0: an event that has no webhook
---@field url? string
---@field status "delivered"|"failed"|"recorded"|"unrecorded" the last two: number 0
---@field http_status? integer
---@field cause? string why it is not delivered: a stable code, listed in docs/history.md
---@field reason? string the same as a sentence that says what to do
---@field message? string what the system said
---@field seconds? number what the attempt took
---@field recorded boolean false: the history could not be written so far

---The deliveries that finished since the last call, oldest first. Never waits. A table for each takes about 2 us, so a
---host that has other things to do may take them in portions.
---@param most? integer how many at most, from 1; the others stay for the next call; default: all
---@return intent_webhook.Delivery[] # perhaps none
function Client:poll(most)
  if most ~= nil and (type(most) ~= "number" or most < 1 or most % 1 ~= 0) then
    local got = type(most) == "number" and tostring(most) or check.kind(most)
    error("client:poll: most: must be a whole number from 1, got " .. got, 2)
  end
  return self.core:poll(most)
end

---A descriptor for an event loop (luv, cqueues, poll(2)): readable as long as `poll` has something. Only to be watched,
---never read from or closed; stop watching it before the client is collected. In a forked child, ask again.
---@return integer|nil descriptor
---@return string|nil message
---@return string|nil code "system": there is no descriptor left
function Client:fd()
  return self.core:fd()
end

---Waits for the deliveries of one event; `poll` will not give them any more.
---@param id string
---@param timeout? number seconds; default 15
---@return intent_webhook.Delivery[]|nil
---@return string|nil message
---@return string|nil code "timeout"; "unknown": no event of that id is under way, or its deliveries were polled
function Client:wait(id, timeout)
  argument.string("client:wait", "id", id)
  return self.core:wait(id, argument.seconds("client:wait", timeout, options.seconds.wait))
end

---Waits until everything is sent and recorded.
---@param timeout? number seconds; default 15
---@return true|nil
---@return string|nil message
---@return string|nil code "timeout"
function Client:flush(timeout)
  return self.core:flush(argument.seconds("client:flush", timeout, options.seconds.flush))
end

---Accepts nothing more, waits until everything is sent and recorded, and ends. What is not finished in time is recorded
---as failed, client_closed. A second time does nothing.
---@param timeout? number seconds; default 15
---@return true|nil
---@return string|nil message how many deliveries were cut off
---@return string|nil code "timeout"
function Client:close(timeout)
  timeout = argument.seconds("client:close", timeout, options.seconds.close)
  self.closed = true
  for _, server in ipairs(self.servers) do server:close() end
  self.servers = {}
  if self.history then self.history:close() end
  self.history = nil
  if self.sessions then self.sessions:close() end
  return self.core:close(timeout)
end

function Client:__close()
  self:close()
end

---Opens the history and starts the threads now, to learn of trouble early. Otherwise the first event does.
---@param timeout? number seconds; default 5
---@return true|nil
---@return string|nil message
---@return string|nil code "history": the file cannot be used, or not within the timeout; "closed"; "system"
function Client:start(timeout)
  return self.core:start(argument.seconds("client:start", timeout, options.seconds.start))
end

---Figures of the client.
---@class intent_webhook.Stats
---@field fired integer events that were accepted
---@field delivered integer deliveries
---@field failed integer deliveries
---@field refused integer events that were refused as full
---@field results_dropped integer finished deliveries that nobody polled in time
---@field queued integer deliveries that wait now
---@field in_flight integer deliveries on the wire now
---@field unrecorded integer deliveries that are finished, but not yet in the history
---@field bytes integer memory that all of them hold
---@field history_recorded integer what the file's writer, which clients may share, has written
---@field history_waiting integer what it has yet to write
---@field history_error? string why its last write failed; nil when it did not

---What the client has done, and what it holds now. Never waits.
---@return intent_webhook.Stats
function Client:stats()
  return self.core:stats()
end

-- History ----------------------------------------------------------------------------------------------------------

local function history_of(client)
  if not client.history then
    local opened, message, code = history.open(client.path)
    if not opened then return nil, message, code end
    client.history = opened
  end
  return client.history
end

---The events that a filter lets through, newest first. Waits for the answer, at most filter.timeout seconds.
---@param filter? intent_webhook.EventFilter
---@return intent_webhook.EventPage|nil
---@return string|nil message
---@return string|nil code "history", "timeout", "memory"
function Client:events(filter)
  argument.options("client:events", "filter", filter, options.event_filter)
  local opened, message, code = history_of(self)
  if not opened then return nil, message, code end
  return opened:events(filter)
end

---One event with its deliveries and their attempts. Waits for the answer.
---@param id string
---@param timeout? number seconds; default 5
---@return intent_webhook.Event|nil
---@return string|nil message
---@return string|nil code "unknown", "history", "timeout", "memory"
function Client:event(id, timeout)
  argument.string("client:event", "id", id)
  timeout = argument.seconds("client:event", timeout, options.seconds.event)
  local opened, message, code = history_of(self)
  if not opened then return nil, message, code end
  return opened:event(id, timeout)
end

---Serves the Intent History page of this client's history, with the figures of its queue in /metrics.
---
---Threads of its own do that, so it returns at once; `client:close` ends it too. Raises the first mistake in the
---options.
---@param given? intent_webhook.ServeOptions
---@return intent_webhook.Server|nil # its `url` says where it is
---@return string|nil message
---@return string|nil code "address": nothing can listen there; "system", "memory"; "closed": the client is
function Client:serve(given)
  local mistakes = check.mistakes()
  local accepted = page.check_serve(mistakes, given)
  local server, message, code
  if accepted and not mistakes:first() then
    if self.closed then return nil, "the client is closed", "closed" end
    server, message, code = page.serve(mistakes, accepted, self.path, "client:serve { hosts = { ... } }", self.core)
  end
  local mistake = mistakes:first()
  if mistake then
    local path = mistake.path == "" and "options" or mistake.path
    argument.misuse("client:serve", path .. ": " .. mistake.message)
  end
  if server then self.servers[#self.servers + 1] = server end
  return server, message, code
end

return webhook
