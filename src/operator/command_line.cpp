#include "operator/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "base/exit_status.hpp"
#include "config/nearest_name.hpp"

namespace vss::operators {
namespace {

constexpr std::array<std::string_view, 12> kVerbs{"status",  "writers", "plan",     "history",
                                                  "explain", "check",   "snapshot", "hold",
                                                  "release", "thaw",    "doctor",   "rehearse"};
constexpr std::array<std::string_view, 3> kGrades{"crash", "filesystem", "application"};
constexpr double kHoldMaxSeconds = 3600;

// What CLI11 fills in, before it is checked.
struct Raw {
  std::optional<std::string> config_file, runtime_dir, id, require;
  std::vector<std::string> filesystems;
  std::optional<double> hold_max;
  bool json = false, verbose = false, force = false;
};

bool takes_transaction(Verb verb) {
  return verb == Verb::kPlan || verb == Verb::kCheck || verb == Verb::kSnapshot ||
         verb == Verb::kHold || verb == Verb::kRehearse;
}
bool takes_hold(Verb verb) {
  return verb == Verb::kSnapshot || verb == Verb::kHold || verb == Verb::kRehearse;
}
bool takes_json(Verb verb) {
  return verb == Verb::kStatus || verb == Verb::kWriters || verb == Verb::kPlan ||
         verb == Verb::kHistory || verb == Verb::kExplain || verb == Verb::kDoctor ||
         verb == Verb::kRehearse;
}

Ending usage_error(Verb verb, const std::string& message) {
  const std::string name(kVerbs[static_cast<std::size_t>(verb)]);
  return {.status = verb == Verb::kSnapshot ? base::kExitNotRun : base::kExitUsage,
          .text = "vssctl " + name + ": " + message + "\nTry `vssctl " + name + " --help`.\n"};
}

Ending no_verb_error(const std::string& message) {
  return {.status = base::kExitUsage, .text = "vssctl: " + message + "\nTry `vssctl --help`.\n"};
}

Ending unknown_command(std::string_view word) {
  return no_verb_error("unknown command `" + std::string(word) + '`' +
                       config::allowed_names(word, kVerbs));
}

void add_options(CLI::App& app, Verb verb, Raw& raw) {
  app.set_help_flag("-h,--help");
  app.add_option("--config", raw.config_file);
  app.add_option("--runtime-dir", raw.runtime_dir);
  if (takes_json(verb)) app.add_flag("--json", raw.json);
  if (takes_transaction(verb)) {
    app.add_option("--filesystems", raw.filesystems)->expected(1, -1);
    app.add_option("--require", raw.require);
  }
  if (takes_hold(verb)) app.add_option("--hold-max", raw.hold_max);
  if (verb == Verb::kSnapshot || verb == Verb::kPlan) app.add_flag("-v,--verbose", raw.verbose);
  if (verb == Verb::kThaw) app.add_flag("--force", raw.force);
  if (verb == Verb::kExplain || verb == Verb::kRelease) app.add_option("id", raw.id);
}

// A message, or nothing when all is well.
using Complaint = std::optional<std::string>;

Complaint take_filesystems(const std::vector<std::string>& words, TransactionOptions& to) {
  if (words.empty()) return std::nullopt;
  const bool word = std::ranges::find(words, "all") != words.end() ||
                    std::ranges::find(words, "none") != words.end();
  if (word && words.size() > 1) {
    return "--filesystems takes `all`, `none`, or paths of mount points, not both";
  }
  if (word) {
    to.selection = words[0] == "all" ? wire::Selection::kAll : wire::Selection::kNone;
    return std::nullopt;
  }
  if (words.size() > base::kSelectedPathsMax) {
    return "--filesystems takes at most " + std::to_string(base::kSelectedPathsMax) +
           " paths; use all with filesystems.exclude in the configuration";
  }
  to.selection = wire::Selection::kPaths;
  for (const auto& word_or_path : words) {
    std::error_code error;
    std::string path = std::filesystem::absolute(word_or_path, error).lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/'))
      path.pop_back();
    if (word_or_path.empty() || error || path.size() > wire::Path::capacity()) {
      return "--filesystems: `" + word_or_path + "` is empty or longer than " +
             std::to_string(wire::Path::capacity()) + " bytes";
    }
    to.paths.push_back(std::move(path));
  }
  return std::nullopt;
}

Complaint take_require(const std::optional<std::string>& word, std::optional<wire::Grade>& to) {
  if (!word) return std::nullopt;
  const auto found = std::ranges::find(kGrades, std::string_view(*word));
  if (found == kGrades.end()) {
    return "--require cannot be `" + *word + '`' + config::allowed_names(*word, kGrades);
  }
  to = static_cast<wire::Grade>(found - kGrades.begin());
  return std::nullopt;
}

Complaint take(const Raw& raw, Options& options) {
  options.config_file = raw.config_file;
  options.runtime_dir = raw.runtime_dir;
  options.json = raw.json;
  options.verbose = raw.verbose;
  options.force = raw.force;
  if (raw.hold_max) {
    // Not-a-number fails the comparison too.
    if (!(*raw.hold_max >= 0.001 && *raw.hold_max <= kHoldMaxSeconds)) {
      return "--hold-max must be a number of seconds above 0 and at most 3600";
    }
    options.transaction.hold_max = base::milliseconds(std::llround(*raw.hold_max * 1000));
  }
  if (raw.id) {
    options.id = base::parse_transaction_id(*raw.id);
    if (!options.id) {
      return "`" + *raw.id +
             "` is no transaction's id; one looks like 6a11f0c2-3, and `vssctl history` lists them";
    }
  }
  if (auto complaint = take_filesystems(raw.filesystems, options.transaction)) return complaint;
  return take_require(raw.require, options.transaction.require);
}

// CLI11 takes an empty value for none, and an unset variable of a script would go unnoticed.
Complaint find_empty(const std::vector<std::string>& arguments) {
  for (const auto& argument : arguments) {
    if (argument.empty()) return "an argument is empty";
    if (argument.starts_with("--") && argument.ends_with('=')) {
      return '`' + argument + "` has no value";
    }
  }
  return std::nullopt;
}

// CLI11 speaks in exceptions; they end here.
Complaint parse_with_cli11(CLI::App& app, std::vector<std::string> arguments) {
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return std::nullopt;
}

std::variant<Options, Ending> parse_verb(Verb verb, std::vector<std::string> arguments) {
  Options options;
  options.verb = verb;
  bool has_command = false;
  if (verb == Verb::kSnapshot) {
    // Cut here and not by CLI11: what stands behind `--` is not ours to understand.
    const auto dashes = std::ranges::find(arguments, "--");
    has_command = dashes != arguments.end() && dashes + 1 != arguments.end();
    if (has_command) options.command.assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
  }
  for (const char* help : {"--help", "-h"}) {
    if (std::ranges::find(arguments, help) != arguments.end()) {
      return Ending{.status = base::kExitYes,
                    .text = std::string(help_text(kVerbs[static_cast<std::size_t>(verb)]))};
    }
  }
  Raw raw;
  CLI::App app;
  add_options(app, verb, raw);
  Complaint complaint = find_empty(arguments);
  if (!complaint) complaint = parse_with_cli11(app, std::move(arguments));
  if (!complaint) complaint = take(raw, options);
  if (!complaint && verb == Verb::kSnapshot && !has_command) {
    complaint = "COMMAND is missing; write it behind `--`";
  }
  if (complaint) return usage_error(verb, *complaint);
  return options;
}

}  // namespace

std::variant<Options, Ending> parse_command_line(std::span<const std::string> arguments) {
  // The options that every command has may also stand before it.
  std::vector<std::string> rest;
  while (!arguments.empty() &&
         (arguments[0].starts_with("--runtime-dir") || arguments[0].starts_with("--config"))) {
    const std::size_t words = arguments[0].find('=') == std::string::npos ? 2 : 1;
    const auto option = arguments.first(std::min(words, arguments.size()));
    rest.insert(rest.end(), option.begin(), option.end());
    arguments = arguments.subspan(option.size());
  }
  if (arguments.empty()) return no_verb_error("COMMAND is missing");
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") {
    const bool of_verb = first == "help" && arguments.size() > 1;
    const std::string_view verb = of_verb ? std::string_view(arguments[1]) : std::string_view();
    if (of_verb && std::ranges::find(kVerbs, verb) == kVerbs.end()) return unknown_command(verb);
    return Ending{.status = base::kExitYes, .text = std::string(help_text(verb))};
  }
  if (first == "--version") {
    return Ending{.status = base::kExitYes, .text = "vssctl (OpenVSS) " OPENVSS_VERSION "\n"};
  }
  const auto found = std::ranges::find(kVerbs, std::string_view(first));
  if (found == kVerbs.end()) {
    if (first.starts_with('-')) return no_verb_error('`' + first + "` stands behind its command");
    return unknown_command(first);
  }
  rest.insert(rest.end(), arguments.begin() + 1, arguments.end());
  return parse_verb(static_cast<Verb>(found - kVerbs.begin()), std::move(rest));
}

}  // namespace vss::operators
