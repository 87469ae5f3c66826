// Promise 9, the coordinator's part: after construction nothing is allocated; and no step is
// quadratic.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <vector>

#include "coordinator/coordinator.hpp"

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

// Everybody answers everything: the actions of one step are the answers of the next round.
class Obedient {
 public:
  Obedient(std::size_t writers, int levels) : coordinator_(policy_for(writers), {{1000}, 1}) {
    questions_.reserve(2 * writers + 16);
    answers_.reserve(2 * writers + 16);
    for (std::size_t i = 0; i < writers; ++i) {
      WriterJoined joined;
      joined.name = "writer";
      joined.level = static_cast<int>(i) % levels;
      joined.criticality = i % 2 == 0 ? Criticality::kRequired : Criticality::kOptional;
      coordinator_.step(now_, joined);
    }
    FreezerJoined freezer;
    freezer.standing.clean = freezer.standing.guardian_alive = true;
    coordinator_.step(now_, freezer);
  }

  // One in seven optional writers refuses; every third transaction runs into its deadline.
  void transaction(std::uint32_t number) {
    FreezeRequested freeze{{1}, RequesterKind::kHyperV, "host", number, {}};
    step(freeze);
    settle();
    if (number % 3 == 0) {
      now_ = now_ + base::seconds{60};
      step(Tick{});
    } else {
      step(ThawRequested{{1}, "host", number, {}});
    }
    settle();
    if (coordinator_.phase() == Phase::kIdle) ++finished_;
  }
  std::uint32_t finished() const { return finished_; }

 private:
  static Policy policy_for(std::size_t writers) {
    Policy policy = default_policy();
    policy.writers_max = writers;
    return policy;
  }
  void step(const Event& event) {
    for (const Action& action : coordinator_.step(now_, event).actions) {
      if (const auto* tell = std::get_if<Tell>(&action)) questions_.push_back(*tell);
    }
  }
  void settle() {
    while (!questions_.empty()) {
      answers_.swap(questions_);
      questions_.clear();
      for (const Tell& tell : answers_) {
        Answered answered;
        answered.id = tell.id;
        answered.message_id = tell.message_id;
        answered.operation_raw = operation_raw(tell.operation);
        answered.success = tell.id.index % 14 != 1;
        answered.filesystems.to_freeze = 2;
        answered.filesystems.frozen = tell.operation == Operation::kFreeze ? 2 : 0;
        step(answered);
      }
    }
  }

  Coordinator coordinator_;
  Instant now_{1'000'000'000};
  std::vector<Tell> questions_, answers_;
  std::uint32_t finished_ = 0;
};

TEST(Allocation, NoneIn1000TransactionsWithFiftyWriters) {
  Obedient story(50, 5);
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
  Obedient story(10'000, 1000);
  const auto began = std::chrono::steady_clock::now();
  story.transaction(1);
  EXPECT_EQ(story.finished(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5});
}

}  // namespace
}  // namespace vss::coordinator
