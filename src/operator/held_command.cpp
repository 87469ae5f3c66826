// The order of things, each for a reason:
//
//   connect
//   fork COMMAND, parked    nothing may be forked while held
//   take signals, lock memory
//   ask; from here to the end of the thaw nothing is written, but for progress on a terminal or a
//   pipe, which never waits
//   held: start COMMAND
//   COMMAND ended: thaw     or: deadline, notice, signal, vssd lost: terminate COMMAND, do not wait
//   for it ended: say what was kept back
#include "operator/held_command.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

#include "operator/command.hpp"
#include "platform/clock.hpp"
#include "platform/memory.hpp"
#include "platform/poll.hpp"
#include "records/json.hpp"

namespace vss::operators {
namespace {

using base::Instant;
using wire::ControlCommand;

constexpr std::size_t kHeapBytes = std::size_t{1} << 20;
constexpr std::size_t kStackBytes = std::size_t{256} << 10;
// vssd's own news of the deadline should come first: it knows more.
constexpr base::Duration kDeadlineGrace = base::milliseconds(250);
// After a hold that did not last: until everything runs and the record is written (vssd releases
// without the freezer 4 s after the deadline).
constexpr base::Duration kEndLimit = base::seconds(6);
constexpr base::Duration kExplainLimit = base::seconds(5);

class Transaction {
 public:
  Transaction(Session& session, const HeldCommand& what, ControlClient client,
              ParkedCommand command, base::UniqueFd signals)
      : session_(session),
        messages_(session.messages),
        what_(what),
        client_(std::move(client)),
        command_(std::move(command)),
        signals_(std::move(signals)) {}

  HeldOutcome run() {
    messages_.hold_back();
    HeldOutcome outcome;
    if (open()) {
      outcome.ran = true;
      command_.start();
      while_held();
      if (torn()) {
        end_torn();
      } else {
        end_command(outcome);
      }
    }
    outcome.problem = problem_;
    outcome.transaction = reply_ && !outcome.ran ? reply_->transaction : opened_.transaction;
    outcome.grade = static_cast<coordinator::Grade>(grade_);
    if (outcome.ran && what_.want_record) outcome.record = record();
    messages_.let_go();
    return outcome;
  }

 private:
  bool torn() const { return !problem_.empty(); }
  // The first problem is the cause; what follows from it is not said.
  void tear(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  // Waits for the sockets and signals, then takes in what came.
  void wait(Instant until, bool for_command) {
    std::array<platform::PollEntry, 3> entries{{{.fd = lost_ ? -1 : client_.fd()},
                                                {.fd = signals_.get()},
                                                {.fd = for_command ? command_.ended_fd() : -1}}};
    platform::wait_until(entries, until);
    while (!lost_ && take_in()) {
    }
    if (platform::taken_signal(signals_.get()) != 0 && !asked_thaw_) {
      stopped_ = true;
      tear("it was stopped by a signal");
    }
    if (entries[2].readable) command_ended_ = true;
  }

  // One frame; false when there is none.
  bool take_in() {
    auto incoming = client_.receive();
    if (!incoming) {
      lost_ = true;
      tear("vssd was lost: " + incoming.error().message);
      return false;
    }
    if (!*incoming) return false;
    if (const auto* reply = std::get_if<wire::ControlReply>(&**incoming)) reply_ = *reply;
    if (const auto* notice = std::get_if<wire::ControlNotice>(&**incoming)) take_in(*notice);
    if (auto* piece = std::get_if<std::string>(&**incoming)) document_ += *piece;
    return true;
  }

  void take_in(const wire::ControlNotice& notice) {
    const bool failed = notice.outcome.status != wire::kStatusSuccess;
    if (notice.kind == wire::NoticeKind::kEnded) ended_ = true;
    if (notice.kind == wire::NoticeKind::kEnded && !failed && asked_thaw_) return;
    if (held_) tear(reason_of(notice.outcome));
  }

  bool request(ControlCommand command, base::TransactionId id = {}) {
    auto request = make_request(command, what_.options);
    request->transaction = id;
    request->note = std::string_view(what_.note);
    reply_.reset();
    const auto sent = client_.send(*request);
    if (sent) return true;
    lost_ = true;
    tear(sent.error().message);
    return false;
  }

  // True: held. Otherwise problem_ says why not.
  bool open() {
    const Instant began = platform::now();
    const Instant limit = began + session_.opening_limit();
    if (!request(ControlCommand::kSnapshot)) return false;
    while (!reply_ && !torn()) {
      wait(limit, false);
      messages_.progress(began, platform::now(), "preparing and freezing");
      if (platform::now() >= limit) tear("vssd has not answered within its own budgets");
    }
    if (torn()) return false;
    if (reply_->status != wire::kStatusSuccess) {
      tear(reason_of(*reply_));
      return false;
    }
    held_ = true;
    opened_ = *reply_;
    return true;
  }

  void while_held() {
    const Instant began = platform::now();
    const Instant limit = opened_.hold_deadline + kDeadlineGrace;
    while (!command_ended_ && !torn()) {
      wait(limit, true);
      const Instant now = platform::now();
      if (!command_ended_ && now >= limit) tear("the hold deadline passed while COMMAND ran");
      if (!command_ended_) messages_.progress(began, now, "held, COMMAND runs");
    }
  }

  // Until everything runs again, as far as vssd can still tell.
  void wait_for_end(base::Duration limit) {
    const Instant until = platform::now() + limit;
    while (!ended_ && !lost_ && platform::now() < until)
      wait(until, false);
  }

  void end_command(HeldOutcome& outcome) {
    outcome.execution_error = command_.execution_error();
    outcome.status = command_.wait_status();
    command_.take_terminal_back();
    thaw();
    // A THAW that failed is answered before the record of it is there.
    if (!torn() || what_.want_record) wait_for_end(kEndLimit);
  }

  void end_torn() {
    command_.terminate();
    command_.take_terminal_back();
    if (stopped_ && !lost_) thaw();
    wait_for_end(kEndLimit);
  }

  // Also on a hold that is torn, where everything should run again now.
  void thaw() {
    if (lost_) return;
    asked_thaw_ = true;
    if (!request(ControlCommand::kThaw)) return;
    const Instant began = platform::now();
    const Instant limit = began + session_.closing_limit();
    while (!reply_ && !lost_ && platform::now() < limit) {
      wait(limit, false);
      messages_.progress(began, platform::now(), "thawing");
    }
    if (!reply_) tear("vssd has not answered THAW within its own budget");
    if (reply_ && reply_->status != wire::kStatusSuccess) tear(reason_of(*reply_));
    if (reply_) grade_ = reply_->grade;
  }

  // Of a transaction that has ended; nothing where vssd cannot tell any more.
  std::optional<records::TransactionRecord> record() {
    if (lost_ || !ended_ || !request(ControlCommand::kExplain, opened_.transaction)) {
      return std::nullopt;
    }
    const Instant until = platform::now() + kExplainLimit;
    while (!reply_ && !lost_ && platform::now() < until)
      wait(until, false);
    auto record = records::record_from_json(document_);
    if (!record) return std::nullopt;
    return std::move(*record);
  }

  Session& session_;
  Messages& messages_;
  const HeldCommand& what_;
  ControlClient client_;
  ParkedCommand command_;
  base::UniqueFd signals_;

  std::optional<wire::ControlReply> reply_;  // to the latest request
  wire::ControlReply opened_;                // to kSnapshot
  wire::Grade grade_{};
  std::string document_;
  std::string problem_;  // why the copy is not good; empty: nothing is known against it
  bool held_ = false;
  bool asked_thaw_ = false;
  bool stopped_ = false;
  bool command_ended_ = false;
  bool ended_ = false;  // everything runs, the record is written
  bool lost_ = false;
};

// Below a limit the lock may succeed now and an allocation fail later, while everything is held.
// vssctl reads nothing from a disk then, so that a page that is not locked is late at worst.
bool may_lock_memory() {
  rlimit limit{};
  return ::geteuid() == 0 ||
         (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

}  // namespace

base::Result<HeldOutcome> run_held(Session& session, const HeldCommand& what) {
  auto client = ControlClient::connect(session.configuration.runtime_dir);
  if (!client) return std::unexpected(client.error());
  auto command = ParkedCommand::park(what.path, what.words);
  if (!command) return std::unexpected(command.error());
  auto signals = platform::take_stop_signals();
  if (!signals) return std::unexpected(signals.error());
  // COMMAND may own the terminal when we speak.
  ::signal(SIGTTOU, SIG_IGN);
  if (may_lock_memory()) {
    const auto resident = platform::keep_memory_resident(kHeapBytes, kStackBytes);
    if (!resident) session.messages.say("going on: " + resident.error().message);
  }
  return Transaction(session, what, std::move(*client), std::move(*command), std::move(*signals))
      .run();
}

}  // namespace vss::operators
