-- Number words of Galician; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "cero un|unha dous|dúas tres catro cinco seis sete oito nove dez" },
    { 11, "once doce trece catorce quince dezaseis dezasete dezaoito dezanove" },
    { 20, "vinte trinta corenta cincuenta sesenta setenta oitenta noventa", by = 10 },
    { 21, 99, "{tens} e {ones}" },
    { 100, "cen" },
    { 200, "douscentos|duascentas trescentos|trescentas catrocentos|catrocentas", by = 100 },
    { 500, "cincocentos|cincocentas|quiñentos|quiñentas seiscentos|seiscentas setecentos|setecentas", by = 100 },
    { 800, "oitocentos|oitocentas novecentos|novecentas", by = 100 },
    { 101, 199, "{hundred:joined} {rest}" },
    { 201, 999, "{hundred} {rest}" },
    { 1000, "mil" },
  },
  joined = { { 100, "cento" } },
}
