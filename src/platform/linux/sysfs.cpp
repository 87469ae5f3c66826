#include "platform/linux/sysfs.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace vss::platform::sysfs {

namespace fs = std::filesystem;

std::optional<std::string> read_attribute(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return std::nullopt;
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

}  // namespace vss::platform::sysfs
