#include "simulation/requester.hpp"

#include "simulation/world.hpp"

namespace vss::simulation {

using base::milliseconds;
using base::seconds;

Requester::Requester(World& world, const AskSpec& spec, unsigned ask, bool extra)
    : world_(world), spec_(spec), ask_(ask), extra_(extra) {
  open_link();
}

void Requester::open_link() {
  id_ = world_.next_requester();
  switch (spec_.kind) {
    case RequesterKind::kHyperV: name_ = "hyperv"; break;
    case RequesterKind::kQemuAgent: name_ = "qemu-agent"; break;
    case RequesterKind::kLocal:
      name_ = coordinator::Name{"vssctl:"}.append_number(id_.value);
      break;
  }
}

void Requester::begin(Duration pause) {
  world_.timeline().after(pause, [this] {
    if (stage_ != Stage::kPausing) return;
    if (spec_.check) {
      check();
    } else {
      freeze();
    }
  });
}

void Requester::check() {
  stage_ = Stage::kChecking;
  send_scripted(Request::Kind::kCheck, {});
}

void Requester::freeze() {
  if (!spec_.snapshot) return finish();
  stage_ = Stage::kFreezing;
  send_scripted(Request::Kind::kFreeze, {});
}

void Requester::finish() {
  if (stage_ == Stage::kDone) return;
  stage_ = Stage::kDone;
  waits_for_.reset();
  if (!extra_) world_.ask_done();
}

std::size_t Requester::send(Request::Kind kind, TransactionId names) {
  last_kind_ = kind;
  Request request;
  request.kind = kind;
  request.requester = id_;
  request.requester_kind = spec_.kind;
  request.name = name_;
  request.names = names;
  request.ask = ask_;
  request.options.selection = spec_.selection;
  request.options.require_given = spec_.require_given;
  request.options.require = spec_.require;
  request.options.hold_budget = spec_.hold_budget;
  request.options.bound_to_requester = spec_.bound;
  return world_.send(request);
}

// --- what comes back ---

void Requester::answered(std::size_t request, const coordinator::Answer& answer) {
  if (waits_for_ != request) return;
  waits_for_.reset();
  switch (stage_) {
    case Stage::kChecking:
      world_.timeline().after(milliseconds{2}, [this] {
        if (stage_ == Stage::kChecking) freeze();
      });
      return;
    case Stage::kFreezing:
      if (answer.success) return hold(answer);
      // Nobody knows whether a host sends THAW after a failure; so some do.
      if (host() && answer.transaction.value % 2 == 0) {
        stage_ = Stage::kThawing;
        send_scripted(Request::Kind::kThaw, {});
        return;
      }
      return finish();
    case Stage::kThawing:
      // A host may repeat it; the second must find nothing open.
      if (!answer.success && host()) {
        stage_ = Stage::kThawingAgain;
        send_scripted(Request::Kind::kThaw, {});
        return;
      }
      return finish();
    case Stage::kThawingAgain: return finish();
    case Stage::kPausing:
    case Stage::kHolding:
    case Stage::kDone: return;
  }
}

void Requester::hold(const coordinator::Answer& answer) {
  stage_ = Stage::kHolding;
  held_ = answer.transaction;
  hold_deadline_ = answer.hold_deadline;
  if (!spec_.bound) {
    // `vssctl hold` returns; another one releases.
    world_.requester_gone(id_, "its connection closed");
    open_link();
  }
  schedule_thaw(world_.now() + spec_.hold);
}

void Requester::schedule_thaw(Instant when) {
  world_.timeline().at(when, [this, plan = ++thaw_plan_] {
    if (plan != thaw_plan_ || stage_ != Stage::kHolding) return;
    if (ended_unasked_ && !host() && held_.value % 2 == 0) return finish();
    thaw(!spec_.bound);
  });
}

void Requester::thaw(bool by_id) {
  stage_ = Stage::kThawing;
  send_scripted(Request::Kind::kThaw, by_id ? held_ : TransactionId{});
}

void Requester::noticed(const coordinator::Notify& notice) {
  if (stage_ == Stage::kHolding && notice.transaction == held_) ended_unasked_ = true;
}

void Requester::driver_died() {
  if (stage_ == Stage::kDone || stage_ == Stage::kPausing) return;
  waits_for_.reset();
  ++thaw_plan_;
  const bool held = stage_ == Stage::kHolding;
  stage_ = Stage::kThawing;
  world_.timeline().after(seconds{2}, [this, held] {
    if (stage_ != Stage::kThawing) return;
    if (host()) {
      send_scripted(Request::Kind::kThaw, {});
    } else if (held && !spec_.bound) {
      open_link();
      thaw(true);
    } else {
      finish();
    }
  });
}

// --- faults ---

bool Requester::repeat() {
  if (!last_kind_) return false;
  send(*last_kind_, {});
  return true;
}

void Requester::send_out_of_order(std::uint64_t salt) {
  using Kind = Request::Kind;
  const auto phase = world_.driver().phase();
  const bool nothing_held = is_going_down(phase) || phase == Phase::kIdle;
  if (nothing_held || (phase != Phase::kHeld && salt % 3 == 0)) {
    send(Kind::kThaw, salt % 4 == 1 ? TransactionId{12345} : TransactionId{});
  } else {
    send(salt % 2 == 0 ? Kind::kCheck : Kind::kFreeze, {});
  }
}

void Requester::vanish(std::uint64_t salt) {
  world_.requester_gone(id_, "its connection closed");
  waits_for_.reset();
  if (stage_ == Stage::kDone || stage_ == Stage::kPausing) {
    open_link();
    return;
  }
  ++thaw_plan_;
  stage_ = Stage::kThawing;
  open_link();
  world_.timeline().after(Duration{static_cast<std::int64_t>(salt % 3'000'000'000)}, [this, salt] {
    if (stage_ != Stage::kThawing) return;
    if (host() && salt % 2 == 0) {
      send_scripted(Request::Kind::kThaw, {});
    } else if (held_.valid() && !spec_.bound) {
      thaw(true);
    } else {
      finish();
    }
  });
}

bool Requester::never_thaw() {
  if (stage_ != Stage::kHolding) return false;
  // Long after: an answer of success would be a lie then.
  schedule_thaw(hold_deadline_ + seconds{20});
  return true;
}

bool Requester::thaw_at_deadline(std::uint64_t salt) {
  if (stage_ != Stage::kHolding) return false;
  ++thaw_plan_;
  world_.timeline().at(hold_deadline_ - milliseconds{1}, [this, salt] {
    if (stage_ != Stage::kHolding) return;
    world_.deliver_next_request_at(hold_deadline_ - Duration{salt % 2 == 0 ? 0 : 1});
    thaw(!spec_.bound);
  });
  return true;
}

}  // namespace vss::simulation
