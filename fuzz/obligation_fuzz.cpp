// Any order of news from vssd: whoever was given PREPARE or FREEZE is given exactly one THAW or
// ABORT.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "obligation.hpp"

namespace {

using namespace vss;
using sdk::Obligation;
using wire::Operation;

class Application {
 public:
  void step(std::uint8_t what, std::uint8_t value) {
    now_ = now_ + base::Duration(value & 7);
    switch (what % 5) {
      case 0: come(value); break;
      case 1: obligation_.answered(value & 15, (value & 16) != 0); break;
      case 2: obligation_.late(value & 15); break;
      case 3: obligation_.lost(now_); break;
      default: last_thawed_ = {value & 3ULL}; break;
    }
    if (obligation_.abort_is_due(now_, last_thawed_)) {
      obligation_.aborted();
      release();
      VSS_ASSERT(!obligation_.abort_is_due(now_, last_thawed_));
    }
    VSS_ASSERT(obligation_.owed() == open_);
    VSS_ASSERT(!obligation_.may_hold() || open_);
  }

  // However it stands: once the connection is gone and the deadline past, nothing is owed.
  void end() {
    obligation_.lost(now_);
    VSS_ASSERT(!open_ || obligation_.abort_is_due(base::Instant::never(), {}));
  }

 private:
  void come(std::uint8_t value) {
    wire::Event event;
    event.operation = Operation{1U + value % 5U};
    event.message_id = 1 + (value >> 4);
    event.transaction = {1U + (value >> 5) % 4U};
    event.hold_deadline = now_ + base::Duration(value & 31);
    if (obligation_.judge(event) != Obligation::Verdict::kDeliver) return;
    obligation_.given(event);
    const bool releases =
        event.operation == Operation::kThaw || event.operation == Operation::kAbort;
    if (releases) release();
    if (event.operation == Operation::kPrepare || event.operation == Operation::kFreeze) {
      VSS_ASSERT(!open_ || transaction_ == event.transaction);
      VSS_ASSERT(released_ < event.transaction);
      open_ = true;
      transaction_ = event.transaction;
    }
  }

  void release() {
    VSS_ASSERT(open_);
    open_ = false;
    released_ = transaction_;
  }

  Obligation obligation_;
  base::Instant now_{1};
  base::TransactionId last_thawed_;
  base::TransactionId transaction_;
  base::TransactionId released_;
  bool open_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Application application;
  for (std::size_t i = 0; i + 1 < size; i += 2)
    application.step(data[i], data[i + 1]);
  application.end();
  return 0;
}
