/* The least host: compile a text, make a VM that prints, run it. */
#include "brisk.h"
#include <stdio.h>
#include <string.h>

static void print(void *user, brisk_stream stream, const char *text, size_t len, int32_t newline) {
  (void)user;
  fwrite(text, 1, len, stream == BRISK_STREAM_ERROR ? stderr : stdout);
  if (newline) fputc('\n', stream == BRISK_STREAM_ERROR ? stderr : stdout);
}

int main(void) {
  const char *source = "for i in range(1, 3)\n  print \"Hello \" + i\nend for";
  const brisk_text name = {NULL, 0};
  brisk_program *program = NULL;
  brisk_vm *vm = NULL;
  brisk_config config;
  brisk_outcome outcome = {BRISK_FAILED, 0, 0, 0};
  if (brisk_config_init(&config, sizeof config) != BRISK_OK) return 1;
  config.output = print;
  if (brisk_program_compile(source, strlen(source), name, BRISK_DIALECT_V1, &program, NULL) == BRISK_OK &&
      brisk_vm_new(&config, &vm) == BRISK_OK && brisk_vm_load(vm, program) == BRISK_OK)
    (void)brisk_vm_run(vm, NULL, &outcome);
  brisk_vm_free(vm);
  brisk_program_free(program);
  return outcome.kind == BRISK_FINISHED ? 0 : 1;
}
