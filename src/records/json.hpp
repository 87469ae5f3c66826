// Records as JSON texts, and back. Texts from outside are capped in size and depth, parsed without
// exceptions, and refused whole when a member is missing or of the wrong type.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "records/record.hpp"

namespace vss::records {

inline constexpr std::size_t kJsonBytesMax = std::size_t{16} << 20;

// One line, no line end. Bytes that are no UTF-8 (a mount point may hold any) become U+FFFD.
std::string to_json(const TransactionRecord& record);
std::string to_json(std::span<const RecordSummary> history);  // newest first

base::Result<TransactionRecord> record_from_json(std::string_view text);
base::Result<std::vector<RecordSummary>> history_from_json(std::string_view text);

}  // namespace vss::records
