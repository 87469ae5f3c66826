// The guardian: thaws when the freezer is gone, or 2 s after the hold deadline.
#pragma once

#include "simulation/random.hpp"
#include "simulation/slots.hpp"

namespace vss::simulation {

class World;

class Guardian {
 public:
  explicit Guardian(World& world);

  bool alive() const { return alive_; }
  bool armed() const { return armed_.valid(); }
  void arm(base::TransactionId transaction) { armed_ = transaction; }
  void set_deadline(base::TransactionId transaction, base::Instant hold_deadline);
  void disarm() { armed_ = {}; }

  void freezer_gone();
  void die(base::Duration back_after);

 private:
  void act();

  World& world_;
  Random random_;
  ThawRoutine routine_;
  bool alive_ = true;
  std::uint64_t life_ = 0;
  base::TransactionId armed_;
};

}  // namespace vss::simulation
