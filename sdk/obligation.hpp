// The rule behind libvss: whoever was given PREPARE or FREEZE is given exactly one THAW or ABORT.
#pragma once

#include <cstdint>

#include "base/identity.hpp"
#include "base/time.hpp"
#include "wire/participant.hpp"

namespace vss::sdk {

// What the application has been given and is still to be relieved of. Pure: the handle tells it
// what happened, and asks what to do with an event and when an ABORT of our own making is due.
class Obligation {
 public:
  enum class Verdict : std::uint8_t {
    kDeliver,        // to the application
    kSwallow,        // a release of what was released already: answer success ourselves
    kRefuse,         // a request for a transaction that was rolled back: answer failure ourselves
    kContradiction,  // vssd would never send this
  };
  Verdict judge(const wire::Event& event) const;

  // The application was handed an event that judge() said to deliver.
  void given(const wire::Event& event);
  // The application answered `id`: after a failed FREEZE it holds nothing.
  void answered(std::uint64_t id, bool success);

  // vssd took the answer to `id` for late. Of an older transaction it means nothing.
  void late(std::uint64_t id);
  // The connection is gone.
  void lost(base::Instant now);

  bool owed() const { return state_ != State::kNothing; }
  // FREEZE was given and not answered with failure: until the release, data must not change.
  bool may_hold() const { return owed() && may_hold_; }
  base::Instant hold_deadline() const { return hold_deadline_; }
  base::TransactionId transaction() const { return transaction_; }

  // An ABORT is to be given to the application now; then call aborted().
  bool abort_is_due(base::Instant now, base::TransactionId last_thawed) const;
  void aborted() { release(); }

 private:
  enum class State : std::uint8_t {
    kNothing,         // nothing is owed
    kGiven,           // a release will come from vssd
    kWaitingForThaw,  // the connection is gone, the filesystems may still be frozen
    kDue,             // an ABORT is to be given at once
  };
  void release();

  State state_ = State::kNothing;
  base::TransactionId transaction_;  // the one owed
  base::TransactionId released_;     // the last one that was released
  std::uint64_t prepare_id_ = 0;
  std::uint64_t freeze_id_ = 0;
  bool may_hold_ = false;
  base::Instant hold_deadline_ = base::Instant::never();
};

}  // namespace vss::sdk
