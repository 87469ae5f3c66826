#include "operator/session.hpp"

#include <unistd.h>

#include "base/exit_status.hpp"
#include "platform/clock.hpp"
#include "platform/poll.hpp"

namespace vss::operators {
namespace {

constexpr base::Duration kMargin = base::seconds(10);

const coordinator::Budgets& budgets_of(const Session& session) {
  return session.configuration.policy.of(coordinator::RequesterKind::kLocal).budgets;
}

}  // namespace

base::Duration Session::opening_limit() const {
  const auto& budgets = budgets_of(*this);
  return budgets.check + budgets.prepare + budgets.freeze + closing_limit();
}

base::Duration Session::closing_limit() const {
  return budgets_of(*this).thaw + configuration.policy.release_margin + kMargin;
}

base::Result<Session> open_session(const Options& options) {
  auto configuration = config::load({.file = options.config_file,
                                     .runtime_dir = options.runtime_dir,
                                     .state_dir = std::nullopt,
                                     .kernel = {}});
  if (configuration) return Session{.configuration = std::move(*configuration), .messages = {}};
  if (options.verb != Verb::kThaw) return std::unexpected(configuration.error());
  Session session;
  if (options.runtime_dir) session.configuration.runtime_dir = *options.runtime_dir;
  session.messages.say("the configuration is wrong and was not used:\n" +
                       configuration.error().message);
  session.messages.say("going on with runtime directory " + session.configuration.runtime_dir);
  return session;
}

std::unique_ptr<wire::ControlRequest> make_request(wire::ControlCommand command,
                                                   const TransactionOptions& options) {
  auto request = std::make_unique<wire::ControlRequest>();
  request->command = command;
  request->filesystems.selection = options.selection;
  for (const auto& path : options.paths) {
    // The command line's limits are the frame's.
    VSS_ASSERT(request->filesystems.paths.push_back(wire::Path(std::string_view(path))));
  }
  request->require_given = options.require.has_value();
  request->filesystems.require = options.require.value_or(wire::Grade::kFilesystem);
  request->hold_budget = options.hold_max;
  return request;
}

base::Result<Answer> ask(ControlClient& client, Messages& messages,
                         const wire::ControlRequest& request, base::Duration limit,
                         std::string_view what) {
  if (auto sent = client.send(request); !sent) return std::unexpected(sent.error());
  const base::Instant began = platform::now();
  Answer answer;
  for (;;) {
    auto incoming = client.receive();
    if (!incoming) return std::unexpected(incoming.error());
    if (!*incoming) {
      const base::Instant now = platform::now();
      if (now >= began + limit) {
        return base::fail("vssd has not answered for " +
                          std::to_string(std::chrono::duration_cast<base::seconds>(limit).count()) +
                          " s; see its log, or restart it");
      }
      messages.progress(began, now, what);
      platform::PollEntry entry{.fd = client.fd()};
      platform::wait_until({&entry, 1}, began + limit);
      continue;
    }
    if (auto* piece = std::get_if<std::string>(&**incoming)) {
      answer.document += *piece;
    } else if (auto* detail = std::get_if<wire::MountDetail>(&**incoming)) {
      answer.details.push_back(*detail);
    } else if (auto* end = std::get_if<wire::PlanEnd>(&**incoming)) {
      answer.plan_end = *end;
    } else if (auto* reply = std::get_if<wire::ControlReply>(&**incoming)) {
      answer.reply = *reply;
      return answer;
    }
  }
}

std::string reason_of(const wire::ControlReply& reply) {
  return reply.reason.empty() ? "vssd gave no reason; see its log"
                              : std::string(reply.reason.view());
}

int report(Messages& messages, const base::Error& error) {
  messages.say(error.message);
  return base::exit_status_of(error);
}

}  // namespace vss::operators
