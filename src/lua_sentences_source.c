/*
 * lua_sentences_source: what core.sentences is given, as a source for the compiler; and the mistakes in it, as a table.
 * See lua_sentences.h.
 */
#include "lua_sentences.h"

#include <ctype.h>
#include <string.h>

#include "lua_compat.h"
#include "lua_module.h"

static const char source_class[] = "intent_webhook.sentences_source";

sentences_source *lua_sentences_source(lua_State *L) {
  sentences_source **holder = compat_new_userdata(L, sizeof *holder);
  *holder = NULL;
  luaL_getmetatable(L, source_class);
  lua_setmetatable(L, -2);
  *holder = sentences_source_new();
  if (!*holder) luaL_error(L, "not enough memory");
  return *holder;
}

static int source_close(lua_State *L) {
  sentences_source **holder = luaL_checkudata(L, 1, source_class);
  sentences_source *source = *holder;
  *holder = NULL;
  sentences_source_free(source);
  return 0;
}

/* The scalar at index; a table, function and the like raise. The text is borrowed from Lua's value. */
sentences_scalar lua_sentences_scalar(lua_State *L, int index) {
  sentences_scalar scalar = {SENTENCES_NONE, NULL, 0, 0};
  switch (lua_type(L, index)) {
  case LUA_TNIL: break;
  case LUA_TBOOLEAN:
    scalar.kind = SENTENCES_BOOLEAN;
    scalar.number = lua_toboolean(L, index);
    break;
  case LUA_TNUMBER:
    scalar.kind = SENTENCES_NUMBER;
    scalar.number = lua_tonumber(L, index);
    break;
  case LUA_TSTRING:
    scalar.kind = SENTENCES_TEXT;
    scalar.text = lua_tolstring(L, index, &scalar.length);
    break;
  default: luaL_error(L, "a %s cannot be a value: give a string, a number or a boolean", luaL_typename(L, index));
  }
  return scalar;
}

/* Pushes t[key] and returns whether it is there; else pushes nothing. */
static bool push_field(lua_State *L, int table, const char *key) {
  lua_getfield(L, table, key);
  if (!lua_isnil(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

bool lua_option_flag(lua_State *L, int table, const char *key) {
  lua_getfield(L, table, key);
  bool flag = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return flag;
}

/* As lua_option_flag, for what is true unless it says false. */
static bool denied(lua_State *L, int table, const char *key) {
  lua_getfield(L, table, key);
  bool no = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
  lua_pop(L, 1);
  return no;
}

/* Calls read(L, index of the element, argument) for each element of the list t[key], if there is one. */
typedef void (*element_reader)(lua_State *L, sentences_source *source, int index, bool local);

static void each(lua_State *L, sentences_source *source, int table, const char *key, bool local, element_reader read) {
  if (!push_field(L, table, key)) return;
  luaL_checktype(L, -1, LUA_TTABLE);
  luaL_checkstack(L, 12, "the description is nested too deep");
  int list = lua_gettop(L);
  size_t count = compat_length(L, list);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, list, (int)i);
    read(L, source, lua_gettop(L), local);
    lua_settop(L, list);
  }
  lua_pop(L, 1);
}

/* The string at place `i` of the table at index; stays on the stack. */
static const char *text_in(lua_State *L, int table, int i, size_t *length) {
  luaL_checktype(L, table, LUA_TTABLE);
  lua_rawgeti(L, table, i);
  return luaL_checklstring(L, -1, length);
}

static void read_skip_word(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  const char *text = luaL_checklstring(L, index, &length);
  sentences_skip_word(source, text, length);
}

static void read_number_word(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  const char *text = text_in(L, index, 1, &length);
  lua_rawgeti(L, index, 2);
  sentences_number_word(source, text, length, luaL_checknumber(L, -1));
}

static void read_phrase(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  const char *name = text_in(L, index, 1, NULL);
  const char *text = text_in(L, index, 2, &length);
  sentences_phrase(source, local, name, text, length);
}

/* What a slot gets whatever was said: the text as it is listed, unless it can be said in several ways. */
static sentences_scalar as_listed(const char *text, size_t length) {
  if (strpbrk(text, "[](){}<>|;\\")) return (sentences_scalar){SENTENCES_NONE, NULL, 0, 0};
  while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
  for (; length > 0 && isspace((unsigned char)*text); length--) text++;
  return sentences_text(text, length);
}

/* A text, whose slot gets it as it is listed; or { text, value, context, whether it gets it as it is listed }. */
static void read_value(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  if (lua_type(L, index) == LUA_TSTRING) {
    const char *text = lua_tolstring(L, index, &length);
    sentences_value(source, text, length, as_listed(text, length));
    return;
  }
  const char *text = text_in(L, index, 1, &length);
  lua_rawgeti(L, index, 4);
  bool listed = lua_toboolean(L, -1);
  lua_rawgeti(L, index, 2);
  sentences_value(source, text, length, listed ? as_listed(text, length) : lua_sentences_scalar(L, -1));
  lua_rawgeti(L, index, 3);
  if (lua_isnil(L, -1)) return;
  luaL_checktype(L, -1, LUA_TTABLE);
  int context = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, context); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "a key of a context must be a string");
    sentences_value_context(source, lua_tostring(L, -2), lua_sentences_scalar(L, -1));
  }
}

void lua_sentences_read_list(lua_State *L, sentences_source *source, int index, bool local) {
  static const char *const kinds[] = {"values", "range", "wildcard", "type", NULL};
  lua_getfield(L, index, "kind");
  sentences_list_options options = {.kind = (sentences_list_kind)luaL_checkoption(L, -1, NULL, kinds)};
  options.exact_case = lua_option_flag(L, index, "exact_case");
  options.exact_accents = lua_option_flag(L, index, "exact_accents");
  options.typos = lua_option_flag(L, index, "typos");
  options.from = lua_option_number(L, index, "from", 0);
  options.to = lua_option_number(L, index, "to", 0);
  options.step = lua_option_number(L, index, "step", 1);
  options.multiplier = lua_option_number(L, index, "multiplier", 1);
  options.fractions = (int)lua_option_number(L, index, "fractions", 1);
  options.no_digits = denied(L, index, "digits");
  options.no_words = denied(L, index, "words");
  lua_getfield(L, index, "name");
  sentences_list(source, local, luaL_checkstring(L, -1), options);
  each(L, source, index, "values", local, read_value);
}

static void read_template(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  const char *text = luaL_checklstring(L, index, &length);
  sentences_template(source, text, length);
}

static void read_fixed(lua_State *L, sentences_source *source, int index, bool local) {
  (void)local;
  const char *slot = text_in(L, index, 1, NULL);
  lua_rawgeti(L, index, 2);
  sentences_fixed(source, slot, lua_sentences_scalar(L, -1));
}

static void read_condition_values(lua_State *L, sentences_source *source, int index) {
  if (!lua_istable(L, index)) return;
  size_t count = compat_length(L, index);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, index, (int)i);
    sentences_condition_value(source, lua_sentences_scalar(L, -1));
    lua_pop(L, 1);
  }
}

static void read_requires(lua_State *L, sentences_source *source, int index, bool local) {
  (void)local;
  const char *key = text_in(L, index, 1, NULL);
  lua_rawgeti(L, index, 3);
  sentences_requires(source, key, lua_isstring(L, -1) ? lua_tostring(L, -1) : NULL);
  lua_rawgeti(L, index, 2);
  read_condition_values(L, source, lua_gettop(L));
}

static void read_excludes(lua_State *L, sentences_source *source, int index, bool local) {
  (void)local;
  sentences_excludes(source, text_in(L, index, 1, NULL));
  lua_rawgeti(L, index, 2);
  read_condition_values(L, source, lua_gettop(L));
}

static void read_keyword(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  const char *text = luaL_checklstring(L, index, &length);
  sentences_keyword(source, text, length);
}

static void read_block(lua_State *L, sentences_source *source, int index, bool local) {
  (void)local;
  sentences_block(source, lua_option_number(L, index, "priority", 0));
  each(L, source, index, "phrases", true, read_phrase);
  each(L, source, index, "lists", true, lua_sentences_read_list);
  each(L, source, index, "templates", true, read_template);
  each(L, source, index, "slots", true, read_fixed);
  each(L, source, index, "requires", true, read_requires);
  each(L, source, index, "excludes", true, read_excludes);
  each(L, source, index, "keywords", true, read_keyword);
}

static void read_slot(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  const char *name = luaL_checklstring(L, index, &length);
  sentences_slot(source, name, length);
}

static void read_intent(lua_State *L, sentences_source *source, int index, bool local) {
  size_t length;
  (void)local;
  lua_getfield(L, index, "name");
  const char *name = luaL_checklstring(L, -1, &length);
  sentences_intent(source, name, length, lua_option_number(L, index, "priority", 0));
  each(L, source, index, "slots", false, read_slot);
  each(L, source, index, "blocks", false, read_block);
}

void lua_sentences_read(lua_State *L, sentences_source *source, int index) {
  if (lua_option_flag(L, index, "ignore_whitespace")) sentences_ignore_whitespace(source);
  each(L, source, index, "skip_words", false, read_skip_word);
  each(L, source, index, "number_words", false, read_number_word);
  each(L, source, index, "phrases", false, read_phrase);
  each(L, source, index, "lists", false, lua_sentences_read_list);
  each(L, source, index, "intents", false, read_intent);
}

/* ---- mistakes ---- */

void lua_sentences_set_text(lua_State *L, const char *key, const char *text) {
  if (!text) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void set_count(lua_State *L, const char *key, size_t count) {
  if (count == 0) return;
  lua_pushinteger(L, (lua_Integer)count);
  lua_setfield(L, -2, key);
}

void lua_sentences_push_mistakes(lua_State *L, const sentences_source *source) {
  const sentences_mistake *mistakes;
  size_t count = sentences_mistakes(source, &mistakes);
  lua_newtable(L);
  for (size_t i = 0; i < count; i++) {
    const sentences_mistake *mistake = &mistakes[i];
    lua_newtable(L);
    lua_sentences_set_text(L, "level", mistake->warning ? "warning" : "error");
    lua_sentences_set_text(L, "code", mistake->code);
    lua_sentences_set_text(L, "message", mistake->message);
    set_count(L, "intent", mistake->intent);
    set_count(L, "block", mistake->block);
    set_count(L, "template", mistake->template);
    lua_sentences_set_text(L, "phrase", mistake->phrase);
    lua_sentences_set_text(L, "list", mistake->list);
    lua_sentences_set_text(L, "words", mistake->words);
    set_count(L, "value", mistake->value);
    set_count(L, "column", mistake->column);
    lua_sentences_set_text(L, "text", mistake->text);
    lua_sentences_set_text(L, "name", mistake->name);
    lua_sentences_set_text(L, "sentence", mistake->sentence);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

void lua_sentences_source_register(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", source_close}, {NULL, NULL}};
  compat_new_class(L, source_class, none, metamethods);
}
