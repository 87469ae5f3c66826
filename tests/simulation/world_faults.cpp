// How the scenario's faults strike.
#include <algorithm>

#include "simulation/world.hpp"

namespace vss::simulation {

using base::milliseconds;
using base::seconds;

namespace {

// A program that says it is a freezer, though one is there. Where none is, it is taken in, says
// that it is not clean, and goes.
class Intruder : public Participant {
 public:
  Intruder(World& world, unsigned number)
      : Participant(world, Actor::kFreezer, number, fmt::format("freezer{}", number)) {}

 private:
  void say_hello() override {
    wire::Registration registration;
    registration.role = wire::Role::kFreezer;
    registration.name = wire::Name{name()};
    registration.freezer_status = wire::FreezerStatus{};
    send(wire::make_frame(registration).bytes());
    run_after(milliseconds{5}, [this] { die(std::nullopt); });
  }
  void got_event(const Question&) override {}
  void got_late(std::uint64_t) override {}
  void lost_connection() override { die(std::nullopt); }
};

}  // namespace

// --- questions ---

std::optional<FaultSpec> World::take(Fault fault, Actor actor, unsigned writer, Phase phase,
                                     unsigned ask) {
  for (Pending& pending : pending_) {
    const FaultSpec& spec = pending.fault;
    if (pending.taken || spec.fault != fault || spec.actor != actor || spec.phase != phase ||
        spec.ask != ask || (is_writer(actor) && spec.writer != writer)) {
      continue;
    }
    pending.taken = true;
    struck(spec, phase);
    return spec;
  }
  return std::nullopt;
}

std::optional<FaultSpec> World::fault_of_question(const Participant& who,
                                                  const Question& question) {
  Asked* asked = history_.find_message(question.message_id);
  if (asked == nullptr || (who.actor() == Actor::kFreezer && who.number() != 0)) {
    return std::nullopt;
  }
  const Phase phase = asked->phase;
  for (int fault = 0; fault <= static_cast<int>(Fault::kAsksMoreTime); ++fault) {
    const auto taken =
        take(static_cast<Fault>(fault), who.actor(), who.number(), phase, asked->ask);
    if (taken) {
      asked->faulty = true;
      return taken;
    }
  }
  return std::nullopt;
}

std::optional<FaultSpec> World::fault_of_freezing(Fault fault, const Question& question,
                                                  bool possible) {
  const Asked* asked = history_.find_message(question.message_id);
  if (!possible || asked == nullptr) return std::nullopt;
  const Phase phase = asked->phase;
  if (phase != driver_->phase()) return std::nullopt;
  return take(fault, Actor::kFreezer, 0, phase, asked->ask);
}

void World::struck(const FaultSpec& fault, Phase phase) {
  trace("fault", "strikes", "{} {} in {}", to_text(fault.actor), to_text(fault.fault),
        short_text(phase));
  history_.strikes.push_back({fault, now(), phase});
  if (coverage_ != nullptr) coverage_->count(fault.fault, fault.actor, phase);
}

// --- moments ---

void World::schedule_faults(Phase phase) {
  if (current_ask_ >= scenario_.asks.size()) return;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const FaultSpec& fault = pending_[i].fault;
    if (pending_[i].taken || is_about_a_question(fault.fault) || fault.phase != phase ||
        fault.ask != current_ask_) {
      continue;
    }
    pending_[i].taken = true;
    Random random(fault.salt);
    timeline_.after(offset_of(fault, random), [this, i] { strike(pending_[i], 0); });
  }
}

Duration World::offset_of(const FaultSpec& fault, Random& random) const {
  const AskSpec& ask = scenario_.asks[current_ask_];
  const bool at_once = random.one_in(4);
  switch (fault.phase) {
    case Phase::kIdle:
      if (fault.fault == Fault::kSecondOne) return ask.pause;
      return random.between(Duration{0}, ask.pause);
    case Phase::kHeld:
      if (fault.fault == Fault::kNeverThaws || fault.fault == Fault::kThawsAtDeadline) {
        return milliseconds{1};
      }
      return random.between(Duration{0}, ask.hold);
    case Phase::kCheck:
    case Phase::kPrepare:
    case Phase::kFreezeWriters:
    case Phase::kFreezeFilesystems:
      return at_once ? Duration{0} : random.between(Duration{0}, milliseconds{60});
    default: return at_once ? Duration{0} : random.between(Duration{0}, milliseconds{4});
  }
}

void World::strike(Pending& pending, int tries) {
  const Phase phase = driver_->phase();
  if (carry_out(pending.fault)) {
    struck(pending.fault, phase);
  } else if (tries < 40 && phase == pending.fault.phase) {
    timeline_.after(milliseconds{1}, [this, &pending, tries] { strike(pending, tries + 1); });
  }
}

bool World::carry_out(const FaultSpec& fault) {
  Random random(fault.salt + 7);
  switch (fault.actor) {
    case Actor::kRequired:
    case Actor::kOptional:
    case Actor::kPlain:
    case Actor::kFreezer:
    case Actor::kDaemon: {
      if (fault.fault == Fault::kJoins) {
        join_another(fault, random);
        return true;
      }
      Participant* participant = participant_of(fault);
      return participant != nullptr && carry_out_on_participant(fault, *participant);
    }
    case Actor::kGuardian:
      if (!guardian_->alive()) return false;
      guardian_->die(random.between(milliseconds{100}, seconds{3}));
      return true;
    case Actor::kKernel: return carry_out_on_kernel(fault, random);
    case Actor::kHost:
    case Actor::kLocal:
    case Actor::kAdministrator: return carry_out_on_requester(fault, random);
    case Actor::kDriver:
      if (!driver_->up()) return false;
      driver_->die(random.between(milliseconds{50}, seconds{1}));
      return true;
  }
  return false;
}

Participant* World::participant_of(const FaultSpec& fault) {
  if (fault.actor == Actor::kFreezer) return freezer_.get();
  if (fault.actor == Actor::kDaemon) return daemon_.get();
  for (const auto& writer : writers_) {
    if (writer->number() == fault.writer) return writer.get();
  }
  return nullptr;
}

bool World::carry_out_on_participant(const FaultSpec& fault, Participant& participant) {
  Random random(fault.salt + 8);
  if (!participant.running()) return false;
  switch (fault.fault) {
    case Fault::kHangs:
      if (participant.stopped()) return false;
      participant.stop(random.one_in(3) ? random.between(milliseconds{1}, seconds{3})
                                        : random.between(seconds{1}, seconds{100}));
      return true;
    case Fault::kDies:
      if (!participant.killable()) return false;
      participant.die(random.between(milliseconds{10}, seconds{4}));
      return true;
    case Fault::kFloods: participant.flood(fault.salt); return true;
    case Fault::kTalksNonsense: participant.talk_nonsense(); return true;
    default: return false;
  }
}

void World::join_another(const FaultSpec& fault, Random& random) {
  const unsigned number = 100 + static_cast<unsigned>(writers_.size() + intruders_.size());
  if (fault.actor == Actor::kFreezer) {
    intruders_.push_back(std::make_unique<Intruder>(*this, number));
    intruders_.back()->start();
    return;
  }
  WriterSpec spec;
  spec.number = number;
  spec.plain = fault.actor == Actor::kPlain;
  spec.level = spec.plain ? base::kLevelDefault : static_cast<int>(50 * random.below(4));
  spec.asks_for = fault.actor == Actor::kOptional ? Criticality::kOptional : Criticality::kRequired;
  writers_.push_back(std::make_unique<Writer>(*this, spec));
  writers_.back()->start();
}

// --- kernel ---

bool World::carry_out_on_kernel(const FaultSpec& fault, Random& random) {
  std::vector<unsigned> candidates;
  for (const Filesystem& filesystem : kernel_.filesystems()) {
    const bool fits =
        fault.fault == Fault::kForeignThaw ? filesystem.frozen_by_us() : filesystem.mounted;
    if (fits) candidates.push_back(filesystem.number);
  }
  if (fault.fault == Fault::kMountAppears) {
    const auto number = static_cast<unsigned>(kernel_.filesystems().size() + 50);
    kernel_.add(number, !random.one_in(4));
    trace("kernel", "mounts", "fs{}", number);
    return true;
  }
  if (candidates.empty()) return false;
  const unsigned number = candidates[random.below(candidates.size())];
  switch (fault.fault) {
    case Fault::kForeignFreeze:
      trace("kernel", "foreign", "FIFREEZE of fs{}", number);
      kernel_.freeze(number, FreezeOwner::kForeign, {}, milliseconds{1}, [](int) {});
      timeline_.after(random.between(milliseconds{5}, seconds{20}), [this, number] {
        const Filesystem& filesystem = kernel_.at(number);
        if (filesystem.owner == FreezeOwner::kForeign) {
          kernel_.thaw(number, FreezeOwner::kForeign, Duration{0}, [](int) {});
        }
      });
      return true;
    case Fault::kForeignThaw:
      trace("kernel", "foreign", "FITHAW of fs{}", number);
      if (Transaction* t = history_.find(kernel_.at(number).transaction)) ++t->foreign_thaws;
      kernel_.thaw(number, FreezeOwner::kForeign, Duration{0}, [](int) {});
      return true;
    case Fault::kMountVanishes:
      trace("kernel", "unmounts", "fs{}", number);
      kernel_.unmount(number);
      return true;
    default: return false;
  }
}

// --- requesters ---

bool World::carry_out_on_requester(const FaultSpec& fault, Random& random) {
  if (fault.fault == Fault::kAborts) {
    send_abort({});
    return true;
  }
  if (scripted_ == nullptr) return false;
  switch (fault.fault) {
    case Fault::kRepeats:
      return scripted_->repeat() || (previous_ != nullptr && previous_->repeat());
    case Fault::kReorders: scripted_->send_out_of_order(fault.salt); return true;
    case Fault::kVanishes: scripted_->vanish(fault.salt); return true;
    case Fault::kNeverThaws: return scripted_->never_thaw();
    case Fault::kThawsAtDeadline: return scripted_->thaw_at_deadline(fault.salt);
    case Fault::kSecondOne: {
      AskSpec spec = scenario_.asks[fault.ask];
      spec.kind = fault.actor == Actor::kLocal ? RequesterKind::kLocal : RequesterKind::kQemuAgent;
      spec.check = random.one_in(4);
      spec.bound = true;
      requesters_.push_back(std::make_unique<Requester>(*this, spec, fault.ask, true));
      requesters_.back()->begin(Duration{0});
      return true;
    }
    default: return false;
  }
}

}  // namespace vss::simulation
