--- German: what people write for numbers, dates, yes and no, and what is said to them; docs/slots.md says what the
-- fields mean.

return {
  code = "de",
  dialogue = {
    polite = { "bitte", "ok", "okay", "oh", "äh", "ähm", "na", "also", "danke", "mal", "doch", "dann", "jetzt" },
    cancel = {
      "abbrechen", "abbruch", "stopp", "stop", "vergiss es", "vergessen sie es", "lass es", "lassen wir es", "schon gut",
      "egal", "beenden", "ende", "ich habe es mir anders überlegt", "doch nicht", "storno",
    },
    help = { "hilfe", "ich brauche hilfe", "was kann ich sagen", "das verstehe ich nicht", "ich verstehe nicht", "was brauchst du" },
    ["repeat"] = {
      "wiederholen", "wiederhole das", "nochmal", "noch einmal", "wie bitte", "was", "bitte wiederholen",
      "können sie das wiederholen", "kannst du das wiederholen",
    },
    skip = {
      "überspringen", "weiter", "nein", "nö", "nee", "keine", "keiner", "keins", "nichts", "nein danke",
      "weiß nicht", "weiß ich nicht", "keine ahnung",
    },
    nothing = { "nichts", "nein", "nö", "nee", "gar nichts", "nichts weiter" },
    correction = {
      "nein", "nö", "nee", "nein warte", "warte", "moment", "ach nein", "doch lieber", "lieber", "eigentlich", "ich meine", "ich meinte",
      "entschuldigung", "sorry", "nein doch", "stattdessen", "besser", "ja aber", "aber",
    },
    change = { "ändere", "ändern", "setze", "korrigiere", "mach", "mache", "stell", "stelle" },
    articles = { "der", "die", "das", "den", "dem", "mein", "meine", "meinen", "unser", "unsere" },
    links = { "auf", "zu", "zum", "in", "ist", "sind", "lautet", "soll sein", "wäre" },
    says = {
      ask = "Bitte nennen Sie: {label}.",
      change = "Was soll ich ändern?",
      cancelled = "In Ordnung, das ist abgebrochen.",
      help = "Ich brauche: {label}. Sie können auch „wiederholen“ oder „abbrechen“ sagen.",
      confirm_help = "Bitte sagen Sie „ja“ oder „nein“, oder was zu ändern ist.",
      handoff = "Ich verbinde Sie mit einem Menschen.",
      expired = "Wir waren nicht fertig, und es ist eine Weile her: Fangen wir von vorn an.",
    },
    reasons = {
      impossible = "{raw} gibt es nicht.",
      ambiguous = "{raw} kann man verschieden lesen.",
      incomplete = "{raw} ist nicht vollständig.",
      too_small = "{raw} ist zu wenig.",
      too_large = "{raw} ist zu viel.",
      too_short = "Das ist zu kurz.",
      too_long = "Das ist zu lang.",
      other = "Das habe ich nicht verstanden.",
    },
  },
  email = {
    at = { "at", "ät", "klammeraffe" }, dot = { "punkt", "dot" }, underscore = { "unterstrich" },
    hyphen = { "minus", "bindestrich", "strich" }, plus = { "plus" },
    before = { "ist", "lautet", "an", "email", "e mail", "mail", "adresse", "mailadresse", "unter", "ja", "gerne" },
  },
  phone = {
    before = {
      "tel", "telefon", "telefonnummer", "handy", "handynummer", "mobil", "mobilnummer", "festnetz", "anrufen",
      "erreichbar unter", "meine nummer", "rufnummer", "whatsapp", "signal", "telegram", "sms", "fax", "hotline", "ruf",
      "rückruf",
    },
    not_before = {
      "bestellung", "bestellnummer", "auftrag", "auftragsnummer", "rechnung", "rechnungsnummer", "ticket", "sendung",
      "sendungsnummer", "paket", "konto", "kontonummer", "karte", "kartennummer", "iban", "referenz", "kundennummer",
      "vertrag", "vertragsnummer", "isbn", "artikelnummer", "seriennummer", "steuernummer", "version", "preis", "code",
      "vorgang", "aktenzeichen", "bestellnr", "rechnungsnr", "kundennr",
    },
    extension = { "durchwahl", "nebenstelle", "dw", "app", "ext" },
  },
}
