#include "freezer/plan_source.hpp"

#include <algorithm>
#include <string_view>

#include "platform/block_graph.hpp"

namespace vss::freezer {
namespace {

plan::DeviceNumber number(platform::BlockNumber from) {
  return {from.major, from.minor};
}

std::optional<plan::DeviceNumber> number(const std::optional<platform::BlockNumber>& from) {
  if (!from) return std::nullopt;
  return number(*from);
}

plan::BlockDevice device_of(platform::BlockDeviceFacts&& facts) {
  plan::BlockDevice device;
  device.device = number(facts.device);
  device.name = std::move(facts.name);
  device.hardware = facts.hardware;
  device.partition_of = number(facts.partition_of);
  device.loop = facts.loop;
  device.backing_file = std::move(facts.backing_file);
  device.mapper_name = std::move(facts.mapper_name);
  device.array_level = std::move(facts.array_level);
  for (const platform::BlockNumber slave : facts.slaves)
    device.slaves.push_back(number(slave));
  return device;
}

plan::BlockStack look_up_devices(const plan::MountTable& table, const std::string& sysfs) {
  plan::BlockStack stack;
  stack.sysfs_present = platform::block_devices_visible(sysfs);
  if (!stack.sysfs_present) return stack;
  std::vector<platform::BlockDeviceFacts> facts;
  for (const plan::DeviceQuery& query : plan::devices_to_look_up(table)) {
    if (!query.by_source) {
      platform::read_block_stack(sysfs, {query.filesystem.major, query.filesystem.minor}, facts);
      continue;
    }
    plan::MemberDevices& members = stack.members.emplace_back();
    members.filesystem = query.filesystem;
    for (const auto member : platform::member_devices(sysfs, query.type, query.source)) {
      members.devices.push_back(number(member));
      platform::read_block_stack(sysfs, member, facts);
    }
  }
  for (platform::BlockDeviceFacts& fact : facts)
    stack.devices.push_back(device_of(std::move(fact)));
  return stack;
}

// Empty where it cannot be read.
plan::MountTable read_table(const std::string& path) {
  plan::MountTable table;
  auto file = platform::MountTableFile::open(path);
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

// The request in the planner's words; the views live as long as this does.
class RequestViews {
 public:
  RequestViews(const Planning& planning, const PlanLimits& limits) {
    for (const wire::Path& path : planning.request.paths)
      paths_.push_back(path.view());
    for (const auto& pattern : planning.request.exclude)
      exclude_.push_back(pattern.view());
    for (const std::string& path : limits.only)
      only_.push_back(path);
    request_.selection = static_cast<plan::Selection>(planning.request.selection);
    request_.paths = paths_;
    request_.exclude = exclude_;
    request_.unfreezable = planning.request.unfreezable == wire::UnfreezablePolicy::kFail
                               ? plan::Unfreezable::kFail
                               : plan::Unfreezable::kSync;
    request_.require_filesystem = planning.request.require >= wire::Grade::kFilesystem;
    request_.forbidden = planning.forbidden;
    request_.allow_root = limits.allow_root;
    request_.only = only_;
  }
  RequestViews(const RequestViews&) = delete;
  RequestViews& operator=(const RequestViews&) = delete;

  const plan::PlanRequest& request() const { return request_; }

 private:
  std::vector<std::string_view> paths_, exclude_, only_;
  plan::PlanRequest request_;
};

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

base::Result<std::vector<plan::Forbidden>> PlanSource::what_must_not_freeze(
    const plan::MountTable& table, const PlanLimits& limits,
    const std::vector<Executable>& executables) {
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
  for (const Executable& executable : executables) {
    forbid(executable.numbers, "an executable of the service", forbidden);
  }
  // `--plan` may be asked for before there is one.
  if (const auto found = platform::identify(limits.runtime_directory)) {
    forbid(numbers_of(*found, table, own_table), "the runtime directory", forbidden);
  }
  return forbidden;
}

PlanSource::Places PlanSource::places_of(TableOf table) {
  if (table == TableOf::kSelf) return {"/proc/self/mountinfo", "/sys", ""};
  return {"/proc/1/mountinfo", "/sys", "/proc/1/root"};
}

base::Result<PlanSource> PlanSource::open(Places places, PlanLimits limits) {
  auto file = platform::MountTableFile::open(places.mount_table);
  if (!file) return std::unexpected(file.error());
  return PlanSource(std::move(*file), std::move(places), std::move(limits));
}

void PlanSource::forbid_executable_of(pid_t process) {
  const std::string directory = "/proc/" + std::to_string(process);
  const auto found = platform::identify(directory + "/exe");
  if (!found || std::ranges::find(executables_, *found, &Executable::file) != executables_.end()) {
    return;
  }
  const plan::MountTable theirs = read_table(directory + "/mountinfo");
  executables_.push_back({*found, numbers_of(*found, theirs, theirs)});
}

base::Result<std::unique_ptr<Planning>> PlanSource::make(const wire::FilesystemRequest& request) {
  auto planning = std::make_unique<Planning>();
  planning->request = request;
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  if (auto parsed = planning->table.parse(*text); !parsed) {
    return std::unexpected(plan::to_error(parsed.error(), "the mount table"));
  }
  planning->blocks = look_up_devices(planning->table, places_.sysfs);
  loop_files_.look_up(planning->blocks, places_.root);
  auto forbidden = what_must_not_freeze(planning->table, limits_, executables_);
  if (!forbidden) return std::unexpected(forbidden.error());
  planning->forbidden = std::move(*forbidden);
  const RequestViews views(*planning, limits_);
  auto made = plan::make_plan(planning->table, planning->blocks, views.request(), planning->plan);
  if (!made) return std::unexpected(made.error());
  return planning;
}

std::optional<plan::Reason> PlanSource::changed_since(const Planning& before) {
  const auto text = file_.read();
  if (!text) return plan::Reason{text.error().message};
  if (!again_table_.parse(*text)) return plan::Reason{"the mount table cannot be read again"};
  const RequestViews views(before, limits_);
  auto made = plan::make_plan(again_table_, before.blocks, views.request(), again_);
  if (!made) return plan::Reason{made.error().message};
  return plan::difference(before.plan, again_);
}

bool shares_namespace_with_process_1() {
  const auto own = platform::identify("/proc/self/ns/mnt");
  const auto first = platform::identify("/proc/1/ns/mnt");
  return own && first && own->inode == first->inode;
}

}  // namespace vss::freezer
