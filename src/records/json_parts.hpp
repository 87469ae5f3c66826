// Parts of documents that more than one document has.
#pragma once

#include "base/result.hpp"
#include "records/json_object.hpp"
#include "records/record.hpp"

namespace vss::records {

// How many words each enum of the schema has.
inline constexpr int kResults = 5;
inline constexpr int kWriterFates = 10;
inline constexpr int kGrades = 3;
inline constexpr int kSelections = 3;
inline constexpr int kMountActions = 6;
inline constexpr int kMountResults = 10;

Json filesystem_json(const FilesystemPart& part);
base::Result<FilesystemPart> read_filesystem(const Json& json);
Json record_json(const TransactionRecord& record);
Json summary_json(const RecordSummary& summary);
base::Result<RecordSummary> read_summary(const Json& json);

}  // namespace vss::records
