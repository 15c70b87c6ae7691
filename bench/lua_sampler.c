/*
 * lua_sampler: the Lua module bench_sampler, a sampling profiler for Lua 5.4, which has none.
 *
 *     start(us, call)    calls call() each `us` microseconds of processor time of this thread, at the next instruction
 *                        or return of what runs then: its levels are those above call's own
 *     stop()
 *
 * The time of a C function ends with its return, so a sample within it counts for its caller.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

__attribute__((visibility("default"))) int luaopen_bench_sampler(lua_State *L);

static lua_State *sampled;
static int callback = LUA_NOREF;
static timer_t timer;

static void call_back(lua_State *L, lua_Debug *activation) {
  (void)activation;
  lua_sethook(L, NULL, 0, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, callback);
  lua_call(L, 0, 0);
}

/* lua_sethook is what a signal handler may call: Lua's own interpreter does so. */
static void on_tick(int number) {
  (void)number;
  lua_sethook(sampled, call_back, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static int sampler_start(lua_State *L) {
  lua_Integer us = luaL_checkinteger(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  callback = luaL_ref(L, LUA_REGISTRYINDEX);
  sampled = L;
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
  sigaction(SIGPROF, &action, NULL);
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGPROF;
  event.sigev_notify_thread_id = gettid();
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return luaL_error(L, "timer_create failed");
  struct timespec interval = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
  struct itimerspec every = {.it_interval = interval, .it_value = interval};
  timer_settime(timer, 0, &every, NULL);
  return 0;
}

static int sampler_stop(lua_State *L) {
  timer_delete(timer);
  lua_sethook(L, NULL, 0, 0);
  luaL_unref(L, LUA_REGISTRYINDEX, callback);
  callback = LUA_NOREF;
  return 0;
}

int luaopen_bench_sampler(lua_State *L) {
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, sampler_start);
  lua_setfield(L, -2, "start");
  lua_pushcfunction(L, sampler_stop);
  lua_setfield(L, -2, "stop");
  return 1;
}
