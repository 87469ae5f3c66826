// What the programs that use CLI11 have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "base/exit_status.hpp"

namespace vss::programs {

// Complaints begin with the program's name: they may stand in a log among others.
inline std::string failure_text(const CLI::App* app, const CLI::Error& error) {
  while (app->get_parent() != nullptr)
    app = app->get_parent();
  return app->get_name() + ": " + error.what() + "\nTry `" + app->get_name() + " --help`.\n";
}

// The status to exit with at once: what was asked for is printed (--help, --version), or the
// complaint. Nothing: go on.
inline std::optional<int> parse(CLI::App& app, int count, char** values) {
  app.failure_message(failure_text);
  try {
    app.parse(count, values);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? base::kExitYes : base::kExitUsage;
  }
  return std::nullopt;
}

}  // namespace vss::programs
