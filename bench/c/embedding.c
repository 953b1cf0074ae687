/* What crossing the border costs, beside Lua 5.4's C API: nanoseconds for one of each.
 *
 * Both engines take turns in one process, many short rounds each; the least round counts, because the
 * machine may be shared. `cargo xtask embedding` builds and runs it.
 *
 * usage: embedding [ROUNDS]
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "brisk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifndef WITHOUT_LUA
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(int holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", what);
    exit(1);
  }
}
#define MUST(call) must((call) == BRISK_OK, #call)

#define CALLS 20000
#define LOOP 100000

static const char brisk_source[] =
    "empty = function\nend function\n"
    "one = function(x)\n  return x\nend function\n"
    "bare = function\n  for i in range(1, 100000)\n  end for\nend function\n"
    "fast = function\n  for i in range(1, 100000)\n    fastNative i\n  end for\nend function\n"
    "general = function\n  for i in range(1, 100000)\n    generalNative i\n  end for\nend function\n"
    "fast1 = function\n  f = @fastNative\n  s = 0\n  for i in range(1, 100000)\n    s = s + f(i)\n  end for\nend function\n";

#ifndef WITHOUT_LUA
static const char lua_source[] =
    "function empty() end\n"
    "function one(x) return x end\n"
    "function bare() for i = 1, 100000 do end end\n"
    "function general() for i = 1, 100000 do generalNative(i) end end\n"
    "function fast1() local f = generalNative local s = 0 for i = 1, 100000 do s = s + f(i) end end\n";
#endif

static brisk_text text(const char *s) {
  brisk_text t;
  t.data = s;
  t.len = strlen(s);
  return t;
}

static double fast_native(double x, void *user) {
  (void)user;
  return x;
}

static brisk_status general_native(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)user;
  brisk_return_number(call, brisk_arg_number(call, 0));
  return BRISK_OK;
}

static brisk_vm *vm;
static uint32_t s_empty, s_one, s_bare, s_fast, s_general, s_fast1, s_global;
static brisk_program *program;
static brisk_value f_empty;
#ifndef WITHOUT_LUA
static lua_State *lua;
static int lua_native(lua_State *L) {
  lua_pushnumber(L, luaL_checknumber(L, 1));
  return 1;
}
#endif

static uint32_t find(const char *name) {
  uint32_t slot = 0;
  MUST(brisk_global_find(vm, name, strlen(name), &slot));
  return slot;
}

static void setup(brisk_jit jit) {
  brisk_config config;
  brisk_param x;
  brisk_value value;
  MUST(brisk_config_init(&config, sizeof config));
  config.jit = jit;
  MUST(brisk_vm_new(&config, &vm));
  x.name = text("x");
  x.default_value = brisk_null();
  MUST(brisk_register_number1(vm, text("fastNative"), text("x"), fast_native, NULL, NULL));
  MUST(brisk_register(vm, text("generalNative"), &x, 1, general_native, NULL, NULL, NULL));
  if (program == NULL)
    MUST(brisk_program_compile(brisk_source, sizeof brisk_source - 1, text(""), BRISK_DIALECT_V1, &program, NULL));
  MUST(brisk_vm_load(vm, program));
  MUST(brisk_vm_run(vm, NULL, NULL));
  s_empty = find("empty");
  s_one = find("one");
  s_bare = find("bare");
  s_fast = find("fast");
  s_fast1 = find("fast1");
  s_general = find("general");
  s_global = find("counter");
  MUST(brisk_global_get(vm, s_empty, &value));
  MUST(brisk_value_retain(vm, value, &f_empty));
}

/* Each gives nanoseconds for one. */

static double b_call_empty(void) {
  const double start = now();
  int i;
  for (i = 0; i < CALLS; i++) MUST(brisk_call_global(vm, s_empty, NULL, 0, NULL, NULL));
  return (now() - start) / CALLS;
}
static double b_call_value(void) {
  const double start = now();
  int i;
  for (i = 0; i < CALLS; i++) MUST(brisk_call_value(vm, f_empty, NULL, 0, NULL, NULL));
  return (now() - start) / CALLS;
}
static double b_call_one(void) {
  const double start = now();
  brisk_value result;
  int i;
  for (i = 0; i < CALLS; i++) {
    const brisk_value arg = brisk_number(i);
    MUST(brisk_call_global(vm, s_one, &arg, 1, NULL, &result));
  }
  return (now() - start) / CALLS;
}
static double b_loop(uint32_t slot) {
  const double start = now();
  MUST(brisk_call_global(vm, slot, NULL, 0, NULL, NULL));
  return (now() - start) / LOOP;
}
static double b_bare(void) { return b_loop(s_bare); }
static double b_fast(void) { return b_loop(s_fast); }
static double b_fast1(void) { return b_loop(s_fast1); }
static double b_general(void) { return b_loop(s_general); }
static double b_set(void) {
  const double start = now();
  int i;
  for (i = 0; i < CALLS; i++) MUST(brisk_global_set(vm, s_global, brisk_number(i)));
  return (now() - start) / CALLS;
}
static double b_get(void) {
  const double start = now();
  double sum = 0;
  brisk_value value;
  int i;
  for (i = 0; i < CALLS; i++) {
    MUST(brisk_global_get(vm, s_global, &value));
    sum += value.as.number;
  }
  must(sum >= 0, "the sum");
  return (now() - start) / CALLS;
}
static double b_new_free(void) {
  const double start = now();
  int i;
  for (i = 0; i < 200; i++) {
    brisk_vm *fresh = NULL;
    MUST(brisk_vm_new(NULL, &fresh));
    brisk_vm_free(fresh);
  }
  return (now() - start) / 200;
}
static double b_new_run_free(void) {
  const double start = now();
  int i;
  for (i = 0; i < 200; i++) {
    brisk_vm *fresh = NULL;
    MUST(brisk_vm_new(NULL, &fresh));
    MUST(brisk_vm_load(fresh, program));
    MUST(brisk_vm_run(fresh, NULL, NULL));
    brisk_vm_free(fresh);
  }
  return (now() - start) / 200;
}
static double b_idle(void) {
  double start, all;
  int i;
  brisk_vm *waiting = NULL;
  brisk_program *wait = NULL;
  MUST(brisk_vm_new(NULL, &waiting));
  MUST(brisk_program_compile("wait 1000", 9, text(""), BRISK_DIALECT_V1, &wait, NULL));
  MUST(brisk_vm_load(waiting, wait));
  MUST(brisk_vm_set_time(waiting, 1));
  MUST(brisk_vm_run(waiting, NULL, NULL));
  start = now();
  for (i = 0; i < CALLS; i++) MUST(brisk_vm_run(waiting, NULL, NULL));
  all = (now() - start) / CALLS;
  brisk_vm_free(waiting);
  brisk_program_free(wait);
  return all;
}

#ifndef WITHOUT_LUA
static double l_call_empty(void) {
  const double start = now();
  int i;
  for (i = 0; i < CALLS; i++) {
    lua_getglobal(lua, "empty");
    must(lua_pcall(lua, 0, 0, 0) == LUA_OK, "pcall");
  }
  return (now() - start) / CALLS;
}
static double l_call_value(void) {
  double start;
  int i, ref;
  lua_getglobal(lua, "empty");
  ref = luaL_ref(lua, LUA_REGISTRYINDEX);
  start = now();
  for (i = 0; i < CALLS; i++) {
    lua_rawgeti(lua, LUA_REGISTRYINDEX, ref);
    must(lua_pcall(lua, 0, 0, 0) == LUA_OK, "pcall");
  }
  start = now() - start;
  luaL_unref(lua, LUA_REGISTRYINDEX, ref);
  return start / CALLS;
}
static double l_call_one(void) {
  const double start = now();
  double sum = 0;
  int i;
  for (i = 0; i < CALLS; i++) {
    lua_getglobal(lua, "one");
    lua_pushnumber(lua, i);
    must(lua_pcall(lua, 1, 1, 0) == LUA_OK, "pcall");
    sum += lua_tonumber(lua, -1);
    lua_pop(lua, 1);
  }
  must(sum > 0, "the sum");
  return (now() - start) / CALLS;
}
static double l_loop(const char *name) {
  const double start = now();
  lua_getglobal(lua, name);
  must(lua_pcall(lua, 0, 0, 0) == LUA_OK, "pcall");
  return (now() - start) / LOOP;
}
static double l_bare(void) { return l_loop("bare"); }
static double l_general(void) { return l_loop("general"); }
static double l_fast1(void) { return l_loop("fast1"); }
static double l_set(void) {
  const double start = now();
  int i;
  for (i = 0; i < CALLS; i++) {
    lua_pushnumber(lua, i);
    lua_setglobal(lua, "counter");
  }
  return (now() - start) / CALLS;
}
static double l_get(void) {
  const double start = now();
  double sum = 0;
  int i;
  for (i = 0; i < CALLS; i++) {
    lua_getglobal(lua, "counter");
    sum += lua_tonumber(lua, -1);
    lua_pop(lua, 1);
  }
  must(sum >= 0, "the sum");
  return (now() - start) / CALLS;
}
static double l_new_free(void) {
  const double start = now();
  int i;
  for (i = 0; i < 200; i++) {
    lua_State *fresh = luaL_newstate();
    luaL_openlibs(fresh);
    lua_close(fresh);
  }
  return (now() - start) / 200;
}
static double l_new_run_free(void) {
  const double start = now();
  int i;
  for (i = 0; i < 200; i++) {
    lua_State *fresh = luaL_newstate();
    luaL_openlibs(fresh);
    must(luaL_dostring(fresh, lua_source) == LUA_OK, "dostring");
    lua_close(fresh);
  }
  return (now() - start) / 200;
}
#define LUA(function) function
#else
#define LUA(function) NULL
#endif

typedef double (*measure)(void);
typedef struct row {
  const char *what;
  measure brisk, lua;
  double best[3]; /* interpreter, machine code, Lua */
} row;

static row rows[] = {
    {"host calls an empty function, by name", b_call_empty, LUA(l_call_empty), {0}},
    {"host calls an empty function, by value", b_call_value, LUA(l_call_value), {0}},
    {"host calls a function of a number", b_call_one, LUA(l_call_one), {0}},
    {"an empty loop, per iteration", b_bare, LUA(l_bare), {0}},
    {"script calls a native: number function", b_fast, LUA(l_general), {0}},
    {"script calls a native: general", b_general, LUA(l_general), {0}},
    {"script sums a native in a local", b_fast1, LUA(l_fast1), {0}},
    {"host sets a global", b_set, LUA(l_set), {0}},
    {"host gets a global", b_get, LUA(l_get), {0}},
    {"a VM made and freed", b_new_free, LUA(l_new_free), {0}},
    {"a VM made, a small program run, freed", b_new_run_free, LUA(l_new_run_free), {0}},
    {"run of a VM that waits", b_idle, NULL, {0}},
};

int main(int argc, char **argv) {
  const int rounds = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 15;
  const size_t count = sizeof rows / sizeof *rows;
  brisk_vm *vms[2];
  brisk_value functions[2];
  size_t i;
  int round, which;
  for (which = 0; which < 2; which++) {
    setup(which == 0 ? BRISK_JIT_OFF : BRISK_JIT_AUTO);
    vms[which] = vm;
    functions[which] = f_empty;
  }
#ifndef WITHOUT_LUA
  lua = luaL_newstate();
  luaL_openlibs(lua);
  lua_register(lua, "generalNative", lua_native);
  must(luaL_dostring(lua, lua_source) == LUA_OK, "dostring");
#endif
  for (round = 0; round < rounds; round++) {
    for (i = 0; i < count; i++) {
      for (which = 0; which < 3; which++) {
        double ns;
        if (which == 2 && rows[i].lua == NULL) continue;
        if (which < 2) {
          vm = vms[which];
          f_empty = functions[which];
        }
        ns = which < 2 ? rows[i].brisk() : rows[i].lua();
        if (round == 0 || ns < rows[i].best[which]) rows[i].best[which] = ns;
      }
    }
  }
  printf("%-42s %12s %12s %10s %8s\n", "ns each, least of the rounds", "interpreter", "machine code", "Lua 5.4", "to Lua");
  for (i = 0; i < count; i++) {
    printf("%-42s %12.1f %12.1f", rows[i].what, rows[i].best[0], rows[i].best[1]);
    if (rows[i].lua != NULL) printf(" %10.1f %8.2f", rows[i].best[2], rows[i].best[1] / rows[i].best[2]);
    printf("\n");
  }
  for (which = 0; which < 2; which++) brisk_vm_free(vms[which]);
  brisk_program_free(program);
#ifndef WITHOUT_LUA
  lua_close(lua);
#endif
  return 0;
}
