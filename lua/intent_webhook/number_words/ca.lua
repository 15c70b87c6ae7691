-- Number words of Catalan; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zero u|un|una dos|dues tres quatre cinc sis set vuit|huit nou deu" },
    { 11, "onze dotze tretze catorze quinze setze disset|desset divuit|devuit|dihuit dinou|denou" },
    { 20, "vint trenta quaranta cinquanta seixanta setanta vuitanta|huitanta noranta", by = 10 },
    { 21, 29, "{tens} i {ones}" },
    { 31, 99, "{tens} {ones}" },
    { 100, "cent" },
    { 200, 999, "{hundreds:masculine} cents" },
    { 200, 999, "{hundreds:feminine} centes" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "mil" },
  },
  masculine = { { 2, "dos tres quatre cinc sis set vuit|huit nou" } },
  feminine = { { 2, "dues tres quatre cinc sis set vuit|huit nou" } },
}
