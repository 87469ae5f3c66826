// One SQLite database file, opened to be held.
//
// While a database is open here, nothing else in this process may open and close its files: closing
// any descriptor of a file drops all POSIX locks that the process has on it.
#pragma once

#include <vss/writer.hpp>

#include <expected>
#include <string>
#include <utility>

struct sqlite3;

namespace vss::writers {

class SqliteDatabase {
 public:
  // An existing file that is a database and may be written; else a sentence that names it.
  static std::expected<SqliteDatabase, std::string> open(const std::string& path);

  SqliteDatabase(SqliteDatabase&& other) noexcept
      : path_(std::move(other.path_)), handle_(std::exchange(other.handle_, nullptr)) {}
  SqliteDatabase& operator=(SqliteDatabase&&) = delete;
  ~SqliteDatabase();  // releases the lock; leaves the application's WAL alone

  const std::string& path() const { return path_; }

  // Copies what the WAL holds into the database, as far as nobody is in the way. Waits for nobody.
  void checkpoint();

  enum class Lock { kHeld, kBusy, kFailed };
  // Takes the write lock, waiting for at most `patience` until whoever has it is done.
  Lock lock(BootClock::duration patience);
  void unlock();

  // With the lock held: brings what was committed to the disk. False: see problem().
  bool sync();

  // What failed last, in SQLite's words.
  std::string problem() const;

 private:
  SqliteDatabase(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  std::string path_;
  sqlite3* handle_;
};

}  // namespace vss::writers
