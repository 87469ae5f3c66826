// eventfds that another process made: a signal without content.
#pragma once

namespace vss::platform {

// True: the descriptor is an eventfd, and from now on reading and writing it never block. Looks
// into /proc/self: not a disk, freeze-safe.
bool make_signal_descriptor(int fd);

// Adds 1. A counter that is full is a signal as well. Never blocks; freeze-safe.
void give_signal(int fd);
// Takes all signals given so far. Never blocks; freeze-safe.
void clear_signal(int fd);

// True: a memfd sealed so that what is mapped of it stays (F_SEAL_SHRINK).
bool cannot_shrink(int fd);

}  // namespace vss::platform
