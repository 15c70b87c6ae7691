-- Number words of Estonian; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "null üks kaks kolm neli viis kuus seitse kaheksa üheksa kümme" },
    { 11, "üksteist kaksteist kolmteist neliteist viisteist kuusteist seitseteist kaheksateist" },
    { 19, "üheksateist" },
    { 20, 90, "{ten}kümmend" },
    { 21, 99, "{tens} {ones}" },
    { 100, "sada|ükssada" },
    { 200, 999, "{hundreds}sada" },
    { 101, 999, "{hundred} {rest}" },
    { 1000, "tuhat|üks_tuhat" },
  },
}
