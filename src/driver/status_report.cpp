#include "driver/status_report.hpp"

#include <algorithm>

namespace vss::driver {
namespace {

using Participants = std::span<const coordinator::ParticipantView>;

bool is_present(Participants participants, const coordinator::Name& name) {
  return std::ranges::any_of(participants, [&](const auto& participant) {
    return !participant.freezer && participant.name == name;
  });
}

}  // namespace

records::StatusDocument status_of(const coordinator::Coordinator& coordinator,
                                  const coordinator::Policy& policy, base::Instant now) {
  records::StatusDocument status;
  status.not_ready = std::string(coordinator.not_ready().view());
  status.left_frozen = coordinator.left_frozen();
  status.standing_veto = std::string(policy.standing_veto.view());
  status.phase = coordinator.phase();
  status.transaction = coordinator.open_transaction();
  if (status.transaction.valid()) {
    const coordinator::Record& record = coordinator.record();
    status.requester = std::string(record.requester.view());
    if (record.hold_began != base::Instant{}) status.hold_left = record.hold_deadline - now;
  }
  const auto participants = coordinator.participants();
  for (const coordinator::ParticipantView& participant : participants) {
    if (participant.freezer) {
      status.freezer.connected = true;
      status.freezer.plain = participant.plain;
    } else {
      ++status.writers;
    }
  }
  for (const coordinator::WriterRule& rule : policy.writers) {
    if (rule.expected && !is_present(participants, rule.name)) {
      status.expected_absent.emplace_back(rule.name.view());
    }
  }
  return status;
}

records::WritersDocument writers_of(const coordinator::Coordinator& coordinator,
                                    const coordinator::Policy& policy) {
  const auto expected = [&](const coordinator::Name& name) {
    return std::ranges::any_of(policy.writers, [&](const coordinator::WriterRule& rule) {
      return rule.expected && rule.name == name;
    });
  };
  records::WritersDocument document;
  const auto participants = coordinator.participants();
  for (const coordinator::ParticipantView& participant : participants) {
    if (participant.freezer) continue;
    document.writers.push_back(
        {.name = std::string(participant.name.view()),
         .level = participant.level,
         .required = participant.criticality == coordinator::Criticality::kRequired,
         .plain = participant.plain,
         .expected = expected(participant.name),
         .present = true,
         .busy = participant.busy,
         .timeout = participant.timeout});
  }
  for (const coordinator::WriterRule& rule : policy.writers) {
    if (!rule.expected || is_present(participants, rule.name)) continue;
    records::WriterLine absent;
    absent.name = std::string(rule.name.view());
    absent.level = rule.level.value_or(base::kLevelDefault);
    absent.required = rule.criticality.value_or(coordinator::Criticality::kRequired) ==
                      coordinator::Criticality::kRequired;
    absent.expected = true;
    absent.present = false;
    document.writers.push_back(absent);
  }
  return document;
}

}  // namespace vss::driver
