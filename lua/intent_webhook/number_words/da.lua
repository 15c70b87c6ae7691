-- Number words of Danish; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nul en|et" },
    { 2, 99, "{rest:several}" },
    { 21, 99, "{ones:joined} og {tens:several}" },
    { 100, "hundrede|hundred|et_hundrede|ethundrede" },
    { 200, 999, "{hundreds:joined}(| )hundrede" },
    { 101, 999, "{hundred}( og|) {rest}" },
    { 1000, "tusind|tusinde|et_tusind|ettusind|et_tusinde|ettusinde" },
  },
  joined = { { 1, "en to tre fire fem seks syv otte ni" } },
  several = {
    { 2, "to tre fire fem seks syv otte ni ti" },
    { 11, "elleve tolv tretten fjorten femten seksten sytten atten nitten" },
    { 20, "tyve tredive fyrre halvtreds tres halvfjerds firs halvfems", by = 10 },
    { 21, 99, "{ones:joined}og{tens:several}" },
  },
  halves = {
    { 0, "halv|halvt|en_halv|et_halvt" },
    { 1, "halvanden|halvandet" },
    { 1, 999, "{number} og (en halv|et halvt)" },
    { 0, 999, "{number} komma fem" },
  },
}
