/* Errors as data: kinds, places, frames, causes, diagnostics, and one from a hundred levels down. */
#include "check.h"

static int has(brisk_text t, const char *part) {
  const size_t len = strlen(part);
  size_t i;
  for (i = 0; i + len <= t.len; i++)
    if (memcmp(t.data + i, part, len) == 0) return 1;
  return 0;
}

static void run_time(void) {
  brisk_vm *vm = vm_with_output(NULL);
  const brisk_error *error;
  brisk_frame frame;
  brisk_program *program;
  brisk_outcome outcome;
  CHECK(brisk_vm_error(vm) == NULL);
  program = compile_named("inner = function(x)\n"
                          "  return [1, 2][x]\n"
                          "end function\n"
                          "outside = function\n"
                          "  return inner(5)\n"
                          "end function\n"
                          "\n"
                          "outside\n",
                          "levels.ms");
  OK(brisk_vm_load(vm, program));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FAILED);
  CHECK(brisk_vm_is_finished(vm) == 1);
  error = brisk_vm_error(vm);
  CHECK(error != NULL);
  CHECK(brisk_error_get_kind(error) == BRISK_ERROR_RUNTIME);
  TEXT("Index Error (list index 5 out of range)", brisk_error_message(error));
  CHECK(has(brisk_error_report(error), "Runtime Error: Index Error (list index 5 out of range)"));
  CHECK(has(brisk_error_report(error), "line 2"));
  TEXT("levels.ms", brisk_error_source(error));
  CHECK(brisk_error_line(error) == 2);
  CHECK(brisk_error_column(error) == 0);
  CHECK(brisk_error_inner(error) == NULL);
  CHECK(brisk_error_frame_count(error) == 3);
  OK(brisk_error_frame(error, 0, &frame));
  TEXT("inner", frame.function);
  TEXT("levels.ms", frame.source);
  CHECK(frame.line == 2);
  OK(brisk_error_frame(error, 1, &frame));
  TEXT("outside", frame.function);
  CHECK(frame.line == 5);
  OK(brisk_error_frame(error, 2, &frame));
  CHECK(frame.line == 8);
  STATUS(BRISK_NOT_FOUND, brisk_error_frame(error, 3, &frame));
  /* Asking for values leaves it in place; the next load clears it. */
  (void)slot(vm, "x");
  CHECK(brisk_vm_error(vm) == error);
  OK(brisk_vm_load(vm, program));
  CHECK(brisk_vm_error(vm) == NULL);
  brisk_program_free(program);
  /* Without a name the main program has none. */
  CHECK(run(vm, "\nprint nonesuch").kind == BRISK_FAILED);
  error = brisk_vm_error(vm);
  TEXT("", brisk_error_source(error));
  CHECK(brisk_error_line(error) == 2);
  CHECK(has(brisk_error_message(error), "nonesuch"));
  /* A limit. */
  CHECK(run(vm, "f = function\n  f\nend function\nf").kind == BRISK_FAILED);
  CHECK(brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_LIMIT);
  CHECK(brisk_error_frame_count(brisk_vm_error(vm)) > 0);
  RUN(vm, "x = 1");
  CHECK(brisk_vm_error(vm) == NULL);
  brisk_vm_free(vm);
}

static void compile_time(void) {
  static const char source[] = "x = 1\ny = (2\nz = 3 +\nif x then\n  w = ]\nend if\n";
  brisk_program *program = NULL;
  brisk_error *error = NULL;
  const brisk_error *next;
  int count = 0;
  STATUS(BRISK_COMPILE,
         brisk_program_compile(source, sizeof source - 1, text("bad.ms"), BRISK_DIALECT_V1, &program, &error));
  CHECK(program == NULL);
  CHECK(error != NULL);
  CHECK(brisk_error_get_kind(error) == BRISK_ERROR_COMPILE);
  TEXT("bad.ms", brisk_error_source(error));
  CHECK(brisk_error_line(error) == 2 || brisk_error_line(error) == 3);
  CHECK(has(brisk_error_report(error), "Compiler Error"));
  for (next = error; next != NULL; next = brisk_error_inner(next)) {
    CHECK(brisk_error_line(next) >= 1);
    CHECK(brisk_error_column(next) >= 1);
    CHECK(brisk_error_message(next).len > 0);
    count++;
  }
  /* More than one thing is wrong, and all is said. */
  CHECK(count >= 2);
  brisk_error_free(error);
  /* Not asked for. */
  STATUS(BRISK_COMPILE, brisk_program_compile("= 1", 3, no_text(), BRISK_DIALECT_V1, &program, NULL));
  /* The column counts characters, not bytes, from 1. */
  error = NULL;
  STATUS(BRISK_COMPILE, brisk_program_compile("x = \"\xC3\xA9\xC3\xA9\" + )", 14, no_text(), BRISK_DIALECT_V1,
                                              &program, &error));
  CHECK(brisk_error_line(error) == 1);
  CHECK(brisk_error_column(error) >= 10 && brisk_error_column(error) <= 13);
  brisk_error_free(error);
}

/* script -> native -> script ..., an error at the bottom. */

static int deepest, unwound;

static brisk_status native_again(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_value args[1], result = brisk_null();
  const double depth = brisk_arg_number(call, 0);
  brisk_status status;
  (void)user;
  if (depth > deepest) deepest = (int)depth;
  args[0] = brisk_number(depth + 1);
  status = brisk_call_global(vm, slot(vm, "down"), args, 1, NULL, &result);
  unwound++;
  if (status == BRISK_OK) return brisk_return_value(call, result);
  /* Handed on as it is: the script's error stays the script's error. */
  return status;
}

static void levels(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_param depth = param("depth", brisk_null());
  const brisk_error *error;
  brisk_frame frame;
  size_t i, count, downs = 0;
  brisk_outcome outcome;
  OK(brisk_register(vm, text("again"), &depth, 1, native_again, NULL, NULL, NULL));
  outcome = run(vm, "down = function(depth)\n"
                    "  if depth == 100 then\n"
                    "    return null + {}.missing\n"
                    "  end if\n"
                    "  return again(depth) + 1\n"
                    "end function\n"
                    "down 0\n");
  CHECK(outcome.kind == BRISK_FAILED);
  CHECK(deepest == 99);
  CHECK(unwound == 100);
  error = brisk_vm_error(vm);
  CHECK(error != NULL);
  CHECK(brisk_error_get_kind(error) == BRISK_ERROR_RUNTIME);
  CHECK(has(brisk_error_message(error), "Key Not Found: 'missing' not found in map"));
  CHECK(brisk_error_line(error) == 3);
  count = brisk_error_frame_count(error);
  for (i = 0; i < count; i++) {
    OK(brisk_error_frame(error, i, &frame));
    if (frame.function.len == 4 && memcmp(frame.function.data, "down", 4) == 0) downs++;
  }
  CHECK(downs == 101);
  OK(brisk_error_frame(error, 0, &frame));
  CHECK(frame.line == 3);
  OK(brisk_error_frame(error, count - 1, &frame));
  CHECK(frame.line == 7);
  /* The value comes back up through as many. */
  RUN(vm, "down = function(depth)\n"
          "  if depth == 100 then return 1\n"
          "  return again(depth) + 1\n"
          "end function\n"
          "x = down(0)\n");
  NUMBER(101, number_of(vm, "x"));
  /* Without end: a limit, not a crash of the host. */
  outcome = run(vm, "down = function(depth)\n  return again(depth) + 1\nend function\nx = down(0)\n");
  CHECK(outcome.kind == BRISK_FAILED);
  CHECK(brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_LIMIT);
  RUN(vm, "x = 1");
  brisk_vm_free(vm);
}

/* A native handles the failure of what it called. */
static brisk_status native_try(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_value function, result = brisk_null();
  brisk_status status;
  (void)user;
  OK(brisk_arg_value(call, 0, &function));
  status = brisk_call_value(vm, function, NULL, 0, NULL, &result);
  if (status == BRISK_OK) return brisk_return_value(call, result);
  STATUS(BRISK_SCRIPT, status);
  {
    const brisk_text message = brisk_error_message(brisk_vm_error(vm));
    char copy[128];
    size_t len = message.len < sizeof copy ? message.len : sizeof copy;
    memcpy(copy, message.data, len);
    return brisk_return_text(call, copy, len);
  }
}

static brisk_status native_raise(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_text t;
  (void)vm;
  (void)user;
  if (brisk_arg_text(call, 0, &t) != BRISK_OK) return BRISK_ARGUMENT;
  return brisk_call_error(call, t.data, t.len);
}

static void of_natives(void) {
  output printed;
  brisk_vm *vm = vm_with_output(&printed);
  brisk_param one = param("x", brisk_null());
  brisk_outcome outcome;
  brisk_value result;
  OK(brisk_register(vm, text("try"), &one, 1, native_try, NULL, NULL, NULL));
  OK(brisk_register(vm, text("raise"), &one, 1, native_raise, NULL, NULL, NULL));
  RUN(vm, "good = function\n  return 5\nend function\n"
          "bad = function\n  return raise(\"on purpose\")\nend function\n"
          "print try(@good)\nprint try(@bad)\nprint try(@good)");
  CHECK(strcmp(printed.data, "5\non purpose\n5\n") == 0);
  outcome = run(vm, "bad");
  CHECK(outcome.kind == BRISK_FAILED);
  TEXT("on purpose", brisk_error_message(brisk_vm_error(vm)));
  CHECK(brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_RUNTIME ||
        brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_HOST);
  /* A call from outside. */
  STATUS(BRISK_SCRIPT, brisk_call_global(vm, slot(vm, "bad"), NULL, 0, NULL, &result));
  TEXT("on purpose", brisk_error_message(brisk_vm_error(vm)));
  CHECK(brisk_error_line(brisk_vm_error(vm)) == 5);
  OK(brisk_call_global(vm, slot(vm, "good"), NULL, 0, NULL, &result));
  NUMBER(5, result.as.number);
  /* Too many arguments. */
  {
    brisk_value args[2];
    args[0] = args[1] = brisk_number(1);
    STATUS(BRISK_SCRIPT, brisk_call_global(vm, slot(vm, "good"), args, 2, NULL, &result));
    CHECK(has(brisk_error_message(brisk_vm_error(vm)), "Too Many Arguments"));
  }
  brisk_vm_free(vm);
}

int main(void) {
  run_time();
  compile_time();
  levels();
  of_natives();
  return checks_done("errors");
}
