// Thaws every filesystem of the guest when the test has forgotten it: the net under every test that
// freezes a virtual machine's own root.
#pragma once

#include <chrono>
#include <expected>
#include <string>

namespace vmagent {

class Watchdog {
 public:
  // A process of its own, forked before anything is frozen, with all it needs open and locked. With
  // zero seconds nothing watches.
  static std::expected<Watchdog, std::string> start(std::chrono::seconds patience);

  // From each request of the host.
  void feed() const;

 private:
  explicit Watchdog(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace vmagent
