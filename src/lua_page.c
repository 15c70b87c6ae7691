/*
 * lua_page: the Intent History page as a Lua object, for hosts that have connections of their own, and for the module
 * intent_webhook.server.
 *
 *     core.page { history =, prefix =, token =, hosts = { ... }, hosts_option =, client = }
 *         -> page | nil, message, code ("memory", "system"); raises for a wrong option
 *     page:call { method =, target =, host =, origin =, fetch_site =, authorization =, cookie =, if_none_match =,
 *                 accept_encoding =, body =, secure = } -> call | nil        nil: too many wait, or there is no memory
 *     page:close()
 *     call:take() -> nil: not yet | { status =, headers = { { name, value }, ... }, body =, more =, broken =, delay = }
 *     call:more() -> boolean           has the next piece made; only after a response with more
 *     call:close()
 *
 * Nothing here waits, but page:close for what its threads are at.
 */
#include "lua_page.h"

#include <stdlib.h>
#include <string.h>

#include "lua_compat.h"
#include "lua_module.h"

static const char call_class[] = "intent_webhook.page_call";

enum { HOSTS_MOST = 100 + 1 }; /* those of the user's option, and the name of nginx's server */

struct lua_call {
  struct page_call *call; /* NULL: closed */
};

/* ---- pages ---- */

static struct lua_page *check_page(lua_State *L) {
  struct lua_page *self = luaL_checkudata(L, 1, LUA_PAGE_CLASS);
  if (self->page == NULL) luaL_error(L, "the page is closed");
  return self;
}

/* page:close(), also its __gc and __close; does nothing the second time */
static int page_close(lua_State *L) {
  struct lua_page *self = luaL_checkudata(L, 1, LUA_PAGE_CLASS);
  struct page *page = self->page;
  self->page = NULL;
  if (page != NULL) page_release(page);
  return 0;
}

/* The names at options.hosts; they live as long as the options hold them. */
static size_t read_hosts(lua_State *L, int index, const char *hosts[HOSTS_MOST]) {
  size_t count = 0;
  lua_getfield(L, index, "hosts");
  if (!lua_isnil(L, -1)) {
    luaL_checktype(L, -1, LUA_TTABLE);
    for (count = 0; count < compat_length(L, -1); count++) {
      if (count == HOSTS_MOST) luaL_error(L, "hosts: at most %d", HOSTS_MOST);
      lua_rawgeti(L, -1, (int)count + 1);
      if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "hosts: must be strings");
      hosts[count] = lua_tostring(L, -1);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return count;
}

int lua_page_new(lua_State *L) {
  static const char *const codes[] = {[PAGE_NEW_MEMORY] = "memory", [PAGE_NEW_SYSTEM] = "system"};
  luaL_checktype(L, 1, LUA_TTABLE);
  const char *hosts[HOSTS_MOST];
  struct page_options options = {
      .history = lua_option_string(L, 1, "history"),
      .prefix = lua_option_string(L, 1, "prefix"),
      .token = lua_option_string(L, 1, "token"),
      .hosts = hosts,
      .host_count = read_hosts(L, 1, hosts),
      .hosts_option = lua_option_string(L, 1, "hosts_option"),
  };
  lua_getfield(L, 1, "client");
  if (!lua_isnil(L, -1)) options.client = lua_client_check(L, -1); /* the options hold it meanwhile */
  struct lua_page *self = compat_new_userdata(L, sizeof *self);
  *self = (struct lua_page){.functions = &page_functions};
  luaL_getmetatable(L, LUA_PAGE_CLASS);
  lua_setmetatable(L, -2);
  char error[IW_ERROR_SIZE];
  enum page_new_result result = page_new(&self->page, &options, error);
  if (result == PAGE_NEW_OK) return 1;
  if (result == PAGE_NEW_INVALID) return luaL_error(L, "core.page: %s", error);
  lua_pushnil(L);
  lua_pushstring(L, error);
  lua_pushstring(L, codes[result]);
  return 3;
}

/* ---- calls ---- */

static struct page_text text_at(lua_State *L, const char *key) {
  struct page_text text = {0};
  lua_getfield(L, 2, key);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.bytes = lua_tolstring(L, -1, &text.length); /* the table holds it */
  else if (!lua_isnil(L, -1))
    luaL_error(L, "%s: must be a string, got %s", key, luaL_typename(L, -1));
  lua_pop(L, 1);
  return text;
}

static int page_lua_call(lua_State *L) {
  struct lua_page *page = check_page(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  struct page_request request = {
      .method = text_at(L, "method"),
      .target = text_at(L, "target"),
      .host = text_at(L, "host"),
      .origin = text_at(L, "origin"),
      .fetch_site = text_at(L, "fetch_site"),
      .authorization = text_at(L, "authorization"),
      .cookie = text_at(L, "cookie"),
      .if_none_match = text_at(L, "if_none_match"),
      .accept_encoding = text_at(L, "accept_encoding"),
      .body = text_at(L, "body"),
  };
  lua_getfield(L, 2, "secure");
  request.secure = lua_toboolean(L, -1);
  struct lua_call *self = compat_new_userdata(L, sizeof *self);
  self->call = NULL;
  luaL_getmetatable(L, call_class);
  lua_setmetatable(L, -2);
  self->call = page_call_start(page->page, &request, NULL, NULL);
  if (self->call == NULL) lua_pushnil(L);
  return 1;
}

static struct lua_call *check_call(lua_State *L) {
  struct lua_call *self = luaL_checkudata(L, 1, call_class);
  if (self->call == NULL) luaL_error(L, "the call is closed");
  return self;
}

/* call:close(), also its __gc and __close */
static int call_close(lua_State *L) {
  struct lua_call *self = luaL_checkudata(L, 1, call_class);
  struct page_call *call = self->call;
  self->call = NULL;
  page_call_free(call);
  return 0;
}

/* "Name: value\r\n..." as a list of pairs, on the stack. */
static void push_headers(lua_State *L, const struct buffer *headers) {
  const char *line = headers->bytes, *end = line + headers->length;
  lua_newtable(L);
  for (int count = 1; line < end; count++) {
    const char *colon = memchr(line, ':', (size_t)(end - line)), *stop = memchr(line, '\r', (size_t)(end - line));
    lua_newtable(L);
    lua_pushlstring(L, line, (size_t)(colon - line));
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, colon + 2, (size_t)(stop - colon - 2));
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, count);
    line = stop + 2;
  }
}

static int call_take(lua_State *L) {
  struct lua_call *self = check_call(L);
  if (!page_call_ready(self->call)) {
    lua_pushnil(L);
    return 1;
  }
  const struct page_response *response = page_call_response(self->call);
  lua_newtable(L);
  lua_pushinteger(L, response->status);
  lua_setfield(L, -2, "status");
  push_headers(L, &response->headers);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, response->body.length ? response->body.bytes : "", response->body.length);
  lua_setfield(L, -2, "body");
  lua_pushboolean(L, response->more);
  lua_setfield(L, -2, "more");
  lua_pushboolean(L, response->broken);
  lua_setfield(L, -2, "broken");
  lua_pushnumber(L, response->delay_ms / 1000.0);
  lua_setfield(L, -2, "delay");
  return 1;
}

static int call_more(lua_State *L) {
  struct lua_call *self = check_call(L);
  bool more = page_call_ready(self->call) && page_call_response(self->call)->more;
  lua_pushboolean(L, more && page_call_more(self->call));
  return 1;
}

void lua_page_register(lua_State *L) {
  static const luaL_Reg page_methods[] = {{"call", page_lua_call}, {"close", page_close}, {NULL, NULL}};
  static const luaL_Reg page_metamethods[] = {{"__gc", page_close}, {"__close", page_close}, {NULL, NULL}};
  static const luaL_Reg call_methods[] = {
      {"take", call_take}, {"more", call_more}, {"close", call_close}, {NULL, NULL}};
  static const luaL_Reg call_metamethods[] = {{"__gc", call_close}, {"__close", call_close}, {NULL, NULL}};
  compat_new_class(L, LUA_PAGE_CLASS, page_methods, page_metamethods);
  compat_new_class(L, call_class, call_methods, call_metamethods);
}
