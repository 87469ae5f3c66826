#include "obligation.hpp"

namespace vss::sdk {

using wire::Operation;

Obligation::Verdict Obligation::judge(const wire::Event& event) const {
  const bool release = event.operation == Operation::kThaw || event.operation == Operation::kAbort;
  if (event.operation == Operation::kCheck) return Verdict::kDeliver;
  if (release) {
    const bool wanted = owed() && event.transaction >= transaction_;
    return wanted ? Verdict::kDeliver : Verdict::kSwallow;
  }
  if (released_.valid() && event.transaction <= released_) return Verdict::kRefuse;
  const bool another_one_is_open = owed() && event.transaction != transaction_;
  return another_one_is_open ? Verdict::kContradiction : Verdict::kDeliver;
}

void Obligation::given(const wire::Event& event) {
  switch (event.operation) {
    case Operation::kPrepare: prepare_id_ = event.message_id; break;
    case Operation::kFreeze:
      freeze_id_ = event.message_id;
      may_hold_ = true;
      hold_deadline_ = event.hold_deadline;
      break;
    case Operation::kThaw:
    case Operation::kAbort: release(); return;
    case Operation::kCheck:
    case Operation::kNone: return;
  }
  transaction_ = event.transaction;
  state_ = State::kGiven;
}

void Obligation::answered(std::uint64_t id, bool success) {
  if (owed() && id == freeze_id_ && !success) may_hold_ = false;
}

void Obligation::late(std::uint64_t id) {
  if (owed() && (id == prepare_id_ || id == freeze_id_)) state_ = State::kDue;
}

void Obligation::lost(base::Instant now) {
  if (state_ != State::kGiven) return;
  const bool wait = may_hold_ && !hold_deadline_.is_never() && now < hold_deadline_;
  state_ = wait ? State::kWaitingForThaw : State::kDue;
}

bool Obligation::abort_is_due(base::Instant now, base::TransactionId last_thawed) const {
  if (state_ == State::kWaitingForThaw) {
    return last_thawed >= transaction_ || now >= hold_deadline_;
  }
  return state_ == State::kDue;
}

void Obligation::release() {
  *this = [released = transaction_] {
    Obligation nothing;
    nothing.released_ = released;
    return nothing;
  }();
}

}  // namespace vss::sdk
