// `vss-freezer --thaw`, and who owns a runtime directory.
#include <unistd.h>

#include <algorithm>
#include <set>

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
constexpr base::seconds kThawPatience{20};  // below a service manager's own (90 s)
constexpr base::seconds kLockPatience{1};   // for what was killed to end

std::string path_in(const Options& options, const char* name) {
  return options.runtime_directory + "/" + name;
}

void say(const std::string& line) {
  platform::print_all(line + "\n");
}

bool still_the_same(std::uint64_t process, std::uint16_t start) {
  return (platform::process_start_time(static_cast<pid_t>(process)) & 0xffffU) == start;
}

// Whoever may still be in an ioctl on a slot, and the freezer that filled them.
std::set<std::pair<std::uint32_t, std::uint16_t>> holders(const SlotTable& table) {
  std::set<std::pair<std::uint32_t, std::uint16_t>> found;
  found.emplace(static_cast<std::uint32_t>(table.header().owner_process.load()),
                static_cast<std::uint16_t>(table.header().owner_start.load()));
  for (const Slot& slot : table.used()) {
    const SlotState state = slot.state();
    if (state.in_flight()) found.emplace(state.actor.process_id, state.actor.start);
  }
  return found;
}

void kill_holders(const SlotTable& table) {
  for (const auto& [process, start] : holders(table)) {
    if (process == 0 || process == static_cast<std::uint32_t>(::getpid())) continue;
    auto opened = platform::open_process(static_cast<pid_t>(process));
    // Checked after the pidfd is held: the number cannot be reused behind our back.
    if (opened && still_the_same(process, start) && platform::kill_process(opened->get())) {
      say("killed process " + std::to_string(process) + ", which held on to a filesystem");
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

int conclude(SlotTable& table, ThawedPage& page) {
  if (!table.all_closed()) return base::kExitNo;
  page.publish(table.generation());
  return base::kExitYes;
}

}  // namespace

base::Result<OwnerLock> OwnerLock::take(const std::string& runtime_directory) {
  auto file = platform::open_shared_file(runtime_directory + "/" + kLock, 1, 0600);
  if (!file) return std::unexpected(file.error());
  if (!platform::try_lock(file->fd.get())) {
    return base::fail("another vss-freezer works in " + runtime_directory +
                          "; stop it, or choose another --runtime-dir",
                      EWOULDBLOCK);
  }
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
  if (options.force) kill_holders(*table);
  auto lock = take_lock(options);
  if (!lock) {
    if (lock.error().os_errno != EWOULDBLOCK) return std::unexpected(lock.error());
    return base::fail("vss-freezer, process " + std::to_string(table->header().owner_process) +
                      ", is alive and will thaw " + when_it_thaws(*table) +
                      "; end its transaction with `vssctl thaw`, or give --force to kill it");
  }
  auto recovery = Recovery::start(*table, platform::freeze_ioctls(), options.force);
  if (!recovery) return std::unexpected(recovery.error());
  (*recovery)->wait(kThawPatience);
  for (const std::string& line : (*recovery)->report())
    say(line);
  const int status = conclude(*table, *page);
  // A lane that hangs in the kernel cannot be joined.
  if (!(*recovery)->finished()) ::_exit(status);
  return status;
}

}  // namespace vss::freezer
