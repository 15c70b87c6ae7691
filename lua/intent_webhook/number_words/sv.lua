-- Number words of Swedish; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "noll ett|en två tre fyra fem sex sju åtta nio tio" },
    { 11, "elva tolv tretton fjorton femton sexton sjutton arton nitton" },
    { 20, "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio", by = 10 },
    { 21, 99, "{tens}(| ){ones}" },
    { 100, "hundra|etthundra|ett_hundra" },
    { 200, 999, "{hundreds:joined}(| )hundra" },
    { 101, 999, "{hundred}(| ){rest}" },
    { 1000, "tusen|ettusen|etttusen|ett_tusen" },
  },
  joined = { { 2, "två tre fyra fem sex sju åtta nio" } },
  halves = {
    { 0, "halv|halvt|en_halv|ett_halvt" },
    { 1, 999, "{number} och (en halv|ett halvt)" },
    { 0, 999, "{number} (komma|punkt) fem" },
  },
}
