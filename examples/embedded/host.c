/*
 * host: a C program that embeds Lua and has its intents in a script.
 *
 *     make examples
 *     build/examples/host INTENTS.lua HISTORY < messages
 *
 * Hands each line to client:message and says what became of it; between two lines it asks for finished deliveries,
 * which never waits. At the end it gives what is under way ten seconds. Ends with 0 when everything was delivered.
 *
 * Nothing here is special: intent_webhook is a Lua module like any other. Its threads never touch the Lua state, and
 * lua_close may come at any time.
 */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* Calls the function below its arguments on the stack. False: says why. */
static int call(lua_State *L, int arguments, int results) {
  if (lua_pcall(L, arguments, results, 0) == LUA_OK) return 1;
  fprintf(stderr, "host: %s\n", lua_tostring(L, -1));
  lua_pop(L, 1);
  return 0;
}

/* Pushes what the script below returns: functions that take a message, poll, and close. */
static int load_client(lua_State *L, const char *intents, const char *history) {
  static const char script[] = "local intents, history = ...\n"
                               "local webhook = require 'intent_webhook'\n"
                               "local options = assert(webhook.load(intents))\n"
                               "options.history = history\n"
                               "local client = assert(webhook.new(options))\n"
                               "local delivered, failed = 0, 0\n"
                               "local function poll()\n"
                               "  for _, delivery in ipairs(client:poll()) do\n"
                               "    if delivery.status == 'delivered' then delivered = delivered + 1\n"
                               "    elseif delivery.status == 'failed' then failed = failed + 1 end\n"
                               "  end\n"
                               "end\n"
                               "local function message(text)\n"
                               "  local result, problem = client:message(text)\n"
                               "  return result and (result.intent or result.status) or problem\n"
                               "end\n"
                               "local function close()\n"
                               "  client:close(10)\n"
                               "  poll()\n"
                               "  return delivered, failed\n"
                               "end\n"
                               "return message, poll, close\n";
  if (luaL_loadbuffer(L, script, sizeof script - 1, "=host") != LUA_OK) return 0;
  lua_pushstring(L, intents);
  lua_pushstring(L, history);
  return call(L, 2, 3);
}

static int run(lua_State *L, const char *intents, const char *history) {
  enum { MESSAGE = 1, POLL, CLOSE };
  char line[4096];
  if (!load_client(L, intents, history)) return 2;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    lua_pushvalue(L, MESSAGE);
    lua_pushstring(L, line);
    if (!call(L, 1, 1)) return 2;
    printf("%s: %s\n", lua_tostring(L, -1), line);
    lua_pop(L, 1);
    lua_pushvalue(L, POLL);
    if (!call(L, 0, 0)) return 2;
  }
  lua_pushvalue(L, CLOSE);
  if (!call(L, 0, 2)) return 2;
  long delivered = (long)lua_tointeger(L, -2), failed = (long)lua_tointeger(L, -1);
  printf("%ld delivered, %ld failed\n", delivered, failed);
  return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: host INTENTS.lua HISTORY < messages\n");
    return 2;
  }
  lua_State *L = luaL_newstate();
  if (L == NULL) return 2;
  luaL_openlibs(L);
  int status = run(L, argv[1], argv[2]);
  lua_close(L);
  return status;
}
