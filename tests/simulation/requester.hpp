// Who asks for CHECK, FREEZE and THAW: a host's link or a local connection, carrying out one
// AskSpec.
#pragma once

#include <cstdint>
#include <optional>

#include "simulation/history.hpp"
#include "simulation/scenario.hpp"

namespace vss::simulation {

class World;

class Requester {
 public:
  // `extra`: the second one of "two at once"; it does not move the scenario on.
  Requester(World& world, const AskSpec& spec, unsigned ask, bool extra);

  void begin(Duration pause);
  bool done() const { return stage_ == Stage::kDone; }
  coordinator::RequesterId id() const { return id_; }

  // --- what comes back ---
  void answered(std::size_t request, const coordinator::Answer& answer);
  void noticed(const coordinator::Notify& notice);
  void driver_died();
  void lost(std::size_t request) {  // the driver was not there
    if (waits_for_ == request) driver_died();
  }

  // --- faults
  // -------------------------------------------------------------------------------------- False:
  // there is nothing to repeat, or it does not hold.
  bool repeat();
  void send_out_of_order(std::uint64_t salt);
  void vanish(std::uint64_t salt);
  bool never_thaw();
  bool thaw_at_deadline(std::uint64_t salt);

 private:
  enum class Stage : std::uint8_t {
    kPausing,
    kChecking,
    kFreezing,
    kHolding,
    kThawing,
    kThawingAgain,
    kDone
  };

  bool host() const { return spec_.kind != RequesterKind::kLocal; }
  void check();
  void freeze();
  void hold(const coordinator::Answer& answer);
  void thaw(bool by_id);
  void finish();
  void open_link();  // a new identity: a new connection, or the host's link opened again
  std::size_t send(Request::Kind kind, TransactionId names);
  void send_scripted(Request::Kind kind, TransactionId names) { waits_for_ = send(kind, names); }
  void schedule_thaw(Instant when);

  World& world_;
  AskSpec spec_;
  unsigned ask_;
  bool extra_;
  Stage stage_ = Stage::kPausing;
  coordinator::RequesterId id_;
  coordinator::Name name_;
  std::optional<std::size_t> waits_for_;  // index of the scripted Request
  std::optional<Request::Kind> last_kind_;
  TransactionId held_;
  Instant hold_deadline_ = Instant::never();
  std::uint64_t thaw_plan_ = 0;  // counts changes of mind about when to thaw
  bool ended_unasked_ = false;
};

}  // namespace vss::simulation
