/*
 * lua_session_file: the sessions in a history file as a Lua object. Bodies are text; the Lua half makes sessions of it.
 */
#include <string.h>

#include "lua_compat.h"
#include "lua_module.h"
#include "process.h"
#include "session_file.h"

static const char class_name[] = "intent_webhook.session_file";

enum { LONGEST_TIMEOUT_S = 1000000 };

struct lua_session_file {
  struct session_file *file; /* NULL: closed */
  struct buffer body;        /* here, so that nothing is lost when Lua raises */
};

static struct lua_session_file *check_open(lua_State *L) {
  struct lua_session_file *self = luaL_checkudata(L, 1, class_name);
  if (self->file == NULL) luaL_error(L, "the sessions are closed");
  return self;
}

/* file:close(), also its __gc; does nothing the second time */
static int file_close(lua_State *L) {
  struct lua_session_file *self = luaL_checkudata(L, 1, class_name);
  struct session_file *file = self->file;
  self->file = NULL;
  session_file_close(file);
  buffer_free(&self->body);
  return 0;
}

static struct session_text check_text(lua_State *L, int index) {
  struct session_text text;
  text.bytes = luaL_checklstring(L, index, &text.length);
  return text;
}

static int64_t check_time(lua_State *L, int index) {
  lua_Number seconds = luaL_checknumber(L, index);
  luaL_argcheck(L, seconds > -9e12 && seconds < 9e12, index, "is no time");
  return (int64_t)(seconds * 1e6);
}

static int64_t check_version(lua_State *L, int index) {
  lua_Number version = luaL_checknumber(L, index);
  luaL_argcheck(L, version >= 0 && version <= 9007199254740992.0, index, "is no version");
  return (int64_t)version;
}

static int check_timeout(lua_State *L, int index) {
  lua_Number seconds = luaL_checknumber(L, index);
  if (!(seconds > 0)) return 0; /* NaN too */
  return seconds < LONGEST_TIMEOUT_S ? (int)(seconds * 1000) : LONGEST_TIMEOUT_S * 1000;
}

static int push_trouble(lua_State *L, enum session_answer answer, const char *error) {
  lua_pushstring(L, error);
  lua_pushstring(L, answer == SESSION_CHANGED    ? "conflict"
                    : answer == SESSION_LOCKED   ? "key"
                    : answer == SESSION_TOO_SLOW ? "timeout"
                                                 : "history");
  return 2;
}

/*
 * file:get(id, now, timeout) -> body, version | nil, 0 | nil, version, message, "key" | false, message, code
 * Versions are floats, whatever the Lua: they go back as they came.
 */
static int file_get(lua_State *L) {
  struct lua_session_file *self = check_open(L);
  struct session_text id = check_text(L, 2);
  int64_t now_us = check_time(L, 3), version = 0;
  char error[HISTORY_ERROR_SIZE];
  buffer_clear(&self->body);
  enum session_answer answer =
      session_file_get(self->file, id, now_us, check_timeout(L, 4), &self->body, &version, error);
  if (answer == SESSION_TOO_SLOW || answer == SESSION_BROKEN) {
    lua_pushboolean(L, false);
    return 1 + push_trouble(L, answer, error);
  }
  if (answer == SESSION_ANSWERED)
    lua_pushlstring(L, self->body.bytes, self->body.length);
  else
    lua_pushnil(L);
  lua_pushnumber(L, (lua_Number)version);
  return 2 + (answer == SESSION_LOCKED ? push_trouble(L, answer, error) : 0);
}

/* file:put(id, body or nil, version, now, expires, timeout) -> true | nil, message, code */
static int file_put(lua_State *L) {
  struct lua_session_file *self = check_open(L);
  struct session_text id = check_text(L, 2), body = {NULL, 0};
  if (!lua_isnil(L, 3)) body = check_text(L, 3);
  int64_t version = check_version(L, 4), now_us = check_time(L, 5), expires_us = check_time(L, 6);
  char error[HISTORY_ERROR_SIZE];
  enum session_answer answer =
      session_file_put(self->file, id, body, version, now_us, expires_us, check_timeout(L, 7), error);
  if (answer == SESSION_ANSWERED) {
    lua_pushboolean(L, true);
    return 1;
  }
  lua_pushnil(L);
  return 1 + push_trouble(L, answer,
                          answer == SESSION_CHANGED ? "the session was changed by somebody else meanwhile" : error);
}

/* core.session_file(path, key or nil) -> file | nil, message, code */
int lua_session_file_new(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct session_text key = {NULL, 0};
  if (!lua_isnoneornil(L, 2)) key = check_text(L, 2);
  struct lua_session_file *self = compat_new_userdata(L, sizeof *self);
  memset(self, 0, sizeof *self);
  luaL_getmetatable(L, class_name);
  lua_setmetatable(L, -2);
  char error[HISTORY_ERROR_SIZE];
  bool ready = process_setup(error, sizeof error);
  if (ready) self->file = session_file_open(path, key, error);
  if (self->file != NULL) return 1;
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushstring(L, ready ? "history" : "system");
  return 3;
}

void lua_session_file_register(lua_State *L) {
  static const luaL_Reg methods[] = {{"get", file_get}, {"put", file_put}, {"close", file_close}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", file_close}, {NULL, NULL}};
  compat_new_class(L, class_name, methods, metamethods);
}
