// Arithmetic of deadlines: how the time of a phase is shared between levels and filesystems.
#pragma once

#include <cstddef>

#include "coordinator/types.hpp"

namespace vss::coordinator {

// Until when the writers of a phase may take, all levels together. Half of the budget is reserved
// for the filesystems, so that slow writers never starve them; without filesystems the writers have
// it all.
Instant writers_end(Instant phase_begin, Duration budget, bool filesystems_in_scope);

// Until when the level that starts now may be stretched: what is left of the writers' part, divided
// by the levels still to come (this one counted). A level that took less leaves more to the rest,
// and no level, however slow or greedy, takes from those after it. Never before `now`.
Instant level_limit(Instant now, Instant writers_end, std::size_t levels_left);

// The end of one member's time: its own timeout, within its level's limit.
Instant member_deadline(Instant now, Duration timeout, Instant limit);

// The deadline after a request for `asked` more, counted from now. Never earlier than it was, never
// beyond the limit.
Instant extended_deadline(Instant now, Instant deadline, Duration asked, Instant limit);

}  // namespace vss::coordinator
