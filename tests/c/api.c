/* Every function of the header at least once, with what it has to do. */
#include "check.h"

static void versions(void) {
  CHECK(brisk_version_number() == BRISK_VERSION_NUMBER);
  CHECK(BRISK_VERSION_NUMBER == BRISK_VERSION_MAJOR * 10000 + BRISK_VERSION_MINOR * 100 + BRISK_VERSION_PATCH);
  CHECK(brisk_abi() == BRISK_ABI);
  {
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", BRISK_VERSION_MAJOR, BRISK_VERSION_MINOR, BRISK_VERSION_PATCH);
    CHECK(strcmp(brisk_version(), expected) == 0);
  }
}

static void programs(void) {
  brisk_program *program = NULL, *copy, *loaded = NULL;
  brisk_error *error = NULL;
  uint8_t *bytes = NULL;
  size_t len = 0;
  int strip;
  const char *source = "x = 6 * 7\nprint x";
  OK(brisk_program_compile(source, strlen(source), text("six.ms"), BRISK_DIALECT_V1, &program, &error));
  CHECK(program != NULL);
  CHECK(error == NULL);
  copy = brisk_program_clone(program);
  CHECK(copy != NULL);
  brisk_program_free(program);
  for (strip = 0; strip < 2; strip++) {
    const brisk_status status = brisk_program_save(copy, strip, &bytes, &len);
    if (status == BRISK_UNSUPPORTED) continue;
    STATUS(BRISK_OK, status);
    CHECK(len > 8);
    OK(brisk_program_load(bytes, len, &loaded, &error));
    {
      output printed;
      brisk_vm *vm = vm_with_output(&printed);
      brisk_outcome outcome;
      OK(brisk_vm_load(vm, loaded));
      OK(brisk_vm_run(vm, NULL, &outcome));
      CHECK(outcome.kind == BRISK_FINISHED);
      CHECK(strcmp(printed.data, "42\n") == 0);
      brisk_vm_free(vm);
    }
    brisk_program_free(loaded);
    /* Every prefix is refused, and so is another byte here and there. */
    {
      size_t cut;
      for (cut = 0; cut < len; cut += 1 + len / 50) {
        loaded = NULL;
        error = NULL;
        STATUS(BRISK_BYTECODE, brisk_program_load(bytes, cut, &loaded, &error));
        CHECK(loaded == NULL);
        brisk_error_free(error);
      }
      for (cut = 0; cut < len; cut += 1 + len / 50) {
        bytes[cut] ^= 0x55;
        loaded = NULL;
        /* It may still be a program: then it runs, or fails, without harm. */
        if (brisk_program_load(bytes, len, &loaded, NULL) == BRISK_OK) {
          brisk_vm *vm = vm_with_output(NULL);
          brisk_budget budget = fuel(100000);
          OK(brisk_vm_load(vm, loaded));
          OK(brisk_vm_run(vm, &budget, NULL));
          brisk_vm_free(vm);
        }
        brisk_program_free(loaded);
        bytes[cut] ^= 0x55;
      }
      loaded = NULL;
      error = NULL;
    }
    brisk_bytes_free(bytes, len);
  }
  brisk_program_free(copy);
  /* An empty text is a program, also without a pointer to it. */
  OK(brisk_program_compile("", 0, no_text(), BRISK_DIALECT_V1, &program, NULL));
  brisk_program_free(program);
  STATUS(BRISK_UNSUPPORTED, brisk_program_compile("", 0, no_text(), BRISK_DIALECT_V2, &program, NULL));
}

/* An allocator that counts. */
typedef struct counter {
  size_t live, bytes, calls;
} counter;

static void *counted_allocate(void *user, size_t size, size_t align) {
  counter *c = (counter *)user;
  void *memory = NULL;
  CHECK(align != 0 && (align & (align - 1)) == 0);
  if (posix_memalign(&memory, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1) != 0) return NULL;
  c->live++;
  c->calls++;
  c->bytes += size;
  return memory;
}

static void counted_release(void *user, void *memory, size_t size, size_t align) {
  counter *c = (counter *)user;
  (void)align;
  c->live--;
  c->bytes -= size;
  free(memory);
}

static double fixed_clock(void *user) { return *(double *)user; }

static size_t soft_calls;
static void on_soft(void *user, size_t used, size_t limit) {
  CHECK(user == (void *)&soft_calls);
  CHECK(used > limit || used >= limit);
  soft_calls++;
}

static void configs(void) {
  brisk_config config = defaults();
  brisk_vm *vm = NULL;
  counter count = {0, 0, 0};
  double clock_now = 10;
  brisk_outcome outcome;
  int data;
  CHECK(config.struct_size == sizeof config);
  CHECK(config.dialect == BRISK_DIALECT_V1);
  CHECK(config.jit == BRISK_JIT_AUTO);
  CHECK(config.memory_bytes_max == (size_t)1 << 30);
  CHECK(config.memory_bytes_soft == 0);
  CHECK(config.code_bytes_max == (size_t)16 << 20);
  CHECK(config.call_depth_max == 100000);
  CHECK(config.allocate == NULL && config.release == NULL && config.output == NULL && config.clock == NULL);

  OK(brisk_vm_new(NULL, &vm));
  CHECK(vm != NULL);
  CHECK(brisk_vm_host_data(vm) == NULL);
  RUN(vm, "x = 1");
  brisk_vm_free(vm);

  config.host_data = &data;
  config.allocate = counted_allocate;
  config.release = counted_release;
  config.allocator_user = &count;
  config.clock = fixed_clock;
  config.clock_user = &clock_now;
  config.memory_bytes_soft = 1 << 20;
  config.soft_limit = on_soft;
  config.soft_limit_user = &soft_calls;
  config.memory_bytes_max = 64 << 20;
  OK(brisk_vm_new(&config, &vm));
  CHECK(brisk_vm_host_data(vm) == &data);
  RUN(vm, "l = []\nfor i in range(1, 100)\nl.push \"text \" + i\nend for\nt = time");
  CHECK(count.calls > 0);
  CHECK(count.live > 0);
  CHECK(soft_calls == 0);
  /* wait: the outcome says until when, on the VM's clock. */
  outcome = run(vm, "wait 5\ndone = 1");
  CHECK(outcome.kind == BRISK_WAITING);
  NUMBER(15, outcome.wake);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_WAITING);
  clock_now = 15.5;
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  RUN(vm, "big = range(1, 300000)");
  CHECK(soft_calls == 1);
  RUN(vm, "big = null");
  OK(brisk_gc_collect(vm));
  RUN(vm, "big = range(1, 300000)");
  CHECK(soft_calls == 2);
  brisk_vm_free(vm);
  CHECK(count.live == 0);
  CHECK(count.bytes == 0);

  /* Only half of an allocator; a budget of memory that cannot hold a VM. */
  config = defaults();
  config.allocate = counted_allocate;
  vm = NULL;
  STATUS(BRISK_ARGUMENT, brisk_vm_new(&config, &vm));
  CHECK(vm == NULL);
  config = defaults();
  config.dialect = BRISK_DIALECT_V2;
  STATUS(BRISK_UNSUPPORTED, brisk_vm_new(&config, &vm));

  /* Machine code: off, or whatever is there. */
  config = defaults();
  config.jit = BRISK_JIT_OFF;
  OK(brisk_vm_new(&config, &vm));
  CHECK(brisk_vm_jit_status(vm) == BRISK_JIT_DISABLED || brisk_vm_jit_status(vm) == BRISK_JIT_NOT_BUILT);
  RUN(vm, "s = 0\nfor i in range(1, 1000)\ns = s + i\nend for");
  NUMBER(500500, number_of(vm, "s"));
  brisk_vm_free(vm);
  config.jit = BRISK_JIT_REQUIRE;
  {
    const brisk_status status = brisk_vm_new(&config, &vm);
    CHECK(status == BRISK_OK || status == BRISK_UNSUPPORTED);
    if (status == BRISK_OK) {
      CHECK(brisk_vm_jit_status(vm) == BRISK_JIT_AVAILABLE);
      brisk_vm_free(vm);
    }
  }
  config.jit = BRISK_JIT_EAGER;
  vm = NULL;
  OK(brisk_vm_new(&config, &vm));
  RUN(vm, "s = 0\nfor i in range(1, 1000)\ns = s + i\nend for");
  NUMBER(500500, number_of(vm, "s"));
  brisk_vm_free(vm);
}

static void running(void) {
  output printed;
  brisk_vm *vm = vm_with_output(&printed);
  brisk_outcome outcome;
  brisk_budget budget = fuel(1000);
  brisk_value value;
  uint64_t used = 0;
  int slices = 0;
  CHECK(brisk_vm_is_finished(vm) == 1);
  load(vm, "n = 0\nwhile n < 10000\n  n = n + 1\nend while\nprint n");
  CHECK(brisk_vm_is_finished(vm) == 0);
  do {
    OK(brisk_vm_run(vm, &budget, &outcome));
    CHECK(outcome.kind == BRISK_BUDGET_SPENT || outcome.kind == BRISK_FINISHED);
    CHECK(outcome.fuel_used > 0);
    /* Fuel is paid at loops and calls, so a slice may go a little over. */
    CHECK(outcome.fuel_used < 1200);
    used += outcome.fuel_used;
    slices++;
  } while (outcome.kind == BRISK_BUDGET_SPENT && slices < 1000);
  CHECK(slices > 3);
  CHECK(brisk_vm_is_finished(vm) == 1);
  CHECK(strcmp(printed.data, "10000\n") == 0);
  CHECK(used > 10000);
  /* Nothing to run is finished. */
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  /* The outcome may be left out. */
  load(vm, "n = n + 1");
  OK(brisk_vm_run(vm, NULL, NULL));
  NUMBER(10001, number_of(vm, "n"));
  /* Time. */
  budget.fuel = UINT64_MAX;
  budget.seconds = 0.001;
  load(vm, "while true\nend while");
  OK(brisk_vm_run(vm, &budget, &outcome));
  CHECK(outcome.kind == BRISK_BUDGET_SPENT);
  OK(brisk_vm_stop(vm));
  CHECK(brisk_vm_is_finished(vm) == 1);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  /* No fuel: nothing happens, and the VM is as it was. */
  budget = fuel(0);
  load(vm, "for i in [1, 2, 3]\nn = i\nend for");
  OK(brisk_vm_run(vm, &budget, &outcome));
  CHECK(outcome.kind == BRISK_BUDGET_SPENT);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  NUMBER(3, number_of(vm, "n"));
  /* yield, exit, result. */
  outcome = run(vm, "yield\nyield");
  CHECK(outcome.kind == BRISK_YIELDED);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_YIELDED);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  RUN(vm, "f = function(a, b=4)\n  yield\n  return a * b\nend function");
  {
    brisk_value args[2];
    args[0] = brisk_number(6);
    args[1] = brisk_number(7);
    OK(brisk_vm_start(vm, global(vm, "f"), args, 2));
    CHECK(brisk_vm_is_finished(vm) == 0);
    OK(brisk_vm_run(vm, NULL, &outcome));
    CHECK(outcome.kind == BRISK_YIELDED);
    OK(brisk_vm_run(vm, NULL, &outcome));
    CHECK(outcome.kind == BRISK_FINISHED);
    OK(brisk_vm_result(vm, &value));
    CHECK(value.kind == BRISK_KIND_NUMBER);
    NUMBER(42, value.as.number);
    /* What is called synchronously cannot suspend. */
    STATUS(BRISK_SCRIPT, brisk_call_value(vm, global(vm, "f"), args, 1, NULL, &value));
    RUN(vm, "f = function(a, b=4)\n  return a * b\nend function");
    OK(brisk_call_value(vm, global(vm, "f"), args, 1, NULL, &value));
    NUMBER(24, value.as.number);
    OK(brisk_call_global(vm, slot(vm, "f"), args, 2, NULL, &value));
    NUMBER(42, value.as.number);
    OK(brisk_call_global(vm, slot(vm, "f"), args, 2, NULL, NULL));
  }
  RUN(vm, "forever = function\n  while true\n  end while\nend function");
  budget = fuel(5000);
  STATUS(BRISK_LIMIT, brisk_call_global(vm, slot(vm, "forever"), NULL, 0, &budget, &value));
  RUN(vm, "n = 5");
  /* A virtual clock. */
  OK(brisk_vm_set_time(vm, 100));
  outcome = run(vm, "wait 2\nt = time");
  CHECK(outcome.kind == BRISK_WAITING);
  NUMBER(102, outcome.wake);
  OK(brisk_vm_set_time(vm, 102));
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  /* The stack of a VM in the middle of something. */
  outcome = run(vm, "g = function\n  yield\nend function\nh = function\n  g\nend function\nh");
  CHECK(outcome.kind == BRISK_YIELDED);
  {
    brisk_error *stack = NULL;
    brisk_frame frame;
    OK(brisk_vm_stack(vm, &stack));
    CHECK(brisk_error_frame_count(stack) == 3);
    OK(brisk_error_frame(stack, 0, &frame));
    TEXT("g", frame.function);
    /* Where it goes on. */
    CHECK(frame.line == 2 || frame.line == 3);
    OK(brisk_error_frame(stack, 1, &frame));
    TEXT("h", frame.function);
    CHECK(frame.line == 5);
    OK(brisk_error_frame(stack, 2, &frame));
    CHECK(frame.line == 7);
    STATUS(BRISK_NOT_FOUND, brisk_error_frame(stack, 3, &frame));
    brisk_error_free(stack);
  }
  brisk_vm_free(vm);
}

static void values(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_value value, other, list, map, key;
  brisk_text t;
  uint64_t scope, inner, cursor = 0;
  int32_t flag = 7;
  size_t len = 0, read = 0;
  double numbers[6] = {1, 2, 3, 4, 5, 6};
  const uint64_t before = handles(vm);
  CHECK(sizeof(brisk_value) == 16);
  CHECK(brisk_null().kind == BRISK_KIND_NULL);
  CHECK(brisk_number(2.5).kind == BRISK_KIND_NUMBER);
  NUMBER(2.5, brisk_number(2.5).as.number);

  OK(brisk_scope_open(vm, &scope));
  value = string(vm, "h\xC3\xA9llo");
  CHECK(value.kind == BRISK_KIND_STRING);
  OK(brisk_string_get(vm, value, &t));
  TEXT("h\xC3\xA9llo", t);
  OK(brisk_string_new(vm, "a\0b", 3, &other));
  OK(brisk_string_get(vm, other, &t));
  CHECK(t.len == 3 && memcmp(t.data, "a\0b", 3) == 0);
  OK(brisk_string_new(vm, NULL, 0, &other));
  OK(brisk_string_get(vm, other, &t));
  TEXT("", t);
  STATUS(BRISK_UTF8, brisk_string_new(vm, "\xC3(", 2, &other));
  STATUS(BRISK_UTF8, brisk_string_new(vm, "\xED\xA0\x80", 3, &other));
  STATUS(BRISK_TYPE, brisk_string_get(vm, brisk_number(1), &t));
  TEXT("0.333333", shown(vm, brisk_number(1.0 / 3)));
  TEXT("null", shown(vm, brisk_null()));
  OK(brisk_value_truth(vm, brisk_number(0), &flag));
  CHECK(flag == 0);
  OK(brisk_value_truth(vm, value, &flag));
  CHECK(flag == 1);
  OK(brisk_value_equal(vm, value, string(vm, "h\xC3\xA9llo"), &flag));
  CHECK(flag == 1);
  OK(brisk_value_equal(vm, value, brisk_number(1), &flag));
  CHECK(flag == 0);

  OK(brisk_list_new(vm, 4, &list));
  CHECK(list.kind == BRISK_KIND_LIST);
  OK(brisk_list_push(vm, list, brisk_number(10)));
  OK(brisk_list_push(vm, list, value));
  OK(brisk_list_len(vm, list, &len));
  CHECK(len == 2);
  OK(brisk_list_get(vm, list, 1, &other));
  CHECK(other.kind == BRISK_KIND_STRING);
  STATUS(BRISK_NOT_FOUND, brisk_list_get(vm, list, 2, &other));
  STATUS(BRISK_NOT_FOUND, brisk_list_set(vm, list, 2, brisk_null()));
  OK(brisk_list_set(vm, list, 0, brisk_number(11)));
  OK(brisk_list_resize(vm, list, 4));
  OK(brisk_list_get(vm, list, 3, &other));
  CHECK(other.kind == BRISK_KIND_NULL);
  TEXT("[11, \"h\xC3\xA9llo\", null, null]", shown(vm, list));
  OK(brisk_list_resize(vm, list, 1));
  OK(brisk_list_write_numbers(vm, list, 1, numbers, 6));
  OK(brisk_list_len(vm, list, &len));
  CHECK(len == 7);
  OK(brisk_list_set(vm, list, 3, value));
  memset(numbers, 0, sizeof numbers);
  OK(brisk_list_read_numbers(vm, list, 2, numbers, 6, &read));
  CHECK(read == 5);
  NUMBER(2, numbers[0]);
  NUMBER(0, numbers[1]);
  NUMBER(4, numbers[2]);
  NUMBER(6, numbers[4]);
  OK(brisk_list_read_numbers(vm, list, 7, numbers, 6, &read));
  CHECK(read == 0);

  OK(brisk_map_new(vm, &map));
  CHECK(map.kind == BRISK_KIND_MAP);
  OK(brisk_map_set(vm, map, brisk_number(1), string(vm, "one")));
  OK(brisk_map_set_name(vm, map, "two", 3, brisk_number(2)));
  OK(brisk_map_set(vm, map, string(vm, "three"), list));
  OK(brisk_map_len(vm, map, &len));
  CHECK(len == 3);
  OK(brisk_map_get(vm, map, string(vm, "two"), &other));
  NUMBER(2, other.as.number);
  OK(brisk_map_get_name(vm, map, "three", 5, &other));
  OK(brisk_value_equal(vm, other, list, &flag));
  CHECK(flag == 1);
  STATUS(BRISK_NOT_FOUND, brisk_map_get_name(vm, map, "four", 4, &other));
  STATUS(BRISK_NOT_FOUND, brisk_map_get(vm, map, brisk_number(4), &other));
  /* In the order of insertion. */
  OK(brisk_map_next(vm, map, &cursor, &key, &other));
  NUMBER(1, key.as.number);
  OK(brisk_map_next(vm, map, &cursor, &key, &other));
  TEXT("two", shown(vm, key));
  OK(brisk_map_next(vm, map, &cursor, &key, &other));
  TEXT("three", shown(vm, key));
  STATUS(BRISK_NOT_FOUND, brisk_map_next(vm, map, &cursor, &key, &other));
  OK(brisk_map_remove(vm, map, brisk_number(1)));
  STATUS(BRISK_NOT_FOUND, brisk_map_remove(vm, map, brisk_number(1)));
  OK(brisk_map_len(vm, map, &len));
  CHECK(len == 2);

  /* Kept values outlive their scope; the others do not. */
  OK(brisk_value_retain(vm, list, &other));
  OK(brisk_scope_open(vm, &inner));
  value = string(vm, "inside");
  CHECK(handles(vm) > before);
  OK(brisk_scope_close(vm, inner));
  STATUS(BRISK_STALE, brisk_string_get(vm, value, &t));
  OK(brisk_scope_close(vm, scope));
  STATUS(BRISK_STALE, brisk_list_len(vm, list, &len));
  OK(brisk_gc_collect(vm));
  OK(brisk_list_len(vm, other, &len));
  CHECK(len == 7);
  OK(brisk_value_release(vm, other));
  STATUS(BRISK_STALE, brisk_list_len(vm, other, &len));
  CHECK(handles(vm) == before);
  /* Numbers and null are no handles: keeping them is free. */
  OK(brisk_value_retain(vm, brisk_number(3), &other));
  NUMBER(3, other.as.number);
  OK(brisk_value_release(vm, other));
  brisk_vm_free(vm);
}

static void globals(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_value value, map, key;
  uint64_t cursor = 0;
  size_t len = 0;
  const uint32_t x = slot(vm, "x");
  STATUS(BRISK_NOT_FOUND, brisk_global_get(vm, x, &value));
  OK(brisk_global_set(vm, x, brisk_number(20)));
  RUN(vm, "y = x + 1\nx = \"new\"");
  CHECK(slot(vm, "x") == x);
  TEXT("new", shown(vm, global(vm, "x")));
  NUMBER(21, number_of(vm, "y"));
  OK(brisk_globals(vm, &map));
  CHECK(map.kind == BRISK_KIND_MAP);
  OK(brisk_map_len(vm, map, &len));
  CHECK(len == 2);
  while (brisk_map_next(vm, map, &cursor, &key, &value) == BRISK_OK) CHECK(key.kind == BRISK_KIND_STRING);
  /* The map is live. */
  OK(brisk_map_set_name(vm, map, "z", 1, brisk_number(5)));
  RUN(vm, "z = z + 1");
  NUMBER(6, number_of(vm, "z"));
  OK(brisk_global_remove(vm, x));
  STATUS(BRISK_NOT_FOUND, brisk_global_get(vm, x, &value));
  STATUS(BRISK_NOT_FOUND, brisk_global_remove(vm, x));
  CHECK(run(vm, "print x").kind == BRISK_FAILED);
  OK(brisk_global_set(vm, x, brisk_number(1)));
  RUN(vm, "y = x");
  NUMBER(1, number_of(vm, "y"));
  brisk_vm_free(vm);
}

/* Natives. */

static int destroyed;
static void count_destroyed(void *user) { *(int *)user += 1; }

static brisk_status native_describe(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_text t = no_text();
  brisk_value value;
  char line[128];
  int len;
  CHECK(user == (void *)&destroyed);
  CHECK(vm != NULL);
  CHECK(brisk_arg_count(call) == 4);
  OK(brisk_arg_value(call, 1, &value));
  OK(brisk_arg_text(call, 1, &t));
  len = snprintf(line, sizeof line, "%g %.*s/%d %d %d %d", brisk_arg_number(call, 0), (int)t.len, t.data,
                 (int)value.kind, (int)brisk_arg_int(call, 2), (int)brisk_arg_truth(call, 3),
                 (int)brisk_arg_number(call, 1));
  CHECK(brisk_arg_object(call, 0, 1) == NULL);
  return brisk_return_text(call, line, (size_t)len);
}

static brisk_status native_nothing(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)call;
  (void)user;
  return BRISK_OK;
}

static brisk_status native_both(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_value list, value;
  (void)user;
  OK(brisk_list_new(vm, 2, &list));
  OK(brisk_arg_value(call, 0, &value));
  OK(brisk_list_push(vm, list, value));
  OK(brisk_list_push(vm, list, value));
  return brisk_return_value(call, list);
}

static brisk_status native_add(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)user;
  brisk_return_number(call, brisk_arg_number(call, 0) + brisk_arg_number(call, 1));
  return BRISK_OK;
}

static brisk_status native_fail(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)user;
  return brisk_call_error(call, "no such door", 12);
}

static brisk_status native_status(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)user;
  return (brisk_status)brisk_arg_int(call, 0);
}

static brisk_status native_quit(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)user;
  return brisk_call_exit(call, brisk_arg_int(call, 0));
}

static brisk_status native_pause(brisk_vm *vm, brisk_call *call, void *user) {
  (void)vm;
  (void)call;
  (void)user;
  return BRISK_YIELD;
}

static double square(double x, void *user) {
  *(int *)user += 0;
  return x * x;
}
static double weigh(double x, double y, void *user) {
  (void)user;
  return x + 10 * y;
}

static void natives(void) {
  output printed;
  brisk_vm *vm = vm_with_output(&printed);
  brisk_param params[4];
  brisk_value value;
  brisk_outcome outcome;
  destroyed = 0;
  params[0] = param("x", brisk_null());
  params[1] = param("s", string(vm, "none"));
  params[2] = param("n", brisk_number(7));
  params[3] = param("b", brisk_null());
  OK(brisk_register(vm, text("describe"), params, 4, native_describe, &destroyed, count_destroyed, &value));
  CHECK(value.kind == BRISK_KIND_FUNCTION);
  RUN(vm, "print describe(1.5)\nprint describe(\"a\", 12, 1e20, \"t\")\nprint describe(1, null, 3.9)");
  CHECK(strcmp(printed.data, "1.5 none/2 7 0 0\n0 12/1 2147483647 1 12\n1 /0 3 0 0\n") == 0);
  CHECK(run(vm, "describe 1, 2, 3, 4, 5").kind == BRISK_FAILED);
  OK(brisk_register(vm, text("nothing"), NULL, 0, native_nothing, NULL, NULL, NULL));
  OK(brisk_register(vm, text("both"), params, 1, native_both, NULL, NULL, NULL));
  OK(brisk_register(vm, text("fail"), NULL, 0, native_fail, NULL, NULL, NULL));
  OK(brisk_register(vm, text("quit"), params, 1, native_quit, NULL, NULL, NULL));
  OK(brisk_register(vm, text("pause"), NULL, 0, native_pause, NULL, NULL, NULL));
  OK(brisk_register(vm, text("status"), params, 1, native_status, NULL, NULL, NULL));
  /* Without a name: only as a value. */
  params[1] = param("y", brisk_number(2));
  OK(brisk_register(vm, no_text(), params, 2, native_add, &destroyed, count_destroyed, &value));
  OK(brisk_global_set(vm, slot(vm, "plus"), value));
  OK(brisk_register_number1(vm, text("square"), text("x"), square, &destroyed, count_destroyed));
  OK(brisk_register_number2(vm, text("weigh"), text("x"), text("y"), weigh, &destroyed, count_destroyed));
  printed.len = 0;
  RUN(vm, "print nothing\nprint both(\"v\")\nprint plus(3)\nprint plus(3, 4)\nprint square(5)\nprint weigh(1, 2)\n"
          "print square(\"text\")\nprint square\nprint weigh(3)");
  printed.data[printed.len] = 0;
  CHECK(strcmp(printed.data, "null\n[\"v\", \"v\"]\n5\n7\n25\n21\n0\n0\n3\n") == 0);
  /* Hot loops, so that machine code calls them too. */
  RUN(vm, "s = 0\nfor i in range(1, 20000)\n  s = s + square(i) + weigh(i, 1) - plus(i, 1)\nend for");
  {
    double expected = 0;
    int i;
    for (i = 1; i <= 20000; i++) expected = expected + (double)i * i + (i + 10.0) - (i + 1.0);
    NUMBER(expected, number_of(vm, "s"));
  }
  outcome = run(vm, "x = 1\nfail\nx = 2");
  CHECK(outcome.kind == BRISK_FAILED);
  NUMBER(1, number_of(vm, "x"));
  TEXT("no such door", brisk_error_message(brisk_vm_error(vm)));
  CHECK(brisk_error_line(brisk_vm_error(vm)) == 2);
  outcome = run(vm, "quit 3\nx = 2");
  CHECK(outcome.kind == BRISK_EXITED);
  CHECK(outcome.exit_code == 3);
  NUMBER(1, number_of(vm, "x"));
  outcome = run(vm, "pause\nx = 5");
  CHECK(outcome.kind == BRISK_YIELDED);
  OK(brisk_vm_run(vm, NULL, &outcome));
  NUMBER(5, number_of(vm, "x"));
  /* Any other status is an error of the script; so are numbers that are no status. */
  {
    static const char *const sources[] = {"status 1", "status 5", "status 8", "status 9", "status 11",
                                          "status 15", "status 16", "status 18", "status 99", "status -1"};
    size_t i;
    for (i = 0; i < sizeof sources / sizeof *sources; i++) {
      outcome = run(vm, sources[i]);
      if (!CHECK(outcome.kind == BRISK_FAILED || outcome.kind == BRISK_EXITED))
        fprintf(stderr, "  after %s: outcome %d\n", sources[i], (int)outcome.kind);
      OK(brisk_vm_stop(vm));
    }
  }
  RUN(vm, "x = 6");
  CHECK(destroyed == 0);
  brisk_vm_free(vm);
  CHECK(destroyed == 4);
}

static brisk_status import_from(brisk_vm *vm, brisk_import *import, const char *name, size_t len, void *user) {
  static const char source[] = "answer = 42\nask = function\n  return answer\nend function\n";
  int *calls = (int *)user;
  (void)vm;
  *calls += 1;
  if (len == 5 && memcmp(name, "plain", 5) == 0) return brisk_import_source(import, source, sizeof source - 1);
  if (len == 5 && memcmp(name, "built", 5) == 0) {
    brisk_program *program = NULL;
    brisk_status status =
        brisk_program_compile_module("two = 2", 7, text("built.ms"), BRISK_DIALECT_V1, &program, NULL);
    STATUS(BRISK_OK, status);
    status = brisk_import_program(import, program);
    brisk_program_free(program);
    return status;
  }
  if (len == 4 && memcmp(name, "late", 4) == 0) {
    if (*calls % 3 != 0) return BRISK_PENDING;
    return brisk_import_source(import, "x = 1", 5);
  }
  if (len == 3 && memcmp(name, "bad", 3) == 0) return brisk_import_source(import, "x = = 1", 7);
  return BRISK_NOT_FOUND;
}

static int importer_destroyed;
static void destroy_importer(void *user) {
  (void)user;
  importer_destroyed++;
}

static void modules(void) {
  output printed;
  brisk_vm *vm = vm_with_output(&printed);
  int calls = 0, runs = 0;
  brisk_outcome outcome;
  CHECK(run(vm, "import \"plain\"").kind == BRISK_FAILED);
  OK(brisk_vm_set_importer(vm, import_from, &calls, destroy_importer));
  RUN(vm, "import \"plain\"\nprint plain.ask\nprint plain.answer");
  CHECK(strcmp(printed.data, "42\n42\n") == 0);
  RUN(vm, "import \"built\"\nx = built.two");
  NUMBER(2, number_of(vm, "x"));
  calls = 0;
  outcome = run(vm, "import \"late\"\ny = late.x");
  while (outcome.kind != BRISK_FINISHED && outcome.kind != BRISK_FAILED && runs++ < 10)
    OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  CHECK(runs == 2);
  NUMBER(1, number_of(vm, "y"));
  CHECK(run(vm, "import \"missing\"").kind == BRISK_FAILED);
  CHECK(run(vm, "import \"bad\"").kind == BRISK_FAILED);
  CHECK(brisk_vm_error(vm) != NULL);
  CHECK(importer_destroyed == 0);
  /* Once for each VM; what was refused is destroyed. */
  STATUS(BRISK_BUSY, brisk_vm_set_importer(vm, import_from, &calls, destroy_importer));
  CHECK(importer_destroyed == 1);
  RUN(vm, "import \"plain\"\nx = plain.answer");
  brisk_vm_free(vm);
  CHECK(importer_destroyed == 2);
}

static void repl(void) {
  output printed;
  brisk_vm *vm = vm_with_output(&printed);
  brisk_outcome outcome;
  brisk_value value;
  int32_t more = 7;
  OK(brisk_repl_feed(vm, "6 * 7", 5, &more));
  CHECK(more == 0);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(outcome.kind == BRISK_FINISHED);
  OK(brisk_repl_result(vm, &value));
  NUMBER(42, value.as.number);
  OK(brisk_repl_feed(vm, "for i in [1, 2]", 15, &more));
  CHECK(more == 1);
  OK(brisk_repl_feed(vm, "  print i", 9, &more));
  CHECK(more == 1);
  OK(brisk_repl_feed(vm, "end for", 7, &more));
  CHECK(more == 0);
  OK(brisk_vm_run(vm, NULL, &outcome));
  CHECK(strcmp(printed.data, "1\n2\n") == 0);
  /* The last statement was a call of print, which gives null. */
  OK(brisk_repl_result(vm, &value));
  CHECK(value.kind == BRISK_KIND_NULL);
  OK(brisk_repl_feed(vm, "x = 3", 5, &more));
  OK(brisk_vm_run(vm, NULL, &outcome));
  STATUS(BRISK_NOT_FOUND, brisk_repl_result(vm, &value));
  STATUS(BRISK_COMPILE, brisk_repl_feed(vm, "x = = 2", 7, &more));
  CHECK(brisk_vm_error(vm) != NULL);
  CHECK(brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_COMPILE);
  /* Half of something is forgotten. */
  OK(brisk_repl_feed(vm, "while true", 10, &more));
  CHECK(more == 1);
  OK(brisk_repl_reset(vm));
  OK(brisk_repl_feed(vm, "x = 3", 5, &more));
  CHECK(more == 0);
  OK(brisk_vm_run(vm, NULL, &outcome));
  OK(brisk_repl_feed(vm, "x", 1, &more));
  OK(brisk_vm_run(vm, NULL, &outcome));
  OK(brisk_repl_result(vm, &value));
  NUMBER(3, value.as.number);
  brisk_vm_free(vm);
}

static void memory(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_stats stats;
  uint64_t before, all = 0;
  int32_t idle = 0;
  int i, steps = 0;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  RUN(vm, "l = []\nfor i in range(1, 20000)\nl.push \"text \" + i\nend for\nl = null");
  OK(brisk_vm_stats(vm, &stats));
  CHECK(stats.fuel_used > 0);
  CHECK(stats.bytes_used > 0);
  CHECK(stats.bytes_peak >= stats.bytes_used);
  before = stats.collections;
  OK(brisk_gc_collect(vm));
  OK(brisk_vm_stats(vm, &stats));
  CHECK(stats.collections > before);
  CHECK(stats.pause_longest >= 0);
  for (i = 0; i < 24; i++) all += stats.pauses[i];
  CHECK(all >= stats.slices);
  do {
    OK(brisk_gc_step(vm, 100, &idle));
  } while (!idle && ++steps < 1000000);
  CHECK(idle == 1);
  before = bytes_used(vm);
  OK(brisk_vm_charge(vm, 1 << 20));
  CHECK(bytes_used(vm) >= before + (1 << 20));
  OK(brisk_vm_charge(vm, -(1 << 20)));
  CHECK(bytes_used(vm) < before + (1 << 20));
  /* A tighter limit holds at once, and can be widened. */
  OK(brisk_vm_set_memory_max(vm, bytes_used(vm) + 100000));
  CHECK(run(vm, "l = range(1, 1000000)").kind == BRISK_FAILED);
  CHECK(brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_LIMIT);
  OK(brisk_vm_set_memory_max(vm, 256 << 20));
  RUN(vm, "l = range(1, 1000000)");
  brisk_vm_free(vm);
}

static void hashes(void) {
  brisk_vm *vm = vm_with_output(NULL);
  uint64_t a = 0, b = 0, c = 0;
  RUN(vm, "x = {\"a\": [1, 2]}");
  OK(brisk_vm_state_hash(vm, &a));
  OK(brisk_vm_state_hash(vm, &b));
  CHECK(a == b);
  RUN(vm, "x.a[1] = 3");
  OK(brisk_vm_state_hash(vm, &c));
  CHECK(a != c);
  RUN(vm, "x.a[1] = 2");
  OK(brisk_vm_state_hash(vm, &b));
  CHECK(a == b);
  brisk_vm_free(vm);
}

int main(void) {
  versions();
  programs();
  configs();
  running();
  values();
  globals();
  natives();
  modules();
  repl();
  memory();
  hashes();
  return checks_done("api");
}
