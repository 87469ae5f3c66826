// The trace of a channel: text, one JSON object a line.
#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "hostsim/host.hpp"

namespace hostsim {

// Writes what passes while it lives. Lines wait in memory until a THAW is answered: the file may
// lie on what the guest has frozen.
class TraceWriter : public Witness {
 public:
  static Result<std::unique_ptr<TraceWriter>> create(const std::string& path);

  void opened() override { write_event("open"); }
  void closed() override { write_event("closed"); }
  void sent(View packet) override { write_packet("host", packet); }
  void received(View packet) override;

  // Whether every line reached the file.
  Result<void> finish();

 private:
  explicit TraceWriter(const std::string& path) : path_(path), file_(path, std::ios::trunc) {}
  void write_event(const char* event);
  void write_packet(const char* from, View packet);
  std::int64_t microseconds() const;
  void write_waiting();

  std::string waiting_;
  std::string path_;
  std::ofstream file_;
  Clock::time_point began_ = Clock::now();
};

struct TraceEntry {
  enum class Kind { kHost, kGuest, kOpen, kClosed };
  Kind kind = Kind::kOpen;
  std::chrono::microseconds at{0};
  Bytes packet;
};

// The packets of a trace that was taken on a ring. An error names file, line and what is wrong.
Result<std::vector<TraceEntry>> read_trace(const std::string& path);

}  // namespace hostsim
