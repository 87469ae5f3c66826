#include "platform/message_device.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "base/unique_fd.hpp"

namespace vss::platform {
namespace {

class CharacterDevice final : public MessageDevice {
 public:
  explicit CharacterDevice(base::UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const override { return fd_.get(); }

  bool is_readable() const override {
    pollfd entry{fd_.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  // hv_utils waits in read(2) for a message even where the descriptor is non-blocking.
  std::expected<std::size_t, int> read(std::span<std::byte> room) override {
    if (!is_readable()) return std::unexpected(EAGAIN);
    const ssize_t count = ::read(fd_.get(), room.data(), room.size());
    if (count < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(count);
  }

  std::expected<void, int> write(std::span<const std::byte> message) override {
    ssize_t count = 0;
    do
      count = ::write(fd_.get(), message.data(), message.size());
    while (count < 0 && errno == EINTR);
    if (count < 0) return std::unexpected(errno);
    if (static_cast<std::size_t>(count) != message.size()) return std::unexpected(EIO);
    return {};
  }

 private:
  base::UniqueFd fd_;
};

std::unexpected<base::Error> open_error(const std::string& path, int error) {
  return base::fail("cannot open " + path + ": " + std::strerror(error), error);
}

bool make_raw(int fd) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return false;
  ::cfmakeraw(&settings);
  return ::tcsetattr(fd, TCSANOW, &settings) == 0;
}

// /dev/null, for example, is no device to wait for; who tries finds EPERM.
bool can_be_waited_for(int fd) {
  const base::UniqueFd poll{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event event{};
  event.events = EPOLLIN;
  return ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

base::Result<std::unique_ptr<MessageDevice>> open_message_device(const std::string& path) {
  base::UniqueFd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!fd) return open_error(path, errno);
  struct stat found{};
  if (::fstat(fd.get(), &found) != 0) return open_error(path, errno);
  if (!S_ISCHR(found.st_mode) || !can_be_waited_for(fd.get())) {
    return base::fail(path +
                          " is not a device that carries messages; name /dev/vmbus/hv_vss or a " +
                          "terminal that stands in for it",
                      ENODEV);
  }
  if (::isatty(fd.get()) != 0 && !make_raw(fd.get())) return open_error(path, errno);
  return std::make_unique<CharacterDevice>(std::move(fd));
}

}  // namespace vss::platform
