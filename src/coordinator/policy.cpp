#include "coordinator/policy.hpp"

namespace vss::coordinator {

Policy default_policy() {
  using base::seconds;
  const auto budgets = [](int check, int prepare, int freeze, int hold, int thaw) {
    return Budgets{seconds{check}, seconds{prepare}, seconds{freeze}, seconds{hold}, seconds{thaw}};
  };
  Policy policy;
  const auto of = [&policy](RequesterKind kind) -> RequesterPolicy& {
    return policy.requesters[static_cast<std::size_t>(kind)];
  };
  of(RequesterKind::kHyperV).budgets = budgets(10, 45, 10, 60, 20);
  of(RequesterKind::kQemuAgent).budgets = budgets(15, 15, 10, 60, 20);
  of(RequesterKind::kLocal).budgets = budgets(60, 60, 10, 30, 20);
  return policy;
}

}  // namespace vss::coordinator
