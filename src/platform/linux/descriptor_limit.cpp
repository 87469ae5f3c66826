#include "platform/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace vss::platform {

void allow_descriptors(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  // More than the hard limit needs CAP_SYS_RESOURCE; without it, all of that.
  const rlimit more{wanted, std::max<rlim_t>(limit.rlim_max, wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &more) == 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace vss::platform
