#include "writers/sqlite_database.hpp"

#include <errno.h>
#include <sched.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vss/writer.hpp>

namespace vss::writers {
namespace {

// Half of one processor's time goes into looking, for as long as a database cannot be locked.
constexpr int kLooksInARow = 20;
constexpr useconds_t kRestMicroseconds = 100;

int execute(sqlite3* handle, const char* statement) {
  return sqlite3_exec(handle, statement, nullptr, nullptr, nullptr);
}

// SQLite's own descriptor of a file, or nullptr while it has none open.
sqlite3_file* file_of(sqlite3* handle, int which) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle, "main", which, static_cast<void*>(&file));
  return file != nullptr && file->pMethods != nullptr ? file : nullptr;
}

bool sync_file(sqlite3_file* file) {
  return file == nullptr || file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

// Somebody is writing to a database with a rollback journal. (With a WAL this says no.)
bool is_reserved(sqlite3* handle) {
  sqlite3_file* file = file_of(handle, SQLITE_FCNTL_FILE_POINTER);
  int reserved = 0;
  if (file != nullptr) file->pMethods->xCheckReservedLock(file, &reserved);
  return reserved != 0;
}

}  // namespace

std::expected<SqliteDatabase, std::string> SqliteDatabase::open(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::unexpected(path + ": " + ::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return std::unexpected(path + " is not a regular file");
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  SqliteDatabase database(path, handle);
  if (opened != SQLITE_OK) return std::unexpected(path + ": " + database.problem());
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const int read = execute(handle, "PRAGMA schema_version");
  if (read == SQLITE_NOTADB) return std::unexpected(path + " is not an SQLite database");
  // Busy: somebody has it to himself just now; lock() will see.
  if (read != SQLITE_OK && read != SQLITE_BUSY) {
    return std::unexpected(path + ": " + database.problem());
  }
  if (sqlite3_db_readonly(handle, "main") != 0) {
    return std::unexpected(path + " cannot be locked: this user may not write to it");
  }
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  if (handle_ != nullptr) sqlite3_close(handle_);
}

void SqliteDatabase::checkpoint() {
  sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

// SQLite's busy handler is of no use here. It sleeps up to 100 ms between two looks, and would
// hardly ever meet the gaps of some microseconds that an application leaves which commits all the
// time: so we look many times in a row. And each of its looks takes a SHARED lock for a moment,
// also where it fails: a COMMIT that meets it gets SQLITE_BUSY.
SqliteDatabase::Lock SqliteDatabase::lock(BootClock::duration patience) {
  const auto until = BootClock::now() + patience;
  for (int look = 1;; ++look) {
    const int result = is_reserved(handle_) ? SQLITE_BUSY : execute(handle_, "BEGIN IMMEDIATE");
    if (result == SQLITE_OK) return Lock::kHeld;
    if (result != SQLITE_BUSY) return Lock::kFailed;
    if (BootClock::now() >= until) return Lock::kBusy;
    look % kLooksInARow == 0 ? ::usleep(kRestMicroseconds) : ::sched_yield();
  }
}

void SqliteDatabase::unlock() {
  if (sqlite3_get_autocommit(handle_) == 0) execute(handle_, "ROLLBACK");
}

bool SqliteDatabase::sync() {
  return sync_file(file_of(handle_, SQLITE_FCNTL_JOURNAL_POINTER)) &&
         sync_file(file_of(handle_, SQLITE_FCNTL_FILE_POINTER));
}

std::string SqliteDatabase::problem() const {
  return handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
}

}  // namespace vss::writers
