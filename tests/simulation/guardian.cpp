#include "simulation/guardian.hpp"

#include "simulation/world.hpp"

namespace vss::simulation {

using base::milliseconds;

namespace {

constexpr Duration kMargin = base::seconds{2};

}  // namespace

Guardian::Guardian(World& world)
    : world_(world),
      random_(derive(world.scenario().seed, 11)),
      routine_(world.timeline(), world.kernel(), world.freezer_files(),
               {.who = Thawer::kGuardian,
                .claim = world.next_process(),
                .stopped = [] { return false; },
                .is_gone = [&world](std::uint64_t claim) { return world.is_gone(claim); },
                .time_for_thaw =
                    [this] { return random_.between(base::Duration{100'000}, milliseconds{20}); },
                .closed_a_slot = [&world] { world.note_guardian_thaw(); }}) {}

void Guardian::set_deadline(base::TransactionId transaction, base::Instant hold_deadline) {
  world_.timeline().at(hold_deadline + kMargin, [this, transaction, life = life_] {
    if (life == life_ && alive_ && armed_ == transaction) act();
  });
}

void Guardian::freezer_gone() {
  world_.timeline().after(milliseconds{1}, [this, life = life_] {
    if (life == life_ && alive_ && !world_.freezer_files().all_closed()) act();
  });
}

void Guardian::act() {
  world_.trace("guardian", "acts", "{} frozen", world_.freezer_files().count_frozen());
  world_.kill_freezer_that_holds_a_claim();
  routine_.run([this] {
    world_.trace("guardian", "thawed", "all");
    armed_ = {};
  });
}

void Guardian::die(base::Duration back_after) {
  if (!alive_) return;
  world_.trace("guardian", "dies", "back after {} ms", back_after.count() / 1'000'000);
  ++life_;
  alive_ = false;
  armed_ = {};
  routine_.forget();
  world_.process_gone(routine_.claim());
  world_.timeline().after(milliseconds{1}, [this] { world_.guardian_changed(); });
  world_.timeline().after(back_after, [this] {
    alive_ = true;
    routine_.be(world_.next_process());
    if (!world_.freezer_runs()) freezer_gone();
    world_.guardian_changed();
  });
}

}  // namespace vss::simulation
