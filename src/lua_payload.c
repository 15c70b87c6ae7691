/*
 * lua_payload: see lua_payload.h.
 */
#include "lua_payload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua_compat.h"

/* One step of the way to a value: a key of an object, or an index of an array. */
struct step {
  const char *key; /* NULL: index */
  size_t length;
  size_t index;
};

struct walk {
  lua_State *L;
  struct payload *payload;
  struct json *json;
  const struct redaction *mask;
  const char *root;
  unsigned depth;
  struct step steps[PAYLOAD_DEPTH + 1];
  const void *tables[PAYLOAD_DEPTH + 1]; /* those that the walk is in, for cycles */
};

struct key {
  const char *bytes;
  size_t length;
};

static bool walk_value(struct walk *walk, int index);

static bool refuse(struct walk *walk, const char *why) {
  struct buffer path = {0};
  buffer_text(&path, walk->root);
  for (unsigned i = 0; i < walk->depth; i++) {
    const struct step *step = &walk->steps[i];
    char number[32];
    if (step->key == NULL) {
      snprintf(number, sizeof number, "[%zu]", step->index);
      buffer_text(&path, number);
    } else {
      buffer_byte(&path, '.');
      json_escape(&path, step->key, step->length < 64 ? step->length : 64);
    }
  }
  snprintf(walk->payload->error, PAYLOAD_ERROR_SIZE, "%.*s: %s", path.length > 300 ? 300 : (int)path.length,
           path.bytes != NULL ? path.bytes : "", why);
  buffer_free(&path);
  return false;
}

void payload_refuse_type(lua_State *L, int index, char *text, size_t size) {
  snprintf(text, size, "a %s cannot be sent: give a string, a number, a boolean or null",
           lua_typename(L, lua_type(L, index)));
}

static bool write_number(struct walk *walk, int index) {
  lua_Integer integer;
  lua_Number number = lua_tonumber(walk->L, index);
  if (compat_integer(walk->L, index, &integer)) {
    json_integer(walk->json, integer);
    return true;
  }
  if (isnan(number)) return refuse(walk, "NaN cannot be sent: JSON has no such number");
  if (isinf(number)) return refuse(walk, "infinity cannot be sent: JSON has no such number");
  json_number(walk->json, number);
  return true;
}

static bool is_secret(const struct redaction *mask, const char *bytes, size_t length) {
  for (size_t i = 0; i < mask->value_count; i++)
    if (mask->values[i].length == length && memcmp(mask->values[i].bytes, bytes, length) == 0) return true;
  return false;
}

/* The stored copy of a number: its JSON text is compared with the secrets, which hold numbers as such text. */
static bool write_masked_number(struct walk *walk, int index) {
  struct buffer *out = walk->json->out;
  bool comma = walk->json->comma;
  size_t before = out->length;
  if (!write_number(walk, index)) return false;
  size_t start = before + (comma ? 1 : 0);
  if (out->failed || !is_secret(walk->mask, out->bytes + start, out->length - start)) return true;
  out->length = before;
  walk->json->comma = comma;
  json_string(walk->json, REDACTION_TEXT, sizeof REDACTION_TEXT - 1);
  return true;
}

static void redacted(struct walk *walk, const char *text, size_t length) {
  struct buffer *scratch = &walk->payload->scratch;
  buffer_clear(scratch);
  if (is_secret(walk->mask, text, length))
    buffer_text(scratch, REDACTION_TEXT);
  else
    redact_text(scratch, text, length, walk->mask, NULL);
  if (scratch->failed) walk->json->out->failed = true;
}

static void write_string(struct walk *walk, const char *text, size_t length) {
  if (walk->mask == NULL) {
    json_string(walk->json, text, length);
    return;
  }
  redacted(walk, text, length);
  json_string(walk->json, walk->payload->scratch.bytes, walk->payload->scratch.length);
}

static void write_key(struct walk *walk, const char *text, size_t length) {
  if (walk->mask == NULL) {
    json_key(walk->json, text, length);
    return;
  }
  redacted(walk, text, length);
  json_key(walk->json, walk->payload->scratch.bytes, walk->payload->scratch.length);
}

static bool walk_array(struct walk *walk, int index, size_t count) {
  lua_State *L = walk->L;
  struct step *step = &walk->steps[walk->depth - 1];
  json_begin_array(walk->json);
  for (size_t i = 1; i <= count; i++) {
    step->key = NULL;
    step->index = i;
    lua_rawgeti(L, index, (int)i);
    bool written = walk_value(walk, lua_gettop(L));
    lua_pop(L, 1);
    if (!written) return false;
  }
  json_end_array(walk->json);
  return true;
}

static int compare_keys(const void *a, const void *b) {
  const struct key *one = a, *other = b;
  size_t shorter = one->length < other->length ? one->length : other->length;
  int order = memcmp(one->bytes, other->bytes, shorter);
  return order != 0 ? order : (one->length > other->length) - (one->length < other->length);
}

static bool walk_object(struct walk *walk, int index) {
  lua_State *L = walk->L;
  struct buffer *keys = &walk->payload->keys;
  size_t base = keys->length;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    struct key key; /* points into the string, which the table holds */
    key.bytes = lua_tolstring(L, -2, &key.length);
    buffer_append(keys, &key, sizeof key);
  }
  if (keys->failed) return refuse(walk, "there is not enough memory for its keys");
  size_t count = (keys->length - base) / sizeof(struct key);
  if (count > 1) qsort(keys->bytes + base, count, sizeof(struct key), compare_keys);
  struct step *step = &walk->steps[walk->depth - 1];
  json_begin_object(walk->json);
  for (size_t i = 0; i < count; i++) {
    struct key key;
    memcpy(&key, keys->bytes + base + i * sizeof key, sizeof key);
    step->key = key.bytes;
    step->length = key.length;
    write_key(walk, key.bytes, key.length);
    lua_pushlstring(L, key.bytes, key.length);
    lua_rawget(L, index);
    bool written = walk_value(walk, lua_gettop(L));
    lua_pop(L, 1);
    if (!written) return false;
  }
  keys->length = base;
  json_end_object(walk->json);
  return true;
}

static bool marked_as_array(lua_State *L, int index) {
  if (!luaL_getmetafield(L, index, "__jsontype")) return false;
  bool array = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "array") == 0;
  lua_pop(L, 1);
  return array;
}

static bool walk_table(struct walk *walk, int index) {
  lua_State *L = walk->L;
  const void *table = lua_topointer(L, index);
  for (unsigned i = 0; i < walk->depth; i++)
    if (walk->tables[i] == table) return refuse(walk, "a cycle cannot be sent: the table contains itself");
  if (walk->depth >= PAYLOAD_DEPTH) return refuse(walk, "is nested deeper than 32 levels");
  luaL_checkstack(L, 6, "payload");
  size_t strings = 0, numbers = 0, length = compat_length(L, index);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    int type = lua_type(L, -2);
    if (type == LUA_TSTRING)
      strings++;
    else if (type == LUA_TNUMBER)
      numbers++;
    else {
      lua_pop(L, 2);
      return refuse(walk, "has a key that is neither a string nor an index: JSON has no such key");
    }
  }
  if (strings > 0 && numbers > 0) return refuse(walk, "has both string keys and indices: make it one or the other");
  /* as many numbers as the length, and each index up to the length is there (an absent one reads as nil below) */
  if (numbers > 0 && numbers != length) return refuse(walk, "is a sparse array: its indices must be 1 to n");
  for (size_t i = 1; i <= numbers; i++) {
    lua_rawgeti(L, index, (int)i);
    bool absent = lua_isnil(L, -1);
    lua_pop(L, 1);
    if (absent) return refuse(walk, "is a sparse array: its indices must be 1 to n");
  }
  walk->tables[walk->depth++] = table;
  bool array = numbers > 0 || (strings == 0 && marked_as_array(L, index));
  bool written = array ? walk_array(walk, index, numbers) : walk_object(walk, index);
  if (written) walk->depth--; /* otherwise the path has been used already */
  return written;
}

static bool walk_value(struct walk *walk, int index) {
  lua_State *L = walk->L;
  switch (lua_type(L, index)) {
  case LUA_TSTRING: {
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    write_string(walk, text, length);
    return true;
  }
  case LUA_TNUMBER: return walk->mask == NULL ? write_number(walk, index) : write_masked_number(walk, index);
  case LUA_TBOOLEAN: json_boolean(walk->json, lua_toboolean(L, index)); return true;
  case LUA_TTABLE: return walk_table(walk, index);
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(L, index) == NULL) { /* cjson.null */
      json_null(walk->json);
      return true;
    }
    break;
  default: break;
  }
  char why[128];
  payload_refuse_type(L, index, why, sizeof why);
  return refuse(walk, why);
}

bool payload_write(lua_State *L, int index, struct payload *payload, struct json *json, const struct redaction *mask,
                   const char *root) {
  struct walk walk = {.L = L, .payload = payload, .json = json, .mask = mask, .root = root};
  buffer_clear(&payload->keys);
  return walk_value(&walk, index);
}
