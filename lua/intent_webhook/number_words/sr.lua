-- Number words of Serbian, in both of its scripts; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, 1000, "{number:cyrillic}" },
    { 0, 1000, "{number:latin}" },
  },
  cyrillic = {
    { 0, "нула један|једна|једно|једну два|две|двије три четири пет шест седам осам девет десет" },
    { 11, "једанаест дванаест тринаест четрнаест петнаест шеснаест седамнаест осамнаест деветнаест" },
    { 20, "двадесет тридесет четрдесет педесет шездесет седамдесет осамдесет деведесет", by = 10 },
    { 21, 99, "{tens:cyrillic}( и|) {ones:cyrillic}" },
    { 100, "сто|стотину двеста|двјеста|две_стотине триста|три_стотине четиристо|четири_стотине", by = 100 },
    { 500, "петсто|пет_стотина шестсто|шесто|шест_стотина седамсто|седам_стотина", by = 100 },
    { 800, "осамсто|осам_стотина деветсто|девет_стотина", by = 100 },
    { 101, 999, "{hundred:cyrillic} {rest:cyrillic}" },
    { 101, 999, "{hundred:cyrillic} и {ones:cyrillic}" },
    { 1000, "хиљаду|хиљада" },
  },
  latin = {
    { 0, "nula jedan|jedna|jedno|jednu dva|dve|dvije tri četiri pet šest sedam osam devet deset" },
    { 11, "jedanaest dvanaest trinaest četrnaest petnaest šesnaest sedamnaest osamnaest devetnaest" },
    { 20, "dvadeset trideset četrdeset pedeset šezdeset sedamdeset osamdeset devedeset", by = 10 },
    { 21, 99, "{tens:latin}( i|) {ones:latin}" },
    { 100, "sto|stotinu dvesta|dvjesta|dve_stotine trista|tri_stotine četiristo|četiri_stotine", by = 100 },
    { 500, "petsto|pet_stotina šeststo|šesto|šest_stotina sedamsto|sedam_stotina", by = 100 },
    { 800, "osamsto|osam_stotina devetsto|devet_stotina", by = 100 },
    { 101, 999, "{hundred:latin} {rest:latin}" },
    { 101, 999, "{hundred:latin} i {ones:latin}" },
    { 1000, "hiljadu|hiljada" },
  },
}
