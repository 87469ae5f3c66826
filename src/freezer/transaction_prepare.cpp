// PREPARE: opening, slots, lanes, arming.
#include "freezer/transaction.hpp"

#include <algorithm>
#include <cstring>

#include "platform/clock.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using wire::Reason;

constexpr base::seconds kOpenPatience{30};    // where vssd set no deadline
constexpr base::seconds kArmingPatience{10};  // it makes a thread for each filesystem
constexpr base::milliseconds kDyingPatience{100};

// Where nothing is known of the devices, all that freezes later may be what this one lies on.
SlotSet lies_on(const Planning& planning, std::size_t upper) {
  SlotSet below{};
  const plan::Plan& plan = planning.plan;
  for (const plan::Plan::Backing& backing : plan.backings) {
    if (backing.upper == upper) insert(below, backing.lower);
  }
  if (planning.blocks.sysfs_present) return below;
  const auto layer = static_cast<std::size_t>(plan.entries[plan.to_freeze[upper].entry].layer);
  for (std::size_t i = plan.layer_ends[layer]; i < plan.to_freeze.size(); ++i)
    insert(below, i);
  return below;
}

}  // namespace

void Transaction::prepare(const wire::Event& event, const wire::FilesystemRequest& request) {
  if (!idle() || !parts_.slots.all_closed()) return answer_now(event, status().reason, {});
  begin(event);
  prepare_message_ = event.message_id;
  auto made = parts_.plans.make(request);
  if (!made) return refuse_prepare(made.error().message);
  planning_ = std::move(*made);
  parts_.listener.planned(planning_, id_);
  const plan::Plan& plan = planning_->plan;
  if (const Reason why = why_not(plan); !why.empty()) return refuse_prepare(why);
  if (helper_hangs()) return refuse_prepare(hung_reason_);
  if (plan.to_freeze.empty() && plan.to_sync.empty()) {
    phase_ = Phase::kPrepared;
    return answer(true, {});
  }
  open_filesystems();
}

void Transaction::refuse_prepare(std::string_view reason) {
  answer(false, reason);
  drop_helper();
  phase_ = Phase::kIdle;
}

void Transaction::open_filesystems() {
  std::vector<OpenItem> items;
  const plan::Plan& plan = planning_->plan;
  for (const auto* part : {&plan.to_freeze, &plan.to_sync}) {
    for (const plan::PlannedFilesystem& filesystem : *part) {
      OpenItem& item = items.emplace_back();
      for (const std::size_t mount : plan.mounts_of(filesystem)) {
        const plan::PlanEntry& entry = plan.entries[mount];
        item.candidates.push_back(
            {parts_.plans.root() + std::string(entry.mount_point), entry.mount_id});
      }
    }
  }
  auto helper = OpenHelper::start(std::move(items), OpenHelper::Work::kOpenAndSync);
  if (!helper) return refuse_prepare(helper.error().message);
  helper_.emplace(std::move(*helper));
  phase_ = Phase::kOpening;
  phase_deadline_ = base::earlier_of(platform::now() + kOpenPatience, answer_by());
}

// One of an earlier transaction: the device it waits for would only catch the next one too.
bool Transaction::helper_hangs() {
  if (hung_helper_ && !hung_helper_->stop_within(kDyingPatience)) return true;
  hung_helper_.reset();
  hung_reason_.clear();
  return false;
}

void Transaction::drop_helper() {
  if (helper_ && !helper_->stop()) {
    if (hung_reason_.empty()) hung_reason_ = not_answering();
    hung_helper_ = std::move(helper_);
  }
  helper_.reset();
}

void Transaction::on_helper() {
  if (!helper_) return;
  helper_->receive();
  if (phase_ != Phase::kOpening) return;
  if (helper_->broken()) return refuse_prepare("the helper that opens filesystems died; try again");
  if (helper_->finished()) opened();
}

void Transaction::opened() {
  const plan::Plan& plan = planning_->plan;
  std::vector<OpenedItem> results = std::move(helper_->results());
  helper_.reset();
  std::vector<base::UniqueFd> filesystems;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool freezes = i < plan.to_freeze.size();
    const auto& filesystem = freezes ? plan.to_freeze[i] : plan.to_sync[i - plan.to_freeze.size()];
    const plan::PlanEntry& entry = plan.entries[filesystem.entry];
    const int error = results[i].fd ? results[i].sync_error : results[i].open_error;
    if (error != 0) {
      return refuse_prepare(Reason("cannot ")
                                .append(results[i].fd ? "sync " : "open ")
                                .append(entry.mount_point)
                                .append(": ")
                                .append(::strerrordesc_np(error)));
    }
    if (freezes) filesystems.push_back(std::move(results[i].fd));
  }
  if (filesystems.empty()) {
    phase_ = Phase::kPrepared;
    return answer(true, {});
  }
  fill_slots(filesystems.size());
  std::vector<int> numbers;
  for (const base::UniqueFd& fd : filesystems)
    numbers.push_back(fd.get());
  auto lanes = Lanes::make(parts_.slots, std::move(filesystems), parts_.ioctls, Thawer::kFreezer);
  if (!lanes) {
    parts_.slots.abandon_empty();
    return refuse_prepare(lanes.error().message);
  }
  lanes_ = std::move(*lanes);
  told_.assign(lanes_->size(), {});
  phase_ = Phase::kArming;
  phase_deadline_ = base::earlier_of(platform::now() + kArmingPatience, answer_by());
  on_guardian(parts_.guardian.arm(id_, std::move(numbers)));
}

void Transaction::fill_slots(std::size_t count) {
  const plan::Plan& plan = planning_->plan;
  SlotTable& slots = parts_.slots;
  slots.begin();
  for (std::size_t i = 0; i < count; ++i) {
    const plan::PlanEntry& entry = plan.entries[plan.to_freeze[i].entry];
    SlotIdentity identity;
    identity.device = {entry.device.major, entry.device.minor};
    identity.mount_id = entry.mount_id;
    identity.layer = entry.layer;
    identity.mount_point = entry.mount_point;
    identity.filesystem_type = entry.type;
    identity.source = entry.source;
    identity.lies_on = lies_on(*planning_, i);
    slots.add(i, identity);
  }
  slots.commit(id_, count);
  slots_are_ours_ = true;
}

void Transaction::armed() {
  // So that planning again while held finds its memory ready.
  static_cast<void>(parts_.plans.changed_since(*planning_));
  phase_ = Phase::kPrepared;
  phase_deadline_ = Instant::never();
  answer(true, {});
  parts_.listener.status_changed();
}

}  // namespace vss::freezer
