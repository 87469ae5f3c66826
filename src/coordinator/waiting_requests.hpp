// What is owed to requesters: answers to THAW and ABORT that wait for the end, and the one failure
// for a copy that was promised and then torn.
#pragma once

#include <span>

#include "base/fixed_vector.hpp"
#include "coordinator/events.hpp"
#include "coordinator/types.hpp"

namespace vss::coordinator {

// A THAW or ABORT that is answered when everything runs again.
struct WaitingRequest {
  enum class Kind : std::uint8_t { kThaw, kRelease, kAbort } kind{};
  RequesterId requester;
  std::uint32_t tag = 0;
  Instant answer_by;
};

class WaitingRequests {
 public:
  static constexpr std::size_t kLimit = 64;

  bool add(const WaitingRequest& request) { return requests_.push_back(request); }
  void forget(RequesterId requester);
  // Takes out the first one whose time is over; false: there is none.
  bool take_overdue(Instant now, WaitingRequest& overdue);
  Instant next_deadline() const;
  std::span<const WaitingRequest> all() const { return {requests_.begin(), requests_.size()}; }
  void clear() { requests_.clear(); }

 private:
  void erase(std::size_t index);

  base::FixedVector<WaitingRequest, kLimit> requests_;
};

// A transaction that ended, kept for what may still be asked about it.
struct EndedTransaction {
  TransactionId id;
  RequesterId requester;
  Name name;
  bool by_name = false;  // a host's link: it may have been opened anew meanwhile
  bool owed = false;     // its requester was promised a copy and has not heard that it is torn
  Reason how;
};

// The last few. The oldest goes first, one that owes nothing before one that does.
class EndedTransactions {
 public:
  static constexpr std::size_t kLimit = 32;

  void add(const EndedTransaction& ended);
  EndedTransaction* find(TransactionId id);
  EndedTransaction* find_owed(RequesterId requester, const Name& name);
  // A new FREEZE of this requester: its next THAW speaks of that.
  void forgive(RequesterId requester, const Name& name);
  // A local requester that is gone cannot ask any more.
  void requester_gone(RequesterId requester);

 private:
  base::FixedVector<EndedTransaction, kLimit> ended_;
};

}  // namespace vss::coordinator
