// Promise 9, the coordinator's part: after construction nothing is allocated; and no step is
// quadratic.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <new>

#include "coordinator/obedient_story.hpp"

namespace {

bool counting = false;
std::size_t allocations = 0;

void* counted(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
// Everything that is deleted below comes from here: std::stable_sort takes its buffer in this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (counting) ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace vss::coordinator {
namespace {

TEST(Allocation, NoneIn1000TransactionsWithFiftyWriters) {
  Obedient story({.writers = 50, .levels = 5});
  story.transaction(1);
  allocations = 0;
  counting = true;
  for (std::uint32_t i = 2; i <= 1001; ++i)
    story.transaction(i);
  counting = false;
  EXPECT_EQ(allocations, 0U);
  EXPECT_EQ(story.finished(), 1001U);
}

// Quadratic work would take minutes here; the bound leaves room for a busy machine and sanitizers.
TEST(Scale, TenThousandWritersOnAThousandLevelsTakeNoQuadraticTime) {
  Obedient story({.writers = 10'000, .levels = 1000});
  const auto began = std::chrono::steady_clock::now();
  story.transaction(1);
  EXPECT_EQ(story.finished(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5});
}

}  // namespace
}  // namespace vss::coordinator
