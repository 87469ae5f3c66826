#include "freezer/plan_source.hpp"

#include <errno.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "platform/mount_identity.hpp"
#include "platform/mount_namespaces.hpp"

namespace vss::freezer {
namespace {

constexpr std::size_t kNamespacesMax = 512;
constexpr std::size_t kOtherTableBytes = 64UL << 10U;

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

PlanSource::Places PlanSource::places_of(TableOf table) {
  const BlockPlaces blocks{"/sys", "/dev/disk/by-label", "/dev"};
  if (table == TableOf::kSelf) return {"/proc/self/mountinfo", "", blocks};
  return {"/proc/1/mountinfo", "/proc/1/root", blocks};
}

PlanSource::Places PlanSource::recorded_in(const std::string& directory) {
  return {.mount_table = directory + "/mountinfo",
          .root = "",
          .blocks = {directory + "/sys", directory + "/by-label", ""},
          .recorded = true};
}

base::Result<PlanSource> PlanSource::open(Places places, PlanLimits limits) {
  auto file = platform::MountTableFile::open(places.mount_table);
  if (!file) return std::unexpected(file.error());
  return PlanSource(std::move(*file), std::move(places), std::move(limits));
}

base::Result<std::unique_ptr<Planning>> PlanSource::make(const wire::FilesystemRequest& request) {
  auto planning = std::make_unique<Planning>();
  planning->request = request;
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  if (auto parsed = planning->table.parse(*text); !parsed) {
    return std::unexpected(plan::to_error(parsed.error(), "the mount table"));
  }
  if (auto found = find_others(); !found) return std::unexpected(found.error());
  if (auto added = append_others(planning->table); !added) return std::unexpected(added.error());
  planning->blocks = look_up_devices(planning->table, places_.blocks);
  if (places_.recorded) {
    planning->forbidden = spared_in_recording(planning->table, limits_.runtime_directory);
  } else {
    loop_files_.look_up(planning->blocks, places_.root);
    look_up_missing_parts(planning->blocks, places_.blocks);
    auto forbidden = spared_.of_this_machine(planning->table, limits_.runtime_directory);
    if (!forbidden) return std::unexpected(forbidden.error());
    planning->forbidden = std::move(*forbidden);
  }
  const RequestViews views(*planning, limits_);
  auto made = plan::make_plan(planning->table, planning->blocks, views.request(), planning->plan);
  if (!made) return std::unexpected(made.error());
  return planning;
}

// Descriptors of namespaces that are known stay; the process that shows one may be another now.
base::Status PlanSource::find_others() {
  if (!places_.all_namespaces) return {};
  const auto found = platform::list_mount_namespaces();
  if (!found) return std::unexpected(found.error());
  if (found->size() > kNamespacesMax) {
    return base::fail("there are more than " + std::to_string(kNamespacesMax) +
                      " mount namespaces: leave out --all-namespaces");
  }
  std::vector<Other> known = std::exchange(others_, {});
  for (const platform::MountNamespace& one : *found) {
    const std::string directory = "/proc/" + std::to_string(one.process);
    const auto before = std::ranges::find(known, one.id, &Other::id);
    auto file = before != known.end()
                    ? base::Result<platform::MountTableFile>(std::move(before->file))
                    : platform::MountTableFile::open(directory + "/mountinfo", kOtherTableBytes);
    if (!file && file.error().os_errno == ENOENT) continue;  // it has ended
    if (!file) return std::unexpected(file.error());
    others_.push_back({one.id, std::move(*file), directory + "/root",
                       "process " + std::to_string(one.process) + " (" + one.name + ")"});
  }
  return {};
}

base::Status PlanSource::append_others(plan::MountTable& table) {
  for (Other& other : others_) {
    const auto text = other.file.read();
    if (!text) return std::unexpected(text.error());
    if (auto added = table.append(*text, other.root, other.seen_in); !added) {
      return std::unexpected(plan::to_error(added.error(), "the mounts of " + other.seen_in));
    }
  }
  return {};
}

std::optional<plan::Reason> PlanSource::changed_since(const Planning& before) {
  const auto text = file_.read();
  if (!text) return plan::Reason{text.error().message};
  if (!again_table_.parse(*text)) return plan::Reason{"the mount table cannot be read again"};
  if (auto added = append_others(again_table_); !added) return plan::Reason{added.error().message};
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
