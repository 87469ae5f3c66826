#include "driver/waiting_records.hpp"

#include <algorithm>
#include <utility>

namespace vss::driver {
namespace {

bool is_refused(const records::TransactionRecord& record) {
  return record.result == coordinator::Result::kRefused;
}

}  // namespace

void WaitingRecords::add(records::TransactionRecord record) {
  const auto refused = std::ranges::count_if(records_, is_refused);
  if (is_refused(record) && static_cast<std::size_t>(refused) >= kRefusedMax) {
    leave_out_oldest_refused();
  }
  records_.push_back(std::move(record));
}

void WaitingRecords::add_first(records::TransactionRecord record) {
  records_.push_front(std::move(record));
}

void WaitingRecords::leave_out_oldest_refused() {
  records_.erase(std::ranges::find_if(records_, is_refused));
  ++left_out_;
}

const records::TransactionRecord* WaitingRecords::find(
    std::optional<base::TransactionId> id) const {
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (!id || record->id == *id) return &*record;
  }
  return nullptr;
}

std::uint64_t WaitingRecords::take_left_out() {
  return std::exchange(left_out_, 0);
}

}  // namespace vss::driver
