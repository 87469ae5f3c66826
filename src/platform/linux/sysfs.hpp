// Looking around in sysfs. For the sources of this folder; opens by path, so not freeze-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vss::platform::sysfs {

// The whole file without its last newline; nothing when it cannot be read. These files are short.
std::optional<std::string> read_attribute(const std::filesystem::path& path);

bool present(const std::filesystem::path& path);

// Of a directory, sorted; none when it cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory);

}  // namespace vss::platform::sysfs
