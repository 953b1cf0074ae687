/* 10 000 VMs made, run and freed on four threads; a program shared by all; VMs that move between threads. */
#include "check.h"
#include <pthread.h>

#define THREADS 4

static brisk_program *shared;
static int per_thread;

/* The macros of check.h count in one place, so threads count for themselves. */
typedef struct worker {
  pthread_t thread;
  int wrong;
  brisk_vm *moved;
} worker;

static double triple(double x, void *user) {
  (void)user;
  return 3 * x;
}

static void destroy(void *user) { *(int *)user += 1; }

static void *make_many(void *user) {
  worker *self = (worker *)user;
  int i;
  for (i = 0; i < per_thread; i++) {
    brisk_vm *vm = NULL;
    brisk_value value = brisk_null();
    brisk_outcome outcome;
    brisk_config config;
    brisk_program *own = brisk_program_clone(shared);
    uint32_t total = 0;
    int destroyed = 0;
    brisk_status status = brisk_config_init(&config, sizeof config);
    config.memory_bytes_max = 1 << 20;
    if (status == BRISK_OK) status = brisk_vm_new(&config, &vm);
    if (status == BRISK_OK)
      status = brisk_register_number1(vm, text("triple"), text("x"), triple, &destroyed, destroy);
    if (status == BRISK_OK) status = brisk_global_find(vm, "total", 5, &total);
    if (status == BRISK_OK) status = brisk_vm_load(vm, own);
    brisk_program_free(own);
    if (status == BRISK_OK) status = brisk_vm_run(vm, NULL, &outcome);
    if (status == BRISK_OK) status = brisk_global_get(vm, total, &value);
    if (status != BRISK_OK || outcome.kind != BRISK_FINISHED || value.kind != BRISK_KIND_NUMBER ||
        (int)value.as.number != 165)
      self->wrong++;
    brisk_vm_free(vm);
    if (destroyed != 1) self->wrong++;
  }
  return NULL;
}

/* Goes on with a VM that another thread began. */
static void *go_on(void *user) {
  worker *self = (worker *)user;
  brisk_outcome outcome;
  if (brisk_vm_run(self->moved, NULL, &outcome) != BRISK_OK || outcome.kind != BRISK_YIELDED) self->wrong++;
  return NULL;
}

/* Compiles by itself. */
static void *compile_many(void *user) {
  worker *self = (worker *)user;
  int i;
  for (i = 0; i < per_thread / 10 + 1; i++) {
    brisk_program *program = NULL;
    brisk_error *error = NULL;
    if (brisk_program_compile("x = 1 +", 7, no_text(), BRISK_DIALECT_V1, &program, &error) != BRISK_COMPILE)
      self->wrong++;
    brisk_error_free(error);
    if (brisk_program_compile("x = 1", 5, no_text(), BRISK_DIALECT_V1, &program, NULL) != BRISK_OK) self->wrong++;
    brisk_program_free(program);
  }
  return NULL;
}

static void all(void *(*work)(void *), worker *workers) {
  int i;
  for (i = 0; i < THREADS; i++) CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
  for (i = 0; i < THREADS; i++) {
    CHECK(pthread_join(workers[i].thread, NULL) == 0);
    CHECK(workers[i].wrong == 0);
    workers[i].wrong = 0;
  }
}

int main(void) {
  worker workers[THREADS];
  brisk_outcome outcome;
  int i, round;
  memset(workers, 0, sizeof workers);
  per_thread = count_of(10000, 80) / THREADS;
  shared = compile("total = 0\nfor i in range(1, 10)\n  total = total + triple(i)\nend for\n");
  all(make_many, workers);
  all(compile_many, workers);
  brisk_program_free(shared);

  shared = compile("n = 0\nwhile true\n  n = n + 1\n  l = [n, \"text \" + n]\n  yield\nend while\n");
  for (i = 0; i < THREADS; i++) {
    workers[i].moved = vm_with_output(NULL);
    OK(brisk_vm_load(workers[i].moved, shared));
    OK(brisk_vm_run(workers[i].moved, NULL, &outcome));
  }
  for (round = 0; round < 20; round++) {
    /* Each round every VM is on another thread. */
    brisk_vm *first = workers[0].moved;
    for (i = 0; i + 1 < THREADS; i++) workers[i].moved = workers[i + 1].moved;
    workers[THREADS - 1].moved = first;
    all(go_on, workers);
  }
  for (i = 0; i < THREADS; i++) {
    NUMBER(21, number_of(workers[i].moved, "n"));
    brisk_vm_free(workers[i].moved);
  }
  brisk_program_free(shared);
  return checks_done("threads");
}
