-- Number words of Romanian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zero unu|un|una|o doi|două trei patru cinci șase șapte opt nouă zece" },
    { 11, "unsprezece doisprezece|douăsprezece treisprezece paisprezece cincisprezece șaisprezece" },
    { 17, "șaptesprezece optsprezece nouăsprezece" },
    { 20, "douăzeci treizeci patruzeci cincizeci șaizeci șaptezeci optzeci nouăzeci", by = 10 },
    { 21, 99, "{tens} și {ones}" },
    { 100, "o_sută|una_sută" },
    { 200, 999, "{hundreds:joined} sute" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "o_mie|una_mie" },
  },
  joined = { { 2, "două trei patru cinci șase șapte opt nouă" } },
}
