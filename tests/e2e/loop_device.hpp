// A loop device that cannot be forgotten: it detaches itself when its last user is gone.
#pragma once

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace vss::e2e {

struct LoopDevice {
  int descriptor = -1;  // keep open until it is mounted; -1: failed, errno says why
  int number = -1;
};

// Attaches `image` to a free loop device and opens it as DEV/loopN, making the node if it is not
// there. Takes the next free one when another program was faster. `direct_io`: without keeping what
// is written in this machine's page cache a second time, where the image's filesystem can do that.
inline LoopDevice attach_loop(const std::string& image, const std::string& dev,
                              bool direct_io = false) {
  const int backing = open(image.c_str(), O_RDWR | O_CLOEXEC);
  if (backing < 0) return {};
  const int control = open((dev + "/loop-control").c_str(), O_RDWR | O_CLOEXEC);
  LoopDevice loop;
  for (int attempt = 0; control >= 0 && attempt < 64; ++attempt) {
    loop.number = ioctl(control, LOOP_CTL_GET_FREE);
    if (loop.number < 0) break;
    const std::string path = dev + "/loop" + std::to_string(loop.number);
    mknod(path.c_str(), S_IFBLK | 0600, makedev(LOOP_MAJOR, static_cast<unsigned>(loop.number)));
    loop.descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (loop.descriptor < 0) break;
    loop_config config{};
    config.fd = static_cast<__u32>(backing);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (direct_io ? LO_FLAGS_DIRECT_IO : 0);
    if (ioctl(loop.descriptor, LOOP_CONFIGURE, &config) == 0) break;
    const int error = errno;
    close(loop.descriptor);
    loop.descriptor = -1;
    errno = error;
    if (error != EBUSY) break;
  }
  const int error = errno;
  if (control >= 0) close(control);
  close(backing);
  errno = error;
  return loop;
}

}  // namespace vss::e2e
