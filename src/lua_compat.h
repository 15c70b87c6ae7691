/*
 * lua_compat: the differences between Lua 5.4, 5.3 and the 5.1 ABI (PUC 5.1, LuaJIT), under private names.
 *
 * Nothing here defines a luaL_* or lua_* symbol: LuaJIT has some of the newer ones already.
 */
#ifndef INTENT_WEBHOOK_LUA_COMPAT_H
#define INTENT_WEBHOOK_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Puts functions into the table on top of the stack. */
static inline void compat_set_functions(lua_State *L, const luaL_Reg *functions) {
  for (; functions->name != NULL; functions++) {
    lua_pushcfunction(L, functions->func);
    lua_setfield(L, -2, functions->name);
  }
}

/*
 * Makes a metatable: methods in __index, metamethods beside it, and a __name for error messages. Leaves nothing on the
 * stack.
 */
static inline void compat_new_class(lua_State *L, const char *name, const luaL_Reg *methods,
                                    const luaL_Reg *metamethods) {
  luaL_newmetatable(L, name);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "protected");
  lua_setfield(L, -2, "__metatable");
  compat_set_functions(L, metamethods);
  lua_newtable(L);
  compat_set_functions(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

static inline void *compat_new_userdata(lua_State *L, size_t size) {
#if LUA_VERSION_NUM >= 504
  return lua_newuserdatauv(L, size, 1);
#else
  return lua_newuserdata(L, size);
#endif
}

/* Ties the table on top of the stack to the userdata at index, and pops it. */
static inline void compat_set_associated(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 504
  lua_setiuservalue(L, index, 1);
#elif LUA_VERSION_NUM >= 502
  lua_setuservalue(L, index);
#else
  lua_setfenv(L, index);
#endif
}

static inline size_t compat_length(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  return lua_rawlen(L, index);
#else
  return lua_objlen(L, index);
#endif
}

/* Whether the number at index is an integer in the sense of this Lua; then *value is it. */
static inline bool compat_integer(lua_State *L, int index, lua_Integer *value) {
#if LUA_VERSION_NUM >= 503
  if (!lua_isinteger(L, index)) return false;
  *value = lua_tointeger(L, index);
  return true;
#else
  (void)L, (void)index, (void)value;
  return false; /* numbers are doubles there; json_number writes integral ones as integers */
#endif
}

#pragma GCC visibility pop
#endif
