#include "operator/transactions.hpp"

#include <unistd.h>

#include "base/exit_status.hpp"
#include "operator/frozen_mounts.hpp"
#include "operator/recovery.hpp"
#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/poll.hpp"
#include "platform/sleep.hpp"

namespace vss::operators {
namespace {

using wire::ControlCommand;

// How long `thaw --force` waits for a vssd that may hang before it goes on without it.
constexpr base::Duration kForceLimit = base::seconds(5);
// How long it asks a vssd that says no although nothing is frozen, and how often.
constexpr base::Duration kWordLimit = base::seconds(2);
constexpr base::Duration kWordPause = base::milliseconds(200);

std::string text_of(base::TransactionId id) {
  return std::string(base::to_text(id).view());
}

// Asks on a connection of its own.
base::Result<wire::ControlReply> reply_to(Session& session, const wire::ControlRequest& request,
                                          base::Duration limit, std::string_view what) {
  auto client = ControlClient::connect(session.configuration.runtime_dir);
  if (!client) return std::unexpected(client.error());
  const auto answer = ask(*client, session.messages, request, limit, what);
  if (!answer) return std::unexpected(answer.error());
  return answer->reply;
}

bool refused(const base::Result<wire::ControlReply>& reply) {
  return reply && reply->status != wire::kStatusSuccess;
}

// Says why it is none, or a no; returns the exit status.
int report_reply(Session& session, const base::Result<wire::ControlReply>& reply) {
  if (!reply) return report(session.messages, reply.error());
  if (!refused(reply)) return base::kExitYes;
  std::string message = reason_of(*reply);
  if (reply->transaction.valid()) {
    message += " (`vssctl explain " + text_of(reply->transaction) + "` tells more)";
  }
  return report(session.messages, {.message = message});
}

int ask_once(Session& session, const wire::ControlRequest& request, base::Duration limit,
             std::string_view what) {
  return report_reply(session, reply_to(session, request, limit, what));
}

// What a plain daemon left frozen is in no slot: vssd goes on when it is told that nothing is
// frozen any more, and would write to what is.
int tell_all_thawed(Session& session, wire::ControlRequest& request) {
  const auto frozen = frozen_mount_points();
  if (!frozen) return report(session.messages, frozen.error());
  for (const std::string& mount_point : *frozen) {
    session.messages.say(mount_point + " is frozen: `fsfreeze -u " + mount_point +
                         "`, then `vssctl thaw --force` again");
  }
  if (!frozen->empty()) return base::kExitNo;
  request.all_thawed = true;
  // What the recovery has thawed vssd sees a moment later.
  const base::Instant until = platform::now() + kWordLimit;
  for (;;) {
    const auto reply =
        reply_to(session, request, kForceLimit, "telling vssd that nothing is frozen");
    if (!refused(reply) || platform::now() >= until) return report_reply(session, reply);
    platform::sleep_for(kWordPause);
  }
}

// Waits until it is held or refused. A stop signal meanwhile does not end the wait: who started a
// hold must know its id to release it.
base::Result<wire::ControlReply> ask_for_hold(Session& session, ControlClient& client,
                                              const wire::ControlRequest& request, int signals,
                                              bool& stopped) {
  if (auto sent = client.send(request); !sent) return std::unexpected(sent.error());
  const base::Instant began = platform::now();
  const base::Instant limit = began + session.opening_limit();
  while (platform::now() < limit) {
    std::array<platform::PollEntry, 2> entries{{{.fd = client.fd()}, {.fd = signals}}};
    platform::wait_until(entries, limit);
    session.messages.progress(
        began, platform::now(),
        stopped ? "stopping: waiting for vssd's answer, to release it" : "preparing and freezing");
    if (platform::taken_signal(signals) != 0) stopped = true;
    auto incoming = client.receive();
    if (!incoming) return std::unexpected(incoming.error());
    if (!*incoming) continue;
    if (const auto* reply = std::get_if<wire::ControlReply>(&**incoming)) return *reply;
  }
  return base::fail(
      "vssd has not answered within its own budgets; it will thaw at its deadline, and "
      "`vssctl thaw` ends what is open");
}

}  // namespace

int check(Session& session, const Options& options) {
  const int status = ask_once(session, *make_request(ControlCommand::kCheck, options.transaction),
                              session.opening_limit(), "asking every participant");
  if (status != base::kExitYes) return status;
  return platform::print_all("A snapshot could be taken now.\n") ? base::kExitYes : base::kExitNo;
}

int hold(Session& session, const Options& options) {
  // The id is printed while everything is held.
  if (auto fits = check_output(options.transaction, "take the id", "id=$(vssctl hold)"); !fits) {
    return report(session.messages, fits.error());
  }
  auto client = ControlClient::connect(session.configuration.runtime_dir);
  if (!client) return report(session.messages, client.error());
  const auto signals = platform::take_stop_signals();
  if (!signals) return report(session.messages, signals.error());
  session.messages.hold_back();
  bool stopped = false;
  const auto reply =
      ask_for_hold(session, *client, *make_request(ControlCommand::kHold, options.transaction),
                   signals->get(), stopped);
  if (!reply || reply->status != wire::kStatusSuccess) {
    session.messages.let_go();
    return report(session.messages,
                  reply ? base::Error{.message = "not held: " + reason_of(*reply)} : reply.error());
  }
  if (!stopped && platform::print_all(text_of(reply->transaction) + '\n')) return base::kExitYes;
  // Nobody would know the id.
  auto request = make_request(ControlCommand::kRelease);
  request->transaction = reply->transaction;
  const auto released =
      ask(*client, session.messages, *request, session.closing_limit(), "releasing");
  session.messages.let_go();
  session.messages.say((stopped ? "stopped by a signal" : "cannot write the id") +
                       std::string(released ? ", released again" : ": ") +
                       (released ? "" : released.error().message));
  return base::kExitNo;
}

int release(Session& session, const Options& options) {
  auto request = make_request(ControlCommand::kRelease);
  if (options.id) request->transaction = *options.id;
  return ask_once(session, *request, session.closing_limit(), "releasing");
}

int thaw(Session& session, const Options& options) {
  const auto request = make_request(ControlCommand::kAbort);
  if (!options.force) {
    return ask_once(session, *request, session.closing_limit(), "ending the open transaction");
  }
  if (::geteuid() != 0) {
    return report(session.messages,
                  {.message = "thaw --force needs root: it thaws filesystems itself",
                   .kind = base::ErrorKind::kPrerequisite});
  }
  // What vssd says is printed but does not decide: it may be the one that hangs.
  const auto ended =
      reply_to(session, *request, kForceLimit, "asking vssd to end the open transaction");
  report_reply(session, ended);
  const auto recovered = run_recovery(session.configuration.runtime_dir);
  if (!recovered) return report(session.messages, recovered.error());
  if (!refused(ended) || *recovered != base::kExitYes) return *recovered;
  return tell_all_thawed(session, *request);
}

}  // namespace vss::operators
