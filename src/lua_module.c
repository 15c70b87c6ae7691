/*
 * lua_module: intent_webhook.core, the C half of the Lua module.
 *
 * The Lua half (lua/intent_webhook.lua) checks what users write, so this one is terse: it raises for what the Lua half
 * never does, and returns nil, message, code for what the world does. Code "misuse" is for the Lua half, which raises
 * it at its own caller's line.
 */
#include "lua_module.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "intent_webhook.h"
#include "lua_compat.h"
#include "sentences.h"
#include "utf8.h"

enum { READ_BYTES = 16 * 1024, LONGEST_WAIT_S = 1000 };

lua_Number lua_option_number(lua_State *L, int index, const char *key, lua_Number absent) {
  lua_getfield(L, index, key);
  lua_Number value = absent;
  if (lua_type(L, -1) == LUA_TNUMBER)
    value = lua_tonumber(L, -1);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "%s: must be a number, got %s", key, luaL_typename(L, -1));
  lua_pop(L, 1);
  return value;
}

const char *lua_option_string(lua_State *L, int index, const char *key) {
  lua_getfield(L, index, key);
  const char *value = NULL;
  if (lua_type(L, -1) == LUA_TSTRING) {
    size_t length;
    value = lua_tolstring(L, -1, &length);
    if (strlen(value) != length) luaL_error(L, "%s: holds a NUL byte", key);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "%s: must be a string, got %s", key, luaL_typename(L, -1));
  }
  lua_pop(L, 1);
  return value;
}

/* core.id([seconds]) -> a new event id for that time, by default now */
static int module_id(lua_State *L) {
  char id[IW_ID_SIZE];
  lua_Number seconds = luaL_optnumber(L, 1, 0);
  iw_id_new(id, seconds > 0 ? (int64_t)(seconds * 1e6) : 0);
  lua_pushlstring(L, id, IW_ID_SIZE - 1);
  return 1;
}

/* core.seconds() -> seconds since some moment in the past; never goes back: to tell how long something took */
static int module_seconds(lua_State *L) {
  lua_pushnumber(L, (lua_Number)clock_monotonic_us() / 1e6);
  return 1;
}

/* core.is_utf8(text) -> whether it is valid UTF-8 */
static int module_is_utf8(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_pushboolean(L, utf8_valid_prefix(text, length) == length);
  return 1;
}

/* core.digest(bytes) -> their SHA-256 in hexadecimal digits */
static int module_digest(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  unsigned char digest[EVP_MAX_MD_SIZE];
  char text[EVP_MAX_MD_SIZE * 2 + 1];
  unsigned size = 0;
  if (EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) != 1) return luaL_error(L, "SHA-256 is missing");
  for (unsigned i = 0; i < size; i++) snprintf(text + i * 2, 3, "%02x", digest[i]);
  lua_pushlstring(L, text, (size_t)size * 2);
  return 1;
}

/* core.isatty(descriptor) -> whether it is a terminal */
static int module_isatty(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* core.ignore_broken_pipe(): for the command, so that a closed output is an error of write and no signal */
static int module_ignore_broken_pipe(lua_State *L) {
  (void)L;
  signal(SIGPIPE, SIG_IGN);
  return 0;
}

/*
 * core.read(descriptor, seconds) -> bytes | "" when none came in that time, or a signal did | nil at the end | nil,
 * message. For the command, which has deliveries to print while nothing comes.
 */
static int module_read(lua_State *L) {
  char bytes[READ_BYTES];
  int descriptor = (int)luaL_checkinteger(L, 1);
  lua_Number seconds = luaL_checknumber(L, 2);
  int wait_ms = seconds < LONGEST_WAIT_S ? (int)(seconds * 1000) : LONGEST_WAIT_S * 1000;
  struct pollfd ready = {.fd = descriptor, .events = POLLIN};
  ssize_t length = -1;
  int count = poll(&ready, 1, wait_ms);
  if (count > 0) length = read(descriptor, bytes, sizeof bytes);
  int problem = errno;
  if (length > 0) {
    lua_pushlstring(L, bytes, (size_t)length);
    return 1;
  }
  if (count == 0 || (length < 0 && (problem == EINTR || problem == EAGAIN))) {
    lua_pushliteral(L, "");
    return 1;
  }
  lua_pushnil(L);
  if (length == 0) return 1;
  lua_pushstring(L, strerror(problem));
  return 2;
}

static const luaL_Reg functions[] = {{"client", lua_client_new},
                                     {"reader", lua_reader_new},
                                     {"page", lua_page_new},
                                     {"erase", lua_erase},
                                     {"session_file", lua_session_file_new},
                                     {"id", module_id},
                                     {"is_utf8", module_is_utf8},
                                     {"isatty", module_isatty},
                                     {"ignore_broken_pipe", module_ignore_broken_pipe},
                                     {"read", module_read},
                                     {"digest", module_digest},
                                     {"sentences", lua_sentences_new},
                                     {"sentences_load", lua_sentences_load},
                                     {"is_plain_message", lua_message_is_plain},
                                     {"words", lua_words},
                                     {"seconds", module_seconds},
                                     {NULL, NULL}};

int luaopen_intent_webhook_core(lua_State *L) {
  lua_client_register(L);
  lua_reader_register(L);
  lua_page_register(L);
  lua_session_file_register(L);
  lua_sentences_register(L);
  lua_words_register(L);
  lua_newtable(L);
  compat_set_functions(L, functions);
  lua_pushliteral(L, IW_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushinteger(L, SENTENCES_TEXT_BYTES);
  lua_setfield(L, -2, "most_text_bytes");
  return 1;
}
