-- Number words of Japanese, in kanji. Kana are left out: に and し are particles far more often than numbers.
-- number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "零|〇|ゼロ 一 二 三 四 五 六 七 八 九" },
    { 10, "十 二十 三十 四十 五十 六十 七十 八十 九十", by = 10 },
    { 11, 99, "{tens}{ones}" },
    { 100, "百 二百 三百 四百 五百 六百 七百 八百 九百", by = 100 },
    { 101, 999, "{hundred}{rest}" },
    { 1000, "千|一千" },
  },
}
