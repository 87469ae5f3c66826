// The commands `record` and `replay`: a conversation to a file, and from there to another guest.
#pragma once

#include <string>
#include <vector>

#include "hostsim/backup.hpp"
#include "hostsim/trace.hpp"

namespace hostsim {

// A backup whose packets are written to the file. The exit status.
int run_record(Host& host, const std::string& path, const BackupOptions& options);

struct ReplayOptions {
  bool fast = false;  // without the recorded pauses
};

// The host's packets in order; each answer is compared with the recorded one. The exit status.
int run_replay(Host& host, const std::vector<TraceEntry>& trace, const ReplayOptions& options);

}  // namespace hostsim
