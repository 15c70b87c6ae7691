/*
 * lua_client: client, endpoint and intent as Lua objects.
 *
 * An intent is what the Lua half has checked and this half needs to fire fast: its slots in declared order, with each
 * key as JSON text, and its webhook actions' endpoints. Buffers that a call needs belong to the client object, so that
 * nothing is lost when Lua raises.
 *
 * Keeping alive: an endpoint's and an intent's associated table holds the client (and the intent's strings).
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "intent_webhook.h"
#include "lua_compat.h"
#include "lua_module.h"
#include "lua_payload.h"
#include "redaction.h"

static const char client_class[] = "intent_webhook.client";
static const char endpoint_class[] = "intent_webhook.endpoint";
static const char intent_class[] = "intent_webhook.intent";

enum { MOST_SLOTS = 256, MOST_ACTIONS = 64, MOST_HEADERS = 100, MOST_RANGES = 1000, DEFAULT_WAIT_S = 15 };
enum { MOST_SECRETS = 2 * MOST_SLOTS }; /* a number has two texts */

struct lua_client {
  iw_client *client; /* NULL: given back */
  void *held;        /* the result that a poll looks at */
  struct buffer slots, stored_slots, payloads, scalars;
  struct payload payload;
};

struct lua_endpoint {
  iw_endpoint *endpoint;
};

struct lua_slot {
  const char *name; /* the associated table holds it */
  size_t length;
  bool required, sensitive;
  const char *key; /* the name as a JSON string, with a colon; likewise */
  size_t key_length;
};

struct lua_intent {
  const struct lua_client *owner;
  const char *name;
  unsigned slot_count, action_count;
  iw_endpoint **endpoints; /* behind the slots, in this block */
  struct lua_slot slots[];
};

static int fail(lua_State *L, const char *message, const char *code) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, code);
  return 3;
}

static int fail_result(lua_State *L, iw_result result) {
  static const char *const messages[] = {
      [IW_OK] = "",
      [IW_FULL] =
          "no room in the queue: the event was refused, and recorded as refused; raise queue_limit or queue_bytes",
      [IW_CLOSED] = "the client is closed",
      [IW_TIMEOUT] = "not finished within the timeout",
      [IW_UNKNOWN] =
          "no event of that id is in memory: it was not fired by this client, or its results were taken already",
      [IW_HISTORY] = "the history file cannot be opened or written",
      [IW_MEMORY] = "there is not enough memory",
      [IW_SYSTEM] = "the sender's thread could not be started",
  };
  return fail(L, messages[result], iw_result_code(result));
}

struct client *lua_client_check(lua_State *L, int index) {
  struct lua_client *self = luaL_checkudata(L, index, client_class);
  if (self->client == NULL) luaL_error(L, "the client has been given back");
  return self->client;
}

static struct lua_client *check_client(lua_State *L) {
  lua_client_check(L, 1);
  return lua_touserdata(L, 1);
}

/* ---- client ---- */

/* core.client{ history=, queue_limit=, queue_bytes=, keep_days= } -> client | nil, message, code */
int lua_client_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  iw_client_options options = {
      .history = lua_option_string(L, 1, "history"),
      .queue_limit = (size_t)lua_option_number(L, 1, "queue_limit", 0),
      .queue_bytes = (size_t)lua_option_number(L, 1, "queue_bytes", 0),
      .keep_days = lua_option_number(L, 1, "keep_days", 0),
  };
  struct lua_client *self = compat_new_userdata(L, sizeof *self);
  memset(self, 0, sizeof *self);
  luaL_getmetatable(L, client_class);
  lua_setmetatable(L, -2);
  char error[IW_ERROR_SIZE] = "";
  self->client = iw_client_new(&options, error);
  if (self->client != NULL) return 1;
  return fail(L, error, strncmp(error, "history:", 8) == 0 ? "history" : "system");
}

static int client_gc(lua_State *L) {
  struct lua_client *self = luaL_checkudata(L, 1, client_class);
  iw_client *client = self->client;
  self->client = NULL;
  iw_poll_end(&self->held);
  if (client != NULL) iw_client_free(client);
  struct buffer *buffers[] = {&self->slots,   &self->stored_slots, &self->payloads,
                              &self->scalars, &self->payload.keys, &self->payload.scratch};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) buffer_free(buffers[i]);
  return 0;
}

static int client_tostring(lua_State *L) {
  lua_pushfstring(L, "intent_webhook.client: %p", luaL_checkudata(L, 1, client_class));
  return 1;
}

/* client:start(timeout) -> true | nil, message, code */
static int client_start(lua_State *L) {
  struct lua_client *self = check_client(L);
  char error[IW_ERROR_SIZE] = "";
  iw_result result = iw_client_start(self->client, luaL_optnumber(L, 2, 5), error);
  if (result != IW_OK) return fail(L, error, iw_result_code(result));
  lua_pushboolean(L, true);
  return 1;
}

/* client:flush(timeout) -> true | nil, message, code */
static int client_flush(lua_State *L) {
  struct lua_client *self = check_client(L);
  iw_result result = iw_client_flush(self->client, luaL_optnumber(L, 2, DEFAULT_WAIT_S));
  if (result != IW_OK) return fail_result(L, result);
  lua_pushboolean(L, true);
  return 1;
}

/* client:close(timeout) -> true | nil, message, code */
static int client_close(lua_State *L) {
  struct lua_client *self = check_client(L);
  size_t cut = 0;
  iw_result result = iw_client_close(self->client, luaL_optnumber(L, 2, DEFAULT_WAIT_S), &cut);
  if (result == IW_OK) {
    lua_pushboolean(L, true);
    return 1;
  }
  iw_stats stats;
  iw_client_stats(self->client, &stats);
  const char *error = stats.history_error;
  char message[512] = "";
  if (cut > 0)
    snprintf(message, sizeof message, "%zu %s cut off%s", cut, cut == 1 ? "delivery was" : "deliveries were",
             error[0] != '\0' ? "; " : ": recorded as failed, client_closed");
  if (cut == 0 || error[0] != '\0')
    snprintf(message + strlen(message), sizeof message - strlen(message),
             "not everything could be written to the history in time%s%s", error[0] != '\0' ? ": " : "", error);
  return fail(L, message, iw_result_code(result));
}

static void set_count(lua_State *L, const char *key, uint64_t count) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)count);
#else
  lua_pushnumber(L, (lua_Number)count);
#endif
  lua_setfield(L, -2, key);
}

/* client:stats() -> table */
static int client_stats(lua_State *L) {
  struct lua_client *self = check_client(L);
  iw_stats stats;
  iw_client_stats(self->client, &stats);
  lua_createtable(L, 0, 12);
#define COUNT(name) set_count(L, #name, stats.name)
  COUNT(fired);
  COUNT(delivered);
  COUNT(failed);
  COUNT(refused);
  COUNT(results_dropped);
  COUNT(queued);
  COUNT(in_flight);
  COUNT(unrecorded);
  COUNT(bytes);
  COUNT(history_recorded);
  COUNT(history_waiting);
#undef COUNT
  if (stats.history_error[0] != '\0') {
    lua_pushstring(L, stats.history_error);
    lua_setfield(L, -2, "history_error");
  }
  return 1;
}

/* ---- results ---- */

static void set_text(lua_State *L, const char *key, const char *text) {
  if (text == NULL) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static const char *status_of(const iw_delivery *delivery) {
  if (delivery->number == 0) return delivery->recorded ? "recorded" : "unrecorded";
  return delivery->delivered ? "delivered" : "failed";
}

static void push_delivery(lua_State *L, const iw_delivery *delivery) {
  lua_createtable(L, 0, 12);
  set_text(L, "id", delivery->id);
  set_text(L, "intent", delivery->intent);
  set_text(L, "session", delivery->session);
  lua_pushinteger(L, (lua_Integer)delivery->number);
  lua_setfield(L, -2, "number");
  lua_pushboolean(L, delivery->recorded);
  lua_setfield(L, -2, "recorded");
  set_text(L, "status", status_of(delivery));
  if (delivery->number == 0) return;
  set_text(L, "url", delivery->url);
  if (delivery->http_status != 0) {
    lua_pushinteger(L, delivery->http_status);
    lua_setfield(L, -2, "http_status");
  }
  set_text(L, "cause", delivery->cause);
  set_text(L, "reason", delivery->sentence);
  set_text(L, "message", delivery->message);
  lua_pushnumber(L, delivery->seconds);
  lua_setfield(L, -2, "seconds");
}

/* At most so many of them; what is left stays for the next time. */
static int push_results(lua_State *L, struct lua_client *self, const char *id, int most) {
  iw_delivery delivery;
  int count = 0;
  lua_newtable(L);
  while (count < most && iw_client_poll(self->client, id, &self->held, &delivery)) {
    push_delivery(L, &delivery);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/* client:poll(most) -> list of finished deliveries */
static int client_poll(lua_State *L) {
  struct lua_client *self = check_client(L);
  lua_Number most = luaL_optnumber(L, 2, INT_MAX);
  return push_results(L, self, NULL, most < INT_MAX ? (int)most : INT_MAX);
}

/* client:fd() -> descriptor | nil, message, code */
static int client_fd(lua_State *L) {
  struct lua_client *self = check_client(L);
  int descriptor = iw_client_fd(self->client);
  if (descriptor < 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "there is no descriptor left: raise the limit on open files (ulimit -n)");
    lua_pushliteral(L, "system");
    return 3;
  }
  lua_pushinteger(L, descriptor);
  return 1;
}

/* client:wait(id, timeout) -> list of the event's deliveries | nil, message, code */
static int client_wait(lua_State *L) {
  struct lua_client *self = check_client(L);
  size_t length;
  const char *id = luaL_checklstring(L, 2, &length);
  if (strlen(id) != length) return fail_result(L, IW_UNKNOWN);
  iw_result result = iw_client_wait(self->client, id, luaL_optnumber(L, 3, DEFAULT_WAIT_S));
  return result == IW_OK ? push_results(L, self, id, INT_MAX) : fail_result(L, result);
}

/* ---- endpoint ---- */

/* Reads the list at `key` into an array that lives as a userdata on the stack. Pushes that, and the list. */
static void *list_begin(lua_State *L, const char *key, size_t element, size_t most, size_t *count) {
  lua_getfield(L, 2, key);
  *count = lua_istable(L, -1) ? compat_length(L, -1) : 0;
  if (*count > most) luaL_error(L, "%s: more than %d entries", key, (int)most);
  void *array = compat_new_userdata(L, (*count + 1) * element);
  memset(array, 0, (*count + 1) * element);
  lua_insert(L, -2);
  return array;
}

/*
 * client:endpoint{ url=, token=, headers = { { name, value, secret }, ... }, timeout=, in_flight=, public_only=,
 * allow = { ... }, ca_file=, disabled= } -> endpoint | nil, message
 */
static int client_endpoint(lua_State *L) {
  struct lua_client *self = check_client(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  iw_endpoint_options options = {.timeout = lua_option_number(L, 2, "timeout", 0)};
  static const char *const texts[] = {"url", "token", "ca_file"};
  const char **places[] = {&options.url, &options.token, &options.ca_file};
  for (size_t i = 0; i < 3; i++) {
    size_t length = 0;
    lua_getfield(L, 2, texts[i]);
    *places[i] = lua_isnil(L, -1) ? NULL : lua_tolstring(L, -1, &length);
    if (*places[i] != NULL && strlen(*places[i]) != length) {
      lua_pushnil(L);
      lua_pushfstring(L, "%s: holds a NUL byte: remove it", texts[i]);
      return 2;
    }
    lua_pop(L, 1); /* the options hold it */
  }
  lua_Number in_flight = lua_option_number(L, 2, "in_flight", 0);
  options.in_flight = in_flight < 0 || in_flight > 1e9 ? 1000000000u : (unsigned)in_flight;
  lua_getfield(L, 2, "public_only");
  options.public_only = lua_toboolean(L, -1);
  lua_getfield(L, 2, "disabled");
  options.disabled = lua_toboolean(L, -1);
  lua_settop(L, 2);

  iw_header *headers = list_begin(L, "headers", sizeof *headers, MOST_HEADERS, &options.header_count);
  for (size_t i = 0; i < options.header_count; i++) {
    size_t name_length = 0, value_length = 0;
    lua_rawgeti(L, 4, (int)i + 1);
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    lua_rawgeti(L, -3, 3);
    headers[i].name = lua_tolstring(L, -3, &name_length);
    headers[i].value = lua_tolstring(L, -2, &value_length);
    headers[i].secret = lua_toboolean(L, -1);
    if (headers[i].name == NULL || strlen(headers[i].name) != name_length || headers[i].value == NULL ||
        strlen(headers[i].value) != value_length) {
      lua_pushnil(L);
      lua_pushliteral(L, "headers: a name or value is no string, or holds a NUL byte: remove it");
      return 2;
    }
    lua_pop(L, 4); /* the list holds them */
  }
  options.headers = headers;

  const char **allow = list_begin(L, "allow", sizeof *allow, MOST_RANGES, &options.allow_count);
  for (size_t i = 0; i < options.allow_count; i++) {
    lua_rawgeti(L, 6, (int)i + 1);
    allow[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  options.allow = allow;

  struct lua_endpoint *endpoint = compat_new_userdata(L, sizeof *endpoint);
  endpoint->endpoint = NULL;
  luaL_getmetatable(L, endpoint_class);
  lua_setmetatable(L, -2);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  compat_set_associated(L, -2);
  char error[IW_ERROR_SIZE] = "";
  endpoint->endpoint = iw_endpoint_new(self->client, &options, error);
  if (endpoint->endpoint != NULL) return 1;
  lua_pushnil(L);
  lua_pushstring(L, error);
  return 2;
}

/* ---- intent ---- */

/* Puts a string on the stack into the associated table at `keep`, which then holds it. */
static const char *keep_string(lua_State *L, int keep, size_t *length) {
  const char *text = lua_tolstring(L, -1, length);
  if (text == NULL) luaL_error(L, "a string is missing");
  lua_rawseti(L, keep, (int)compat_length(L, keep) + 1);
  return text;
}

/*
 * client:intent(name, slots, endpoints) -> intent. slots: list of { name, required, sensitive }; endpoints: one for
 * each webhook action, in order
 */
static int client_intent(lua_State *L) {
  struct lua_client *self = check_client(L);
  luaL_checktype(L, 2, LUA_TSTRING);
  luaL_checktype(L, 3, LUA_TTABLE);
  luaL_checktype(L, 4, LUA_TTABLE);
  lua_settop(L, 4);
  size_t slots = compat_length(L, 3), actions = compat_length(L, 4), length;
  if (slots > MOST_SLOTS) luaL_error(L, "slots: more than %d", MOST_SLOTS);
  if (actions > MOST_ACTIONS) luaL_error(L, "actions: more than %d", MOST_ACTIONS);
  size_t size = sizeof(struct lua_intent) + slots * sizeof(struct lua_slot) + actions * sizeof(iw_endpoint *);
  struct lua_intent *intent = compat_new_userdata(L, size); /* 5 */
  memset(intent, 0, size);
  lua_newtable(L); /* 6: holds the client and every string */
  lua_pushvalue(L, 1);
  lua_rawseti(L, 6, 1);
  lua_pushvalue(L, 2);
  intent->name = keep_string(L, 6, &length);
  intent->owner = self;
  intent->slot_count = (unsigned)slots;
  intent->action_count = (unsigned)actions;
  intent->endpoints = (iw_endpoint **)(void *)&intent->slots[slots];
  for (size_t i = 0; i < slots; i++) {
    struct lua_slot *slot = &intent->slots[i];
    lua_rawgeti(L, 3, (int)i + 1);
    lua_rawgeti(L, -1, 2);
    slot->required = lua_toboolean(L, -1);
    lua_rawgeti(L, -2, 3);
    slot->sensitive = lua_toboolean(L, -1);
    lua_rawgeti(L, -3, 1);
    slot->name = keep_string(L, 6, &slot->length);
    struct json json = {.out = &self->payload.scratch};
    buffer_clear(json.out);
    json_key(&json, slot->name, slot->length);
    if (json.out->failed) return luaL_error(L, "there is not enough memory");
    lua_pushlstring(L, json.out->bytes, json.out->length);
    slot->key = keep_string(L, 6, &slot->key_length);
    lua_settop(L, 6);
  }
  for (size_t i = 0; i < actions; i++) {
    lua_rawgeti(L, 4, (int)i + 1);
    const struct lua_endpoint *endpoint = luaL_checkudata(L, -1, endpoint_class);
    intent->endpoints[i] = endpoint->endpoint;
    lua_pop(L, 1);
  }
  compat_set_associated(L, 5);
  luaL_getmetatable(L, intent_class);
  lua_setmetatable(L, -2);
  return 1;
}

/* ---- firing ---- */

/* What one call of fire works with. Everything that it points to is the client object's, Lua's or on the stack. */
struct firing {
  struct lua_client *self;
  const struct lua_intent *intent;
  bool repaired;
  size_t secret_count;
  iw_secret secrets[MOST_SECRETS];
  struct secret mask_values[MOST_SECRETS];
  struct redaction mask;
  char error[PAYLOAD_ERROR_SIZE];
};

/* Writes the scalar on top of the stack. False, with firing->error. */
static bool write_scalar(lua_State *L, struct firing *firing, const struct lua_slot *slot, struct json *json) {
  char *error = firing->error;
  size_t length;
  lua_Integer integer;
  switch (lua_type(L, -1)) {
  case LUA_TSTRING: {
    const char *text = lua_tolstring(L, -1, &length);
    json_string(json, text, length);
    return true;
  }
  case LUA_TNUMBER: {
    if (compat_integer(L, -1, &integer)) {
      json_integer(json, integer);
      return true;
    }
    lua_Number number = lua_tonumber(L, -1);
    if (isfinite(number)) {
      json_number(json, number);
      return true;
    }
    snprintf(error, sizeof firing->error, "slots.%.100s: %s cannot be sent: JSON has no such number", slot->name,
             isnan(number) ? "NaN" : "infinity");
    return false;
  }
  case LUA_TBOOLEAN: json_boolean(json, lua_toboolean(L, -1)); return true;
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(L, -1) == NULL) {
      json_null(json);
      return true;
    }
    break;
  default: break;
  }
  char why[128];
  payload_refuse_type(L, -1, why, sizeof why);
  snprintf(error, sizeof firing->error, "slots.%.100s: %s", slot->name, why);
  return false;
}

/* The text of a number. It lies in self->scalars, which may still move, so its place is settled later. */
static void add_number_secret(struct firing *firing, const char *text, size_t length) {
  firing->secrets[firing->secret_count++] = (iw_secret){.bytes = NULL, .length = length};
  buffer_append(&firing->self->scalars, text, length);
}

/*
 * Strings are secret as they are, numbers as their JSON text and as Lua and templates write them within other text,
 * with 14 digits; true, false and null are only masked.
 */
static void add_secret(lua_State *L, struct firing *firing, const char *json_text, size_t json_length) {
  if (lua_type(L, -1) == LUA_TSTRING) {
    iw_secret *secret = &firing->secrets[firing->secret_count];
    secret->bytes = lua_tolstring(L, -1, &secret->length); /* the slots hold it */
    if (secret->length > 0) firing->secret_count++;
  } else if (lua_type(L, -1) == LUA_TNUMBER) {
    add_number_secret(firing, json_text, json_length);
    char text[32];
    size_t length = (size_t)snprintf(text, sizeof text, "%.14g", lua_tonumber(L, -1));
    if (length != json_length || memcmp(text, json_text, length) != 0) add_number_secret(firing, text, length);
  }
}

static void settle_secrets(struct firing *firing) {
  if (firing->self->scalars.failed) firing->secret_count = 0; /* nothing will be fired */
  const char *place = firing->self->scalars.bytes;
  for (size_t i = 0; i < firing->secret_count; i++) {
    iw_secret *secret = &firing->secrets[i];
    if (secret->bytes == NULL) {
      secret->bytes = place;
      place += secret->length;
    }
    firing->mask_values[i] = (struct secret){secret->bytes, secret->length};
  }
  firing->mask = (struct redaction){.values = firing->mask_values, .value_count = firing->secret_count};
}

/* The name of a key of the slots table that the intent does not declare. */
static void find_undeclared(lua_State *L, struct firing *firing) {
  const struct lua_intent *intent = firing->intent;
  for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
    bool declared = false;
    size_t length = 0;
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &length) : NULL;
    for (unsigned i = 0; name != NULL && i < intent->slot_count && !declared; i++)
      declared = intent->slots[i].length == length && memcmp(intent->slots[i].name, name, length) == 0;
    if (declared) continue;
    snprintf(firing->error, sizeof firing->error,
             name != NULL ? "slots.%.100s: is not declared by the intent \"%.100s\""
                          : "slots: a key is no string%.0s, but every key must be a slot of the intent \"%.100s\"",
             name != NULL ? name : "", intent->name);
    lua_pop(L, 2);
    return;
  }
  snprintf(firing->error, sizeof firing->error, "slots: cannot be read");
}

/*
 * Writes the slots at 3 in declared order, as sent and, when one is sensitive, as stored. NULL when it is done, or the
 * code of what is wrong: "misuse" or "incomplete", with firing->error.
 */
static const char *write_slots(lua_State *L, struct firing *firing) {
  struct lua_client *self = firing->self;
  const struct lua_intent *intent = firing->intent;
  struct json sent = {.out = &self->slots}, stored = {.out = &self->stored_slots};
  unsigned found = 0, keys = 0;
  bool first = true;
  buffer_clear(&self->slots);
  buffer_clear(&self->stored_slots);
  buffer_clear(&self->scalars);
  buffer_byte(&self->slots, '{');
  bool any_sensitive = false;
  for (unsigned i = 0; i < intent->slot_count; i++) {
    const struct lua_slot *slot = &intent->slots[i];
    lua_pushlstring(L, slot->name, slot->length);
    lua_rawget(L, 3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      if (!slot->required) continue;
      snprintf(firing->error, sizeof firing->error, "slots.%.100s: is required by the intent \"%.100s\" and missing",
               slot->name, intent->name);
      return "incomplete";
    }
    found++;
    if (!first) buffer_byte(&self->slots, ',');
    if (slot->sensitive && !any_sensitive) { /* from here on the stored copy differs */
      any_sensitive = true;
      buffer_append(&self->stored_slots, self->slots.bytes, self->slots.length);
    } else if (any_sensitive && !first) {
      buffer_byte(&self->stored_slots, ',');
    }
    first = false;
    buffer_append(&self->slots, slot->key, slot->key_length);
    size_t before = self->slots.length;
    sent.comma = stored.comma = false;
    if (!write_scalar(L, firing, slot, &sent)) return "misuse";
    if (any_sensitive) {
      buffer_append(&self->stored_slots, slot->key, slot->key_length);
      if (!slot->sensitive) {
        if (!self->slots.failed)
          buffer_append(&self->stored_slots, self->slots.bytes + before, self->slots.length - before);
      } else {
        json_string(&stored, REDACTION_TEXT, sizeof REDACTION_TEXT - 1);
        if (!self->slots.failed) add_secret(L, firing, self->slots.bytes + before, self->slots.length - before);
      }
    }
    lua_pop(L, 1);
  }
  buffer_byte(&self->slots, '}');
  if (any_sensitive) buffer_byte(&self->stored_slots, '}');
  for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) keys++;
  if (keys != found) {
    find_undeclared(L, firing);
    return "misuse";
  }
  firing->repaired = sent.repaired;
  settle_secrets(firing);
  return NULL;
}

/* Replaces the text on top of the stack by what it is without the secrets of the mask. False without enough memory. */
static bool redact_top(lua_State *L, struct lua_client *self, const struct redaction *mask) {
  struct buffer *scratch = &self->payload.scratch;
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  buffer_clear(scratch);
  redact_text(scratch, text, length, mask, NULL);
  if (scratch->failed) return false;
  lua_pushlstring(L, scratch->bytes != NULL ? scratch->bytes : "", scratch->length);
  lua_replace(L, -2);
  return true;
}

/*
 * The text on top of the stack, which stays there until the event is made, as the details of a refusal. Without the
 * values of sensitive slots: whoever polls the delivery may print it.
 */
static void refuse_request(lua_State *L, struct firing *firing, iw_request *request, iw_refusal refusal) {
  if (!redact_top(L, firing->self, &firing->mask)) firing->self->payloads.failed = true; /* nothing will be fired */
  request->refused = refusal;
  request->message = lua_tostring(L, -1);
}

/* Writes the value at the second place from the top, and what is stored of it: the one on top, or, if nil, the same. */
static void payload_into(lua_State *L, struct firing *firing, iw_request *request) {
  struct lua_client *self = firing->self;
  struct json json = {.out = &self->payloads};
  int stored = lua_gettop(L), value = stored - 1;
  request->body_length = self->payloads.length; /* offsets for now: the buffer may still move */
  if (!payload_write(L, value, &self->payload, &json, NULL, "payload")) {
    self->payloads.length = request->body_length;
    lua_pushstring(L, self->payload.error);
    refuse_request(L, firing, request, IW_PAYLOAD_INVALID);
    return;
  }
  firing->repaired = firing->repaired || json.repaired;
  if (firing->secret_count == 0 && lua_isnil(L, stored)) return;
  if (lua_isnil(L, stored)) stored = value;
  request->stored_body_length = self->payloads.length;
  json = (struct json){.out = &self->payloads};
  if (!payload_write(L, stored, &self->payload, &json, &firing->mask, "payload")) self->payloads.failed = true;
}

/* The payloads that are not the flat slots: the list at 7, see client_fire. */
static void write_payloads(lua_State *L, struct firing *firing, iw_request *requests) {
  struct lua_client *self = firing->self;
  const struct lua_intent *intent = firing->intent;
  size_t starts[MOST_ACTIONS + 1];
  bool mapped[MOST_ACTIONS];
  buffer_clear(&self->payloads);
  luaL_checkstack(L, 5 * (int)intent->action_count + 8, "payloads");
  for (unsigned i = 0; i < intent->action_count; i++) {
    mapped[i] = false;
    starts[i] = self->payloads.length;
    if (requests[i].endpoint == NULL) continue;
    lua_rawgeti(L, 7, (int)i + 1);
    if (!lua_istable(L, -1)) continue;
    lua_getfield(L, -1, "error");
    if (lua_type(L, -1) == LUA_TSTRING) {
      refuse_request(L, firing, &requests[i], IW_MAP_ERROR);
      continue;
    }
    lua_rawgeti(L, -2, 1);
    lua_rawgeti(L, -3, 2);
    mapped[i] = true;
    payload_into(L, firing, &requests[i]);
  }
  starts[intent->action_count] = self->payloads.length;
  for (unsigned i = 0; i < intent->action_count; i++) {
    iw_request *request = &requests[i];
    if (!mapped[i] || request->refused != IW_SEND) continue;
    size_t stored = request->stored_body_length;
    request->body = self->payloads.bytes + starts[i];
    request->body_length = (stored > 0 ? stored : starts[i + 1]) - starts[i];
    if (stored > 0) {
      request->stored_body = self->payloads.bytes + stored;
      request->stored_body_length = starts[i + 1] - stored;
    }
  }
}

/* The requests of the actions that run, each with its number, in place of all. Those that do not have no endpoint. */
static size_t drop_skipped(iw_request *requests, unsigned count) {
  size_t kept = 0;
  for (unsigned i = 0; i < count; i++) {
    if (requests[i].endpoint == NULL) continue;
    requests[i].number = i + 1;
    requests[kept++] = requests[i];
  }
  return kept;
}

/* What the event's note is: the one given, that nothing could be sent, that text was repaired. NULL: nothing to say. */
static const char *note_of(lua_State *L, const struct lua_intent *intent, const char *given, bool sends,
                           bool repaired) {
  if (given == NULL && intent->action_count == 0) given = "the intent has no webhook action";
  if (!repaired) return given;
  const char *repair = sends ? "text that was not UTF-8 was sent with U+FFFD in its place"
                             : "text that was not UTF-8 is recorded with U+FFFD in its place";
  return given != NULL ? lua_pushfstring(L, "%s; %s", given, repair) : repair;
}

/*
 * client:fire(intent, slots [, session, seconds, id, payloads, error, note]) -> id | nil, message, code
 *
 * payloads: one entry for each webhook action: false for the flat slots, { value [, stored] } for what shall be sent,
 * and what is recorded of it where that is not the same, { error = message } when it could not be made, { skip = true }
 * when nothing shall be sent. error and note: recorded on the event.
 */
static int client_fire(lua_State *L) {
  struct lua_client *self = check_client(L);
  const struct lua_intent *intent = luaL_checkudata(L, 2, intent_class);
  luaL_checktype(L, 3, LUA_TTABLE);
  if (intent->owner != self) return luaL_error(L, "the intent belongs to another client");
  lua_settop(L, 9);
  struct firing firing;
  firing.self = self;
  firing.intent = intent;
  firing.secret_count = 0;
  const char *wrong = write_slots(L, &firing);
  if (wrong != NULL) return fail(L, firing.error, wrong);
  iw_request requests[MOST_ACTIONS];
  bool masked = self->stored_slots.length > 0;
  for (unsigned i = 0; i < intent->action_count; i++) {
    requests[i] = (iw_request){.endpoint = intent->endpoints[i],
                               .body = self->slots.bytes,
                               .body_length = self->slots.length,
                               .stored_body = masked ? self->stored_slots.bytes : NULL,
                               .stored_body_length = masked ? self->stored_slots.length : 0};
  }
  if (lua_istable(L, 7)) {
    for (unsigned i = 0; i < intent->action_count; i++) {
      lua_rawgeti(L, 7, (int)i + 1);
      if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "skip");
        requests[i] = (iw_request){.endpoint = lua_toboolean(L, -1) ? NULL : intent->endpoints[i]};
        lua_pop(L, 1);
      }
      lua_pop(L, 1);
    }
    write_payloads(L, &firing, requests);
  }
  if (self->slots.failed || self->stored_slots.failed || self->payloads.failed || self->scalars.failed ||
      self->payload.keys.failed) {
    buffer_clear(&self->payloads);
    return fail_result(L, IW_MEMORY);
  }
  size_t request_count = drop_skipped(requests, intent->action_count), id_length = 0;
  const char *id = lua_tolstring(L, 6, &id_length);
  if (id != NULL && id_length != IW_ID_SIZE - 1) return luaL_error(L, "the id is not one of core.id()");
  lua_Number seconds = lua_tonumber(L, 5);
  char made[IW_ID_SIZE];
  iw_event event = {
      .intent = intent->name,
      .session = lua_tostring(L, 4),
      .slots = masked ? self->stored_slots.bytes : self->slots.bytes,
      .slots_length = masked ? self->stored_slots.length : self->slots.length,
      .error = lua_tostring(L, 8),
      .note = note_of(L, intent, lua_tostring(L, 9), request_count > 0, firing.repaired),
      .id = id,
      .time_us = seconds > 0 ? (int64_t)(seconds * 1e6) : 0,
      .secrets = firing.secrets,
      .secret_count = firing.secret_count,
      .requests = requests,
      .request_count = request_count,
  };
  iw_result result = iw_client_fire(self->client, &event, made);
  if (result != IW_OK) return fail_result(L, result);
  lua_pushlstring(L, made, IW_ID_SIZE - 1);
  return 1;
}

/* client:encode(intent, slots) -> the flat payload as JSON | nil, message, code */
static int client_encode(lua_State *L) {
  struct lua_client *self = check_client(L);
  struct firing firing;
  firing.self = self;
  firing.intent = luaL_checkudata(L, 2, intent_class);
  luaL_checktype(L, 3, LUA_TTABLE);
  if (firing.intent->owner != self) return luaL_error(L, "the intent belongs to another client");
  firing.secret_count = 0;
  const char *wrong = write_slots(L, &firing);
  if (wrong != NULL) return fail(L, firing.error, wrong);
  if (self->slots.failed) return fail_result(L, IW_MEMORY);
  lua_pushlstring(L, self->slots.bytes, self->slots.length);
  return 1;
}

/* client:redact(text, values) -> text without the values, a list of strings, as the history redacts them */
static int client_redact(lua_State *L) {
  struct lua_client *self = check_client(L);
  luaL_checktype(L, 2, LUA_TSTRING);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  size_t count = compat_length(L, 3);
  struct secret *values = compat_new_userdata(L, (count + 1) * sizeof *values);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 3, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) return luaL_error(L, "a value is no string");
    values[i].bytes = lua_tolstring(L, -1, &values[i].length);
    lua_pop(L, 1); /* the list holds it */
  }
  lua_pushvalue(L, 2);
  if (!redact_top(L, self, &(struct redaction){.values = values, .value_count = count}))
    return luaL_error(L, "there is not enough memory");
  return 1;
}

void lua_client_register(lua_State *L) {
  static const luaL_Reg methods[] = {{"start", client_start},
                                     {"fire", client_fire},
                                     {"poll", client_poll},
                                     {"fd", client_fd},
                                     {"wait", client_wait},
                                     {"flush", client_flush},
                                     {"close", client_close},
                                     {"stats", client_stats},
                                     {"encode", client_encode},
                                     {"redact", client_redact},
                                     {"endpoint", client_endpoint},
                                     {"intent", client_intent},
                                     {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", client_gc}, {"__tostring", client_tostring}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  compat_new_class(L, client_class, methods, metamethods);
  compat_new_class(L, endpoint_class, none, none);
  compat_new_class(L, intent_class, none, none);
}
