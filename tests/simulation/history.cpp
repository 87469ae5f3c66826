#include "simulation/history.hpp"

#include <algorithm>

namespace vss::simulation {
namespace {

// The newest first: what is looked for is nearly always among the last.
template <typename Range, typename Fits>
auto find_last(Range& range, Fits fits) {
  const auto found = std::find_if(range.rbegin(), range.rend(), fits);
  return found == range.rend() ? nullptr : &*found;
}

}  // namespace

Transaction* History::find(TransactionId id) {
  return find_last(transactions, [id](const Transaction& t) { return t.id == id; });
}

Asked* History::find_message(std::uint64_t message_id) {
  return find_last(asked, [message_id](const Asked& a) { return a.message_id == message_id; });
}

Membership* History::find_member(coordinator::ParticipantId id) {
  return find_last(members, [id](const Membership& member) {
    return member.id == id && member.left.is_never();
  });
}

Membership* History::find_link(std::uint64_t link) {
  return find_last(members, [link](const Membership& member) { return member.link == link; });
}

}  // namespace vss::simulation
