#include "hostsim/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "hostsim/message.hpp"

namespace hostsim {

std::string status_text(const StepReport& report) {
  if (!report.answered) return "NONE";
  if (report.status == kStatusOk) return "OK";
  if (report.status == kStatusFail) return "HV_E_FAIL";
  return fmt::format("{:#010x}", report.status);
}

std::string line_of(const StepReport& report, bool in_columns) {
  const double seconds = std::chrono::duration<double>(report.latency).count();
  std::string line =
      in_columns ? fmt::format("{:<12} {:<10} {:6.3f} s", report.name, status_text(report), seconds)
                 : fmt::format("{} {} {:.3f} s", report.name, status_text(report), seconds);
  if (!report.complaints.empty()) {
    line += fmt::format("  WRONG: {}", fmt::join(report.complaints, "; "));
  }
  return line;
}

Json json_of(const StepReport& report) {
  Json json;
  json["step"] = report.name;
  json["ok"] = report.ok();
  json["status"] = report.answered ? Json(fmt::format("{:#010x}", report.status)) : Json();
  json["latency_us"] = report.latency.count();
  json["complaints"] = report.complaints;
  return json;
}

namespace {

// Writing to a file may wait for as long as the guest, which may be this machine, is frozen.
bool stdout_may_freeze() {
  struct stat info{};
  struct statfs where{};
  if (::fstat(STDOUT_FILENO, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (::fstatfs(STDOUT_FILENO, &where) != 0) return true;
  return where.f_type != TMPFS_MAGIC && where.f_type != RAMFS_MAGIC;
}

}  // namespace

void print_line(const std::string& line) {
  // Then all lines wait for the end.
  static std::vector<char> memory(stdout_may_freeze() ? std::size_t{4} << 20 : 0);
  static const bool at_the_end =
      !memory.empty() && std::setvbuf(stdout, memory.data(), _IOFBF, memory.size()) == 0;
  fmt::print("{}\n", line);
  if (!at_the_end) std::fflush(stdout);
}

}  // namespace hostsim
