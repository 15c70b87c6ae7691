-- Number words of Polish: the nominative, and the genitive of "do dwudziestu pięciu stopni"; number_words.lua says
-- what the fields mean.

return {
  most = 1000,
  main = {
    { 0, 1000, "{number:nominative}" },
    { 0, 1000, "{number:genitive}" },
  },
  nominative = {
    { 0, "zero jeden|jedna|jedno dwa|dwie|dwaj trzy|trzej cztery|czterej" },
    { 5, "pięć sześć siedem osiem dziewięć dziesięć" },
    { 11, "jedenaście dwanaście trzynaście czternaście piętnaście szesnaście siedemnaście" },
    { 18, "osiemnaście dziewiętnaście" },
    { 20, "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt", by = 10 },
    { 70, "siedemdziesiąt osiemdziesiąt dziewięćdziesiąt", by = 10 },
    { 21, 99, "{tens:nominative} {ones:nominative}" },
    { 100, "sto dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset", by = 100 },
    { 101, 999, "{hundred:nominative} {rest:nominative}" },
    { 1000, "tysiąc|jeden_tysiąc" },
  },
  genitive = {
    { 0, "zera jednego|jednej" },
    { 2, 999, "{number:several}" },
    { 101, 901, "{hundred:several} {ones:unchanged}" },
    { 1000, "tysiąca" },
  },
  several = {
    { 2, "dwóch|dwu trzech czterech pięciu sześciu siedmiu ośmiu dziewięciu dziesięciu" },
    { 11, "jedenastu dwunastu trzynastu czternastu piętnastu szesnastu siedemnastu osiemnastu" },
    { 19, "dziewiętnastu" },
    { 20, "dwudziestu trzydziestu czterdziestu pięćdziesięciu sześćdziesięciu", by = 10 },
    { 70, "siedemdziesięciu osiemdziesięciu dziewięćdziesięciu", by = 10 },
    { 21, 99, "{tens:several} {ones:unchanged}" },
    { 22, 99, "{tens:several} {ones:several}" },
    { 100, "stu dwustu trzystu czterystu pięciuset sześciuset siedmiuset ośmiuset dziewięciuset", by = 100 },
    { 101, 999, "{hundred:several} {rest:several}" },
  },
  unchanged = { { 1, "jeden" } },
}
