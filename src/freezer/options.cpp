#include "freezer/options.hpp"

#include <optional>
#include <string_view>

#include "base/exclude_pattern.hpp"

namespace vss::freezer {
namespace {

constexpr std::string_view kUsage =
    R"(usage: vss-freezer [OPTION...]          freeze and thaw filesystems for vssd; root
       vss-freezer --plan [OPTION...]   print what would be frozen, in which order, why
       vss-freezer --thaw [--force]     thaw what a service that is gone has left frozen

  --runtime-dir DIR        sockets and slots, on tmpfs (default /run/openvss)
  --only PATH              freeze nothing but this mount point; may be repeated
  --allow-root             also what holds /, our executables or the runtime directory
  --namespace self|init    whose mounts: this process's or process 1's (default: init,
                           but self with --only or where both are the same)
  --all-namespaces         also what only other mount namespaces mount; not with --only
  --exit-with-driver       end when vssd is gone
  --require-locked-memory  refuse to work when memory cannot be locked
  --debug                  say more on standard error (never while anything is frozen)
With --plan, whose exit status is 1 when a snapshot would fail:
  --from DIR               of the machine recorded in DIR by tools/record_plan.sh; no root
  --exclude PATTERN        leave out by mount point (/mnt/*), or by device:PATTERN,
                           label:PATTERN or type:PATTERN; may be repeated
  --policy sync|fail       what cannot be frozen is synced (default), or fails the plan
  --require GRADE          the least that will do: application, filesystem, crash
  --verbose                a line for every mount
With --thaw, whose exit status is 0 when nothing is frozen any more:
  --force                  first kill whatever still holds on to it
  --help, --version
)";

constexpr std::string_view kDaemonUsage = R"(usage: hv_vss_daemon [-dn]

  -d  debug: say more on standard error
  -n  stay in the foreground
  -h  this text
)";

class Parser {
 public:
  explicit Parser(std::span<char* const> arguments) : arguments_(arguments) {}

  base::Result<Options> parse() {
    if (called_as_daemon()) return parse_daemon();
    for (next_ = 1; next_ < arguments_.size(); ++next_) {
      if (auto taken = take(arguments_[next_]); !taken) return std::unexpected(taken.error());
    }
    return checked();
  }

 private:
  bool called_as_daemon() const {
    const std::string_view name = arguments_.empty() ? "" : arguments_[0];
    return name.substr(name.rfind('/') + 1) == "hv_vss_daemon";
  }

  // The original's getopt letters; ours follow, so that the unit can pass them under that name too.
  base::Result<Options> parse_daemon() {
    options_.as_hv_vss_daemon = options_.background = true;
    for (next_ = 1; next_ < arguments_.size(); ++next_) {
      const std::string_view argument = arguments_[next_];
      if (argument.size() < 2 || argument[0] != '-' || argument[1] == '-') {
        if (auto taken = take(argument); !taken) return std::unexpected(taken.error());
        continue;
      }
      for (const char letter : argument.substr(1)) {
        if (letter == 'd') {
          options_.debug = true;
        } else if (letter == 'n') {
          options_.background = false;
        } else if (letter == 'h') {
          options_.mode = Options::Mode::kHelp;
        } else {
          return unknown(argument);
        }
      }
    }
    return checked();
  }

  base::Status take(std::string_view argument) {
    using Mode = Options::Mode;
    if (argument == "--help" || argument == "-h") return mode(Mode::kHelp);
    if (argument == "--version") return mode(Mode::kVersion);
    if (argument == "--plan") return mode(Mode::kPlan);
    if (argument == "--thaw") return mode(Mode::kThaw);
    if (argument == "--allow-root") return flag(options_.allow_root);
    if (argument == "--all-namespaces") return flag(options_.all_namespaces);
    if (argument == "--exit-with-driver") return flag(options_.exit_with_driver);
    if (argument == "--require-locked-memory") return flag(options_.require_locked_memory);
    if (argument == "--debug") return flag(options_.debug);
    if (argument == "--force") return flag(options_.force);
    if (argument == "--verbose") return verbose();
    return take_value(argument);
  }

  base::Status take_value(std::string_view argument) {
    const auto equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto handler = handler_of(name);
    if (handler == nullptr) return unknown(argument);
    if (equals != std::string_view::npos) return (this->*handler)(argument.substr(equals + 1));
    if (next_ + 1 == arguments_.size()) {
      return base::fail_usage(std::string(name) + " needs a value; see --help");
    }
    return (this->*handler)(arguments_[++next_]);
  }

  using Handler = base::Status (Parser::*)(std::string_view);
  static Handler handler_of(std::string_view name) {
    if (name == "--runtime-dir") return &Parser::runtime_directory;
    if (name == "--only") return &Parser::only;
    if (name == "--namespace") return &Parser::mounts;
    if (name == "--exclude") return &Parser::exclude;
    if (name == "--policy") return &Parser::policy;
    if (name == "--require") return &Parser::require;
    if (name == "--from") return &Parser::from;
    return nullptr;
  }

  base::Status runtime_directory(std::string_view value) {
    options_.runtime_directory = value;
    return {};
  }
  base::Status only(std::string_view value) {
    if (value.empty() || value[0] != '/') return bad("--only", value, "an absolute mount point");
    options_.only.emplace_back(value);
    return {};
  }
  base::Status mounts(std::string_view value) {
    if (value == "self") {
      options_.mounts = Options::Namespace::kSelf;
    } else if (value == "init") {
      options_.mounts = Options::Namespace::kInit;
    } else {
      return bad("--namespace", value, "self or init");
    }
    return {};
  }
  base::Status exclude(std::string_view value) {
    plan_option_ = "--exclude";
    if (!base::parse_exclude_pattern(value)) {
      return bad("--exclude", value, base::kExcludeForms);
    }
    const base::FixedText<256> pattern{value};
    if (pattern.view() != value || !options_.request.exclude.push_back(pattern)) {
      return bad("--exclude", value, "one of at most 64 patterns, and of at most 256 bytes");
    }
    return {};
  }
  base::Status from(std::string_view value) {
    plan_option_ = "--from";
    if (value.empty()) return bad("--from", value, "a directory");
    options_.recorded_in = value;
    return {};
  }
  base::Status verbose() {
    plan_option_ = "--verbose";
    return flag(options_.verbose);
  }
  base::Status policy(std::string_view value) {
    plan_option_ = "--policy";
    if (value == "sync") {
      options_.request.unfreezable = wire::UnfreezablePolicy::kSync;
    } else if (value == "fail") {
      options_.request.unfreezable = wire::UnfreezablePolicy::kFail;
    } else {
      return bad("--policy", value, "sync or fail");
    }
    return {};
  }
  base::Status require(std::string_view value) {
    plan_option_ = "--require";
    if (value == "application") {
      options_.request.require = wire::Grade::kApplication;
    } else if (value == "filesystem") {
      options_.request.require = wire::Grade::kFilesystem;
    } else if (value == "crash") {
      options_.request.require = wire::Grade::kCrash;
    } else {
      return bad("--require", value, "application, filesystem or crash");
    }
    return {};
  }

  base::Status mode(Options::Mode mode) {
    const bool both = options_.mode != Options::Mode::kService && options_.mode != mode;
    if (both && mode != Options::Mode::kHelp) {
      return base::fail_usage("--plan, --thaw and --version exclude each other");
    }
    options_.mode = mode;
    return {};
  }
  static base::Status flag(bool& value) {
    value = true;
    return {};
  }
  static std::unexpected<base::Error> unknown(std::string_view argument) {
    return base::fail_usage("unknown argument '" + std::string(argument) + "'; see --help");
  }
  static std::unexpected<base::Error> bad(std::string_view name, std::string_view value,
                                          std::string_view wanted) {
    return base::fail_usage(std::string(name) + " '" + std::string(value) + "': it must be " +
                            std::string(wanted));
  }

  base::Result<Options> checked() {
    using Mode = Options::Mode;
    if (!plan_option_.empty() && options_.mode != Mode::kPlan && options_.mode != Mode::kHelp) {
      return base::fail_usage(std::string(plan_option_) + " belongs to --plan");
    }
    if (options_.all_namespaces && !options_.only.empty()) {
      return base::fail_usage("--all-namespaces and --only exclude each other");
    }
    if (options_.all_namespaces && !options_.recorded_in.empty()) {
      return base::fail_usage(
          "--from has one mount table, so --all-namespaces does not go with it");
    }
    if (!options_.recorded_in.empty() && options_.mounts != Options::Namespace::kAutomatic) {
      return base::fail_usage("--from names the mount table, so --namespace does not go with it");
    }
    if (options_.force && options_.mode != Mode::kThaw) {
      return base::fail_usage("--force belongs to --thaw");
    }
    if (options_.runtime_directory.empty() || options_.runtime_directory[0] != '/') {
      return bad("--runtime-dir", options_.runtime_directory, "an absolute path");
    }
    return std::move(options_);
  }

  std::span<char* const> arguments_;
  std::size_t next_ = 0;
  Options options_;
  std::string_view plan_option_;
};

}  // namespace

base::Result<Options> parse_options(std::span<char* const> arguments) {
  return Parser(arguments).parse();
}

std::string_view usage(bool as_hv_vss_daemon) {
  return as_hv_vss_daemon ? kDaemonUsage : kUsage;
}

TableOf Options::table() const {
  if (mounts == Namespace::kSelf) return TableOf::kSelf;
  if (mounts == Namespace::kInit) return TableOf::kProcess1;
  return !only.empty() || shares_namespace_with_process_1() ? TableOf::kSelf : TableOf::kProcess1;
}

PlanSource::Places Options::places() const {
  if (!recorded_in.empty()) return PlanSource::recorded_in(recorded_in);
  PlanSource::Places places = PlanSource::places_of(table());
  places.all_namespaces = all_namespaces;
  return places;
}

PlanLimits Options::limits() const {
  return {only, allow_root, runtime_directory};
}

}  // namespace vss::freezer
