// vssctl's command line and its help texts.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "operator/options.hpp"

namespace vss::operators {

// Nothing is to be done but to print and end: help or version (status 0), or a usage error.
struct Ending {
  int status = 0;
  std::string text;  // for standard output when status is 0, else for standard error
};

// `arguments` without the program's name. Never throws.
std::variant<Options, Ending> parse_command_line(std::span<const std::string> arguments);

// The help of one subcommand, or of vssctl itself (empty name). At most 24 lines of 80 columns.
std::string_view help_text(std::string_view subcommand);

}  // namespace vss::operators
