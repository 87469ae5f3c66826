// The same as a snapshot whose COMMAND does nothing. Processes that write all the time measure what
// other programs feel of it; they are forked before anything is frozen, and this one touches no
// file until everything runs again.
#include "operator/rehearse.hpp"

#include <unistd.h>

#include "base/exit_status.hpp"
#include "operator/command.hpp"
#include "operator/held_command.hpp"
#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/stall_probe.hpp"
#include "records/rehearsal.hpp"

namespace vss::operators {
namespace {

constexpr const char* kCommand = "true";
constexpr std::size_t kProbesMax = 32;  // a process each
constexpr base::Duration kProbeStartLimit = base::seconds(2);
constexpr base::Duration kProbeEndLimit = base::seconds(5);

struct Measured {
  records::StallPart stall;
  std::optional<platform::StallProbe> probe;
};

// Nothing where vssd has no plan: the transaction will say why.
std::vector<wire::MountDetail> filesystems_to_freeze(Session& session, const Options& options) {
  auto client = ControlClient::connect(session.configuration.runtime_dir);
  if (!client) return {};
  auto answer = ask(*client, session.messages,
                    *make_request(wire::ControlCommand::kPlan, options.transaction),
                    session.opening_limit(), "waiting for vssd's plan");
  if (!answer) return {};
  std::erase_if(answer->details, [](const wire::MountDetail& detail) {
    return detail.action != wire::MountAction::kFreeze;
  });
  return std::move(answer->details);
}

std::vector<Measured> start_probes(const std::vector<wire::MountDetail>& filesystems) {
  std::vector<Measured> all;
  for (const wire::MountDetail& filesystem : filesystems) {
    Measured one;
    one.stall.mount_point = filesystem.mount_point.view();
    if (::geteuid() != 0) {
      one.stall.not_measured = "only root may write there";
    } else if (all.size() >= kProbesMax) {
      one.stall.not_measured = "only the first " + std::to_string(kProbesMax) + " are";
    } else if (auto probe = platform::StallProbe::start(one.stall.mount_point, filesystem.mount_id,
                                                        kProbeStartLimit)) {
      one.probe = std::move(*probe);
    } else {
      one.stall.not_measured = probe.error().message;
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<records::StallPart> finish(std::vector<Measured> probes) {
  const base::Instant until = platform::now() + kProbeEndLimit;
  std::vector<records::StallPart> stalls;
  for (Measured& one : probes) {
    if (one.probe) {
      if (const auto stall = one.probe->finish(until)) {
        one.stall.measured = stall->longest;
        one.stall.writes = stall->writes;
      } else {
        one.stall.not_measured = stall.error().message;
      }
    }
    stalls.push_back(std::move(one.stall));
  }
  return stalls;
}

int refused(Session& session, const HeldOutcome& outcome) {
  std::string message = "not held: " + outcome.problem;
  if (outcome.transaction.valid()) {
    message += " (`vssctl explain " + std::string(base::to_text(outcome.transaction).view()) +
               "` tells more)";
  }
  return report(session.messages, {.message = message});
}

}  // namespace

int rehearse(Session& session, const Options& options) {
  if (auto fits = check_output(options.transaction, "read the result", "vssctl rehearse | cat");
      !fits) {
    return report(session.messages, fits.error());
  }
  const auto path = find_executable(kCommand);
  if (!path) return report(session.messages, path.error());
  auto probes = start_probes(filesystems_to_freeze(session, options));
  auto outcome = run_held(session, {.options = options.transaction,
                                    .path = *path,
                                    .words = {kCommand},
                                    .note = "(rehearsal: nothing is copied)",
                                    .want_record = true});
  if (!outcome) return report(session.messages, outcome.error());
  auto stalls = finish(std::move(probes));
  if (!outcome->ran) return refused(session, *outcome);
  records::RehearsalDocument rehearsal{.problem = std::move(outcome->problem),
                                       .grade = outcome->grade,
                                       .transaction = outcome->transaction,
                                       .held = std::nullopt,
                                       .stalls = std::move(stalls),
                                       .record = std::move(outcome->record)};
  records::complete(rehearsal);
  const bool printed =
      platform::print_all(options.json ? to_json(rehearsal) + '\n' : render_rehearsal(rehearsal));
  return printed && rehearsal.problem.empty() ? base::kExitYes : base::kExitNo;
}

}  // namespace vss::operators
