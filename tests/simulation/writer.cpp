#include "simulation/writer.hpp"

#include "simulation/world.hpp"

namespace vss::simulation {

using base::milliseconds;

namespace {

constexpr base::Duration kLookAtThawedPage = milliseconds{100};

}  // namespace

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
  if (spec_.plain) return work(question);
  const wire::Event event{.operation = question.operation,
                          .message_id = question.message_id,
                          .transaction = question.transaction,
                          .reply_deadline = question.reply_deadline,
                          .hold_deadline = question.hold_deadline};
  switch (obligation_.judge(event)) {
    case sdk::Obligation::Verdict::kDeliver: obligation_.given(event); return work(question);
    case sdk::Obligation::Verdict::kSwallow: return answer(question, true, "");
    case sdk::Obligation::Verdict::kRefuse:
      return answer(question, false, "it was rolled back before");
    case sdk::Obligation::Verdict::kContradiction:
      return world().violated(2, name() + " is asked for a transaction while another one is open");
  }
}

void Writer::work(const Question& question) {
  const bool freeze = question.operation == wire::Operation::kFreeze;
  if (question.operation == wire::Operation::kThaw ||
      question.operation == wire::Operation::kAbort) {
    holds_for_ = {};
  }
  run_after(work_for(question.operation), [this, question, freeze] {
    // Where it was told to roll back meanwhile, holding now would be for nobody.
    const bool rolled_back = !spec_.plain && freeze && !obligation_.may_hold();
    const bool yes = newest_message_ == question.message_id && !rolled_back;
    if (freeze && yes) holds_for_ = question.transaction;
    obligation_.answered(question.message_id, yes);
    answer(question, yes, yes ? "" : "it was told something else meanwhile");
  });
}

// As libvss does: an answer to PREPARE or FREEZE that did not count is an abort.
void Writer::got_late(std::uint64_t message_id) {
  obligation_.late(message_id);
  release_if_due();
}

// As libvss does: held on until the filesystems are thawed, or its own deadline has come.
void Writer::lost_connection() {
  if (spec_.plain) {
    holds_for_ = {};
    return;
  }
  obligation_.lost(world().now());
  wait_for_thaw();
}

void Writer::wait_for_thaw() {
  if (holds_for_.valid() && abort_is_due()) world().released_itself(*this, holds_for_);
  release_if_due();
  if (!obligation_.owed()) return;
  const base::Instant look = world().now() + kLookAtThawedPage;
  run_at(earlier_of(look, later_of(obligation_.hold_deadline(), world().now())),
         [this] { wait_for_thaw(); });
}

bool Writer::abort_is_due() const {
  return obligation_.abort_is_due(world().now(), world().freezer_files().thawed_page);
}

void Writer::release_if_due() {
  if (!abort_is_due()) return;
  obligation_.aborted();
  holds_for_ = {};
}

void Writer::got_killed() {
  holds_for_ = {};
  obligation_ = {};
}

}  // namespace vss::simulation
