/* What the C tests share: checks that count, texts, and VMs that remember what they print.
 *
 * A test prints each check that fails and exits with 1 when there was one. With BRISK_QUICK in the
 * environment counts are small: under valgrind and the sanitizers everything is much slower.
 */
#ifndef BRISK_TESTS_CHECK_H
#define BRISK_TESTS_CHECK_H

#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "brisk.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define MAYBE_UNUSED __attribute__((unused))
#else
#define MAYBE_UNUSED
#endif

static int failed_checks;
static int all_checks;

#define CHECK(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)
/* A status is what it should be. */
#define STATUS(expected, call) check_status((expected), (call), #call, __FILE__, __LINE__)
#define OK(call) STATUS(BRISK_OK, call)
/* A brisk_text is a C string. */
#define TEXT(expected, actual) check_text((expected), (actual), #actual, __FILE__, __LINE__)
/* A number is exactly another. */
#define NUMBER(expected, actual) check_number((expected), (actual), #actual, __FILE__, __LINE__)

MAYBE_UNUSED static int check_that(int holds, const char *what, const char *file, int line) {
  all_checks++;
  if (!holds) {
    failed_checks++;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
  }
  return holds;
}

MAYBE_UNUSED static int check_status(brisk_status expected, brisk_status actual, const char *what, const char *file,
                                     int line) {
  all_checks++;
  if (expected != actual) {
    failed_checks++;
    fprintf(stderr, "%s:%d: status %d, not %d: %s\n", file, line, (int)actual, (int)expected, what);
  }
  return expected == actual;
}

MAYBE_UNUSED static int check_text(const char *expected, brisk_text actual, const char *what, const char *file,
                                   int line) {
  const int same = actual.len == strlen(expected) && (actual.len == 0 || memcmp(expected, actual.data, actual.len) == 0);
  all_checks++;
  if (!same) {
    failed_checks++;
    fprintf(stderr, "%s:%d: \"%.*s\", not \"%s\": %s\n", file, line, (int)actual.len, actual.len ? actual.data : "",
            expected, what);
  }
  return same;
}

MAYBE_UNUSED static int check_number(double expected, double actual, const char *what, const char *file, int line) {
  /* Not ==, so that no compiler warns; NaN equals nothing. */
  const int same = !(expected < actual) && !(expected > actual) && expected - expected == actual - actual;
  all_checks++;
  if (!same) {
    failed_checks++;
    fprintf(stderr, "%s:%d: %.17g, not %.17g: %s\n", file, line, actual, expected, what);
  }
  return same;
}

/* The end of main. */
MAYBE_UNUSED static int checks_done(const char *name) {
  printf("%s: %d checks, %d failed\n", name, all_checks, failed_checks);
  return failed_checks == 0 ? 0 : 1;
}

MAYBE_UNUSED static int is_quick(void) { return getenv("BRISK_QUICK") != NULL; }

/* `many`, or `few` under valgrind. */
MAYBE_UNUSED static int count_of(int many, int few) { return is_quick() ? few : many; }

MAYBE_UNUSED static brisk_text text(const char *s) {
  brisk_text t;
  t.data = s;
  t.len = strlen(s);
  return t;
}

MAYBE_UNUSED static brisk_text no_text(void) {
  brisk_text t;
  t.data = NULL;
  t.len = 0;
  return t;
}

MAYBE_UNUSED static brisk_param param(const char *name, brisk_value fallback) {
  brisk_param p;
  p.name = text(name);
  p.default_value = fallback;
  return p;
}

MAYBE_UNUSED static brisk_budget fuel(uint64_t units) {
  brisk_budget b;
  b.fuel = units;
  b.seconds = 0;
  return b;
}

/* What a VM printed: lines of both streams. */
typedef struct output {
  char data[4096];
  size_t len;
} output;

MAYBE_UNUSED static void remember(void *user, brisk_stream stream, const char *s, size_t len, int32_t line_break) {
  output *to = (output *)user;
  (void)stream;
  if (to->len + len + 2 > sizeof to->data) return;
  memcpy(to->data + to->len, s, len);
  to->len += len;
  if (line_break) to->data[to->len++] = '\n';
  to->data[to->len] = 0;
}

MAYBE_UNUSED static brisk_config defaults(void) {
  brisk_config config;
  OK(brisk_config_init(&config, sizeof config));
  return config;
}

/* A VM that prints into `to`, which may be NULL. */
MAYBE_UNUSED static brisk_vm *vm_with_output(output *to) {
  brisk_vm *vm = NULL;
  brisk_config config = defaults();
  if (to != NULL) {
    to->len = 0;
    to->data[0] = 0;
    config.output = remember;
    config.output_user = to;
  }
  OK(brisk_vm_new(&config, &vm));
  return vm;
}

MAYBE_UNUSED static brisk_program *compile_named(const char *source, const char *name) {
  brisk_program *program = NULL;
  brisk_error *error = NULL;
  const brisk_status status =
      brisk_program_compile(source, strlen(source), text(name), BRISK_DIALECT_V1, &program, &error);
  if (!STATUS(BRISK_OK, status) && error != NULL) {
    const brisk_text report = brisk_error_report(error);
    fprintf(stderr, "  %.*s\n", (int)report.len, report.data);
  }
  brisk_error_free(error);
  return program;
}

MAYBE_UNUSED static brisk_program *compile(const char *source) { return compile_named(source, ""); }

MAYBE_UNUSED static void load(brisk_vm *vm, const char *source) {
  brisk_program *program = compile(source);
  OK(brisk_vm_load(vm, program));
  brisk_program_free(program);
}

MAYBE_UNUSED static void show_error(brisk_vm *vm) {
  const brisk_error *error = brisk_vm_error(vm);
  if (error != NULL) {
    const brisk_text report = brisk_error_report(error);
    fprintf(stderr, "  %.*s\n", (int)report.len, report.data);
  }
}

/* Loads and runs; how it ended. */
MAYBE_UNUSED static brisk_outcome run(brisk_vm *vm, const char *source) {
  brisk_outcome outcome;
  memset(&outcome, 0, sizeof outcome);
  outcome.kind = BRISK_FAILED;
  load(vm, source);
  OK(brisk_vm_run(vm, NULL, &outcome));
  return outcome;
}

/* Loads and runs what has to come to its end. */
#define RUN(vm, source) run_to_end((vm), (source), __FILE__, __LINE__)
MAYBE_UNUSED static int run_to_end(brisk_vm *vm, const char *source, const char *file, int line) {
  const int finished = check_that(run(vm, source).kind == BRISK_FINISHED, "the script finishes", file, line);
  if (!finished) show_error(vm);
  return finished;
}

MAYBE_UNUSED static uint32_t slot(brisk_vm *vm, const char *name) {
  uint32_t found = 0;
  OK(brisk_global_find(vm, name, strlen(name), &found));
  return found;
}

MAYBE_UNUSED static brisk_value global(brisk_vm *vm, const char *name) {
  brisk_value value = brisk_null();
  OK(brisk_global_get(vm, slot(vm, name), &value));
  return value;
}

/* A global that is a number; NaN when it is none. */
MAYBE_UNUSED static double number_of(brisk_vm *vm, const char *name) {
  brisk_value value = global(vm, name);
  return value.kind == BRISK_KIND_NUMBER ? value.as.number : (double)NAN;
}

MAYBE_UNUSED static brisk_value string(brisk_vm *vm, const char *s) {
  brisk_value value = brisk_null();
  OK(brisk_string_new(vm, s, strlen(s), &value));
  return value;
}

/* As print writes it. */
MAYBE_UNUSED static brisk_text shown(brisk_vm *vm, brisk_value value) {
  brisk_text t = no_text();
  OK(brisk_value_text(vm, value, &t));
  return t;
}

MAYBE_UNUSED static uint64_t handles(brisk_vm *vm) {
  brisk_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  OK(brisk_vm_stats(vm, &stats));
  return stats.handles;
}

MAYBE_UNUSED static uint64_t bytes_used(brisk_vm *vm) {
  brisk_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  OK(brisk_vm_stats(vm, &stats));
  return stats.bytes_used;
}

#endif
