// A client of a device node: system calls and their errors, by the header that clients get.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vss/hv_snapshot.h>

#include <chrono>
#include <utility>

namespace vss::conformance {

inline constexpr const char* kApplicationPath = VSS_DEV(APP_VSS_DEV_NAME);
inline constexpr const char* kFilesystemPath = VSS_DEV(FS_VSS_DEV_NAME);

// Closes when destroyed. Each call returns 0 or an errno.
class NodeClient {
 public:
  NodeClient() = default;
  explicit NodeClient(const char* path, int flags = O_RDWR) { open(path, flags); }
  NodeClient(const NodeClient&) = delete;
  NodeClient& operator=(const NodeClient&) = delete;
  ~NodeClient() { close(); }

  int open(const char* path, int flags = O_RDWR) {
    fd_ = ::open(path, flags | O_CLOEXEC);
    return fd_ < 0 ? errno : 0;
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

  int ioctl_read(hv_vss_opt_msg& message) const {
    return ::ioctl(fd_, IOCHVVSSREAD, &message) == 0 ? 0 : errno;
  }
  int ioctl_write(hv_vss_opt_msg message) const {
    return ::ioctl(fd_, IOCHVVSSWRITE, &message) == 0 ? 0 : errno;
  }
  // read(2) of a whole message.
  int read(hv_vss_opt_msg& message) const {
    return ::read(fd_, &message, sizeof message) == sizeof message ? 0 : errno;
  }
  // What poll(2) reports, 0 after `at_most`.
  short poll(std::chrono::milliseconds at_most = std::chrono::milliseconds{0}) const {
    pollfd entry{fd_, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(at_most.count())) == 1 ? entry.revents : short{0};
  }

 private:
  int fd_ = -1;
};

}  // namespace vss::conformance
