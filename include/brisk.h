/* Brisk: an embeddable engine for MiniScript.
 *
 *   brisk_program *program = NULL;
 *   brisk_vm *vm = NULL;
 *   brisk_text name = {"hello.ms", 8};
 *   const char *source = "print \"hello\"";
 *   brisk_program_compile(source, strlen(source), name, BRISK_DIALECT_V1, &program, NULL);
 *   brisk_vm_new(NULL, &vm);
 *   brisk_vm_load(vm, program);
 *   brisk_vm_run(vm, NULL, NULL);
 *   brisk_vm_free(vm);
 *   brisk_program_free(program);
 *
 * Rules that hold for every function:
 *
 * - Functions return a status, 0 (BRISK_OK) on success, and give results through pointers. On failure
 *   outputs are not written, unless the function says so. NULL where a pointer is needed gives
 *   BRISK_NULL; functions named _free take NULL and do nothing.
 * - Text is UTF-8 with a length. What a function gives lives as long as its comment says.
 * - A VM is used by one thread at a time and may move between threads; different VMs share nothing and
 *   run in parallel. Programs are immutable and can be used by all threads at once. Tokens can be
 *   completed by any thread.
 * - Callbacks get the pointer they were registered with. Natives and importers may use their VM, except
 *   for what starts, loads, runs or stops programs; callbacks for memory, output, time, limits
 *   and cancelling, finalizers and destructors must not use it. Where this is noticed it gives BRISK_BUSY.
 * - No panic crosses this border. A bug of the engine that is caught gives BRISK_PANIC, and the VM is
 *   not usable any more; one inside running script code ends the process. No exception of C++ may cross
 *   the border in the other direction.
 *
 * docs/embedding.md is the guide, include/brisk.hpp a wrapper for C++.
 *
 * Licence: MIT OR Apache-2.0.
 */

#ifndef BRISK_H
#define BRISK_H

/* Made by `cargo xtask header` from ffi/src; not edited by hand. */

#include <stddef.h>
#include <stdint.h>

// Major version of the library this header belongs to.
#define BRISK_VERSION_MAJOR 0

// Minor version.
#define BRISK_VERSION_MINOR 1

// Patch version.
#define BRISK_VERSION_PATCH 0

// The three in one number that can be compared: `major * 10000 + minor * 100 + patch`.
#define BRISK_VERSION_NUMBER 100

// Version of the binary interface: functions and structures are only added while it stays the same.
#define BRISK_ABI 1

// One call of a native; it lives until the native returns.
typedef struct brisk_call brisk_call;

// An error. Immutable; texts it gives live as long as it does.
typedef struct brisk_error brisk_error;

// One search for a module; it lives until the function returns.
typedef struct brisk_import brisk_import;

// A compiled program. May be used by several threads and VMs at once.
typedef struct brisk_program brisk_program;

// What a suspended native waits for. Any thread may complete it.
typedef struct brisk_token brisk_token;

// A machine: runs scripts. Used by one thread at a time; may move between threads.
typedef struct brisk_vm brisk_vm;

// A reference that does not keep alive what it refers to.
typedef struct brisk_weak brisk_weak;

// How a call ended. 0 is success; on anything else, outputs are not written unless the function
// says so.
typedef int32_t brisk_status;

// Kind of a value.
typedef int32_t brisk_kind;

// What a value holds, by its kind.
typedef union brisk_payload {
  // Of `BRISK_KIND_NUMBER`.
  double number;
  // Of other kinds: names what the VM holds. Not an address.
  uint64_t handle;
} brisk_payload;

// A value. Null and numbers are complete in themselves; everything else is a handle, held by one
// VM until the scope it was made in is closed, or until it is released. A handle that is held no
// more, or given to another VM, is noticed: `BRISK_STALE`, `BRISK_WRONG_VM`.
typedef struct brisk_value {
  // What it is.
  brisk_kind kind;
  // Number of the VM that holds it; 0 for null and numbers.
  uint32_t owner;
  // What it holds.
  union brisk_payload as;
} brisk_value;

// A version of the language.
typedef int32_t brisk_dialect;

// When scripts become machine code.
typedef int32_t brisk_jit;

// Gives `size` bytes at a multiple of `align`, or NULL. Must not call anything of its VM.
typedef void *(*brisk_allocate_fn)(void *user, size_t size, size_t align);

// Takes back what `brisk_allocate_fn` gave for the same size and alignment. Must not call anything
// of its VM.
typedef void (*brisk_release_fn)(void *user, void *memory, size_t size, size_t align);

// Which stream a text belongs to.
typedef int32_t brisk_stream;

// Receives a text, which lives until it returns; `line_break` says that a line ends behind it. Must
// not call anything of its VM.
typedef void (*brisk_output_fn)(void *user,
                                brisk_stream stream,
                                const char *text,
                                size_t len,
                                int32_t line_break);

// Says how many seconds have passed since some fixed moment; never goes back. Must not call
// anything of its VM.
typedef double (*brisk_clock_fn)(void *user);

// Told when the memory in use exceeds the soft limit. Must not call anything of its VM.
typedef void (*brisk_soft_limit_fn)(void *user, size_t used, size_t limit);

// How a VM is made. Fill it with `brisk_config_init`, then change what you need.
typedef struct brisk_config {
  // Bytes of this structure, as the host knows it.
  size_t struct_size;
  // `BRISK_DIALECT_V1`.
  brisk_dialect dialect;
  // `BRISK_JIT_AUTO`.
  brisk_jit jit;
  // Most bytes scripts may use, 1 GiB; a script that needs more fails, and the VM goes on.
  size_t memory_bytes_max;
  // Bytes from which `soft_limit` is told, 0 for never.
  size_t memory_bytes_soft;
  // Most bytes of machine code, 16 MiB.
  size_t code_bytes_max;
  // Deepest nesting of calls, 100 000.
  uint32_t call_depth_max;
  // 0.
  uint32_t reserved;
  // Start of the random numbers.
  uint64_t seed;
  // Gives memory; NULL for the engine's own. Both functions or none. Linked code and error texts
  // come from the engine's own in any case; the former counts against the limit.
  brisk_allocate_fn allocate;
  // Takes memory back.
  brisk_release_fn release;
  // Passed to both.
  void *allocator_user;
  // Receives what scripts print; NULL drops it.
  brisk_output_fn output;
  // Passed to it.
  void *output_user;
  // Tells the time; NULL for the system's clock. See also `brisk_vm_set_time`.
  brisk_clock_fn clock;
  // Passed to it.
  void *clock_user;
  // Told once when more than `memory_bytes_soft` are in use, and again after it fell below.
  brisk_soft_limit_fn soft_limit;
  // Passed to it.
  void *soft_limit_user;
  // See `brisk_vm_host_data`.
  void *host_data;
} brisk_config;

// Which part of the engine an error comes from.
typedef int32_t brisk_error_kind;

// UTF-8 text that is not zero-terminated. `data` may be NULL when `len` is 0.
typedef struct brisk_text {
  // First byte.
  const char *data;
  // Number of bytes.
  size_t len;
} brisk_text;

// One active call of a stack trace.
typedef struct brisk_frame {
  // Name of the function, empty when it has none.
  struct brisk_text function;
  // Name of its source, empty for a program without a name.
  struct brisk_text source;
  // Line, from 1; 0 when the program has none.
  uint32_t line;
  // 0.
  uint32_t reserved;
} brisk_frame;

// Why there is no machine code, or that there is.
typedef int32_t brisk_jit_status;

// How much a run may use.
typedef struct brisk_budget {
  // Units of work, the same for the same program everywhere; `UINT64_MAX` for unlimited.
  uint64_t fuel;
  // Seconds on the VM's clock; infinite, NaN, zero or less for unlimited.
  double seconds;
} brisk_budget;

// How a run ended.
typedef int32_t brisk_outcome_kind;

// How a run ended.
typedef struct brisk_outcome {
  // What happened.
  brisk_outcome_kind kind;
  // Of `BRISK_EXITED`.
  int32_t exit_code;
  // Of `BRISK_WAITING`: when it makes sense to run again; NaN for any time.
  double wake;
  // Fuel that this run used.
  uint64_t fuel_used;
} brisk_outcome;

// A parameter of a native.
typedef struct brisk_param {
  // Its name; `self` for a first one that receives the object of a call through a dot.
  struct brisk_text name;
  // Value of a missing argument: null, a number, or a string of the VM.
  struct brisk_value default_value;
} brisk_param;

// A function of the host. Returns `BRISK_OK` after `brisk_return_number` or one of its like (null
// without), or what `brisk_call_error`, `brisk_call_exit`, `brisk_call_pending` or
// `brisk_call_suspend` give, or `BRISK_YIELD`. Any other code becomes an error of the script; after a
// failed `brisk_call_value` that error. It may call everything of its VM but what starts, loads, runs
// or stops programs (`BRISK_BUSY`). No exception may leave it.
typedef brisk_status (*brisk_native_fn)(struct brisk_vm *vm, struct brisk_call *call, void *user);

// Told that what it was registered with is not needed any more.
typedef void (*brisk_destructor_fn)(void *user);

// A function from a number to a number: the fast way. Must not call anything of its VM.
typedef double (*brisk_number_fn1)(double x, void *user);

// The same for two numbers.
typedef double (*brisk_number_fn2)(double x, double y, void *user);

// Told that nobody waits for a token any more.
typedef void (*brisk_cancel_fn)(void *user);

// What objects of one kind have in common. Hooks are natives that can neither suspend nor end the
// program.
typedef struct brisk_object_type {
  // Bytes of this structure, as the host knows it.
  size_t struct_size;
  // Tells objects of this type from others.
  uint64_t tag;
  // Called once with the data of each object: when it is closed, at a safe point after it became
  // unreachable, or when the VM is freed. Must not use the VM. NULL for nothing.
  void (*finalizer)(void *data);
  // Asked for a member that the class does not have; the arguments are the object and the name.
  // `BRISK_NOT_FOUND` when there is none. A function that it gives is called as a method. NULL for
  // no more members than those of the class.
  brisk_native_fn get;
  // Told of every member that is stored; the arguments are the object, the name and the value.
  // `BRISK_NOT_FOUND` when it cannot be stored. NULL for nothing that can.
  brisk_native_fn set;
  // Passed to `get` and `set`.
  void *user;
} brisk_object_type;

// Finds a module. Gives its text or its program with `brisk_import_source` or
// `brisk_import_program` and returns `BRISK_OK`; or returns `BRISK_NOT_FOUND`; or `BRISK_PENDING`, to be
// asked again when the VM runs next. `name` lives until it returns.
typedef brisk_status (*brisk_import_fn)(struct brisk_vm *vm,
                                        struct brisk_import *import,
                                        const char *name,
                                        size_t len,
                                        void *user);

// Figures of a VM, since it was made.
typedef struct brisk_stats {
  // Bytes of this structure, as the host knows it: set before asking.
  size_t struct_size;
  // Fuel used.
  uint64_t fuel_used;
  // Bytes in use.
  uint64_t bytes_used;
  // Most bytes that were in use at once.
  uint64_t bytes_peak;
  // Collections finished.
  uint64_t collections;
  // Slices of collection.
  uint64_t slices;
  // Seconds that the longest slice of collection took, on the VM's clock; or a whole collection, where
  // the host or a lack of memory asked for one.
  double pause_longest;
  // How many of them took `2^i` up to `2^(i+1)` microseconds; the first counts all shorter ones, the
  // last all longer ones.
  uint64_t pauses[24];
  // Functions and loops that became machine code.
  uint64_t compilations;
  // Bytes of machine code.
  uint64_t code_bytes;
  // Seconds that the longest compilation took.
  double compile_longest;
  // Handles that are held.
  uint64_t handles;
} brisk_stats;

// Success.
#define BRISK_OK 0

// A pointer that must not be NULL is.
#define BRISK_NULL 1

// An argument is out of range, or a `struct_size` is that of no version.
#define BRISK_ARGUMENT 2

// A value of another VM.
#define BRISK_WRONG_VM 3

// A value whose scope is closed, or that was released.
#define BRISK_STALE 4

// A value of another kind than is needed.
#define BRISK_TYPE 5

// No such element, entry, global or member.
#define BRISK_NOT_FOUND 6

// Text that is not UTF-8.
#define BRISK_UTF8 7

// Source text that is no program.
#define BRISK_COMPILE 8

// The script failed, or a native raised an error: see `brisk_vm_error`.
#define BRISK_SCRIPT 9

// A limit: memory, depth of calls, a budget.
#define BRISK_LIMIT 10

// Not now: the VM is running.
#define BRISK_BUSY 11

// This build, processor or system cannot.
#define BRISK_UNSUPPORTED 12

// Bytes that are no bytecode, of another version, or damaged.
#define BRISK_BYTECODE 13

// It is done already: a token that was completed, a VM that was stopped.
#define BRISK_DONE 14

// A bug of the engine was caught. The VM answers nothing else any more; free it.
#define BRISK_PANIC 15

// Returned by natives: not finished.
#define BRISK_PENDING 16

// Returned by natives: finished with null, and the run ends as at `yield`.
#define BRISK_YIELD 17

// The program called `exit`; returned by natives that end the program.
#define BRISK_EXIT 18

// `null`.
#define BRISK_KIND_NULL 0

// A number; true and false are 1 and 0.
#define BRISK_KIND_NUMBER 1

// A string.
#define BRISK_KIND_STRING 2

// A list.
#define BRISK_KIND_LIST 3

// A map.
#define BRISK_KIND_MAP 4

// A function.
#define BRISK_KIND_FUNCTION 5

// An object of the host.
#define BRISK_KIND_OBJECT 6

// MiniScript 1.6.
#define BRISK_DIALECT_V1 1

// MiniScript 2: `BRISK_UNSUPPORTED` so far.
#define BRISK_DIALECT_V2 2

// What is hot, where there is machine code.
#define BRISK_JIT_AUTO 0

// Nothing.
#define BRISK_JIT_OFF 1

// As `BRISK_JIT_AUTO`; where there is none, `brisk_vm_new` gives `BRISK_UNSUPPORTED`.
#define BRISK_JIT_REQUIRE 2

// Everything at once: for tests.
#define BRISK_JIT_EAGER 3

// What scripts print.
#define BRISK_STREAM_OUTPUT 0

// Reports about scripts.
#define BRISK_STREAM_ERROR 1

// The source text is no program.
#define BRISK_ERROR_COMPILE 0

// The script did something that is an error.
#define BRISK_ERROR_RUNTIME 1

// A limit of the VM: memory, depth of calls, a budget.
#define BRISK_ERROR_LIMIT 2

// The host used the interface wrongly.
#define BRISK_ERROR_HOST 3

// This build has no compiler for this processor.
#define BRISK_JIT_NOT_BUILT 0

// The processor lacks something that the code needs.
#define BRISK_JIT_CPU_UNSUPPORTED 1

// The system refuses executable memory.
#define BRISK_JIT_DENIED 2

// Switched off by the configuration.
#define BRISK_JIT_DISABLED 3

// Scripts run as machine code when they are hot.
#define BRISK_JIT_AVAILABLE 4

// The program, or the function that was started, is finished; also when there is nothing to run.
#define BRISK_FINISHED 0

// The budget is spent; run again to go on.
#define BRISK_BUDGET_SPENT 1

// The script called `yield`; run again to go on.
#define BRISK_YIELDED 2

// The script waits, until `wake` on the VM's clock; run again to go on.
#define BRISK_WAITING 3

// The script waits for a token (`brisk_call_suspend`). Running again before it is completed costs
// nothing and gives this again.
#define BRISK_WAITING_NATIVE 4

// The script failed: see `brisk_vm_error`. The VM can run other programs.
#define BRISK_FAILED 5

// The script ended the program with `exit_code`.
#define BRISK_EXITED 6

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The name of a code, such as `BRISK_STALE`, zero-terminated; it lives for ever. `unknown` for a number
// that is none.
const char *brisk_status_name(brisk_status status);

// Null, for languages that cannot write it down.
struct brisk_value brisk_null(void);

// A number.
struct brisk_value brisk_number(double x);

// Fills a configuration with defaults. `struct_size` is `sizeof(brisk_config)`.
//
// `BRISK_NULL`, or `BRISK_ARGUMENT` for a size of no version.
brisk_status brisk_config_init(struct brisk_config *config, size_t struct_size);

// Kind of an error; `BRISK_ERROR_HOST` for NULL.
brisk_error_kind brisk_error_get_kind(const struct brisk_error *error);

// The message, without kind and place.
struct brisk_text brisk_error_message(const struct brisk_error *error);

// The whole report in one line: `Runtime Error: message [line 3]`.
struct brisk_text brisk_error_report(const struct brisk_error *error);

// Name of the source; empty for a program without a name.
struct brisk_text brisk_error_source(const struct brisk_error *error);

// Line, from 1; 0 when there is none.
uint32_t brisk_error_line(const struct brisk_error *error);

// Column in code points, from 1; 0 when it is not known, as for errors of running scripts.
uint32_t brisk_error_column(const struct brisk_error *error);

// What else is wrong: the next diagnostic of a failed compilation. NULL when there is nothing. It
// belongs to `error`.
const struct brisk_error *brisk_error_inner(const struct brisk_error *error);

// Number of active calls when it happened.
size_t brisk_error_frame_count(const struct brisk_error *error);

// An active call; 0 is the innermost. `BRISK_NOT_FOUND` beyond the last.
brisk_status brisk_error_frame(const struct brisk_error *error,
                               size_t index,
                               struct brisk_frame *frame);

// Frees an error that the caller owns. NULL does nothing. Not for those of `brisk_vm_error` and
// `brisk_error_inner`.
void brisk_error_free(struct brisk_error *error);

// Compiles a source text. `name` is shown in error locations and may be empty. On success
// `*program` belongs to the caller. On `BRISK_COMPILE`, `*error` belongs to the caller, unless
// `error` is NULL.
brisk_status brisk_program_compile(const char *source,
                                   size_t len,
                                   struct brisk_text name,
                                   brisk_dialect dialect,
                                   struct brisk_program **program,
                                   struct brisk_error **error);

// The same for a module: a program for `brisk_import_program`, whose variables `import` collects in
// a map.
brisk_status brisk_program_compile_module(const char *source,
                                          size_t len,
                                          struct brisk_text name,
                                          brisk_dialect dialect,
                                          struct brisk_program **program,
                                          struct brisk_error **error);

// Loads a bytecode file: whatever its bytes are, this gives a program that is safe to run, or
// `BRISK_BYTECODE`. Then `*error` belongs to the caller, unless `error` is NULL, and says what is
// wrong: no bytecode, of another version, truncated, damaged, not safe.
brisk_status brisk_program_load(const uint8_t *bytes,
                                size_t len,
                                struct brisk_program **program,
                                struct brisk_error **error);

// The program as a bytecode file. With `strip` other than 0, lines and names of functions are left
// out: errors have no line then. `*bytes` belongs to the caller: `brisk_bytes_free`. It is the same on
// every platform, and belongs to this version of the engine: keep the source text.
brisk_status brisk_program_save(const struct brisk_program *program,
                                int32_t strip,
                                uint8_t **bytes,
                                size_t *len);

// Frees what `brisk_program_save` gave. NULL does nothing.
void brisk_bytes_free(uint8_t *bytes, size_t len);

// Another owner of the same program; NULL for NULL.
struct brisk_program *brisk_program_clone(const struct brisk_program *program);

// Gives a program back; VMs that run it go on. NULL does nothing.
void brisk_program_free(struct brisk_program *program);

// Makes a VM. `config` NULL means defaults. On success `*vm` belongs to the caller.
//
// `BRISK_ARGUMENT` for a configuration that was not initialized or makes no sense,
// `BRISK_UNSUPPORTED` for a dialect that there is not yet, or required machine code that there is
// not.
brisk_status brisk_vm_new(const struct brisk_config *config, struct brisk_vm **vm);

// Frees a VM and everything in it: finalizers run, destructors of natives are called, a token that
// is waited for is cancelled. NULL does nothing. Called by a native of this very VM, it is freed when
// the outermost call returns.
void brisk_vm_free(struct brisk_vm *vm);

// What the configuration said. NULL for NULL.
void *brisk_vm_host_data(const struct brisk_vm *vm);

// Whether scripts become machine code, or why not. Reserves memory for code when it was not needed
// before.
brisk_jit_status brisk_vm_jit_status(struct brisk_vm *vm);

// From now on the VM's time is what this says, instead of a clock: `time`, `wait` and budgets in
// seconds follow it. `BRISK_ARGUMENT` when it would go back.
brisk_status brisk_vm_set_time(struct brisk_vm *vm, double seconds);

// Makes a program the one that `brisk_vm_run` runs, from its start. What ran before is stopped;
// globals stay. The VM keeps the program: the caller may free it.
brisk_status brisk_vm_load(struct brisk_vm *vm, const struct brisk_program *program);

// Runs, or goes on, until the program ends, waits, fails, or the budget is spent. NULL for `budget`
// means unlimited. `outcome` may be NULL. `BRISK_OK` whenever a script could run, also when it
// failed.
brisk_status brisk_vm_run(struct brisk_vm *vm,
                          const struct brisk_budget *budget,
                          struct brisk_outcome *outcome);

// Forgets the program that is under way; globals stay. A token that is waited for is cancelled.
brisk_status brisk_vm_stop(struct brisk_vm *vm);

// 1 when there is nothing to go on with, else 0; 1 for NULL.
int32_t brisk_vm_is_finished(const struct brisk_vm *vm);

// Value of the program, or of the function that was started, that finished last; null for most
// programs. `BRISK_NOT_FOUND` when none did since something was loaded.
brisk_status brisk_vm_result(struct brisk_vm *vm, struct brisk_value *value);

// Why something failed last: a run, a call, a load. NULL when nothing did since the last of them
// began. It belongs to the VM, and lives until the next of them.
const struct brisk_error *brisk_vm_error(const struct brisk_vm *vm);

// The active calls of a program that is suspended, or of the one that called a native: an error
// without a message, which belongs to the caller.
brisk_status brisk_vm_stack(const struct brisk_vm *vm, struct brisk_error **stack);

// Opens a scope: handles made from now on are gone when it is closed. Natives have a scope of their
// own, which is closed when they return.
brisk_status brisk_scope_open(struct brisk_vm *vm, uint64_t *scope);

// Closes a scope, and those opened in it. `BRISK_STALE` when it is closed already,
// `BRISK_ARGUMENT` inside a native for a scope that was opened outside.
brisk_status brisk_scope_close(struct brisk_vm *vm, uint64_t scope);

// Another handle of the same value that stays until it is released, whatever scopes are closed.
brisk_status brisk_value_retain(struct brisk_vm *vm,
                                struct brisk_value value,
                                struct brisk_value *kept);

// Releases a handle of `brisk_value_retain`. Null and numbers need no release, and nothing happens.
// `BRISK_STALE` when it was released already, `BRISK_ARGUMENT` for a handle of a scope.
brisk_status brisk_value_release(struct brisk_vm *vm, struct brisk_value kept);

// The text of any value, as `print` writes it; it lives until the next call on this VM.
brisk_status brisk_value_text(struct brisk_vm *vm,
                              struct brisk_value value,
                              struct brisk_text *out);

// Whether `if` takes a value for true: 1 or 0.
brisk_status brisk_value_truth(struct brisk_vm *vm, struct brisk_value value, int32_t *truth);

// Whether `==` finds two values equal: 1 or 0.
brisk_status brisk_value_equal(struct brisk_vm *vm,
                               struct brisk_value a,
                               struct brisk_value b,
                               int32_t *equal);

// A string with a copy of this text.
brisk_status brisk_string_new(struct brisk_vm *vm,
                              const char *data,
                              size_t len,
                              struct brisk_value *value);

// The text of a string; it lives until the next call on this VM. `BRISK_TYPE` for other kinds.
brisk_status brisk_string_get(struct brisk_vm *vm,
                              struct brisk_value value,
                              struct brisk_text *out);

// An empty list with room for `capacity` elements.
brisk_status brisk_list_new(struct brisk_vm *vm, size_t capacity, struct brisk_value *list);

// Number of elements.
brisk_status brisk_list_len(struct brisk_vm *vm, struct brisk_value list, size_t *len);

// Element `index`, from 0. `BRISK_NOT_FOUND` beyond the end.
brisk_status brisk_list_get(struct brisk_vm *vm,
                            struct brisk_value list,
                            size_t index,
                            struct brisk_value *value);

// Replaces element `index`. `BRISK_NOT_FOUND` beyond the end.
brisk_status brisk_list_set(struct brisk_vm *vm,
                            struct brisk_value list,
                            size_t index,
                            struct brisk_value value);

// Appends an element.
brisk_status brisk_list_push(struct brisk_vm *vm,
                             struct brisk_value list,
                             struct brisk_value value);

// Makes a list longer, with null, or shorter.
brisk_status brisk_list_resize(struct brisk_vm *vm, struct brisk_value list, size_t len);

// Copies numbers out of a list, from element `first` on, at most `count`; elements of other kinds
// count as 0. `*read` is how many there were.
brisk_status brisk_list_read_numbers(struct brisk_vm *vm,
                                     struct brisk_value list,
                                     size_t first,
                                     double *numbers,
                                     size_t count,
                                     size_t *read);

// Copies numbers into a list, from element `first` on; the list becomes as long as needed.
// `BRISK_ARGUMENT` when `first` is beyond its end.
brisk_status brisk_list_write_numbers(struct brisk_vm *vm,
                                      struct brisk_value list,
                                      size_t first,
                                      const double *numbers,
                                      size_t count);

// An empty map.
brisk_status brisk_map_new(struct brisk_vm *vm, struct brisk_value *map);

// Number of entries.
brisk_status brisk_map_len(struct brisk_vm *vm, struct brisk_value map, size_t *len);

// The value under a key. Only entries of this very map, not of those it inherits from.
// `BRISK_NOT_FOUND` when there is none.
brisk_status brisk_map_get(struct brisk_vm *vm,
                           struct brisk_value map,
                           struct brisk_value key,
                           struct brisk_value *value);

// Stores a value under a key.
brisk_status brisk_map_set(struct brisk_vm *vm,
                           struct brisk_value map,
                           struct brisk_value key,
                           struct brisk_value value);

// `brisk_map_get` with a string for a key.
brisk_status brisk_map_get_name(struct brisk_vm *vm,
                                struct brisk_value map,
                                const char *key,
                                size_t len,
                                struct brisk_value *value);

// `brisk_map_set` with a string for a key.
brisk_status brisk_map_set_name(struct brisk_vm *vm,
                                struct brisk_value map,
                                const char *key,
                                size_t len,
                                struct brisk_value value);

// Removes an entry. `BRISK_NOT_FOUND` when there is none.
brisk_status brisk_map_remove(struct brisk_vm *vm, struct brisk_value map, struct brisk_value key);

// The entries of a map, one after the other, in order: `*cursor` is 0 for the first, and where to
// go on afterwards. `BRISK_NOT_FOUND` behind the last. Values may be changed meanwhile; keys that
// are added or removed may be seen or not.
brisk_status brisk_map_next(struct brisk_vm *vm,
                            struct brisk_value map,
                            uint64_t *cursor,
                            struct brisk_value *key,
                            struct brisk_value *value);

// The slot of a global variable, made when nobody mentioned the name yet. It stays the same as long
// as the VM lives, whatever programs are loaded, so it is looked up once.
brisk_status brisk_global_find(struct brisk_vm *vm, const char *name, size_t len, uint32_t *slot);

// The value of a global. `BRISK_NOT_FOUND` when the script has not assigned it, `BRISK_ARGUMENT` for
// a slot that is none.
brisk_status brisk_global_get(struct brisk_vm *vm,
                              uint32_t slot,
                              struct brisk_value *value);

// Assigns a global.
brisk_status brisk_global_set(struct brisk_vm *vm, uint32_t slot, struct brisk_value value);

// Removes a global. `BRISK_NOT_FOUND` when it is not assigned.
brisk_status brisk_global_remove(struct brisk_vm *vm, uint32_t slot);

// The map `globals`: look through it with `brisk_map_next`. It shows changes as they happen.
brisk_status brisk_globals(struct brisk_vm *vm, struct brisk_value *map);

// Calls a function to its end. Missing arguments have their defaults. From a native the script runs
// above the one that called it, with what is left of that run's budget; `budget` is not looked at
// then. When a program is suspended the function runs above it. It cannot suspend itself.
//
// `result` may be NULL. `BRISK_SCRIPT`, `BRISK_LIMIT` when the script failed or the budget was spent:
// see `brisk_vm_error`. `BRISK_EXIT` when it called `exit`. `BRISK_TYPE` for what is no function.
brisk_status brisk_call_value(struct brisk_vm *vm,
                              struct brisk_value function,
                              const struct brisk_value *args,
                              size_t count,
                              const struct brisk_budget *budget,
                              struct brisk_value *result);

// `brisk_call_value` for the function that a global holds. Nothing is looked up by name and no memory
// is asked for. `BRISK_NOT_FOUND` when the script has not assigned it: a way to offer optional
// callbacks.
brisk_status brisk_call_global(struct brisk_vm *vm,
                               uint32_t slot,
                               const struct brisk_value *args,
                               size_t count,
                               const struct brisk_budget *budget,
                               struct brisk_value *result);

// Makes a function what `brisk_vm_run` runs: it may suspend, and its value is `brisk_vm_result`. What
// ran before is stopped.
brisk_status brisk_vm_start(struct brisk_vm *vm,
                            struct brisk_value function,
                            const struct brisk_value *args,
                            size_t count);

// Registers a native for the scripts of a VM: a function `name(params)`, which hides an intrinsic of
// that name; with an empty name it is reached only as the value in `*value`, such as a member of a
// map. `value` may be NULL. `user` is passed to the function, and to `destructor`, if there is one,
// when the VM is freed or when registering fails.
brisk_status brisk_register(struct brisk_vm *vm,
                            struct brisk_text name,
                            const struct brisk_param *params,
                            size_t count,
                            brisk_native_fn function,
                            void *user,
                            brisk_destructor_fn destructor,
                            struct brisk_value *value);

// Registers a function from a number to a number: quicker to call. Arguments of other kinds count as
// 0.
brisk_status brisk_register_number1(struct brisk_vm *vm,
                                    struct brisk_text name,
                                    struct brisk_text param,
                                    brisk_number_fn1 function,
                                    void *user,
                                    brisk_destructor_fn destructor);

// The same for two numbers.
brisk_status brisk_register_number2(struct brisk_vm *vm,
                                    struct brisk_text name,
                                    struct brisk_text x,
                                    struct brisk_text y,
                                    brisk_number_fn2 function,
                                    void *user,
                                    brisk_destructor_fn destructor);

// Number of parameters; each has its argument or its default.
size_t brisk_arg_count(const struct brisk_call *call);

// Argument `index`, from 0, as a number; other kinds count as 0.
double brisk_arg_number(const struct brisk_call *call, size_t index);

// Argument `index` as an integer: truncated; out of range the nearest one; NaN and other kinds 0.
int32_t brisk_arg_int(const struct brisk_call *call, size_t index);

// Whether `if` takes argument `index` for true: 1 or 0.
int32_t brisk_arg_truth(const struct brisk_call *call, size_t index);

// Argument `index`; null beyond the last. The handle lives until the native returns.
brisk_status brisk_arg_value(struct brisk_call *call, size_t index, struct brisk_value *value);

// Argument `index` as text, as `str` makes it; null is empty. It lives until the native returns.
brisk_status brisk_arg_text(struct brisk_call *call, size_t index, struct brisk_text *out);

// Data of argument `index` when it is an object of the host with this tag that has not been closed;
// else NULL.
void *brisk_arg_object(const struct brisk_call *call, size_t index, uint64_t type_tag);

// Makes a number the value of the call.
void brisk_return_number(struct brisk_call *call, double x);

// Makes a value the value of the call.
brisk_status brisk_return_value(struct brisk_call *call, struct brisk_value value);

// Makes a string with a copy of this text the value of the call.
brisk_status brisk_return_text(struct brisk_call *call, const char *data, size_t len);

// Raises an error of the script with this message when the native returns what this returns:
// `BRISK_SCRIPT`.
brisk_status brisk_call_error(struct brisk_call *call, const char *message, size_t len);

// Ends the program with a status when the native returns what this returns: `BRISK_EXIT`.
brisk_status brisk_call_exit(struct brisk_call *call, int32_t code);

// Not finished: the run ends with `BRISK_WAITING` when the native returns what this returns,
// `BRISK_PENDING`. The next run calls the native again with the same arguments; `state` is then
// `brisk_call_state`. `wake` is when that makes sense, on the VM's clock; NaN for any time.
brisk_status brisk_call_pending(struct brisk_call *call, struct brisk_value state, double wake);

// What `brisk_call_pending` was given when the call was not finished last time. `BRISK_NOT_FOUND`
// on the first call.
brisk_status brisk_call_state(struct brisk_call *call, struct brisk_value *state);

// Not finished: the run ends with `BRISK_WAITING_NATIVE` when the native returns what this returns,
// `BRISK_PENDING`. `*token` belongs to the caller, who completes or frees it exactly once, on any
// thread; its value is then that of the native, which is not called again. Until then running the VM
// costs nothing.
//
// `cancel`, unless it is NULL, is called with `user` when the VM is freed or stopped, or loads
// something else, before the token is completed; on the thread that does so. It must not use the VM.
// The token must still be completed or freed, which waits on other threads until `cancel` returned.
//
// `BRISK_BUSY` in a script that a native called: it cannot suspend.
brisk_status brisk_call_suspend(struct brisk_call *call,
                                brisk_cancel_fn cancel,
                                void *user,
                                struct brisk_token **token);

// Completes a token with null or a number, and frees it; from any thread. `BRISK_DONE` when nobody
// waits any more (it is freed). `BRISK_TYPE` for other kinds of values (it is not freed).
brisk_status brisk_token_complete(struct brisk_token *token, struct brisk_value value);

// Completes a token with a string, and frees it; from any thread. `BRISK_DONE` when nobody waits any
// more (it is freed). `BRISK_UTF8` for what is no text (it is not freed).
brisk_status brisk_token_complete_text(struct brisk_token *token,
                                       const char *data,
                                       size_t len);

// Completes a token with an error, and frees it; from any thread. As `brisk_token_complete_text`.
brisk_status brisk_token_fail(struct brisk_token *token, const char *message, size_t len);

// Gives a token up and frees it: the script gets an error. NULL does nothing.
void brisk_token_free(struct brisk_token *token);

// An object of the host. `class_map` is a map whose entries are its members, and which `isa` looks
// at, or null. `bytes` are what it costs the host: they count against the VM's limit until the
// object is closed or gone. The type is copied; use the same one for all objects of a kind.
//
// On failure `data` still belongs to the caller.
brisk_status brisk_object_new(struct brisk_vm *vm,
                              const struct brisk_object_type *object_type,
                              void *data,
                              struct brisk_value class_map,
                              size_t bytes,
                              struct brisk_value *object);

// Data of an object with this tag that is not closed. `BRISK_TYPE` for anything else.
brisk_status brisk_object_data(struct brisk_vm *vm,
                               struct brisk_value object,
                               uint64_t type_tag,
                               void **data);

// Closes an object: its finalizer runs now, and it has no data afterwards; scripts may still hold it.
// `BRISK_DONE` when it is closed already, `BRISK_TYPE` for what is no object.
brisk_status brisk_object_close(struct brisk_vm *vm,
                                struct brisk_value object);

// A reference to a list, map, function, object or string that does not keep it alive. It belongs to
// the caller. `BRISK_TYPE` for null and numbers.
brisk_status brisk_weak_new(struct brisk_vm *vm,
                            struct brisk_value value,
                            struct brisk_weak **weak);

// What a weak reference refers to. `BRISK_NOT_FOUND` once that is gone: at the latest after
// `brisk_gc_collect`, when nothing else refers to it.
brisk_status brisk_weak_get(struct brisk_vm *vm,
                            const struct brisk_weak *weak,
                            struct brisk_value *value);

// Frees a weak reference; also after its VM was freed. NULL does nothing.
void brisk_weak_free(struct brisk_weak *weak);

// Counts memory that the host holds for scripts against the VM's limit; a negative number takes back
// what was counted. `BRISK_LIMIT` when it does not fit; nothing is counted then.
brisk_status brisk_vm_charge(struct brisk_vm *vm,
                             int64_t bytes);

// Says where `import` finds modules: without this, scripts have no `import`. Once for each VM;
// `BRISK_BUSY` the second time. `destructor` is called with `user` when the VM is freed, or when this
// fails.
brisk_status brisk_vm_set_importer(struct brisk_vm *vm,
                                   brisk_import_fn importer,
                                   void *user,
                                   brisk_destructor_fn destructor);

// Gives the text of the module. `BRISK_COMPILE` when it is no program: return that.
brisk_status brisk_import_source(struct brisk_import *import, const char *source, size_t len);

// Gives the program of the module, made by `brisk_program_compile_module`; the caller may free it.
brisk_status brisk_import_program(struct brisk_import *import, const struct brisk_program *program);

// Adds a line. `*more` is 1 when the text is not complete yet: ask for another line. Otherwise it was
// compiled and loaded: run it, and look at `brisk_repl_result`. `BRISK_COMPILE`: see
// `brisk_vm_error`; the text is forgotten.
brisk_status brisk_repl_feed(struct brisk_vm *vm,
                             const char *line,
                             size_t len,
                             int32_t *more);

// Value of the last expression statement that ran since this was asked last. `BRISK_NOT_FOUND` when
// there was none.
brisk_status brisk_repl_result(struct brisk_vm *vm, struct brisk_value *value);

// Forgets a text that is not complete.
brisk_status brisk_repl_reset(struct brisk_vm *vm);

// Figures.
brisk_status brisk_vm_stats(struct brisk_vm *vm, struct brisk_stats *stats);

// A hash of what scripts can see between runs: the globals and everything they lead to, the random
// numbers. Equal for VMs in the same state, on every platform and in every build of this version, with
// and without machine code; different, but for chance, after any change. Takes time in proportion to the
// state. For games that must stay in step: same seed, virtual time (`brisk_vm_set_time`), and fuel as
// the only budget.
brisk_status brisk_vm_state_hash(struct brisk_vm *vm,
                                 uint64_t *hash);

// Changes the most bytes that scripts may use. More may be in use already: the next request fails
// then.
brisk_status brisk_vm_set_memory_max(struct brisk_vm *vm, size_t bytes);

// Collects everything that is unreachable.
brisk_status brisk_gc_collect(struct brisk_vm *vm);

// Does a slice of collection: about `work` values are looked at. For time that is left in a frame.
// `*idle`, unless it is NULL, becomes 1 when a collection was finished, else 0.
brisk_status brisk_gc_step(struct brisk_vm *vm, size_t work, int32_t *idle);

// Version of the library that is running, as `BRISK_VERSION_NUMBER`.
uint32_t brisk_version_number(void);

// Version of the library that is running, as text that is zero-terminated and lives for ever.
const char *brisk_version(void);

// Version of the binary interface of the library that is running. A host that loads it at run time
// compares it with its `BRISK_ABI`.
uint32_t brisk_abi(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BRISK_H */
