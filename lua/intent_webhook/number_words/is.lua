-- Number words of Icelandic, in the nominative; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "núll einn|ein|eitt|eina tveir|tvær|tvö þrír|þrjár|þrjú|þrjá fjórir|fjórar|fjögur|fjóra" },
    { 5, "fimm sex sjö átta níu tíu ellefu tólf þrettán fjórtán fimmtán sextán sautján átján nítján" },
    { 20, "tuttugu þrjátíu fjörutíu fimmtíu sextíu sjötíu áttatíu níutíu", by = 10 },
    { 21, 99, "{tens} og {ones}" },
    { 100, "eitt_hundrað|eitthundrað|hundrað" },
    { 200, 999, "{hundreds:counted}(| )hundruð" },
    { 101, 999, "{hundred}( og|) {rest}" },
    { 1000, "eitt_þúsund|eittþúsund|þúsund" },
  },
  counted = { { 2, "tvö þrjú fjögur fimm sex sjö átta níu" } },
}
