// Looking around in sysfs. For the sources of this folder; opens by path, so not freeze-safe.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/block_graph.hpp"

namespace vss::platform::sysfs {

// What the kernel writes at most: a page.
inline constexpr std::size_t kAttributeBytesMax = 4096;

// The whole file without its last newline; nothing when it cannot be read, is longer than
// kAttributeBytesMax, or is no regular file. Never waits for a writer.
std::optional<std::string> read_attribute(const std::filesystem::path& path);

bool present(const std::filesystem::path& path);

// The number of the device whose directory, or a link to it, this is.
std::optional<BlockNumber> number_of(const std::filesystem::path& directory);

// Of a directory, sorted; none when it cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory);

}  // namespace vss::platform::sysfs
