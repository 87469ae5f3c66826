// PID 1's work after the sandbox is verified: starts programs for the harness and reaps them.
#pragma once

namespace vss::e2e {

// Serves SOCK_SEQPACKET `socket` until its other end is closed. Programs are children of this
// process, never of one outside: when PID 1 ends the kernel ends them all, and nobody outside has
// to be alive to reap them.
//
//   ← "GID,GID…\0UID\0N\0" N environment strings, then the words of the command, each ended by \0;
//     with two descriptors, stdout and stderr
//   → "started PID", with a pidfd; PID as seen inside
//   → "exited PID STATUS" (a signal as its negative number); also for orphans nobody asked for
void serve_programs(int socket);

}  // namespace vss::e2e
