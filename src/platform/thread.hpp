// Small threads for work that may hang, and how they tell the main loop.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <span>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// A thread with a small stack whose pages are all present before `run` begins, and with every
// signal blocked. To be joined. Not freeze-safe: allocates.
base::Result<pthread_t> start_lane_thread(void* (*run)(void*), void* argument);

// Gives the calling thread a descriptor table of its own in which only these (and 0–2) are open.
// False: it could not, and shares the process's.
bool keep_only_descriptors(std::span<const int> keep);

// At the end of a thread that has a table of its own: pthread_join() may return before the kernel
// has closed what is open there. When this returns, it has.
void close_own_descriptors();

// Waits for a post; signals do not end the wait.
void wait_for(sem_t& semaphore);

// An eventfd: signal_event makes it readable, drain_event makes it quiet. The latter two are
// freeze-safe, never block and work on any thread.
base::Result<base::UniqueFd> make_event();
void signal_event(int event);
void drain_event(int event);

}  // namespace vss::platform
