#include "operator/recovery.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/exit_status.hpp"

extern char** environ;

namespace vss::operators {
namespace {

constexpr const char* kProgram = "vss-freezer";

base::Result<std::string> find_program() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const std::array<fs::path, 2> places{self.parent_path() / kProgram,
                                       fs::path(OPENVSS_LIBEXEC_DIR) / kProgram};
  for (const auto& place : places) {
    if (place.is_absolute() && ::access(place.c_str(), X_OK) == 0) return place.string();
  }
  return base::fail(std::string(kProgram) + " was found neither at " + places[0].string() +
                        " nor at " + places[1].string() + "; run its `--thaw --force` yourself",
                    ENOENT);
}

}  // namespace

base::Result<int> run_recovery(const std::string& runtime_dir) {
  auto program = find_program();
  if (!program) return std::unexpected(program.error());
  std::string directory = runtime_dir;
  std::array<std::string, 4> options{"--thaw", "--force", "--runtime-dir", directory};
  std::array<char*, 6> arguments{program->data(),   options[0].data(), options[1].data(),
                                 options[2].data(), options[3].data(), nullptr};
  pid_t pid = 0;
  const int problem =
      ::posix_spawn(&pid, program->c_str(), nullptr, nullptr, arguments.data(), environ);
  if (problem != 0) {
    return base::fail("cannot run " + *program + ": " + std::strerror(problem), problem);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return base::fail("cannot wait for " + *program, errno);
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return base::fail(*program + " was killed by signal " + std::to_string(WTERMSIG(status)));
}

}  // namespace vss::operators
