// For tests: a slots file that nobody else uses, and children that share it.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>

#include "base/assert.hpp"
#include "freezer/fake_kernel.hpp"
#include "freezer/slots.hpp"

namespace vss::freezer {

inline SlotTable anonymous_slots() {
  base::UniqueFd fd{::memfd_create("slots", MFD_CLOEXEC)};
  VSS_ASSERT(::ftruncate(fd.get(), SlotTable::kFileBytes) == 0);
  return std::move(*SlotTable::map(std::move(fd)));
}

class SlotTest : public ::testing::Test {
 protected:
  SlotTest() : table(anonymous_slots()) { platform::current_thread(); }

  // Slots 0 … count-1, all in layer 0, superblock i behind slot i.
  void begin(std::size_t count, std::uint64_t transaction = 7) {
    table.begin();
    descriptors.clear();
    for (std::size_t i = 0; i < count; ++i) {
      SlotIdentity identity;
      identity.device = {8, static_cast<std::uint32_t>(i)};
      identity.mount_point = "/fake";
      table.add(i, identity);
      descriptors.push_back(kernel.open(i));
    }
    table.commit({transaction}, count);
  }

  int fd(std::size_t i) const { return descriptors[i].get(); }
  SlotState state(std::size_t i) { return table[i].state(); }

  // Runs `body` in a child process and waits for its end, by whatever means.
  static void in_child(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  }

  FakeKernel kernel;
  SlotTable table;
  std::vector<base::UniqueFd> descriptors;
};

// Waits up to two seconds for `condition`.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    platform::sleep_for(base::milliseconds{1});
  }
  return condition();
}

}  // namespace vss::freezer
