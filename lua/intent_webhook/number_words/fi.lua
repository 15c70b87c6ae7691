-- Number words of Finnish: the nominative, and the cases of "kahteenkymmeneenviiteen asteeseen" (illative) and
-- "viidenkymmenen prosentin" (genitive); number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, 1000, "{number:nominative}" },
    { 0, 1000, "{number:illative}" },
    { 0, 1000, "{number:genitive}" },
  },
  nominative = {
    { 0, "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen" },
    { 11, "yksitoista kaksitoista kolmetoista neljätoista viisitoista kuusitoista seitsemäntoista" },
    { 18, "kahdeksantoista yhdeksäntoista" },
    { 20, 90, "{ten:nominative}kymmentä" },
    { 21, 99, "{tens:nominative}(| ){ones:nominative}" },
    { 100, "sata" },
    { 200, 999, "{hundreds:nominative}sataa" },
    { 101, 999, "{hundred:nominative}(| ){rest:nominative}" },
    { 1000, "tuhat" },
  },
  illative = {
    { 0, "nollaan yhteen kahteen kolmeen neljään viiteen kuuteen seitsemään kahdeksaan yhdeksään kymmeneen" },
    { 11, "yhteentoista kahteentoista kolmeentoista neljääntoista viiteentoista kuuteentoista" },
    { 17, "seitsemääntoista kahdeksaantoista yhdeksääntoista" },
    { 20, 90, "{ten:illative}kymmeneen" },
    { 21, 99, "{tens:illative}(| ){ones:illative}" },
    { 100, "sataan" },
    { 200, 999, "{hundreds:illative}sataan" },
    { 101, 999, "{hundred:illative}(| ){rest:illative}" },
    { 1000, "tuhanteen" },
  },
  genitive = {
    { 0, "nollan yhden kahden kolmen neljän viiden kuuden seitsemän kahdeksan yhdeksän kymmenen" },
    { 11, "yhdentoista kahdentoista kolmentoista neljäntoista viidentoista kuudentoista" },
    { 17, "seitsemäntoista kahdeksantoista yhdeksäntoista" },
    { 20, 90, "{ten:genitive}kymmenen" },
    { 21, 99, "{tens:genitive}(| ){ones:genitive}" },
    { 100, "sadan" },
    { 200, 999, "{hundreds:genitive}sadan" },
    { 101, 999, "{hundred:genitive}(| ){rest:genitive}" },
    { 1000, "tuhannen" },
  },
}
