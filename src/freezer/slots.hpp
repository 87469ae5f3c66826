// The slots: what this service has frozen, in memory that outlives every one of its processes.
//
// One file in the runtime directory's root-only freezer/ (tmpfs), preallocated, mapped by the
// freezer, by the guardian and by `vss-freezer --thaw`. The freezer fills it in PREPARE
// (begin, add, commit) while nobody else writes; from then on each slot's word changes by
// compare-and-swap (slot_state.hpp), and everything else in a slot is written by the thread that
// the word names. The next transaction overwrites the slots only when all of them are closed and
// the guardian is disarmed.
//
// A reader trusts no text in the file: only root can write there, but a process may have died while
// writing. What identifies a slot is written before `count` says that it is there.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/identity.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "freezer/slot_state.hpp"
#include "platform/shared_file.hpp"

namespace vss::freezer {

// A superblock, as mountinfo names it.
struct Device {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  friend constexpr auto operator<=>(const Device&, const Device&) = default;
};

// Slots that one slot's filesystem lies on (a loop device's backing file): they thaw first.
using SlotSet = std::array<std::uint64_t, base::kFilesystemsMax / 64>;
inline bool contains(const SlotSet& set, std::size_t i) {
  return (set[i / 64] >> (i % 64) & 1) != 0;
}
inline void insert(SlotSet& set, std::size_t i) {
  set[i / 64] |= 1ULL << (i % 64);
}

// Text of fixed room in the shared file; cut, never refused. Not for messages: for finding again.
template <std::size_t Bytes>
struct SharedText {
  std::array<char, Bytes> bytes;

  void store(std::string_view text) {
    const std::size_t size = text.size() < Bytes ? text.size() : Bytes - 1;
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = text[i];
    bytes[size] = '\0';
  }
  std::string_view view() const {
    std::size_t size = 0;
    while (size < Bytes && bytes[size] != '\0')
      ++size;
    return {bytes.data(), size};
  }
};

struct alignas(64) Slot {
  std::atomic<std::uint64_t> word;
  // Times on CLOCK_BOOTTIME in nanoseconds, 0: not yet. Read by others for reports only.
  std::atomic<std::int64_t> freeze_began, freeze_ended, thaw_began, thaw_ended;
  std::atomic<std::int32_t> thaw_error;  // errno of the last FITHAW that failed (it is repeated)
  std::int32_t layer;                    // 0 freezes first
  Device device;
  std::uint32_t mount_id;
  std::uint32_t reserved;
  SlotSet lies_on;
  SharedText<32> filesystem_type;
  SharedText<256> source;
  SharedText<1024> mount_point;

  SlotState state() const { return unpack(word.load()); }
  bool open() const { return state().open(); }
  // One step of the word; false when somebody else was faster: look again.
  bool change(const SlotState& from, const SlotState& to) {
    std::uint64_t expected = pack(from);
    return word.compare_exchange_strong(expected, pack(to));
  }
  // Only for the thread that the word names.
  void store(const SlotState& to) { word.store(pack(to)); }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct alignas(64) SlotsHeader {
  std::atomic<std::uint64_t> magic;       // written last when the file is made
  std::atomic<std::uint64_t> generation;  // the transaction; 0: never used
  std::atomic<std::uint32_t> count;       // slots in use; written last, in PREPARE
  std::uint32_t version;
  // The freezer that filled it: to be killed before its claims are taken over by force.
  std::atomic<std::uint64_t> owner_process, owner_start;
  std::atomic<std::uint64_t> pid_namespace;
  std::atomic<std::int64_t> hold_deadline;  // CLOCK_BOOTTIME; 0: not yet frozen
};

// Where a new transaction's slot begins. The device's number is enough to find the superblock
// again, without its UUID: a frozen superblock keeps its device open, so that the number cannot
// come to name another one meanwhile.
struct SlotIdentity {
  Device device;
  std::uint32_t mount_id = 0;
  std::int32_t layer = 0;
  std::string_view mount_point;
  std::string_view filesystem_type;
  std::string_view source;
  SlotSet lies_on{};
};

// How many slots of this file are open, for who only looks: it maps for reading, and makes no file.
// Nothing: no slots of this version, or none that may be read. Not freeze-safe.
std::optional<std::size_t> count_open_slots(const std::string& path);

// The mapped file. One per process; the mapping is shared by all its threads.
class SlotTable {
 public:
  static constexpr std::uint64_t kMagic = 0x31544f4c53535356;  // "VSSSLOT1"
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::size_t kFileBytes =
      sizeof(SlotsHeader) + base::kFilesystemsMax * sizeof(Slot);

  // Opens `path`, making it where it is missing. A full tmpfs, another version or foreign contents
  // are errors with a remedy. While setting up only.
  static base::Result<SlotTable> open(const std::string& path);
  // Maps a descriptor received from the freezer (guardian).
  static base::Result<SlotTable> map(base::UniqueFd fd);

  int descriptor() const { return fd_.get(); }
  base::TransactionId generation() const { return {header().generation.load()}; }
  std::size_t count() const;
  Slot& operator[](std::size_t i) const { return slots()[i]; }
  std::span<Slot> used() const { return {slots(), count()}; }
  SlotsHeader& header() const { return *reinterpret_cast<SlotsHeader*>(mapping_.data()); }

  bool all_closed() const;
  bool anything_closed() const;

  // The freezer alone, with every slot closed and nobody armed. Until commit() the file says that
  // it has no slots; a process that dies in between leaves nothing to thaw. Freeze-safe.
  void begin();
  void add(std::size_t i, const SlotIdentity& identity);
  void commit(base::TransactionId transaction, std::size_t count);
  // Takes commit() back before any lane was started.
  void abandon_empty();

 private:
  SlotTable(base::UniqueFd fd, platform::SharedMapping mapping)
      : fd_(std::move(fd)), mapping_(std::move(mapping)) {}
  Slot* slots() const { return reinterpret_cast<Slot*>(mapping_.data() + sizeof(SlotsHeader)); }

  base::UniqueFd fd_;
  platform::SharedMapping mapping_;
};

}  // namespace vss::freezer
