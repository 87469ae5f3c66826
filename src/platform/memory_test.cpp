#include "platform/memory.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <vector>

namespace vss::platform {
namespace {

constexpr std::size_t kHeap = 16UL << 20;

// What it returns in a process of its own, since what is set for malloc stays.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// That it may not be locked here (RLIMIT_MEMLOCK) changes nothing about what is unused.
void take_heap() {
  [[maybe_unused]] const auto locked = keep_memory_resident(kHeap, 0);
}

std::size_t resident_mib() {
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) >> 20;
}

class UnforkedHeapTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef OPENVSS_SANITIZED
    GTEST_SKIP() << "a sanitizer's heap does not say what of it is unused";
#endif
  }
};

TEST_F(UnforkedHeapTest, IsMissingInTheChildAndStaysInTheParent) {
  const int left_out = in_child([] {
    take_heap();
    const std::size_t parents = resident_mib();
    std::size_t childs = 0;
    {
      const UnforkedHeap unforked;
      childs = static_cast<std::size_t>(in_child([] { return static_cast<int>(resident_mib()); }));
    }
    const std::vector<char> all_of_it(kHeap, 'x');  // touches every page
    return static_cast<int>(parents - childs);
  });
  EXPECT_GE(left_out, 15);
}

TEST_F(UnforkedHeapTest, LeavesTheChildALittle) {
  EXPECT_EQ(in_child([] {
              take_heap();
              const UnforkedHeap unforked;
              return in_child([] {
                const std::vector<char> little(16UL << 10, 'x');
                return little.back() == 'x' ? 0 : 1;
              });
            }),
            0);
}

TEST_F(UnforkedHeapTest, IsForkedAgainAfterwards) {
  EXPECT_EQ(in_child([] {
              take_heap();
              {
                const UnforkedHeap unforked;
              }
              return in_child([] {
                const std::vector<char> all_of_it(kHeap, 'x');
                return all_of_it.back() == 'x' ? 0 : 1;
              });
            }),
            0);
}

}  // namespace
}  // namespace vss::platform
