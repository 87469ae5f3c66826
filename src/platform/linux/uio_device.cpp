#include "platform/uio_device.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"
#include "platform/shared_file.hpp"

namespace vss::platform {
namespace {

class CharacterUio final : public UioDevice {
 public:
  CharacterUio(base::UniqueFd fd, std::span<std::byte> rings) : fd_(std::move(fd)), rings_(rings) {}
  // The mapping keeps the channel open too.
  ~CharacterUio() override { ::munmap(rings_.data(), rings_.size()); }
  CharacterUio(const CharacterUio&) = delete;
  CharacterUio& operator=(const CharacterUio&) = delete;

  int fd() const override { return fd_.get(); }

  Signals take_signals() override {
    pollfd entry{fd_.get(), POLLIN, 0};
    if (::poll(&entry, 1, 0) <= 0) return Signals::kNone;
    if ((entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return Signals::kGone;
    std::int32_t count = 0;
    const ssize_t got = ::read(fd_.get(), &count, sizeof count);
    if (got == static_cast<ssize_t>(sizeof count)) return Signals::kSome;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? Signals::kNone : Signals::kGone;
  }

  bool signal_host() override {
    const std::int32_t one = 1;
    ssize_t done = 0;
    do
      done = ::write(fd_.get(), &one, sizeof one);
    while (done < 0 && errno == EINTR);
    return done == static_cast<ssize_t>(sizeof one);
  }

  std::span<std::byte> rings() const override { return rings_; }
  std::size_t header_bytes() const override {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

 private:
  base::UniqueFd fd_;
  std::span<std::byte> rings_;
};

std::string remedy_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; give it to the user that vssd runs as by a udev rule, or restart vssd as root";
    case ENOENT: return "; the device is going or coming";
    case EBUSY: return "; another program has the channel open";
    default: return "";
  }
}

std::unexpected<base::Error> cannot(const char* verb, const UioNode& node, int error) {
  return base::fail("cannot " + std::string(verb) + " " + node.path + ": " + std::strerror(error) +
                        remedy_of(error),
                    error);
}

}  // namespace

base::Result<std::unique_ptr<UioDevice>> open_uio_device(const UioNode& node) {
  base::UniqueFd fd{::open(node.path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return cannot("open", node, errno);
  // The kernel lets any number of programs open the same rings; two readers would destroy them.
  if (!try_lock(fd.get())) return cannot("lock", node, EBUSY);
  void* const at =
      ::mmap(nullptr, node.ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return cannot("map the rings of", node, errno);
  return std::make_unique<CharacterUio>(std::move(fd),
                                        std::span{static_cast<std::byte*>(at), node.ring_bytes});
}

}  // namespace vss::platform
