/*
 * lua_module: the classes of the Lua module, each registered by its own file.
 */
#ifndef INTENT_WEBHOOK_LUA_MODULE_H
#define INTENT_WEBHOOK_LUA_MODULE_H

#include <lua.h>

#pragma GCC visibility push(hidden)

void lua_client_register(lua_State *L);       /* client, endpoint and intent */
int lua_client_new(lua_State *L);             /* core.client */
void lua_reader_register(lua_State *L);       /* reader */
int lua_reader_new(lua_State *L);             /* core.reader */
int lua_erase(lua_State *L);                  /* core.erase */
void lua_page_register(lua_State *L);         /* page, and calls to it */
int lua_page_new(lua_State *L);               /* core.page */
void lua_session_file_register(lua_State *L); /* session_file */
int lua_session_file_new(lua_State *L);       /* core.session_file */
void lua_sentences_register(lua_State *L);
int lua_sentences_new(lua_State *L);    /* core.sentences */
int lua_sentences_load(lua_State *L);   /* core.sentences_load */
int lua_message_is_plain(lua_State *L); /* core.is_plain_message */
void lua_words_register(lua_State *L);
int lua_words(lua_State *L); /* core.words */

struct client;
/* The client of a userdata that core.client made, and that is not closed. Raises for anything else. */
struct client *lua_client_check(lua_State *L, int index);

/* The number at `key` of the table at index, or absent. Raises for another type. */
lua_Number lua_option_number(lua_State *L, int index, const char *key, lua_Number absent);

/* The string at `key`, NULL when absent; it lives as long as the table holds it. Raises for another type, or a NUL. */
const char *lua_option_string(lua_State *L, int index, const char *key);

#pragma GCC visibility pop

#pragma GCC visibility push(default)
int luaopen_intent_webhook_core(lua_State *L);
#pragma GCC visibility pop

#endif
