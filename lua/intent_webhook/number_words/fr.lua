-- Number words of French; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zéro un|une" },
    { 2, 99, "{rest:several}" },
    { 21, 99, "{tens:regular} et {ones:one}" },
    { 71, "soixante_et_onze" },
    { 81, "quatre_vingt_un|quatre_vingt_une|huitante_un|huitante_une" },
    { 100, "cent" },
    { 101, 199, "{hundred} {rest}" },
    { 200, 999, "{hundreds} cent(s|)" },
    { 201, 999, "{hundreds:several} cent {rest}" },
    { 1000, "mille" },
  },
  several = { -- all that have no gender and no "et"
    { 2, "deux trois quatre cinq six sept huit neuf dix" },
    { 11, "onze douze treize quatorze quinze seize dix_sept dix_huit dix_neuf" },
    { 20, "vingt trente quarante cinquante soixante", by = 10 },
    { 70, "soixante_dix|septante quatre_vingts|quatre_vingt|huitante quatre_vingt_dix|nonante", by = 10 },
    { 72, 79, "{twenties:several} {under_twenty:several}" },
    { 82, 99, "{twenties:eighty} {under_twenty:several}" },
    { 22, 99, "{tens:regular} {ones:several}" },
  },
  one = { { 1, "un|une" } },
  regular = { { 20, "vingt trente quarante cinquante soixante septante huitante nonante", by = 10 } },
  eighty = { { 80, "quatre_vingt" } },
  halves = {
    { 0, "demi|un_demi|demie|une_demie" },
    { 1, 999, "{number} et demi(|e)" },
    { 0, 999, "{number} (virgule|point) cinq" },
  },
}
