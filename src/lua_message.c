/*
 * lua_message: what is given with a message: `session`, `context`, `best_slot`. Every message is read here, most of
 * them once, and nothing is said about what is wrong: that takes Lua.
 */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "lua_module.h"
#include "lua_sentences.h"

static const lua_Number most_exact = 0x1p53;

/* Whether the value on top of the stack is text without NUL. */
static bool is_text(lua_State *L) {
  size_t length;
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
  return text && strlen(text) == length;
}

/* Whether a key is surely a name: of printable ASCII. Whether others are is for Lua to say. */
static bool is_plain_name(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~') return false;
  return length > 0;
}

/* Reads the context at an index; its keys and values are left on the stack, so that nobody can take them away. */
static bool read_context(lua_State *L, int context, bool doubts, sentences_options *options, sentences_pair *pairs) {
  if (lua_type(L, context) != LUA_TTABLE) return false;
  options->context = pairs;
  for (lua_pushnil(L); lua_next(L, context); lua_pushvalue(L, -2)) {
    if (options->context_count == LUA_MESSAGE_PAIRS || lua_type(L, -2) != LUA_TSTRING) return false;
    size_t length;
    sentences_pair *pair = &pairs[options->context_count++];
    pair->key = lua_tolstring(L, -2, &length);
    if (doubts && !is_plain_name(pair->key, length)) return false;
    int type = lua_type(L, -1);
    if (type != LUA_TSTRING && type != LUA_TBOOLEAN && type != LUA_TNUMBER) return false;
    pair->value = lua_sentences_scalar(L, -1);
    lua_Number number = type == LUA_TNUMBER ? pair->value.number : 0;
    if (!isfinite(number) || (doubts && fabs(number) >= most_exact)) return false;
  }
  return true;
}

bool lua_message_read(lua_State *L, int given, int slots, sentences_options *options, sentences_pair *pairs) {
  *options = (sentences_options){0};
  if (lua_isnil(L, given)) return true;
  luaL_checkstack(L, (LUA_MESSAGE_PAIRS + 8) * 2, "no room for a context");
  bool good = lua_type(L, given) == LUA_TTABLE && !(slots && lua_getmetatable(L, given));
  lua_pushnil(L);
  for (int value; good && lua_next(L, given); lua_pushvalue(L, value - 1)) {
    value = lua_gettop(L);
    const char *name = lua_type(L, value - 1) == LUA_TSTRING ? lua_tostring(L, value - 1) : "";
    if (strcmp(name, "context") == 0) {
      good = read_context(L, value, slots != 0, options, pairs);
    } else if (strcmp(name, "best_slot") == 0) {
      good = is_text(L);
      if (good) options->best_slot = lua_tostring(L, -1);
      if (good && slots) {
        lua_pushvalue(L, -1);
        lua_rawget(L, slots);
        good = lua_toboolean(L, -1);
        lua_pop(L, 1);
      }
    } else {
      good = strcmp(name, "session") == 0 && is_text(L);
    }
  }
  return good;
}

/* core.is_plain_message(given, slots) -> whether lua_message_read has no doubts */
int lua_message_is_plain(lua_State *L) {
  sentences_pair pairs[LUA_MESSAGE_PAIRS];
  sentences_options options;
  lua_settop(L, 2);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_pushboolean(L, lua_message_read(L, 1, 2, &options, pairs));
  return 1;
}
