// The same engine through brisk.hpp: owners, lambdas as natives, lists of numbers, objects.
#include "brisk.hpp"
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

struct Ship {
  std::string name;
  double fuel = 100;
};

constexpr const char *source = R"(
burn = function(ship, amounts)
  for amount in amounts
    useFuel ship, amount
  end for
  return shipName(ship) + " has " + fuelOf(ship) + " left"
end function
)";

// The text of whatever failed, or nothing.
int complain(const char *what, brisk::Status status, const brisk::ErrorView &error = {}) {
  std::cerr << what << ": " << brisk::name(status) << ' ' << error.report() << '\n';
  return 1;
}

} // namespace

int main() {
  brisk::Config config;
  config.memory_bytes_max = 8 << 20;
  config.on_output = [](brisk_stream, std::string_view text, bool newline) {
    std::cout << text << (newline ? "\n" : "");
  };
  auto made = brisk::Vm::create(std::move(config));
  if (!made) return complain("vm", made.status());
  brisk::Vm vm = std::move(*made);

  // Natives are lambdas. What they capture lives as long as the VM; what they throw becomes an error
  // of the script.
  double used = 0;
  (void)vm.define("useFuel", {"ship", "amount"}, [&used](Ship *ship, double amount) {
    if (ship == nullptr) throw std::invalid_argument("that is no ship");
    if (ship->fuel < amount) throw std::runtime_error(ship->name + " is out of fuel");
    ship->fuel -= amount;
    used += amount;
  });
  (void)vm.define("fuelOf", {"ship"}, [](Ship *ship) { return ship ? ship->fuel : 0.0; });
  (void)vm.define("shipName", {"ship"}, [](Ship *ship) { return ship ? ship->name : std::string(); });
  // A noexcept function of numbers takes the engine's fast path.
  (void)vm.define("lerp", {"a", "b"}, [](double a, double b) noexcept { return a + (b - a) * 0.5; });

  brisk::Error error;
  auto program = brisk::Program::compile(source, "ship.ms", &error);
  if (!program) return complain("compile", program.status(), error);
  if (const auto status = vm.load(*program); status != brisk::Status::ok) return complain("load", status);
  const auto outcome = vm.run(brisk::Budget::of_fuel(100000));
  if (!outcome || !outcome->finished()) return complain("run", outcome.status(), vm.error());

  const brisk::Scope scope(vm);
  const auto burn = vm.global("burn");
  const auto ship = vm.object(std::make_unique<Ship>(Ship{"Rocinante", 100}));
  if (!burn || !ship) return complain("setup", burn ? ship.status() : burn.status());

  for (const auto &amounts : {std::vector<double>{10, 20}, std::vector<double>{30, 50}}) {
    const auto answer = burn->call(*ship, amounts);
    if (answer) {
      std::cout << vm.as<std::string>(*answer).value_or("?") << '\n';
    } else {
      std::cout << "the script failed: " << vm.error().report() << '\n';
    }
  }
  std::cout << "used " << used << " in all; half way from 2 to 4 is ";
  const auto half = vm.run_text("half = lerp(2, 4)");
  const auto value = vm.global("half");
  std::cout << (half && value ? value->get<double>().value_or(0) : 0) << '\n';
  return used == 60 ? 0 : 1;
}
