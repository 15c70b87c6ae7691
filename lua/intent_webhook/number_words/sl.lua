-- Number words of Slovene; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nič|nula en|ena|eno|eden dva|dve tri|trije štiri|štirje pet šest sedem osem devet deset" },
    { 11, "enajst dvanajst trinajst štirinajst petnajst šestnajst sedemnajst osemnajst devetnajst" },
    { 20, "dvajset trideset štirideset petdeset šestdeset sedemdeset osemdeset devetdeset", by = 10 },
    { 21, 99, "{ones:joined}(in| in ){tens}" },
    { 100, "sto dvesto tristo štiristo petsto šeststo sedemsto osemsto devetsto", by = 100 },
    { 101, 999, "{hundred}( |){rest}" },
    { 1000, "tisoč" },
  },
  joined = { { 1, "ena dva tri štiri pet šest sedem osem devet" } },
}
