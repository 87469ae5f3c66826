// Does in the guest what the host's test asks for, over a virtio-serial port, a JSON text a line.
//
// Requests, each with an "id" that its answer carries:
//   {"do": "start", "words": [...], "environment": {}, "input": ""}   → {"pid": n}
//   {"do": "signal", "pid": n, "signal": 9}                           → {}
//   {"do": "so_far", "pid": n}                                        → {"output", "errors"}
//   {"do": "read", "path": "/proc/mounts"}                            → {"text"}
//   {"do": "read_hex", "path": "/run/page", "at_most": 4096}          → {"hex"}
//   {"do": "exists", "path": "/run/f"}                                → {"exists": true}
//   {"do": "clock"}                                                   → {"boottime_ns": n}
//   {"do": "write", "path": "/run/f", "text": "", "mode": 420}        → {}; never to a disk
//   {"do": "finish", "code": 0}                                       → the machine ends
// An error is {"error": "..."}. The end of a process comes by itself:
//   {"exited": pid, "status": n or -signal, "output": "", "errors": ""}
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "job.hpp"
#include "watchdog.hpp"

namespace vmagent {

class Agent {
 public:
  Agent(int port, Watchdog watchdog);

  // Returns only when the port is broken.
  void run();

 private:
  void read_port();
  void on_line(const std::string& line);
  nlohmann::json answer(const nlohmann::json& request);
  nlohmann::json start_job(const nlohmann::json& request);
  void reap();
  void send(const nlohmann::json& message);

  int port_;
  Watchdog watchdog_;
  bool broken_ = false;
  std::string unread_;
  std::map<pid_t, Job> jobs_;
};

}  // namespace vmagent
