#include "writers/sqlite_writer.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace vss::writers {
namespace {

using Lock = SqliteDatabase::Lock;

// How long one lock is waited for with others in hand, and without.
constexpr BootClock::duration kPatienceWithLocks = std::chrono::milliseconds(20);
constexpr BootClock::duration kPatienceWithoutLocks = std::chrono::milliseconds(100);
constexpr BootClock::duration kMoreTime = std::chrono::seconds(2);

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat of_a{};
  struct stat of_b{};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 &&
         of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

}  // namespace

SqliteWriter::SqliteWriter(const Options& options, const std::vector<std::string>& paths)
    : ConsoleWriter(options) {
  for (const std::string& path : paths) {
    const bool known = std::ranges::any_of(
        paths_, [&](const std::string& other) { return is_same_file(path, other); });
    if (!known) paths_.push_back(path);
  }
}

std::string SqliteWriter::problems() const {
  std::string text;
  for (const std::string& path : paths_) {
    const auto database = SqliteDatabase::open(path);
    if (!database) text += (text.empty() ? "" : "\n") + database.error();
  }
  return text;
}

Answer SqliteWriter::check(const Request&) {
  std::string found = problems();
  return found.empty() ? yes() : no(std::move(found));
}

Answer SqliteWriter::prepare(const Request&) {
  databases_.clear();
  databases_.reserve(paths_.size());
  for (const std::string& path : paths_) {
    auto database = SqliteDatabase::open(path);
    if (!database) return no(database.error());
    database->checkpoint();
    databases_.push_back(*std::move(database));
  }
  return yes();
}

Answer SqliteWriter::freeze(const Request& request) {
  Answer answer = databases_.empty() ? no("nothing was prepared") : lock_all(request);
  for (SqliteDatabase& database : databases_) {
    if (answer.success && !database.sync()) {
      answer = no(database.path() + " cannot be synced: " + database.problem());
    }
  }
  if (!answer.success) unlock_all();
  return answer;
}

Answer SqliteWriter::thaw(const Request&) {
  databases_.clear();
  return yes();
}

// Holds all or none.
Answer SqliteWriter::lock_all(const Request& request) {
  auto deadline = work_deadline(request.reply_deadline);
  bool may_ask = true;
  std::size_t missing = 0;  // waited for first, without any lock in hand
  for (;;) {
    std::size_t held = 0;
    for (; held < databases_.size(); ++held) {
      const std::size_t i = (missing + held) % databases_.size();
      const auto patience = held == 0 ? kPatienceWithoutLocks : kPatienceWithLocks;
      const Lock lock = databases_[i].lock(std::min(patience, deadline - BootClock::now()));
      if (lock == Lock::kHeld) continue;
      if (lock == Lock::kFailed) {
        return no(databases_[i].path() + " cannot be locked: " + databases_[i].problem());
      }
      missing = i;
      break;
    }
    if (held == databases_.size()) return yes();
    unlock_all();
    if (is_overtaken()) return no("the transaction ended before all databases were locked");
    if (BootClock::now() < deadline) continue;
    // Once: who holds a lock for so long will not let go soon.
    const auto longer = may_ask ? more_time(request, kMoreTime) : request.reply_deadline;
    may_ask = false;
    if (longer <= request.reply_deadline) {
      return no(databases_[missing].path() + " is locked by another process");
    }
    deadline = work_deadline(longer);
  }
}

void SqliteWriter::unlock_all() {
  for (SqliteDatabase& database : databases_)
    database.unlock();
}

}  // namespace vss::writers
