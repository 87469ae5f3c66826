#include "freezer/transaction.hpp"

#include <algorithm>

#include "freezer/mount_detail.hpp"
#include "platform/clock.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using base::milliseconds;
using wire::Operation;
using wire::Reason;
using News = GuardianLink::News;

constexpr milliseconds kLookInterval{50};  // at slots that others may change
constexpr milliseconds kHelperExit{20};

// Early enough that the answer is there in time: a tenth of what is left, at most 300 ms.
Instant reply_by(Instant now, Instant reply_deadline) {
  if (reply_deadline.is_never()) return reply_deadline;
  const auto margin = std::min<base::Duration>((reply_deadline - now) / 10, milliseconds{300});
  return reply_deadline - std::max<base::Duration>(margin, base::Duration{0});
}

}  // namespace

void Transaction::expect(const wire::Event& event) {
  pending_ =
      Pending{event.operation, event.message_id, reply_by(platform::now(), event.reply_deadline)};
}

void Transaction::check(const wire::Event& event, const wire::FilesystemRequest& request) {
  if (!idle() || !parts_.slots.all_closed()) return answer_now(event, status().reason, {});
  auto made = parts_.plans.make(request);
  if (!made) return answer_now(event, made.error().message, {});
  const std::shared_ptr<const Planning> planning = std::move(*made);
  parts_.listener.planned(planning, event.transaction);
  const plan::Plan& plan = planning->plan;
  answer_now(event, leftovers_.hang() ? leftovers_.reason() : why_not(plan), summary_of(plan));
}

// What speaks against freezing this plan; empty: nothing.
Reason Transaction::why_not(const plan::Plan& plan) const {
  if (!plan.vetoes.empty()) return plan.first_veto();
  if (!plan.to_freeze.empty() && !parts_.guardian.ready()) return parts_.guardian.reason().view();
  return {};
}

// For an event that opens nothing. No reason: success.
void Transaction::answer_now(const wire::Event& event, std::string_view reason,
                             const wire::FilesystemSummary& counts) {
  wire::Reply reply;
  reply.operation = static_cast<std::uint32_t>(event.operation);
  reply.message_id = event.message_id;
  reply.status = reason.empty() ? wire::kStatusSuccess : wire::kStatusFail;
  reply.reason = Reason{reason};
  reply.summary = counts;
  parts_.listener.reply(reply);
}

void Transaction::begin(const wire::Event& event) {
  id_ = event.transaction;
  prepare_message_ = freeze_message_ = 0;
  planning_.reset();
  told_.clear();
  slots_are_ours_ = plan_changed_ = false;
  hold_deadline_ = phase_deadline_ = Instant::never();
  spoiled_.clear();
  expect(event);
}

void Transaction::thaw(const wire::Event& event) {
  const bool known = event.transaction == id_ || !event.transaction.valid();
  if (!known || (idle() && !slots_are_ours_)) {
    return answer_now(event, {}, {});  // nothing of it is open here: it never froze
  }
  expect(event);
  switch (phase_) {
    case Phase::kIdle: return answer_thaw();
    case Phase::kClearing:
    case Phase::kOpening:
    case Phase::kFlushing:
      drop_helper();
      phase_ = Phase::kIdle;
      return answer_thaw();
    case Phase::kThawing:
    case Phase::kDisarming: return;  // answered when that is done
    default: return begin_thaw({});
  }
}

void Transaction::late(std::uint64_t message_id) {
  const bool of_this = message_id == prepare_message_ || message_id == freeze_message_;
  if (message_id != 0 && of_this) abandon("vssd had given up waiting for an answer");
}

void Transaction::abandon(std::string_view why) {
  pending_.reset();
  switch (phase_) {
    case Phase::kIdle: return;
    case Phase::kClearing:
    case Phase::kOpening:
    case Phase::kFlushing:
      drop_helper();
      phase_ = Phase::kIdle;
      return;
    default: return begin_thaw(why);
  }
}

void Transaction::answer(bool success, std::string_view reason) {
  if (!pending_) return;
  wire::Reply reply;
  reply.operation = static_cast<std::uint32_t>(pending_->operation);
  reply.message_id = pending_->message_id;
  reply.status = success ? wire::kStatusSuccess : wire::kStatusFail;
  reply.reason = Reason{reason};
  reply.summary = summary();
  reply.clean = status().clean;
  pending_.reset();
  parts_.listener.reply(reply);
}

void Transaction::on_guardian(News news) {
  if (news == News::kNothing) return;
  if (news == News::kArmed && phase_ == Phase::kArming) return armed();
  if (news == News::kDeadlineSet && phase_ == Phase::kPinging) return start_layer(0);
  if (news == News::kDisarmed && phase_ == Phase::kDisarming) return end();
  if (news != News::kLost) return parts_.listener.status_changed();
  switch (phase_) {
    case Phase::kArming:
    case Phase::kPrepared:
    case Phase::kPinging:
    case Phase::kFreezing:
    case Phase::kHeld: {
      if (!lanes_) break;  // nothing to guard
      fail(Reason("the guardian was lost: ").append(parts_.guardian.reason()));
      break;
    }
    case Phase::kDisarming: end(); break;
    default: break;
  }
  parts_.listener.status_changed();
}

Instant Transaction::next_deadline(Instant now) const {
  Instant next = phase_deadline_;
  if (pending_) next = base::earlier_of(next, pending_->reply_by);
  switch (phase_) {
    case Phase::kIdle: return Instant::never();
    case Phase::kClearing:
    case Phase::kOpening:
    case Phase::kFlushing: return base::earlier_of(next, now + kHelperExit * 4);
    case Phase::kPinging:
    case Phase::kFreezing:
    case Phase::kHeld: next = base::earlier_of(next, hold_deadline_); [[fallthrough]];
    case Phase::kThawing: return base::earlier_of(next, now + kLookInterval);
    default: return next;
  }
}

void Transaction::on_time(Instant now) {
  if (idle()) return;
  if (lanes_) tell_slots(now);
  switch (phase_) {
    case Phase::kClearing:
    case Phase::kOpening:
    case Phase::kFlushing:
      on_helper();
      if (helping() && now >= phase_deadline_) {
        const Reason reason = not_answering();
        drop_helper(true);
        refuse_prepare(reason);
      }
      return;
    case Phase::kArming:
    case Phase::kPinging:
      if (now < phase_deadline_ && now < hold_deadline_) return;
      parts_.guardian.close();
      fail("the guardian does not answer; see whether vss-guardian is stopped");
      return parts_.listener.status_changed();
    case Phase::kFreezing:
      if (now >= phase_deadline_ || now >= hold_deadline_) return fail(not_answering());
      return look_at_layer();
    case Phase::kHeld:
      if (now >= hold_deadline_) return begin_thaw("the hold deadline passed before THAW");
      // We close nothing while we hold: the guardian must have.
      if (lanes_ && parts_.slots.anything_closed()) begin_thaw(who_else_thawed());
      return;
    case Phase::kThawing:
      look_at_thaw();
      if (phase_ == Phase::kThawing && pending_ && now >= pending_->reply_by) {
        answer(false, not_answering());
      }
      return;
    case Phase::kDisarming:
      if (now < phase_deadline_) return;
      phase_deadline_ = Instant::never();
      answer_thaw();
      return parts_.listener.status_changed();
    default: return;
  }
}

}  // namespace vss::freezer
