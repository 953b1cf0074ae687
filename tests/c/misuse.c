/* What hosts do wrong: every mistake has a status, and the VM goes on. */
#include "check.h"

static brisk_status native_noop(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)call;
  (void)user;
  return BRISK_OK;
}
static double number1(double x, void *user) {
  (void)user;
  return x;
}
static double number2(double x, double y, void *user) {
  (void)user;
  return x + y;
}
static brisk_status importer(brisk_vm *vm, brisk_import *import, const char *name, size_t len, void *user) {
  (void)vm;
  (void)import;
  (void)name;
  (void)len;
  (void)user;
  return BRISK_NOT_FOUND;
}

/* NULL in the place of everything that must not be NULL. */
static void nulls(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_program *program = compile("x = 1");
  const brisk_value null = brisk_null(), one = brisk_number(1);
  brisk_value value, list, map, function, some_text;
  brisk_text t;
  brisk_frame frame;
  brisk_outcome outcome;
  brisk_error *error = NULL;
  brisk_weak *weak = NULL;
  brisk_object_type type;
  brisk_token *token = NULL;
  brisk_stats stats;
  uint8_t *bytes;
  uint64_t u64 = 0;
  size_t len;
  double number;
  int32_t flag;
  uint32_t x;
  void *data;
  OK(brisk_list_new(vm, 0, &list));
  OK(brisk_map_new(vm, &map));
  x = slot(vm, "x");
  RUN(vm, "x = 1\nf = function\nend function");
  OK(brisk_list_push(vm, list, one));
  OK(brisk_map_set_name(vm, map, "x", 1, one));
  OK(brisk_map_set(vm, map, one, one));
  some_text = string(vm, "text");
  function = global(vm, "f");

  STATUS(BRISK_NULL, brisk_program_compile(NULL, 3, no_text(), BRISK_DIALECT_V1, &program, NULL));
  STATUS(BRISK_NULL, brisk_program_compile("x", 1, no_text(), BRISK_DIALECT_V1, NULL, NULL));
  STATUS(BRISK_NULL, brisk_program_load(NULL, 3, &program, NULL));
  STATUS(BRISK_NULL, brisk_program_load((const uint8_t *)"x", 1, NULL, NULL));
  STATUS(BRISK_NULL, brisk_program_save(NULL, 0, &bytes, &len));
  STATUS(BRISK_NULL, brisk_program_save(program, 0, NULL, &len));
  STATUS(BRISK_NULL, brisk_program_save(program, 0, &bytes, NULL));
  brisk_bytes_free(NULL, 0);
  CHECK(brisk_program_clone(NULL) == NULL);
  brisk_program_free(NULL);

  STATUS(BRISK_NULL, brisk_config_init(NULL, sizeof(brisk_config)));
  STATUS(BRISK_NULL, brisk_vm_new(NULL, NULL));
  brisk_vm_free(NULL);
  CHECK(brisk_vm_host_data(NULL) == NULL);
  (void)brisk_vm_jit_status(NULL);
  STATUS(BRISK_NULL, brisk_vm_set_time(NULL, 1));
  STATUS(BRISK_NULL, brisk_vm_load(NULL, program));
  STATUS(BRISK_NULL, brisk_vm_load(vm, NULL));
  STATUS(BRISK_NULL, brisk_vm_run(NULL, NULL, &outcome));
  STATUS(BRISK_NULL, brisk_vm_stop(NULL));
  STATUS(BRISK_NULL, brisk_vm_result(NULL, &value));
  STATUS(BRISK_NULL, brisk_vm_result(vm, NULL));
  (void)brisk_vm_is_finished(NULL);

  CHECK(brisk_vm_error(NULL) == NULL);
  (void)brisk_error_get_kind(NULL);
  TEXT("", brisk_error_message(NULL));
  TEXT("", brisk_error_report(NULL));
  TEXT("", brisk_error_source(NULL));
  CHECK(brisk_error_line(NULL) == 0);
  CHECK(brisk_error_column(NULL) == 0);
  CHECK(brisk_error_inner(NULL) == NULL);
  CHECK(brisk_error_frame_count(NULL) == 0);
  STATUS(BRISK_NULL, brisk_error_frame(NULL, 0, &frame));
  brisk_error_free(NULL);
  STATUS(BRISK_NULL, brisk_vm_stack(NULL, &error));
  STATUS(BRISK_NULL, brisk_vm_stack(vm, NULL));

  STATUS(BRISK_NULL, brisk_scope_open(NULL, &u64));
  STATUS(BRISK_NULL, brisk_scope_open(vm, NULL));
  STATUS(BRISK_NULL, brisk_scope_close(NULL, 0));
  STATUS(BRISK_NULL, brisk_value_retain(NULL, list, &value));
  STATUS(BRISK_NULL, brisk_value_retain(vm, list, NULL));
  STATUS(BRISK_NULL, brisk_value_release(NULL, list));
  STATUS(BRISK_NULL, brisk_value_text(NULL, one, &t));
  STATUS(BRISK_NULL, brisk_value_text(vm, one, NULL));
  STATUS(BRISK_NULL, brisk_value_truth(NULL, one, &flag));
  STATUS(BRISK_NULL, brisk_value_truth(vm, one, NULL));
  STATUS(BRISK_NULL, brisk_value_equal(NULL, one, one, &flag));
  STATUS(BRISK_NULL, brisk_value_equal(vm, one, one, NULL));
  STATUS(BRISK_NULL, brisk_string_new(NULL, "x", 1, &value));
  STATUS(BRISK_NULL, brisk_string_new(vm, NULL, 1, &value));
  STATUS(BRISK_NULL, brisk_string_new(vm, "x", 1, NULL));
  STATUS(BRISK_NULL, brisk_string_get(NULL, one, &t));
  STATUS(BRISK_NULL, brisk_string_get(vm, some_text, NULL));
  STATUS(BRISK_NULL, brisk_list_new(NULL, 0, &value));
  STATUS(BRISK_NULL, brisk_list_new(vm, 0, NULL));
  STATUS(BRISK_NULL, brisk_list_len(NULL, list, &len));
  STATUS(BRISK_NULL, brisk_list_len(vm, list, NULL));
  STATUS(BRISK_NULL, brisk_list_get(NULL, list, 0, &value));
  STATUS(BRISK_NULL, brisk_list_get(vm, list, 0, NULL));
  STATUS(BRISK_NULL, brisk_list_set(NULL, list, 0, one));
  STATUS(BRISK_NULL, brisk_list_push(NULL, list, one));
  STATUS(BRISK_NULL, brisk_list_resize(NULL, list, 0));
  STATUS(BRISK_NULL, brisk_list_read_numbers(NULL, list, 0, &number, 1, &len));
  STATUS(BRISK_NULL, brisk_list_read_numbers(vm, list, 0, NULL, 1, &len));
  STATUS(BRISK_NULL, brisk_list_read_numbers(vm, list, 0, &number, 1, NULL));
  STATUS(BRISK_NULL, brisk_list_write_numbers(NULL, list, 0, &number, 1));
  STATUS(BRISK_NULL, brisk_list_write_numbers(vm, list, 0, NULL, 1));
  STATUS(BRISK_NULL, brisk_map_new(NULL, &value));
  STATUS(BRISK_NULL, brisk_map_new(vm, NULL));
  STATUS(BRISK_NULL, brisk_map_len(NULL, map, &len));
  STATUS(BRISK_NULL, brisk_map_len(vm, map, NULL));
  STATUS(BRISK_NULL, brisk_map_get(NULL, map, one, &value));
  STATUS(BRISK_NULL, brisk_map_get(vm, map, one, NULL));
  STATUS(BRISK_NULL, brisk_map_set(NULL, map, one, one));
  STATUS(BRISK_NULL, brisk_map_get_name(NULL, map, "x", 1, &value));
  STATUS(BRISK_NULL, brisk_map_get_name(vm, map, NULL, 1, &value));
  STATUS(BRISK_NULL, brisk_map_get_name(vm, map, "x", 1, NULL));
  STATUS(BRISK_NULL, brisk_map_set_name(NULL, map, "x", 1, one));
  STATUS(BRISK_NULL, brisk_map_set_name(vm, map, NULL, 1, one));
  STATUS(BRISK_NULL, brisk_map_remove(NULL, map, one));
  STATUS(BRISK_NULL, brisk_map_next(NULL, map, &u64, &value, &value));
  STATUS(BRISK_NULL, brisk_map_next(vm, map, NULL, &value, &value));
  STATUS(BRISK_NULL, brisk_global_find(NULL, "x", 1, &x));
  STATUS(BRISK_NULL, brisk_global_find(vm, NULL, 1, &x));
  STATUS(BRISK_NULL, brisk_global_find(vm, "x", 1, NULL));
  STATUS(BRISK_NULL, brisk_global_get(NULL, x, &value));
  STATUS(BRISK_NULL, brisk_global_get(vm, x, NULL));
  STATUS(BRISK_NULL, brisk_global_set(NULL, x, one));
  STATUS(BRISK_NULL, brisk_global_remove(NULL, x));
  STATUS(BRISK_NULL, brisk_globals(NULL, &value));
  STATUS(BRISK_NULL, brisk_globals(vm, NULL));
  STATUS(BRISK_NULL, brisk_call_value(NULL, function, NULL, 0, NULL, &value));
  STATUS(BRISK_NULL, brisk_call_value(vm, function, NULL, 1, NULL, &value));
  STATUS(BRISK_NULL, brisk_call_global(NULL, x, NULL, 0, NULL, &value));
  STATUS(BRISK_NULL, brisk_call_global(vm, slot(vm, "f"), NULL, 1, NULL, &value));
  STATUS(BRISK_NULL, brisk_vm_start(NULL, function, NULL, 0));
  STATUS(BRISK_NULL, brisk_vm_start(vm, function, NULL, 1));
  STATUS(BRISK_NULL, brisk_register(NULL, text("n"), NULL, 0, native_noop, NULL, NULL, NULL));
  STATUS(BRISK_NULL, brisk_register(vm, text("n"), NULL, 1, native_noop, NULL, NULL, NULL));
  STATUS(BRISK_NULL, brisk_register(vm, text("n"), NULL, 0, NULL, NULL, NULL, NULL));
  STATUS(BRISK_NULL, brisk_register_number1(NULL, text("n"), text("x"), number1, NULL, NULL));
  STATUS(BRISK_NULL, brisk_register_number1(vm, text("n"), text("x"), NULL, NULL, NULL));
  STATUS(BRISK_NULL, brisk_register_number2(NULL, text("n"), text("x"), text("y"), number2, NULL, NULL));
  STATUS(BRISK_NULL, brisk_register_number2(vm, text("n"), text("x"), text("y"), NULL, NULL, NULL));

  CHECK(brisk_arg_count(NULL) == 0);
  NUMBER(0, brisk_arg_number(NULL, 0));
  CHECK(brisk_arg_int(NULL, 0) == 0);
  CHECK(brisk_arg_truth(NULL, 0) == 0);
  STATUS(BRISK_NULL, brisk_arg_value(NULL, 0, &value));
  STATUS(BRISK_NULL, brisk_arg_text(NULL, 0, &t));
  CHECK(brisk_arg_object(NULL, 0, 1) == NULL);
  brisk_return_number(NULL, 1);
  STATUS(BRISK_NULL, brisk_return_value(NULL, one));
  STATUS(BRISK_NULL, brisk_return_text(NULL, "x", 1));
  STATUS(BRISK_NULL, brisk_call_error(NULL, "x", 1));
  STATUS(BRISK_NULL, brisk_call_exit(NULL, 1));
  STATUS(BRISK_NULL, brisk_call_pending(NULL, null, 0));
  STATUS(BRISK_NULL, brisk_call_state(NULL, &value));
  STATUS(BRISK_NULL, brisk_call_suspend(NULL, NULL, NULL, &token));
  STATUS(BRISK_NULL, brisk_token_complete(NULL, null));
  STATUS(BRISK_NULL, brisk_token_complete_text(NULL, "x", 1));
  STATUS(BRISK_NULL, brisk_token_fail(NULL, "x", 1));
  brisk_token_free(NULL);

  memset(&type, 0, sizeof type);
  type.struct_size = sizeof type;
  STATUS(BRISK_NULL, brisk_object_new(NULL, &type, NULL, null, 0, &value));
  STATUS(BRISK_NULL, brisk_object_new(vm, NULL, NULL, null, 0, &value));
  STATUS(BRISK_NULL, brisk_object_new(vm, &type, NULL, null, 0, NULL));
  STATUS(BRISK_NULL, brisk_object_data(NULL, one, 0, &data));
  STATUS(BRISK_NULL, brisk_object_close(NULL, one));
  STATUS(BRISK_NULL, brisk_weak_new(NULL, list, &weak));
  STATUS(BRISK_NULL, brisk_weak_new(vm, list, NULL));
  STATUS(BRISK_NULL, brisk_weak_get(vm, NULL, &value));
  STATUS(BRISK_NULL, brisk_weak_get(NULL, NULL, &value));
  brisk_weak_free(NULL);
  STATUS(BRISK_NULL, brisk_vm_charge(NULL, 1));
  stats.struct_size = sizeof stats;
  STATUS(BRISK_NULL, brisk_vm_stats(NULL, &stats));
  STATUS(BRISK_NULL, brisk_vm_stats(vm, NULL));
  STATUS(BRISK_NULL, brisk_vm_set_memory_max(NULL, 1));
  STATUS(BRISK_NULL, brisk_gc_collect(NULL));
  STATUS(BRISK_NULL, brisk_gc_step(NULL, 1, &flag));
  STATUS(BRISK_NULL, brisk_vm_set_importer(NULL, importer, NULL, NULL));
  STATUS(BRISK_NULL, brisk_import_source(NULL, "x", 1));
  STATUS(BRISK_NULL, brisk_import_program(NULL, program));
  STATUS(BRISK_NULL, brisk_repl_feed(NULL, "x", 1, &flag));
  STATUS(BRISK_NULL, brisk_repl_feed(vm, NULL, 1, &flag));
  STATUS(BRISK_NULL, brisk_repl_feed(vm, "x", 1, NULL));
  STATUS(BRISK_NULL, brisk_repl_result(NULL, &value));
  STATUS(BRISK_NULL, brisk_repl_reset(NULL));
  STATUS(BRISK_NULL, brisk_vm_state_hash(NULL, &u64));
  STATUS(BRISK_NULL, brisk_vm_state_hash(vm, NULL));

  RUN(vm, "x = 2");
  NUMBER(2, number_of(vm, "x"));
  brisk_program_free(program);
  brisk_vm_free(vm);
}

/* Values of another VM, of closed scopes, released twice, and made up. */
static void handles_of_others(void) {
  brisk_vm *vm = vm_with_output(NULL), *other = vm_with_output(NULL);
  brisk_value list, kept, again, value, made_up, foreign;
  brisk_text t;
  uint64_t scope, inner;
  size_t len;
  int32_t flag;
  unsigned i;
  OK(brisk_list_new(vm, 0, &list));
  STATUS(BRISK_WRONG_VM, brisk_list_len(other, list, &len));
  STATUS(BRISK_WRONG_VM, brisk_list_push(other, list, brisk_null()));
  STATUS(BRISK_WRONG_VM, brisk_value_text(other, list, &t));
  STATUS(BRISK_WRONG_VM, brisk_value_truth(other, list, &flag));
  STATUS(BRISK_WRONG_VM, brisk_value_retain(other, list, &value));
  STATUS(BRISK_WRONG_VM, brisk_value_release(other, list));
  STATUS(BRISK_WRONG_VM, brisk_global_set(other, slot(other, "x"), list));
  STATUS(BRISK_WRONG_VM, brisk_call_value(other, list, NULL, 0, NULL, NULL));
  OK(brisk_list_new(other, 0, &foreign));
  STATUS(BRISK_WRONG_VM, brisk_list_push(other, foreign, list));
  STATUS(BRISK_WRONG_VM, brisk_list_push(vm, list, foreign));
  STATUS(BRISK_WRONG_VM, brisk_value_equal(vm, list, foreign, &flag));
  /* Numbers and null belong to everybody. */
  OK(brisk_list_push(other, foreign, brisk_number(1)));

  OK(brisk_value_retain(vm, list, &kept));
  OK(brisk_value_retain(vm, list, &again));
  OK(brisk_value_release(vm, kept));
  STATUS(BRISK_STALE, brisk_value_release(vm, kept));
  STATUS(BRISK_STALE, brisk_list_len(vm, kept, &len));
  /* The place of the released one is used again, for something else; the old handle stays stale. */
  for (i = 0; i < 1000; i++) {
    OK(brisk_value_retain(vm, list, &value));
    STATUS(BRISK_STALE, brisk_list_len(vm, kept, &len));
    OK(brisk_value_release(vm, value));
  }
  OK(brisk_list_len(vm, again, &len));
  OK(brisk_value_release(vm, again));

  /* Scopes. */
  OK(brisk_scope_open(vm, &scope));
  value = string(vm, "text");
  OK(brisk_scope_open(vm, &inner));
  list = string(vm, "inner");
  /* The outer one closes the inner one too. */
  OK(brisk_scope_close(vm, scope));
  STATUS(BRISK_STALE, brisk_string_get(vm, value, &t));
  STATUS(BRISK_STALE, brisk_string_get(vm, list, &t));
  STATUS(BRISK_STALE, brisk_scope_close(vm, inner));
  STATUS(BRISK_STALE, brisk_scope_close(vm, scope));
  STATUS(BRISK_STALE, brisk_scope_close(vm, 0xDEADBEEF));
  for (i = 0; i < 1000; i++) {
    OK(brisk_scope_open(vm, &scope));
    (void)string(vm, "other");
    STATUS(BRISK_STALE, brisk_string_get(vm, value, &t));
    OK(brisk_scope_close(vm, scope));
  }
  /* Retaining what is stale. */
  STATUS(BRISK_STALE, brisk_value_retain(vm, value, &kept));

  /* Bits that are no value. */
  for (i = 0; i < 200; i++) {
    brisk_status status;
    memset(&made_up, 0, sizeof made_up);
    made_up.kind = (brisk_kind)(i % 9) - 1;
    made_up.owner = i % 3 == 0 ? value.owner : i * 2654435761u;
    made_up.as.handle = i % 5 == 0 ? i : (uint64_t)i * 0x9E3779B97F4A7C15u;
    status = brisk_value_text(vm, made_up, &t);
    CHECK(status == BRISK_OK ? made_up.kind == BRISK_KIND_NULL || made_up.kind == BRISK_KIND_NUMBER
                             : status == BRISK_STALE || status == BRISK_WRONG_VM || status == BRISK_ARGUMENT ||
                                   status == BRISK_TYPE);
  }
  /* A true handle with another kind written on it. */
  OK(brisk_list_new(vm, 0, &list));
  list.kind = BRISK_KIND_STRING;
  CHECK(brisk_string_get(vm, list, &t) != BRISK_OK);
  list.kind = BRISK_KIND_MAP;
  CHECK(brisk_map_len(vm, list, &len) != BRISK_OK);
  brisk_vm_free(other);
  RUN(vm, "x = 2");
  brisk_vm_free(vm);
}

static void wrong_kinds_and_ranges(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_value list, map, value;
  const brisk_value one = brisk_number(1);
  brisk_text t;
  brisk_budget budget;
  brisk_outcome outcome;
  brisk_object_type type;
  brisk_config config;
  brisk_stats stats;
  brisk_program *program = NULL;
  brisk_error *error = NULL;
  brisk_weak *weak = NULL;
  uint64_t cursor = 0;
  uint32_t nowhere = 0;
  size_t len;
  double number = 0;
  void *data;
  OK(brisk_list_new(vm, 0, &list));
  OK(brisk_map_new(vm, &map));
  STATUS(BRISK_TYPE, brisk_string_get(vm, list, &t));
  STATUS(BRISK_TYPE, brisk_list_len(vm, map, &len));
  STATUS(BRISK_TYPE, brisk_list_get(vm, one, 0, &value));
  STATUS(BRISK_TYPE, brisk_list_set(vm, map, 0, one));
  STATUS(BRISK_TYPE, brisk_list_push(vm, brisk_null(), one));
  STATUS(BRISK_TYPE, brisk_list_resize(vm, map, 1));
  STATUS(BRISK_TYPE, brisk_list_read_numbers(vm, map, 0, &number, 1, &len));
  STATUS(BRISK_TYPE, brisk_list_write_numbers(vm, map, 0, &number, 1));
  STATUS(BRISK_TYPE, brisk_map_len(vm, list, &len));
  STATUS(BRISK_TYPE, brisk_map_get(vm, list, one, &value));
  STATUS(BRISK_TYPE, brisk_map_set(vm, list, one, one));
  STATUS(BRISK_TYPE, brisk_map_get_name(vm, one, "x", 1, &value));
  STATUS(BRISK_TYPE, brisk_map_set_name(vm, one, "x", 1, one));
  STATUS(BRISK_TYPE, brisk_map_remove(vm, list, one));
  STATUS(BRISK_TYPE, brisk_map_next(vm, list, &cursor, &value, &value));
  STATUS(BRISK_TYPE, brisk_call_value(vm, list, NULL, 0, NULL, NULL));
  STATUS(BRISK_TYPE, brisk_vm_start(vm, map, NULL, 0));
  STATUS(BRISK_TYPE, brisk_object_data(vm, map, 1, &data));
  STATUS(BRISK_TYPE, brisk_object_close(vm, list));
  STATUS(BRISK_TYPE, brisk_weak_new(vm, one, &weak));

  /* Too large. */
  CHECK(brisk_list_resize(vm, list, SIZE_MAX) != BRISK_OK);
  CHECK(brisk_list_resize(vm, list, 20000000) != BRISK_OK);
  CHECK(brisk_list_write_numbers(vm, list, SIZE_MAX - 1, &number, 1) != BRISK_OK);
  CHECK(brisk_list_new(vm, SIZE_MAX, &value) != BRISK_OK);
  OK(brisk_list_read_numbers(vm, list, SIZE_MAX, &number, 1, &len));
  CHECK(len == 0);
  CHECK(brisk_vm_charge(vm, INT64_MAX) != BRISK_OK);
  (void)brisk_vm_charge(vm, INT64_MIN);
  CHECK(brisk_global_get(vm, 1000000, &value) != BRISK_OK);
  CHECK(brisk_global_set(vm, 1000000, one) != BRISK_OK);
  CHECK(brisk_global_remove(vm, UINT32_MAX) != BRISK_OK);
  CHECK(brisk_call_global(vm, UINT32_MAX, NULL, 0, NULL, NULL) != BRISK_OK);
  STATUS(BRISK_UTF8, brisk_global_find(vm, "\xFF", 1, &nowhere));
  STATUS(BRISK_UTF8, brisk_map_set_name(vm, map, "\xFF", 1, one));
  cursor = UINT64_MAX;
  CHECK(brisk_map_next(vm, map, &cursor, &value, &value) != BRISK_OK);

  /* struct_size of no version. */
  memset(&type, 0, sizeof type);
  STATUS(BRISK_ARGUMENT, brisk_object_new(vm, &type, NULL, brisk_null(), 0, &value));
  type.struct_size = sizeof type;
  STATUS(BRISK_TYPE, brisk_object_new(vm, &type, NULL, list, 0, &value));
  STATUS(BRISK_ARGUMENT, brisk_config_init(&config, 0));
  STATUS(BRISK_ARGUMENT, brisk_config_init(&config, 3));
  memset(&config, 0, sizeof config);
  {
    brisk_vm *none = NULL;
    STATUS(BRISK_ARGUMENT, brisk_vm_new(&config, &none));
    OK(brisk_config_init(&config, sizeof config));
    config.jit = 77;
    STATUS(BRISK_ARGUMENT, brisk_vm_new(&config, &none));
    OK(brisk_config_init(&config, sizeof config));
    config.dialect = 0;
    STATUS(BRISK_ARGUMENT, brisk_vm_new(&config, &none));
    CHECK(none == NULL);
  }
  memset(&stats, 0, sizeof stats);
  STATUS(BRISK_ARGUMENT, brisk_vm_stats(vm, &stats));

  /* Texts that are not UTF-8. */
  STATUS(BRISK_UTF8, brisk_program_compile("x = \"\xFF\"", 7, no_text(), BRISK_DIALECT_V1, &program, NULL));
  STATUS(BRISK_UTF8, brisk_program_compile("x", 1, text("\xFF"), BRISK_DIALECT_V1, &program, NULL));
  STATUS(BRISK_ARGUMENT, brisk_program_compile("x", 1, no_text(), 9, &program, NULL));
  STATUS(BRISK_UTF8, brisk_register(vm, text("\xFF"), NULL, 0, native_noop, NULL, NULL, NULL));
  CHECK(program == NULL);
  STATUS(BRISK_BYTECODE, brisk_program_load((const uint8_t *)"nonsense", 8, &program, &error));
  brisk_error_free(error);

  /* Budgets of strange numbers. */
  load(vm, "while true\nend while");
  budget.fuel = 1000;
  budget.seconds = (double)NAN;
  OK(brisk_vm_run(vm, &budget, &outcome));
  CHECK(outcome.kind == BRISK_BUDGET_SPENT);
  budget.seconds = -1;
  OK(brisk_vm_run(vm, &budget, &outcome));
  CHECK(outcome.kind == BRISK_BUDGET_SPENT);
  budget.seconds = (double)INFINITY;
  OK(brisk_vm_run(vm, &budget, &outcome));
  CHECK(outcome.kind == BRISK_BUDGET_SPENT);
  budget.fuel = UINT64_MAX;
  budget.seconds = 1e-300;
  OK(brisk_vm_run(vm, &budget, &outcome));
  CHECK(outcome.kind == BRISK_BUDGET_SPENT);
  RUN(vm, "x = 2");
  brisk_vm_free(vm);
}

/* Inside a native: the VM is busy, and must not be freed under it. */
static brisk_vm *other_vm;
static brisk_call *old_call;
static brisk_value old_value;
static int freed_destroyed;

static brisk_status native_meddle(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_program *program = compile("x = 1");
  brisk_outcome outcome;
  brisk_value value = brisk_null(), foreign;
  brisk_text t;
  int32_t flag;
  (void)user;
  STATUS(BRISK_BUSY, brisk_vm_run(vm, NULL, &outcome));
  STATUS(BRISK_BUSY, brisk_vm_load(vm, program));
  STATUS(BRISK_BUSY, brisk_vm_stop(vm));
  STATUS(BRISK_BUSY, brisk_repl_feed(vm, "x", 1, &flag));
  CHECK(brisk_vm_is_finished(vm) == 0);
  /* Arguments that are not there. */
  OK(brisk_arg_value(call, 99, &value));
  CHECK(value.kind == BRISK_KIND_NULL);
  NUMBER(0, brisk_arg_number(call, 99));
  CHECK(brisk_arg_object(call, 99, 0) == NULL);
  (void)brisk_arg_text(call, SIZE_MAX, &t);
  /* Results of others. */
  OK(brisk_list_new(other_vm, 0, &foreign));
  STATUS(BRISK_WRONG_VM, brisk_return_value(call, foreign));
  STATUS(BRISK_UTF8, brisk_return_text(call, "\xFF", 1));
  /* Another VM runs meanwhile. */
  OK(brisk_vm_load(other_vm, program));
  OK(brisk_vm_run(other_vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  old_call = call;
  OK(brisk_list_new(vm, 0, &old_value));
  brisk_program_free(program);
  return BRISK_OK;
}

static brisk_status native_free(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_value value = brisk_null();
  (void)user;
  brisk_vm_free(vm);
  /* It is still there until the run returns. */
  OK(brisk_list_new(vm, 0, &value));
  CHECK(freed_destroyed == 0);
  return brisk_return_value(call, value);
}

static void count_freed(void *user) {
  (void)user;
  freed_destroyed++;
}

static void inside_natives(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_param x = param("x", brisk_null());
  brisk_outcome outcome;
  size_t len;
  other_vm = vm_with_output(NULL);
  OK(brisk_register(vm, text("meddle"), &x, 1, native_meddle, NULL, NULL, NULL));
  RUN(vm, "meddle 1\ny = 3");
  NUMBER(3, number_of(vm, "y"));
  /* Handles of a native are gone with it. */
  STATUS(BRISK_STALE, brisk_list_len(vm, old_value, &len));
  brisk_vm_free(vm);
  brisk_vm_free(other_vm);

  /* Freed inside one of its natives: when the run returns, and the run says so somehow. */
  vm = vm_with_output(NULL);
  OK(brisk_register(vm, text("free"), NULL, 0, native_free, NULL, count_freed, NULL));
  load(vm, "x = free\ny = 1");
  (void)brisk_vm_run(vm, NULL, &outcome);
  CHECK(freed_destroyed == 1);
}

/* Two natives of one name, natives named as intrinsics, parameters twice. */
static brisk_status native_second(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)user;
  brisk_return_number(call, 2);
  return BRISK_OK;
}

static void registering(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_status status;
  OK(brisk_register(vm, text("twice"), NULL, 0, native_noop, NULL, NULL, NULL));
  status = brisk_register(vm, text("twice"), NULL, 0, native_second, NULL, NULL, NULL);
  CHECK(status == BRISK_OK || status == BRISK_ARGUMENT);
  RUN(vm, "x = twice");
  status = brisk_register(vm, text("len"), NULL, 0, native_second, NULL, NULL, NULL);
  CHECK(status == BRISK_OK || status == BRISK_ARGUMENT);
  RUN(vm, "y = len");
  status = brisk_register(vm, text("not a name"), NULL, 0, native_second, NULL, NULL, NULL);
  CHECK(status == BRISK_OK || status == BRISK_ARGUMENT);
  /* While a script is in the middle of something. */
  CHECK(run(vm, "yield\nz = late").kind == BRISK_YIELDED);
  status = brisk_register(vm, text("late"), NULL, 0, native_second, NULL, NULL, NULL);
  CHECK(status == BRISK_OK || status == BRISK_BUSY);
  OK(brisk_vm_run(vm, NULL, NULL));
  if (status == BRISK_OK) NUMBER(2, number_of(vm, "z"));
  brisk_vm_free(vm);
}

int main(void) {
  nulls();
  handles_of_others();
  wrong_kinds_and_ranges();
  inside_natives();
  registering();
  return checks_done("misuse");
}
