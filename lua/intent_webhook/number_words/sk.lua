-- Number words of Slovak; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nula jeden|jedna|jedno|jednu dva|dve|dvaja tri|traja štyri|štyria päť šesť sedem osem deväť desať" },
    { 11, "jedenásť dvanásť trinásť štrnásť pätnásť šestnásť sedemnásť osemnásť devätnásť" },
    { 20, "dvadsať tridsať štyridsať päťdesiat šesťdesiat sedemdesiat osemdesiat deväťdesiat", by = 10 },
    { 21, 99, "{tens}(| ){ones}" },
    { 100, "sto dvesto tristo štyristo päťsto šesťsto sedemsto osemsto deväťsto", by = 100 },
    { 101, 999, "{hundred}(| ){rest}" },
    { 1000, "tisíc|jedentisíc|jeden_tisíc" },
  },
}
