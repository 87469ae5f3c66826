// The command line of vss-freezer, and of hv_vss_daemon, as which it takes the original's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/runtime_paths.hpp"
#include "freezer/plan_source.hpp"
#include "wire/filesystems.hpp"

namespace vss::freezer {

struct Options {
  enum class Mode { kService, kPlan, kThaw, kHelp, kVersion };
  Mode mode = Mode::kService;
  std::string runtime_directory = base::runtime::kDirectoryDefault;

  std::vector<std::string> only;
  bool allow_root = false;
  enum class Namespace { kAutomatic, kSelf, kInit };
  Namespace mounts = Namespace::kAutomatic;
  bool all_namespaces = false;

  // Service.
  bool exit_with_driver = false;
  bool require_locked_memory = false;
  bool background = false;  // as hv_vss_daemon without -n
  bool debug = false;

  // --thaw.
  bool force = false;

  // --plan: what vssd would ask for.
  wire::FilesystemRequest request;
  std::string recorded_in;  // a directory; empty: this machine
  bool verbose = false;

  bool as_hv_vss_daemon = false;

  TableOf table() const;
  PlanSource::Places places() const;
  PlanLimits limits() const;
};

// `arguments[0]` is the name it was called by. Errors are ErrorKind::kUsage and name the argument.
base::Result<Options> parse_options(std::span<char* const> arguments);

std::string_view usage(bool as_hv_vss_daemon);

}  // namespace vss::freezer
