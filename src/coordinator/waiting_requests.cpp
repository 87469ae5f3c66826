#include "coordinator/waiting_requests.hpp"

namespace vss::coordinator {

void WaitingRequests::erase(std::size_t index) {
  base::FixedVector<WaitingRequest, kLimit> kept;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (i != index) kept.push_back(requests_[i]);
  }
  requests_ = kept;
}

void WaitingRequests::forget(RequesterId requester) {
  for (std::size_t i = requests_.size(); i > 0; --i) {
    if (requests_[i - 1].requester == requester) erase(i - 1);
  }
}

bool WaitingRequests::take_overdue(Instant now, WaitingRequest& overdue) {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i].answer_by > now) continue;
    overdue = requests_[i];
    erase(i);
    return true;
  }
  return false;
}

Instant WaitingRequests::next_deadline() const {
  Instant next = Instant::never();
  for (const WaitingRequest& request : requests_)
    next = earlier_of(next, request.answer_by);
  return next;
}

void EndedTransactions::add(const EndedTransaction& ended) {
  if (!ended_.full()) {
    ended_.push_back(ended);
    return;
  }
  std::size_t out = 0;
  for (std::size_t i = 0; i < ended_.size(); ++i) {
    if (!ended_[i].owed) {
      out = i;
      break;
    }
  }
  for (std::size_t i = out; i + 1 < ended_.size(); ++i)
    ended_[i] = ended_[i + 1];
  ended_[ended_.size() - 1] = ended;
}

EndedTransaction* EndedTransactions::find(TransactionId id) {
  for (EndedTransaction& ended : ended_) {
    if (ended.id == id) return &ended;
  }
  return nullptr;
}

EndedTransaction* EndedTransactions::find_owed(RequesterId requester, const Name& name) {
  for (EndedTransaction& ended : ended_) {
    if (!ended.owed) continue;
    if (ended.requester == requester || (ended.by_name && ended.name == name)) return &ended;
  }
  return nullptr;
}

void EndedTransactions::forgive(RequesterId requester, const Name& name) {
  while (EndedTransaction* ended = find_owed(requester, name))
    ended->owed = false;
}

void EndedTransactions::requester_gone(RequesterId requester) {
  for (EndedTransaction& ended : ended_) {
    if (ended.requester == requester && !ended.by_name) ended.owed = false;
  }
}

}  // namespace vss::coordinator
