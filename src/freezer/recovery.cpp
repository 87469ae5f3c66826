#include "freezer/recovery.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "plan/mount_table.hpp"
#include "platform/block_graph.hpp"
#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/mount_table.hpp"
#include "platform/poll.hpp"

namespace vss::freezer {
namespace {

using base::Instant;

constexpr base::seconds kOpenPatience{2};  // then it counts as not answering
constexpr base::seconds kAskAgain{1};
constexpr base::milliseconds kHelperLook{5};
constexpr base::milliseconds kSlowLook{200};

struct NamedTable {
  std::string root;  // where its mount points are opened
  plan::MountTable table;
};

std::vector<NamedTable> read_tables() {
  std::vector<NamedTable> tables;
  for (const char* const root : {"", "/proc/1/root"}) {
    const bool own = *root == '\0';
    auto file = platform::MountTableFile::open(own ? "/proc/self/mountinfo" : "/proc/1/mountinfo");
    if (!file) continue;
    const auto text = file->read();
    NamedTable named{root, {}};
    if (text && named.table.parse(*text)) tables.push_back(std::move(named));
  }
  return tables;
}

OpenItem item_for(const Slot& slot, const std::vector<NamedTable>& tables,
                  const std::string& sysfs) {
  OpenItem item;
  for (const NamedTable& named : tables) {
    for (const plan::Mount& mount : named.table.mounts()) {
      if (mount.device.major != slot.device.major || mount.device.minor != slot.device.minor) {
        continue;
      }
      // The slot's own mount first: it opened before.
      item.candidates.insert(
          mount.id == slot.mount_id ? item.candidates.begin() : item.candidates.end(),
          {named.root + std::string(mount.mount_point), mount.id});
    }
  }
  // Another mount namespace's (--all-namespaces) was opened by way of a process there.
  if (std::string(slot.mount_point.view()).starts_with("/proc/")) {
    item.candidates.push_back({std::string(slot.mount_point.view()), slot.mount_id});
  }
  item.type = slot.filesystem_type.view();
  // btrfs has no device number of its own: its source is the device.
  item.device = slot.device.major == 0
                    ? std::string(slot.source.view())
                    : platform::block_device_path(sysfs, slot.device.major, slot.device.minor);
  return item;
}

std::string name_of(const Slot& slot) {
  return std::string(slot.mount_point.view()) + " (" + std::string(slot.filesystem_type.view()) +
         " " + std::to_string(slot.device.major) + ":" + std::to_string(slot.device.minor) + ")";
}

std::string outcome_text(const SlotState& state) {
  switch (state.outcome) {
    case Outcome::kThawed: return "thawed";
    case Outcome::kOwnerUnknown: return "thawed; whose freeze it was is not known";
    case Outcome::kFoundThawed: return "somebody else had thawed it";
    default: return "was not frozen";
  }
}

// The thread that the slot names, if any, can change nothing any more.
bool nobody_works_on(const SlotState& state) {
  return !state.in_flight() || platform::thread_gone(state.actor);
}

}  // namespace

// Read once for all that are asked for at one moment.
struct Recovery::Tables {
  std::optional<std::vector<NamedTable>> read;
  const std::vector<NamedTable>& get() {
    if (!read) read = read_tables();
    return *read;
  }
};

base::Result<std::unique_ptr<Recovery>> Recovery::start(SlotTable& table,
                                                        platform::FreezeIoctls& ioctls, bool force,
                                                        std::string sysfs) {
  if (!force && table.header().pid_namespace != platform::pid_namespace() &&
      std::ranges::any_of(table.used(),
                          [](const Slot& slot) { return slot.state().in_flight(); })) {
    return base::fail(
        "a freeze or thaw was under way in another PID namespace: run `vss-freezer --thaw` there, "
        "or with --force where that namespace has ended");
  }
  std::unique_ptr<Recovery> recovery(new Recovery(table, std::move(sysfs)));
  auto lanes = Lanes::make(table, {}, ioctls, Thawer::kRecovery);
  if (!lanes) return std::unexpected(lanes.error());
  recovery->lanes_ = std::move(*lanes);
  for (std::size_t i = 0; i < table.count(); ++i) {
    if (!table[i].open()) continue;
    recovery->pursuits_.emplace_back();
    recovery->pursuits_.back().slot = i;
  }
  recovery->on_time(platform::now());
  return recovery;
}

void Recovery::on_time(Instant now) {
  lanes_->drain();
  Tables tables;
  for (Pursuit& pursuit : pursuits_) {
    if (pursuit.helper) hear(pursuit, now);
    if (pursuit.helper || pursuit.lane || now < pursuit.ask_at) continue;
    Slot& slot = table_[pursuit.slot];
    const SlotState state = slot.state();
    if (state.state == State::kEmpty) {
      // Never begun, and from here on it cannot.
      slot.change(state, SlotState::closed(Outcome::kNeverFrozen, Thawer::kRecovery));
    } else if (state.open()) {
      ask(pursuit, tables, now);
    }
  }
}

void Recovery::ask(Pursuit& pursuit, Tables& tables, Instant now) {
  pursuit.asked_at = now;
  pursuit.ask_at = now + kAskAgain;
  std::vector<OpenItem> items;
  items.push_back(item_for(table_[pursuit.slot], tables.get(), sysfs_));
  // Each has a helper of its own, so that one that does not answer holds nobody else.
  auto helper = OpenHelper::start(std::move(items));
  if (helper) {
    pursuit.helper.emplace(std::move(*helper));
  } else {
    pursuit.problem = helper.error().message;
  }
}

void Recovery::hear(Pursuit& pursuit, Instant now) {
  OpenHelper& helper = *pursuit.helper;
  helper.receive();
  OpenedItem& result = helper.results().front();
  if (!result.answered && !helper.broken()) {
    if (now - pursuit.asked_at >= kOpenPatience) pursuit.problem = "does not answer to open";
    return;
  }
  if (result.fd) {
    opened(pursuit, std::move(result.fd));
  } else if (!pursuit.lane) {
    not_opened(pursuit, result.answered ? result.open_error : ECHILD);
  }
  if (helper.stop()) pursuit.helper.reset();  // else later: it is to be reaped
}

void Recovery::opened(Pursuit& pursuit, base::UniqueFd filesystem) {
  if (auto added = lanes_->add(pursuit.slot, std::move(filesystem)); !added) {
    pursuit.problem = added.error().message;
    return;
  }
  pursuit.lane = lanes_->size() - 1;
  pursuit.problem.clear();
  lanes_->thaw(*pursuit.lane);
}

void Recovery::not_opened(Pursuit& pursuit, int error) {
  const Device device = table_[pursuit.slot].device;
  const std::string number = std::to_string(device.major) + ":" + std::to_string(device.minor);
  if (error == platform::kNoSuperblock) {
    give_up(pursuit, "no filesystem is mounted from its device any more");
    return;
  }
  pursuit.problem = std::string("cannot be opened: ") + ::strerrordesc_np(error);
  if (device.major == 0 ||
      !platform::block_device_path(sysfs_, device.major, device.minor).empty()) {
    return;
  }
  // A device that is not listed is gone only where others are.
  if (platform::block_devices_visible(sysfs_)) {
    give_up(pursuit, "there is no block device " + number + " any more");
  } else {
    pursuit.problem += "; " + sysfs_ + " does not show its device either: mount it there";
  }
}

void Recovery::give_up(Pursuit& pursuit, std::string why) {
  Slot& slot = table_[pursuit.slot];
  const SlotState state = slot.state();
  if (state.open() && nobody_works_on(state) &&
      slot.change(state, SlotState::closed(Outcome::kOwnerUnknown, Thawer::kRecovery))) {
    pursuit.given_up = std::move(why);
  }
}

Instant Recovery::next_deadline(Instant now) const {
  Instant next = Instant::never();
  for (const Pursuit& pursuit : pursuits_) {
    if (pursuit.helper) {
      const bool slow = now - pursuit.asked_at >= kOpenPatience;
      next = base::earlier_of(next, now + (slow ? base::Duration{kSlowLook} : kHelperLook));
    } else if (!pursuit.lane && table_[pursuit.slot].open()) {
      next = base::earlier_of(next, pursuit.ask_at);
    }
  }
  return next;
}

bool Recovery::wait(base::Duration patience) {
  const Instant limit = platform::now() + patience;
  for (;;) {
    on_time(platform::now());
    if (finished()) return true;
    const Instant now = platform::now();
    if (now >= limit) return false;
    std::array<platform::PollEntry, 1> entries{
        platform::PollEntry{descriptor(), false, false, false}};
    platform::wait_until(entries, base::earlier_of(limit, next_deadline(now)));
  }
}

bool Recovery::finished() const {
  return lanes_->all_parked() && std::ranges::none_of(pursuits_, [&](const Pursuit& pursuit) {
           return table_[pursuit.slot].open();
         });
}

bool Recovery::must_go_on() const {
  return std::ranges::any_of(pursuits_, [&](const Pursuit& pursuit) {
    const SlotState state = table_[pursuit.slot].state();
    return state.open() && (pursuit.lane || !nobody_works_on(state));
  });
}

// Of one that is open.
std::string Recovery::state_of(const Pursuit& pursuit) const {
  const Slot& slot = table_[pursuit.slot];
  const SlotState state = slot.state();
  if (!nobody_works_on(state) && state.state == State::kIntent) {
    return "its freeze is in flight in process " + std::to_string(state.actor.process_id);
  }
  if (!pursuit.lane && !pursuit.problem.empty()) return "it " + pursuit.problem;
  if (slot.thaw_error != 0) {
    return std::string("its thaw fails: ") + ::strerrordesc_np(slot.thaw_error);
  }
  if (state.in_flight()) {
    return "process " + std::to_string(state.actor.process_id) + " is in its ioctl";
  }
  return "the kernel does not answer";
}

std::vector<std::string> Recovery::report() const {
  std::vector<std::string> lines;
  for (const Pursuit& pursuit : pursuits_) {
    const Slot& slot = table_[pursuit.slot];
    const SlotState state = slot.state();
    std::string line = name_of(slot) + ": ";
    if (state.open()) {
      line += "may still be frozen: " + state_of(pursuit);
    } else if (!pursuit.given_up.empty()) {
      line += "given up: " + pursuit.given_up;
    } else {
      line += outcome_text(state);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string Recovery::waiting_for() const {
  std::string text;
  std::size_t open = 0;
  for (const Pursuit& pursuit : pursuits_) {
    const Slot& slot = table_[pursuit.slot];
    if (!slot.open() || open++ != 0) continue;
    text = std::string(slot.mount_point.view()) + ": " + state_of(pursuit);
  }
  if (open > 1) text += ", and for " + std::to_string(open - 1) + " more";
  return text;
}

}  // namespace vss::freezer
