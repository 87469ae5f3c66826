// The guest itself: its port to the host, its children's ends, its own end.
#pragma once

#include <expected>
#include <string>

namespace vmagent {

// The virtio-serial port of that name, without waiting for reads; waits a while until it is there.
std::expected<int, std::string> open_port(const std::string& name);

// Readable when a child has ended.
int reaping_descriptor();
void drain_reaping_descriptor();

// A number of the kernel's command line, as in `vmtest.guard=60`.
long kernel_argument(const std::string& name, long otherwise);

// Says the verdict on the console and leaves the machine with the code, through QEMU's debug-exit
// device. Nothing is synced and nothing is unmounted: a disk may be frozen on purpose.
[[noreturn]] void finish(int code);

}  // namespace vmagent
