// vss-freezer: the one process that freezes and thaws filesystems. Also called as hv_vss_daemon.
#include <unistd.h>

#include <span>

#include "base/exit_status.hpp"
#include "freezer/mount_detail.hpp"
#include "freezer/options.hpp"
#include "freezer/recovery.hpp"
#include "freezer/service.hpp"
#include "platform/console.hpp"

namespace {

using vss::base::Error;
using vss::freezer::Options;

vss::base::Result<int> run_plan(const Options& options) {
  auto source = vss::freezer::PlanSource::open(options.places(), options.limits());
  if (!source) return std::unexpected(source.error());
  auto planning = (*source).make(options.request);
  if (!planning) return std::unexpected(planning.error());
  using vss::text::Folding;
  using vss::text::Strokes;
  vss::platform::print_all(vss::freezer::plan_text(
      (*planning)->plan, vss::platform::locale_has_utf8() ? Strokes::kBoxes : Strokes::kAscii,
      options.verbose ? Folding::kNone : Folding::kAlike));
  if (!(*planning)->passed_over.empty()) {
    vss::platform::print_all("Warning: " + (*planning)->passed_over + "\n");
  }
  return (*planning)->plan.vetoes.empty() ? vss::base::kExitYes : vss::base::kExitNo;
}

vss::base::Result<int> run_as_root(const Options& options) {
  if (::geteuid() != 0) {
    return vss::base::fail("vss-freezer freezes filesystems and so needs to run as root", 0,
                           vss::base::ErrorKind::kPrerequisite);
  }
  return options.mode == Options::Mode::kThaw ? vss::freezer::run_thaw(options)
                                              : vss::freezer::run_service(options);
}

vss::base::Result<int> run(const Options& options) {
  switch (options.mode) {
    case Options::Mode::kHelp:
      vss::platform::print_all(vss::freezer::usage(options.as_hv_vss_daemon));
      // The original's usage is a failure.
      return options.as_hv_vss_daemon ? vss::base::kExitNo : vss::base::kExitYes;
    case Options::Mode::kVersion:
      vss::platform::print_all("vss-freezer (OpenVSS) " OPENVSS_VERSION "\n");
      return vss::base::kExitYes;
    case Options::Mode::kPlan: return run_plan(options);
    case Options::Mode::kService:
    case Options::Mode::kThaw: break;
  }
  return run_as_root(options);
}

int report(const Error& error) {
  vss::platform::print_line(STDERR_FILENO, "vss-freezer: " + error.message);
  return vss::base::exit_status_of(error);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = vss::freezer::parse_options(std::span(argv, static_cast<std::size_t>(argc)));
  if (!options) return report(options.error());
  const auto status = run(*options);
  return status ? *status : report(status.error());
}
