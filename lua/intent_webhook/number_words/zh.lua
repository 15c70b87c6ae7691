-- Number words of Chinese, in simplified and traditional characters; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "零|〇 一 二|两|兩 三 四 五 六 七 八 九" },
    { 10, "十|一十 二十 三十 四十 五十 六十 七十 八十 九十", by = 10 },
    { 11, 99, "{tens}{ones:counted}" },
    { 100, "一百|百 二百|两百|兩百 三百 四百 五百 六百 七百 八百 九百", by = 100 },
    { 101, 999, "{hundred}(零|〇){ones:counted}" },
    { 110, 999, "{hundred}{rest:over_nine}" },
    { 1000, "一千|千" },
  },
  counted = { { 1, "一 二 三 四 五 六 七 八 九" } },
  over_nine = { { 10, 99, "{rest}" } },
}
