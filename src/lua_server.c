/*
 * lua_server: the Lua module intent_webhook.server, over server.h.
 *
 *     server.open { page = PAGE, address = "127.0.0.1", port = 0, idle_seconds = 15, receive_seconds = 30 }
 *         -> server | nil, message, code ("address", "memory", "system"); raises for a wrong option
 *     server.is_loopback(address) -> boolean | nil: it is no address
 *     server.await_end(seconds) -> boolean: whether SIGTERM has come, from the first call on. For the command
 *     server:port() -> number
 *     server:close()
 *
 * PAGE is what core.page made; the server keeps it. The handle is born closed, and dies once: close, __gc and __close
 * are one function.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sigaction, nanosleep */
#endif
#include "lua_compat.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "http_daemon.h"
#include "lua_page.h"
#include "server.h"

#define SERVER_CLASS "intent_webhook.server"

struct handle {
  struct server *server; /* NULL: closed */
};

/* Raises unless argument 1 is an open server. */
static struct handle *check_open(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, SERVER_CLASS);
  if (!handle->server) luaL_error(L, "the server is closed");
  return handle;
}

/* --- options: the table at index 1 --- */

/* Raises for a key that is not an option. */
static void check_keys(lua_State *L) {
  static const char *const names[] = {"page", "address", "port", "idle_seconds", "receive_seconds", NULL};
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    const char *const *name = names;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    while (key && *name && strcmp(*name, key) != 0) name++;
    if (!key || !*name) luaL_error(L, "server.open: unknown option \"%s\"", key ? key : luaL_typename(L, -2));
  }
}

/* A whole number from 0 to most, or 0 when there is none; raises otherwise. */
static unsigned whole_option(lua_State *L, const char *name, unsigned most) {
  lua_getfield(L, 1, name);
  lua_Number number = lua_tonumber(L, -1);
  unsigned whole = number >= 0 && number <= most ? (unsigned)number : 0;
  if (!lua_isnil(L, -1) &&
      (lua_type(L, -1) != LUA_TNUMBER || (lua_Number)whole < number || (lua_Number)whole > number || number != number))
    luaL_error(L, "server.open: %s: must be a whole number from 0 to %d", name, (int)most);
  lua_pop(L, 1);
  return whole;
}

/* Leaves it on the stack; raises when it is no open page. */
static const struct lua_page *page_option(lua_State *L) {
  lua_getfield(L, 1, "page");
  const struct lua_page *page = lua_touserdata(L, -1);
  bool is_page = page && lua_getmetatable(L, -1);
  if (is_page) {
    luaL_getmetatable(L, LUA_PAGE_CLASS);
    is_page = lua_rawequal(L, -1, -2) && page->page;
    lua_pop(L, 2);
  }
  if (!is_page) luaL_error(L, "server.open: page: must be an open page");
  return page;
}

/* --- the module's functions, in the order of the manual above --- */

static int server_lua_open(lua_State *L) {
  static const char *const codes[] = {
      [SERVER_ADDRESS] = "address", [SERVER_MEMORY] = "memory", [SERVER_SYSTEM] = "system"};
  lua_settop(L, 1);
  luaL_checktype(L, 1, LUA_TTABLE);
  check_keys(L);
  const struct lua_page *page = page_option(L); /* options page */
  struct server_options options = {
      .functions = page->functions,
      .page = page->page,
      .port = whole_option(L, "port", 65535),
      .idle_seconds = whole_option(L, "idle_seconds", INT_MAX),
      .receive_seconds = whole_option(L, "receive_seconds", INT_MAX),
  };
  lua_getfield(L, 1, "address"); /* options page address */
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "server.open: address: must be a string, not a %s", luaL_typename(L, -1));
  options.address = lua_tostring(L, -1);

  struct handle *handle = compat_new_userdata(L, sizeof *handle);
  *handle = (struct handle){0};
  luaL_getmetatable(L, SERVER_CLASS);
  lua_setmetatable(L, -2);

  char error[SERVER_ERROR_SIZE];
  enum server_result result = server_open(&handle->server, &options, error);
  if (result == SERVER_OK) return 1;
  if (result == SERVER_INVALID) return luaL_error(L, "server.open: %s", error);
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushstring(L, codes[result]);
  return 3;
}

static int server_lua_is_loopback(lua_State *L) {
  const struct http_daemon_options options = {.address = luaL_checkstring(L, 1)};
  char error[HTTP_DAEMON_ERROR_SIZE];
  if (http_daemon_check(&options, error))
    lua_pushboolean(L, http_address_is_loopback(options.address));
  else
    lua_pushnil(L);
  return 1;
}

static volatile sig_atomic_t terminated;

static void on_termination(int signal) {
  (void)signal;
  terminated = 1;
}

/* Any signal ends the wait, so that the interpreter sees ^C soon. */
static int server_lua_await_end(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  struct sigaction action = {.sa_handler = on_termination};
  struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  if (!terminated) nanosleep(&pause, NULL);
  lua_pushboolean(L, terminated);
  return 1;
}

static int server_lua_port(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)server_port(check_open(L)->server));
  return 1;
}

static int server_lua_close(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, SERVER_CLASS);
  struct server *server = handle->server;
  handle->server = NULL;
  server_close(server);
  return 0;
}

static int server_lua_tostring(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, SERVER_CLASS);
  if (handle->server)
    lua_pushfstring(L, "server (port %d)", (int)server_port(handle->server));
  else
    lua_pushliteral(L, "server (closed)");
  return 1;
}

static const luaL_Reg server_functions[] = {{"open", server_lua_open},
                                            {"is_loopback", server_lua_is_loopback},
                                            {"await_end", server_lua_await_end},
                                            {NULL, NULL}};

static const luaL_Reg server_methods[] = {{"port", server_lua_port}, {"close", server_lua_close}, {NULL, NULL}};

static const luaL_Reg server_metamethods[] = {
    {"__gc", server_lua_close}, {"__close", server_lua_close}, {"__tostring", server_lua_tostring}, {NULL, NULL}};

__attribute__((visibility("default"))) int luaopen_intent_webhook_server(lua_State *L);

int luaopen_intent_webhook_server(lua_State *L) {
  compat_new_class(L, SERVER_CLASS, server_methods, server_metamethods);
  lua_newtable(L);
  compat_set_functions(L, server_functions);
  return 1;
}
