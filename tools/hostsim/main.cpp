// vss-hostsim: the host's end of the Hyper-V VSS channel.
#include <fmt/format.h>
#include <sys/signalfd.h>

#include <csignal>
#include <exception>

#include "hostsim/command_line.hpp"
#include "hostsim/unique_fd.hpp"

int main(int count, char** values) {
  // Read from a descriptor, so that the guest is thawed before the host leaves.
  sigset_t leave;
  sigemptyset(&leave);
  sigaddset(&leave, SIGINT);
  sigaddset(&leave, SIGTERM);
  sigprocmask(SIG_BLOCK, &leave, nullptr);
  const hostsim::UniqueFd interrupt(::signalfd(-1, &leave, SFD_CLOEXEC | SFD_NONBLOCK));
  try {
    return hostsim::run_command_line(count, values, interrupt.get());
  } catch (const std::exception& error) {
    // Memory or a closed stdout: nothing of ours throws.
    std::fputs(error.what(), stderr);
    return 1;
  }
}
