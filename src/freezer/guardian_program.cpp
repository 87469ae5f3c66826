#include "freezer/guardian_program.hpp"

#include <unistd.h>

#include "base/runtime_paths.hpp"
#include "freezer/guardian.hpp"
#include "platform/console.hpp"
#include "platform/memory.hpp"
#include "platform/poll.hpp"
#include "platform/runtime_directory.hpp"
#include "platform/service_notifier.hpp"

namespace vss::freezer {
namespace {

// The descriptors and records of 512 filesystems; thread stacks are taken when arming.
constexpr std::size_t kHeapBytes = 1UL << 20;
constexpr std::size_t kStackBytes = 128UL << 10;

void say(const std::string& line) {
  platform::print_line(STDERR_FILENO, "vss-guardian: " + line);
}

}  // namespace

base::Status run_guardian(const std::string& runtime_directory, bool require_locked_memory) {
  if (auto made = platform::make_runtime_directory(runtime_directory); !made) return made;
  // Whoever is first takes the memory for the shared files: a full tmpfs shows now.
  if (auto slots = SlotTable::open(runtime_directory + "/" + base::runtime::kSlots); !slots) {
    return std::unexpected(slots.error());
  }
  if (auto page = ThawedPage::open(runtime_directory + "/" + base::runtime::kThawedPage); !page) {
    return std::unexpected(page.error());
  }
  auto stop = platform::take_stop_signals();
  if (!stop) return std::unexpected(stop.error());
  if (auto locked = platform::keep_memory_resident(kHeapBytes, kStackBytes); !locked) {
    if (require_locked_memory) return locked;
    say(locked.error().message);
  }
  platform::become_io_flusher();  // where it is not permitted, locked memory has to do
  auto kernel_log = platform::open_kernel_log();
  if (!kernel_log) say(kernel_log.error().message);
  auto listener =
      platform::listen_at(runtime_directory + "/" + base::runtime::kGuardianSocket, 0600);
  if (!listener) return std::unexpected(listener.error());
  platform::ServiceNotifier{}.ready();
  Guardian guardian({std::move(*listener), std::move(*stop),
                     kernel_log ? std::move(*kernel_log) : base::UniqueFd{},
                     platform::freeze_ioctls()});
  guardian.run();
  return {};
}

}  // namespace vss::freezer
