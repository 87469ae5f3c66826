// The application of the demo: moves amounts between a database on each of two volumes, for ever.
//
//   bank PAGE DIRECTORY_A DIRECTORY_B [--pause MILLISECONDS]
//
// Each transfer takes an amount from one side and gives it to the other, and enters its number on
// both: the sum over both databases never changes, and both know the same numbers. Transfers are
// kept whole by locks: A's, then B's; B's is committed first and A's last, so whoever holds A's
// write lock knows that no transfer is between its two halves. --pause waits between the two
// commits.
//
// Beside the databases runs the tally, which nobody can hold: one number written to a plain file on
// A, then on B. Only freezing both filesystems keeps a copy of these two together (A's number is
// B's, or one more).
//
// PAGE (on tmpfs) is the application's own measurement, see Page.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <thread>

namespace {

constexpr int kAccounts = 16;
constexpr int kStartAmount = 1000;

// Shared with the demo, which reads it from outside and writes `epoch` only.
struct Page {
  std::atomic<std::int64_t> transfers;    // completed
  std::atomic<std::int64_t> longest_gap;  // between two completed transfers in this epoch, ns
  std::atomic<std::int64_t> gap_began;    // CLOCK_BOOTTIME, ns
  std::atomic<std::int64_t> epoch;        // a new value starts the measurement again
  std::atomic<std::int64_t> between;      // 1: between the two halves of a transfer
  std::atomic<std::int64_t> tally;        // the last number written to both plain files
};
static_assert(sizeof(Page) == 48);

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

[[noreturn]] void fail(const std::string& what, const char* why) {
  std::fprintf(stderr, "bank: %s: %s\n", what.c_str(), why);
  std::exit(1);
}

int wait_for_lock(void*, int) {
  usleep(1000);
  return 1;
}

class Database {
 public:
  explicit Database(const std::string& path) : path_(path) {
    if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) fail(path, sqlite3_errmsg(handle_));
    sqlite3_busy_handler(handle_, wait_for_lock, nullptr);
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE account(id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)");
    run("CREATE TABLE transfer(number INTEGER PRIMARY KEY, amount INTEGER NOT NULL)");
    for (int id = 0; id < kAccounts; ++id) {
      run("INSERT INTO account VALUES(" + std::to_string(id) + "," + std::to_string(kStartAmount) +
          ")");
    }
  }

  void run(const std::string& statement) {
    char* error = nullptr;
    if (sqlite3_exec(handle_, statement.c_str(), nullptr, nullptr, &error) != SQLITE_OK) {
      fail(path_ + ": " + statement, error);
    }
  }

  void enter(std::int64_t number, int account, int amount) {
    const std::string text = std::to_string(amount);
    run("UPDATE account SET amount=amount+(" + text + ") WHERE id=" + std::to_string(account));
    run("INSERT INTO transfer VALUES(" + std::to_string(number) + "," + text + ")");
  }

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

void run_tally(const std::string& a, const std::string& b, Page& page) {
  std::array<int, 2> files{};
  const std::array<std::string, 2> paths{a + "/tally", b + "/tally"};
  for (std::size_t side = 0; side < 2; ++side) {
    files[side] = open(paths[side].c_str(), O_WRONLY | O_CREAT | O_DSYNC | O_CLOEXEC, 0600);
    if (files[side] < 0) fail(paths[side], std::strerror(errno));
  }
  for (std::int64_t number = 1;; ++number) {
    for (std::size_t side = 0; side < 2; ++side) {
      if (pwrite(files[side], &number, sizeof number, 0) != sizeof number) {
        fail(paths[side], std::strerror(errno));
      }
    }
    page.tally = number;
    usleep(2000);
  }
}

void measure(Page& page, std::int64_t& epoch, std::int64_t& last) {
  const std::int64_t at = now();
  if (page.epoch != epoch) {
    epoch = page.epoch;
    page.longest_gap = 0;
  } else if (at - last > page.longest_gap) {
    page.longest_gap = at - last;
    page.gap_began = last;
  }
  last = at;
  page.transfers += 1;
}

[[noreturn]] void run_transfers(Database& a, Database& b, Page& page, useconds_t pause) {
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> account(0, kAccounts - 1);
  std::uniform_int_distribution<int> amount(-100, 100);
  std::int64_t epoch = 0;
  std::int64_t last = now();
  for (std::int64_t number = 1;; ++number) {
    const int moved = amount(random);
    a.run("BEGIN IMMEDIATE");
    b.run("BEGIN IMMEDIATE");
    a.enter(number, account(random), -moved);
    b.enter(number, account(random), moved);
    b.run("COMMIT");
    page.between = 1;
    if (pause > 0) usleep(pause);
    page.between = 0;
    a.run("COMMIT");
    measure(page, epoch, last);
    usleep(500);
  }
}

Page& map_page(const char* path) {
  const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0 || ftruncate(descriptor, sizeof(Page)) != 0) fail(path, std::strerror(errno));
  void* memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) fail(path, std::strerror(errno));
  return *static_cast<Page*>(memory);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) {
    std::fprintf(stderr, "usage: bank PAGE DIRECTORY_A DIRECTORY_B [--pause MILLISECONDS]\n");
    return 2;
  }
  const useconds_t pause = argc == 6 ? static_cast<useconds_t>(std::atoi(argv[5])) * 1000 : 0;
  Page& page = map_page(argv[1]);
  const std::string a = argv[2];
  const std::string b = argv[3];
  Database first(a + "/bank.db");
  Database second(b + "/bank.db");
  std::thread(run_tally, a, b, std::ref(page)).detach();
  run_transfers(first, second, page, pause);
}
