// FREEZE: ping the guardian, then layer by layer; and the one way up again.
#include "freezer/transaction.hpp"

#include <errno.h>

#include "platform/clock.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using wire::Operation;
using wire::Reason;

constexpr base::seconds kGuardianMargin{2};    // it acts this long after the hold deadline
constexpr base::seconds kGuardianPatience{1};  // for its answer
constexpr base::milliseconds kDisarmPatience{500};

}  // namespace

void Transaction::freeze(const wire::Event& event) {
  if (phase_ != Phase::kPrepared || event.transaction != id_) {
    const bool known = event.transaction == id_ && !spoiled_.empty();
    return answer_now(event, known ? spoiled_ : Reason("FREEZE without a PREPARE that succeeded"),
                      {});
  }
  expect(event);
  freeze_message_ = event.message_id;
  const Instant now = platform::now();
  if (event.hold_deadline.is_never() || event.hold_deadline <= now) {
    return fail("FREEZE carries no hold deadline that could be kept");
  }
  hold_deadline_ = event.hold_deadline;
  if (!lanes_) return all_frozen();
  parts_.slots.header().hold_deadline = hold_deadline_.nanoseconds_since_boot;
  // The guardian's answer is the proof that it is awake and will act.
  phase_ = Phase::kPinging;
  phase_deadline_ = base::earlier_of(now + kGuardianPatience, answer_by());
  on_guardian(parts_.guardian.set_deadline(id_, hold_deadline_ + kGuardianMargin));
}

void Transaction::start_layer(std::size_t layer) {
  phase_ = Phase::kFreezing;
  phase_deadline_ = answer_by();
  layer_ = layer;
  const plan::Plan& plan = planning_->plan;
  const std::size_t first = layer == 0 ? 0 : plan.layer_ends[layer - 1];
  for (std::size_t i = first; i < plan.layer_ends[layer]; ++i)
    lanes_->freeze(i);
}

void Transaction::on_lanes() {
  if (!lanes_) return;
  lanes_->drain();
  tell_slots(platform::now());
  if (phase_ == Phase::kFreezing) {
    look_at_layer();
  } else if (phase_ == Phase::kThawing) {
    look_at_thaw();
  }
}

void Transaction::look_at_layer() {
  const std::size_t end = planning_->plan.layer_ends[layer_];
  bool complete = true;
  for (std::size_t i = 0; i < end; ++i) {
    const SlotState state = parts_.slots[i].state();
    if (state.state == State::kClosed) {
      if (state.outcome != Outcome::kRefused) {
        return fail(sentence_about(i, "was thawed while the others still froze"));
      }
      return fail(state.error == EBUSY
                      ? sentence_about(i,
                                       "is frozen by somebody else (fsfreeze, another agent or "
                                       "backup); let them thaw it")
                      : sentence_about(i, "cannot be frozen", state.error));
    }
    complete = complete && state.state == State::kFrozen;
  }
  if (!complete) return;
  if (layer_ + 1 < planning_->plan.layer_count()) return start_layer(layer_ + 1);
  all_frozen();
}

void Transaction::all_frozen() {
  if (const auto changed = parts_.plans.changed_since(*planning_)) {
    plan_changed_ = true;
    return fail(Reason("mounts changed since PREPARE: ").append(*changed));
  }
  phase_ = Phase::kHeld;
  phase_deadline_ = Instant::never();
  answer(true, {});
}

// One way for everything that goes wrong before FREEZE was answered, and while held.
void Transaction::fail(std::string_view reason) {
  if (!lanes_) {
    answer(false, reason);
    phase_ = Phase::kIdle;
    return;
  }
  begin_thaw(reason);
}

// --- going up ---

void Transaction::begin_thaw(std::string_view spoiled) {
  if (spoiled_.empty()) spoiled_ = Reason{spoiled};
  if (!lanes_) {  // nothing was frozen
    phase_ = Phase::kIdle;
    return answer_thaw();
  }
  if (phase_ == Phase::kThawing || phase_ == Phase::kDisarming) return;
  phase_ = Phase::kThawing;
  phase_deadline_ = Instant::never();
  lanes_->thaw_all();
}

void Transaction::look_at_thaw() {
  if (lanes_->all_parked() && parts_.slots.all_closed()) all_closed();
}

void Transaction::all_closed() {
  tell_slots(platform::now());
  // A FREEZE or PREPARE that failed is answered before anybody can see the mark, so that its reason
  // is the first to be known.
  if (pending_ && pending_->operation != Operation::kThaw &&
      pending_->operation != Operation::kAbort) {
    answer(false, spoiled_);
  }
  parts_.page.publish(id_);
  if (!parts_.guardian.armed()) return end();
  phase_ = Phase::kDisarming;
  phase_deadline_ = platform::now() + kDisarmPatience;
  const auto news = parts_.guardian.disarm(id_);
  lanes_->release();  // while the guardian does so with its own
  on_guardian(news);
}

void Transaction::end() {
  lanes_->release();
  phase_ = Phase::kIdle;
  phase_deadline_ = Instant::never();
  // First the answer, with the counts of this transaction; then the word that the next may come.
  answer_thaw();
  parts_.listener.status_changed();
  lanes_.reset();
}

void Transaction::answer_thaw() {
  if (!pending_) return;
  if (pending_->operation != Operation::kThaw) {
    return answer(pending_->operation == Operation::kAbort, spoiled_);
  }
  if (!spoiled_.empty()) return answer(false, spoiled_);
  if (const Reason foreign = who_else_thawed(); !foreign.empty()) return answer(false, foreign);
  answer(true, {});
}

}  // namespace vss::freezer
