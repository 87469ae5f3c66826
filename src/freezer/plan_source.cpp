#include "freezer/plan_source.hpp"

#include <string_view>
#include <utility>

#include "platform/descriptor_limit.hpp"
#include "platform/mount_identity.hpp"
#include "platform/recording.hpp"

namespace vss::freezer {
namespace {

constexpr std::size_t kSpareDescriptors = 1024;  // beside those of mount namespaces

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
  const BlockPlaces blocks{"/sys", "/dev/disk/by-label", "/dev", ""};
  if (table == TableOf::kSelf) return {"/proc/self/mountinfo", "", blocks};
  return {"/proc/1/mountinfo", "/proc/1/root", blocks};
}

PlanSource::Places PlanSource::recorded_in(const std::string& directory) {
  return {.mount_table = directory + "/mountinfo",
          .root = "",
          .blocks = {directory + "/sys", directory + "/by-label", "", directory + "/dev"},
          .recording = directory};
}

base::Result<PlanSource> PlanSource::open(Places places, PlanLimits limits) {
  if (places.recording) {
    if (auto good = platform::check_recording(*places.recording); !good) {
      return std::unexpected(good.error());
    }
  }
  if (places.all_namespaces) {
    platform::allow_descriptors(OtherNamespaces::kMax + kSpareDescriptors);
  }
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
  if (places_.all_namespaces) {
    if (auto opened = others_.open(); !opened) return std::unexpected(opened.error());
    planning->passed_over = others_.passed_over();
  }
  if (auto added = others_.append_to(planning->table); !added) {
    return std::unexpected(added.error());
  }
  planning->blocks = look_up_devices(planning->table, places_.blocks);
  if (places_.recording) {
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

std::optional<plan::Reason> PlanSource::changed_since(const Planning& before) {
  const auto text = file_.read();
  if (!text) return plan::Reason{text.error().message};
  if (!again_table_.parse(*text)) return plan::Reason{"the mount table cannot be read again"};
  if (auto added = others_.append_to(again_table_); !added)
    return plan::Reason{added.error().message};
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
