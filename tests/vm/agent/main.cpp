// vm_agent: the hands of a test inside its virtual machine. Static; lies on a tmpfs, not on the
// disk that is frozen. Process 1 of the small machine, a unit of one with systemd.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "agent.hpp"
#include "machine.hpp"

int main() {
  const auto fail = [](const std::string& why) {
    std::fprintf(stderr, "vm_agent: %s\n", why.c_str());
    return 1;
  };
  setenv("PATH", "/run/vmtest/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  vmagent::reaping_descriptor();  // no child may end unnoticed
  const auto watchdog =
      vmagent::Watchdog::start(std::chrono::seconds(vmagent::kernel_argument("vmtest.guard", 120)));
  if (!watchdog) return fail(watchdog.error());
  mlockall(MCL_CURRENT | MCL_FUTURE);
  const auto port = vmagent::open_port("openvss.test");
  if (!port) return fail(port.error());
  vmagent::Agent(*port, *watchdog).run();
  return fail("the port to the host is broken");
}
