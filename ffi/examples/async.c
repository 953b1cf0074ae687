/* Natives that another thread completes.
 *
 * `fetch(url)` looks like a plain call to the script. The native hands a token to a worker thread and
 * returns; the VM waits, at no cost, while the host draws its frames. The worker completes the token
 * whenever it is done. A VM that is freed while it waits cancels the work.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "brisk.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One download. The worker and the cancellation may meet, hence the lock. */
typedef struct job {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int cancelled, started;
  brisk_token *token;
  char url[64];
} job;

static job jobs[2];
static int job_count;

static brisk_text text(const char *s) {
  brisk_text t;
  t.data = s;
  t.len = strlen(s);
  return t;
}

static void print(void *user, brisk_stream stream, const char *line, size_t len, int32_t newline) {
  (void)user;
  (void)stream;
  printf("%.*s%s", (int)len, line, newline ? "\n" : "");
}

/* The worker: waits 30 ms, as a network would, or until it is cancelled; then completes the token. A
 * token is completed, failed or freed exactly once, also after a cancellation. */
static void *work(void *user) {
  job *self = (job *)user;
  struct timespec until;
  int cancelled;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 30 * 1000 * 1000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&self->lock);
  while (!self->cancelled && pthread_cond_timedwait(&self->wake, &self->lock, &until) == 0) {}
  cancelled = self->cancelled;
  pthread_mutex_unlock(&self->lock);
  if (cancelled) {
    brisk_token_free(self->token);
  } else {
    char answer[96];
    const int len = snprintf(answer, sizeof answer, "contents of %s", self->url);
    (void)brisk_token_complete_text(self->token, answer, (size_t)len);
  }
  return NULL;
}

/* Called when the VM goes before the work is done: tells the worker, does not wait for it. */
static void cancel(void *user) {
  job *self = (job *)user;
  pthread_mutex_lock(&self->lock);
  self->cancelled = 1;
  pthread_cond_signal(&self->wake);
  pthread_mutex_unlock(&self->lock);
  printf("cancelled: %s\n", self->url);
}

static brisk_status native_fetch(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_text url;
  job *self = &jobs[job_count];
  brisk_status status = brisk_arg_text(call, 0, &url);
  (void)vm;
  (void)user;
  if (status != BRISK_OK) return status;
  if (job_count == 2) return brisk_call_error(call, "too many downloads", 18);
  snprintf(self->url, sizeof self->url, "%.*s", (int)url.len, url.data);
  status = brisk_call_suspend(call, cancel, self, &self->token);
  if (status != BRISK_PENDING) return status;
  if (pthread_create(&self->thread, NULL, work, self) != 0) {
    /* Nobody will complete it: the script gets an error. */
    brisk_token_free(self->token);
  } else {
    self->started = 1;
    job_count++;
  }
  return status;
}

static int start(brisk_vm *vm, const char *source) {
  brisk_program *program = NULL;
  brisk_status status =
      brisk_program_compile(source, strlen(source), text("fetch.ms"), BRISK_DIALECT_V1, &program, NULL);
  if (status == BRISK_OK) status = brisk_vm_load(vm, program);
  brisk_program_free(program);
  return status == BRISK_OK;
}

static brisk_vm *make(void) {
  brisk_vm *vm = NULL;
  brisk_config config;
  brisk_param url;
  if (brisk_config_init(&config, sizeof config) != BRISK_OK) return NULL;
  config.output = print;
  if (brisk_vm_new(&config, &vm) != BRISK_OK) return NULL;
  url.name = text("url");
  url.default_value = brisk_null();
  if (brisk_register(vm, text("fetch"), &url, 1, native_fetch, NULL, NULL, NULL) != BRISK_OK) {
    brisk_vm_free(vm);
    return NULL;
  }
  return vm;
}

int main(void) {
  brisk_vm *first = make(), *second = make();
  brisk_outcome outcome = {BRISK_FAILED, 0, 0, 0};
  const struct timespec frame = {0, 1000 * 1000};
  unsigned long frames = 0, fuel = 0;
  double spent = 0;
  int i, ok;
  for (i = 0; i < 2; i++) {
    pthread_mutex_init(&jobs[i].lock, NULL);
    pthread_cond_init(&jobs[i].wake, NULL);
  }
  ok = first != NULL && second != NULL &&
       start(first, "print \"asking\"\nprint \"got: \" + fetch(\"brisk://one\")\n") &&
       start(second, "fetch \"brisk://two\"\n");

  /* The loop of a game: the waiting VM is run each frame, and returns at once. */
  while (ok) {
    const clock_t before = clock();
    ok = brisk_vm_run(first, NULL, &outcome) == BRISK_OK;
    if (outcome.kind != BRISK_WAITING_NATIVE) break;
    spent += (double)(clock() - before) / CLOCKS_PER_SEC;
    fuel += (unsigned long)outcome.fuel_used;
    frames++;
    nanosleep(&frame, NULL);
  }
  ok = ok && outcome.kind == BRISK_FINISHED;
  printf("%s after waiting %lu frames, which cost %lu units of fuel and %.1f us each\n",
         ok ? "finished" : "failed", frames, fuel, frames ? 1e6 * spent / (double)frames : 0.0);

  /* The second VM is freed in the middle of its download. */
  ok = ok && brisk_vm_run(second, NULL, &outcome) == BRISK_OK && outcome.kind == BRISK_WAITING_NATIVE;
  brisk_vm_free(second);
  brisk_vm_free(first);
  for (i = 0; i < 2; i++) {
    if (jobs[i].started) pthread_join(jobs[i].thread, NULL);
    pthread_cond_destroy(&jobs[i].wake);
    pthread_mutex_destroy(&jobs[i].lock);
  }
  return ok ? 0 : 1;
}
