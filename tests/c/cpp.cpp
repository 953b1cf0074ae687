// The C++ wrapper: owners, results, lambdas of every shape, exceptions, lists, objects.
#include "brisk.hpp"
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

int checks = 0, failures = 0;

void check(bool holds, const char *what, int line) {
  checks++;
  if (!holds) {
    failures++;
    std::fprintf(stderr, "cpp.cpp:%d: not so: %s\n", line, what);
  }
}
#define CHECK(condition) check((condition), #condition, __LINE__)
#define OK(call) check((call) == brisk::Status::ok, #call, __LINE__)

struct Door {
  explicit Door(int *count) : closed(count) {}
  ~Door() { ++*closed; }
  bool open = false;
  int *closed;
};

// Counts copies of itself that live.
struct Counted {
  explicit Counted(int *count) : live(count) { ++*live; }
  Counted(const Counted &other) : live(other.live) { ++*live; }
  Counted(Counted &&other) noexcept : live(other.live) { ++*live; }
  Counted &operator=(const Counted &) = delete;
  ~Counted() { --*live; }
  int *live;
};

double free_function(double x) { return x + 100; }

brisk::Vm make(std::string *printed = nullptr) {
  brisk::Config config;
  config.memory_bytes_max = 64 << 20;
  if (printed != nullptr) {
    config.on_output = [printed](brisk_stream, std::string_view text, bool newline) {
      printed->append(text);
      if (newline) *printed += '\n';
    };
  }
  auto vm = brisk::Vm::create(std::move(config));
  CHECK(vm.ok());
  return std::move(*vm);
}

void run(brisk::Vm &vm, std::string_view source) {
  const auto outcome = vm.run_text(source);
  if (!outcome || !outcome->finished()) {
    check(false, "the script finishes", __LINE__);
    std::fprintf(stderr, "  %s: %.*s\n", brisk::name(outcome.status()), int(vm.error().report().size()),
                 vm.error().report().data());
  }
}

double number(brisk::Vm &vm, std::string_view name) {
  const auto global = vm.global(name);
  CHECK(global.ok());
  return global->get<double>().value_or(-1e9);
}

void natives() {
  std::string printed;
  int live = 0;
  {
    brisk::Vm vm = make(&printed);
    Counted counted(&live);
    int calls = 0;
    CHECK(vm.define("nothing", {}, [&calls, counted] { ++calls; }).ok());
    CHECK(vm.define("number", {"x"}, [](double x) { return x * 2; }).ok());
    CHECK(vm.define("fast", {"x"}, [](double x) noexcept { return x * 3; }).ok());
    CHECK(vm.define("fast2", {"x", "y"}, [](double x, double y) noexcept { return x - y; }).ok());
    CHECK(vm.define("integer", {"x"}, [](int x) { return x; }).ok());
    CHECK(vm.define("truth", {"x"}, [](bool x) { return !x; }).ok());
    CHECK(vm.define("text", {"s", {"n", 2}}, [](std::string_view s, std::int32_t n) {
              std::string all;
              while (n-- > 0) all += s;
              return all;
            }).ok());
    CHECK(vm.define("plain", {"x"}, &free_function).ok());
    CHECK(vm.define("nullable", {"x"}, [](double x) { return x > 0 ? std::optional<double>(x) : std::nullopt; }).ok());
    CHECK(vm.define("numbers", {}, [] { return std::vector<double>{1, 2, 3}; }).ok());
    CHECK(vm.define("same", {"v"}, [](brisk::Value v) { return v; }).ok());
    CHECK(vm.define("literal", {}, [] { return "a literal"; }).ok());
    CHECK(vm.define("raise", {"what"}, [](const std::string &what) {
              if (!what.empty()) throw std::runtime_error(what);
              throw 5;
            }).ok());
    CHECK(vm.define("fail", {}, [](brisk::Call &call) { return call.error("no"); }).ok());
    CHECK(vm.define("sum", {"a", "b", "c"}, [](brisk::Call &call) {
              double sum = 0;
              for (std::size_t i = 0; i < call.count(); i++) sum += call.number(i);
              return sum;
            }).ok());
    std::function<double(double)> held = [](double x) { return x + 1; };
    CHECK(vm.define("held", {"x"}, [held](double x) { return held(x); }).ok());
    CHECK(vm.define("wrong", {"x"}, [](double, double) {}).status() == brisk::Status::argument);
    CHECK(live == 2);
    run(vm, "nothing\nprint number(4)\nprint fast(5)\nprint fast2(5, 3)\nprint integer(3.9)\nprint truth(0)\n"
            "print text(\"ab\")\nprint text(\"ab\", 3)\nprint plain(1)\nprint nullable(5)\nprint nullable(-5)\n"
            "print numbers\nprint same([1])\nprint literal\nprint sum(1, 2, 3)\nprint held(1)");
    CHECK(calls == 1);
    CHECK(printed == "8\n15\n2\n3\n1\nabab\nababab\n101\n5\nnull\n[1, 2, 3]\n[1]\na literal\n6\n2\n");
    auto outcome = vm.run_text("x = 1\nraise \"it burns\"");
    CHECK(outcome.ok() && outcome->failed());
    CHECK(vm.error().message() == "it burns");
    CHECK(vm.error().line() == 2);
    outcome = vm.run_text("raise");
    CHECK(outcome.ok() && outcome->failed());
    outcome = vm.run_text("fail");
    CHECK(outcome.ok() && outcome->failed());
    CHECK(vm.error().message() == "no");
    run(vm, "x = 2");
  }
  CHECK(live == 0);
}

void values() {
  brisk::Vm vm = make();
  const brisk::Scope scope(vm);
  OK(scope.status());
  OK(vm.global("greeting")->set("hello"));
  OK(vm.global("count")->set(3));
  OK(vm.global("on")->set(true));
  OK(vm.global("list")->set(std::vector<double>{1, 2, 3}));
  run(vm, "line = greeting + \" \" + count + on + list[-1]\nadd = function(a, b=10)\n  return a + b\nend function");
  CHECK(vm.global("line")->get<std::string>().value_or("") == "hello 313");
  CHECK(vm.global("line")->get<std::string_view>().value_or("") == "hello 313");
  CHECK(vm.global("line")->get<double>().status() == brisk::Status::type);
  CHECK(vm.global("missing")->get<double>().status() == brisk::Status::not_found);
  CHECK(vm.global("count")->get<int>().value_or(0) == 3);
  CHECK(vm.global("on")->get<bool>().value_or(false));
  CHECK(vm.global("list")->get<std::vector<double>>().value_or(std::vector<double>()) == std::vector<double>({1, 2, 3}));

  const auto add = vm.global("add");
  CHECK(add->call(1, 2.5)->number_or(0) == 3.5);
  CHECK(add->call(1)->number_or(0) == 11);
  CHECK(vm.as<std::string>(*add->call("a", "b")).value_or("") == "ab");
  CHECK(add->call(1, 2, 3).status() == brisk::Status::script);
  CHECK(!vm.error().message().empty());
  const auto function = add->get();
  CHECK(function.ok() && function->is_function());
  CHECK(vm.call(*function, "x", std::string("y")).ok());
  run(vm, "forever = function\n  while true\n  end while\nend function");
  CHECK(vm.global("forever")->call_within(brisk::Budget::of_fuel(1000)).status() == brisk::Status::limit);
  OK(vm.start(*function, 20, 2));
  CHECK(vm.run()->finished());
  CHECK(vm.result()->number_or(0) == 22);

  auto list = vm.list({5, 6});
  CHECK(list.ok());
  OK(vm.list_push(*list, 7));
  OK(vm.list_set(*list, 0, nullptr));
  CHECK(vm.list_len(*list).value_or(0) == 3);
  CHECK(vm.list_get(*list, 9).status() == brisk::Status::not_found);
  CHECK(*vm.numbers(*list) == std::vector<double>({0, 6, 7}));

  auto map = vm.map();
  OK(vm.map_set(*map, "one", 1));
  OK(vm.map_set(*map, 2, *vm.string("two")));
  int entries = 0;
  OK(vm.map_each(*map, [&](const brisk::Value &, const brisk::Value &) { entries++; }));
  CHECK(entries == 2);
  CHECK(vm.map_get(*map, "one")->number_or(0) == 1);
  CHECK(vm.as<std::string>(*map).value_or("") == "{\"one\": 1, 2: \"two\"}");

  brisk::Kept kept;
  {
    const brisk::Scope inner(vm);
    const auto text = vm.string("kept");
    kept = std::move(*vm.keep(*text));
    CHECK(vm.equal(kept, *text).value_or(false));
  }
  OK(vm.collect());
  CHECK(vm.as<std::string>(kept).value_or("") == "kept");
  brisk::Kept moved = std::move(kept);
  CHECK(kept.get().is_null());
  CHECK(moved.get().is_string());
}

void programs_and_errors() {
  brisk::Error error;
  const auto bad = brisk::Program::compile("x = = 1", "bad.ms", &error);
  CHECK(bad.status() == brisk::Status::compile);
  CHECK(error.line() == 1);
  CHECK(error.source() == "bad.ms");
  brisk::Error other = std::move(error);
  CHECK(!error && other);
  brisk::Vm vm = make();
  auto program = brisk::Program::compile("f = function\n  return [][1]\nend function\nf");
  CHECK(program.ok());
  const brisk::Program copy = program->clone();
  OK(vm.load(copy));
  const auto outcome = vm.run();
  CHECK(outcome.ok() && outcome->failed());
  CHECK(vm.error().frame_count() == 2);
  CHECK(vm.error().frame(0)->function == "f");
  CHECK(vm.error().frame(0)->line == 2);
  CHECK(vm.error().frame(2).status() == brisk::Status::not_found);
  const auto saved = copy.save();
  if (saved.status() != brisk::Status::unsupported) {
    CHECK(saved.ok());
    const auto loaded = brisk::Program::load(*saved);
    CHECK(loaded.ok());
  }
  // A VM moves.
  brisk::Vm second = std::move(vm);
  CHECK(vm.c() == nullptr);
  run(second, "x = 1");
  CHECK(number(second, "x") == 1);
  std::vector<brisk::Vm> many;
  for (int i = 0; i < 5; i++) many.push_back(make());
  many.erase(many.begin());
}

void objects() {
  int closed = 0;
  {
    brisk::Vm vm = make();
    CHECK(vm.define("open", {"door"}, [](Door *door) {
              if (door == nullptr) throw std::invalid_argument("no door");
              door->open = true;
            }).ok());
    brisk::Weak weak;
    {
      const brisk::Scope scope(vm);
      const auto door = vm.object(std::make_unique<Door>(&closed));
      CHECK(door.ok());
      OK(vm.global("door")->set(*door));
      weak = std::move(*vm.weak(*door));
      run(vm, "open door");
      CHECK((*vm.object_data<Door>(*door))->open);
      CHECK(vm.object_data<int>(*door).status() == brisk::Status::type);
      CHECK(vm.run_text("open 5")->failed());
      CHECK(weak.get().ok());
    }
    OK(vm.global("door")->remove());
    OK(vm.collect());
    CHECK(closed == 1);
    CHECK(weak.get().status() == brisk::Status::not_found);
    weak.reset();
    const auto door = vm.object(std::make_unique<Door>(&closed));
    OK(vm.object_close(*door));
    CHECK(closed == 2);
    CHECK(vm.object(std::make_unique<Door>(&closed)).ok());
  }
  CHECK(closed == 3);
}

void waiting() {
  brisk::Vm vm = make();
  brisk::Token token;
  CHECK(vm.define("ask", {}, [&token](brisk::Call &call) {
            auto suspended = call.suspend();
            if (!suspended) return suspended.status();
            token = std::move(*suspended);
            return brisk::Status::pending;
          }).ok());
  CHECK(vm.define("poll", {}, [](brisk::Call &call) {
            const double n = call.state().value_or(brisk::Value(0)).number_or(0);
            if (n < 3) return call.pending(n + 1);
            return call.give(n);
          }).ok());
  auto outcome = vm.run_text("x = ask + 1");
  CHECK(outcome.ok() && outcome->kind == BRISK_WAITING_NATIVE);
  CHECK(outcome->suspended());
  std::thread([moved = std::move(token)]() mutable { OK(moved.complete(41)); }).join();
  CHECK(vm.run()->finished());
  CHECK(number(vm, "x") == 42);
  outcome = vm.run_text("x = poll");
  int runs = 0;
  while (outcome.ok() && outcome->suspended() && runs++ < 10) outcome = vm.run();
  CHECK(runs == 3);
  CHECK(number(vm, "x") == 3);
  outcome = vm.run_text("x = ask");
  OK(token.fail("no answer"));
  CHECK(vm.run()->failed());
  CHECK(vm.error().message() == "no answer");
  CHECK(token.complete(1.0) == brisk::Status::null);
  outcome = vm.run_text("x = ask");
  token = brisk::Token();
  CHECK(vm.run()->failed());
  // Left to the end: freed after its VM.
  brisk::Token late;
  {
    brisk::Vm gone = make();
    CHECK(gone.define("ask", {}, [&late](brisk::Call &call) {
              auto suspended = call.suspend();
              if (!suspended) return suspended.status();
              late = std::move(*suspended);
              return brisk::Status::pending;
            }).ok());
    CHECK(gone.run_text("ask")->kind == BRISK_WAITING_NATIVE);
  }
}

void the_rest() {
  std::string printed;
  brisk::Vm vm = make(&printed);
  OK(vm.set_importer([](std::string_view name) -> std::optional<std::string> {
    if (name == "throws") throw std::runtime_error("never mind");
    if (name != "lib") return std::nullopt;
    return "value = 7";
  }));
  run(vm, "import \"lib\"\nprint lib.value");
  CHECK(printed == "7\n");
  CHECK(vm.run_text("import \"other\"")->failed());
  CHECK(vm.run_text("import \"throws\"")->failed());
  CHECK(vm.repl_feed("6 * 7").ok());
  CHECK(vm.run()->finished());
  CHECK(vm.repl_result()->number_or(0) == 42);
  CHECK(vm.repl_feed("while true").value_or(false));
  OK(vm.repl_reset());
  CHECK(vm.state_hash().ok());
  CHECK(vm.stats()->bytes_used > 0);
  OK(vm.set_time(5));
  const auto waiting = vm.run_text("wait 1");
  CHECK(waiting.ok() && waiting->kind == BRISK_WAITING && !(waiting->wake < 6) && !(waiting->wake > 6));
  CHECK(vm.stack().ok());
  OK(vm.stop());
  CHECK(vm.finished());
  OK(vm.charge(100));
  OK(vm.charge(-100));
  CHECK(vm.collect_step(1000).ok());
  double clock = 3;
  brisk::Config config;
  config.on_clock = [&clock] { return clock; };
  auto timed = brisk::Vm::create(std::move(config));
  CHECK(timed.ok());
  CHECK(timed->run_text("wait 1")->wake > 3.5);
  clock = 4.5;
  CHECK(timed->run()->finished());
}

} // namespace

int main() {
  natives();
  values();
  programs_and_errors();
  objects();
  waiting();
  the_rest();
  std::printf("cpp: %d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
