#include "freezer/slots.hpp"

#include <algorithm>
#include <string>
#include "base/assert.hpp"

namespace vss::freezer {
namespace {

// The file is not trusted with an index.
std::size_t used_of(const SlotsHeader& header) {
  return std::min<std::size_t>(header.count.load(), base::kFilesystemsMax);
}

}  // namespace

base::Result<SlotTable> SlotTable::open(const std::string& path) {
  auto file = platform::open_shared_file(path, kFileBytes, 0600);
  if (!file) return std::unexpected(file.error());
  auto table = map(std::move(file->fd));
  if (!table) {
    return base::fail(
        path + ": " + table.error().message + "; stop the service and remove the file",
        table.error().os_errno);
  }
  return table;
}

base::Result<SlotTable> SlotTable::map(base::UniqueFd fd) {
  auto mapping = platform::map_shared(fd.get(), kFileBytes, /*writable=*/true);
  if (!mapping) return std::unexpected(mapping.error());
  SlotTable table(std::move(fd), std::move(*mapping));
  SlotsHeader& header = table.header();
  // A new file is all zero, and so is an empty table: two processes may come here at the same time.
  if (header.magic.load() == 0) {
    header.version = kVersion;
    header.magic.store(kMagic);
  }
  if (header.magic.load() != kMagic || header.version != kVersion) {
    return base::fail("this is no slots file of this version", EINVAL);
  }
  return table;
}

std::optional<std::size_t> count_open_slots(const std::string& path) {
  const auto file = platform::open_for_reading(path);
  if (!file) return std::nullopt;
  const auto mapping = platform::map_shared(file->get(), SlotTable::kFileBytes, /*writable=*/false);
  if (!mapping) return std::nullopt;
  const auto& header = *reinterpret_cast<const SlotsHeader*>(mapping->data());
  if (header.magic.load() != SlotTable::kMagic || header.version != SlotTable::kVersion) {
    return std::nullopt;
  }
  const auto* const first = reinterpret_cast<const Slot*>(mapping->data() + sizeof(SlotsHeader));
  return std::count_if(first, first + used_of(header),
                       [](const Slot& slot) { return slot.open(); });
}

std::size_t SlotTable::count() const {
  return used_of(header());
}

bool SlotTable::all_closed() const {
  return std::ranges::none_of(used(), [](const Slot& slot) { return slot.open(); });
}

bool SlotTable::anything_closed() const {
  return std::ranges::any_of(used(), [](const Slot& slot) { return !slot.open(); });
}

void SlotTable::abandon_empty() {
  header().count.store(0);
}

void SlotTable::begin() {
  VSS_ASSERT(all_closed());
  SlotsHeader& head = header();
  head.count.store(0);
  head.hold_deadline.store(0);
  const ThreadIdentity me = platform::current_thread();
  head.owner_process.store(me.process_id);
  head.owner_start.store(me.start);
  head.pid_namespace.store(platform::pid_namespace());
}

void SlotTable::add(std::size_t i, const SlotIdentity& identity) {
  VSS_ASSERT(i < base::kFilesystemsMax);
  Slot& slot = slots()[i];
  slot.store({});
  slot.freeze_began = slot.freeze_ended = slot.thaw_began = slot.thaw_ended = 0;
  slot.thaw_error = 0;
  slot.layer = identity.layer;
  slot.device = identity.device;
  slot.mount_id = identity.mount_id;
  slot.lies_on = identity.lies_on;
  slot.filesystem_type.store(identity.filesystem_type);
  slot.source.store(identity.source);
  slot.mount_point.store(identity.mount_point);
}

void SlotTable::commit(base::TransactionId transaction, std::size_t count) {
  VSS_ASSERT(count <= base::kFilesystemsMax);
  header().generation.store(transaction.value);
  header().count.store(static_cast<std::uint32_t>(count));
}

}  // namespace vss::freezer
