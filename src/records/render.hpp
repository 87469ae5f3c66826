// Records and documents as text for a terminal: lines of at most 100 columns where names allow, no
// colours, ends with a line end. Control bytes in names are shown as `?`.
#pragma once

#include <span>
#include <string>

#include "records/documents.hpp"
#include "records/record.hpp"
#include "text/mount_tree.hpp"

namespace vss::records {

std::string render_history(std::span<const RecordSummary> history);
// Sentence, verdict, timeline, writers, filesystems, what was excluded, warnings.
std::string render_explain(const TransactionRecord& record);
// The timeline alone: each phase's length, each writer's and filesystem's part, the deadline.
std::string render_timeline(const TransactionRecord& record);
// What was flushed before the freeze, and how long that was predicted to take and took: lines of
// a name and a text. Nothing where the record does not tell.
std::string render_flush(const TransactionRecord& record);
std::string render_status(const StatusDocument& status);
std::string render_writers(const WritersDocument& writers);
std::string render_plan(const PlanDocument& plan, text::Strokes strokes, text::Folding folding);

}  // namespace vss::records
