-- Number words of English; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zero|nought one two three four five six seven eight nine ten" },
    { 11, "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen" },
    { 20, "twenty thirty forty fifty sixty seventy eighty ninety", by = 10 },
    { 21, 99, "{tens} {ones}" },
    { 100, "one_hundred|a_hundred|hundred" },
    { 200, 999, "{hundreds} hundred" },
    { 101, 999, "{hundred}( and|) {rest}" },
    { 1000, "one_thousand|a_thousand|thousand" },
  },
  halves = {
    { 0, "half|a_half|one_half|point_five" },
    { 1, 999, "{number} and (a|one) half" },
    { 0, 999, "{number} point five" },
  },
}
