-- Number words of Spanish; number_words.lua says what the fields mean.

return {
  most = 1000,
  main = {
    { 0, "cero uno|un|una dos tres cuatro cinco seis siete ocho nueve diez" },
    { 11, "once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve" },
    { 20, "veinte veintiuno|veintiún|veintiuna veintidós veintitrés veinticuatro veinticinco" },
    { 26, "veintiséis veintisiete veintiocho veintinueve" },
    { 30, "treinta cuarenta cincuenta sesenta setenta ochenta noventa", by = 10 },
    { 31, 99, "{tens} y {ones}" },
    { 100, "cien|ciento" },
    { 200, "doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas", by = 100 },
    { 500, "quinientos|quinientas seiscientos|seiscientas setecientos|setecientas", by = 100 },
    { 800, "ochocientos|ochocientas novecientos|novecientas", by = 100 },
    { 101, 199, "{hundred:joined} {rest}" },
    { 201, 999, "{hundred} {rest}" },
    { 1000, "mil" },
  },
  joined = { { 100, "ciento" } },
  halves = {
    { 0, "medio|media" },
    { 1, 999, "{number} y medi(o|a)" },
    { 0, 999, "{number} (coma|punto) cinco" },
  },
}
