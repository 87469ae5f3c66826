#include "platform/fsfreeze.hpp"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

namespace vss::platform {
namespace {

class KernelIoctls final : public FreezeIoctls {
 public:
  int freeze(int fd) override { return ::ioctl(fd, FIFREEZE, 0) == 0 ? 0 : errno; }
  int thaw(int fd) override { return ::ioctl(fd, FITHAW, 0) == 0 ? 0 : errno; }
};

}  // namespace

FreezeIoctls& freeze_ioctls() {
  static KernelIoctls ioctls;
  return ioctls;
}

}  // namespace vss::platform
