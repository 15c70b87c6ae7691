-- Number words of Dutch; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nul" },
    { 1, 99, "{rest:solid}" },
    { 21, 99, "{ones:solid} en {tens:solid}" },
    { 100, 999, "{hundred:solid}" },
    { 100, 999, "{hundreds:solid} honderd" },
    { 101, 999, "{hundred:solid}(|en){ones:solid}" },
    { 101, 999, "{hundred:solid}{rest:over_nine}" },
    { 110, 999, "{hundred:solid}en{rest:dozen}" },
    { 101, 999, "{hundred:solid} (|en ){rest}" },
    { 101, 999, "{hundreds:solid} honderd (|en ){rest}" },
    { 1000, "duizend|eenduizend|een_duizend" },
  },
  solid = {
    { 1, "een twee drie vier vijf zes zeven acht negen" },
    { 10, 99, "{rest:over_nine}" },
    { 100, "honderd|eenhonderd" },
    { 200, 999, "{hundreds:solid}honderd" },
  },
  over_nine = {
    { 10, "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien" },
    { 20, "twintig dertig veertig vijftig zestig zeventig tachtig negentig", by = 10 },
    { 21, 99, "{ones:joined}{tens:over_nine}" },
  },
  dozen = { { 10, "tien elf twaalf" } },
  joined = { { 1, "eenen tweeën drieën vieren vijfen zesen zevenen achten negenen" } },
  halves = {
    { 0, "half|halve|een_half|een_halve" },
    { 1, "anderhalf|anderhalve" },
    { 1, 9, "{ones:joined}(half|halve|eenhalf|eenhalve)" },
    { 10, 99, "{rest:over_nine}en(half|halve|eenhalf|eenhalve)" },
    { 1, 999, "{number} en (half|halve|een half|een halve)" },
    { 0, 999, "{number} komma vijf" },
  },
}
