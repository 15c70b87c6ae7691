-- Number words of Turkish; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "sıfır bir iki üç dört beş altı yedi sekiz dokuz" },
    { 10, "on yirmi otuz kırk elli altmış yetmiş seksen doksan", by = 10 },
    { 11, 99, "{tens}( |){ones}" },
    { 100, "yüz" },
    { 200, 999, "{hundreds}( |)yüz" },
    { 101, 999, "{hundred}( |){rest}" },
    { 1000, "bin" },
  },
}
