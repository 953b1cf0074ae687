/* A conversation: reads lines, runs them, prints what expressions give.
 *
 * Prompts only when a terminal listens, so that `repl < file` is quiet.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "brisk.h"
#include <stdio.h>
#include <string.h>
#ifdef _WIN32
#include <io.h>
#define is_terminal() _isatty(_fileno(stdin))
#else
#include <unistd.h>
#define is_terminal() isatty(fileno(stdin))
#endif

static void print(void *user, brisk_stream stream, const char *text, size_t len, int32_t newline) {
  FILE *to = stream == BRISK_STREAM_ERROR ? stderr : stdout;
  (void)user;
  fwrite(text, 1, len, to);
  if (newline) fputc('\n', to);
}

static void complain(const brisk_error *error) {
  for (; error != NULL; error = brisk_error_inner(error)) {
    const brisk_text report = brisk_error_report(error);
    fflush(stdout);
    fprintf(stderr, "%.*s\n", (int)report.len, report.data);
  }
}

/* Runs what was fed, to its end. A script that waits is asked again; a real host would do something
 * else meanwhile, or sleep until `wake`. Returns 0 when the script exits. */
static int run(brisk_vm *vm, int32_t *code) {
  for (;;) {
    brisk_outcome outcome;
    const brisk_status status = brisk_vm_run(vm, NULL, &outcome);
    if (status != BRISK_OK) {
      fprintf(stderr, "cannot run: status %d\n", (int)status);
      return 1;
    }
    switch (outcome.kind) {
    case BRISK_FINISHED: {
      brisk_value value;
      brisk_text shown;
      if (brisk_repl_result(vm, &value) == BRISK_OK && value.kind != BRISK_KIND_NULL &&
          brisk_value_text(vm, value, &shown) == BRISK_OK)
        printf("%.*s\n", (int)shown.len, shown.data);
      return 1;
    }
    case BRISK_FAILED: complain(brisk_vm_error(vm)); return 1;
    case BRISK_EXITED: *code = outcome.exit_code; return 0;
    default: break;
    }
  }
}

int main(void) {
  static char line[64 * 1024];
  const int prompts = is_terminal();
  brisk_vm *vm = NULL;
  brisk_config config;
  int32_t more = 0, code = 0;

  if (brisk_config_init(&config, sizeof config) != BRISK_OK) return 1;
  config.output = print;
  if (brisk_vm_new(&config, &vm) != BRISK_OK) return 1;
  if (prompts) printf("Brisk %s\n", brisk_version());
  for (;;) {
    uint64_t scope;
    size_t len;
    brisk_status status;
    if (prompts) printf(more ? ">>> " : "> ");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) break;
    len = strcspn(line, "\r\n");
    /* Handles of one line's result are let go of with the line. */
    if (brisk_scope_open(vm, &scope) != BRISK_OK) break;
    status = brisk_repl_feed(vm, line, len, &more);
    if (status != BRISK_OK) {
      complain(brisk_vm_error(vm));
      more = 0;
    } else if (!more && !run(vm, &code)) {
      break;
    }
    (void)brisk_scope_close(vm, scope);
  }
  if (prompts) printf("\n");
  brisk_vm_free(vm);
  return (int)code;
}
