// The episode's trace: requests, questions and actions as lines.
#include <array>
#include <variant>

#include "simulation/world.hpp"

namespace vss::simulation {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

std::string_view to_text(coordinator::Notify::What what) {
  constexpr std::array<std::string_view, 3> kTexts{"expired", "aborted", "ended"};
  return kTexts[static_cast<std::size_t>(what)];
}

}  // namespace

void World::trace_request(const Request& request) {
  constexpr std::array<std::string_view, 4> kKinds{"CHECK", "FREEZE", "THAW", "ABORT"};
  trace(request.name.view(), "asks", "{} {}", kKinds[static_cast<std::size_t>(request.kind)],
        request.names.valid() ? base::to_text(request.names).view() : std::string_view{});
}

void World::trace_question(const Participant& who, const Question& question) {
  constexpr std::array<std::string_view, 6> kOperations{"none", "CHECK",   "FREEZE",
                                                        "THAW", "PREPARE", "ABORT"};
  trace(who.name(), "reads", "{} {} {:x}",
        kOperations[static_cast<std::size_t>(question.operation)],
        base::to_text(question.transaction).view(), question.message_id);
}

void World::trace_action(const coordinator::Action& action) {
  const auto peer = [this](coordinator::ParticipantId id) -> std::string_view {
    const Membership* member = history_.find_member(id);
    return member == nullptr ? "nobody" : std::string_view{member->peer->name()};
  };
  std::visit(
      Overloaded{[&](const coordinator::Tell& tell) {
                   trace("driver", "tells", "{} {} {:x} until {} ms", peer(tell.id),
                         coordinator::to_text(tell.operation), tell.message_id,
                         tell.reply_deadline.is_never()
                             ? -1
                             : (tell.reply_deadline - now()).count() / 1'000'000);
                 },
                 [&](const coordinator::Withdraw& withdraw) {
                   trace("driver", "withdraws", "{} {:x}", peer(withdraw.id), withdraw.message_id);
                 },
                 [&](const coordinator::TellLate& late) {
                   trace("driver", "says late", "{} {:x}", peer(late.id), late.message_id);
                 },
                 [&](const coordinator::GrantTime& grant) {
                   trace("driver", "grants", "{} {:x} {} ms", peer(grant.id), grant.message_id,
                         grant.granted.count() / 1'000'000);
                 },
                 [&](const coordinator::Answer& answer) {
                   trace("driver", "replies", "{} {}: {}", answer.requester.value,
                         answer.success ? "yes" : "no", answer.reason.view());
                 },
                 [&](const coordinator::Notify& notify) {
                   trace("driver", "notifies", "{} {}", notify.requester.value,
                         to_text(notify.what));
                 },
                 [&](const coordinator::RefuseParticipant& refuse) {
                   trace("driver", "refuses", "{}: {}", refuse.connection, refuse.reason.view());
                 },
                 [&](const coordinator::WriteNote& note) {
                   trace("driver", "notes", "{} answered {}",
                         base::to_text(note.note.transaction).view(), note.note.answered);
                 },
                 [&](const coordinator::TellKernelLog& line) {
                   trace("driver", "warns", "{}", line.text.view());
                 },
                 [](const auto&) {}},
      action);
}

}  // namespace vss::simulation
