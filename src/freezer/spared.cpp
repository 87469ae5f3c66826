#include "freezer/spared.hpp"

#include <algorithm>
#include <optional>

#include "platform/mount_table.hpp"

namespace vss::freezer {
namespace {

constexpr std::size_t kTableBytes = 64UL << 10U;  // it grows where that is too little

// Empty where it cannot be read.
plan::MountTable read_table(const std::string& path) {
  plan::MountTable table;
  auto file = platform::MountTableFile::open(path, kTableBytes);
  if (!file) return table;
  const auto text = file->read();
  if (text && table.parse(*text)) return table;
  return {};
}

void forbid(const std::vector<plan::DeviceNumber>& numbers, std::string_view what,
            std::vector<plan::Forbidden>& forbidden) {
  for (const plan::DeviceNumber number : numbers)
    forbidden.push_back({number, what});
}

// By its mount table: its own numbers, and readable where /proc/1/root is not.
std::optional<plan::DeviceNumber> root_of_process_1() {
  const plan::MountTable table = read_table("/proc/1/mountinfo");
  const auto root = plan::mount_at(table, "/");
  if (!root) return std::nullopt;
  return table.mounts()[*root].device;
}

base::Error not_known(std::string_view what, const char* remedy) {
  return {.message = "nobody knows which filesystem holds " + std::string(what) +
                     ", so it could not be spared: " + remedy};
}

}  // namespace

std::vector<plan::DeviceNumber> numbers_of(const platform::PathIdentity& found,
                                           const plan::MountTable& planned,
                                           const plan::MountTable& own) {
  std::vector<plan::DeviceNumber> numbers{{found.major, found.minor}};
  for (const plan::MountTable* const table : {&planned, &own}) {
    const auto mount = plan::mount_with_id(*table, found.mount_id);
    if (!mount) continue;
    const plan::DeviceNumber number = table->mounts()[*mount].device;
    if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
  }
  return numbers;
}

void Spared::add_executable_of(pid_t process) {
  const std::string directory = "/proc/" + std::to_string(process);
  const auto found = platform::identify(directory + "/exe");
  if (!found || std::ranges::find(executables_, *found, &Executable::file) != executables_.end()) {
    return;
  }
  const plan::MountTable theirs = read_table(directory + "/mountinfo");
  executables_.push_back({*found, numbers_of(*found, theirs, theirs)});
}

base::Result<std::vector<plan::Forbidden>> Spared::of_this_machine(
    const plan::MountTable& table, const std::string& runtime_directory) const {
  const plan::MountTable own_table = read_table("/proc/self/mountinfo");
  std::vector<plan::Forbidden> forbidden;
  const auto root = platform::identify("/");
  if (!root) return std::unexpected(not_known("/", "the root directory cannot be examined"));
  forbid(numbers_of(*root, table, own_table), "/", forbidden);
  const auto root_1 = root_of_process_1();
  if (!root_1) {
    return std::unexpected(not_known("/ of process 1", "make /proc/1/mountinfo readable"));
  }
  forbidden.push_back({*root_1, "/ of process 1"});
  const auto own = platform::identify("/proc/self/exe");
  if (!own) return std::unexpected(not_known("the freezer's executable", "mount /proc"));
  forbid(numbers_of(*own, table, own_table), "the freezer's executable", forbidden);
  for (const Executable& executable : executables_) {
    forbid(executable.numbers, "an executable of the service", forbidden);
  }
  // `--plan` may be asked for before there is one.
  if (const auto found = platform::identify(runtime_directory)) {
    forbid(numbers_of(*found, table, own_table), "the runtime directory", forbidden);
  }
  return forbidden;
}

std::vector<plan::Forbidden> spared_in_recording(const plan::MountTable& table,
                                                 const std::string& runtime_directory) {
  std::vector<plan::Forbidden> forbidden;
  const auto spare = [&](std::optional<std::size_t> mount, std::string_view what) {
    if (mount) forbidden.push_back({table.mounts()[*mount].device, what});
  };
  spare(plan::mount_at(table, "/"), "/");
  spare(plan::mount_of_path(table, runtime_directory), "the runtime directory");
  return forbidden;
}

}  // namespace vss::freezer
