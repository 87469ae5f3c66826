#include "platform/flush_counters.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/unique_fd.hpp"

namespace vss::platform {
namespace {

constexpr std::size_t kTextBytes = std::size_t{16} * 1024;

struct Wanted {
  std::string_view name;
  std::uint64_t FlushCounters::* to;
};
constexpr std::array<Wanted, 4> kWanted{{{"nr_dirty", &FlushCounters::pending},
                                         {"nr_writeback", &FlushCounters::pending},
                                         {"nr_dirtied", &FlushCounters::dirtied},
                                         {"nr_written", &FlushCounters::written}}};

}  // namespace

std::optional<FlushCounters> parse_flush_counters(std::string_view text, std::uint64_t page_bytes) {
  FlushCounters counters;
  std::size_t found = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    for (const Wanted& wanted : kWanted) {
      if (line.substr(0, space) != wanted.name) continue;
      std::uint64_t pages = 0;
      const auto read = std::from_chars(line.data() + space + 1, line.data() + line.size(), pages);
      if (read.ec != std::errc{}) return std::nullopt;
      counters.*wanted.to += pages * page_bytes;
      ++found;
    }
  }
  if (found != kWanted.size()) return std::nullopt;
  return counters;
}

std::optional<FlushCounters> read_flush_counters(const std::string& path) {
  const base::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  std::array<char, kTextBytes> text;
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return parse_flush_counters({text.data(), size},
                              static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace vss::platform
