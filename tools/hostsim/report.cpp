#include "hostsim/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

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

void print_line(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

}  // namespace hostsim
