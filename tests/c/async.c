/* Natives that take their time: polled, and completed by tokens, from any thread. */
#include "check.h"
#include <pthread.h>
#include <time.h>

/* Polled a number of times, with its state. */
static int polls;
static brisk_status native_poll(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_value state = brisk_null();
  const brisk_status first = brisk_call_state(call, &state);
  double n = 0;
  (void)vm;
  (void)user;
  polls++;
  if (first == BRISK_OK) n = state.as.number;
  else STATUS(BRISK_NOT_FOUND, first);
  CHECK((int)n == polls - 1);
  if (n >= brisk_arg_number(call, 0)) {
    brisk_return_number(call, n);
    return BRISK_OK;
  }
  return brisk_call_pending(call, brisk_number(n + 1), (double)NAN);
}

static void polling(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_param n = param("n", brisk_number(1000));
  brisk_outcome outcome;
  int runs = 0;
  OK(brisk_register(vm, text("poll"), &n, 1, native_poll, NULL, NULL, NULL));
  load(vm, "x = poll(1000) + 1");
  do {
    OK(brisk_vm_run(vm, NULL, &outcome));
    CHECK(outcome.kind == BRISK_WAITING || outcome.kind == BRISK_FINISHED);
    if (outcome.kind == BRISK_WAITING) CHECK(isnan(outcome.wake));
    runs++;
  } while (outcome.kind == BRISK_WAITING && runs < 2000);
  CHECK(runs == 1001);
  CHECK(polls == 1001);
  NUMBER(1001, number_of(vm, "x"));
  /* State that is a list survives collections. */
  brisk_vm_free(vm);
}

/* Tokens. */

static brisk_token *last_token;
static int cancels;
static void on_cancel(void *user) {
  CHECK(user == (void *)&cancels);
  cancels++;
}

static brisk_status native_ask(brisk_vm *vm, brisk_call *call, void *user) {
  const brisk_status status = brisk_call_suspend(call, on_cancel, &cancels, &last_token);
  CHECK(status == BRISK_PENDING || status == BRISK_BUSY);
  (void)vm;
  (void)user;
  return status;
}

/* Completes its own token before it returns. */
static brisk_status native_at_once(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_token *token = NULL;
  (void)vm;
  (void)user;
  STATUS(BRISK_PENDING, brisk_call_suspend(call, on_cancel, &cancels, &token));
  OK(brisk_token_complete(token, brisk_number(7)));
  return BRISK_PENDING;
}

static brisk_vm *asking_vm(void) {
  brisk_vm *vm = vm_with_output(NULL);
  OK(brisk_register(vm, text("ask"), NULL, 0, native_ask, NULL, NULL, NULL));
  OK(brisk_register(vm, text("atOnce"), NULL, 0, native_at_once, NULL, NULL, NULL));
  return vm;
}

static void tokens(void) {
  brisk_vm *vm = asking_vm();
  brisk_outcome outcome;
  brisk_token *second;
  int i;
  /* Completed between runs; waiting costs nothing. */
  outcome = run(vm, "x = ask + 1");
  CHECK(outcome.kind == BRISK_WAITING_NATIVE);
  for (i = 0; i < 100; i++) {
    OK(brisk_vm_run(vm, NULL, &outcome));
    CHECK(outcome.kind == BRISK_WAITING_NATIVE);
    CHECK(outcome.fuel_used == 0);
  }
  OK(brisk_token_complete(last_token, brisk_number(41)));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  NUMBER(42, number_of(vm, "x"));
  /* Before the native returns. */
  outcome = run(vm, "x = atOnce");
  if (outcome.kind == BRISK_WAITING_NATIVE) OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  NUMBER(7, number_of(vm, "x"));
  /* With a text, with null, with an error. */
  outcome = run(vm, "x = ask");
  OK(brisk_token_complete_text(last_token, "caf\xC3\xA9", 5));
  OK(brisk_vm_run(vm, NULL, &outcome));
  TEXT("caf\xC3\xA9", shown(vm, global(vm, "x")));
  outcome = run(vm, "x = ask");
  OK(brisk_token_complete(last_token, brisk_null()));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(global(vm, "x").kind == BRISK_KIND_NULL);
  outcome = run(vm, "\nx = ask");
  OK(brisk_token_fail(last_token, "host not found", 14));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FAILED);
  TEXT("host not found", brisk_error_message(brisk_vm_error(vm)));
  CHECK(brisk_error_line(brisk_vm_error(vm)) == 2);
  /* Given up. */
  outcome = run(vm, "x = ask");
  brisk_token_free(last_token);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FAILED);
  CHECK(cancels == 0);
  /* A value of a VM is no answer: tokens know no VM. */
  {
    brisk_value list;
    OK(brisk_list_new(vm, 0, &list));
    outcome = run(vm, "x = ask");
    STATUS(BRISK_TYPE, brisk_token_complete(last_token, list));
    OK(brisk_vm_run(vm, NULL, &outcome));
    /* Whether the token is used up by the mistake is documented: it is not. */
    CHECK(outcome.kind == BRISK_WAITING_NATIVE);
    OK(brisk_token_complete(last_token, brisk_number(1)));
    OK(brisk_vm_run(vm, NULL, &outcome));
    CHECK(outcome.kind == BRISK_FINISHED);
  }
  /* Two after one another. */
  outcome = run(vm, "x = ask\nx = x + ask");
  second = last_token;
  OK(brisk_token_complete(second, brisk_number(1)));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_WAITING_NATIVE);
  OK(brisk_token_complete(last_token, brisk_number(2)));
  OK(brisk_vm_run(vm, NULL, &outcome));
  NUMBER(3, number_of(vm, "x"));
  CHECK(cancels == 0);
  brisk_vm_free(vm);
  CHECK(cancels == 0);
}

static void cancelling(void) {
  brisk_vm *vm = asking_vm();
  brisk_outcome outcome;
  brisk_status status;
  /* Freed while pending: once, and the token may be freed or completed later. */
  cancels = 0;
  outcome = run(vm, "x = ask");
  CHECK(outcome.kind == BRISK_WAITING_NATIVE);
  brisk_vm_free(vm);
  CHECK(cancels == 1);
  brisk_token_free(last_token);
  vm = asking_vm();
  outcome = run(vm, "x = ask");
  brisk_vm_free(vm);
  CHECK(cancels == 2);
  status = brisk_token_complete(last_token, brisk_number(1));
  CHECK(status == BRISK_OK || status == BRISK_DONE);
  /* Stopped; another program loaded. */
  vm = asking_vm();
  outcome = run(vm, "x = ask");
  OK(brisk_vm_stop(vm));
  CHECK(cancels == 3);
  brisk_token_free(last_token);
  CHECK(brisk_vm_is_finished(vm) == 1);
  outcome = run(vm, "x = ask");
  RUN(vm, "x = 5");
  CHECK(cancels == 4);
  (void)brisk_token_complete_text(last_token, "late", 4);
  OK(brisk_vm_run(vm, NULL, &outcome));
  NUMBER(5, number_of(vm, "x"));
  brisk_vm_free(vm);
  CHECK(cancels == 4);
  /* A native that suspends may not do so where the script cannot: in a call from the host. */
  vm = asking_vm();
  RUN(vm, "f = function\n  return ask\nend function");
  last_token = NULL;
  STATUS(BRISK_SCRIPT, brisk_call_global(vm, slot(vm, "f"), NULL, 0, NULL, NULL));
  CHECK(cancels == 4);
  /* It was refused, and there is no token. */
  CHECK(last_token == NULL);
  RUN(vm, "x = 1");
  /* But in a started one. */
  OK(brisk_vm_start(vm, global(vm, "f"), NULL, 0));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_WAITING_NATIVE);
  OK(brisk_token_complete(last_token, brisk_number(3)));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  {
    brisk_value result;
    OK(brisk_vm_result(vm, &result));
    NUMBER(3, result.as.number);
  }
  brisk_vm_free(vm);
}

/* From threads, at any time. */

typedef struct task {
  pthread_t thread;
  brisk_token *token;
  int number, started;
} task;

static task tasks[64];
static int task_count;

static void *complete_task(void *user) {
  task *self = (task *)user;
  struct timespec pause = {0, 0};
  pause.tv_nsec = (self->number % 7) * 300 * 1000;
  if (pause.tv_nsec) nanosleep(&pause, NULL);
  if (self->number % 5 == 4) {
    /* Some are given up in the end, after a cancel or before. */
    brisk_token_free(self->token);
  } else {
    (void)brisk_token_complete(self->token, brisk_number(self->number));
  }
  return NULL;
}

static void ignore_cancel(void *user) { (void)user; }

static brisk_status native_work(brisk_vm *vm, brisk_call *call, void *user) {
  task *next = &tasks[task_count];
  (void)vm;
  (void)user;
  next->number = task_count++;
  if (brisk_call_suspend(call, ignore_cancel, next, &next->token) != BRISK_PENDING) return BRISK_LIMIT;
  next->started = pthread_create(&next->thread, NULL, complete_task, next) == 0;
  if (!next->started) brisk_token_free(next->token);
  return BRISK_PENDING;
}

static void threads(void) {
  const int count = count_of(40, 10);
  brisk_vm *vm = vm_with_output(NULL);
  brisk_outcome outcome;
  int i, failures = 0, ends = 0;
  const struct timespec pause = {0, 100 * 1000};
  OK(brisk_register(vm, text("work"), NULL, 0, native_work, NULL, NULL, NULL));
  OK(brisk_global_set(vm, slot(vm, "sum"), brisk_number(0)));
  for (i = 0; i < count; i++) {
    long spins = 0;
    outcome = run(vm, "sum = sum + work");
    while (outcome.kind == BRISK_WAITING_NATIVE && spins++ < 200000) {
      nanosleep(&pause, NULL);
      OK(brisk_vm_run(vm, NULL, &outcome));
    }
    if (outcome.kind == BRISK_FAILED) failures++;
    else if (CHECK(outcome.kind == BRISK_FINISHED)) ends++;
  }
  CHECK(failures == count / 5);
  CHECK(ends == count - count / 5);
  /* VMs that go while threads complete: whichever is first, nothing is lost or used twice. */
  brisk_vm_free(vm);
  for (i = 0; i < count; i++) {
    if (tasks[i].started) pthread_join(tasks[i].thread, NULL);
    tasks[i].started = 0;
  }
  task_count = 0;
  for (i = 0; i < count; i++) {
    vm = vm_with_output(NULL);
    OK(brisk_register(vm, text("work"), NULL, 0, native_work, NULL, NULL, NULL));
    outcome = run(vm, "x = work");
    if (i % 3 == 0) (void)brisk_vm_run(vm, NULL, &outcome);
    brisk_vm_free(vm);
  }
  for (i = 0; i < count; i++)
    if (tasks[i].started) pthread_join(tasks[i].thread, NULL);
}

int main(void) {
  polling();
  tokens();
  cancelling();
  threads();
  return checks_done("async");
}
