-- Number words of German; number_words.lua says what the fields mean.

return {
  most = 1000,
  typed = { ["ü"] = "ue", ["ö"] = "oe" },
  main = {
    { 0, "null" },
    { 1, 99, "{rest:solid}" },
    { 21, 99, "{ones:joined} und {tens:solid}" },
    { 100, 999, "{hundred:solid}" },
    { 101, 999, "{hundred:solid}(|und| ){rest:solid}" },
    { 100, 999, "{hundred:spaced}" },
    { 101, 199, "{hundred:solid} und {rest}" },
    { 101, 999, "{hundred:spaced} {rest}" },
    { 1000, "tausend|eintausend|ein_tausend" },
  },
  joined = { { 1, "ein zwei|zwo drei vier fünf sechs sieben acht neun" } },
  solid = {
    { 1, "eins|ein|eine|einen|einem|einer|eines" },
    { 2, 99, "{rest:several}" },
    { 100, "hundert|einhundert" },
    { 200, 999, "{hundreds:joined}hundert" },
  },
  several = {
    { 2, "zwei|zwo drei vier fünf sechs sieben acht neun zehn elf zwölf" },
    { 13, "dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn" },
    { 20, "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", by = 10 },
    { 21, 99, "{ones:joined}und{tens:several}" },
  },
  spaced = { { 100, 999, "{hundreds:joined} hundert" } },
  halves = {
    { 0, "halb|einhalb|ein_halb|ein_halbes" },
    { 1, "anderthalb|einundeinhalb" },
    { 1, 999, "{number:halved}(einhalb| einhalb| ein halb)" },
    { 0, 999, "{number} komma fünf" },
  },
  halved = {
    { 1, "ein" },
    { 2, 99, "{rest:several}" },
    { 100, 999, "{hundred:solid}" },
    { 101, 999, "{hundred:solid}{rest:halved}" },
  },
}
