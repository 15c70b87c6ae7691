-- Number words of Norwegian Bokmål; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "null" },
    { 1, "en|ett|et|ei" },
    { 20, "tjue|tyve tretti|tredve", by = 10 },
    { 1, 99, "{rest:plain}" },
    { 21, 99, "{ones:joined}(og| og ){tens:before}" },
    { 100, "hundre|ett_hundre|etthundre|et_hundre" },
    { 200, 999, "{hundreds:joined}(| )hundre" },
    { 101, 999, "{hundred}( og|) {rest:plain}" },
    { 101, 901, "{hundred} og {ones:feminine}" },
    { 1000, "tusen|ett_tusen|ettusen|etttusen|et_tusen" },
  },
  plain = {
    { 1, "en|ett to tre fire fem seks sju|syv åtte ni ti" },
    { 11, "elleve tolv tretten fjorten femten seksten sytten atten nitten" },
    { 20, "tjue tretti førti femti seksti sytti åtti nitti", by = 10 },
    { 21, 99, "{tens:plain}(| ){ones:plain}" },
  },
  joined = { { 1, "en to tre fire fem seks sju|syv åtte ni" } },
  feminine = { { 1, "ei" } },
  before = { { 20, "tyve|tjue tredve|tretti førti femti seksti sytti åtti nitti", by = 10 } }, -- the older way to count
  halves = {
    { 0, "halv|halvt|en_halv|et_halvt" },
    { 1, "halvannen|halvannet" },
    { 1, 999, "{number} og (en halv|et halvt)" },
    { 0, 999, "{number} komma fem" },
  },
}
