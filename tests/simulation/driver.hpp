// The driver's shell as vssd has it: pumps packets into sessions, events into the coordinator,
// actions out again. Sessions, coordinator and records are the real ones; sockets, clock and disk
// are not.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "coordinator/coordinator.hpp"
#include "simulation/link.hpp"
#include "simulation/random.hpp"

namespace vss::simulation {

class World;

class Driver {
 public:
  Driver(World& world, std::span<const coordinator::Row> table);
  ~Driver();

  void start();
  void die(Duration back_after);
  bool up() const { return coordinator_.has_value(); }
  const coordinator::Coordinator& coordinator() const { return *coordinator_; }
  coordinator::Phase phase() const {
    return coordinator_ ? coordinator_->phase() : coordinator::Phase::kIdle;
  }

  // --- participants ---
  std::shared_ptr<Link> accept(Participant& peer);  // null while it is down
  void send_up(const std::shared_ptr<Link>& link, std::span<const std::byte> packet);
  void close_by_peer(const std::shared_ptr<Link>& link);

  // --- requesters, page ---
  void step(const coordinator::Event& event);
  void page_changed();

 private:
  void receive(const std::shared_ptr<Link>& link, std::span<const std::byte> packet);
  void step_once(const coordinator::Event& event);
  void perform(const coordinator::Action& action);
  void close_finished_sessions();
  void close(Link& link, std::string_view why);
  void flush();
  void arm(Instant deadline);
  void look_at_page();
  Link* find(coordinator::ParticipantId id);
  Link* find(std::uint64_t connection);

  World& world_;
  std::span<const coordinator::Row> table_;
  Random random_;
  std::optional<coordinator::Coordinator> coordinator_;
  std::vector<std::shared_ptr<Link>> links_;
  std::uint64_t life_ = 0;
  std::uint64_t next_connection_ = 1;
  Instant armed_ = Instant::never();
  std::optional<coordinator::NoteFound> note_;  // in the runtime directory: outlives the process
};

}  // namespace vss::simulation
