/* A game's loop: 200 characters, a script and a VM each, in frames of 16 ms.
 *
 * Every frame gives every VM a share of the frame: a time limit, and a fuel limit so that one slice
 * stays small even when the clock is coarse. Three characters misbehave on purpose, in turn: one
 * loops for ever, one eats memory, one recurses without end. None of them may cost a frame.
 *
 * usage: game_loop [FRAMES]     a report, no assertions about time
 */
#include "brisk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NPCS 200
#define FRAME_SECONDS 0.016
/* Half of a frame is the scripts'; the rest would be drawing. */
#define SCRIPT_SECONDS (0.5 * FRAME_SECONDS)

static const char *const polite =
    "step = 0\n"
    "while true\n"
    "  step = step + 1\n"
    "  p = position\n"
    "  angle = atan(p[1], p[0])\n"
    "  move cos(angle + 0.1), sin(angle + 0.1)\n"
    "  if step % 100 == 0 then log \"walked \" + step + \" steps\"\n"
    "  yield\n"
    "end while\n";

static const char *const rude[] = {
    "while true\nend while\n",
    "s = \"x\"\nwhile true\n  s = s + s\nend while\n",
    "f = function(n)\n  return f(n + 1) + 1\nend function\nf 0\n",
};
static const char *const rude_names[] = {"endless loop", "memory", "deep recursion"};

/* A character. The natives reach it as the VM's host data. */
typedef struct npc {
  brisk_vm *vm;
  double x, y;
  unsigned long logs, failures;
  int is_rude;
} npc;

static brisk_text text(const char *s) {
  brisk_text t;
  t.data = s;
  t.len = strlen(s);
  return t;
}

/* Processor time, so that a busy machine does not count as a missed frame. */
static double now(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* position: [x, y] */
static brisk_status native_position(brisk_vm *vm, brisk_call *call, void *user) {
  const npc *self = (const npc *)brisk_vm_host_data(vm);
  double xy[2];
  brisk_value list;
  brisk_status status = brisk_list_new(vm, 2, &list);
  (void)user;
  xy[0] = self->x;
  xy[1] = self->y;
  if (status == BRISK_OK) status = brisk_list_write_numbers(vm, list, 0, xy, 2);
  if (status == BRISK_OK) status = brisk_return_value(call, list);
  return status;
}

/* move dx, dy */
static brisk_status native_move(brisk_vm *vm, brisk_call *call, void *user) {
  npc *self = (npc *)brisk_vm_host_data(vm);
  (void)user;
  self->x += brisk_arg_number(call, 0);
  self->y += brisk_arg_number(call, 1);
  return BRISK_OK;
}

/* log text: counted, so that a report of many frames stays short */
static brisk_status native_log(brisk_vm *vm, brisk_call *call, void *user) {
  npc *self = (npc *)brisk_vm_host_data(vm);
  brisk_text line;
  const brisk_status status = brisk_arg_text(call, 0, &line);
  (void)user;
  if (status == BRISK_OK) self->logs++;
  return status;
}

static int setup(npc *self) {
  brisk_config config;
  brisk_param params[2];
  if (brisk_config_init(&config, sizeof config) != BRISK_OK) return 0;
  config.host_data = self;
  config.memory_bytes_max = 4 << 20;
  config.call_depth_max = 1000;
  if (brisk_vm_new(&config, &self->vm) != BRISK_OK) return 0;
  params[0].name = text("dx");
  params[0].default_value = brisk_number(0);
  params[1].name = text("dy");
  params[1].default_value = brisk_number(0);
  if (brisk_register(self->vm, text("move"), params, 2, native_move, NULL, NULL, NULL) != BRISK_OK) return 0;
  params[0].name = text("line");
  params[0].default_value = brisk_null();
  if (brisk_register(self->vm, text("log"), params, 1, native_log, NULL, NULL, NULL) != BRISK_OK) return 0;
  return brisk_register(self->vm, text("position"), NULL, 0, native_position, NULL, NULL, NULL) == BRISK_OK;
}

static brisk_program *compile(const char *source, const char *name) {
  brisk_program *program = NULL;
  brisk_error *error = NULL;
  if (brisk_program_compile(source, strlen(source), text(name), BRISK_DIALECT_V1, &program, &error) != BRISK_OK) {
    const brisk_text report = brisk_error_report(error);
    fprintf(stderr, "%.*s\n", (int)report.len, report.data);
    brisk_error_free(error);
  }
  return program;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static npc npcs[NPCS];
  const int frames = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 300;
  double *times = (double *)malloc(sizeof *times * (size_t)frames);
  brisk_program *good = compile(polite, "npc.ms"), *bad[3];
  unsigned long failures[3] = {0, 0, 0}, logs = 0;
  int frame, i, missed = 0, ok = good != NULL && times != NULL;

  for (i = 0; i < 3; i++) ok = (bad[i] = compile(rude[i], rude_names[i])) != NULL && ok;
  for (i = 0; i < NPCS && ok; i++) {
    npcs[i].x = 1 + i;
    npcs[i].is_rude = i == 0;
    ok = setup(&npcs[i]) && brisk_vm_load(npcs[i].vm, good) == BRISK_OK;
  }

  for (frame = 0; frame < frames && ok; frame++) {
    const double start = now();
    /* Character 0 misbehaves in another way every twenty frames. */
    const int vice = frame / 20 % 3;
    if (frame % 20 == 0) ok = brisk_vm_load(npcs[0].vm, bad[vice]) == BRISK_OK;
    for (i = 0; i < NPCS && ok; i++) {
      npc *self = &npcs[i];
      brisk_budget budget;
      brisk_outcome outcome;
      budget.fuel = 20000;
      budget.seconds = SCRIPT_SECONDS / NPCS;
      ok = brisk_vm_run(self->vm, &budget, &outcome) == BRISK_OK;
      if (ok && outcome.kind == BRISK_FAILED) {
        self->failures++;
        failures[self->is_rude ? vice : 0] += 1;
        if (self->failures <= 6) {
          const brisk_text report = brisk_error_report(brisk_vm_error(self->vm));
          printf("npc %d (%s): %.*s\n", i, rude_names[vice], (int)report.len, report.data);
        }
        /* It gets another chance, with the memory of the last one cleaned up. */
        ok = brisk_vm_load(self->vm, self->is_rude ? bad[vice] : good) == BRISK_OK;
      }
    }
    times[frame] = now() - start;
    if (times[frame] > FRAME_SECONDS) missed++;
  }

  if (ok) {
    double sum = 0;
    for (frame = 0; frame < frames; frame++) sum += times[frame];
    for (i = 0; i < NPCS; i++) logs += npcs[i].logs;
    qsort(times, (size_t)frames, sizeof *times, ascending);
    printf("%d characters, %d frames of %.0f ms\n", NPCS, frames, 1000 * FRAME_SECONDS);
    printf("scripts' time per frame: mean %.3f ms, median %.3f ms, 99 %% %.3f ms, longest %.3f ms\n",
           1000 * sum / frames, 1000 * times[frames / 2], 1000 * times[frames * 99 / 100],
           1000 * times[frames - 1]);
    printf("missed frames: %d\n", missed);
    printf("lines logged: %lu; failures: memory %lu, recursion %lu; the endless loop only lost its share\n",
           logs, failures[1], failures[2]);
  }
  for (i = 0; i < NPCS; i++) brisk_vm_free(npcs[i].vm);
  for (i = 0; i < 3; i++) brisk_program_free(bad[i]);
  brisk_program_free(good);
  free(times);
  if (!ok) fprintf(stderr, "the host made a mistake\n");
  return ok ? 0 : 1;
}
