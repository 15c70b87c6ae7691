-- Number words of Afrikaans; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nul een twee drie vier vyf ses sewe agt nege tien elf twaalf dertien veertien vyftien" },
    { 16, "sestien sewentien|seventien agtien|agttien negentien|neëntien" },
    { 20, "twintig dertig veertig vyftig sestig sewentig|seventig tagtig negentig|neëntig", by = 10 },
    { 21, 99, "{ones}( en |en){tens}" },
    { 100, "honderd|eenhonderd|een_honderd" },
    { 200, 999, "{hundreds}(| )honderd" },
    { 101, 999, "{hundred}( en|) {rest}" },
    { 1000, "duisend|eenduisend|een_duisend" },
  },
}
