/*
 * lua_payload: Lua values as JSON.
 *
 * A table with the keys 1 to n is an array, one with string keys an object, whose keys come out sorted, so that the
 * same value is always the same bytes; an empty table is an object, unless its metatable has __jsontype = "array".
 * Refused, with the path of the value: NaN and infinities, functions, userdata, threads, tables with other keys, with
 * holes or with both kinds of keys, cycles, and more than PAYLOAD_DEPTH levels.
 */
#ifndef INTENT_WEBHOOK_LUA_PAYLOAD_H
#define INTENT_WEBHOOK_LUA_PAYLOAD_H

#include <lua.h>

#include "json.h"
#include "redaction.h"

#pragma GCC visibility push(hidden)

enum { PAYLOAD_DEPTH = 32, PAYLOAD_ERROR_SIZE = 512 };

struct payload {
  struct buffer keys; /* of the objects being written, sorted; kept for the next time */
  struct buffer scratch;
  char error[PAYLOAD_ERROR_SIZE]; /* "payload.a.b[3]: NaN cannot be sent" */
};

/*
 * Writes the value at index as JSON. `mask`, if not NULL, is for the copy that is stored: strings and numbers in it are
 * redacted. `root` is the path's first word. False, with payload->error. May raise Lua's memory error; all memory
 * is in buffers of the caller.
 */
bool payload_write(lua_State *L, int index, struct payload *payload, struct json *json, const struct redaction *mask,
                   const char *root);

/* Why a scalar of that type cannot be sent: "a function cannot be sent". */
void payload_refuse_type(lua_State *L, int index, char *text, size_t size);

#pragma GCC visibility pop
#endif
