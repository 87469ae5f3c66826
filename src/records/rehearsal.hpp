// What `vssctl rehearse` found out: a record, and how long each filesystem stood still for who
// writes to it. The schema is docs/records.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "records/record.hpp"

namespace vss::records {

// Of one filesystem that was to be frozen.
struct StallPart {
  std::string mount_point;
  // The longest time between two writes of a program that writes all the time.
  std::optional<Duration> measured;
  std::uint64_t writes = 0;  // that this is made of
  std::string not_measured;  // why not
  Offset frozen;             // from the beginning of its freeze to its thaw, by the record
};

struct RehearsalDocument {
  std::string problem;  // why a copy would not have been good; empty: it would
  coordinator::Grade grade{};
  TransactionId transaction;
  Offset held;  // applications: from the first hold to the last release
  std::vector<StallPart> stalls;
  std::optional<TransactionRecord> record;  // nothing: vssd did not tell
};

// Takes from the record what it tells: `held`, and each stall's `frozen`.
void complete(RehearsalDocument& rehearsal);

std::string to_json(const RehearsalDocument& rehearsal);
// Verdict, stalls, timeline: as render.hpp's texts.
std::string render_rehearsal(const RehearsalDocument& rehearsal);

}  // namespace vss::records
