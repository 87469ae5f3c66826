// Who a thread or process is, and whether it is known to be gone.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// Names one thread across processes. `start` is the low 16 bits of the process's start time (clock
// ticks since boot): it tells a process from a later one with the same number.
struct ThreadIdentity {
  std::uint32_t process_id = 0;
  std::uint32_t thread_id = 0;
  std::uint16_t start = 0;

  friend bool operator==(const ThreadIdentity&, const ThreadIdentity&) = default;
};

// The calling thread. The first call of a process (and of a forked child) reads /proc/self/stat:
// make it while setting up; later ones are system calls only.
ThreadIdentity current_thread();

// True only when the thread can never run again: it has returned from every system call it was in.
// A killed thread that hangs in the kernel is not gone. Freeze-safe for a thread that is gone; for
// one that lives it reads /proc (no disk).
//
// A process's first thread stays visible until the whole process has ended, so what may be asked
// about (freezing, thawing) runs on other threads.
bool thread_gone(const ThreadIdentity& thread);

// The thread runs, or sleeps where no signal wakes it: a system call that it is in will come to its
// end. False for one that is stopped, frozen by its cgroup, or waits for something that may never
// come; and for one that is gone. Reads /proc (no disk).
bool thread_works(const ThreadIdentity& thread);

// A process by descriptor (pidfd), so that a reused number is never signalled. Not freeze-safe.
base::Result<base::UniqueFd> open_process(pid_t process);
// All threads have ended. Freeze-safe.
bool process_ended(int pidfd);
// Freeze-safe. False when it had ended before, or may not be signalled.
bool kill_process(int pidfd);

// /proc/PID/stat, opened before it is needed; the pidfd of a killed process stays silent while one
// of its threads hangs in the kernel, but its first thread is a zombie by then.
base::Result<base::UniqueFd> open_process_stat(pid_t process);
enum class LeaderState { kRuns, kStopped, kGone };
// kGone: zombie, dead or no such process. Freeze-safe.
LeaderState leader_state(int stat_descriptor);

// Start time in clock ticks since boot; 0 when there is no such process. Reads /proc.
std::uint64_t process_start_time(pid_t process);

// The PID namespace's inode: process numbers mean something only inside one. 0: unknown.
std::uint64_t pid_namespace();

}  // namespace vss::platform
