// An application that takes part: registered on our channel, or a plain client of the device.
#pragma once

#include "sdk/obligation.hpp"
#include "simulation/participant.hpp"
#include "simulation/scenario.hpp"

namespace vss::simulation {

class Writer : public Participant {
 public:
  Writer(World& world, const WriterSpec& spec);

  const WriterSpec& spec() const { return spec_; }
  // The transaction it holds for, in truth. Holding ends with THAW, ABORT, "late", or some time
  // after its connection did.
  base::TransactionId holds_for() const { return holds_for_; }
  bool owes() const { return obligation_.owed(); }

 private:
  void say_hello() override;
  void got_event(const Question& question) override;
  void got_late(std::uint64_t message_id) override;
  void lost_connection() override;
  void got_killed() override;
  bool may_connect() const override { return !obligation_.owed(); }
  bool still_true(const Question& question) const override {
    return question.operation != wire::Operation::kFreeze || holds_for_ == question.transaction;
  }
  void work(const Question& question);
  void wait_for_thaw();
  bool abort_is_due() const;
  void release_if_due();
  base::Duration work_for(wire::Operation operation);

  WriterSpec spec_;
  sdk::Obligation obligation_;  // the rule of libvss itself; a plain client has none
  base::TransactionId holds_for_;
  std::uint64_t newest_message_ = 0;
};

}  // namespace vss::simulation
