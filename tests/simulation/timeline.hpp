// Virtual time: what will happen, in order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace vss::simulation {

using base::Duration;
using base::Instant;

// Happenings of one instant run in the order in which they were scheduled.
class Timeline {
 public:
  using Happening = std::function<void()>;

  explicit Timeline(Instant start) : now_(start) {}

  Instant now() const { return now_; }
  bool empty() const { return heap_.empty(); }

  void at(Instant when, Happening what) {
    heap_.push_back({std::max(when, now_), next_order_++, std::move(what)});
    std::ranges::push_heap(heap_, later);
  }
  void after(Duration delay, Happening what) { at(now_ + delay, std::move(what)); }

  void run_next() {
    VSS_ASSERT(!heap_.empty());
    std::ranges::pop_heap(heap_, later);
    const Scheduled next = std::move(heap_.back());
    heap_.pop_back();
    now_ = next.when;
    next.what();
  }

 private:
  struct Scheduled {
    Instant when;
    std::uint64_t order;
    Happening what;
  };
  static bool later(const Scheduled& a, const Scheduled& b) {
    return a.when == b.when ? a.order > b.order : a.when > b.when;
  }

  Instant now_;
  std::uint64_t next_order_ = 0;
  std::vector<Scheduled> heap_;
};

}  // namespace vss::simulation
