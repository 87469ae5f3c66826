// An application that takes part: registered on our channel, or a plain client of the device.
#pragma once

#include "simulation/participant.hpp"
#include "simulation/scenario.hpp"

namespace vss::simulation {

class Writer : public Participant {
 public:
  Writer(World& world, const WriterSpec& spec);

  const WriterSpec& spec() const { return spec_; }
  // The transaction it holds for, in truth. Holding ends with THAW, ABORT, "late" or its
  // connection.
  base::TransactionId holds_for() const { return holds_for_; }

 private:
  void say_hello() override;
  void got_event(const Question& question) override;
  void got_late(std::uint64_t message_id) override;
  void lost_connection() override { roll_back(); }
  void got_killed() override { roll_back(); }
  bool still_true(const Question& question) const override {
    return question.operation != wire::Operation::kFreeze || holds_for_ == question.transaction;
  }
  void roll_back();
  base::Duration work_for(wire::Operation operation);

  WriterSpec spec_;
  base::TransactionId holds_for_;
  base::TransactionId transaction_;                // it answered for last
  base::TransactionId rolled_back_;                // by its own doing: it refuses the rest of it
  std::uint64_t prepared_by_ = 0, frozen_by_ = 0;  // the messages, until it is released
  std::uint64_t newest_message_ = 0;
};

}  // namespace vss::simulation
