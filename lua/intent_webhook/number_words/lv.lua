-- Number words of Latvian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nulle viens|viena|vienu divi|divas|divus trīs četri|četras|četrus pieci|piecas|piecus" },
    { 6, "seši|sešas|sešus septiņi|septiņas|septiņus astoņi|astoņas|astoņus deviņi|deviņas|deviņus" },
    { 10, "desmit" },
    { 11, "vienpadsmit divpadsmit trīspadsmit četrpadsmit piecpadsmit sešpadsmit septiņpadsmit" },
    { 18, "astoņpadsmit deviņpadsmit" },
    { 20, 90, "{ten:stem}desmit" },
    { 21, 99, "{tens} {ones}" },
    { 100, "simts|simt|simtu|viens_simts" },
    { 200, 999, "{hundreds:stem}simt" },
    { 200, 999, "{hundreds:counted} simti" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "tūkstotis|tūkstoš|tūkstoti|viens_tūkstotis" },
  },
  stem = { { 2, "div trīs četr piec seš septiņ astoņ deviņ" } },
  counted = { { 2, "divi trīs četri pieci seši septiņi astoņi deviņi" } },
}
