#include "driver/plan_desk.hpp"

namespace vss::driver {

bool PlanDesk::add(coordinator::RequesterId requester, const wire::FilesystemRequest& request,
                   base::Instant now) {
  if (orders_.size() >= kWaitingMax) return false;
  Order order;
  order.requester = requester;
  order.request = std::make_unique<wire::FilesystemRequest>(request);
  order.tag = next_tag_++;
  order.answer_by = now + kTimeout;
  orders_.push_back(std::move(order));
  return true;
}

std::optional<coordinator::RequesterId> PlanDesk::requester_of(std::uint32_t tag) const {
  if (orders_.empty() || orders_.front().tag != tag) return std::nullopt;
  return orders_.front().requester;
}

base::Instant PlanDesk::next_deadline() const {
  return orders_.empty() ? base::Instant::never() : orders_.front().answer_by;
}

}  // namespace vss::driver
