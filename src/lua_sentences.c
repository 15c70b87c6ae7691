/*
 * lua_sentences: compiled sentences as a Lua object. The Lua half has checked what users wrote, so this one raises for
 * what is malformed, and returns nil and mistakes for what the compiler finds.
 *
 * Whatever memory the core gives is held by a userdata before Lua is called again, so that nothing is lost when Lua
 * raises. Lua may run a finalizer whenever it takes memory, and that may use, change or close the same object: so what
 * a call works with is a workplace of its own until it returns. A recogniser of a slot's own type runs protected: its
 * error is raised when the search has ended.
 */
#include <math.h>
#include <string.h>

#include "lua_compat.h"
#include "lua_module.h"
#include "lua_sentences.h"
#include "memory.h"

static const char class_name[] = "intent_webhook.sentences";

enum { MOST_SAMPLES = 1000000 };
static const lua_Number most_whole = 9007199254740992.0; /* 2^53: whole numbers up to it are exact */

/* What one call works with: nobody else touches it, nor what it holds. */
struct workplace {
  struct workplace *next;
  sentences *compiled; /* held; NULL: the workplace is free */
  sentences_matcher *matcher;
  struct buffer bytes;
};

struct lua_sentences {
  sentences *compiled;          /* NULL: closed */
  struct workplace *workplaces; /* one, and one more for each call that a finalizer or a type has made meanwhile */
};

/* ---- the object ---- */

static struct lua_sentences *new_object(lua_State *L) {
  struct lua_sentences *self = compat_new_userdata(L, sizeof *self);
  memset(self, 0, sizeof *self);
  luaL_getmetatable(L, class_name);
  lua_setmetatable(L, -2);
  return self;
}

static struct lua_sentences *check_self(lua_State *L) {
  return luaL_checkudata(L, 1, class_name);
}

static void check_open(lua_State *L, const struct lua_sentences *self) {
  if (!self->compiled) luaL_error(L, "the sentences are closed");
}

/* A workplace with the sentences as they are now. One that is not left, since Lua raised, stays until the end. */
static struct workplace *enter(lua_State *L, struct lua_sentences *self) {
  check_open(L, self);
  struct workplace *workplace = self->workplaces;
  while (workplace && workplace->compiled) workplace = workplace->next;
  if (!workplace) {
    workplace = memory_zeroed(sizeof *workplace);
    if (workplace) workplace->matcher = sentences_matcher_new();
    if (!workplace || !workplace->matcher) {
      memory_free(workplace);
      luaL_error(L, "not enough memory");
      return NULL; /* luaL_error does not return, which not every compiler knows */
    }
    workplace->next = self->workplaces;
    self->workplaces = workplace;
  }
  sentences_hold(self->compiled);
  workplace->compiled = self->compiled;
  return workplace;
}

static void leave(struct workplace *workplace) {
  sentences_drop(workplace->compiled);
  workplace->compiled = NULL;
}

static int fail(lua_State *L, struct workplace *workplace) {
  buffer_free(&workplace->bytes);
  leave(workplace);
  return luaL_error(L, "not enough memory");
}

static int self_close(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  sentences *compiled = self->compiled;
  self->compiled = NULL;
  sentences_drop(compiled);
  return 0;
}

static int self_gc(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  self_close(L);
  for (struct workplace *workplace = self->workplaces, *next; workplace; workplace = next) {
    next = workplace->next;
    leave(workplace);
    sentences_matcher_free(workplace->matcher);
    buffer_free(&workplace->bytes);
    memory_free(workplace);
  }
  self->workplaces = NULL;
  return 0;
}

/* core.sentences(description) -> sentences | nil, mistakes */
int lua_sentences_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  sentences_source *source = lua_sentences_source(L);
  lua_sentences_read(L, source, 1);
  struct lua_sentences *self = new_object(L);
  self->compiled = sentences_compile(source);
  const sentences_mistake *mistakes;
  bool checked = true;
  if (self->compiled && lua_option_flag(L, 1, "check")) checked = sentences_check(source, self->compiled);
  if (!checked || (!self->compiled && sentences_mistakes(source, &mistakes) == 0))
    return luaL_error(L, "not enough memory");
  if (!self->compiled) lua_pushnil(L);
  lua_sentences_push_mistakes(L, source);
  return 2;
}

/* core.sentences_load(bytes) -> sentences | nil, message */
int lua_sentences_load(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length), *problem;
  struct lua_sentences *self = new_object(L);
  self->compiled = sentences_load(bytes, length, &problem);
  if (self->compiled) return 1;
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}

/* sentences:dump() -> bytes */
static int self_dump(lua_State *L) {
  struct workplace *own = enter(L, check_self(L));
  buffer_clear(&own->bytes);
  if (!sentences_dump(own->compiled, &own->bytes)) return fail(L, own);
  lua_pushlstring(L, own->bytes.bytes, own->bytes.length);
  buffer_free(&own->bytes);
  leave(own);
  return 1;
}

/* sentences:size() -> bytes of memory */
static int self_size(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  check_open(L, self);
  lua_pushnumber(L, (lua_Number)sentences_size(self->compiled));
  return 1;
}

/* sentences:set_list(name, list) -> true | nil, mistakes; raises when there is no such list of values */
static int self_set_list(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  const char *name = luaL_checkstring(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  sentences_source *source = lua_sentences_source(L);
  lua_sentences_read_list(L, source, 3, false);
  check_open(L, self);
  bool known;
  sentences *next = sentences_with_list(self->compiled, name, source, &known);
  if (next) {
    sentences_drop(self->compiled);
    self->compiled = next;
    lua_pushboolean(L, 1);
    return 1;
  }
  if (!known) return luaL_error(L, "there is no list of values \"%s\"", name);
  const sentences_mistake *mistakes;
  if (sentences_mistakes(source, &mistakes) == 0) return luaL_error(L, "not enough memory");
  lua_pushnil(L);
  lua_sentences_push_mistakes(L, source);
  return 2;
}

/* ---- searching ---- */

/* What a recogniser written in Lua works with: its function is at `function`, its error is left at `error`. */
struct lua_search {
  lua_State *L;
  int function, values, error, protected; /* stack indices; values: a table that keeps texts alive */
  int kept;
  bool raised;
};

/* One call of it: what it is asked, and what it found. */
struct lua_question {
  struct lua_search *search;
  const char *list, *text;
  size_t length, at, most, count;
  sentences_candidate *candidates;
};

/* The function is called as f(list, text, at) -> last, value [, last, value ...]. Runs protected. */
static int ask(lua_State *L) {
  struct lua_question *question = lua_touserdata(L, 1);
  lua_settop(L, 3); /* the question, the function, the table of values */
  lua_pushvalue(L, 2);
  lua_pushstring(L, question->list);
  lua_pushlstring(L, question->text, question->length);
  lua_pushinteger(L, (lua_Integer)question->at + 1);
  lua_call(L, 3, LUA_MULTRET);
  luaL_checkstack(L, 2, "too many results of a type");
  for (int i = 4; i < lua_gettop(L) && question->count < question->most; i += 2) {
    if (lua_type(L, i) != LUA_TNUMBER) break;
    lua_Number last = lua_tonumber(L, i);
    int type = lua_type(L, i + 1);
    bool is_scalar = type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN;
    if (!is_scalar || !(last >= 1 && last <= (lua_Number)question->length)) continue;
    sentences_scalar value = lua_sentences_scalar(L, i + 1);
    if (value.kind == SENTENCES_NUMBER && !isfinite(value.number)) continue;
    lua_pushvalue(L, i + 1);
    lua_rawseti(L, 3, ++question->search->kept);
    question->candidates[question->count].last = (size_t)last;
    question->candidates[question->count++].value = value;
  }
  return 0;
}

/* An error is kept, and there are no candidates. Nothing here takes memory of Lua's outside of the protected call. */
static size_t recognise(void *user, const char *list, const char *text, size_t length, size_t at,
                        sentences_candidate *candidates, size_t most) {
  struct lua_search *search = user;
  lua_State *L = search->L;
  struct lua_question question = {search, list, text, length, at, most, 0, candidates};
  if (search->raised) return 0;
  lua_pushvalue(L, search->protected);
  lua_pushlightuserdata(L, &question);
  lua_pushvalue(L, search->function);
  lua_pushvalue(L, search->values);
  if (lua_pcall(L, 3, 0, 0) == 0) return question.count;
  lua_replace(L, search->error);
  search->raised = true;
  return 0;
}

/*
 * Reads the arguments behind the text: what is given with the message, the names of slots, which make it doubt what is
 * given, and a recogniser of types; each may be nil. Whether they could be read: not when there are doubts; without the
 * names it raises.
 */
static bool read_options(lua_State *L, sentences_options *options, sentences_pair *pairs, struct lua_search *search) {
  enum { GIVEN = 3, SLOTS, TYPES };
  lua_settop(L, TYPES);
  bool doubts = !lua_isnil(L, SLOTS);
  if (doubts) luaL_checktype(L, SLOTS, LUA_TTABLE);
  if (!lua_message_read(L, GIVEN, doubts ? SLOTS : 0, options, pairs)) {
    if (!doubts) luaL_error(L, "the options of the message are malformed");
    return false;
  }
  if (!lua_isnil(L, TYPES)) {
    luaL_checktype(L, TYPES, LUA_TFUNCTION);
    search->L = L;
    search->function = TYPES;
    lua_newtable(L);
    search->values = lua_gettop(L);
    lua_pushnil(L);
    search->error = lua_gettop(L);
    lua_pushcfunction(L, ask);
    search->protected = lua_gettop(L);
    options->recognise = recognise;
    options->user = search;
  }
  luaL_checkstack(L, 24, "no room for a match"); /* for what is pushed from here on, and for calls of a type */
  return true;
}

static void push_scalar(lua_State *L, const sentences_scalar *scalar) {
  switch (scalar->kind) {
  case SENTENCES_TEXT: lua_pushlstring(L, scalar->text, scalar->length); break;
  case SENTENCES_BOOLEAN: lua_pushboolean(L, scalar->number != 0); break;
  case SENTENCES_NUMBER:
    if (LUA_VERSION_NUM >= 503 && scalar->number == floor(scalar->number) && fabs(scalar->number) < most_whole)
      lua_pushinteger(L, (lua_Integer)scalar->number); /* so that JSON has no ".0" */
    else
      lua_pushnumber(L, scalar->number);
    break;
  default: lua_pushnil(L);
  }
}

static void set_integer(lua_State *L, const char *key, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, key);
}

/* Pushes two tables: the slots' values, and their spans in the text. */
static void push_slots(lua_State *L, const sentences_match *match) {
  lua_createtable(L, 0, (int)match->capture_count);
  lua_createtable(L, 0, (int)match->capture_count);
  for (size_t i = 0; i < match->capture_count; i++) {
    const sentences_capture *capture = &match->captures[i];
    lua_pushstring(L, capture->name);
    if (capture->from < capture->to) {
      lua_pushvalue(L, -1);
      lua_createtable(L, 2, 0);
      lua_pushinteger(L, (lua_Integer)capture->from + 1);
      lua_rawseti(L, -2, 1);
      lua_pushinteger(L, (lua_Integer)capture->to);
      lua_rawseti(L, -2, 2);
      lua_rawset(L, -4);
    }
    push_scalar(L, &capture->value);
    lua_rawset(L, -4);
  }
}

/* Pushes the context, or nil when it is empty. */
static void push_context(lua_State *L, const sentences_match *match) {
  if (match->context_count == 0) {
    lua_pushnil(L);
    return;
  }
  lua_createtable(L, 0, (int)match->context_count);
  for (size_t i = 0; i < match->context_count; i++) {
    lua_pushstring(L, match->context[i].key);
    push_scalar(L, &match->context[i].value);
    lua_rawset(L, -3);
  }
}

/* Pushes the numbers of the other intents that tie, or nil. */
static void push_ambiguous(lua_State *L, const sentences_match *match) {
  if (match->ambiguous_count == 0) {
    lua_pushnil(L);
    return;
  }
  lua_createtable(L, (int)match->ambiguous_count, 0);
  for (size_t i = 0; i < match->ambiguous_count; i++) {
    lua_pushinteger(L, (lua_Integer)match->ambiguous[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_candidate(lua_State *L, const sentences_match *match) {
  lua_createtable(L, 0, 16);
  set_integer(L, "intent", match->intent);
  set_integer(L, "block", match->block);
  set_integer(L, "template", match->template);
  set_integer(L, "wildcards", match->wildcards);
  set_integer(L, "free", match->free);
  set_integer(L, "typos", match->typos);
  set_integer(L, "literals", match->literals);
  lua_pushnumber(L, match->score);
  lua_setfield(L, -2, "score");
  lua_pushboolean(L, match->skipped);
  lua_setfield(L, -2, "skipped");
  push_slots(L, match);
  lua_setfield(L, -3, "spans");
  lua_setfield(L, -2, "slots");
  push_context(L, match);
  lua_setfield(L, -2, "context");
  push_ambiguous(L, match);
  lua_setfield(L, -2, "ambiguous");
}

/* Leaves the workplace and raises when the search found a reason: what a recogniser raised, and the want of memory. */
static void check_search(lua_State *L, struct workplace *own, const struct lua_search *search) {
  if (search->raised) {
    leave(own);
    lua_pushvalue(L, search->error);
    lua_error(L);
  }
  if (sentences_matcher_failed(own->matcher)) fail(L, own);
}

/*
 * sentences:match(text, given, slots, types) -> slots, spans, intent, block, template, score, context, ambiguous
 *                                 | nil, whether the text was too long | nothing: what is given is doubtful
 */
static int self_match(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  sentences_pair pairs[LUA_MESSAGE_PAIRS];
  sentences_options options;
  struct lua_search search = {0};
  if (!read_options(L, &options, pairs, &search)) return 0;
  struct workplace *own = enter(L, self);
  const sentences_match *match = sentences_find(own->matcher, own->compiled, text, length, &options);
  check_search(L, own, &search);
  if (match) {
    push_slots(L, match);
    lua_pushinteger(L, (lua_Integer)match->intent);
    lua_pushinteger(L, (lua_Integer)match->block);
    lua_pushinteger(L, (lua_Integer)match->template);
    lua_pushnumber(L, match->score);
    push_context(L, match);
    push_ambiguous(L, match);
    leave(own);
    return 8;
  }
  lua_pushnil(L);
  lua_pushboolean(L, sentences_too_long(own->matcher));
  leave(own);
  return 2;
}

static const char *const reasons[] = {[SENTENCES_LOST_PRIORITY] = "priority",
                                      [SENTENCES_LOST_BEST_SLOT] = "best_slot",
                                      [SENTENCES_LOST_WILDCARDS] = "wildcards",
                                      [SENTENCES_LOST_FREE] = "free",
                                      [SENTENCES_LOST_TYPOS] = "typos",
                                      [SENTENCES_LOST_LITERALS] = "literals",
                                      [SENTENCES_LOST_ACCENTS] = "accents",
                                      [SENTENCES_LOST_CONDITIONS] = "conditions",
                                      [SENTENCES_LOST_ORDER] = "order",
                                      [SENTENCES_CONTEXT_MISSING] = "context_missing",
                                      [SENTENCES_CONTEXT_DIFFERS] = "context_differs",
                                      [SENTENCES_CONTEXT_EXCLUDED] = "context_excluded",
                                      [SENTENCES_KEYWORD_MISSING] = "keyword_missing",
                                      [SENTENCES_UNMATCHED] = "unmatched"};

/*
 * sentences:explain(text, given, slots, types) -> list of results, each with accepted, rank, reason, detail, stopped;
 * whether the text was too long | nothing: what is given is doubtful
 */
static int self_explain(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  size_t length, count;
  const char *text = luaL_checklstring(L, 2, &length);
  sentences_pair pairs[LUA_MESSAGE_PAIRS];
  sentences_options options;
  struct lua_search search = {0};
  if (!read_options(L, &options, pairs, &search)) return 0;
  struct workplace *own = enter(L, self);
  const sentences_match *matches = sentences_explain(own->matcher, own->compiled, text, length, &options, &count);
  check_search(L, own, &search);
  lua_newtable(L);
  for (size_t i = 0; i < count; i++) {
    push_candidate(L, &matches[i]);
    set_integer(L, "rank", (lua_Integer)i + 1);
    lua_pushboolean(L, matches[i].reason == SENTENCES_WON);
    lua_setfield(L, -2, "accepted");
    lua_sentences_set_text(L, "reason", reasons[matches[i].reason]);
    lua_sentences_set_text(L, "detail", matches[i].detail);
    if (matches[i].reason == SENTENCES_UNMATCHED) set_integer(L, "stopped", (lua_Integer)matches[i].stopped + 1);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_pushboolean(L, sentences_too_long(own->matcher));
  leave(own);
  return 2;
}

/* ---- looking into it ---- */

/* Sentences come while memory of the core's is live, so they are collected first: each with its length before it. */
static void collect_text(void *user, const char *text, size_t length) {
  struct buffer *out = user;
  buffer_append(out, &length, sizeof length);
  buffer_append(out, text, length);
}

/* sentences:sample(intent, count, seed) -> list of sentences */
static int self_sample(lua_State *L) {
  struct lua_sentences *self = check_self(L);
  unsigned intent = (unsigned)luaL_checkinteger(L, 2);
  lua_Number most = luaL_optnumber(L, 3, 10), seed = luaL_optnumber(L, 4, 1);
  luaL_argcheck(L, most >= 0 && most <= MOST_SAMPLES, 3, "must be from 0 to 1000000");
  luaL_argcheck(L, fabs(seed) <= most_whole, 4, "must be a whole number of at most 53 bits");
  struct workplace *own = enter(L, self);
  buffer_clear(&own->bytes);
  bool good = sentences_sample(own->compiled, intent, (size_t)most, (uint64_t)(int64_t)seed, collect_text, &own->bytes);
  if (!good || own->bytes.failed) return fail(L, own);
  lua_newtable(L);
  size_t at = 0;
  for (int i = 1; at < own->bytes.length; i++) {
    size_t length;
    memcpy(&length, own->bytes.bytes + at, sizeof length);
    lua_pushlstring(L, own->bytes.bytes + at + sizeof length, length);
    lua_rawseti(L, -2, i);
    at += sizeof length + length;
  }
  buffer_free(&own->bytes);
  leave(own);
  return 1;
}

struct yielded {
  unsigned intent, block, template;
  bool always;
  const char *slot;
};

static void collect_yield(void *user, unsigned intent, unsigned block, unsigned template, const char *slot,
                          bool always) {
  struct yielded one = {intent, block, template, always, slot};
  buffer_append(user, &one, sizeof one);
}

/* sentences:yields() -> list of { intent =, block =, template =, always = {...}, sometimes = {...} } */
static int self_yields(lua_State *L) {
  struct workplace *own = enter(L, check_self(L));
  buffer_clear(&own->bytes);
  if (!sentences_yields(own->compiled, collect_yield, &own->bytes) || own->bytes.failed) return fail(L, own);
  lua_newtable(L);
  int count = 0;
  struct yielded last = {0};
  for (size_t i = 0; i < own->bytes.length; i += sizeof last) {
    struct yielded one;
    memcpy(&one, own->bytes.bytes + i, sizeof one);
    if (count == 0 || one.intent != last.intent || one.block != last.block || one.template != last.template) {
      if (count) lua_pop(L, 1);
      lua_newtable(L);
      set_integer(L, "intent", one.intent);
      set_integer(L, "block", one.block);
      set_integer(L, "template", one.template);
      lua_newtable(L);
      lua_setfield(L, -2, "always");
      lua_newtable(L);
      lua_setfield(L, -2, "sometimes");
      lua_pushvalue(L, -1);
      lua_rawseti(L, -3, ++count);
    }
    lua_getfield(L, -1, one.always ? "always" : "sometimes");
    lua_pushstring(L, one.slot);
    lua_rawseti(L, -2, (int)compat_length(L, -2) + 1);
    lua_pop(L, 1);
    last = one;
  }
  if (count) lua_pop(L, 1);
  buffer_free(&own->bytes);
  leave(own);
  return 1;
}

void lua_sentences_register(lua_State *L) {
  static const luaL_Reg methods[] = {{"match", self_match},   {"explain", self_explain}, {"set_list", self_set_list},
                                     {"sample", self_sample}, {"yields", self_yields},   {"dump", self_dump},
                                     {"size", self_size},     {"close", self_close},     {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", self_gc}, {NULL, NULL}};
  compat_new_class(L, class_name, methods, metamethods);
  lua_sentences_source_register(L);
}
