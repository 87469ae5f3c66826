#include "simulation/driver.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "simulation/participant.hpp"
#include "simulation/world.hpp"

namespace vss::simulation {

using base::milliseconds;
using coordinator::Action;
using coordinator::Event;

namespace {

constexpr std::uint64_t kFirstTransaction = 0x6a11f0c2ULL << base::kTransactionCounterBits;

}  // namespace

Driver::Driver(World& world, std::span<const coordinator::Row> table)
    : world_(world), table_(table), random_(derive(world.scenario().seed, 12)) {}

Driver::~Driver() = default;

void Driver::start() {
  ++life_;
  coordinator::FirstNumbers first;
  first.transaction.value = kFirstTransaction + (life_ << base::kTransactionCounterBits) + 1;
  first.message_id = (life_ << 40U) + random_.below(1U << 30U);
  coordinator_.emplace(world_.policy(), first, table_);
  armed_ = Instant::never();
  world_.trace("driver", "starts", "note {}", note_ ? "found" : "none");
  if (note_) {
    const coordinator::NoteFound note = *note_;
    world_.note_found(note);
    step(note);
  }
}

void Driver::die(Duration back_after) {
  if (!up()) return;
  world_.trace("driver", "dies", "back after {} ms", back_after.count() / 1'000'000);
  world_.driver_died();
  coordinator_.reset();
  for (const auto& link : std::exchange(links_, {})) {
    link->driver_open = false;
    world_.deliver_close(link);
  }
  world_.timeline().after(back_after, [this] { start(); });
}

// --- participants ---

std::shared_ptr<Link> Driver::accept(Participant& peer) {
  if (!up()) return nullptr;
  const auto kind = peer.actor() == Actor::kFreezer || peer.actor() == Actor::kDaemon
                        ? devices::Kind::kFilesystem
                        : devices::Kind::kApplication;
  const std::uint64_t connection = next_connection_++;
  links_.push_back(
      std::make_shared<Link>(kind, connection, 1000 + peer.number(), peer, random_.next()));
  return links_.back();
}

void Driver::send_up(const std::shared_ptr<Link>& link, std::span<const std::byte> packet) {
  const Instant arrival = std::max(world_.now() + link->delay(), link->last_up);
  link->last_up = arrival;
  world_.timeline().at(arrival,
                       [this, link, bytes = std::vector<std::byte>(packet.begin(), packet.end())] {
                         if (link->driver_open) receive(link, bytes);
                       });
}

void Driver::close_by_peer(const std::shared_ptr<Link>& link) {
  link->peer_open = false;
  const Instant arrival = std::max(world_.now() + link->delay(), link->last_up);
  link->last_up = arrival;
  world_.timeline().at(arrival, [this, link] {
    if (!link->driver_open) return;
    close(*link, "its connection closed");
    close_finished_sessions();
  });
}

void Driver::receive(const std::shared_ptr<Link>& link, std::span<const std::byte> packet) {
  const devices::Input input = link->session.receive(world_.now(), packet);
  if (input.event) step_once(*input.event);
  flush();
  close_finished_sessions();
}

// --- coordinator ---

void Driver::step(const Event& event) {
  if (!up()) return;
  step_once(event);
  close_finished_sessions();
}

void Driver::step_once(const Event& event) {
  world_.about_to_step(event);
  const coordinator::StepResult result = coordinator_->step(world_.now(), event);
  world_.stepped(event, result);
  for (const Action& action : result.actions)
    perform(action);
  arm(result.next_deadline);
  flush();
  world_.after_step();
}

void Driver::perform(const Action& action) {
  std::visit(
      [this](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, coordinator::AcceptParticipant>) {
          if (Link* link = find(what.connection)) link->session.perform(what, true);
        } else if constexpr (std::is_same_v<What, coordinator::RefuseParticipant>) {
          if (Link* link = find(what.connection)) link->session.perform(what);
        } else if constexpr (std::is_same_v<What, coordinator::Tell>) {
          const wire::FilesystemRequest* request = world_.filesystem_request(what.transaction);
          if (Link* link = find(what.id)) link->session.perform(what, request);
        } else if constexpr (std::is_same_v<What, coordinator::Withdraw> ||
                             std::is_same_v<What, coordinator::TellLate> ||
                             std::is_same_v<What, coordinator::GrantTime>) {
          if (Link* link = find(what.id)) link->session.perform(what);
        } else if constexpr (std::is_same_v<What, coordinator::Answer> ||
                             std::is_same_v<What, coordinator::Notify>) {
          world_.deliver(what);
        } else if constexpr (std::is_same_v<What, coordinator::WriteNote>) {
          note_ = coordinator::NoteFound{what.note};
        } else if constexpr (std::is_same_v<What, coordinator::CloseNote>) {
          note_.reset();
        } else if constexpr (std::is_same_v<What, coordinator::KeepRecord>) {
          world_.keep(coordinator_->record());
        }
      },
      action);
}

void Driver::arm(Instant deadline) {
  if (deadline == armed_) return;
  armed_ = deadline;
  if (deadline.is_never()) return;
  // Timers come late rather than early: mostly at once, sometimes a few milliseconds after.
  const Duration late =
      random_.one_in(4) ? random_.between(Duration{0}, World::kTick) : Duration{0};
  world_.timeline().at(deadline + late, [this, deadline, life = life_] {
    if (!up() || life != life_ || armed_ != deadline) return;
    armed_ = Instant::never();
    step(coordinator::Tick{});
  });
}

void Driver::close(Link& link, std::string_view why) {
  link.driver_open = false;
  const auto left = link.session.disconnected(coordinator::Reason{why});
  const auto found = std::ranges::find(links_, &link, &std::shared_ptr<Link>::get);
  std::shared_ptr<Link> keep = std::move(*found);
  links_.erase(found);
  world_.deliver_close(keep);
  if (!left) return;
  const bool freezer = keep->session.kind() == devices::Kind::kFilesystem;
  step_once(*left);
  if (freezer) look_at_page();
}

void Driver::close_finished_sessions() {
  while (true) {
    const auto closing =
        std::ranges::find_if(links_, [](const auto& link) { return link->session.closing(); });
    if (closing == links_.end()) return;
    flush();
    Link& link = **closing;
    close(link, link.session.closing_reason());
  }
}

void Driver::flush() {
  for (const auto& link : links_) {
    while (!link->session.outgoing().empty()) {
      world_.deliver_down(link, link->session.outgoing().front());
      link->session.sent();
    }
  }
}

// --- the thawed page ---

void Driver::page_changed() {
  world_.timeline().after(random_.between(Duration{0}, milliseconds{50}), [this, life = life_] {
    if (life == life_ && up()) look_at_page();
  });
}

// Of use only while the freezer cannot say it itself.
void Driver::look_at_page() {
  const bool connected = std::ranges::any_of(links_, [](const auto& link) {
    return link->session.kind() == devices::Kind::kFilesystem && link->session.accepted() &&
           !link->session.plain();
  });
  const base::TransactionId page = world_.freezer_files().thawed_page;
  if (!connected && page.valid()) step(coordinator::ThawedMark{page});
}

Link* Driver::find(coordinator::ParticipantId id) {
  const auto found = std::ranges::find_if(links_, [id](const auto& link) {
    return link->session.accepted() && link->session.participant() == id;
  });
  return found == links_.end() ? nullptr : found->get();
}

Link* Driver::find(std::uint64_t connection) {
  const auto found = std::ranges::find_if(
      links_, [connection](const auto& link) { return link->id == connection; });
  return found == links_.end() ? nullptr : found->get();
}

}  // namespace vss::simulation
