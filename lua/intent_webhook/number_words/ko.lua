-- Number words of Korean, Sino-Korean and native; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "영|공 일 이 삼 사 오 육 칠 팔 구" },
    { 10, 99, "{rest:sino}" },
    { 1, 99, "{rest:native}" },
    { 100, "백 이백 삼백 사백 오백 육백 칠백 팔백 구백", by = 100 },
    { 101, 999, "{hundred}(| ){rest:sino}" },
    { 101, 999, "{hundred}{rest:native}" },
    { 1000, "천" },
  },
  sino = {
    { 1, "일 이 삼 사 오 육 칠 팔 구" },
    { 10, "십 이십 삼십 사십 오십 육십 칠십 팔십 구십", by = 10 },
    { 11, 99, "{tens:sino}(| ){ones:sino}" },
  },
  native = {
    { 1, "하나|한 둘|두 셋|세 넷|네 다섯 여섯 일곱 여덟 아홉" },
    { 10, "열 스물 서른 마흔 쉰 예순 일흔 여든 아흔", by = 10 },
    { 20, "스무" },
    { 11, 99, "{tens:counted}(| ){ones:native}" },
  },
  counted = { { 10, "열 스물 서른 마흔 쉰 예순 일흔 여든 아흔", by = 10 } },
}
