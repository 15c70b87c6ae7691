/*
 * lua_listener: the Lua module intent_webhook.listener, over listener.h.
 *
 *     listener.open { address = "127.0.0.1", port = 0, status = 200, delay = 0, body = "", headers = {} }
 *         -> listener | nil, message, code ("address", "memory", "system"); raises for a wrong option
 *     listener:port() -> number
 *     listener:take(timeout) -> { method, target, version, headers = { { name, value }, ... }, body } | nil
 *     listener:close()
 *
 * The handle is born closed, and dies once: close, __gc and __close are one function. In a forked child take gives nil
 * at once, and close only forgets.
 */
#include "lua_compat.h"

#include <stdbool.h>
#include <string.h>

#include "listener.h"

#define LISTENER_CLASS "intent_webhook.listener"

struct handle {
  struct listener *listener;      /* NULL: closed */
  struct listener_request *taken; /* while it becomes a table; that may raise */
};

/* Raises unless argument 1 is an open listener. */
static struct handle *check_open(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, LISTENER_CLASS);
  if (!handle->listener) luaL_error(L, "the listener is closed");
  return handle;
}

/* --- options: the table at index 1 --- */

/* Raises for a key that is not an option. */
static void check_keys(lua_State *L) {
  static const char *const names[] = {"address", "port", "status", "delay", "body", "headers", NULL};
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    const char *const *name = names;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    while (key && *name && strcmp(*name, key) != 0) name++;
    if (!key || !*name) luaL_error(L, "listener.open: unknown option \"%s\"", key ? key : luaL_typename(L, -2));
  }
}

/* Pushes options[name]. False, with nothing pushed, when it is nil; raises when it is of another type. */
static bool push_option(lua_State *L, const char *name, int type) {
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return false;
  }
  if (lua_type(L, -1) != type)
    luaL_error(L, "listener.open: %s: must be a %s, not a %s", name, lua_typename(L, type), luaL_typename(L, -1));
  return true;
}

/* A whole number from 0 to most, or missing; raises otherwise. */
static unsigned whole_option(lua_State *L, const char *name, unsigned missing, unsigned most) {
  if (!push_option(L, name, LUA_TNUMBER)) return missing;
  lua_Number number = lua_tonumber(L, -1);
  lua_pop(L, 1);
  unsigned whole = number >= 0 && number <= most ? (unsigned)number : 0;
  if ((lua_Number)whole < number || (lua_Number)whole > number || number != number)
    luaL_error(L, "listener.open: %s: must be a whole number from 0 to %d", name, (int)most);
  return whole;
}

static struct listener_text text_at(lua_State *L, int index) {
  struct listener_text text;
  text.bytes = lua_tolstring(L, index, &text.length);
  return text;
}

/* Leaves the memory of the headers on the stack; their text lives in the options. */
static void headers_option(lua_State *L, struct listener_options *options) {
  if (!push_option(L, "headers", LUA_TTABLE)) return; /* headers */
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) count++;
  struct listener_header *headers = compat_new_userdata(L, (count + 1) * sizeof *headers); /* headers memory */
  count = 0;
  for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) { /* headers memory name value */
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "listener.open: headers: names and values must be strings");
    headers[count] = (struct listener_header){.name = text_at(L, -2), .value = text_at(L, -1)};
    count++;
  }
  options->headers = headers;
  options->header_count = count;
}

/* --- the module's functions, in the order of the manual above --- */

static int listener_lua_open(lua_State *L) {
  static const char *const codes[] = {
      [LISTENER_ADDRESS] = "address", [LISTENER_MEMORY] = "memory", [LISTENER_SYSTEM] = "system"};
  struct listener_options options = {0};
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  check_keys(L);
  options.port = whole_option(L, "port", 0, 65535);
  options.status = whole_option(L, "status", 200, 599);
  if (options.status < 200) luaL_error(L, "listener.open: status: must be from 200 to 599");
  if (push_option(L, "delay", LUA_TNUMBER)) options.delay = lua_tonumber(L, -1);
  if (push_option(L, "address", LUA_TSTRING)) options.address = lua_tostring(L, -1); /* the options hold the text */
  if (push_option(L, "body", LUA_TSTRING)) options.body = text_at(L, -1);
  headers_option(L, &options);

  struct handle *handle = compat_new_userdata(L, sizeof *handle);
  *handle = (struct handle){0};
  luaL_getmetatable(L, LISTENER_CLASS);
  lua_setmetatable(L, -2);

  char error[LISTENER_ERROR_SIZE];
  enum listener_result result = listener_open(&handle->listener, &options, error);
  if (result == LISTENER_OK) return 1;
  if (result == LISTENER_INVALID) return luaL_error(L, "listener.open: %s", error);
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushstring(L, codes[result]);
  return 3;
}

static int listener_lua_port(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)listener_port(check_open(L)->listener));
  return 1;
}

static void set_text(lua_State *L, const char *key, struct listener_text text) {
  lua_pushlstring(L, text.bytes, text.length);
  lua_setfield(L, -2, key);
}

static void push_request(lua_State *L, const struct listener_request *request) {
  lua_newtable(L); /* result */
  lua_pushstring(L, request->target);
  lua_setfield(L, -2, "target");
  set_text(L, "method", request->method);
  set_text(L, "version", request->version);
  set_text(L, "body", request->body);
  lua_newtable(L); /* result headers */
  for (size_t i = 0; i < request->header_count; i++) {
    lua_newtable(L); /* result headers header */
    lua_pushlstring(L, request->headers[i].name.bytes, request->headers[i].name.length);
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, request->headers[i].value.bytes, request->headers[i].value.length);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "headers"); /* result */
}

static void drop_taken(struct handle *handle) {
  struct listener_request *taken = handle->taken;
  handle->taken = NULL;
  listener_request_free(taken);
}

static int listener_lua_take(lua_State *L) {
  struct handle *handle = check_open(L);
  double timeout = luaL_optnumber(L, 2, 0);
  drop_taken(handle); /* left behind when the last take ran out of memory */
  handle->taken = listener_take(handle->listener, timeout);
  if (!handle->taken) {
    lua_pushnil(L);
    return 1;
  }
  push_request(L, handle->taken);
  drop_taken(handle);
  return 1;
}

static int listener_lua_close(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, LISTENER_CLASS);
  struct listener *listener = handle->listener;
  handle->listener = NULL;
  drop_taken(handle);
  listener_close(listener);
  return 0;
}

static int listener_lua_tostring(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, LISTENER_CLASS);
  if (handle->listener)
    lua_pushfstring(L, "listener (port %d)", (int)listener_port(handle->listener));
  else
    lua_pushliteral(L, "listener (closed)");
  return 1;
}

static const luaL_Reg listener_functions[] = {{"open", listener_lua_open}, {NULL, NULL}};

static const luaL_Reg listener_methods[] = {
    {"port", listener_lua_port}, {"take", listener_lua_take}, {"close", listener_lua_close}, {NULL, NULL}};

static const luaL_Reg listener_metamethods[] = {
    {"__gc", listener_lua_close}, {"__close", listener_lua_close}, {"__tostring", listener_lua_tostring}, {NULL, NULL}};

__attribute__((visibility("default"))) int luaopen_intent_webhook_listener(lua_State *L);

int luaopen_intent_webhook_listener(lua_State *L) {
  compat_new_class(L, LISTENER_CLASS, listener_methods, listener_metamethods);
  lua_newtable(L);
  compat_set_functions(L, listener_functions);
  return 1;
}
