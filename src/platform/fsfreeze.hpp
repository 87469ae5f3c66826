// The two ioctls that everything here is about.
#pragma once

namespace vss::platform {

// Freezes and thaws the filesystem a descriptor lies on. The kernel's own is freeze_ioctls(); unit
// tests hand in a model of the kernel. Both calls may block without limit and cannot be
// interrupted, not even by SIGKILL: call them on a lane's thread only. Neither opens, allocates or
// logs.
class FreezeIoctls {
 public:
  virtual ~FreezeIoctls() = default;
  // 0, or errno. EBUSY: frozen (or being frozen) by somebody else. EOPNOTSUPP: cannot be frozen.
  virtual int freeze(int fd) = 0;
  // 0, or errno. EINVAL: not frozen *at this moment*: a freeze in flight may still complete. Any
  // other error: still frozen.
  virtual int thaw(int fd) = 0;
};

// FIFREEZE and FITHAW. CAP_SYS_ADMIN.
FreezeIoctls& freeze_ioctls();

}  // namespace vss::platform
