#include "writers/sqlite_writer.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "testing/fake_server.h"

namespace vss::writers {
namespace {

using namespace std::chrono_literals;

class Callable : public SqliteWriter {
 public:
  Callable(fake_server* server, const std::vector<std::string>& paths)
      : SqliteWriter({.name = "sqlite", .socket = fake_server_socket(server)}, paths) {
    EXPECT_TRUE(connect());
  }
  using SqliteWriter::check;
  using SqliteWriter::freeze;
  using SqliteWriter::prepare;
  using SqliteWriter::thaw;
};

Request within(std::chrono::milliseconds time) {
  return {.id = 1, .transaction = 7, .reply_deadline = BootClock::now() + time};
}

// The application.
class Connection {
 public:
  explicit Connection(const std::string& path, int busy_ms = 0) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
    sqlite3_busy_timeout(handle_, busy_ms);
    run("PRAGMA synchronous=OFF");  // a slow disk is not what is tested
  }
  ~Connection() { sqlite3_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int run(const std::string& statement) const {
    return sqlite3_exec(handle_, statement.c_str(), nullptr, nullptr, nullptr);
  }
  int number(const std::string& query) const {
    int value = -1;
    const auto keep = [](void* out, int, char** values, char**) {
      *static_cast<int*>(out) = std::atoi(values[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle_, query.c_str(), keep, &value, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle_);
    return value;
  }

 private:
  sqlite3* handle_ = nullptr;
};

class SqliteWriterTest : public testing::TestWithParam<const char*> {
 protected:
  SqliteWriterTest() {
    std::string name = testing::TempDir() + "/vss_sqlite_XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~SqliteWriterTest() override {
    fake_server_stop(server_);
    std::filesystem::remove_all(directory_);
  }

  std::string file(const std::string& name) const { return directory_ / name; }
  std::string database(const std::string& name) const {
    const Connection made(file(name));
    made.run(std::string("PRAGMA journal_mode=") + GetParam());
    EXPECT_EQ(made.run("CREATE TABLE t(x); INSERT INTO t VALUES(100)"), SQLITE_OK);
    return file(name);
  }

  // Closing one of the files in this process would drop its locks.
  std::string copy_by_another_process(int round) const {
    std::string copy = file("copy" + std::to_string(round));
    std::string command = "mkdir " + copy;
    command += " && cp " + file("a.db*") + " " + copy;
    command += " && sleep 0.02 && cp " + file("b.db*") + " " + copy;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return copy;
  }

  // A connection it has; what vssd says plays no part here.
  fake_server* server_ = fake_server_start();
  std::filesystem::path directory_;
};

INSTANTIATE_TEST_SUITE_P(Modes, SqliteWriterTest, testing::Values("WAL", "DELETE"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(SqliteWriterTest, HoldsEveryDatabaseAtOnce) {
  const std::vector paths{database("a.db"), database("b.db")};
  Callable writer(server_, paths);
  EXPECT_TRUE(writer.check(within(1s)).success);
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  for (const auto& path : paths) {
    EXPECT_EQ(Connection(path).run("UPDATE t SET x = 1"), SQLITE_OK) << "held too early";
  }
  ASSERT_TRUE(writer.freeze(within(1s)).success);
  for (const auto& path : paths) {
    const Connection application(path);
    EXPECT_EQ(application.run("UPDATE t SET x = 2"), SQLITE_BUSY);
    EXPECT_EQ(application.number("SELECT x FROM t"), 1);
  }
  ASSERT_TRUE(writer.thaw(within(1s)).success);
  for (const auto& path : paths) {
    EXPECT_EQ(Connection(path).run("UPDATE t SET x = 3"), SQLITE_OK);
  }
}

TEST_P(SqliteWriterTest, NeverBreaksAForeignLockAndThenHoldsNothing) {
  const std::vector paths{database("a.db"), database("b.db")};
  Callable writer(server_, paths);
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  const Connection other(paths[1]);
  ASSERT_EQ(other.run("BEGIN IMMEDIATE; UPDATE t SET x = 5"), SQLITE_OK);
  const auto began = BootClock::now();
  const Answer answer = writer.freeze(within(1s));
  EXPECT_LT(BootClock::now() - began, 1s);
  EXPECT_FALSE(answer.success);
  EXPECT_EQ(answer.reason, paths[1] + " is locked by another process");
  EXPECT_EQ(Connection(paths[0]).run("UPDATE t SET x = 2"), SQLITE_OK);
  EXPECT_EQ(other.run("COMMIT"), SQLITE_OK);
}

TEST_P(SqliteWriterTest, WaitsForATransactionUnderWay) {
  const std::string path = database("a.db");
  Callable writer(server_, {path});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  const Connection other(path);
  ASSERT_EQ(other.run("BEGIN IMMEDIATE; UPDATE t SET x = 5"), SQLITE_OK);
  std::thread committer([&] {
    std::this_thread::sleep_for(150ms);
    EXPECT_EQ(other.run("COMMIT"), SQLITE_OK);
  });
  EXPECT_TRUE(writer.freeze(within(2s)).success);
  committer.join();
  EXPECT_EQ(Connection(path).number("SELECT x FROM t"), 5);
}

TEST_P(SqliteWriterTest, GivesWayToAnApplicationThatLocksInAnotherOrder) {
  const std::vector paths{database("a.db"), database("b.db")};
  Callable writer(server_, paths);
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  // It has b, and will not let go before it has had a.
  const Connection b(paths[1]);
  ASSERT_EQ(b.run("BEGIN IMMEDIATE"), SQLITE_OK);
  std::atomic<int> result = -1;
  std::thread application([&] {
    std::this_thread::sleep_for(50ms);
    const Connection a(paths[0], 5'000);
    result = a.run("BEGIN IMMEDIATE; UPDATE t SET x = 6; COMMIT");
    b.run("COMMIT");
  });
  EXPECT_TRUE(writer.freeze(within(3s)).success);
  application.join();
  EXPECT_EQ(result, SQLITE_OK);
}

// Moves 1 back and forth between two databases, both in one transaction, until told to stop.
void transfer(const std::stop_token& stop, const std::string& a, const std::string& b) {
  const Connection application(a, 5'000);
  application.run("ATTACH '" + b + "' AS b");
  const auto move = [&](const char* from_a, const char* from_b) {
    application.run(std::string("BEGIN IMMEDIATE; UPDATE main.t SET x = x + ") + from_a +
                    "; UPDATE b.t SET x = x + " + from_b + "; COMMIT");
  };
  while (!stop.stop_requested()) {
    move("-1", "1");
    move("1", "-1");
  }
}

TEST_P(SqliteWriterTest, KeepsTheSumOfTwoDatabasesThroughTheirCopies) {
  const std::string a = database("a.db");
  const std::string b = database("b.db");
  const std::jthread application(transfer, a, b);
  Callable writer(server_, {a, b});
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(writer.prepare(within(2s)).success);
    const Answer answer = writer.freeze(within(2s));
    ASSERT_TRUE(answer.success) << answer.reason;
    const std::string copy = copy_by_another_process(round);
    ASSERT_TRUE(writer.thaw(within(1s)).success);
    EXPECT_EQ(Connection(copy + "/a.db").number("SELECT x FROM t") +
                  Connection(copy + "/b.db").number("SELECT x FROM t"),
              200);
  }
}

TEST_P(SqliteWriterTest, HoldsAFileGivenTwiceOnce) {
  const std::string path = database("a.db");
  std::filesystem::create_symlink(path, file("link.db"));
  Callable writer(server_, {path, file("link.db"), path});
  ASSERT_TRUE(writer.prepare(within(1s)).success);
  EXPECT_TRUE(writer.freeze(within(1s)).success);
}

TEST_P(SqliteWriterTest, RefusesWhatIsNoDatabase) {
  std::ofstream(file("text.db")) << "this is a text, and long enough to be looked at as a database";
  const Callable writer(server_, {file("text.db"), file("missing.db"), directory_.string()});
  EXPECT_EQ(writer.problems(), file("text.db") + " is not an SQLite database\n" +
                                   file("missing.db") + ": No such file or directory\n" +
                                   directory_.string() + " is not a regular file");
}

TEST_P(SqliteWriterTest, SaysNoWhenADatabaseIsGone) {
  const std::string path = database("a.db");
  Callable writer(server_, {path});
  std::filesystem::remove(path);
  EXPECT_FALSE(writer.check(within(1s)).success);
  EXPECT_FALSE(writer.prepare(within(1s)).success);
  EXPECT_FALSE(writer.freeze(within(1s)).success);
}

TEST_P(SqliteWriterTest, SaysThatADatabaseCannotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everything";
  const std::string path = database("a.db");
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  EXPECT_NE(Callable(server_, {path}).problems().find("may not write"), std::string::npos);
}

}  // namespace
}  // namespace vss::writers
