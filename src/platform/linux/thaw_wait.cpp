#include "platform/thaw_wait.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>

namespace vss::platform {

void wait_for_thaw(int directory) {
  // rmdir(2) waits before it looks for the name, and no directory can have one that is too long.
  std::array<char, NAME_MAX + 2> name;
  name.fill('-');
  name.back() = '\0';
  ::unlinkat(directory, name.data(), AT_REMOVEDIR);
}

}  // namespace vss::platform
