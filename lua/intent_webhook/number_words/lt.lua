-- Number words of Lithuanian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "nulis vienas|viena du|dvi trys|tris keturi|keturios|keturis penki|penkios|penkis" },
    { 6, "šeši|šešios|šešis septyni|septynios|septynis aštuoni|aštuonios|aštuonis" },
    { 9, "devyni|devynios|devynis dešimt vienuolika dvylika trylika keturiolika penkiolika" },
    { 16, "šešiolika septyniolika aštuoniolika devyniolika" },
    { 20, "dvidešimt trisdešimt keturiasdešimt penkiasdešimt šešiasdešimt septyniasdešimt", by = 10 },
    { 80, "aštuoniasdešimt devyniasdešimt", by = 10 },
    { 21, 99, "{tens} {ones}" },
    { 100, "šimtas|vienas_šimtas" },
    { 200, 999, "{hundreds:counted} šimtai" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "tūkstantis|vienas_tūkstantis" },
  },
  counted = { { 2, "du trys keturi penki šeši septyni aštuoni devyni" } },
}
