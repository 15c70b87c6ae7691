/*
 * lua_words: the words of a text, folded as sentences are compared, with their places. For slot types, which look for
 * values in Lua.
 *
 * A word is a run of letters with their marks, with apostrophes inside, or a run of digits: "7pm" is two words. What is
 * neither separates words. Text in ASCII takes a short cut that needs no memory but Lua's.
 */
#include <string.h>

#include "lua_compat.h"
#include "lua_module.h"
#include "sentence_text.h"
#include "sentences.h"

static const char class_name[] = "intent_webhook.words";

enum { WORDS = 1, FIRSTS, LASTS }; /* results, from the top of the stack before they were pushed */

/* Memory that Lua gives back when something here raises. */
struct folded {
  struct buffer units, word;
};

static int folded_gc(lua_State *L) {
  struct folded *folded = luaL_checkudata(L, 1, class_name);
  buffer_free(&folded->units);
  buffer_free(&folded->word);
  return 0;
}

/* Pushes the three lists. */
static void push_lists(lua_State *L, int words) {
  lua_createtable(L, words, 0);
  lua_createtable(L, words, 0);
  lua_createtable(L, words, 0);
}

/* Adds the word at the top of the stack, bytes first to last, from 1, to the lists that begin behind `base`. */
static void add_word(lua_State *L, int base, int number, size_t first, size_t last) {
  lua_rawseti(L, base + WORDS, number);
  lua_pushinteger(L, (lua_Integer)first);
  lua_rawseti(L, base + FIRSTS, number);
  lua_pushinteger(L, (lua_Integer)last);
  lua_rawseti(L, base + LASTS, number);
}

/* ---- ASCII ---- */

enum kind { NO_WORD, LETTER, DIGIT };

static enum kind ascii_kind(char byte) {
  if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return LETTER;
  return byte >= '0' && byte <= '9' ? DIGIT : NO_WORD;
}

/* Where the word that begins at `at` ends. */
static size_t ascii_end(const char *text, size_t length, size_t at) {
  enum kind kind = ascii_kind(text[at]);
  size_t end = at + 1;
  while (end < length) {
    if (ascii_kind(text[end]) == kind)
      end++;
    else if (kind == LETTER && text[end] == '\'' && end + 1 < length && ascii_kind(text[end + 1]) == LETTER)
      end += 2;
    else
      break;
  }
  return end;
}

static void push_lower(lua_State *L, const char *text, size_t length) {
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (size_t i = 0; i < length; i++)
    luaL_addchar(&buffer, (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]));
  luaL_pushresult(&buffer);
}

static void push_ascii_word(lua_State *L, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (text[i] >= 'A' && text[i] <= 'Z') {
      push_lower(L, text, length);
      return;
    }
  }
  lua_pushlstring(L, text, length);
}

static int count_ascii(const char *text, size_t length) {
  int count = 0;
  for (size_t at = 0; at < length;) {
    if (ascii_kind(text[at]) == NO_WORD) {
      at++;
    } else {
      at = ascii_end(text, length, at);
      count++;
    }
  }
  return count;
}

static void push_ascii(lua_State *L, const char *text, size_t length) {
  int base = lua_gettop(L), count = 0;
  push_lists(L, count_ascii(text, length)); /* a message is a few words, and what it leaves to collect counts */
  for (size_t at = 0; at < length;) {
    if (ascii_kind(text[at]) == NO_WORD) {
      at++;
      continue;
    }
    size_t end = ascii_end(text, length, at);
    push_ascii_word(L, text + at, end - at);
    add_word(L, base, ++count, at + 1, end);
    at = end;
  }
}

/* ---- Unicode ---- */

static bool is_digit(const struct unit *unit) {
  return unit->base >= '0' && unit->base <= '9';
}

static void put_utf8(struct buffer *out, uint32_t code) {
  if (code < 0x80) {
    buffer_byte(out, (char)code);
  } else if (code < 0x800) {
    buffer_byte(out, (char)(0xC0 | code >> 6));
    buffer_byte(out, (char)(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    buffer_byte(out, (char)(0xE0 | code >> 12));
    buffer_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
    buffer_byte(out, (char)(0x80 | (code & 0x3F)));
  } else {
    buffer_byte(out, (char)(0xF0 | code >> 18));
    buffer_byte(out, (char)(0x80 | (code >> 12 & 0x3F)));
    buffer_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
    buffer_byte(out, (char)(0x80 | (code & 0x3F)));
  }
}

/* Whether the unit at `i` goes on the word that the one before it is of. */
static bool continues(const struct unit *units, size_t count, size_t i, bool digits) {
  if (units[i].flags & UNIT_WORD) return is_digit(&units[i]) == digits;
  return !digits && units[i].base == '\'' && i + 1 < count && units[i + 1].flags & UNIT_WORD &&
         !is_digit(&units[i + 1]);
}

static void push_unicode(lua_State *L, const char *text, size_t length) {
  struct folded *folded = compat_new_userdata(L, sizeof *folded);
  memset(folded, 0, sizeof *folded);
  luaL_getmetatable(L, class_name);
  lua_setmetatable(L, -2);
  if (!text_units(text, length, &folded->units)) {
    if (folded->units.failed) luaL_error(L, "not enough memory");
    push_lists(L, 0); /* more characters than anybody writes */
    return;
  }
  int base = lua_gettop(L), number = 0;
  push_lists(L, 8);
  const struct unit *units = (const struct unit *)(const void *)folded->units.bytes;
  size_t count = folded->units.length / sizeof *units;
  for (size_t i = 0; i < count;) {
    if (!(units[i].flags & UNIT_WORD)) {
      i++;
      continue;
    }
    size_t first = units[i].from + 1, last = units[i].to;
    bool digits = is_digit(&units[i]);
    buffer_clear(&folded->word);
    do {
      put_utf8(&folded->word, units[i].base);
      last = units[i].to;
      i++;
    } while (i < count && continues(units, count, i, digits));
    if (folded->word.failed) luaL_error(L, "not enough memory");
    lua_pushlstring(L, folded->word.bytes, folded->word.length);
    add_word(L, base, ++number, first, last);
  }
}

/*
 * core.words(text) -> words, firsts, lasts: lists of the folded words, and of their first and last bytes. A text that
 * is longer than what sentences are compared with has none.
 */
int lua_words(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  luaL_checkstack(L, 12, "words");
  bool ascii = true;
  for (size_t i = 0; i < length && ascii; i++) ascii = (text[i] & 0x80) == 0;
  if (length > SENTENCES_TEXT_BYTES)
    push_lists(L, 0);
  else if (ascii)
    push_ascii(L, text, length);
  else
    push_unicode(L, text, length);
  return 3;
}

void lua_words_register(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", folded_gc}, {NULL, NULL}};
  compat_new_class(L, class_name, none, metamethods);
}
