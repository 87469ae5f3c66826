// The freezer: plans, freezes and thaws the simulated kernel's filesystems as the real one does.
#pragma once

#include <vector>

#include "simulation/participant.hpp"
#include "simulation/slots.hpp"

namespace vss::simulation {

class Freezer : public Participant {
 public:
  explicit Freezer(World& world);

  void guardian_changed();
  std::uint64_t claim() const { return routine_.claim(); }
  bool holds_a_claim() const;
  // The transaction that it thawed last without being told to.
  base::TransactionId thawed_by_itself() const { return thawed_by_itself_; }

 private:
  struct Freezing {  // the FREEZE that is being carried out
    Question question;
    std::size_t next = 0;
    bool given_up = false;
    std::size_t fails_at = SIZE_MAX;
    std::size_t hangs_at = SIZE_MAX;
    base::Duration hangs_for{0};
  };

  void say_hello() override;
  void got_event(const Question& question) override;
  void got_late(std::uint64_t) override {}
  void lost_connection() override;
  void got_killed() override;
  void got_frame(const wire::FrameView& frame) override;

  void check(const Question& question);
  void prepare(const Question& question);
  void freeze(const Question& question);
  void freeze_next();
  void frozen(unsigned filesystem, int error);
  void end_freezing(bool success, std::string reason);
  void thaw(const Question& question);
  void thaw_by_itself(std::string_view why);
  void send_status();
  bool clean() const;
  bool leaves_nothing() const override { return clean() && !freezing_; }
  bool in_scope(unsigned filesystem) const;
  std::vector<unsigned> plan() const;
  wire::FilesystemSummary plan_summary() const;  // without slots: CHECK has none
  wire::FilesystemSummary summary() const;
  base::Duration time_for_thaw();

  ThawRoutine routine_;
  wire::Selection selection_ = wire::Selection::kAll;  // of the request asked last
  std::vector<std::string> paths_;
  base::TransactionId transaction_;  // of the plan
  std::vector<unsigned> plan_;
  std::optional<Freezing> freezing_;
  std::optional<Question> last_question_;
  base::TransactionId thawed_by_itself_;
  bool plan_changed_ = false;
};

}  // namespace vss::simulation
