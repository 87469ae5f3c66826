// Records that wait until the disks may be written again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "records/record.hpp"

namespace vss::driver {

// One thread. Allocates, touches no disk. What a daemon left frozen may stay so for days, and hosts
// ask on: of refused requests, which say little, only the newest are kept; all others stay.
class WaitingRecords {
 public:
  static constexpr std::size_t kRefusedMax = 64;

  void add(records::TransactionRecord record);
  // Of the driver before this one: older than all others.
  void add_first(records::TransactionRecord record);

  // No id: the newest. Null: it does not wait here. Valid until the next change.
  const records::TransactionRecord* find(std::optional<base::TransactionId> id) const;
  const std::deque<records::TransactionRecord>& all() const { return records_; }
  void clear() { records_.clear(); }

  // How many were left out since the last call.
  std::uint64_t take_left_out();

 private:
  void leave_out_oldest_refused();

  std::deque<records::TransactionRecord> records_;
  std::uint64_t left_out_ = 0;
};

}  // namespace vss::driver
