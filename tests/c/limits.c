/* Scripts that want too much: the VM comes back within its budget, below its memory, and goes on. */
#include "check.h"
#include <time.h>

#define MEMORY ((size_t)16 << 20)
#define FUEL 200000

static size_t most;
static size_t live;

/* What is really taken from the system. */
static void *metered_allocate(void *user, size_t size, size_t align) {
  void *memory = NULL;
  (void)user;
  if (posix_memalign(&memory, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1) != 0) return NULL;
  live += size;
  if (live > most) most = live;
  return memory;
}
static void metered_release(void *user, void *memory, size_t size, size_t align) {
  (void)user;
  (void)align;
  live -= size;
  free(memory);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct hostile {
  const char *name, *source;
} hostile;

static const hostile all[] = {
    {"while true", "while true\nend while"},
    {"while true, calls", "f = function\nend function\nwhile true\n  f\nend while"},
    {"deep recursion", "f = function(n)\n  return f(n + 1) + 1\nend function\nprint f(0)"},
    {"deep recursion through a map", "m = {}\nm.f = function(n)\n  return self.f(n + 1) + 1\nend function\nm.f 0"},
    {"s = s + s", "s = \"x\"\nwhile true\n  s = s + s\nend while"},
    {"l = l + l", "l = [1]\nwhile true\n  l = l + l\nend while"},
    {"s * n", "s = \"abc\" * 1000000000"},
    {"l * n", "l = [1, 2] * 1000000000"},
    {"range(0, 2^31)", "l = range(0, 2^31)"},
    {"many ranges", "while true\n  l = range(0, 200000)\nend while"},
    {"push", "l = []\nwhile true\n  l.push [1, 2, 3]\nend while"},
    {"map growth", "m = {}\ni = 0\nwhile true\n  m[i] = \"v\" + i\n  i = i + 1\nend while"},
    {"sort of a million", "l = range(1000000, 0)\nl.sort\nwhile true\n  l.sort\nend while"},
    {"sort of strings",
     "l = []\nfor i in range(1, 20000)\n  l.push \"key \" + (i * 7919 % 20011)\nend for\nwhile true\n  l.sort\nend while"},
    {"cyclic print", "m = {}\nm.self = m\nm.l = [m, m]\nwhile true\n  s = str(m)\nend while"},
    {"cyclic compare", "a = {}\na.x = a\nb = {}\nb.x = b\nwhile true\n  c = a == b\nend while"},
    {"cyclic lists compared", "a = []\na.push a\nb = []\nb.push b\nwhile true\n  c = a == b\nend while"},
    {"split and join",
     "s = \"a,\" * 50000\nwhile true\n  l = s.split(\",\")\n  t = l.join(\";\")\n  l = null\n  t = null\nend while"},
    {"replace", "s = \"ab\" * 50000\nwhile true\n  t = s.replace(\"a\", \"c\")\nend while"},
    {"isa loop", "a = {}\nb = {\"__isa\": a}\na.__isa = b\nwhile true\n  x = a isa number\nend while"},
    {"globals", "i = 0\nwhile true\n  globals[\"v\" + i] = i\n  i = i + 1\nend while"},
    {"long number", "x = 1\nwhile true\n  s = str(x)\n  x = x * 1.0001\nend while"},
};

/* Single operations on whole containers: a slice is at least as long as one of them, so these get little fuel. */
static const hostile cheap[] = {
    {"wide print",
     "m = {}\nfor i in range(1, 100)\n  m[i] = range(1, 100)\nend for\nwhile true\n  s = str([m, m, m])\nend while"},
    {"slices", "l = range(1, 100000)\nwhile true\n  t = l[1:]\nend while"},
    {"maps added", "m = {}\nfor i in range(1, 10000)\n  m[i] = i\nend for\nwhile true\n  t = m + m\nend while"},
    {"maps compared",
     "m = {}\nl = {}\nfor i in range(1, 10000)\n  m[i] = i\n  l[i] = i\nend for\nwhile true\n  t = m == l\nend while"},
};

static void one(const hostile *what, uint64_t units) {
  brisk_config config = defaults();
  brisk_vm *vm = NULL;
  brisk_budget budget;
  brisk_outcome outcome;
  int slices = 0;
  double longest = 0;
  const int rounds = count_of(30, 3);
  live = most = 0;
  config.allocate = metered_allocate;
  config.release = metered_release;
  config.memory_bytes_max = MEMORY;
  config.call_depth_max = 10000;
  OK(brisk_vm_new(&config, &vm));
  load(vm, what->source);
  budget = fuel(units);
  do {
    const double start = now();
    OK(brisk_vm_run(vm, &budget, &outcome));
    if (now() - start > longest) longest = now() - start;
    CHECK(outcome.kind == BRISK_BUDGET_SPENT || outcome.kind == BRISK_FAILED);
    slices++;
  } while (outcome.kind == BRISK_BUDGET_SPENT && slices < rounds);
  if (outcome.kind == BRISK_FAILED) CHECK(brisk_error_message(brisk_vm_error(vm)).len > 0);
  printf("%-30s %2d slices, longest %8.3f ms, %6.2f MB, %s\n", what->name, slices, 1000 * longest,
         (double)most / (1 << 20), outcome.kind == BRISK_FAILED ? "failed" : "goes on");
  /* Generous: the machine may be busy, and the build a debug one. */
  if (!is_quick()) CHECK(longest < 1.0);
  if (!CHECK(most <= MEMORY)) fprintf(stderr, "  %s: %lu bytes\n", what->name, (unsigned long)most);
  /* And it goes on; what it holds may fill its memory, so it gets some more. */
  OK(brisk_vm_set_memory_max(vm, 4 * MEMORY));
  RUN(vm, "globals.remove \"l\"\nglobals.remove \"m\"\nx = 6 * 7");
  NUMBER(42, number_of(vm, "x"));
  OK(brisk_vm_stop(vm));
  brisk_vm_free(vm);
  CHECK(live == 0);
}

/* Time is a budget too: back in about a millisecond after it. */
static void in_time(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_budget budget;
  brisk_outcome outcome;
  size_t i;
  budget.fuel = UINT64_MAX;
  budget.seconds = 0.002;
  for (i = 0; i < sizeof all / sizeof *all; i++) {
    double start;
    load(vm, all[i].source);
    start = now();
    OK(brisk_vm_run(vm, &budget, &outcome));
    printf("%-30s 2 ms took %.3f ms\n", all[i].name, 1000 * (now() - start));
    if (!is_quick()) CHECK(now() - start < 1.0);
    OK(brisk_vm_stop(vm));
    if (is_quick() && i > 5) break;
  }
  brisk_vm_free(vm);
}

/* The host's own calls meet the limits too. */
static void of_the_host(void) {
  brisk_config config = defaults();
  brisk_vm *vm = NULL;
  brisk_value list = brisk_null(), value = brisk_null();
  brisk_status status = BRISK_OK;
  char *big = (char *)malloc(1 << 20);
  uint64_t hash;
  int i;
  memset(big, 'x', 1 << 20);
  config.memory_bytes_max = MEMORY;
  OK(brisk_vm_new(&config, &vm));
  OK(brisk_list_new(vm, 0, &list));
  for (i = 0; i < 100 && status == BRISK_OK; i++) {
    status = brisk_string_new(vm, big, 1 << 20, &value);
    if (status == BRISK_OK) status = brisk_list_push(vm, list, value);
  }
  CHECK(status == BRISK_LIMIT);
  STATUS(BRISK_LIMIT, brisk_list_new(vm, 10 << 20, &value));
  STATUS(BRISK_LIMIT, brisk_vm_charge(vm, 100 << 20));
  OK(brisk_list_resize(vm, list, 0));
  OK(brisk_gc_collect(vm));
  RUN(vm, "a = []\nb = a\nfor i in range(1, 20000)\n  c = []\n  b.push c\n  b = c\nend for");
  OK(brisk_vm_state_hash(vm, &hash));
  RUN(vm, "a.push a\nb = {\"a\": a}\nb.b = b");
  OK(brisk_vm_state_hash(vm, &hash));
  {
    int32_t equal;
    brisk_text t;
    OK(brisk_value_equal(vm, global(vm, "a"), global(vm, "a"), &equal));
    CHECK(equal == 1);
    OK(brisk_value_text(vm, global(vm, "b"), &t));
    CHECK(t.len > 0);
  }
  brisk_vm_free(vm);
  free(big);
}

/* Source of hostile shape: an error or a program, never a crash. */
static void sources(void) {
  static const char *const parts[] = {"(", "[", "{", "-", "not ", "if x then ", "f(", "x = function\n", "while 1\n", "\"", "/*"};
  const int depth = count_of(100000, 5000);
  size_t i;
  for (i = 0; i < sizeof parts / sizeof *parts; i++) {
    const size_t len = strlen(parts[i]);
    char *source = (char *)malloc(len * (size_t)depth + 1);
    brisk_program *program = NULL;
    brisk_error *error = NULL;
    brisk_status status;
    int k;
    for (k = 0; k < depth; k++) memcpy(source + (size_t)k * len, parts[i], len);
    status = brisk_program_compile(source, len * (size_t)depth, no_text(), BRISK_DIALECT_V1, &program, &error);
    CHECK(status == BRISK_COMPILE || status == BRISK_OK || status == BRISK_LIMIT);
    brisk_error_free(error);
    brisk_program_free(program);
    free(source);
  }
}

int main(void) {
  size_t i;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (i = 0; i < sizeof all / sizeof *all; i++) one(&all[i], FUEL);
  for (i = 0; i < sizeof cheap / sizeof *cheap; i++) one(&cheap[i], 100);
  in_time();
  of_the_host();
  sources();
  return checks_done("limits");
}
