#include "platform/random.hpp"

#include <sys/random.h>

#include "base/assert.hpp"

namespace vss::platform {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  // A request this small is never cut short once the kernel's pool is ready.
  const ssize_t size = ::getrandom(&number, sizeof number, 0);
  VSS_ASSERT(size == sizeof number);
  return number;
}

}  // namespace vss::platform
