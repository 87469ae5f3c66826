#include "platform/console.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/fixed_text.hpp"

namespace vss::platform {

void print_line(int fd, std::string_view line) {
  // poll, not O_NONBLOCK: that flag would change the terminal for everybody who shares it. A pipe
  // that polls writable takes PIPE_BUF bytes without waiting.
  pollfd entry{fd, POLLOUT, 0};
  if (::poll(&entry, 1, 0) != 1 || (entry.revents & POLLOUT) == 0) return;
  base::FixedText<2048> text{line};
  text.append("\n");
  [[maybe_unused]] const auto written = ::write(fd, text.view().data(), text.size());
}

bool leads_to_no_file(int fd) {
  struct stat found{};
  if (::fstat(fd, &found) != 0) return false;
  return S_ISCHR(found.st_mode) || S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode);
}

bool print_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool locale_has_utf8() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return ::strcasestr(value, ".utf-8") != nullptr || ::strcasestr(value, ".utf8") != nullptr;
  }
  return false;
}

base::Result<base::UniqueFd> open_kernel_log() {
  base::UniqueFd fd{::open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NONBLOCK)};
  if (fd) return fd;
  return base::fail(std::string("cannot open /dev/kmsg: ") + std::strerror(errno), errno);
}

void kernel_log_line(int kernel_log, std::string_view line) {
  // <27>: daemon facility, error.
  base::FixedText<900> text{"<27>openvss: "};
  // Without the newline the kernel takes it for the beginning of a line, and shows it to nobody
  // until somebody else writes the next one.
  text.append(line).append("\n");
  [[maybe_unused]] const auto written = ::write(kernel_log, text.view().data(), text.size());
}

}  // namespace vss::platform
