#include "platform/cuse_access.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include <cstring>

namespace vss::platform {
namespace {

constexpr const char* kCuse = "/dev/cuse";

const char* remedy(int error) {
  switch (error) {
    case ENOENT: return ": this kernel has no module cuse, or this container no such device";
    case ENXIO:
    case ENODEV: return ": load the module cuse (modprobe cuse)";
    case EACCES:
    case EPERM:
      return ": only root may. vssd is given it when it starts, by root or by its unit "
             "(vss-hand-in-devices; the journal of vssd.service says why not): restart vssd";
    default: return "";
  }
}

}  // namespace

base::Result<base::UniqueFd> open_cuse() {
  base::UniqueFd fd{::open(kCuse, O_RDWR | O_CLOEXEC | O_NONBLOCK)};
  if (fd) return fd;
  const int error = errno;
  return base::fail(std::string("cannot open /dev/cuse: ") + std::strerror(error) + remedy(error),
                    error, base::ErrorKind::kPrerequisite);
}

base::Status lock_cuse(int cuse) {
  if (::flock(cuse, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) {
    return base::fail(std::string("cannot lock /dev/cuse: ") + std::strerror(errno), errno);
  }
  return base::fail(
      "another vssd serves the device nodes (it holds the lock on /dev/cuse): stop it, or set "
      "devices.cuse = \"off\" for this one",
      EWOULDBLOCK);
}

}  // namespace vss::platform
