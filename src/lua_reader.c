/*
 * lua_reader: a history file's reader as a Lua object. Answers are JSON text; the Lua half decodes them.
 */
#include <stdlib.h>
#include <string.h>

#include "history_list.h"
#include "history_reader.h"
#include "lua_compat.h"
#include "lua_module.h"

static const char class_name[] = "intent_webhook.reader";

enum { DEFAULT_LIMIT = 50, DEFAULT_TIMEOUT_S = 5, LONGEST_TIMEOUT_S = 1000000 };

struct lua_reader {
  struct history_reader *reader; /* NULL: closed */
  struct buffer answer;          /* here, so that nothing is lost when Lua raises */
};

static struct lua_reader *check_open(lua_State *L) {
  struct lua_reader *self = luaL_checkudata(L, 1, class_name);
  if (self->reader == NULL) luaL_error(L, "the history is closed");
  return self;
}

/* reader:close(), also its __gc; does nothing the second time */
static int reader_close(lua_State *L) {
  struct lua_reader *self = luaL_checkudata(L, 1, class_name);
  struct history_reader *reader = self->reader;
  self->reader = NULL;
  if (reader != NULL) history_reader_close(reader);
  buffer_free(&self->answer);
  return 0;
}

static int milliseconds(lua_Number seconds) {
  if (!(seconds > 0)) return 0; /* NaN too */
  return seconds < LONGEST_TIMEOUT_S ? (int)(seconds * 1000) : LONGEST_TIMEOUT_S * 1000;
}

/*
 * reader:ask{ id=, intent=, status=, session=, url=, search=, from=, to=, before=, limit=, timeout= }
 *   -> JSON | nil, message, code
 */
static int reader_ask(lua_State *L) {
  struct lua_reader *self = check_open(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  struct history_query query = {
      .id = lua_option_string(L, 2, "id"),
      .intent = lua_option_string(L, 2, "intent"),
      .status = lua_option_string(L, 2, "status"),
      .session = lua_option_string(L, 2, "session"),
      .url = lua_option_string(L, 2, "url"),
      .search = lua_option_string(L, 2, "search"),
      .since_us = (int64_t)(lua_option_number(L, 2, "from", 0) * 1e6),
      .until_us = (int64_t)(lua_option_number(L, 2, "to", 0) * 1e6),
      .before_seq = (int64_t)lua_option_number(L, 2, "before", 0),
      .limit = (int)lua_option_number(L, 2, "limit", DEFAULT_LIMIT),
  };
  if (lua_option_number(L, 2, "to", 1) == 0) query.until_us = 1; /* 0 means no end to the query, 1970 to the host */
  int timeout_ms = milliseconds(lua_option_number(L, 2, "timeout", DEFAULT_TIMEOUT_S));
  /* Rather than that nothing comes of it, what was found by then. */
  if (history_list_looks_at_every_one(&query)) query.search_us = timeout_ms * (int64_t)500;
  static const char *const codes[] = {
      [HISTORY_UNREADABLE] = "history", [HISTORY_OUT_OF_MEMORY] = "memory", [HISTORY_TOO_SLOW] = "timeout"};
  char error[HISTORY_ERROR_SIZE] = "";
  buffer_clear(&self->answer);
  enum history_answer answer = history_reader_ask(self->reader, &query, timeout_ms, &self->answer, error);
  if (answer == HISTORY_ANSWERED) {
    lua_pushlstring(L, self->answer.bytes, self->answer.length);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushstring(L, codes[answer]);
  return 3;
}

int lua_reader_new(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct lua_reader *self = compat_new_userdata(L, sizeof *self);
  memset(self, 0, sizeof *self);
  luaL_getmetatable(L, class_name);
  lua_setmetatable(L, -2);
  char error[HISTORY_ERROR_SIZE];
  self->reader = history_reader_open(path, error);
  if (self->reader != NULL) return 1;
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushliteral(L, "memory"); /* nothing else can be missing so far */
  return 3;
}

void lua_reader_register(lua_State *L) {
  static const luaL_Reg methods[] = {{"ask", reader_ask}, {"close", reader_close}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", reader_close}, {NULL, NULL}};
  compat_new_class(L, class_name, methods, metamethods);
}
