-- Number words of Czech; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nula jeden|jedna|jedno|jednu dva|dvě tři čtyři pět šest sedm osm devět deset" },
    { 11, "jedenáct dvanáct třináct čtrnáct patnáct šestnáct sedmnáct osmnáct devatenáct" },
    { 20, "dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát", by = 10 },
    { 21, 99, "{tens}( |){ones}" },
    { 21, 99, "{ones:joined}a{tens}" },
    { 100, "sto|jedno_sto" },
    { 200, "dvě_stě tři_sta čtyři_sta pět_set šest_set sedm_set osm_set devět_set", by = 100 },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "tisíc|jeden_tisíc" },
  },
  joined = { { 1, "jedn|jeden dva tři čtyři pět šest sedm osm devět" } },
}
