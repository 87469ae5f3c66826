#include "simulation/writer.hpp"

#include "simulation/world.hpp"

namespace vss::simulation {

using base::milliseconds;

Writer::Writer(World& world, const WriterSpec& spec)
    : Participant(world, spec.actor(), spec.number, std::string(name_of(spec).view())),
      spec_(spec) {
  if (spec.plain) set_plain();
}

void Writer::say_hello() {
  if (spec_.plain) {
    request_read();
    return;
  }
  wire::Registration registration;
  registration.name = wire::Name{name()};
  registration.level = spec_.level;
  registration.criticality = spec_.asks_for == Criticality::kRequired
                                 ? wire::Criticality::kRequired
                                 : wire::Criticality::kOptional;
  registration.timeout = spec_.timeout;
  send(wire::make_frame(registration).bytes());
}

base::Duration Writer::work_for(wire::Operation operation) {
  switch (operation) {
    case wire::Operation::kPrepare: return random().between(milliseconds{1}, milliseconds{900});
    case wire::Operation::kFreeze: return random().between(milliseconds{1}, milliseconds{200});
    default: return random().between(base::Duration{10'000}, milliseconds{60});
  }
}

void Writer::got_event(const Question& question) {
  newest_message_ = question.message_id;
  switch (question.operation) {
    case wire::Operation::kPrepare: prepared_by_ = question.message_id; break;
    case wire::Operation::kFreeze: frozen_by_ = question.message_id; break;
    case wire::Operation::kThaw:
    case wire::Operation::kAbort: roll_back(); break;
    default: break;
  }
  const bool refuses =
      question.operation == wire::Operation::kFreeze && question.transaction == rolled_back_;
  run_after(work_for(question.operation), [this, question, refuses] {
    // It was told to roll back before it held: holding now would be for nobody.
    const bool overtaken =
        refuses || newest_message_ != question.message_id ||
        (question.operation == wire::Operation::kFreeze && frozen_by_ != question.message_id);
    if (question.operation == wire::Operation::kFreeze && !overtaken) {
      holds_for_ = question.transaction;
    }
    transaction_ = question.transaction;
    answer(question, !overtaken, overtaken ? "it was told to roll back" : "");
  });
}

// As libvss does: an answer to PREPARE or FREEZE that did not count is an abort.
void Writer::got_late(std::uint64_t message_id) {
  if (message_id != prepared_by_ && message_id != frozen_by_) return;
  rolled_back_ = transaction_;
  roll_back();
}

void Writer::roll_back() {
  holds_for_ = {};
  prepared_by_ = frozen_by_ = 0;
}

}  // namespace vss::simulation
