-- Number words of Malay; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "kosong|sifar satu dua tiga empat lima enam tujuh lapan|delapan sembilan sepuluh sebelas" },
    { 12, "dua_belas tiga_belas empat_belas lima_belas enam_belas tujuh_belas" },
    { 18, "lapan_belas|delapan_belas sembilan_belas" },
    { 20, 90, "{ten} puluh" },
    { 21, 99, "{tens} {ones}" },
    { 100, "seratus|satu_ratus" },
    { 200, 999, "{hundreds} ratus" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "seribu|satu_ribu" },
  },
}
