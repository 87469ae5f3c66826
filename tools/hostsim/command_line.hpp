// What the user asked for.
#pragma once

namespace hostsim {

// The whole program: parses, listens, runs the command. The exit status. `interrupt_fd` becomes
// readable when the user wants to leave; -1: nobody will.
int run_command_line(int count, const char* const* values, int interrupt_fd);

}  // namespace hostsim
