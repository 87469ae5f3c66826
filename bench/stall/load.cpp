// The writers of `make bench`: two for each filesystem, and a record of every write.
//
//   stall_load --page FILE --records N --rate B/S --block BYTES --file BYTES --sync BYTES
//              DIRECTORY...
//
// All writers together write --rate bytes a second (0: as fast as they can), in blocks, round a
// file each that was filled before, and flush it after each --sync bytes (0: never). The load is
// open: a writer's next turn does not wait for the last write, but turns missed for longer than
// kMissedMax are dropped. FILE, on a tmpfs, is the page that load.py reads while this runs:
//   64 bytes      writers, records, running (1: all files are filled), burst_asked, burst_bytes,
//                 bursts_done
//   64 bytes      of each writer: how many writes it has completed
//   8 * records   of each writer: when the last of these returned, CLOCK_MONOTONIC in nanoseconds
// When burst_asked is raised each writer writes burst_bytes at once and raises bursts_done.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kWritersPerFilesystem = 2;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMissedMax = kSecond / 10;

using Word = std::atomic<std::uint64_t>;
static_assert(sizeof(Word) == 8 && Word::is_always_lock_free);

struct alignas(64) Header {
  Word writers, records, running, burst_asked, burst_bytes, bursts_done;
};
struct alignas(64) Completed {
  Word count;
};

struct Settings {
  std::uint64_t records = 0, rate = 0, block = 0, file = 0, sync = 0;
  std::string page;
  std::vector<std::string> directories;

  std::size_t writers() const { return directories.size() * kWritersPerFilesystem; }
  // Between two turns of one writer.
  std::int64_t interval() const {
    return rate == 0 ? 0 : static_cast<std::int64_t>(block * writers() * kSecond / rate);
  }
};

struct Page {
  Header* header = nullptr;
  Completed* completed = nullptr;
  std::uint64_t* times = nullptr;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "stall_load: %s: %s\n", what.c_str(), std::strerror(errno));
  std::_Exit(1);
}

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

void sleep_until(std::int64_t when) {
  const timespec time{when / kSecond, when % kSecond};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

Page map_page(const Settings& settings) {
  const std::size_t writers = settings.writers();
  const std::size_t size = sizeof(Header) + writers * (sizeof(Completed) + 8 * settings.records);
  const int file = open(settings.page.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, static_cast<off_t>(size)) != 0) fail(settings.page);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  if (memory == MAP_FAILED) fail(settings.page);
  close(file);
  Page page;
  page.header = static_cast<Header*>(memory);
  page.completed = reinterpret_cast<Completed*>(page.header + 1);
  page.times = reinterpret_cast<std::uint64_t*>(page.completed + writers);
  page.header->records = settings.records;
  page.header->writers = writers;
  return page;
}

class Writer {
 public:
  Writer(const Settings& settings, const Page& page, std::size_t index)
      : settings_(settings),
        header_(*page.header),
        completed_(page.completed[index]),
        times_(page.times + index * settings.records),
        index_(index),
        path_(settings.directories[index / kWritersPerFilesystem] + "/load" +
              std::to_string(index % kWritersPerFilesystem)),
        block_(settings.block, static_cast<char>('a' + index % 26)) {}

  // So that what is measured rewrites, and allocates nothing.
  void fill() {
    file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) fail(path_);
    for (std::uint64_t at = 0; at + settings_.block <= settings_.file; at += settings_.block)
      put(at);
    flush();
  }

  [[noreturn]] void run() {
    const std::int64_t interval = settings_.interval();
    const auto share = static_cast<std::int64_t>(index_ + 1);
    std::int64_t turn = now() + interval * share / static_cast<std::int64_t>(settings_.writers());
    for (;;) {
      if (interval > 0) {
        sleep_until(turn);
        turn += interval;
        if (now() - turn > kMissedMax) turn = now() + interval;
      }
      burst_if_asked();
      write_block();
      if (settings_.sync > 0 && unflushed_ >= settings_.sync) flush();
    }
  }

 private:
  void put(std::uint64_t at) {
    if (pwrite(file_, block_.data(), block_.size(), static_cast<off_t>(at)) !=
        static_cast<ssize_t>(block_.size()))
      fail(path_);
  }

  void flush() {
    if (fdatasync(file_) != 0) fail(path_);
    unflushed_ = 0;
  }

  void write_block() {
    const std::uint64_t count = completed_.count.load(std::memory_order_relaxed);
    std::memcpy(block_.data(), &count, sizeof count);
    put(at_);
    times_[count % settings_.records] = static_cast<std::uint64_t>(now());
    completed_.count.store(count + 1, std::memory_order_release);
    at_ += settings_.block;
    if (at_ + settings_.block > settings_.file) at_ = 0;
    unflushed_ += settings_.block;
  }

  void burst_if_asked() {
    if (header_.burst_asked == bursts_) return;
    bursts_ = header_.burst_asked;
    for (std::uint64_t done = 0; done < header_.burst_bytes; done += settings_.block)
      write_block();
    ++header_.bursts_done;
  }

  const Settings& settings_;
  Header& header_;
  Completed& completed_;
  std::uint64_t* times_;
  std::size_t index_;
  std::string path_;
  std::string block_;
  int file_ = -1;
  std::uint64_t at_ = 0;
  std::uint64_t unflushed_ = 0;
  std::uint64_t bursts_ = 0;
};

bool is_sandbox() {
  struct statfs root{};
  constexpr long kTmpfsMagic = 0x01021994;
  return statfs("/", &root) == 0 && root.f_type == kTmpfsMagic;
}

bool parse(int count, char** words, Settings& settings) {
  const std::map<std::string, std::uint64_t*> numbers = {{"--records", &settings.records},
                                                         {"--rate", &settings.rate},
                                                         {"--block", &settings.block},
                                                         {"--file", &settings.file},
                                                         {"--sync", &settings.sync}};
  int index = 1;
  for (; index + 1 < count && std::strncmp(words[index], "--", 2) == 0; index += 2) {
    const std::string option = words[index];
    const auto number = numbers.find(option);
    if (option == "--page") {
      settings.page = words[index + 1];
    } else if (number != numbers.end()) {
      *number->second = std::strtoull(words[index + 1], nullptr, 10);
    } else {
      return false;
    }
  }
  settings.directories.assign(words + index, words + count);
  return !settings.page.empty() && settings.records > 0 && settings.block >= 8 &&
         settings.file >= settings.block && !settings.directories.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (!is_sandbox()) {
    std::fprintf(stderr, "stall_load: refused, the root is not a tmpfs: this is no sandbox\n");
    return 77;
  }
  Settings settings;
  if (!parse(argc, argv, settings)) {
    std::fprintf(stderr,
                 "usage: stall_load --page FILE --records N --rate B/S --block BYTES "
                 "--file BYTES --sync BYTES DIRECTORY...\n");
    return 2;
  }
  const Page page = map_page(settings);
  std::barrier filled(static_cast<std::ptrdiff_t>(settings.writers() + 1));
  std::vector<std::thread> threads;
  for (std::size_t index = 0; index < settings.writers(); ++index) {
    threads.emplace_back([&, index] {
      Writer writer(settings, page, index);
      writer.fill();
      filled.arrive_and_wait();
      writer.run();
    });
  }
  filled.arrive_and_wait();
  page.header->running = 1;
  for (std::thread& thread : threads)
    thread.join();
}
