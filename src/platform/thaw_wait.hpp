// Is a filesystem frozen? The kernel says so to nobody, but it lets a change wait for the thaw.
#pragma once

namespace vss::platform {

// Sleeps, not even to be killed, until the filesystem that a descriptor lies on is not frozen;
// returns at once where it is not. Changes nothing and reads no disk. Needs no right to write
// there. A disposable process calls it.
void wait_for_thaw(int directory);

}  // namespace vss::platform
