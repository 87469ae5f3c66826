// Promise 4: exactly one answer to every request, carrying its own number; a second requester
// learns whose transaction is open.
#include <fmt/format.h>

#include <variant>

#include "simulation/facts.hpp"

namespace vss::simulation {
namespace {

class AnswerPromise : public Promise {
 public:
  using Promise::Promise;

  void stepped(const Step& step) override {
    for (const coordinator::Action& action : step.actions) {
      if (const auto* answer = std::get_if<coordinator::Answer>(&action)) answered(*answer);
    }
  }

  void ended() override {
    for (const Request& request : world().history().requests) {
      if (request.excused || request.answers == 1) continue;
      broken(4, fmt::format("a request of {} was never answered", request.name.view()));
    }
  }

 private:
  void answered(const coordinator::Answer& answer) {
    for (const Request& request : world().history().requests) {
      if (request.requester != answer.requester || request.tag != answer.tag) continue;
      if (request.answers > 1) {
        broken(4, fmt::format("a request of {} is answered twice", request.name.view()));
      }
      if (!answer.success && answer.reason.empty()) broken(4, "no is said without a reason");
      const Transaction* open = world().history().find(request.open_then);
      if (request.kind <= Request::Kind::kFreeze && open != nullptr) {
        const std::string_view owner = request_of(world(), *open).name.view();
        if (answer.success || answer.reason.view().find(owner) == std::string_view::npos) {
          broken(4, "a second requester is not told whose transaction is open");
        }
      }
      return;
    }
    broken(4, "an answer without a request");
  }
};

}  // namespace

std::unique_ptr<Promise> make_answer_promise(World& world) {
  return std::make_unique<AnswerPromise>(world);
}

}  // namespace vss::simulation
