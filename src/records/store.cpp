#include "records/store.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "records/json.hpp"
#include "records/record_file.hpp"

namespace vss::records {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kTemporarySuffix = ".json.tmp";

std::string file_name(TransactionId id) {
  return std::string(base::to_text(id).view()) + std::string(kSuffix);
}

std::optional<TransactionId> id_of(const std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  return base::parse_transaction_id(std::string_view(name).substr(0, name.size() - suffix.size()));
}

}  // namespace

base::Result<RecordStore> RecordStore::open(const std::string& directory, std::size_t keep) {
  RecordStore store(directory + "/records", std::max<std::size_t>(keep, 1));
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return base::fail("state directory " + directory + " does not exist; create it for user vss");
  }
  // Not even tried where it is there: mkdir(2) waits while the filesystem is frozen.
  if (!fs::is_directory(store.directory_, error)) fs::create_directory(store.directory_, error);
  if (error) {
    return base::fail("cannot create " + store.directory_ + ": " + error.message(), error.value());
  }
  if (auto status = store.read_all(); !status) return std::unexpected(status.error());
  return store;
}

base::Status RecordStore::read_all() {
  std::vector<TransactionId> found;
  std::error_code error;
  fs::directory_iterator entries(directory_, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    std::error_code ignored;
    if (const auto id = id_of(name, kSuffix)) {
      found.push_back(*id);
    } else if (id_of(name, kTemporarySuffix)) {
      fs::remove(entries->path(), ignored);  // of a write that was cut off by a crash
    }
  }
  if (error) return base::fail("cannot read " + directory_ + ": " + error.message(), error.value());
  std::ranges::sort(found);
  if (!found.empty()) highest_ = found.back();
  for (const TransactionId id : found) {
    const auto text = read_whole(directory_ + '/' + file_name(id), kJsonBytesMax);
    const auto record = text ? record_from_json(*text) : std::unexpected(text.error());
    if (!record) {
      warnings_.push_back("record " + file_name(id) + " was skipped: " + record.error().message);
    } else if (record->id != id) {
      warnings_.push_back("record " + file_name(id) + " was skipped: it is of another transaction");
    } else {
      remember(*record, *text);
    }
  }
  drop_oldest();
  return {};
}

void RecordStore::remember(const TransactionRecord& record, std::string text) {
  highest_ = std::max(highest_, record.id);
  text.shrink_to_fit();  // it stays
  Entry& entry = entries_[record.id];
  bytes_in_memory_ -= entry.text.size();
  bytes_in_memory_ += text.size();
  entry = {summary_of(record), std::move(text)};
  forget_texts_beyond_limit();
}

// Oldest first; the newest record stays in memory whatever its size.
void RecordStore::forget_texts_beyond_limit() {
  for (auto& [id, entry] : entries_) {
    if (bytes_in_memory_ <= kMemoryBytesMax || id == entries_.rbegin()->first) return;
    bytes_in_memory_ -= entry.text.size();
    std::string().swap(entry.text);  // an assignment would keep its memory
  }
}

void RecordStore::drop_oldest() {
  while (entries_.size() > keep_) {
    const auto oldest = entries_.begin();
    std::error_code ignored;  // a file that stays is found again at the next start
    fs::remove(directory_ + '/' + file_name(oldest->first), ignored);
    bytes_in_memory_ -= oldest->second.text.size();
    entries_.erase(oldest);
  }
}

base::Status RecordStore::add(const TransactionRecord& record) {
  std::string text = to_json(record);
  const base::Status status = replace_whole(directory_, file_name(record.id), text);
  remember(record, std::move(text));
  drop_oldest();
  return status;
}

std::string RecordStore::history_json() const {
  std::vector<RecordSummary> history;
  history.reserve(entries_.size());
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    history.push_back(entry->second.summary);
  }
  return to_json(history);
}

std::optional<RecordSummary> RecordStore::newest() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.rbegin()->second.summary;
}

std::size_t RecordStore::heap_bytes() const {
  constexpr std::size_t kBookkeeping = 64;  // of malloc and of the map, for each entry
  std::size_t bytes = 0;
  for (const auto& [id, entry] : entries_) {
    bytes += kBookkeeping + sizeof id + sizeof entry + entry.text.capacity() +
             entry.summary.requester.capacity() + entry.summary.sentence.capacity();
  }
  return bytes;
}

base::Result<std::string> RecordStore::record_json(std::optional<TransactionId> id,
                                                   Source source) const {
  if (entries_.empty()) return base::fail("no transaction was recorded yet");
  const auto found = id ? entries_.find(*id) : std::prev(entries_.end());
  if (found == entries_.end()) {
    return base::fail("no record of transaction " + std::string(base::to_text(*id).view()) +
                      "; `vssctl history` lists those that are kept");
  }
  if (!found->second.text.empty()) return found->second.text;
  if (source == Source::kMemoryOnly) {
    return base::fail("the record of transaction " +
                      std::string(base::to_text(found->first).view()) +
                      " lies on disk only and cannot be read while filesystems are frozen; ask "
                      "again after the thaw");
  }
  return read_whole(directory_ + '/' + file_name(found->first), kJsonBytesMax);
}

}  // namespace vss::records
