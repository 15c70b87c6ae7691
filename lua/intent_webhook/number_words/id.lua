-- Number words of Indonesian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nol|kosong satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas" },
    { 12, "dua_belas tiga_belas empat_belas lima_belas enam_belas tujuh_belas delapan_belas sembilan_belas" },
    { 20, 90, "{ten} puluh" },
    { 21, 99, "{tens} {ones}" },
    { 100, "seratus|satu_ratus" },
    { 200, 999, "{hundreds} ratus" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "seribu|satu_ribu" },
  },
}
