// PREPARE: opening, flushing, slots, lanes, arming.
#include "freezer/transaction.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "freezer/mount_detail.hpp"
#include "platform/clock.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using wire::Reason;

constexpr base::seconds kOpenPatience{30};    // where vssd set no deadline
constexpr base::seconds kArmingPatience{10};  // it makes a thread for each filesystem

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
  if (plan.to_freeze.empty() && plan.to_sync.empty()) {
    phase_ = Phase::kPrepared;
    return answer(true, {});
  }
  phase_ = Phase::kClearing;
  phase_deadline_ = base::earlier_of(platform::now() + leftovers_.patience(), answer_by());
  clear();
}

void Transaction::clear() {
  if (!leftovers_.any()) open_filesystems();
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
  auto helper = OpenHelper::start(std::move(items));
  if (!helper) return refuse_prepare(helper.error().message);
  helper_.emplace(std::move(*helper));
  phase_ = Phase::kOpening;
  phase_deadline_ = base::earlier_of(platform::now() + kOpenPatience, answer_by());
}

// What cannot be ended now stands in the way of the next transaction.
void Transaction::drop_helper(bool time_was_over) {
  const bool ended = (!helper_ || helper_->stop()) && (!pre_sync_ || pre_sync_->stop());
  if (!ended) {
    leftovers_.blame(time_was_over ? not_answering() : still_helping(), time_was_over);
    if (helper_) leftovers_.add(helper_->take_process());
    if (pre_sync_) leftovers_.add(pre_sync_->take_processes());
  }
  helper_.reset();
  pre_sync_.reset();
  opened_.clear();
}

void Transaction::on_helper() {
  if (phase_ == Phase::kClearing) return clear();
  if (phase_ == Phase::kFlushing) return go_on_flushing(platform::now());
  if (!helper_) return;
  helper_->receive();
  if (phase_ != Phase::kOpening) return;
  if (helper_->broken()) return refuse_prepare("the helper that opens filesystems died; try again");
  if (helper_->finished()) opened();
}

void Transaction::opened() {
  for (std::size_t i = 0; i < helper_->results().size(); ++i) {
    OpenedItem& result = helper_->results()[i];
    if (!result.fd) {
      return refuse_prepare(Reason("cannot open ")
                                .append(opened_entry(i).mount_point)
                                .append(": ")
                                .append(::strerrordesc_np(result.open_error)));
    }
    opened_.push_back(std::move(result.fd));
  }
  helper_.reset();
  flush();
}

void Transaction::flush() {
  const wire::FilesystemRequest& request = planning_->request;
  PreSync::Work work{.descriptors = {},
                     .to_freeze = planning_->plan.to_freeze.size(),
                     .policy = {.always = request.pre_sync == wire::PreSync::kAlways,
                                .stall_budget = request.stall_budget}};
  for (const base::UniqueFd& fd : opened_)
    work.descriptors.push_back(fd.get());
  const Instant now = platform::now();
  phase_ = Phase::kFlushing;
  pre_sync_.emplace(std::move(work), parts_.flush, now, phase_deadline_);
  go_on_flushing(now);
}

void Transaction::go_on_flushing(Instant now) {
  const auto state = pre_sync_->go_on(now);
  if (!state) return refuse_prepare(state.error().message);
  if (*state == PreSync::State::kDone) flushed();
}

void Transaction::flushed() {
  if (!planning_->plan.to_freeze.empty()) tell_flush();
  if (const auto failure = pre_sync_->failure()) {
    return refuse_prepare(Reason("cannot sync ")
                              .append(opened_entry(failure->filesystem).mount_point)
                              .append(": ")
                              .append(::strerrordesc_np(failure->error)));
  }
  const plan::FlushPolicy policy{.always = false, .stall_budget = planning_->request.stall_budget};
  const Reason too_long = plan::why_too_long(pre_sync_->forecast(), policy);
  if (!too_long.empty()) return refuse_prepare(too_long);
  pre_sync_.reset();
  opened_.resize(planning_->plan.to_freeze.size());  // the others are synced, and done with
  if (!opened_.empty()) return arm();
  phase_ = Phase::kPrepared;
  phase_deadline_ = Instant::never();
  answer(true, {});
}

// For the record, with the news of the first filesystem.
void Transaction::tell_flush() {
  wire::MountDetail detail = detail_of(entry_of(0), id_);
  detail.result = wire::MountResult::kOpened;
  detail.flush = pre_sync_->report();
  parts_.listener.detail(detail);
}

void Transaction::arm() {
  fill_slots(opened_.size());
  std::vector<int> numbers;
  for (const base::UniqueFd& fd : opened_)
    numbers.push_back(fd.get());
  auto lanes =
      Lanes::make(parts_.slots, std::exchange(opened_, {}), parts_.ioctls, Thawer::kFreezer);
  if (!lanes) {
    parts_.slots.abandon_empty();
    return refuse_prepare(lanes.error().message);
  }
  lanes_ = std::move(*lanes);
  told_.assign(lanes_->size(), {});
  phase_ = Phase::kArming;
  phase_deadline_ = base::earlier_of(platform::now() + kArmingPatience, answer_by());
  // The guardian makes its threads while ours get ready.
  on_guardian(parts_.guardian.arm(id_, std::move(numbers)));
  if (lanes_) lanes_->await_parked();
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
