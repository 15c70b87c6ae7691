-- Number words of Hungarian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nulla egy kettő|két három négy öt hat hét nyolc kilenc tíz" },
    { 20, "húsz harminc negyven ötven hatvan hetven nyolcvan kilencven", by = 10 },
    { 11, 99, "{tens:joined}{ones}" },
    { 100, "száz|egyszáz" },
    { 200, 999, "{hundreds}száz" },
    { 101, 999, "{hundred}(| ){rest}" },
    { 1000, "ezer|egyezer" },
  },
  joined = { { 10, "tizen huszon harminc negyven ötven hatvan hetven nyolcvan kilencven", by = 10 } },
}
