-- Number words of Italian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zero uno|un|una" },
    { 2, 99, "{rest:solid}" },
    { 100, 999, "{hundred:solid}" },
    { 101, 999, "{hundred:solid}(| | e ){rest:solid}" },
    { 101, 999, "{hundred:elided}{rest:vowel}" },
    { 1000, "mille" },
  },
  solid = {
    { 1, "uno|un|una due tre quattro cinque sei sette otto nove dieci" },
    { 11, "undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove" },
    { 20, "venti trenta quaranta cinquanta sessanta settanta ottanta novanta", by = 10 },
    { 21, 99, "{tens:elided}{ones:vowel}" },
    { 22, 99, "{tens:solid}{ones:consonant}" },
    { 100, "cento" },
    { 200, 999, "{hundreds:solid}cento" },
  },
  elided = {
    { 20, "vent trent quarant cinquant sessant settant ottant novant", by = 10 },
    { 100, "cent duecent trecent quattrocent cinquecent seicent settecent ottocent novecent", by = 100 },
  },
  vowel = {
    { 1, "uno|un|una" },
    { 8, "otto" },
    { 11, "undici" },
    { 80, "ottanta" },
    { 81, "ottantuno|ottantun|ottantuna ottantadue ottantatré ottantaquattro ottantacinque ottantasei" },
    { 87, "ottantasette ottantotto ottantanove" },
  },
  consonant = { { 2, "due tré quattro cinque sei sette - nove" } },
  halves = {
    { 0, "mezzo|mezza" },
    { 1, 999, "{number} e mezz(o|a)" },
    { 0, 999, "{number} (virgola|punto) cinque" },
  },
}
