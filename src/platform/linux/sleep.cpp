#include "platform/sleep.hpp"

#include <errno.h>
#include <time.h>

namespace vss::platform {

void sleep_for(base::Duration duration) {
  timespec rest{static_cast<time_t>(duration.count() / 1'000'000'000),
                static_cast<long>(duration.count() % 1'000'000'000)};
  while (::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR) {
  }
}

}  // namespace vss::platform
