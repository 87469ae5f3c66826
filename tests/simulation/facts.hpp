// Questions about an episode's history that several promises ask.
#pragma once

#include <functional>
#include <optional>

#include "simulation/world.hpp"

namespace vss::simulation {

// Was there when the transaction began, so that it takes part.
bool takes_part(const Membership& member, const Transaction& transaction);

// Its freezer is a plain daemon, whose word is taken.
bool of_plain_freezer(const World& world, const Transaction& transaction);
// A plain freezer was told to freeze for it, and neither one nor an administrator has said since
// that it is thawed.
bool is_left_to_plain_freezer(const World& world, TransactionId transaction);

// What this participant was told to do in this transaction; null: it was not.
const Asked* asked_of(const World& world, const Membership& member, TransactionId transaction,
                      Operation operation);

// Answered yes, in time, by the connection that was asked.
bool said_yes(const Asked* asked);

// No, not in time, or gone: everything after which nobody needs to wait for it.
bool failed(const World& world, const Asked& asked);

inline bool is_down(Operation operation) {
  return operation == Operation::kCheck || operation == Operation::kPrepare ||
         operation == Operation::kFreeze;
}

const Membership& member_of(const World& world, const Asked& asked);
const Request& request_of(const World& world, const Transaction& transaction);
coordinator::Budgets budgets_of(const World& world, const Request& request);
coordinator::Grade required_grade(const World& world, const Request& request);

// What the copy of a hold that ended by THAW is worth: only writers count that held from their yes
// to FREEZE to their yes to THAW. Never above what FREEZE was answered with.
struct Worth {
  std::size_t writers = 0;
  coordinator::Grade grade{};
};
Worth worth_at_end(const World& world, const Transaction& transaction);

// Its link's owner: the requester itself, or a host's link that was opened again.
bool owns(const Request& request, const Request& opener);

}  // namespace vss::simulation
