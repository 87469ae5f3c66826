// One episode: everything that takes part, in virtual time, from a scenario to a quiet end.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "simulation/administrator.hpp"
#include "simulation/coverage.hpp"
#include "simulation/daemon.hpp"
#include "simulation/driver.hpp"
#include "simulation/freezer.hpp"
#include "simulation/guardian.hpp"
#include "simulation/history.hpp"
#include "simulation/kernel.hpp"
#include "simulation/promise.hpp"
#include "simulation/requester.hpp"
#include "simulation/scenario.hpp"
#include "simulation/slots.hpp"
#include "simulation/timeline.hpp"
#include "simulation/trace.hpp"
#include "simulation/writer.hpp"

namespace vss::simulation {

struct Outcome {
  std::optional<Violation> violation;
  std::size_t transactions = 0;
  std::size_t trace_lines = 0;
  std::uint64_t trace_hash = 0;
  std::string trace;  // where it was to be kept
};

class World {
 public:
  // How late a timer of the driver may come.
  static constexpr Duration kTick = base::milliseconds{4};

  struct Options {
    std::span<const coordinator::Row> table;
    bool keep_trace = false;
    Coverage* coverage = nullptr;  // counts what struck
  };

  World(const Scenario& scenario, const Options& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Once.
  Outcome run();

  // --- what is in it ---
  const Scenario& scenario() const { return scenario_; }
  const coordinator::Policy& policy() const { return policy_; }
  Timeline& timeline() { return timeline_; }
  Instant now() const { return timeline_.now(); }
  Kernel& kernel() { return kernel_; }
  const Kernel& kernel() const { return kernel_; }
  FreezerFiles& freezer_files() { return files_; }
  const FreezerFiles& freezer_files() const { return files_; }
  Guardian& guardian() { return *guardian_; }
  Freezer& freezer() { return *freezer_; }
  Driver& driver() { return *driver_; }
  const Driver& driver() const { return *driver_; }
  History& history() { return history_; }
  const History& history() const { return history_; }
  const Writer* writer(const Participant* participant) const;
  const std::vector<std::unique_ptr<Writer>>& writers() const { return writers_; }

  template <typename... Args>
  void trace(std::string_view who, std::string_view what, fmt::format_string<Args...> format,
             Args&&... args) {
    trace_.line(now(), who, what, format, std::forward<Args>(args)...);
  }
  void violated(int promise, std::string text);

  // --- processes ---
  std::uint64_t next_process() { return next_process_++; }
  void process_gone(std::uint64_t process) { gone_.insert(process); }
  bool is_gone(std::uint64_t process) const { return gone_.contains(process); }
  // A plain daemon does something, or will do what it has not read yet.
  bool daemon_may_freeze() const;
  bool freezer_runs() const { return freezer_ && freezer_->running(); }
  void kill_freezer_that_holds_a_claim();
  // The freezer has taken the freeze back without being told to; the driver may not know it yet.
  bool thaws_on_its_own(const Transaction& transaction) const;
  void guardian_changed();

  // --- participants' side of the network ---
  std::shared_ptr<Link> connect(Participant& peer);
  void send_up(const std::shared_ptr<Link>& link, std::span<const std::byte> packet);
  void close_by_peer(const std::shared_ptr<Link>& link) { driver_->close_by_peer(link); }
  Question question_of_plain(const wire::DeviceMessage& message);
  void saw(Participant& who, const Question& question);
  void note_plan(TransactionId transaction);  // the freezer looks at the mount table
  void note_guardian_thaw();
  void released_itself(const Writer& who, TransactionId transaction);
  void saw_late(Participant& who, std::uint64_t message_id);

  // --- driver's side ---
  void deliver_down(const std::shared_ptr<Link>& link, std::span<const std::byte> packet);
  void deliver_close(const std::shared_ptr<Link>& link);
  // Whether the request speaks of this filesystem: of paths, it names those of even number.
  static bool selects(const Request& request, unsigned filesystem);
  const wire::FilesystemRequest* filesystem_request(TransactionId transaction);
  void about_to_step(const coordinator::Event& event);
  void stepped(const coordinator::Event& event, const coordinator::StepResult& result);
  void after_step();
  void keep(const coordinator::Record& record);
  void deliver(const coordinator::Answer& answer);
  void deliver(const coordinator::Notify& notice);
  void note_found(const coordinator::NoteFound& note);
  void driver_died();

  // --- requesters' side ---
  coordinator::RequesterId next_requester() { return {next_requester_++}; }
  std::size_t send(Request request);  // its index in history().requests
  // Of an administrator; with his word that nothing of `thawed` is frozen, if that is one.
  void send_abort(TransactionId thawed);
  void deliver_next_request_at(Instant when) { next_request_at_ = when; }
  void requester_gone(coordinator::RequesterId requester, const coordinator::Reason& reason);
  void ask_done();
  // Whose loss the coordinator was told.
  const std::vector<coordinator::RequesterId>& gone_requesters() const { return gone_requesters_; }
  unsigned current_ask() const { return current_ask_; }

  // --- faults ---
  std::optional<FaultSpec> fault_of_question(const Participant& who, const Question& question);
  std::optional<FaultSpec> fault_of_freezing(Fault fault, const Question& question, bool possible);

 private:
  struct Pending {
    FaultSpec fault;
    bool taken = false;
  };

  void begin_ask();
  void schedule_faults(Phase phase);
  void strike(Pending& pending, int tries);
  bool carry_out(const FaultSpec& fault);
  bool carry_out_on_participant(const FaultSpec& fault, Participant& participant);
  bool carry_out_on_kernel(const FaultSpec& fault, Random& random);
  bool carry_out_on_requester(const FaultSpec& fault, Random& random);
  void join_another(const FaultSpec& fault, Random& random);
  Duration offset_of(const FaultSpec& fault, Random& random) const;
  void struck(const FaultSpec& fault, Phase phase);
  std::optional<FaultSpec> take(Fault fault, Actor actor, unsigned writer, Phase phase,
                                unsigned ask);
  Participant* participant_of(const FaultSpec& fault);
  void note_request(std::size_t index, TransactionId open, const coordinator::ActionList& actions);
  void note_accepted(const coordinator::AcceptParticipant& accept);
  void note_action(const coordinator::Action& action);
  void note_told(const coordinator::Tell& tell);
  void note_replied(const coordinator::Answer& answer);
  void note_left(const coordinator::ParticipantLeft& left);
  void note_answer(const coordinator::Answered& answered);
  void deliver(std::size_t request);
  void trace_request(const Request& request);
  void trace_question(const Participant& who, const Question& question);
  void trace_action(const coordinator::Action& action);
  void finish();

  Scenario scenario_;
  coordinator::Policy policy_;
  Coverage* coverage_;
  Timeline timeline_{Instant{1'000'000'000}};
  Trace trace_;
  Kernel kernel_{timeline_};
  FreezerFiles files_;
  History history_;
  std::optional<Violation> violation_;
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Guardian> guardian_;
  std::unique_ptr<Freezer> freezer_;     // not started where there is
  std::unique_ptr<PlainDaemon> daemon_;  // this one
  Administrator administrator_{*this};
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::unique_ptr<Participant>> intruders_;
  std::vector<std::unique_ptr<Requester>> requesters_;
  std::vector<std::unique_ptr<Promise>> promises_;
  Requester* scripted_ = nullptr;
  Requester* previous_ = nullptr;  // the one before
  std::vector<Pending> pending_;
  std::uint64_t next_process_ = 1;
  std::set<std::uint64_t> gone_;
  std::uint64_t next_requester_ = 1;
  std::uint32_t next_tag_ = 1;
  std::uint32_t driver_lives_ = 0;
  std::map<std::uint64_t, Participant*> peers_;  // by connection
  Instant last_request_;
  std::vector<coordinator::RequesterId> gone_requesters_;
  std::optional<Instant> next_request_at_;
  unsigned current_ask_ = 0;
  Phase phase_before_ = Phase::kIdle;
  TransactionId open_before_;
  std::optional<std::size_t> request_in_step_;
  wire::FilesystemRequest filesystem_request_;
};

}  // namespace vss::simulation
