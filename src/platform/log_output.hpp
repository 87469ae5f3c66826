// Writing log lines to a descriptor that may be full and unread.
#pragma once

#include <string_view>

namespace vss::platform {

// Writes the whole line if that cannot block, else nothing. Works for a terminal, pipe, socket and
// file without changing the descriptor's flags, which other processes may share. `line` has at most
// 512 bytes (what a pipe that is ready always takes whole). A file on disk may make it wait: not
// freeze-safe.
enum class LogWrite { kDone, kWouldBlock, kBroken };
LogWrite write_log_line(int fd, std::string_view line);

}  // namespace vss::platform
