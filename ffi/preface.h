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
