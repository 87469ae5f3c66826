// The trace of a host's channel: every message that passes a door, for those who look into a
// trouble with a real host. The format is that of docs/hyperv.md.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "requesters/host_link.hpp"

namespace vss::driver {

// Waits in memory, which is taken at construction, until flush(): what does not fit is counted and
// said in the trace. One thread.
class Trace {
 public:
  static constexpr std::size_t kWaitingBytesMax = std::size_t{1} << 20;
  static constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;

  // `file`: open for writing, at its beginning. `door`: "vmbus" or "hv_vss".
  Trace(base::UniqueFd file, std::string_view door, std::string_view began_utc,
        base::Instant began);

  // Freeze-safe: writes nothing.
  void add(requesters::TrafficEvent what, std::span<const std::byte> bytes, base::Instant at);
  // Writes what waits, to a disk perhaps: not while anything may be frozen. What cannot be written
  // (a full disk, a file that is large enough) is lost and counted; the file has whole lines only.
  void flush();

 private:
  void line(std::string_view text);
  void begin_line(base::Instant at);

  base::UniqueFd file_;
  base::Instant began_;
  std::vector<char> waiting_;
  std::size_t file_bytes_ = 0;  // of whole lines
  std::uint64_t lost_ = 0;
};

}  // namespace vss::driver
