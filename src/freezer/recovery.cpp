#include "freezer/recovery.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "freezer/open_helper.hpp"
#include "plan/mount_table.hpp"
#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/mount_table.hpp"
#include "platform/poll.hpp"

namespace vss::freezer {
namespace {

using base::Instant;

constexpr base::seconds kOpenPatience{2};  // for one filesystem

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

OpenItem item_for(const Slot& slot, const std::vector<NamedTable>& tables) {
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
  item.type = slot.filesystem_type.view();
  // btrfs has no device number of its own: its source is the device.
  item.device = slot.device.major == 0
                    ? std::string(slot.source.view())
                    : platform::block_device_path(slot.device.major, slot.device.minor);
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

}  // namespace

base::Result<std::unique_ptr<Recovery>> Recovery::start(SlotTable& table,
                                                        platform::FreezeIoctls& ioctls,
                                                        bool force) {
  if (!force && table.header().pid_namespace != platform::pid_namespace() &&
      std::ranges::any_of(table.used(),
                          [](const Slot& slot) { return slot.state().in_flight(); })) {
    return base::fail(
        "a freeze or thaw was under way in another PID namespace: run `vss-freezer --thaw` there, "
        "or with --force where that namespace has ended");
  }
  std::unique_ptr<Recovery> recovery(new Recovery(table));
  for (std::size_t i = 0; i < table.count(); ++i) {
    if (table[i].open()) recovery->slots_.push_back(i);
  }
  recovery->problems_.resize(recovery->slots_.size());
  std::vector<base::UniqueFd> found(table.count());
  recovery->find_filesystems(found);
  recovery->give_up_gone_devices(found);
  std::vector<bool> reachable;
  for (const base::UniqueFd& fd : found)
    reachable.push_back(fd.valid());
  auto lanes = Lanes::make(table, std::move(found), ioctls, Thawer::kRecovery);
  if (!lanes) return std::unexpected(lanes.error());
  recovery->lanes_ = std::move(*lanes);
  for (const std::size_t i : recovery->slots_) {
    // One that never began needs no descriptor to be closed.
    if (reachable[i] || table[i].state().state == State::kEmpty) recovery->lanes_->thaw(i);
  }
  return recovery;
}

void Recovery::find_filesystems(std::vector<base::UniqueFd>& found) {
  std::vector<std::size_t> left;
  for (const std::size_t i : slots_) {
    if (table_[i].state().state != State::kEmpty) left.push_back(i);
  }
  // A helper ends at the first filesystem that does not answer; the next one goes on behind it.
  while (!left.empty()) {
    const std::size_t before = left.size();
    open_all(left, found);
    std::erase_if(left, [&](std::size_t i) {
      const std::size_t at =
          static_cast<std::size_t>(std::ranges::find(slots_, i) - slots_.begin());
      return found[i].valid() || !problems_[at].empty();
    });
    if (left.size() == before) return;
  }
}

void Recovery::open_all(const std::vector<std::size_t>& slots, std::vector<base::UniqueFd>& found) {
  const std::vector<NamedTable> tables = read_tables();
  std::vector<OpenItem> items;
  for (const std::size_t i : slots)
    items.push_back(item_for(table_[i], tables));
  auto helper = OpenHelper::start(std::move(items), OpenHelper::Work::kOpen);
  if (!helper) return;
  std::size_t at = 0;
  for (Instant limit = platform::now() + kOpenPatience;
       at < slots.size() && platform::now() < limit && !helper->broken();) {
    std::array<platform::PollEntry, 1> entries{
        platform::PollEntry{helper->descriptor(), false, false, false}};
    platform::wait_until(entries, limit);
    helper->receive();
    if (helper->working_on() != at) limit = platform::now() + kOpenPatience;
    at = helper->working_on();
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    OpenedItem& result = helper->results()[i];
    std::string& problem =
        problems_[static_cast<std::size_t>(std::ranges::find(slots_, slots[i]) - slots_.begin())];
    if (result.fd) {
      found[slots[i]] = std::move(result.fd);
    } else if (result.answered) {
      problem = std::string("cannot be opened: ") + ::strerrordesc_np(result.open_error);
    } else if (i == at) {
      problem = "does not answer to open";
    }
  }
}

void Recovery::give_up_gone_devices(const std::vector<base::UniqueFd>& found) {
  for (const std::size_t i : slots_) {
    Slot& slot = table_[i];
    const SlotState state = slot.state();
    const bool gone = !found[i] && slot.device.major != 0 &&
                      platform::block_device_path(slot.device.major, slot.device.minor).empty();
    // Its superblock may live on in memory, but no disk can be thawed any more.
    if (gone && (!state.in_flight() || platform::thread_gone(state.actor))) {
      slot.change(state, SlotState::closed(Outcome::kOwnerUnknown, Thawer::kRecovery));
    }
  }
}

bool Recovery::wait(base::Duration patience) {
  const Instant limit = platform::now() + patience;
  while (!finished() && platform::now() < limit) {
    std::array<platform::PollEntry, 1> entries{
        platform::PollEntry{descriptor(), false, false, false}};
    platform::wait_until(entries, limit);
    lanes_->drain();
  }
  return finished();
}

std::vector<std::string> Recovery::report() const {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    const Slot& slot = table_[slots_[at]];
    const SlotState state = slot.state();
    std::string line = name_of(slot) + ": ";
    if (!state.open()) {
      line += outcome_text(state);
    } else if (!problems_[at].empty()) {
      line += "may still be frozen: it " + problems_[at];
    } else if (slot.thaw_error != 0) {
      line += std::string("still frozen: ") + ::strerrordesc_np(slot.thaw_error);
    } else if (state.in_flight()) {
      line += "may still be frozen: process " + std::to_string(state.actor.process_id) +
              " is in its ioctl";
    } else {
      line += "still frozen: the kernel does not answer";
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace vss::freezer
