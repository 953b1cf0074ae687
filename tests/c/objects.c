/* Objects of the host: data, finalizers, hooks, classes, closing, weak references, bytes. */
#include "check.h"

enum { POINT = 0x504F494E, OTHER = 7 };

typedef struct point {
  double x, y;
} point;

static int finalized;
static void finalize(void *data) {
  finalized++;
  free(data);
}

/* p.x and p.y are live; p.length is computed; the rest is not there. */
static brisk_status point_get(brisk_vm *vm, brisk_call *call, void *user) {
  const point *self = (const point *)brisk_arg_object(call, 0, POINT);
  brisk_text name;
  (void)vm;
  CHECK(user == (void *)&finalized);
  if (self == NULL) return brisk_call_error(call, "the point is closed", 19);
  OK(brisk_arg_text(call, 1, &name));
  if (name.len == 1 && name.data[0] == 'x') brisk_return_number(call, self->x);
  else if (name.len == 1 && name.data[0] == 'y') brisk_return_number(call, self->y);
  else if (name.len == 6 && memcmp(name.data, "length", 6) == 0)
    brisk_return_number(call, sqrt(self->x * self->x + self->y * self->y));
  else return BRISK_NOT_FOUND;
  return BRISK_OK;
}

static brisk_status point_set(brisk_vm *vm, brisk_call *call, void *user) {
  point *self = (point *)brisk_arg_object(call, 0, POINT);
  brisk_text name;
  (void)vm;
  (void)user;
  if (self == NULL) return brisk_call_error(call, "the point is closed", 19);
  OK(brisk_arg_text(call, 1, &name));
  if (name.len == 1 && name.data[0] == 'x') self->x = brisk_arg_number(call, 2);
  else if (name.len == 1 && name.data[0] == 'y') self->y = brisk_arg_number(call, 2);
  else return BRISK_NOT_FOUND;
  return BRISK_OK;
}

/* A method of the class: self is the object. */
static brisk_status point_scale(brisk_vm *vm, brisk_call *call, void *user) {
  point *self = (point *)brisk_arg_object(call, 0, POINT);
  brisk_value value;
  (void)vm;
  (void)user;
  if (self == NULL) return brisk_call_error(call, "not a point", 11);
  self->x *= brisk_arg_number(call, 1);
  self->y *= brisk_arg_number(call, 1);
  OK(brisk_arg_value(call, 0, &value));
  CHECK(value.kind == BRISK_KIND_OBJECT);
  return brisk_return_value(call, value);
}

static brisk_object_type point_type(void) {
  brisk_object_type type;
  memset(&type, 0, sizeof type);
  type.struct_size = sizeof type;
  type.tag = POINT;
  type.finalizer = finalize;
  type.get = point_get;
  type.set = point_set;
  type.user = &finalized;
  return type;
}

static point *new_point(double x, double y) {
  point *p = (point *)malloc(sizeof *p);
  p->x = x;
  p->y = y;
  return p;
}

/* A VM with a class `Point`, and a point `p` at (3, 4) of it. */
static brisk_vm *vm_with_point(brisk_value *object) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_object_type type = point_type();
  brisk_value class_map, scale;
  brisk_param params[2];
  params[0] = param("self", brisk_null());
  params[1] = param("factor", brisk_number(2));
  OK(brisk_map_new(vm, &class_map));
  OK(brisk_register(vm, no_text(), params, 2, point_scale, NULL, NULL, &scale));
  OK(brisk_map_set_name(vm, class_map, "scale", 5, scale));
  OK(brisk_global_set(vm, slot(vm, "Point"), class_map));
  OK(brisk_object_new(vm, &type, new_point(3, 4), class_map, 0, object));
  CHECK(object->kind == BRISK_KIND_OBJECT);
  OK(brisk_global_set(vm, slot(vm, "p"), *object));
  return vm;
}

static void hooks(void) {
  brisk_value object;
  brisk_vm *vm = vm_with_point(&object);
  void *data = NULL;
  RUN(vm, "a = p.x\nb = p.length\np.x = 10\nc = p[\"x\"]\np[\"y\"] = 20\nd = p.y");
  NUMBER(3, number_of(vm, "a"));
  NUMBER(5, number_of(vm, "b"));
  NUMBER(10, number_of(vm, "c"));
  NUMBER(20, number_of(vm, "d"));
  OK(brisk_object_data(vm, object, POINT, &data));
  CHECK(data != NULL);
  if (data != NULL) NUMBER(10, ((point *)data)->x);
  STATUS(BRISK_TYPE, brisk_object_data(vm, object, OTHER, &data));
  CHECK(run(vm, "z = p.z").kind == BRISK_FAILED);
  CHECK(run(vm, "p.z = 1").kind == BRISK_FAILED);
  /* The class: methods with self, isa, members that scripts add. */
  RUN(vm, "p.scale 10\na = p.x\nb = p isa Point\nc = p isa map\nq = (p.scale).x\n"
          "Point.sum = function\n  return self.x + self.y\nend function\nd = p.sum");
  NUMBER(100, number_of(vm, "a"));
  NUMBER(1, number_of(vm, "b"));
  NUMBER(0, number_of(vm, "c"));
  NUMBER(200, number_of(vm, "q"));
  NUMBER(600, number_of(vm, "d"));
  /* In lists, in maps, as a key, compared by identity. */
  RUN(vm, "l = [p, p]\nm = {}\nm[p] = 5\na = m[p]\nb = l[0] == p\nc = l.indexOf(p)\nd = p == 5");
  NUMBER(5, number_of(vm, "a"));
  NUMBER(1, number_of(vm, "b"));
  NUMBER(0, number_of(vm, "c"));
  NUMBER(0, number_of(vm, "d"));
  /* A hot loop over members, so that machine code and caches see it. */
  RUN(vm, "p.x = 1\np.y = 1\ns = 0\nfor i in range(1, 5000)\n  s = s + p.x\n  p.y = i\nend for\nt = p.y");
  NUMBER(5000, number_of(vm, "s"));
  NUMBER(5000, number_of(vm, "t"));
  brisk_vm_free(vm);
}

static void without_hooks(void) {
  brisk_vm *vm = vm_with_output(NULL);
  brisk_object_type type = point_type();
  brisk_value object;
  brisk_outcome outcome;
  type.get = NULL;
  type.set = NULL;
  OK(brisk_object_new(vm, &type, new_point(1, 2), brisk_null(), 0, &object));
  OK(brisk_global_set(vm, slot(vm, "q"), object));
  RUN(vm, "r = q");
  outcome = run(vm, "x = q.x");
  CHECK(outcome.kind == BRISK_FAILED);
  outcome = run(vm, "q.x = 1");
  CHECK(outcome.kind == BRISK_FAILED);
  outcome = run(vm, "q 1");
  CHECK(outcome.kind == BRISK_FAILED);
  CHECK(shown(vm, object).len > 0);
  brisk_vm_free(vm);
}

static void lifetimes(void) {
  brisk_value object;
  brisk_vm *vm;
  brisk_weak *weak = NULL;
  brisk_value value;
  void *data = NULL;
  uint64_t scope;
  finalized = 0;
  vm = vm_with_point(&object);
  OK(brisk_weak_new(vm, object, &weak));
  brisk_vm_free(vm);
  CHECK(finalized == 1);
  /* It may outlive its VM. */
  brisk_weak_free(weak);

  /* Unreachable: finalized by a collection, and the weak reference says so. */
  finalized = 0;
  vm = vm_with_output(NULL);
  OK(brisk_scope_open(vm, &scope));
  {
    brisk_object_type type = point_type();
    OK(brisk_object_new(vm, &type, new_point(1, 1), brisk_null(), 0, &object));
    OK(brisk_global_set(vm, slot(vm, "p"), object));
    OK(brisk_weak_new(vm, object, &weak));
  }
  OK(brisk_scope_close(vm, scope));
  OK(brisk_gc_collect(vm));
  CHECK(finalized == 0);
  OK(brisk_scope_open(vm, &scope));
  OK(brisk_weak_get(vm, weak, &value));
  CHECK(value.kind == BRISK_KIND_OBJECT);
  OK(brisk_object_data(vm, value, POINT, &data));
  OK(brisk_scope_close(vm, scope));
  RUN(vm, "p = null");
  OK(brisk_gc_collect(vm));
  CHECK(finalized == 1);
  STATUS(BRISK_NOT_FOUND, brisk_weak_get(vm, weak, &value));
  brisk_weak_free(weak);
  brisk_vm_free(vm);
  CHECK(finalized == 1);

  /* Closed: finalized now, once, and the object has no data. */
  finalized = 0;
  vm = vm_with_point(&object);
  OK(brisk_object_close(vm, object));
  CHECK(finalized == 1);
  STATUS(BRISK_TYPE, brisk_object_data(vm, object, POINT, &data));
  (void)brisk_object_close(vm, object);
  CHECK(finalized == 1);
  CHECK(run(vm, "a = p.x").kind == BRISK_FAILED);
  CHECK(run(vm, "p.scale 2").kind == BRISK_FAILED);
  RUN(vm, "p = null");
  OK(brisk_gc_collect(vm));
  brisk_vm_free(vm);
  CHECK(finalized == 1);

  /* Weak references to strings, lists, maps, functions. */
  vm = vm_with_output(NULL);
  OK(brisk_scope_open(vm, &scope));
  OK(brisk_list_new(vm, 0, &value));
  OK(brisk_weak_new(vm, value, &weak));
  OK(brisk_scope_close(vm, scope));
  OK(brisk_gc_collect(vm));
  STATUS(BRISK_NOT_FOUND, brisk_weak_get(vm, weak, &value));
  brisk_weak_free(weak);
  RUN(vm, "f = function\nend function");
  OK(brisk_weak_new(vm, global(vm, "f"), &weak));
  OK(brisk_gc_collect(vm));
  OK(brisk_weak_get(vm, weak, &value));
  CHECK(value.kind == BRISK_KIND_FUNCTION);
  brisk_weak_free(weak);
  brisk_vm_free(vm);
}

static brisk_status native_spawn(brisk_vm *vm, brisk_call *call, void *user) {
  brisk_object_type type = point_type();
  brisk_value object;
  point *p = new_point(0, 0);
  const brisk_status status =
      brisk_object_new(vm, &type, p, brisk_null(), (size_t)brisk_arg_number(call, 0), &object);
  (void)user;
  if (status == BRISK_OK) return brisk_return_value(call, object);
  /* On failure the data is still the host's. */
  free(p);
  return status;
}

/* Bytes count: many objects with large data of the host are collected in time. */
static void bytes(void) {
  brisk_config config = defaults();
  brisk_vm *vm = NULL;
  brisk_param size = param("bytes", brisk_null());
  brisk_value object;
  brisk_outcome outcome;
  uint64_t before;
  const int count = count_of(2000, 200);
  finalized = 0;
  config.memory_bytes_max = 32 << 20;
  OK(brisk_vm_new(&config, &vm));
  OK(brisk_register(vm, text("spawn"), &size, 1, native_spawn, NULL, NULL, NULL));
  OK(brisk_global_set(vm, slot(vm, "count"), brisk_number(count)));
  RUN(vm, "for i in range(1, count)\n  x = spawn(1024 * 1024)\nend for");
  CHECK(finalized >= count - 33);
  CHECK(bytes_used(vm) < (uint64_t)32 << 20);
  RUN(vm, "x = null");
  OK(brisk_gc_collect(vm));
  CHECK(finalized == count);
  /* Held, they meet the limit. */
  outcome = run(vm, "l = []\nwhile true\n  l.push spawn(1024 * 1024)\nend while");
  CHECK(outcome.kind == BRISK_FAILED);
  CHECK(brisk_error_get_kind(brisk_vm_error(vm)) == BRISK_ERROR_LIMIT);
  RUN(vm, "l = null");
  OK(brisk_gc_collect(vm));
  before = bytes_used(vm);
  {
    brisk_object_type type = point_type();
    OK(brisk_object_new(vm, &type, new_point(0, 0), brisk_null(), 1 << 20, &object));
    CHECK(bytes_used(vm) >= before + (1 << 20));
    OK(brisk_object_close(vm, object));
    CHECK(bytes_used(vm) < before + (1 << 20));
    /* More than there is: refused, and the data is still the host's. */
    finalized = 0;
    {
      point *p = new_point(0, 0);
      STATUS(BRISK_LIMIT, brisk_object_new(vm, &type, p, brisk_null(), (size_t)1 << 30, &object));
      CHECK(finalized == 0);
      free(p);
    }
  }
  brisk_vm_free(vm);
}

/* A finalizer may not use the VM in ways that bring values back; it may free what it holds. */
int main(void) {
  hooks();
  without_hooks();
  lifetimes();
  bytes();
  return checks_done("objects");
}
