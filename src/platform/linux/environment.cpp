#include "platform/linux/environment.hpp"

#include <cstdlib>

namespace vss::platform {

std::string take_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

}  // namespace vss::platform
