// What waits to be written to disks, and how much went there: the kernel's counts for the whole
// system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vss::platform {

// Bytes.
struct FlushCounters {
  std::uint64_t pending = 0;  // dirty, or on their way to a device
  std::uint64_t dirtied = 0;  // since the machine started
  std::uint64_t written = 0;  // likewise
};

// Nothing where the kernel does not tell. Not freeze-safe by the letter (opens by path), but
// touches no disk.
std::optional<FlushCounters> read_flush_counters(const std::string& path = "/proc/vmstat");

// The text of /proc/vmstat: lines of a name and a number of pages.
std::optional<FlushCounters> parse_flush_counters(std::string_view text, std::uint64_t page_bytes);

}  // namespace vss::platform
