#include "operator/inspect.hpp"

#include "base/exit_status.hpp"
#include "platform/console.hpp"
#include "records/documents.hpp"
#include "records/json.hpp"
#include "records/render.hpp"

namespace vss::operators {
namespace {

constexpr base::Duration kDocumentLimit = base::seconds(10);

using wire::ControlCommand;

int print(Session& session, const std::string& text) {
  if (platform::print_all(text)) return base::kExitYes;
  session.messages.say("cannot write to standard output");
  return base::kExitNo;
}

ControlCommand command_of(Verb verb) {
  switch (verb) {
    case Verb::kWriters: return ControlCommand::kWriters;
    case Verb::kPlan: return ControlCommand::kPlan;
    case Verb::kHistory: return ControlCommand::kHistory;
    case Verb::kExplain: return ControlCommand::kExplain;
    default: return ControlCommand::kStatus;
  }
}

base::Result<std::string> render(Verb verb, const std::string& document) {
  const auto rendered = [](const auto& parsed, auto render_it) -> base::Result<std::string> {
    if (!parsed) return base::fail("vssd's answer " + parsed.error().message);
    return render_it(*parsed);
  };
  switch (verb) {
    case Verb::kWriters:
      return rendered(records::writers_from_json(document), records::render_writers);
    case Verb::kHistory:
      return rendered(records::history_from_json(document),
                      [](const auto& history) { return records::render_history(history); });
    case Verb::kExplain:
      return rendered(records::record_from_json(document), records::render_explain);
    default: return rendered(records::status_from_json(document), records::render_status);
  }
}

int print_plan(Session& session, const Options& options, const Answer& answer) {
  if (!answer.plan_end) return report(session.messages, {.message = reason_of(answer.reply)});
  const records::PlanDocument plan = plan_of(answer);
  const auto strokes = platform::locale_has_utf8() ? text::Strokes::kBoxes : text::Strokes::kAscii;
  const auto folding = options.verbose ? text::Folding::kNone : text::Folding::kAlike;
  const int status = print(session, options.json ? records::to_json(plan) + '\n'
                                                 : records::render_plan(plan, strokes, folding));
  return plan.success ? status : base::kExitNo;
}

}  // namespace

records::PlanDocument plan_of(const Answer& answer) {
  records::PlanDocument plan;
  for (const auto& detail : answer.details) {
    plan.mounts.push_back(records::to_part(detail, base::Instant{}));
  }
  plan.success = answer.plan_end->status == wire::kStatusSuccess;
  plan.summary = answer.plan_end->summary;
  plan.reason = answer.plan_end->reason.view();
  return plan;
}

int inspect(Session& session, const Options& options) {
  auto client = ControlClient::connect(session.configuration.runtime_dir);
  if (!client) return report(session.messages, client.error());
  const bool is_plan = options.verb == Verb::kPlan;
  auto request = make_request(command_of(options.verb), options.transaction);
  if (options.id) request->transaction = *options.id;
  const auto answer =
      ask(*client, session.messages, *request, is_plan ? session.opening_limit() : kDocumentLimit,
          "waiting for vssd's answer");
  if (!answer) return report(session.messages, answer.error());
  if (is_plan) return print_plan(session, options, *answer);
  if (answer->reply.status != wire::kStatusSuccess) {
    return report(session.messages, {.message = reason_of(answer->reply)});
  }
  if (options.json) return print(session, answer->document + '\n');
  const auto text = render(options.verb, answer->document);
  if (!text) return report(session.messages, text.error());
  return print(session, *text);
}

}  // namespace vss::operators
