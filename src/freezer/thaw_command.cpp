// `vss-freezer --thaw`, and who owns a runtime directory.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <vector>

#include "base/exit_status.hpp"
#include "base/runtime_paths.hpp"
#include "freezer/recovery.hpp"
#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/process.hpp"
#include "platform/runtime_directory.hpp"
#include "platform/shared_file.hpp"
#include "platform/sleep.hpp"

namespace vss::freezer {
namespace {

constexpr const char* kLock = "freezer/lock";
// For what cannot be reached at all; what is in flight is waited for without limit, since it comes
// to be frozen however long that takes, and nobody else is left to thaw it.
constexpr base::seconds kThawPatience{20};
constexpr base::seconds kLastPatience{5};  // to reach it once nothing is in flight any more
constexpr base::seconds kFirstProgress{3};
constexpr base::seconds kProgress{10};
constexpr base::seconds kLockPatience{1};  // for what was killed to end

std::string path_in(const Options& options, const char* name) {
  return options.runtime_directory + "/" + name;
}

void say(const std::string& line) {
  platform::print_all(line + "\n");
}

// Standard output and error may be files on what is frozen: what is said before the thaw waits
// until after it, except where it leads to no file.
class Told {
 public:
  void later(std::string line) { lines_.push_back(std::move(line)); }
  void progress(const std::string& line) {
    if (platform::leads_to_no_file(STDERR_FILENO)) {
      platform::print_line(STDERR_FILENO, "vss-freezer: " + line);
    } else {
      later(line);
    }
  }
  void say_all() {
    for (const std::string& line : lines_)
      say(line);
    lines_.clear();
  }

 private:
  std::vector<std::string> lines_;
};

// What the lock's file contains: the holder's number << 16 | the low bits of its start.
std::atomic<std::uint64_t>& holder_word(const platform::SharedMapping& file) {
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(file.data());
}

bool still_the_same(std::uint64_t process, std::uint16_t start) {
  return (platform::process_start_time(static_cast<pid_t>(process)) & 0xffffU) == start;
}

// Whoever may still be in an ioctl on a slot, the freezer that filled them, and the one that works
// on them now: that may be another.
std::set<std::pair<std::uint32_t, std::uint16_t>> holders(const SlotTable& table,
                                                          const std::string& directory) {
  std::set<std::pair<std::uint32_t, std::uint16_t>> found;
  if (const auto holder = OwnerLock::holder(directory)) {
    found.emplace(holder->process, holder->start);
  }
  found.emplace(static_cast<std::uint32_t>(table.header().owner_process.load()),
                static_cast<std::uint16_t>(table.header().owner_start.load()));
  for (const Slot& slot : table.used()) {
    const SlotState state = slot.state();
    if (state.in_flight()) found.emplace(state.actor.process_id, state.actor.start);
  }
  return found;
}

void kill_holders(const SlotTable& table, const std::string& directory, Told& told) {
  for (const auto& [process, start] : holders(table, directory)) {
    if (process == 0 || process == static_cast<std::uint32_t>(::getpid())) continue;
    auto opened = platform::open_process(static_cast<pid_t>(process));
    // Checked after the pidfd is held: the number cannot be reused behind our back.
    if (opened && still_the_same(process, start) && platform::kill_process(opened->get())) {
      told.later("killed process " + std::to_string(process) + ", which held on to a filesystem");
    }
  }
}

// What was killed, by us or by a service manager, may take a moment to end.
base::Result<OwnerLock> take_lock(const Options& options) {
  const base::Instant limit = platform::now() + kLockPatience;
  for (;;) {
    auto lock = OwnerLock::take(options.runtime_directory);
    const bool taken = !lock && lock.error().os_errno == EWOULDBLOCK;
    if (!taken || platform::now() >= limit) return lock;
    platform::sleep_for(base::milliseconds{10});
  }
}

std::string when_it_thaws(const SlotTable& table) {
  const base::Instant deadline{table.header().hold_deadline.load()};
  const auto left = deadline - platform::now();
  if (left <= base::Duration{0}) return "by itself";
  return "by itself in " + std::to_string(std::chrono::ceil<base::seconds>(left).count()) + " s";
}

base::Error alive(const SlotTable& table, const Options& options) {
  const auto holder = OwnerLock::holder(options.runtime_directory);
  const std::string process =
      holder && holder->process != 0 ? ", process " + std::to_string(holder->process) + "," : "";
  // A freezer that came back works on what another one has frozen: that one's deadline is past.
  const bool same = holder && holder->process == table.header().owner_process;
  const std::string what = same ? "will thaw " + when_it_thaws(table) : "tries to thaw it";
  return {.message = "vss-freezer" + process + " is alive and " + what +
                     "; end its transaction with `vssctl thaw`, or give --force to kill it"};
}

void wait_for_thaw(Recovery& recovery, Told& told) {
  base::Instant give_up_at = platform::now() + kThawPatience;
  base::Instant progress_at = platform::now() + kFirstProgress;
  for (;;) {
    const base::Instant now = platform::now();
    if (recovery.wait(base::earlier_of(give_up_at, progress_at) - now)) return;
    const bool must_go_on = recovery.must_go_on();
    if (must_go_on) give_up_at = std::max(give_up_at, platform::now() + kLastPatience);
    if (platform::now() >= give_up_at) return;
    if (platform::now() < progress_at) continue;
    told.progress("still waiting for " + recovery.waiting_for() +
                  (must_go_on ? "; this goes on until it is thawed" : ""));
    progress_at = platform::now() + kProgress;
  }
}

int conclude(SlotTable& table, ThawedPage& page) {
  if (!table.all_closed()) return base::kExitNo;
  page.publish(table.generation());
  return base::kExitYes;
}

}  // namespace

std::optional<OwnerLock::Holder> OwnerLock::holder(const std::string& runtime_directory) {
  auto file = platform::open_for_reading(runtime_directory + "/" + kLock);
  if (!file) return std::nullopt;
  const auto mapping = platform::map_shared(file->get(), sizeof(std::uint64_t), /*writable=*/false);
  if (!mapping) return std::nullopt;
  const std::uint64_t word = holder_word(*mapping).load();
  return Holder{static_cast<std::uint32_t>(word >> 16), static_cast<std::uint16_t>(word)};
}

base::Result<OwnerLock> OwnerLock::take(const std::string& runtime_directory) {
  auto file =
      platform::open_shared_file(runtime_directory + "/" + kLock, sizeof(std::uint64_t), 0600);
  if (!file) return std::unexpected(file.error());
  if (!platform::try_lock(file->fd.get())) {
    return base::fail("another vss-freezer works in " + runtime_directory +
                          "; stop it, or choose another --runtime-dir",
                      EWOULDBLOCK);
  }
  auto mapping = platform::map_shared(file->fd.get(), sizeof(std::uint64_t), /*writable=*/true);
  if (!mapping) return std::unexpected(mapping.error());
  const ThreadIdentity me = platform::current_thread();
  holder_word(*mapping).store(std::uint64_t{me.process_id} << 16 | me.start);
  OwnerLock lock;
  lock.fd_ = std::move(file->fd);
  return lock;
}

base::Result<int> run_thaw(const Options& options) {
  if (auto checked = platform::check_runtime_directory(options.runtime_directory); !checked) {
    if (checked.error().os_errno != ENOENT) return std::unexpected(checked.error());
    say("nothing is frozen: there is no " + options.runtime_directory);
    return base::kExitYes;
  }
  if (!platform::open_for_reading(path_in(options, base::runtime::kSlots))) {
    say("nothing is frozen: " + options.runtime_directory + " has no slots");
    return base::kExitYes;
  }
  auto table = SlotTable::open(path_in(options, base::runtime::kSlots));
  if (!table) return std::unexpected(table.error());
  auto page = ThawedPage::open(path_in(options, base::runtime::kThawedPage));
  if (!page) return std::unexpected(page.error());
  if (table->all_closed()) {
    say("nothing is frozen");
    return base::kExitYes;
  }
  Told told;
  if (options.force) kill_holders(*table, options.runtime_directory, told);
  auto lock = take_lock(options);
  if (!lock) {
    if (lock.error().os_errno != EWOULDBLOCK) return std::unexpected(lock.error());
    return std::unexpected(alive(*table, options));
  }
  auto recovery = Recovery::start(*table, platform::freeze_ioctls(), options.force);
  if (!recovery) return std::unexpected(recovery.error());
  wait_for_thaw(**recovery, told);
  const int status = conclude(*table, *page);
  for (std::string& line : (*recovery)->report())
    told.later(std::move(line));
  told.say_all();
  // A lane that hangs in the kernel cannot be joined.
  if (!(*recovery)->can_end()) ::_exit(status);
  return status;
}

}  // namespace vss::freezer
