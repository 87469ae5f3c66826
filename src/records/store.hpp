// The last records: on disk one file each, in memory an index, so that nobody waits for a disk that
// is frozen.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "records/record.hpp"

namespace vss::records {

inline constexpr std::size_t kRecordsKept = 1000;

// Owned by the driver, used from its one thread. Allocates; opening, adding and kDiskToo open files
// by path: never between arming and the last thaw.
class RecordStore {
 public:
  // Reads every record in DIRECTORY/records (made if missing; DIRECTORY must exist). Files that
  // cannot be used are left alone and named in warnings(). Error: the directory cannot be used.
  static base::Result<RecordStore> open(const std::string& directory,
                                        std::size_t keep = kRecordsKept);

  const std::vector<std::string>& warnings() const { return warnings_; }

  // The highest number ever found or added (unusable files count too); the driver starts above it.
  TransactionId highest() const { return highest_; }

  // Keeps the record in memory, then writes it (new file, fsync, rename, fsync of the directory)
  // and drops the oldest beyond the limit. An error means: not on disk; it is in memory all the
  // same.
  base::Status add(const TransactionRecord& record);

  // JSON text of the history, newest first. Memory only: safe while something is held.
  std::string history_json() const;
  std::optional<RecordSummary> newest() const;

  // The record's JSON text; no id: the newest. The newest records lie in memory (kMemoryBytesMax);
  // an older one is read only with kDiskToo. Errors: not found; only on disk.
  enum class Source { kMemoryOnly, kDiskToo };
  base::Result<std::string> record_json(std::optional<TransactionId> id, Source source) const;

  // What all of this takes of the heap, nearly: of interest to who looks for a leak elsewhere.
  std::size_t heap_bytes() const;

  static constexpr std::size_t kMemoryBytesMax = std::size_t{8} << 20;

 private:
  struct Entry {
    RecordSummary summary;
    std::string text;  // empty: only on disk
  };

  RecordStore(std::string directory, std::size_t keep)
      : directory_(std::move(directory)), keep_(keep) {}
  base::Status read_all();
  void remember(const TransactionRecord& record, std::string text);
  void forget_texts_beyond_limit();
  void drop_oldest();

  std::string directory_;  // DIRECTORY/records
  std::size_t keep_;
  std::map<TransactionId, Entry> entries_;
  std::size_t bytes_in_memory_ = 0;
  std::vector<std::string> warnings_;
  TransactionId highest_;
};

}  // namespace vss::records
