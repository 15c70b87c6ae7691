--- English: what people write for numbers, dates, yes and no, and what is said to them; docs/slots.md says what the
-- fields mean.

return {
  code = "en",
  dialogue = {
    polite = { "please", "just", "ok", "okay", "oh", "um", "uh", "hm", "well", "thanks", "thank you", "hey", "then", "now" },
    cancel = {
      "cancel", "cancel it", "cancel that", "cancel this", "cancel everything", "never mind", "nevermind", "forget it",
      "forget about it", "forget that", "stop", "stop it", "quit", "exit", "abort", "i changed my mind",
      "i've changed my mind", "i don't want to anymore", "let's not",
    },
    help = {
      "help", "help me", "i need help", "what can i say", "what do you mean", "i don't understand", "what do you need",
      "what is this",
    },
    ["repeat"] = {
      "repeat", "repeat that", "repeat it", "again", "say again", "say that again", "come again", "pardon", "what",
      "sorry what", "what did you say", "can you repeat that", "could you repeat that", "i didn't get that",
    },
    skip = {
      "skip", "skip it", "skip that", "skip this", "no", "nope", "none", "nothing", "no thanks", "no thank you", "pass",
      "next", "i don't know", "don't know", "nah",
    },
    nothing = { "nothing", "no", "nope", "nothing else", "none", "neither", "nothing at all" },
    correction = {
      "no", "nope", "no wait", "wait", "wait no", "actually", "actually no", "sorry", "i mean", "i meant", "oops", "correction",
      "make that", "make it", "rather", "not that", "instead", "scratch that", "let's say", "better", "hold on",
      "no sorry", "yes but", "but",
    },
    change = { "change", "set", "update", "correct", "fix", "make", "edit", "modify" },
    articles = { "the", "my", "our", "a", "an" },
    links = { "to", "into", "as", "is", "are", "should be", "will be", "would be", "to be", "is actually", "is now" },
    says = {
      ask = "Please tell me the {label}.",
      change = "What should I change?",
      cancelled = "All right, that is cancelled.",
      help = 'I need the {label}. You can also say "repeat" or "cancel".',
      confirm_help = 'Please say "yes" or "no", or what to change.',
      handoff = "Let me hand you over to a colleague.",
      expired = "We had not finished, and it has been a while, so let us start again.",
    },
    reasons = {
      impossible = "{raw} does not exist.",
      ambiguous = "{raw} can be read in more than one way.",
      incomplete = "{raw} is not complete.",
      too_small = "{raw} is too little.",
      too_large = "{raw} is too much.",
      too_short = "That is too short.",
      too_long = "That is too long.",
      other = "I did not understand that.",
    },
  },
  email = {
    at = { "at", "at sign" }, dot = { "dot", "point", "period" }, underscore = { "underscore" },
    hyphen = { "dash", "hyphen", "minus" }, plus = { "plus" },
    before = { "is", "it's", "its", "to", "email", "e mail", "mail", "address", "use", "sure", "yes", "hi" },
  },
  phone = {
    before = {
      "tel", "telephone", "phone", "phone number", "mobile", "cell", "cellphone", "call", "call me", "ring", "text me",
      "whatsapp", "signal", "viber", "zalo", "telegram", "sms", "fax", "hotline", "my number", "contact number",
      "reach me", "dial",
    },
    not_before = {
      "order", "invoice", "ticket", "tracking", "parcel", "package", "account", "card", "iban", "reference", "ref", "id",
      "serial", "isbn", "ean", "sku", "customer number", "member",
      "passport", "licence", "license", "version", "case", "code", "booking number", "price", "total",
    },
    extension = { "ext", "extn", "extension", "x" },
  },
}
