#include "platform/linux/sysfs.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "base/unique_fd.hpp"

namespace vss::platform::sysfs {

namespace fs = std::filesystem;

namespace {

std::optional<BlockNumber> parse_number(std::string_view text) {
  BlockNumber number;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, number.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != ':') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, number.minor);
  if (minor.ec != std::errc{} || minor.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::string> read_attribute(const fs::path& path) {
  // A recorded tree may hold anything: a FIFO must not make this wait.
  const base::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat found{};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  std::string text(kAttributeBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got > 0) size += static_cast<std::size_t>(got);
    if (got < 0 && errno != EINTR) return std::nullopt;
  }
  if (size > kAttributeBytesMax) return std::nullopt;
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

bool present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
    entries.push_back(i->path());
  }
  std::ranges::sort(entries);
  return entries;
}

std::optional<BlockNumber> number_of(const fs::path& directory) {
  const auto text = read_attribute(directory / "dev");
  return text ? parse_number(*text) : std::nullopt;
}

}  // namespace vss::platform::sysfs
