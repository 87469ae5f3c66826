// Requests for a plan wait here for the freezer: one at a time, each with a timeout.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "base/time.hpp"
#include "coordinator/types.hpp"
#include "wire/filesystems.hpp"

namespace vss::driver {

// Pure bookkeeping; the driver sends and delivers.
class PlanDesk {
 public:
  static constexpr std::size_t kWaitingMax = 16;
  static constexpr base::Duration kTimeout = base::seconds{15};  // planning may look at slow disks

  struct Order {
    coordinator::RequesterId requester;
    std::unique_ptr<wire::FilesystemRequest> request;
    std::uint32_t tag = 0;
    base::Instant answer_by;
    bool sent = false;
  };

  bool add(coordinator::RequesterId requester, const wire::FilesystemRequest& request,
           base::Instant now);  // false: too many wait

  // The order that the freezer works on, or is to be given next.
  Order* current() { return orders_.empty() ? nullptr : &orders_.front(); }
  // The requester of a frame with this tag; nobody when that order was given up.
  std::optional<coordinator::RequesterId> requester_of(std::uint32_t tag) const;
  void finish_current() { orders_.pop_front(); }

  base::Instant next_deadline() const;

 private:
  std::deque<Order> orders_;
  std::uint32_t next_tag_ = 1;
};

}  // namespace vss::driver
