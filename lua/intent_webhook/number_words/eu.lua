-- Number words of Basque, which counts in twenties; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zero|huts bat bi hiru lau bost sei zazpi zortzi bederatzi hamar" },
    { 11, "hamaika hamabi hamahiru hamalau hamabost hamasei hamazazpi hemezortzi hemeretzi" },
    { 20, "hogei berrogei hirurogei laurogei", by = 20 },
    { 21, 99, "{twenties}ta {under_twenty}" },
    { 100, "ehun berrehun hirurehun laurehun bostehun seiehun zazpiehun zortziehun bederatziehun", by = 100 },
    { 101, 999, "{hundred} eta {rest}" },
    { 1000, "mila" },
  },
}
