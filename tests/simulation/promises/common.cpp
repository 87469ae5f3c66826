#include <fmt/format.h>

#include "simulation/promise.hpp"
#include "simulation/world.hpp"

namespace vss::simulation {

std::string name_of_promise(int promise) {
  if (promise == kLiveness) return "liveness";
  if (promise == kOrder) return "the order of levels";
  return fmt::format("promise {}", promise);
}

void Promise::broken(int promise, std::string text) {
  world_.violated(promise, std::move(text));
}

std::vector<std::unique_ptr<Promise>> make_promises(World& world) {
  std::vector<std::unique_ptr<Promise>> promises;
  promises.push_back(make_success_promise(world));
  promises.push_back(make_release_promise(world));
  promises.push_back(make_order_promise(world));
  promises.push_back(make_answer_promise(world));
  promises.push_back(make_deadline_promise(world));
  promises.push_back(make_lateness_promise(world));
  promises.push_back(make_cost_promise(world));
  promises.push_back(make_left_frozen_promise(world));
  promises.push_back(make_record_promise(world));
  promises.push_back(make_turning_promise(world));
  promises.push_back(make_liveness_promise(world));
  return promises;
}

}  // namespace vss::simulation
