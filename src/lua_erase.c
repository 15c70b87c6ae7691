/*
 * lua_erase: erasing from a history file, for the command. It waits for the disk in the caller's thread.
 */
#include "clock.h"
#include "history_erase.h"
#include "lua_compat.h"
#include "lua_module.h"

enum { DEFAULT_TIMEOUT_S = 60 };

static bool is_over(void *deadline_us) {
  return clock_monotonic_us() > *(int64_t *)deadline_us;
}

/*
 * core.erase(path, { id =, session =, containing =, dry_run = , timeout = 60 }) -> events, sessions[, what may be
 * left in the files] | nil, message, code ("history", "timeout", "memory"). Exactly one of the first three.
 */
int lua_erase(lua_State *L) {
  static const char *const codes[] = {
      [HISTORY_ERASE_FAILED] = "history", [HISTORY_ERASE_TOO_SLOW] = "timeout", [HISTORY_ERASE_NO_MEMORY] = "memory"};
  const char *path = luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  struct history_erasure erasure = {.id = lua_option_string(L, 2, "id"),
                                    .session = lua_option_string(L, 2, "session"),
                                    .containing = lua_option_string(L, 2, "containing")};
  lua_getfield(L, 2, "dry_run");
  erasure.dry_run = lua_toboolean(L, -1);
  if (!!erasure.id + !!erasure.session + !!erasure.containing != 1)
    return luaL_error(L, "erase: give one of id, session and containing");
  int64_t deadline_us = clock_monotonic_us() + (int64_t)(lua_option_number(L, 2, "timeout", DEFAULT_TIMEOUT_S) * 1e6);
  const struct history_patience patience = {.must_stop = is_over, .context = &deadline_us};
  int64_t events = 0, sessions = 0;
  char error[HISTORY_ERROR_SIZE] = "";
  enum history_erase_result result = history_erase(path, &erasure, &patience, &events, &sessions, error);
  if (result == HISTORY_ERASED) {
    lua_pushinteger(L, (lua_Integer)events);
    lua_pushinteger(L, (lua_Integer)sessions);
    if (!*error) return 2;
    lua_pushstring(L, error);
    return 3;
  }
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushstring(L, codes[result]);
  return 3;
}
