// Commands that wait for the very filesystem that is frozen for them.
#pragma once

#include <optional>
#include <string_view>

namespace vss::records {

// `btrfs subvolume snapshot` and `lvcreate -s` freeze what they copy by themselves and therefore
// block until the thaw. Looks at the words of a command line wherever they stand (also behind sudo
// or sh -c). Returns the command's common name.
std::optional<std::string_view> command_that_blocks(std::string_view command_line);

}  // namespace vss::records
