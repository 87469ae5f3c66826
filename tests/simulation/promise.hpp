// A promise of the design as something that watches an episode and says when it is broken.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coordinator/action_list.hpp"
#include "coordinator/events.hpp"
#include "simulation/history.hpp"

namespace vss::simulation {

class World;
class Writer;
struct Question;

// `promise` is DESIGN's number; the two that have none are liveness and the order of levels.
inline constexpr int kLiveness = 100;
inline constexpr int kOrder = 101;

struct Violation {
  int promise = 0;
  std::string text;
  base::Instant at;
};
std::string name_of_promise(int promise);

// One coordinator step, as the world sees it: before the actions are performed.
struct Step {
  const coordinator::Event& event;
  const coordinator::ActionList& actions;
  coordinator::Phase before{}, after{};
  base::TransactionId open_before, open_after;
  const Request* request = nullptr;  // where the event is a request
  base::Instant next_deadline;       // when the coordinator wants to be called at the latest
};

// Every function is called where it happens; all of them do nothing unless overridden.
class Promise {
 public:
  explicit Promise(World& world) : world_(world) {}
  virtual ~Promise() = default;
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;

  virtual void stepped(const Step&) {}
  virtual void saw(const Participant&, const Question&) {}
  // A writer whose connection is gone does not hold any longer.
  virtual void released_itself(const Writer&, base::TransactionId) {}
  virtual void kept(const coordinator::Record&) {}
  virtual void driver_died() {}
  virtual void ended() {}  // the world is quiet

 protected:
  World& world() { return world_; }
  void broken(int promise, std::string text);

 private:
  World& world_;
};

std::unique_ptr<Promise> make_success_promise(World&);      // 1
std::unique_ptr<Promise> make_release_promise(World&);      // 2
std::unique_ptr<Promise> make_order_promise(World&);        // 3 and the levels
std::unique_ptr<Promise> make_answer_promise(World&);       // 4
std::unique_ptr<Promise> make_deadline_promise(World&);     // 5
std::unique_ptr<Promise> make_lateness_promise(World&);     // 7
std::unique_ptr<Promise> make_cost_promise(World&);         // 8
std::unique_ptr<Promise> make_left_frozen_promise(World&);  // 9
std::unique_ptr<Promise> make_record_promise(World&);       // 10
std::unique_ptr<Promise> make_turning_promise(World&);      // 2, 4, 8: the end of the way down
std::unique_ptr<Promise> make_liveness_promise(World&);

std::vector<std::unique_ptr<Promise>> make_promises(World&);

}  // namespace vss::simulation
