--- options: every option that users can give, in one place, with its type, range, default and meaning.
--
-- check.lua reads these tables; the README's tables say the same.

local options = {}

---What `webhook.new` takes.
---@class intent_webhook.ClientOptions
---@field history string path of the SQLite file that keeps the history; made when it does not exist
---@field intents intent_webhook.Intent[]|string the intents, or the path of a Lua file that returns them
---@field queue_limit? integer deliveries in memory for each endpoint, 1 to 100000000; default 10000
---@field queue_bytes? integer bytes in memory for each endpoint, 1 to 2^46; default 67108864 (64 MiB)
---@field network? "any"|"public" where webhooks may go, unless the action says otherwise; default "any"
---@field allow? string[] address ranges (CIDR) that network = "public" allows all the same
---@field keep_days? number|false days after which history is deleted, 0.001 to 100000; false keeps all; default 30
---@field now? fun(): number seconds since 1970, with fractions, above 0; default: the system's clock. For tests: what
---  it raises goes through `message` and `fire`
---@field lists? table<string, intent_webhook.List> what {name} in a sentence can be, by name
---@field phrases? table<string, string> templates that <name> in a sentence stands for, by name
---@field skip_words? string[] words that a message may have anywhere besides, at most 1000
---@field ignore_whitespace? boolean spaces count nowhere, neither in sentences nor in messages; default false
---@field number_words? string|{ [1]: string, [2]: number }[]|false what ranges take besides digits: those of a
---  language, or a list of words with their numbers, or nothing; default "en"
---@field compiled? string path of a file that client:save_sentences made; read in place of compiling the sentences
---@field language? string|table what numbers, dates, yes and no are written like, and what is said to people: "en",
---  "de", "vi", or a table of the same form, see docs/slots.md; default "en"
---@field zone? string|number|function where "tomorrow at 7" is: "UTC", "+07:00", seconds east of UTC, or a function
---  from seconds since 1970 to these; default: the system's time zone
---@field types? table<string, function|table> types for slots, by name, see docs/slots.md
---@field conversation? intent_webhook.ConversationOptions
---@field sessions? table|false where sessions are kept, see docs/conversations.md; false: nowhere, so that each message
---  is for itself and a session is only a name in the history; default { store = "memory" }
options.client = {
  { name = "history", type = "string", required = true, also = { "database", "db", "file", "log" },
    hint = "name the SQLite file that keeps the history" },
  { name = "intents", type = "list|string", required = true,
    hint = "give the intents, or the path of a Lua file that returns them" },
  { name = "queue_limit", type = "integer", default = 10000, from = 1, to = 100000000 },
  { name = "queue_bytes", type = "integer", default = 64 * 1024 * 1024, from = 1, to = 2 ^ 46 },
  { name = "network", type = "string", default = "any", one_of = { "any", "public" } },
  { name = "allow", type = "list", most = 1000, hint = 'list address ranges, like { "10.1.0.0/16" }' },
  { name = "keep_days", type = "number|false", default = 30, from = 0.001, to = 100000,
    hint = "days, or false to keep all history" },
  { name = "now", type = "function", also = { "clock", "time" },
    hint = "give a function that returns seconds since 1970" },
  { name = "lists", type = "table", default = {}, also = { "entities", "values" },
    hint = 'write them like { area = { "kitchen", "bathroom" } }' },
  { name = "phrases", type = "table", default = {}, also = { "expansion_rules", "macros" },
    hint = 'write them like { turn = "(turn|switch|put)" }' },
  { name = "skip_words", type = "list", default = {}, most = 1000, hint = 'list words, like { "please" }' },
  { name = "ignore_whitespace", type = "boolean", default = false },
  { name = "number_words", type = "string|list|false",
    hint = 'name a language, like "de", or list words like { { "dozen", 12 } }, or give false for none' },
  { name = "compiled", type = "string", hint = "name the file that client:save_sentences made" },
  { name = "language", type = "string|table", default = "en", also = { "locale", "lang" },
    hint = 'name one, like "de", or give a table of words' },
  { name = "zone", type = "string|number|function", also = { "timezone", "time_zone", "tz" },
    hint = 'write it like "+07:00", or give a function' },
  { name = "types", type = "table", default = {}, hint = "give functions by name" },
  { name = "conversation", type = "table", default = {}, also = { "dialogue", "form" },
    hint = "write it like { attempts = 3 }" },
  { name = "sessions", type = "table|false", also = { "session", "store" },
    hint = 'write it like { store = "memory" }' },
}

---How long a conversation goes on.
---@class intent_webhook.ConversationOptions
---@field attempts? integer how often a slot that has no list of prompts is asked for, and a confirmation, before the
---  conversation is handed over, 1 to 100; default 3
---@field turn_limit? integer messages for one intent, before it is handed over, 1 to 1000; default 50
---@field idle_timeout? number seconds without a message after which an intent is given up, 1 to 31536000; default 1800
---@field interruptions? integer intents that can wait for another at once, 0 to 10; default 3
options.conversation = {
  { name = "attempts", type = "integer", default = 3, from = 1, to = 100 },
  { name = "turn_limit", type = "integer", default = 50, from = 1, to = 1000, also = { "turns", "limit" } },
  { name = "idle_timeout", type = "number", default = 1800, from = 1, to = 31536000, also = { "timeout", "ttl" } },
  { name = "interruptions", type = "integer", default = 3, from = 0, to = 10, also = { "depth" } },
}

---The values of a list: strings (templates that may hold no slots), or tables with more.
---@class intent_webhook.ListValue
---@field [1] string what a person says, a template
---@field value? string|number|boolean what the slot gets; default: what the person said
---@field context? table<string, string|number|boolean> goes to the context of the message when the value is said

---A list of values with options of its own.
---@class intent_webhook.ValueList
---@field values (string|intent_webhook.ListValue)[]
---@field typos? boolean whether one letter of a long value may be wrong; default false
---@field exact_case? boolean whether upper and lower case differ; default false
---@field exact_accents? boolean whether accents count; default false
options.value_list = {
  { name = "values", type = "list", required = true, hint = "list what a person can say" },
  { name = "typos", type = "boolean", default = false },
  { name = "exact_case", type = "boolean", default = false, also = { "case" } },
  { name = "exact_accents", type = "boolean", default = false, also = { "accents" } },
}
options.list_value = {
  { name = "value", type = "string|number|boolean", also = { "out", "id" } },
  { name = "context", type = "table", default = {}, hint = 'write it like { domain = "light" }' },
}

---A range of numbers, as digits and as words.
---@class intent_webhook.Range
---@field from number
---@field to number
---@field step? number from 1e-6; only from, from + step and so on are meant; default 1
---@field multiplier? number the slot gets the number times this; default 1
---@field fractions? "halves"|"tenths" what may stand behind the point; default: nothing
---@field digits? boolean whether digits are meant; default true
---@field words? boolean whether number words are meant; default true
options.range = {
  { name = "from", type = "number", required = true, from = -1e9, to = 1e9, hint = "give the least number" },
  { name = "to", type = "number", required = true, from = -1e9, to = 1e9, hint = "give the greatest number" },
  { name = "step", type = "number", default = 1, from = 1e-6, to = 1e9 },
  { name = "multiplier", type = "number", from = -1e9, to = 1e9 },
  { name = "fractions", type = "string", one_of = { "halves", "tenths" } },
  { name = "digits", type = "boolean", default = true },
  { name = "words", type = "boolean", default = true },
}

---What a type reads, with the options of that type: see docs/slots.md. Only among the client's lists.
---@class intent_webhook.TypeList
---@field type string|function|table

---@alias intent_webhook.List
---| (string|intent_webhook.ListValue)[]
---| intent_webhook.ValueList
---| intent_webhook.Range
---| intent_webhook.TypeList
---| "wildcard"

---@alias intent_webhook.AnyRule
---| string
---| intent_webhook.SentenceRule
---| intent_webhook.PatternRule
---| intent_webhook.KeywordRule
---| intent_webhook.RuleFunction

---What a person may want, how it is recognised, what it needs, and what happens then.
---@class intent_webhook.Intent
---@field name string shown in the history; UTF-8, no control characters; no two intents have the same
---@field rules? intent_webhook.AnyRule[] none: only fire() fires it; a string is a sentence
---@field slots? (string|intent_webhook.Slot)[] in the order of the payload; a string is the name of a slot
---@field actions? intent_webhook.AnyAction[] none: firings are only recorded
---@field priority? integer an intent with a higher one wins whatever the score, -1000 to 1000; default 0
---@field confirm? string|function what to ask when all slots are there, a text with {slots}, or a function(slots) that
---  returns it; default: nothing is asked
---@field interrupts? boolean whether a message of it interrupts another intent that is being filled; default true
---@field description? string what it is for, for `client:tools`
options.intent = {
  { name = "name", type = "string", required = true, hint = "give the intent a name" },
  { name = "rules", type = "list", default = {}, also = { "rule", "match", "patterns", "sentences" },
    hint = 'write { "turn on the light" }' },
  { name = "slots", type = "list", default = {}, most = 256, also = { "entities", "fields", "parameters" } },
  { name = "actions", type = "list", default = {}, most = 64, also = { "webhooks", "webhook" },
    hint = 'list them, like { { webhook = "https://example.org/hook" } }' },
  { name = "priority", type = "integer", default = 0, from = -1000, to = 1000 },
  { name = "confirm", type = "string|function", also = { "confirmation" },
    hint = 'write it like "A table for {party_size}?"' },
  { name = "interrupts", type = "boolean", default = true },
  { name = "description", type = "string" },
}

---A named piece of information that an intent needs.
---@class intent_webhook.Slot
---@field name string the key in the payload; UTF-8, no control characters, no braces
---@field required? boolean whether the intent only fires with it; default true
---@field optional? boolean the opposite of required, for those who prefer the word
---@field sensitive? boolean masked in everything that is stored, but sent as it is; default false
---@field type? string|function|table what its value is: "text", "name", "number", "integer", "date", "time",
---  "datetime", "duration", "email", "phone", "url", "enum", "boolean", "pattern", one of the client's `types`, or a
---  type itself; each has options of its own, see docs/slots.md; default: any text, and whatever a rule yields
---@field prompt? string|string[]|function what to ask for it: a text with {slots}, a list, one for each attempt, or a
---  function(slots, attempt); default: that of the language. An optional slot is only asked for when it has one
---@field default? string|number|boolean its value when there is no other
---@field validate? fun(value: any, slots: table): boolean, string|nil whether a value is good, and what to say if not
---@field label? string what people call it; default: the name, with spaces for underscores
---@field called? string[] other words for it, for "change the ... to ..."
---@field help? string what to say when the person asks for help
---@field description? string for `client:tools`
options.slot = {
  { name = "name", type = "string", required = true, hint = "give the slot a name" },
  { name = "required", type = "boolean" },
  { name = "optional", type = "boolean" },
  { name = "sensitive", type = "boolean", default = false, also = { "secret", "private", "masked" } },
  { name = "type", type = "string|function|table", also = { "kind", "entity" },
    hint = "name a type, or give a function" },
  { name = "prompt", type = "string|list|function", also = { "prompts", "question", "ask" },
    hint = "write what to ask" },
  { name = "default", type = "string|number|boolean" },
  { name = "validate", type = "function", also = { "check", "valid", "validator" },
    hint = "give a function(value, slots) that returns true, or false and what to say" },
  { name = "label", type = "string", also = { "title" } },
  { name = "called", type = "list", default = {}, most = 100, also = { "synonyms", "aliases" } },
  { name = "help", type = "string" },
  { name = "description", type = "string" },
}

---Sentences that mean the same, with what else has to hold. The names are those of hassil's blocks.
---@class intent_webhook.SentenceRule
---@field sentences string[] templates; see docs/sentences.md
---@field slots? table<string, string|number|boolean> slots with fixed values; what a sentence yields goes before
---@field requires_context? table<string, any> what the context must hold, by key: a value, a list of values, true for
---  any, or { slot = true or the name of a slot that gets it, value = a value or a list }
---@field excludes_context? table<string, any> what it must not hold, by key: a value or a list of values
---@field required_keywords? string[] words of which the message must hold one
---@field phrases? table<string, string> go before the client's of the same name
---@field lists? table<string, intent_webhook.List> go before the client's of the same name
---@field priority? integer added to the intent's, -1000 to 1000; default 0
---@field response? string handed on with the match
---@field metadata? any handed on with the match
options.sentence_rule = {
  { name = "sentences", type = "list", required = true, also = { "sentence", "templates" },
    hint = 'write { "what a person would say" }, or give a pattern' },
  { name = "slots", type = "table", default = {}, hint = 'give values by slot, like { domain = "light" }' },
  { name = "requires_context", type = "table", default = {}, hint = 'write it like { domain = "light" }' },
  { name = "excludes_context", type = "table", default = {}, hint = 'write it like { domain = "light" }' },
  { name = "required_keywords", type = "list", default = {}, most = 1000, also = { "keywords" } },
  { name = "phrases", type = "table", default = {}, also = { "expansion_rules" } },
  { name = "lists", type = "table", default = {} },
  { name = "priority", type = "integer", default = 0, from = -1000, to = 1000 },
  { name = "response", type = "string" },
  { name = "metadata", type = "any" },
}
options.context_demand = {
  { name = "slot", type = "boolean|string" },
  { name = "value", type = "string|number|boolean|list" },
}

---A few words by which an intent is recognised. Made by webhook.keywords.
---@class intent_webhook.KeywordRule
---@field keywords { any?: string[], all?: string[], none?: string[] } words, or several that stand one behind the other
options.keyword_rule = {
  { name = "keywords", type = "table", required = true, hint = 'write { any = { "book", "reserve" } }' },
}
options.keywords = {
  { name = "any", type = "list", default = {}, most = 1000, hint = 'list words, like { "book", "reserve" }' },
  { name = "all", type = "list", default = {}, most = 1000, hint = 'list words, like { "table" }' },
  { name = "none", type = "list", default = {}, most = 1000, also = { "not", "without" },
    hint = 'list words, like { "cancel" }' },
}

---A Lua pattern whose captures are slots.
---@class intent_webhook.PatternRule
---@field pattern string as in string.find; upper and lower case differ; it need not match the whole message
---@field slots? string[] the captures' slots, in order; an empty capture leaves its slot out
options.pattern_rule = {
  { name = "pattern", type = "string", required = true, hint = "give a Lua pattern" },
  { name = "slots", type = "list", default = {}, also = { "captures", "names" },
    hint = "name the slot of each capture, in order" },
}

---@alias intent_webhook.AnyAction
---| intent_webhook.WebhookAction
---| intent_webhook.ReplyAction
---| intent_webhook.HandoffAction
---| intent_webhook.RunAction
---| fun(event: intent_webhook.FiredEvent)

local WHEN = { name = "when", type = "function", also = { "if", "condition", "only_if" },
  hint = "give a function(slots, event) that returns true or false" }

---Where the event is posted, and how.
---@class intent_webhook.WebhookAction
---@field webhook string the URL, http or https, used exactly as it is
---@field token? string raw value, sent as "Authorization: Bearer <token>"; stored redacted
---@field token_env? string the environment variable that holds the token; refused when it is not set
---@field headers? table<string, string> more headers, at most 100, sent in the order of their names
---@field secret_headers? string[] those of `headers` whose value is stored redacted
---@field timeout? number seconds for the whole attempt, 0.001 to 3600; default 10
---@field in_flight? integer requests at once, 1 to 100000; default 64
---@field map? intent_webhook.MapFunction makes the payload; default: the slots as a flat object
---@field payload? any the payload as a JSON value, in whose texts {name} stands for a slot; in place of map
---@field when? intent_webhook.WhenFunction whether it runs; default: always
---@field network? "any"|"public" default: the client's
---@field allow? string[] address ranges (CIDR); default: the client's
---@field ca_file? string PEM file of authorities to trust instead of the system's
---@field disabled? boolean nothing is sent, and the history says so; default false
options.webhook_action = {
  { name = "webhook", type = "string", required = true, also = { "url", "endpoint", "uri" },
    hint = "give the URL to post to" },
  { name = "token", type = "string", also = { "bearer", "secret" } },
  { name = "token_env", type = "string", hint = "name the environment variable that holds the token" },
  { name = "headers", type = "table", default = {}, hint = 'write them like { ["X-Name"] = "value" }' },
  { name = "secret_headers", type = "list", default = {}, most = 100, hint = "list names of headers" },
  { name = "timeout", type = "number", default = 10, from = 0.001, to = 3600, hint = "it counts seconds" },
  { name = "in_flight", type = "integer", default = 64, from = 1, to = 100000, also = { "concurrency", "parallel" } },
  { name = "map", type = "function", also = { "transform" },
    hint = "give a function(slots, event) that returns the payload" },
  { name = "payload", type = "any", also = { "body", "json", "data" } },
  WHEN,
  { name = "network", type = "string", one_of = { "any", "public" } },
  { name = "allow", type = "list", most = 1000, hint = 'list address ranges, like { "10.1.0.0/16" }' },
  { name = "ca_file", type = "string" },
  { name = "disabled", type = "boolean", default = false },
}

---What to say, for the host to pass on.
---@class intent_webhook.ReplyAction
---@field reply string|fun(slots: table, event: intent_webhook.MapEvent): string|nil a text in which {name} stands for a
---  slot, or a function that returns one
---@field when? intent_webhook.WhenFunction whether it runs; default: always
options.reply_action = {
  { name = "reply", type = "string|function", required = true, also = { "say", "text", "message", "answer" },
    hint = 'write what to say, like "Booked, {customer_name}."' },
  WHEN,
}

---That a human shall take over, for the host to see to.
---@class intent_webhook.HandoffAction
---@field handoff true|string or a text that says where to, or why, in which {name} stands for a slot
---@field when? intent_webhook.WhenFunction whether it runs; default: always
options.handoff_action = {
  { name = "handoff", type = "boolean|string", required = true,
    also = { "hand_off", "handover", "hand_over", "transfer", "escalate", "human" },
    hint = "write true, or a text that says where to or why" },
  WHEN,
}

---A function of the host's, called in its own thread when the event was accepted.
---@class intent_webhook.RunAction
---@field run fun(event: intent_webhook.FiredEvent)
---@field when? intent_webhook.WhenFunction whether it runs; default: always
options.run_action = {
  { name = "run", type = "function", required = true, also = { "call", "func", "fn", "callback", "handler" },
    hint = "give a function(event)" },
  WHEN,
}

---What `client:fire` takes besides.
---@class intent_webhook.FireOptions
---@field session? string which conversation it belongs to
options.fire = {
  { name = "session", type = "string" },
}

---What `client:message`, `client:match` and `client:explain` take besides.
---@class intent_webhook.MessageOptions
---@field session? string which conversation it belongs to
---@field context? table<string, string|number|boolean> what is known besides the text; sentences may ask for it
---@field best_slot? string of two readings of the text the one wins that has the longer value for this slot
options.message = {
  { name = "session", type = "string" },
  { name = "context", type = "table", hint = 'write it like { area = "kitchen" }' },
  { name = "best_slot", type = "string", hint = "name a slot" },
}

---What `client:step` takes in place of a text.
---@class intent_webhook.MessageInput: intent_webhook.MessageOptions
---@field text string

---What `client:nlu` takes besides the result.
---@class intent_webhook.NluOptions
---@field session? string|false which conversation it belongs to; default: the session that an NLU's result names, if it
---  does; false: none
---@field format? string that the result has; default: it is told by its keys
---@field least_confidence? number what an intent needs where the result has a confidence, 0 to 1; default 0.3
options.nlu = {
  { name = "session", type = "string|false" },
  { name = "format", type = "string", also = { "source", "kind" } },
  { name = "least_confidence", type = "number", default = 0.3, from = 0, to = 1,
    also = { "confidence", "min_confidence", "minimum_confidence", "threshold" } },
}

---What `client:tools` takes besides the format.
---@class intent_webhook.ToolOptions
---@field strict? boolean of "openai" and "openai_responses": whether the model has to keep to the schema; default false
options.tools = {
  { name = "strict", type = "boolean", default = false },
}

---What `client:sample` takes besides the intent.
options.sample = {
  { name = "count", type = "integer", default = 10, from = 1, to = 100000 },
  { name = "seed", type = "integer", default = 1, from = 0, to = 2 ^ 53 },
}

---@alias intent_webhook.Status "pending"|"delivered"|"failed"|"retrying"|"paused"|"unknown"

---Which events `events` lists. With `search`, and with status "recorded", it looks at one event after the other, for
---half of `timeout` at most: the page may then have fewer than `limit` though there are more, and its `next` goes on
---behind the last one that was looked at.
---@class intent_webhook.EventFilter
---@field intent? string
---@field session? string
---@field status? intent_webhook.Status|"recorded" of any of its deliveries; "recorded": it has none
---@field url? string of any of its deliveries
---@field search? string text that occurs, in any case, in slots, id, session, error or note, or in url, request_body or
---  response_body of an attempt
---@field from? number seconds since 1970; events of that time or later
---@field to? number seconds since 1970; events before that time
---@field before? integer only events recorded before the one of this `seq`: the next page
---@field limit? integer how many, 1 to 1000; default 50
---@field timeout? number seconds to wait for the answer, 0.001 to 3600; default 5
options.event_filter = {
  { name = "intent", type = "string" },
  { name = "session", type = "string" },
  { name = "status", type = "string",
    one_of = { "pending", "delivered", "failed", "retrying", "paused", "unknown", "recorded" } },
  { name = "url", type = "string" },
  { name = "search", type = "string", also = { "text", "contains" } },
  { name = "from", type = "number", from = 0, to = 2 ^ 43, also = { "since" } },
  { name = "to", type = "number", from = 0, to = 2 ^ 43, also = { "until" } },
  { name = "before", type = "integer", from = 1, to = 2 ^ 53 },
  { name = "limit", type = "integer", default = 50, from = 1, to = 1000 },
  { name = "timeout", type = "number", default = 5, from = 0.001, to = 3600 },
}

---How long the calls that wait do so when they are not told, in seconds.
options.seconds = {
  start = 5,
  wait = 15, -- a whole call has 10 s, and then it is recorded
  flush = 15,
  close = 15,
  event = 5,
}

return options
