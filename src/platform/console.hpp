// Lines for people, on standard error and in the kernel's log, that never wait for their reader.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// Writes `line` and a newline with one system call, unless the reader is behind: then it is
// dropped. Allocates nothing. 1: standard output, 2: standard error.
void print_line(int fd, std::string_view line);

// A terminal, a pipe or a socket: what is written there touches no filesystem. False for a file,
// which may lie on a frozen one.
bool leads_to_no_file(int fd);

// Standard output for reports, waiting for the reader. False when nobody reads any more.
bool print_all(std::string_view text);

// By the environment: LC_ALL, else LC_CTYPE, else LANG.
bool locale_has_utf8();

// /dev/kmsg for writing. Not freeze-safe; the writing is: kernel memory only.
base::Result<base::UniqueFd> open_kernel_log();
// Under which name the service manager keeps what vss-hand-in-devices has opened so.
inline constexpr const char* kHandedInKernelLog = "kmsg";
void kernel_log_line(int kernel_log, std::string_view line);

}  // namespace vss::platform
