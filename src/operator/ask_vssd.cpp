// The part of an examination that vssd answers.
#include <algorithm>

#include "doctor/judge.hpp"
#include "operator/examine.hpp"
#include "operator/inspect.hpp"
#include "platform/socket.hpp"

namespace vss::operators {
namespace {

constexpr base::Duration kDocumentLimit = base::seconds(10);

using wire::ControlCommand;

base::Result<std::string> document(ControlClient& client, Session& session,
                                   ControlCommand command) {
  auto answer = ask(client, session.messages, *make_request(command), kDocumentLimit,
                    "waiting for vssd's answer");
  if (!answer) return std::unexpected(answer.error());
  if (answer->reply.status != wire::kStatusSuccess) return base::fail(reason_of(answer->reply));
  return std::move(answer->document);
}

// The strictest grade that anybody who can ask here demands: a plan that is enough for one and not
// for the other fails the other's backup.
wire::Grade grade_in_use(const config::Configuration& configuration,
                         const records::StatusDocument& status) {
  const auto of = [&](coordinator::RequesterKind kind) {
    return static_cast<wire::Grade>(configuration.policy.of(kind).require);
  };
  const wire::Grade local = of(coordinator::RequesterKind::kLocal);
  return status.hosts.empty() ? local : std::max(local, of(coordinator::RequesterKind::kHyperV));
}

void ask_for_plan(ControlClient& client, Session& session, doctor::VssdFacts& facts) {
  TransactionOptions options;
  options.require = grade_in_use(session.configuration, *facts.status);
  const auto answer = ask(client, session.messages, *make_request(ControlCommand::kPlan, options),
                          session.opening_limit(), "waiting for vssd's plan");
  if (!answer) {
    facts.plan_refused = answer.error().message;
  } else if (!answer->plan_end) {
    facts.plan_refused = reason_of(answer->reply);
  } else {
    facts.plan = plan_of(*answer);
  }
}

}  // namespace

doctor::VssdFacts ask_vssd(Session& session) {
  doctor::VssdFacts facts;
  const auto failed = [&](const base::Error& error) {
    facts.unreachable = error.message;
    return facts;
  };
  auto client = ControlClient::connect(session.configuration.runtime_dir);
  if (!client) return failed(client.error());
  if (const auto peer = platform::peer_credentials(client->fd())) facts.process = peer->process_id;
  const auto text = document(*client, session, ControlCommand::kStatus);
  if (!text) return failed(text.error());
  auto status = records::status_from_json(*text);
  if (!status) return failed({.message = "vssd's answer " + status.error().message});
  facts.status = std::move(*status);
  if (const auto writers = document(*client, session, ControlCommand::kWriters)) {
    if (auto parsed = records::writers_from_json(*writers)) facts.writers = std::move(*parsed);
  }
  if (doctor::can_plan(*facts.status)) ask_for_plan(*client, session, facts);
  return facts;
}

}  // namespace vss::operators
