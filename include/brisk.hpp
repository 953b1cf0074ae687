/* brisk.hpp: Brisk for C++17, header-only, over brisk.h.
 *
 * Owners are move-only and free what they own; views are cheap to copy and own nothing:
 *
 *   owner      of                          view
 *   Vm         a virtual machine           VmRef (has all the verbs; a Vm is one)
 *   Program    compiled source or bytecode
 *   Error      an error of the host's own  ErrorView (the last error of a Vm, a cause, a frame list)
 *   Kept       a value that stays          Value (a number, null, or a handle of a scope)
 *   Scope      the handles made since it
 *   Token      a native that is waited for
 *   Weak       a reference that keeps nothing alive
 *
 * Nothing here throws. What can fail gives a `Status`, or a `Result<T>`: a status and, when that is
 * `Status::ok`, a value. Exceptions of the host's own lambdas never leave them: they become errors
 * of the script. The header also compiles without exceptions (-fno-exceptions).
 *
 * A first program:
 *
 *   brisk::Vm vm = std::move(*brisk::Vm::create());
 *   vm.define("double_of", {"x"}, [](double x) { return 2 * x; });
 *   brisk::Program program = std::move(*brisk::Program::compile("answer = double_of(21)"));
 *   vm.load(program);
 *   vm.run();
 *   double answer = vm.global("answer")->get<double>().value_or(0);
 *
 * Lifetimes: everything that belongs to a VM (Kept, Scope, Global, values) must go before it.
 * A `std::string_view` from a VM is valid until the next call on that VM, unless said otherwise.
 * Threads: as in brisk.h; one thread at a time for a VM and all that belongs to it, any thread for
 * Program and Token.
 */
#ifndef BRISK_HPP
#define BRISK_HPP

#include "brisk.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#include <exception>
#define BRISK_HPP_EXCEPTIONS 1
#else
#define BRISK_HPP_EXCEPTIONS 0
#endif

namespace brisk {

class Call;
class ErrorView;
class Program;
class VmRef;

/* ---- statuses and results ---------------------------------------------------------------- */

/** What became of a call; the names and numbers of `brisk_status`. */
enum class Status : brisk_status {
  ok = BRISK_OK,
  null = BRISK_NULL,
  argument = BRISK_ARGUMENT,
  wrong_vm = BRISK_WRONG_VM,
  stale = BRISK_STALE,
  type = BRISK_TYPE,
  not_found = BRISK_NOT_FOUND,
  utf8 = BRISK_UTF8,
  compile = BRISK_COMPILE,
  script = BRISK_SCRIPT,
  limit = BRISK_LIMIT,
  busy = BRISK_BUSY,
  unsupported = BRISK_UNSUPPORTED,
  bytecode = BRISK_BYTECODE,
  done = BRISK_DONE,
  panic = BRISK_PANIC,
  pending = BRISK_PENDING,
  yield = BRISK_YIELD,
  exit = BRISK_EXIT
};

/** The name of a status, for messages. */
inline const char *name(Status status) noexcept {
  switch (status) {
  case Status::ok: return "ok";
  case Status::null: return "null";
  case Status::argument: return "argument";
  case Status::wrong_vm: return "wrong_vm";
  case Status::stale: return "stale";
  case Status::type: return "type";
  case Status::not_found: return "not_found";
  case Status::utf8: return "utf8";
  case Status::compile: return "compile";
  case Status::script: return "script";
  case Status::limit: return "limit";
  case Status::busy: return "busy";
  case Status::unsupported: return "unsupported";
  case Status::bytecode: return "bytecode";
  case Status::done: return "done";
  case Status::panic: return "panic";
  case Status::pending: return "pending";
  case Status::yield: return "yield";
  case Status::exit: return "exit";
  }
  return "unknown";
}

/** A status and, when it is `Status::ok`, a value.
 *
 * `*result` and `result->` need `result.ok()`; that is asserted in debug builds and otherwise
 * undefined, as with `std::optional`. */
template <class T> class [[nodiscard]] Result {
public:
  /** A success. */
  Result(T value) : status_(Status::ok), value_(std::move(value)) {}
  /** A failure; `status` is not `Status::ok`. */
  Result(Status status) : status_(status) { assert(status != Status::ok); }

  bool ok() const noexcept { return status_ == Status::ok; }
  explicit operator bool() const noexcept { return ok(); }
  Status status() const noexcept { return status_; }

  T &operator*() & { return get(); }
  const T &operator*() const & { return const_cast<Result *>(this)->get(); }
  T &&operator*() && { return std::move(get()); }
  T *operator->() { return &get(); }
  const T *operator->() const { return &const_cast<Result *>(this)->get(); }

  /** The value, or `other` after a failure. */
  template <class U> T value_or(U &&other) const & {
    return ok() ? *value_ : static_cast<T>(std::forward<U>(other));
  }
  template <class U> T value_or(U &&other) && {
    return ok() ? std::move(*value_) : static_cast<T>(std::forward<U>(other));
  }

private:
  T &get() {
    assert(ok());
    return *value_;
  }

  Status status_;
  std::optional<T> value_;
};

namespace detail {

inline Status status(brisk_status status) noexcept { return static_cast<Status>(status); }

inline brisk_text text(std::string_view text) noexcept {
  brisk_text out;
  out.data = text.data();
  out.len = text.size();
  return out;
}

inline std::string_view view(brisk_text text) noexcept {
  return text.len == 0 ? std::string_view() : std::string_view(text.data, text.len);
}

template <class T> Result<T> result(brisk_status code, T &&value) {
  if (code != BRISK_OK) {
    return status(code);
  }
  return Result<T>(std::forward<T>(value));
}

template <auto Free> struct Deleter {
  template <class T> void operator()(T *owned) const noexcept { Free(owned); }
};

/** A cell for data of the host that the engine destroys. */
template <class T> void destroy(void *user) noexcept { delete static_cast<T *>(user); }

template <class T> constexpr bool is_text =
    std::is_convertible_v<const T &, std::string_view> && !std::is_same_v<T, std::nullptr_t>;

template <class T> struct IsResult : std::false_type {};
template <class T> struct IsResult<Result<T>> : std::true_type {};
template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};

} // namespace detail

/* ---- values ------------------------------------------------------------------------------ */

/** A value of a script: a number or null by itself, anything else as a handle of one VM that is
 * valid until its scope ends. The same 16 bytes as `brisk_value`. */
class Value : public brisk_value {
public:
  /** Null. */
  Value() noexcept : brisk_value(brisk_null()) {}
  Value(std::nullptr_t) noexcept : Value() {}
  Value(const brisk_value &value) noexcept : brisk_value(value) {}
  /** A number; truth is 1 or 0, as in scripts. */
  template <class N, class = std::enable_if_t<std::is_arithmetic_v<N>>>
  Value(N number) noexcept : brisk_value(brisk_number(static_cast<double>(number))) {}

  bool is_null() const noexcept { return kind == BRISK_KIND_NULL; }
  bool is_number() const noexcept { return kind == BRISK_KIND_NUMBER; }
  bool is_string() const noexcept { return kind == BRISK_KIND_STRING; }
  bool is_list() const noexcept { return kind == BRISK_KIND_LIST; }
  bool is_map() const noexcept { return kind == BRISK_KIND_MAP; }
  bool is_function() const noexcept { return kind == BRISK_KIND_FUNCTION; }
  bool is_object() const noexcept { return kind == BRISK_KIND_OBJECT; }

  /** The number, or `other` when it is none. */
  double number_or(double other) const noexcept { return is_number() ? as.number : other; }
};
static_assert(sizeof(Value) == sizeof(brisk_value), "arrays of either are arrays of both");

/** A handle that stays valid until this goes. */
class Kept {
public:
  Kept() noexcept = default;
  Kept(brisk_vm *vm, const Value &kept) noexcept : vm_(vm), value_(kept) {}
  Kept(Kept &&other) noexcept
      : vm_(std::exchange(other.vm_, nullptr)), value_(std::exchange(other.value_, Value())) {}
  Kept &operator=(Kept &&other) noexcept {
    if (this != &other) {
      reset();
      vm_ = std::exchange(other.vm_, nullptr);
      value_ = std::exchange(other.value_, Value());
    }
    return *this;
  }
  Kept(const Kept &) = delete;
  Kept &operator=(const Kept &) = delete;
  ~Kept() { reset(); }

  /** Lets go of the value. */
  void reset() noexcept {
    if (vm_ != nullptr) {
      (void)brisk_value_release(std::exchange(vm_, nullptr), value_);
    }
    value_ = Value();
  }
  const Value &get() const noexcept { return value_; }
  const Value &operator*() const noexcept { return value_; }
  operator const Value &() const noexcept { return value_; }

private:
  brisk_vm *vm_ = nullptr;
  Value value_;
};

/** Handles made since this was opened are gone with it, in bulk. Scopes close innermost first. */
class Scope {
public:
  explicit Scope(const VmRef &vm) noexcept;
  Scope(const Scope &) = delete;
  Scope &operator=(const Scope &) = delete;
  ~Scope() { (void)close(); }

  Status status() const noexcept { return status_; }
  /** Closes early; the second time does nothing. */
  Status close() noexcept {
    if (vm_ == nullptr) {
      return Status::ok;
    }
    return detail::status(brisk_scope_close(std::exchange(vm_, nullptr), scope_));
  }

private:
  brisk_vm *vm_;
  std::uint64_t scope_ = 0;
  Status status_;
};

/** A reference that does not keep its value alive. */
class Weak {
public:
  Weak() noexcept = default;
  Weak(brisk_vm *vm, brisk_weak *weak) noexcept : vm_(vm), weak_(weak) {}
  Weak(Weak &&other) noexcept
      : vm_(std::exchange(other.vm_, nullptr)), weak_(std::exchange(other.weak_, nullptr)) {}
  Weak &operator=(Weak &&other) noexcept {
    if (this != &other) {
      reset();
      vm_ = std::exchange(other.vm_, nullptr);
      weak_ = std::exchange(other.weak_, nullptr);
    }
    return *this;
  }
  Weak(const Weak &) = delete;
  Weak &operator=(const Weak &) = delete;
  ~Weak() { reset(); }

  void reset() noexcept {
    if (weak_ != nullptr) {
      vm_ = nullptr;
      brisk_weak_free(std::exchange(weak_, nullptr));
    }
  }
  /** The value; `Status::not_found` when it is gone. */
  Result<Value> get() const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_weak_get(vm_, weak_, &value);
    return detail::result(code, Value(value));
  }

private:
  brisk_vm *vm_ = nullptr;
  brisk_weak *weak_ = nullptr;
};

/* ---- errors ------------------------------------------------------------------------------ */

/** An active call where an error happened. */
struct Frame {
  std::string_view function;
  std::string_view source;
  std::uint32_t line;
};

/** An error that belongs to something else: of a VM until its next run, call or load. May be empty;
 * then all texts are empty and all numbers 0. */
class ErrorView {
public:
  ErrorView() noexcept = default;
  explicit ErrorView(const brisk_error *error) noexcept : error_(error) {}

  explicit operator bool() const noexcept { return error_ != nullptr; }
  const brisk_error *c() const noexcept { return error_; }

  brisk_error_kind kind() const noexcept { return error_ ? brisk_error_get_kind(error_) : 0; }
  std::string_view message() const noexcept {
    return error_ ? detail::view(brisk_error_message(error_)) : std::string_view();
  }
  /** The line that a user wants to see: `Runtime Error: … [line 3]`. */
  std::string_view report() const noexcept {
    return error_ ? detail::view(brisk_error_report(error_)) : std::string_view();
  }
  std::string_view source() const noexcept {
    return error_ ? detail::view(brisk_error_source(error_)) : std::string_view();
  }
  std::uint32_t line() const noexcept { return error_ ? brisk_error_line(error_) : 0; }
  std::uint32_t column() const noexcept { return error_ ? brisk_error_column(error_) : 0; }
  /** The next diagnostic, or the cause. */
  ErrorView inner() const noexcept {
    return ErrorView(error_ ? brisk_error_inner(error_) : nullptr);
  }
  std::size_t frame_count() const noexcept { return error_ ? brisk_error_frame_count(error_) : 0; }
  /** Frame `index`, 0 is the innermost. */
  Result<Frame> frame(std::size_t index) const {
    brisk_frame raw;
    std::memset(&raw, 0, sizeof raw);
    const brisk_status code = brisk_error_frame(error_, index, &raw);
    return detail::result(code, Frame{detail::view(raw.function), detail::view(raw.source), raw.line});
  }

protected:
  const brisk_error *error_ = nullptr;
};

/** An error that the host owns. */
class Error : public ErrorView {
public:
  Error() noexcept = default;
  explicit Error(brisk_error *owned) noexcept : ErrorView(owned), owned_(owned) {}
  Error(Error &&other) noexcept : ErrorView(other.error_), owned_(std::move(other.owned_)) {
    other.error_ = nullptr;
  }
  Error &operator=(Error &&other) noexcept {
    owned_ = std::move(other.owned_);
    error_ = owned_.get();
    other.error_ = other.owned_.get();
    return *this;
  }

private:
  std::unique_ptr<brisk_error, detail::Deleter<brisk_error_free>> owned_;
};

/* ---- programs ---------------------------------------------------------------------------- */

/** Compiled source or bytecode: immutable, for any threads and VMs. */
class Program {
public:
  Program() noexcept = default;
  explicit Program(brisk_program *owned) noexcept : owned_(owned) {}

  /** Compiles a text. `name` is shown in error locations. After `Status::compile`, `error` (if given)
   * has the diagnostics. */
  static Result<Program> compile(std::string_view source, std::string_view name = {},
                                 Error *error = nullptr,
                                 brisk_dialect dialect = BRISK_DIALECT_V1) {
    brisk_program *program = nullptr;
    brisk_error *raw = nullptr;
    const brisk_status code =
        brisk_program_compile(source.empty() ? "" : source.data(), source.size(),
                              detail::text(name), dialect, &program, error ? &raw : nullptr);
    if (error != nullptr) {
      *error = Error(raw);
    }
    return detail::result(code, Program(program));
  }

  /** Loads what `save` made. Untrusted bytes are safe. */
  static Result<Program> load(const std::vector<std::uint8_t> &bytes, Error *error = nullptr) {
    brisk_program *program = nullptr;
    brisk_error *raw = nullptr;
    static const std::uint8_t none = 0;
    const brisk_status code = brisk_program_load(bytes.empty() ? &none : bytes.data(),
                                                 bytes.size(), &program, error ? &raw : nullptr);
    if (error != nullptr) {
      *error = Error(raw);
    }
    return detail::result(code, Program(program));
  }

  /** The program as bytecode; `strip` leaves out names and lines for errors. */
  Result<std::vector<std::uint8_t>> save(bool strip = false) const {
    std::uint8_t *bytes = nullptr;
    std::size_t len = 0;
    const brisk_status code = brisk_program_save(owned_.get(), strip ? 1 : 0, &bytes, &len);
    if (code != BRISK_OK) {
      return detail::status(code);
    }
    std::vector<std::uint8_t> out(bytes, bytes + len);
    brisk_bytes_free(bytes, len);
    return out;
  }

  /** Another owner of the same program. */
  Program clone() const noexcept {
    return Program(owned_ ? brisk_program_clone(owned_.get()) : nullptr);
  }
  const brisk_program *c() const noexcept { return owned_.get(); }

private:
  std::unique_ptr<brisk_program, detail::Deleter<brisk_program_free>> owned_;
};

/* ---- running ----------------------------------------------------------------------------- */

/** How much one run may do. */
struct Budget : brisk_budget {
  Budget(std::uint64_t fuel_units, double most_seconds) noexcept {
    fuel = fuel_units;
    seconds = most_seconds;
  }
  static Budget unlimited() noexcept { return Budget(UINT64_MAX, 0); }
  static Budget of_fuel(std::uint64_t units) noexcept { return Budget(units, 0); }
  static Budget of_seconds(double seconds) noexcept { return Budget(UINT64_MAX, seconds); }
};

/** How a run ended. */
struct Outcome : brisk_outcome {
  bool finished() const noexcept { return kind == BRISK_FINISHED; }
  bool failed() const noexcept { return kind == BRISK_FAILED; }
  bool exited() const noexcept { return kind == BRISK_EXITED; }
  /** There is more to run, now or later. */
  bool suspended() const noexcept { return !finished() && !failed() && !exited(); }
};

/** A suspended native. Complete it once, from any thread; one that goes without is given up, and the
 * script gets an error. */
class Token {
public:
  Token() noexcept = default;
  explicit Token(brisk_token *owned) noexcept : owned_(owned) {}

  explicit operator bool() const noexcept { return owned_ != nullptr; }
  /** The native's result is null. Consumes the token, as do the others; `Status::null` when it is
   * gone already. */
  Status complete() noexcept { return complete_raw(brisk_null()); }
  Status complete(double number) noexcept { return complete_raw(brisk_number(number)); }
  Status complete(std::string_view text) noexcept {
    return detail::status(
        brisk_token_complete_text(owned_.release(), text.empty() ? "" : text.data(), text.size()));
  }
  /** The script gets an error. */
  Status fail(std::string_view message) noexcept {
    return detail::status(brisk_token_fail(
        owned_.release(), message.empty() ? "" : message.data(), message.size()));
  }
  /** The C token, which the caller owns from now on. */
  brisk_token *release() noexcept { return owned_.release(); }

private:
  Status complete_raw(brisk_value value) noexcept {
    return detail::status(brisk_token_complete(owned_.release(), value));
  }

  std::unique_ptr<brisk_token, detail::Deleter<brisk_token_free>> owned_;
};

/* ---- one call of a native ---------------------------------------------------------------- */

/** The number that tells objects of host type `T` from others: an address, so the same in all of a
 * process. */
template <class T> std::uint64_t type_tag() noexcept {
  static const char tag = 0;
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&tag));
}

/** A name and the default of one parameter. A default that is a string belongs to the VM. */
struct Param {
  Param(const char *param_name) noexcept : name(param_name) {}
  Param(std::string_view param_name) noexcept : name(param_name) {}
  Param(std::string_view param_name, Value value) noexcept : name(param_name), fallback(value) {}

  std::string_view name;
  Value fallback;
};

/** All verbs of a VM that somebody else owns. */
class VmRef {
public:
  explicit VmRef(brisk_vm *vm) noexcept : vm_(vm) {}

  brisk_vm *c() const noexcept { return vm_; }
  void *host_data() const noexcept { return brisk_vm_host_data(vm_); }
  brisk_jit_status jit_status() const noexcept { return brisk_vm_jit_status(vm_); }

  /* Running. */

  /** Makes `program` what `run` runs, from its start. Globals stay. */
  Status load(const Program &program) const noexcept {
    return detail::status(brisk_vm_load(vm_, program.c()));
  }
  /** Runs until the end, the budget, a wait or an error; `Status::ok` for all of them, the outcome
   * tells which. */
  Result<Outcome> run(const Budget &budget = Budget::unlimited()) const {
    Outcome outcome;
    std::memset(static_cast<brisk_outcome *>(&outcome), 0, sizeof(brisk_outcome));
    const brisk_status code = brisk_vm_run(vm_, &budget, &outcome);
    if (code != BRISK_OK) {
      return detail::status(code);
    }
    return outcome;
  }
  /** Compiles, loads and runs a text to its end or first suspension. */
  Result<Outcome> run_text(std::string_view source,
                           const Budget &budget = Budget::unlimited(),
                           Error *error = nullptr) const {
    auto program = Program::compile(source, {}, error);
    if (!program) {
      return program.status();
    }
    const Status status = load(*program);
    if (status != Status::ok) {
      return status;
    }
    return run(budget);
  }
  Status stop() const noexcept { return detail::status(brisk_vm_stop(vm_)); }
  bool finished() const noexcept { return brisk_vm_is_finished(vm_) != 0; }
  /** Of the program or call that finished last. */
  Result<Value> result() const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_vm_result(vm_, &value);
    return detail::result(code, Value(value));
  }
  /** The last thing that failed; valid until the next run, call or load. */
  ErrorView error() const noexcept { return ErrorView(brisk_vm_error(vm_)); }
  /** The active calls of a suspended or running script. */
  Result<Error> stack() const {
    brisk_error *stack = nullptr;
    const brisk_status code = brisk_vm_stack(vm_, &stack);
    return detail::result(code, Error(stack));
  }
  /** From now on the VM's time is what this says. */
  Status set_time(double seconds) const noexcept {
    return detail::status(brisk_vm_set_time(vm_, seconds));
  }

  /* Values. */

  /** A number, text or null as a value of this VM. */
  template <class T> Result<Value> make(const T &from) const {
    if constexpr (std::is_convertible_v<const T &, Value>) {
      return Value(from);
    } else if constexpr (std::is_same_v<T, std::vector<double>>) {
      return list(from);
    } else {
      static_assert(detail::is_text<T>, "numbers, texts, null, values and vectors of doubles");
      return string(from);
    }
  }
  Result<Value> string(std::string_view text) const {
    brisk_value value = brisk_null();
    const brisk_status code =
        brisk_string_new(vm_, text.empty() ? "" : text.data(), text.size(), &value);
    return detail::result(code, Value(value));
  }
  /** A value as `double` or an integer (`Status::type` unless a number), `bool` (as `if` takes it),
   * `std::string` (as `print` writes it), `std::string_view` (`Status::type` unless a string; until
   * the next call), `std::vector<double>` (`Status::type` unless a list), `Value`, or a pointer to an
   * object of the host. */
  template <class T> Result<T> as(const Value &value) const {
    if constexpr (std::is_same_v<T, Value>) {
      return value;
    } else if constexpr (std::is_same_v<T, bool>) {
      std::int32_t truth = 0;
      const brisk_status code = brisk_value_truth(vm_, value, &truth);
      return detail::result(code, bool(truth != 0));
    } else if constexpr (std::is_arithmetic_v<T>) {
      if (!value.is_number()) {
        return Status::type;
      }
      return saturate<T>(value.as.number);
    } else if constexpr (std::is_same_v<T, std::string>) {
      brisk_text text = detail::text({});
      const brisk_status code = brisk_value_text(vm_, value, &text);
      return detail::result(code, std::string(detail::view(text)));
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      brisk_text text = detail::text({});
      const brisk_status code = brisk_string_get(vm_, value, &text);
      return detail::result(code, std::string_view(detail::view(text)));
    } else if constexpr (std::is_pointer_v<T>) {
      return object_data<std::remove_pointer_t<T>>(value);
    } else {
      static_assert(std::is_same_v<T, std::vector<double>>, "see the list above");
      return numbers(value);
    }
  }
  Result<bool> equal(const Value &a, const Value &b) const {
    std::int32_t equal = 0;
    const brisk_status code = brisk_value_equal(vm_, a, b, &equal);
    return detail::result(code, bool(equal != 0));
  }
  /** A handle to the same value that stays. */
  Result<Kept> keep(const Value &value) const {
    brisk_value kept = brisk_null();
    const brisk_status code = brisk_value_retain(vm_, value, &kept);
    return code == BRISK_OK ? Result<Kept>(Kept(vm_, kept)) : Result<Kept>(detail::status(code));
  }
  Result<Weak> weak(const Value &value) const {
    brisk_weak *weak = nullptr;
    const brisk_status code = brisk_weak_new(vm_, value, &weak);
    return code == BRISK_OK ? Result<Weak>(Weak(vm_, weak)) : Result<Weak>(detail::status(code));
  }

  /* Lists. */

  Result<Value> list(std::size_t capacity = 0) const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_list_new(vm_, capacity, &value);
    return detail::result(code, Value(value));
  }
  /** A list of numbers, copied in one go. */
  Result<Value> list(const double *numbers, std::size_t count) const {
    auto made = list(count);
    if (made && count > 0) {
      const Status status = write_numbers(*made, 0, numbers, count);
      if (status != Status::ok) {
        return status;
      }
    }
    return made;
  }
  Result<Value> list(const std::vector<double> &numbers) const {
    return list(numbers.data(), numbers.size());
  }
  Result<Value> list(std::initializer_list<double> numbers) const {
    return list(numbers.begin(), numbers.size());
  }
  Result<std::size_t> list_len(const Value &list) const {
    std::size_t len = 0;
    const brisk_status code = brisk_list_len(vm_, list, &len);
    return detail::result(code, std::size_t(len));
  }
  Result<Value> list_get(const Value &list, std::size_t index) const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_list_get(vm_, list, index, &value);
    return detail::result(code, Value(value));
  }
  Status list_set(const Value &list, std::size_t index, const Value &value) const noexcept {
    return detail::status(brisk_list_set(vm_, list, index, value));
  }
  Status list_push(const Value &list, const Value &value) const noexcept {
    return detail::status(brisk_list_push(vm_, list, value));
  }
  Status list_resize(const Value &list, std::size_t len) const noexcept {
    return detail::status(brisk_list_resize(vm_, list, len));
  }
  /** The elements of a list; those that are no numbers count as 0. */
  Result<std::vector<double>> numbers(const Value &list) const {
    const auto len = list_len(list);
    if (!len) {
      return len.status();
    }
    std::vector<double> out(*len);
    if (*len > 0) {
      const auto read = read_numbers(list, 0, out.data(), out.size());
      if (!read) {
        return read.status();
      }
      out.resize(*read);
    }
    return out;
  }
  /** How many were read into `numbers`, from element `first` on. */
  Result<std::size_t> read_numbers(const Value &list, std::size_t first, double *numbers,
                                   std::size_t count) const {
    std::size_t read = 0;
    const brisk_status code = brisk_list_read_numbers(vm_, list, first, numbers, count, &read);
    return detail::result(code, std::size_t(read));
  }
  Status write_numbers(const Value &list, std::size_t first, const double *numbers,
                       std::size_t count) const noexcept {
    return detail::status(brisk_list_write_numbers(vm_, list, first, numbers, count));
  }

  /* Maps. */

  Result<Value> map() const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_map_new(vm_, &value);
    return detail::result(code, Value(value));
  }
  Result<std::size_t> map_len(const Value &map) const {
    std::size_t len = 0;
    const brisk_status code = brisk_map_len(vm_, map, &len);
    return detail::result(code, std::size_t(len));
  }
  /** An entry of the map itself, not of its parents. */
  Result<Value> map_get(const Value &map, const Value &key) const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_map_get(vm_, map, key, &value);
    return detail::result(code, Value(value));
  }
  Result<Value> map_get(const Value &map, std::string_view key) const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_map_get_name(vm_, map, key.empty() ? "" : key.data(),
                                                 key.size(), &value);
    return detail::result(code, Value(value));
  }
  Result<Value> map_get(const Value &map, const char *key) const {
    return map_get(map, std::string_view(key));
  }
  Status map_set(const Value &map, const Value &key, const Value &value) const noexcept {
    return detail::status(brisk_map_set(vm_, map, key, value));
  }
  Status map_set(const Value &map, std::string_view key, const Value &value) const noexcept {
    return detail::status(brisk_map_set_name(vm_, map, key.empty() ? "" : key.data(), key.size(),
                                             value));
  }
  Status map_set(const Value &map, const char *key, const Value &value) const noexcept {
    return map_set(map, std::string_view(key), value);
  }
  Status map_remove(const Value &map, const Value &key) const noexcept {
    return detail::status(brisk_map_remove(vm_, map, key));
  }
  /** Calls `visit(Value key, Value value)` for each entry, each in a scope of its own. */
  template <class Visit> Status map_each(const Value &map, Visit &&visit) const {
    std::uint64_t cursor = 0;
    for (;;) {
      Scope scope(*this);
      brisk_value key = brisk_null(), value = brisk_null();
      const brisk_status code = brisk_map_next(vm_, map, &cursor, &key, &value);
      if (code != BRISK_OK) {
        return code == BRISK_NOT_FOUND ? Status::ok : detail::status(code);
      }
      visit(Value(key), Value(value));
    }
  }

  /* Globals and calls. */

  class Global;
  /** A global variable by name; made when missing, without a value. Valid as long as the VM. */
  Result<Global> global(std::string_view name) const;
  /** The live map of all globals. */
  Result<Value> globals() const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_globals(vm_, &value);
    return detail::result(code, Value(value));
  }
  /** Calls a function and runs it to its end. Arguments are what `make` takes. */
  template <class... Args> Result<Value> call(const Value &function, const Args &...args) const {
    return call_within(Budget::unlimited(), function, args...);
  }
  template <class... Args>
  Result<Value> call_within(const Budget &budget, const Value &function,
                            const Args &...args) const {
    return with_values(
        [&](const brisk_value *values, std::size_t count, brisk_value *result) {
          return brisk_call_value(vm_, function, values, count, limit_of(budget), result);
        },
        args...);
  }
  /** Makes a call what `run` runs; it can suspend. */
  template <class... Args> Status start(const Value &function, const Args &...args) const {
    return with_values(
               [&](const brisk_value *values, std::size_t count, brisk_value *) {
                 return brisk_vm_start(vm_, function, values, count);
               },
               args...)
        .status();
  }

  /* Natives. */

  /** Makes a callable a function of scripts, by `name` (may be empty) and as the value returned.
   *
   * The callable takes what it needs: `double`, integers (truncated, at their limits when out of
   * range), `bool`, `std::string_view` (until it returns), `std::string`, `Value`, or `T *` (an object
   * of the host, null for anything else), one for each parameter; or `Call &` alone or first. It
   * gives nothing, a number, a text, a `Value`, a vector of doubles, an optional or a `Result` of
   * these, or a `Status`. An exception becomes an error of the script.
   *
   * `double(double) noexcept` and `double(double, double) noexcept`, with a name and without
   * defaults, take the engine's fast path; then there is no value, and null is returned. */
  template <class F>
  Result<Value> define(std::string_view name, std::initializer_list<Param> params,
                       F &&function) const;

  /* Objects of the host. */

  /** An object with `data`, which is destroyed at a safe point after scripts have lost it, or with
   * the VM. `class_map` has its methods, or is null. `bytes` count against the memory limit. */
  template <class T>
  Result<Value> object(std::unique_ptr<T> data, const Value &class_map = Value(),
                       std::size_t bytes = sizeof(T)) const {
    brisk_object_type type;
    std::memset(&type, 0, sizeof type);
    type.struct_size = sizeof type;
    type.tag = type_tag<T>();
    type.finalizer = detail::destroy<T>;
    brisk_value value = brisk_null();
    const brisk_status code =
        brisk_object_new(vm_, &type, data.get(), class_map, bytes, &value);
    if (code == BRISK_OK) {
      data.release();
    }
    return detail::result(code, Value(value));
  }
  /** The data of an object made with type `T`. */
  template <class T> Result<T *> object_data(const Value &object) const {
    void *data = nullptr;
    const brisk_status code = brisk_object_data(vm_, object, type_tag<T>(), &data);
    return detail::result(code, static_cast<T *>(data));
  }
  /** Destroys the data now. */
  Status object_close(const Value &object) const noexcept {
    return detail::status(brisk_object_close(vm_, object));
  }
  /** Memory that the host holds for this VM. */
  Status charge(std::int64_t bytes) const noexcept {
    return detail::status(brisk_vm_charge(vm_, bytes));
  }

  /* Memory and figures. */

  Result<brisk_stats> stats() const {
    brisk_stats stats;
    std::memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    const brisk_status code = brisk_vm_stats(vm_, &stats);
    return detail::result(code, brisk_stats(stats));
  }
  Status set_memory_max(std::size_t bytes) const noexcept {
    return detail::status(brisk_vm_set_memory_max(vm_, bytes));
  }
  Status collect() const noexcept { return detail::status(brisk_gc_collect(vm_)); }
  /** One slice of collection; true when a cycle is finished. */
  Result<bool> collect_step(std::size_t work) const {
    std::int32_t idle = 0;
    const brisk_status code = brisk_gc_step(vm_, work, &idle);
    return detail::result(code, bool(idle != 0));
  }
  Result<std::uint64_t> state_hash() const {
    std::uint64_t hash = 0;
    const brisk_status code = brisk_vm_state_hash(vm_, &hash);
    return detail::result(code, std::uint64_t(hash));
  }

  /* Modules. */

  /** What `import "name"` finds: a callable `std::optional<std::string>(std::string_view name)`. */
  template <class F> Status set_importer(F &&find) const;

  /* Conversing. */

  /** Adds a line; true: the text is not complete yet. Otherwise run it. */
  Result<bool> repl_feed(std::string_view line) const {
    std::int32_t more = 0;
    const brisk_status code =
        brisk_repl_feed(vm_, line.empty() ? "" : line.data(), line.size(), &more);
    return detail::result(code, bool(more != 0));
  }
  Result<Value> repl_result() const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_repl_result(vm_, &value);
    return detail::result(code, Value(value));
  }
  Status repl_reset() const noexcept { return detail::status(brisk_repl_reset(vm_)); }

protected:
  /** Truncated, and at the limits of `T` when out of range; NaN is 0. */
  template <class T> static T saturate(double x) noexcept {
    if constexpr (std::is_integral_v<T>) {
      if (!(x == x)) {
        return 0;
      }
      if (x >= static_cast<double>(std::numeric_limits<T>::max())) {
        return std::numeric_limits<T>::max();
      }
      if (x <= static_cast<double>(std::numeric_limits<T>::min())) {
        return std::numeric_limits<T>::min();
      }
    }
    return static_cast<T>(x);
  }
  /** In natives no budget means that of the run. */
  static const brisk_budget *limit_of(const Budget &budget) noexcept {
    return budget.fuel == UINT64_MAX && !(budget.seconds > 0) ? nullptr : &budget;
  }
  template <class Run, class... Args>
  Result<Value> with_values(Run &&run, const Args &...args) const {
    constexpr std::size_t count = sizeof...(Args);
    brisk_value values[count + 1];
    brisk_status code = BRISK_OK;
    [[maybe_unused]] std::size_t at = 0;
    [[maybe_unused]] const auto add = [&](const auto &arg) {
      auto made = make(arg);
      if (!made) {
        code = static_cast<brisk_status>(made.status());
        values[at++] = brisk_null();
      } else {
        values[at++] = *made;
      }
    };
    (add(args), ...);
    brisk_value result = brisk_null();
    if (code == BRISK_OK) {
      code = run(count == 0 ? nullptr : values, count, &result);
    }
    return detail::result(code, Value(result));
  }

  brisk_vm *vm_;
};

/** A global variable, found once. */
class VmRef::Global {
public:
  Global(brisk_vm *vm, std::uint32_t slot) noexcept : vm_(vm), slot_(slot) {}

  /** `Status::not_found` when it has no value. */
  template <class T = Value> Result<T> get() const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_global_get(vm_, slot_, &value);
    if (code != BRISK_OK) {
      return detail::status(code);
    }
    return VmRef(vm_).as<T>(value);
  }
  template <class T> Status set(const T &from) const {
    const auto value = VmRef(vm_).make(from);
    return value ? detail::status(brisk_global_set(vm_, slot_, *value)) : value.status();
  }
  Status remove() const noexcept { return detail::status(brisk_global_remove(vm_, slot_)); }
  /** Calls the function that it holds now. */
  template <class... Args> Result<Value> call(const Args &...args) const {
    return call_within(Budget::unlimited(), args...);
  }
  template <class... Args> Result<Value> call_within(const Budget &budget, const Args &...args) const {
    return Calls(vm_).go(budget, slot_, args...);
  }
  std::uint32_t slot() const noexcept { return slot_; }

private:
  struct Calls : VmRef {
    using VmRef::VmRef;
    template <class... Args>
    Result<Value> go(const Budget &budget, std::uint32_t slot, const Args &...args) const {
      return with_values(
          [&](const brisk_value *values, std::size_t count, brisk_value *result) {
            return brisk_call_global(vm_, slot, values, count, limit_of(budget), result);
          },
          args...);
    }
  };

  brisk_vm *vm_;
  std::uint32_t slot_;
};
using Global = VmRef::Global;

inline Result<VmRef::Global> VmRef::global(std::string_view name) const {
  std::uint32_t slot = 0;
  const brisk_status code =
      brisk_global_find(vm_, name.empty() ? "" : name.data(), name.size(), &slot);
  return detail::result(code, Global(vm_, slot));
}

inline Scope::Scope(const VmRef &vm) noexcept : vm_(vm.c()) {
  status_ = detail::status(brisk_scope_open(vm_, &scope_));
  if (status_ != Status::ok) {
    vm_ = nullptr;
  }
}

/** One call of a native; valid until the native returns. */
class Call {
public:
  Call(brisk_vm *vm, brisk_call *call) noexcept : vm_(vm), call_(call) {}

  brisk_call *c() const noexcept { return call_; }
  VmRef vm() const noexcept { return vm_; }

  std::size_t count() const noexcept { return brisk_arg_count(call_); }
  /** Other kinds count as 0. */
  double number(std::size_t index) const noexcept { return brisk_arg_number(call_, index); }
  std::int32_t integer(std::size_t index) const noexcept { return brisk_arg_int(call_, index); }
  bool truth(std::size_t index) const noexcept { return brisk_arg_truth(call_, index) != 0; }
  Result<Value> value(std::size_t index) const {
    brisk_value value = brisk_null();
    const brisk_status code = brisk_arg_value(call_, index, &value);
    return detail::result(code, Value(value));
  }
  /** As `str` makes it; until the native returns. */
  Result<std::string_view> text(std::size_t index) const {
    brisk_text text = detail::text({});
    const brisk_status code = brisk_arg_text(call_, index, &text);
    return detail::result(code, std::string_view(detail::view(text)));
  }
  /** Null unless an object made with type `T`. */
  template <class T> T *object(std::size_t index) const noexcept {
    return static_cast<T *>(brisk_arg_object(call_, index, type_tag<T>()));
  }

  /** Sets the result: what `define` says that a callable may give. Return what this returns. */
  template <class T> Status give(const T &result) const {
    if constexpr (std::is_arithmetic_v<T>) {
      brisk_return_number(call_, static_cast<double>(result));
      return Status::ok;
    } else if constexpr (std::is_same_v<T, Status>) {
      return result;
    } else if constexpr (detail::IsResult<T>::value) {
      return result.ok() ? give(*result) : result.status();
    } else if constexpr (detail::IsOptional<T>::value) {
      return result.has_value() ? give(*result) : Status::ok;
    } else if constexpr (std::is_convertible_v<const T &, Value>) {
      return detail::status(brisk_return_value(call_, Value(result)));
    } else if constexpr (std::is_same_v<T, std::vector<double>>) {
      return give(vm_.list(result));
    } else {
      static_assert(detail::is_text<T>, "see VmRef::define for what can be given");
      const std::string_view text(result);
      return detail::status(
          brisk_return_text(call_, text.empty() ? "" : text.data(), text.size()));
    }
  }
  /** `return call.error("…");` raises an error in the script. */
  Status error(std::string_view message) const noexcept {
    return detail::status(
        brisk_call_error(call_, message.empty() ? "" : message.data(), message.size()));
  }
  /** `return call.exit(0);` ends the program. */
  Status exit(std::int32_t code) const noexcept {
    return detail::status(brisk_call_exit(call_, code));
  }
  /** `return call.pending(state);`: call me again with the same arguments, not before `wake`. */
  Status pending(const Value &state,
                 double wake = std::numeric_limits<double>::quiet_NaN()) const noexcept {
    return detail::status(brisk_call_pending(call_, state, wake));
  }
  /** What `pending` left; `Status::not_found` on the first call. */
  Result<Value> state() const {
    brisk_value state = brisk_null();
    const brisk_status code = brisk_call_state(call_, &state);
    return detail::result(code, Value(state));
  }
  /** A token for what will complete this call; return `Status::pending` then. `cancel(user)` is called
   * once when the VM is freed or stopped before that. */
  Result<Token> suspend(void (*cancel)(void *user) = nullptr, void *user = nullptr) const {
    brisk_token *token = nullptr;
    const brisk_status code = brisk_call_suspend(call_, cancel, user, &token);
    if (code != BRISK_PENDING) {
      return detail::status(code);
    }
    return Token(token);
  }

private:
  VmRef vm_;
  brisk_call *call_;
};

namespace detail {

/** What a callable takes and gives. */
template <class F> struct Signature : Signature<decltype(&F::operator())> {};
template <class R, class... A> struct Types {
  using Args = std::tuple<A...>;
  using Return = R;
};
template <class R, class... A> struct Signature<R (*)(A...)> : Types<R, A...> {
  static constexpr bool is_noexcept = false;
};
template <class R, class... A> struct Signature<R (*)(A...) noexcept> : Types<R, A...> {
  static constexpr bool is_noexcept = true;
};
template <class F, class R, class... A> struct Signature<R (F::*)(A...)> : Types<R, A...> {
  static constexpr bool is_noexcept = false;
};
template <class F, class R, class... A> struct Signature<R (F::*)(A...) const> : Types<R, A...> {
  static constexpr bool is_noexcept = false;
};
template <class F, class R, class... A> struct Signature<R (F::*)(A...) noexcept> : Types<R, A...> {
  static constexpr bool is_noexcept = true;
};
template <class F, class R, class... A>
struct Signature<R (F::*)(A...) const noexcept> : Types<R, A...> {
  static constexpr bool is_noexcept = true;
};

template <class> struct TakesCall : std::false_type {};
template <class... A> struct TakesCall<std::tuple<Call &, A...>> : std::true_type {};

/** Argument `index` as `T`; sets `status` when that fails. */
template <class T> T arg(Call &call, std::size_t index, Status &status) {
  if constexpr (std::is_same_v<T, bool>) {
    return call.truth(index);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(call.number(index));
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(call.integer(index));
  } else if constexpr (std::is_same_v<T, Value>) {
    const auto value = call.value(index);
    status = value ? status : value.status();
    return value.value_or(Value());
  } else if constexpr (std::is_pointer_v<T>) {
    return call.object<std::remove_pointer_t<T>>(index);
  } else {
    static_assert(std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>,
                  "see VmRef::define for what a callable may take");
    const auto text = call.text(index);
    status = text ? status : text.status();
    return T(text.value_or(std::string_view()));
  }
}

template <class F> struct Native {
  using Sig = Signature<F>;
  using Args = typename Sig::Args;
  using Return = typename Sig::Return;
  static constexpr std::size_t first = TakesCall<Args>::value ? 1 : 0;
  static constexpr std::size_t count = std::tuple_size_v<Args> - first;

  static brisk_status invoke(brisk_vm *vm, brisk_call *raw, void *user) noexcept {
    Call call(vm, raw);
#if BRISK_HPP_EXCEPTIONS
    try {
      return static_cast<brisk_status>(
          apply(*static_cast<F *>(user), call, std::make_index_sequence<count>()));
    } catch (const std::exception &exception) {
      return raise(call, exception.what());
    } catch (...) {
      return raise(call, "the host failed with an unknown exception");
    }
#else
    return static_cast<brisk_status>(
        apply(*static_cast<F *>(user), call, std::make_index_sequence<count>()));
#endif
  }

  static brisk_status raise(Call &call, const char *what) noexcept {
    const Status status = call.error(what != nullptr ? what : "");
    if (status == Status::utf8) {
      return static_cast<brisk_status>(call.error("the host failed; its text is not UTF-8"));
    }
    return static_cast<brisk_status>(status);
  }

  template <std::size_t... I>
  static Status apply(F &function, Call &call, std::index_sequence<I...>) {
    [[maybe_unused]] Status status = Status::ok;
    // Braces: from left to right.
    std::tuple<std::decay_t<std::tuple_element_t<I + first, Args>>...> args{
        arg<std::decay_t<std::tuple_element_t<I + first, Args>>>(call, I, status)...};
    if (status != Status::ok) {
      return status;
    }
    if constexpr (first == 1) {
      return finish(call, [&]() -> decltype(auto) { return function(call, std::get<I>(args)...); });
    } else {
      return finish(call, [&]() -> decltype(auto) { return function(std::get<I>(args)...); });
    }
  }

  template <class Go> static Status finish(Call &call, Go &&go) {
    if constexpr (std::is_void_v<Return>) {
      go();
      return Status::ok;
    } else {
      return call.give(go());
    }
  }
};

template <class F> struct NumberNative {
  static double one(double x, void *user) noexcept { return (*static_cast<F *>(user))(x); }
  static double two(double x, double y, void *user) noexcept {
    return (*static_cast<F *>(user))(x, y);
  }
};

} // namespace detail

template <class F>
Result<Value> VmRef::define(std::string_view name, std::initializer_list<Param> params,
                            F &&function) const {
  using Held = std::decay_t<F>;
  using Native = detail::Native<Held>;
  using Args = typename Native::Args;
  if (params.size() != Native::count && !(Native::first == 1 && Native::count == 0)) {
    return Status::argument;
  }
  auto *held = new (std::nothrow) Held(std::forward<F>(function));
  if (held == nullptr) {
    return Status::limit;
  }
  // From here on the engine destroys it, also when the registration fails.
  bool plain = !name.empty();
  for (const Param &param : params) {
    plain = plain && param.fallback.is_null();
  }
  constexpr bool numbers = detail::Signature<Held>::is_noexcept &&
                           std::is_same_v<typename Native::Return, double>;
  if constexpr (numbers && std::is_same_v<Args, std::tuple<double>>) {
    if (plain) {
      return detail::result(brisk_register_number1(vm_, detail::text(name),
                                                   detail::text(params.begin()->name),
                                                   detail::NumberNative<Held>::one, held,
                                                   detail::destroy<Held>),
                            Value());
    }
  }
  if constexpr (numbers && std::is_same_v<Args, std::tuple<double, double>>) {
    if (plain) {
      return detail::result(brisk_register_number2(vm_, detail::text(name),
                                                   detail::text(params.begin()->name),
                                                   detail::text((params.begin() + 1)->name),
                                                   detail::NumberNative<Held>::two, held,
                                                   detail::destroy<Held>),
                            Value());
    }
  }
  std::vector<brisk_param> raw;
  raw.reserve(params.size());
  for (const Param &param : params) {
    brisk_param one;
    one.name = detail::text(param.name);
    one.default_value = param.fallback;
    raw.push_back(one);
  }
  brisk_value value = brisk_null();
  const brisk_status code =
      brisk_register(vm_, detail::text(name), raw.empty() ? nullptr : raw.data(), raw.size(),
                     Native::invoke, held, detail::destroy<Held>, &value);
  return detail::result(code, Value(value));
}

namespace detail {

template <class F> struct Importer {
  static brisk_status invoke(brisk_vm *, brisk_import *import, const char *name, std::size_t len,
                             void *user) noexcept {
#if BRISK_HPP_EXCEPTIONS
    try {
      return answer(import, (*static_cast<F *>(user))(std::string_view(name, len)));
    } catch (...) {
      return BRISK_NOT_FOUND;
    }
#else
    return answer(import, (*static_cast<F *>(user))(std::string_view(name, len)));
#endif
  }
  static brisk_status answer(brisk_import *import, const std::optional<std::string> &source) {
    return source ? brisk_import_source(import, source->data(), source->size()) : BRISK_NOT_FOUND;
  }
};

} // namespace detail

template <class F> Status VmRef::set_importer(F &&find) const {
  using Held = std::decay_t<F>;
  auto *held = new (std::nothrow) Held(std::forward<F>(find));
  if (held == nullptr) {
    return Status::limit;
  }
  return detail::status(brisk_vm_set_importer(vm_, detail::Importer<Held>::invoke, held,
                                              detail::destroy<Held>));
}

/* ---- owning a VM ------------------------------------------------------------------------- */

/** How a VM is made: every field of `brisk_config`, and callables in place of the callbacks. */
struct Config : brisk_config {
  Config() {
    std::memset(static_cast<brisk_config *>(this), 0, sizeof(brisk_config));
    (void)brisk_config_init(this, sizeof(brisk_config));
  }

  /** What scripts print: stream, text, and whether a line ends. Must not throw. */
  std::function<void(brisk_stream, std::string_view, bool)> on_output;
  /** Seconds; never goes back. Must not throw. */
  std::function<double()> on_clock;
  /** More than `memory_bytes_soft` are in use: used, limit. Must not throw. */
  std::function<void(std::size_t, std::size_t)> on_soft_limit;
};

/** Owns a virtual machine. */
class Vm : public VmRef {
public:
  /** An owner of nothing. */
  Vm() noexcept : VmRef(nullptr) {}
  /** Takes over what `brisk_vm_new` made. */
  explicit Vm(brisk_vm *owned) noexcept : VmRef(owned) {}
  Vm(Vm &&other) noexcept
      : VmRef(std::exchange(other.vm_, nullptr)), callbacks_(std::move(other.callbacks_)) {}
  Vm &operator=(Vm &&other) noexcept {
    if (this != &other) {
      reset();
      vm_ = std::exchange(other.vm_, nullptr);
      callbacks_ = std::move(other.callbacks_);
    }
    return *this;
  }
  Vm(const Vm &) = delete;
  Vm &operator=(const Vm &) = delete;
  ~Vm() { reset(); }

  static Result<Vm> create(Config config = Config()) {
    if (!config.on_output && !config.on_clock && !config.on_soft_limit) {
      brisk_vm *plain = nullptr;
      const brisk_status made = brisk_vm_new(&config, &plain);
      return detail::result(made, Vm(plain));
    }
    auto callbacks = std::make_unique<Config>(std::move(config));
    if (callbacks->on_output) {
      callbacks->output = [](void *user, brisk_stream stream, const char *text, std::size_t len,
                             std::int32_t line_break) noexcept {
        static_cast<Config *>(user)->on_output(stream, std::string_view(text, len),
                                               line_break != 0);
      };
      callbacks->output_user = callbacks.get();
    }
    if (callbacks->on_clock) {
      callbacks->clock = [](void *user) noexcept { return static_cast<Config *>(user)->on_clock(); };
      callbacks->clock_user = callbacks.get();
    }
    if (callbacks->on_soft_limit) {
      callbacks->soft_limit = [](void *user, std::size_t used, std::size_t limit) noexcept {
        static_cast<Config *>(user)->on_soft_limit(used, limit);
      };
      callbacks->soft_limit_user = callbacks.get();
    }
    brisk_vm *raw = nullptr;
    const brisk_status code = brisk_vm_new(callbacks.get(), &raw);
    if (code != BRISK_OK) {
      return detail::status(code);
    }
    Vm vm(raw);
    vm.callbacks_ = std::move(callbacks);
    return vm;
  }

  /** Frees the VM. Not from inside its own natives. */
  void reset() noexcept {
    brisk_vm_free(std::exchange(vm_, nullptr));
    callbacks_.reset();
  }

private:
  std::unique_ptr<Config> callbacks_;
};

} // namespace brisk

#endif
