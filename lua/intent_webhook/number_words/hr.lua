-- Number words of Croatian and Bosnian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nula jedan|jedna|jedno|jednu dva|dvije tri četiri pet šest sedam osam devet deset" },
    { 11, "jedanaest dvanaest trinaest četrnaest petnaest šesnaest sedamnaest osamnaest devetnaest" },
    { 20, "dvadeset trideset četrdeset pedeset šezdeset sedamdeset osamdeset devedeset", by = 10 },
    { 21, 99, "{tens}( i|) {ones}" },
    { 100, "sto|stotinu dvjesto|dvjesta|dvije_stotine tristo|trista|tri_stotine", by = 100 },
    { 400, "četiristo|četirista|četiri_stotine petsto|pet_stotina šesto|šeststo|šest_stotina", by = 100 },
    { 700, "sedamsto|sedam_stotina osamsto|osam_stotina devetsto|devet_stotina", by = 100 },
    { 101, 999, "{hundred} {rest}" },
    { 101, 999, "{hundred} i {ones}" },
    { 1000, "tisuću|tisuća|hiljadu|hiljada" },
  },
}
