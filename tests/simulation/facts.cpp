#include "simulation/facts.hpp"

#include <algorithm>

namespace vss::simulation {

bool takes_part(const Membership& member, const Transaction& transaction) {
  return member.joined <= transaction.began && member.left >= transaction.began;
}

bool of_plain_freezer(const World& world, const Transaction& transaction) {
  return std::ranges::any_of(world.history().members, [&](const Membership& member) {
    return member.freezer && member.plain && takes_part(member, transaction);
  });
}

bool is_left_to_plain_freezer(const World& world, TransactionId transaction) {
  const Transaction* t = world.history().find(transaction);
  if (t == nullptr || t->word_given) return false;
  bool left = false;
  for (const Asked& asked : world.history().asked) {
    const Membership& member = member_of(world, asked);
    if (asked.transaction != transaction || !member.freezer || !member.plain) continue;
    if (asked.operation == Operation::kFreeze) left = true;
    if (asked.operation == Operation::kThaw && asked.answered && asked.success) left = false;
  }
  return left;
}

const Asked* asked_of(const World& world, const Membership& member, TransactionId transaction,
                      Operation operation) {
  const auto& asked = world.history().asked;
  for (auto at = asked.rbegin(); at != asked.rend(); ++at) {
    if (at->transaction == transaction && at->operation == operation &&
        &member_of(world, *at) == &member) {
      return &*at;
    }
  }
  return nullptr;
}

bool said_yes(const Asked* asked) {
  return asked != nullptr && asked->answered && asked->success &&
         *asked->answered < asked->reply_deadline && !asked->overtaken;
}

bool failed(const World& world, const Asked& asked) {
  const Membership& member = member_of(world, asked);
  if (!member.left.is_never()) return true;
  if (asked.answered && !asked.success) return true;
  return world.now() >= asked.reply_deadline &&
         (!asked.answered || *asked.answered >= asked.reply_deadline);
}

const Membership& member_of(const World& world, const Asked& asked) {
  return world.history().members[asked.member];
}

const Request& request_of(const World& world, const Transaction& transaction) {
  return world.history().requests[transaction.request];
}

coordinator::Budgets budgets_of(const World& world, const Request& request) {
  coordinator::Budgets budgets = world.policy().of(request.requester_kind).budgets;
  const Duration asked = request.options.hold_budget;
  if (asked > Duration{0}) budgets.hold = asked;
  return budgets;
}

coordinator::Grade required_grade(const World& world, const Request& request) {
  if (request.options.require_given) return request.options.require;
  return world.policy().of(request.requester_kind).require;
}

Worth worth_at_end(const World& world, const Transaction& t) {
  Worth worth;
  bool every_expected = !world.scenario().expected_absent;
  for (const Membership& member : world.history().members) {
    if (member.freezer || !takes_part(member, t)) continue;
    const bool held = said_yes(asked_of(world, member, t.id, Operation::kFreeze)) &&
                      said_yes(asked_of(world, member, t.id, Operation::kThaw));
    if (held) ++worth.writers;
    if (!held && member.expected) every_expected = false;
  }
  const bool in_scope = request_of(world, t).options.selection != coordinator::Selection::kNone;
  worth.grade = in_scope ? coordinator::Grade::kFilesystem : coordinator::Grade::kCrash;
  if (worth.writers > 0 && every_expected) worth.grade = coordinator::Grade::kApplication;
  worth.grade = std::min(worth.grade, t.success_grade);
  return worth;
}

bool owns(const Request& request, const Request& opener) {
  if (request.requester == opener.requester) return true;
  return opener.requester_kind != RequesterKind::kLocal && request.name == opener.name;
}

}  // namespace vss::simulation
