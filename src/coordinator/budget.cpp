#include "coordinator/budget.hpp"

#include <algorithm>

namespace vss::coordinator {

Instant writers_end(Instant phase_begin, Duration budget, bool filesystems_in_scope) {
  return phase_begin + (filesystems_in_scope ? budget / 2 : budget);
}

Instant level_limit(Instant now, Instant writers_end, std::size_t levels_left) {
  if (writers_end <= now) return now;
  const auto levels = static_cast<Duration::rep>(std::max<std::size_t>(levels_left, 1));
  return now + (writers_end - now) / levels;
}

Instant member_deadline(Instant now, Duration timeout, Instant limit) {
  return base::earlier_of(now + timeout, limit);
}

Instant extended_deadline(Instant now, Instant deadline, Duration asked, Instant limit) {
  // What a participant asks for is not trusted: compared before it is added.
  const Duration most = base::later_of(limit, now) - now;
  const Instant wanted = now + std::clamp(asked, Duration{0}, most);
  return base::later_of(deadline, wanted);
}

}  // namespace vss::coordinator
