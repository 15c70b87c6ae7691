/*
 * lua_clock: the Lua module bench_clock. What the benchmarks need of time and Lua has not.
 *
 *     now()           microseconds since some moment in the past (CLOCK_MONOTONIC)
 *     thread_cpu()    microseconds of processor time that the calling thread has used, in user and kernel mode
 *     sleep_until(t)  returns at now() == t, or at once when that is past
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <lauxlib.h>
#include <lua.h>
#include <time.h>

__attribute__((visibility("default"))) int luaopen_bench_clock(lua_State *L);

static int push_clock(lua_State *L, clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec * 1e6 + (lua_Number)now.tv_nsec / 1e3);
  return 1;
}

static int clock_now(lua_State *L) {
  return push_clock(L, CLOCK_MONOTONIC);
}

static int clock_thread_cpu(lua_State *L) {
  return push_clock(L, CLOCK_THREAD_CPUTIME_ID);
}

static int clock_sleep_until(lua_State *L) {
  lua_Number us = luaL_checknumber(L, 1);
  struct timespec until = {.tv_sec = (time_t)(us / 1e6)};
  until.tv_nsec = (long)((us - (lua_Number)until.tv_sec * 1e6) * 1e3);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  return 0;
}

int luaopen_bench_clock(lua_State *L) {
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, clock_now);
  lua_setfield(L, -2, "now");
  lua_pushcfunction(L, clock_thread_cpu);
  lua_setfield(L, -2, "thread_cpu");
  lua_pushcfunction(L, clock_sleep_until);
  lua_setfield(L, -2, "sleep_until");
  return 1;
}
