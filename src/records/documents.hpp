// The answers to `vssctl status`, `writers` and `plan` as values, as JSON, and back.
//
// vssd fills StatusDocument and WritersDocument and sends their JSON; vssctl parses it, or hands it
// on
// (--json). A plan travels as the freezer's own frames, so PlanDocument is made by vssctl.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "records/record.hpp"
#include "wire/filesystems.hpp"

namespace vss::records {

struct FreezerPart {
  bool connected = false;
  bool plain = false;  // a daemon written for FreeBSD: it reports nothing of what follows
  bool clean = false;
  bool guardian_alive = false;
  TransactionId last_thawed;
  std::string reason;  // when not clean: what it waits for
};

struct StatusDocument {
  std::string version;
  std::string not_ready;  // why a new transaction would be refused now; empty: it would not
  // Two kinds of `not_ready` that are mended otherwise than the rest:
  TransactionId left_frozen;  // a plain freezer left its filesystems frozen, nobody thaws; or none
  std::string standing_veto;  // what was wrong with the files that vssd started with; or empty
  coordinator::Phase phase{};
  TransactionId transaction;  // open now, or none
  std::string requester;      // of the open transaction
  Offset hold_left;           // until the hold deadline; nothing: nothing is held
  FreezerPart freezer;
  std::uint32_t writers = 0;                 // registered and plain together
  std::vector<std::string> expected_absent;  // names in writers.expected that are not here
  std::optional<RecordSummary> last;         // the newest record
  std::uint64_t heap_bytes = 0;              // that vssd uses of its memory
  std::uint64_t record_bytes = 0;            // of these: the newest records
  std::vector<std::string> hosts;            // each door to a host, and where it stands
  std::string nodes;                         // where the device nodes stand
  std::vector<std::string> warnings;         // of this run: memory not locked, files skipped, …
};
std::string to_json(const StatusDocument& status);
base::Result<StatusDocument> status_from_json(std::string_view text);

struct WriterLine {
  std::string name;
  int level = 0;
  bool required = true;
  bool plain = false;
  bool expected = false;  // by configuration
  bool present = true;    // false: expected and absent
  bool busy = false;      // was told something and has not answered
  Duration timeout{0};
};
struct WritersDocument {
  std::vector<WriterLine> writers;
};
std::string to_json(const WritersDocument& writers);
base::Result<WritersDocument> writers_from_json(std::string_view text);

struct PlanDocument {
  std::vector<FilesystemPart> mounts;  // in the freezer's order
  bool success = true;
  wire::FilesystemSummary summary;
  std::string reason;  // why not success; else what nobody looked at, or empty
};
std::string to_json(const PlanDocument& plan);

}  // namespace vss::records
