// The writer for applications on SQLite: vss-writer sqlite DB…
//
// PREPARE opens every database and checkpoints its WAL as far as that disturbs nobody. FREEZE takes
// the write lock of every one (BEGIN IMMEDIATE), all at the same time, and syncs the files. The
// release rolls back and closes: nothing was written.
//
// What the lock gives. BEGIN IMMEDIATE takes RESERVED on a database with a rollback journal, and
// the WAL's write lock on one in WAL mode. Who writes needs the same lock from its first change to
// the end of its commit, so once it is ours nobody is in mid-transaction and nobody begins; readers
// go on. EXCLUSIVE would shut out the readers too, and make the copy no better. A writer that asks
// meanwhile gets SQLITE_BUSY after its own busy timeout: applications need one longer than a hold
// lasts (PRAGMA busy_timeout, 60 seconds or more), or must try again.
//
// Several databases. Since all locks are held at once, a transaction that changes several of them
// through ATTACH lies before or behind the copy as a whole: it keeps its locks until it has
// committed to each. Two separate transactions, one after the other on two databases, are no unit
// to SQLite, and no lock of ours can make them one: an application that needs both halves in the
// copy uses ATTACH, or keeps the first database's transaction open until the second's has been
// committed.
//
// Locks of others are never broken. The writer does not wait for one lock while it has others for
// longer than a moment: it lets go of all, and waits for the one that was missing first, so that it
// cannot deadlock with an application that locks in another order.
#pragma once

#include <string>
#include <vector>

#include "writers/console_writer.hpp"
#include "writers/sqlite_database.hpp"

namespace vss::writers {

class SqliteWriter : public ConsoleWriter {
 public:
  // The same file under two names is held once. Throws vss::Error.
  SqliteWriter(const Options& options, const std::vector<std::string>& paths);

  // Before any transaction: what is wrong with the files, a line for each; empty: nothing.
  std::string problems() const;

 protected:
  Answer check(const Request& request) override;
  Answer prepare(const Request& request) override;
  Answer freeze(const Request& request) override;
  Answer thaw(const Request& request) override;

 private:
  Answer lock_all(const Request& request);
  void unlock_all();

  std::vector<std::string> paths_;
  std::vector<SqliteDatabase> databases_;  // from PREPARE to the release
};

}  // namespace vss::writers
