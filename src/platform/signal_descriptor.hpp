// eventfds that another process made: a signal without content.
#pragma once

namespace vss::platform {

// True: the descriptor is an eventfd, and from now on reading and writing it never block. Looks
// into /proc/self: not a disk, freeze-safe.
bool make_signal_descriptor(int fd);

// Adds 1. A counter that is full is a signal as well. Freeze-safe. Does not block, unless the other
// process takes O_NONBLOCK off and fills the counter in the very moment between a look and the
// write: who may be that process could stop this one as well.
void give_signal(int fd);
// Takes the signals given so far (of an EFD_SEMAPHORE: one). Never blocks; freeze-safe.
void clear_signal(int fd);

// True: a memfd sealed so that what is mapped of it stays (F_SEAL_SHRINK).
bool cannot_shrink(int fd);

}  // namespace vss::platform
