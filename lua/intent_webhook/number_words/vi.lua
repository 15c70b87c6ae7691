-- Number words of Vietnamese; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, 99, "{number:plain}" },
    { 20, 90, "{ten:plain} chục" },
    { 10, "một_chục" },
    { 21, 99, "{ten:plain} {ones:short}" },
    { 100, "một_trăm|trăm" },
    { 200, 999, "{hundreds:plain} trăm" },
    { 101, 999, "{hundred} (lẻ|linh) {ones:plain}" },
    { 110, 999, "{hundred} {rest:over_nine}" },
    { 1000, "một_nghìn|một_ngàn|nghìn|ngàn" },
  },
  plain = {
    { 0, "không một hai ba bốn năm sáu bảy tám chín" },
    { 10, 99, "{rest:over_nine}" },
  },
  over_nine = {
    { 10, "mười mười_một mười_hai mười_ba mười_bốn mười_lăm|mười_nhăm mười_sáu mười_bảy mười_tám mười_chín" },
    { 20, 90, "{ten:plain} mươi" },
    { 21, 99, "{tens:over_nine} {ones:after}" },
  },
  after = { { 1, "mốt hai ba tư|bốn lăm|nhăm sáu bảy tám chín" } },
  short = { { 1, "mốt - - tư lăm|nhăm" } }, -- where "mươi" may be left out
  halves = {
    { 0, "nửa|một_nửa" },
    { 1, 99, "{number:plain} rưỡi" }, -- after a hundred it would mean fifty
    { 0, 999, "{number} (phẩy|chấm) năm" },
  },
}
