#include "vssd_setup.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/runtime_paths.hpp"
#include "platform/console.hpp"
#include "platform/directories.hpp"
#include "platform/kernel_limits.hpp"
#include "platform/memory.hpp"
#include "platform/runtime_directory.hpp"
#include "platform/shared_file.hpp"

namespace vss::programs {

namespace runtime = base::runtime;

namespace {

constexpr const char* kServiceUser = "vss";
constexpr rlim_t kSpareDescriptors = 256;          // beyond one for each writer
constexpr std::size_t kHeapBytes = 24U << 20;      // what vssd uses with a few writers, and room
constexpr std::size_t kHeapBytesPerWriter = 3328;  // docs/scale.md says what of
constexpr std::size_t kStackBytes = 512U << 10;    // frames of 64 KiB are built on it

std::string in_runtime(const config::Configuration& configuration, const char* name) {
  return configuration.runtime_dir + "/" + name;
}

platform::DirectoryOwner owner_of(const Identity& identity) {
  if (!identity.become) return {};
  return {.user = identity.become->user_id, .group = identity.become->group_id};
}

std::string directory_of_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

// Under a limit, what is locked at first would fit and what is taken later would not: an allocation
// would fail while something is held. Root is not limited, and CAP_IPC_LOCK is kept when it is
// given up.
void allow_all_or_no_locking(const Identity& identity) {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (!identity.was_root && limit.rlim_max != RLIM_INFINITY) limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_MEMLOCK, &limit);
}

base::Result<std::string> find_program(const std::string& name) {
  const std::string here = directory_of_program();
  for (const char* beside : {"/", "/../libexec/openvss/"}) {
    std::string path = here;
    path.append(beside).append(name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return base::fail("cannot find " + name + " beside vssd (" + here + ") or in its libexec", ENOENT,
                    base::ErrorKind::kPrerequisite);
}

base::Status give_to_writers(const config::Configuration& configuration, Warnings& warnings) {
  const auto group = platform::find_group(configuration.socket_group);
  if (!group) {
    warnings.add("there is no group " + configuration.socket_group +
                 ": only root's writers can connect to app.sock");
    return {};
  }
  return platform::give_to(in_runtime(configuration, runtime::kAppSocket),
                           {.user = {}, .group = group});
}

// One problem a line, as config::load() tells them.
std::string in_one_line(std::string problems) {
  for (std::size_t at = 0; (at = problems.find('\n', at)) != std::string::npos; at += 2)
    problems.replace(at, 1, "; ");
  return problems;
}

// The first problem is cut so that the remedy keeps its place.
coordinator::Reason veto_because_of(const std::string& problems) {
  const auto more = std::ranges::count(problems, '\n');
  coordinator::Reason veto{"the configuration is wrong: "};
  veto.append(base::FixedText<150>{std::string_view(problems).substr(0, problems.find('\n'))});
  if (more > 0) veto.append(" (and ").append_number(more).append(" more)");
  return veto.append("; correct it, then systemctl restart vssd");
}

}  // namespace

void Warnings::add(const std::string& text) {
  // As the log, it never waits for who reads it.
  platform::print_line(STDERR_FILENO, "vssd: warning: " + text);
  all_.push_back(text);
}

base::Result<config::Configuration> load_configuration(const VssdOptions& options) {
  config::LoadOptions load = options.load;
  const platform::KernelLimits kernel = platform::read_kernel_limits();
  load.kernel = {.hung_task_panic = kernel.hung_task_panic,
                 .hung_task_timeout = kernel.hung_task_timeout,
                 .watchdog_timeout = kernel.watchdog_timeout};
  auto configuration = config::load(load);
  if (configuration && options.log_level) configuration->log_level = *options.log_level;
  return configuration;
}

config::Configuration refusing_configuration(const VssdOptions& options, const base::Error& wrong,
                                             platform::ServiceNotifier& manager,
                                             Warnings& warnings) {
  config::Configuration configuration;
  if (options.load.runtime_dir) configuration.runtime_dir = *options.load.runtime_dir;
  if (options.load.state_dir) configuration.state_dir = *options.load.state_dir;
  if (options.log_level) configuration.log_level = *options.log_level;
  configuration.policy.standing_veto = veto_because_of(wrong.message);
  warnings.add("the configuration was not used: " + in_one_line(wrong.message));
  manager.say(configuration.policy.standing_veto.view());
  return configuration;
}

Identity choose_identity(Warnings& warnings) {
  if (::geteuid() != 0) return {};
  if (auto user = platform::find_user(kServiceUser)) return {.become = user, .was_root = true};
  warnings.add("there is no user vss: running as nobody; packages make the user");
  return {.become = platform::find_user("nobody"), .was_root = true};
}

base::Result<base::UniqueFd> set_up_runtime_directory(const config::Configuration& configuration,
                                                      const Identity& identity) {
  const std::string& directory = configuration.runtime_dir;
  // A service that was not started as root finds what its manager made.
  const bool exists = ::access(directory.c_str(), F_OK) == 0;
  const auto ready = identity.was_root || !exists ? platform::make_runtime_directory(directory)
                                                  : platform::check_runtime_directory(directory);
  if (!ready) return std::unexpected(ready.error());
  const std::string own = in_runtime(configuration, runtime::kDriverDirectory);
  if (auto made = platform::make_directory(own, 0700, owner_of(identity)); !made) {
    return std::unexpected(made.error());
  }
  return platform::lock_directory(own);
}

base::Result<base::UniqueFd> open_note(const config::Configuration& configuration,
                                       const Identity& identity) {
  const std::string path = in_runtime(configuration, runtime::kDriverNote);
  if (identity.was_root && ::access(path.c_str(), F_OK) == 0) {
    // A driver before this one made it as its own user; root looks at what belongs to root only.
    if (auto given = platform::give_to(path, {.user = 0, .group = 0}); !given) {
      return std::unexpected(given.error());
    }
  }
  auto file = platform::open_shared_file(path, driver::kNoteBytes, 0600);
  if (!file) return std::unexpected(file.error());
  if (identity.become) {
    if (auto given = platform::give_to(path, owner_of(identity)); !given) {
      return std::unexpected(given.error());
    }
  }
  return std::move(file->fd);
}

Sockets::~Sockets() {
  for (const std::string& path : made_)
    ::unlink(path.c_str());
}

base::Result<Sockets> Sockets::make(const config::Configuration& configuration,
                                    const Identity& identity, InheritedSockets inherited,
                                    Warnings& warnings) {
  Sockets sockets;
  const auto get = [&](base::UniqueFd& socket, const char* name, const char* file,
                       mode_t mode) -> base::Status {
    if (const auto found = inherited.find(name); found != inherited.end()) {
      socket = std::move(found->second);
      return {};
    }
    const std::string path = in_runtime(configuration, file);
    auto made = platform::listen_at(path, mode);
    if (!made) return std::unexpected(made.error());
    socket = std::move(*made);
    sockets.made_.push_back(path);
    return {};
  };
  driver::DriverSockets& three = sockets.sockets_;
  auto done = get(three.app, "app", runtime::kAppSocket, 0660);
  if (done) done = get(three.freezer, "freezer", runtime::kFreezerSocket, 0600);
  if (done) done = get(three.control, "control", runtime::kControlSocket, 0666);
  if (done && identity.was_root && !inherited.contains("app")) {
    done = give_to_writers(configuration, warnings);
  }
  if (!done) return std::unexpected(done.error());
  return sockets;
}

base::Status set_up_state_directory(const config::Configuration& configuration,
                                    const Identity& identity) {
  return platform::make_directory(configuration.state_dir, 0750, owner_of(identity));
}

base::TransactionId last_thawed_on_page(const config::Configuration& configuration) {
  const auto file = platform::open_for_reading(in_runtime(configuration, runtime::kThawedPage));
  driver::ThawedPage page;
  return file && page.map(file->get()) ? page.last_thawed() : base::TransactionId{};
}

base::Result<platform::Keeper> start_helpers(const config::Configuration& configuration,
                                             const VssdOptions& options) {
  const auto guardian = find_program("vss-guardian");
  if (!guardian) return std::unexpected(guardian.error());
  const auto freezer = find_program("vss-freezer");
  if (!freezer) return std::unexpected(freezer.error());
  const std::vector<std::string> common{"--runtime-dir", configuration.runtime_dir};
  std::vector<std::string> freezer_arguments = common;
  freezer_arguments.push_back("--exit-with-driver");
  freezer_arguments.insert(freezer_arguments.end(), options.freezer_options.begin(),
                           options.freezer_options.end());
  return platform::Keeper::start(
      {{.name = "vss-guardian",
        .executable = *guardian,
        .arguments = common,
        .ready_socket = in_runtime(configuration, runtime::kGuardianSocket)},
       {.name = "vss-freezer",
        .executable = *freezer,
        .arguments = freezer_arguments,
        .ready_socket = {}}});
}

base::Status reserve_resources(const config::Configuration& configuration, const Identity& identity,
                               Warnings& warnings) {
  const std::size_t writers = configuration.policy.writers_max;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = writers + kSpareDescriptors;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    if (identity.was_root) limit.rlim_max = std::max(limit.rlim_max, wanted);
    limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted) {
      warnings.add("only " + std::to_string(limit.rlim_cur) + " file descriptors for " +
                   std::to_string(writers) + " writers: raise LimitNOFILE");
    }
  }
  // Not permitted without CAP_SYS_RESOURCE, as in many containers: then only memory pressure can
  // make vssd wait for a frozen filesystem. A service manager may lend it to who is not root.
  if (!platform::become_io_flusher() && identity.was_root) {
    warnings.add(
        "PR_SET_IO_FLUSHER is not permitted: under memory pressure an allocation may wait "
        "for a frozen filesystem; give vssd CAP_SYS_RESOURCE");
  }
  allow_all_or_no_locking(identity);
  const auto locked =
      platform::keep_memory_resident(kHeapBytes + writers * kHeapBytesPerWriter, kStackBytes);
  if (locked || locked.error().kind != base::ErrorKind::kPrerequisite) return locked;
  if (identity.was_root) return locked;
  warnings.add("memory is not locked (" + locked.error().message +
               "): a page fault may wait for a frozen filesystem");
  return {};
}

}  // namespace vss::programs
