-- What is said about a user's own table of a language.

local webhook = require "intent_webhook"

local function mistakes(language)
  local lines = {}
  for _, mistake in ipairs(webhook.check {
    history = "never-made.db", language = language, intents = { { name = "a", rules = { "a" }, slots = {
      { name = "x", type = "date", optional = true }, { name = "y", type = "boolean", optional = true } } } },
  }) do
    lines[#lines + 1] = ("%s: %s: %s"):format(mistake.level, mistake.path, mistake.message)
  end
  table.sort(lines)
  return lines
end

describe("a table of a language #once", function()
  it("may be any of those that come with the module, or a part of one", function()
    for _, code in ipairs { "en", "de", "vi" } do
      assert.are.same({}, mistakes(require("intent_webhook.languages." .. code)))
    end
    assert.are.same({}, mistakes {})
    assert.are.same({}, mistakes { code = "fr", boolean = { yes = { "oui" } }, number = { words = { { "un", 1 } } },
      dialogue = { says = { ask = "{label} ?" }, reasons = { no_such_order = "{raw} n'existe pas." } } })
  end)

  it("is told where it has another form than it should", function()
    local hint = ': list words, like { "stop", "never mind" }'
    assert.are.same({
      "error: language.boolean.yes: must be a list, got a string" .. hint,
      "error: language.code: must be a string, got a number",
      "error: language.date.units: must be a table, got a string",
      "error: language.dialogue.cancel: must be a list, got a string" .. hint,
      "error: language.dialogue.help[2]: must be a string, got a number",
      "error: language.dialogue.says.ask: must be a string, got a table",
      "error: language.name: must be a table, got true",
    }, mistakes { code = 5, boolean = { yes = "oui" }, date = { units = "jour" }, name = true,
      dialogue = { cancel = "annuler", help = { "aide", 5 }, says = { ask = {} } } })
  end)

  it("is told which sections there are, and warned of fields that look misspelt", function()
    assert.are.same({
      'error: language.dialog: is no section: did you mean "dialogue"?',
      'warning: language.dialogue.cancell: is not read: did you mean "cancel"?',
      'warning: language.dialogue.says.asks: is not read: did you mean "ask"?',
    }, mistakes { dialog = {}, dialogue = { cancell = { "stop" }, says = { asks = "?" } } })
    assert.matches("^error: language.grammar: is no section: known are boolean, code, date, dialogue, ",
      mistakes({ grammar = {} })[1])
  end)
end)
