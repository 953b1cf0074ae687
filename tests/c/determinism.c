/* Two VMs with the same program, inputs and fuel: the same state after each slice, in every build. */
#include "check.h"

static const char source[] =
    "rnd\n"
    "world = []\n"
    "names = {}\n"
    "for i in range(1, 200)\n"
    "  e = {\"id\": i, \"x\": rnd * 100, \"y\": rnd * 100, \"name\": \"entity \" + i, \"friends\": []}\n"
    "  world.push e\n"
    "  names[e.name] = e\n"
    "end for\n"
    "step = function(t)\n"
    "  for e in world\n"
    "    e.x = e.x + sin(t + e.id) * input\n"
    "    e.y = e.y + cos(t - e.id)\n"
    "    if e.x > 100 then e.x = e.x - 100\n"
    "    if rnd < 0.1 then\n"
    "      f = world[floor(rnd * world.len)]\n"
    "      e.friends.push f\n"
    "      if e.friends.len > 5 then e.friends.pull\n"
    "    end if\n"
    "  end for\n"
    "  world.shuffle\n"
    "end function\n"
    "t = 0\n"
    "while true\n"
    "  step t\n"
    "  t = t + 0.25\n"
    "end while\n";

static brisk_vm *make(brisk_jit jit, uint64_t seed, size_t memory) {
  brisk_vm *vm = NULL;
  brisk_config config = defaults();
  config.jit = jit;
  config.seed = seed;
  config.memory_bytes_max = memory;
  OK(brisk_vm_new(&config, &vm));
  OK(brisk_vm_set_time(vm, 0));
  load(vm, source);
  return vm;
}

static uint64_t hash_of(brisk_vm *vm) {
  uint64_t hash = 0;
  OK(brisk_vm_state_hash(vm, &hash));
  return hash;
}

int main(void) {
  const int frames = count_of(60, 6);
  int frame, changes = 0;
  uint64_t last = 0;
  /* The second interprets only and has another memory limit; the third has another seed. */
  brisk_vm *a = make(BRISK_JIT_AUTO, 42, 64 << 20), *b = make(BRISK_JIT_OFF, 42, 128 << 20),
           *c = make(BRISK_JIT_AUTO, 43, 64 << 20), *e = make(BRISK_JIT_EAGER, 42, 64 << 20);
  for (frame = 0; frame < frames; frame++) {
    brisk_budget budget = fuel(2500);
    brisk_outcome of_a, of_b, of_e;
    uint64_t hash;
    const brisk_value input = brisk_number(frame % 3);
    OK(brisk_global_set(a, slot(a, "input"), input));
    OK(brisk_global_set(b, slot(b, "input"), input));
    OK(brisk_global_set(c, slot(c, "input"), input));
    OK(brisk_global_set(e, slot(e, "input"), input));
    OK(brisk_vm_run(a, &budget, &of_a));
    /* Collections have no influence. */
    if (frame % 5 == 0) OK(brisk_gc_collect(b));
    OK(brisk_vm_run(b, &budget, &of_b));
    OK(brisk_vm_run(e, &budget, &of_e));
    OK(brisk_vm_run(c, &budget, NULL));
    CHECK(of_a.kind == BRISK_BUDGET_SPENT);
    CHECK(of_a.kind == of_b.kind);
    CHECK(of_a.kind == of_e.kind);
    CHECK(of_a.fuel_used == of_b.fuel_used);
    CHECK(of_a.fuel_used == of_e.fuel_used);
    hash = hash_of(a);
    if (!CHECK(hash == hash_of(b)) || !CHECK(hash == hash_of(e))) {
      fprintf(stderr, "  in frame %d\n", frame);
      break;
    }
    CHECK(hash != hash_of(c));
    changes += hash != last;
    last = hash;
  }
  CHECK(changes > frames / 2);
  brisk_vm_free(a);
  brisk_vm_free(b);
  brisk_vm_free(c);
  brisk_vm_free(e);

  /* The same contents by other ways, and with garbage in between, hash the same; order of entries counts. */
  {
    brisk_vm *x = vm_with_output(NULL), *y = vm_with_output(NULL);
    RUN(x, "a = {\"one\": 1, \"two\": [2, \"b\"]}");
    RUN(y, "junk = range(1, 1000)\nglobals.remove \"junk\"\na = {}\na.one = 3 - 2\na[\"t\" + \"wo\"] = [2]\na.two.push \"b\"");
    CHECK(hash_of(x) == hash_of(y));
    RUN(y, "a = {\"two\": [2, \"b\"], \"one\": 1}");
    CHECK(hash_of(x) != hash_of(y));
    RUN(y, "a = {\"one\": 1, \"two\": [2, \"b\"]}\nb = a.two");
    RUN(x, "b = [2, \"b\"]");
    /* Whether two names lead to one list or to two equal ones is part of the state. */
    CHECK(hash_of(x) != hash_of(y));
    brisk_vm_free(x);
    brisk_vm_free(y);
  }
  printf("hash after %d frames: %08lx%08lx\n", frames, (unsigned long)(last >> 32), (unsigned long)(last & 0xFFFFFFFF));
  return checks_done("determinism");
}
