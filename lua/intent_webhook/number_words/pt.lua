-- Number words of Portuguese, of Portugal and of Brazil; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "zero um|uma dois|duas três quatro cinco seis sete oito nove dez" },
    { 11, "onze doze treze catorze|quatorze quinze dezesseis|dezasseis dezessete|dezassete" },
    { 18, "dezoito dezenove|dezanove" },
    { 20, "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa", by = 10 },
    { 21, 99, "{tens} e {ones}" },
    { 100, "cem" },
    { 200, "duzentos|duzentas trezentos|trezentas quatrocentos|quatrocentas quinhentos|quinhentas", by = 100 },
    { 600, "seiscentos|seiscentas setecentos|setecentas oitocentos|oitocentas novecentos|novecentas", by = 100 },
    { 101, 199, "{hundred:joined} e {rest}" },
    { 201, 999, "{hundred} e {rest}" },
    { 1000, "mil" },
  },
  joined = { { 100, "cento" } },
  halves = {
    { 0, "meio|meia" },
    { 1, 999, "{number} e mei(o|a)" },
    { 0, 999, "{number} (vírgula|ponto) cinco" },
  },
}
