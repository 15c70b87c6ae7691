/*
 * lua_sentences: what the two halves of core.sentences share.
 */
#ifndef INTENT_WEBHOOK_LUA_SENTENCES_H
#define INTENT_WEBHOOK_LUA_SENTENCES_H

#include <lua.h>

#include "sentences.h"

#pragma GCC visibility push(hidden)

void lua_sentences_source_register(lua_State *L);

/* Pushes a userdata that owns a new source, and returns the source. Raises when there is no memory. */
sentences_source *lua_sentences_source(lua_State *L);

/* Declares what the table at index describes. Raises where it is malformed. */
void lua_sentences_read(lua_State *L, sentences_source *source, int index);
void lua_sentences_read_list(lua_State *L, sentences_source *source, int index, bool local);

/* The scalar at index; a table, function and the like raise. The text is borrowed from Lua's value. */
sentences_scalar lua_sentences_scalar(lua_State *L, int index);

enum { LUA_MESSAGE_PAIRS = 64 }; /* the most that a context has */

/*
 * Reads what is given with a message, a table at index `given` or nil, into the options, and its context into pairs,
 * which has room for LUA_MESSAGE_PAIRS. Texts are borrowed from Lua's values, which are left on the stack, so that they
 * live until the caller returns, whatever is done to the tables. Yields false for what cannot be read. With `slots`,
 * not 0, the index of a table that has each slot's name as a key, it also does for what may be wrong: unknown options
 * and slots, names that are not printable ASCII, numbers from 2^53, a metatable.
 */
bool lua_message_read(lua_State *L, int given, int slots, sentences_options *options, sentences_pair *pairs);

/* Whether t[key] is there, and not false. */
bool lua_option_flag(lua_State *L, int table, const char *key);

/* Pushes the source's mistakes, a list. */
void lua_sentences_push_mistakes(lua_State *L, const sentences_source *source);

/* Sets a field of the table on top of the stack, unless text is NULL. */
void lua_sentences_set_text(lua_State *L, const char *key, const char *text);

#pragma GCC visibility pop
#endif
