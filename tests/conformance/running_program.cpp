#include "running_program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/runtime_paths.hpp"
#include "platform/socket.hpp"

namespace vss::conformance {

using std::chrono::milliseconds;

namespace {

std::string make_directory(const char* pattern) {
  std::string path = pattern;
  EXPECT_NE(::mkdtemp(path.data()), nullptr) << pattern;
  ::chmod(path.c_str(), 0755);  // it is not root any more when it gets there
  return path;
}

}  // namespace

RunningProgram::RunningProgram(const ProgramSettings& settings)
    : own_directories_{make_directory("/dev/shm/vss-test-XXXXXX"),
                       make_directory("/tmp/vss-test-state-XXXXXX")} {
  directory_ =
      settings.runtime_directory.empty() ? own_directories_[0] : settings.runtime_directory;
  const std::string file = own_directories_[1] + "/openvss.toml";
  std::ofstream(file) << settings.configuration;
  std::vector<std::string> all{VSSD_PROGRAM,
                               "--runtime-dir",
                               directory_,
                               "--state-dir",
                               own_directories_[1] + "/state",
                               "--config",
                               file};
  all.insert(all.end(), settings.arguments.begin(), settings.arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(all.size() + 1);
  for (std::string& argument : all)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  error_.reset(ends[0]);
  const base::UniqueFd write_end{ends[1]};
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(write_end.get(), STDERR_FILENO);
    if (settings.descriptors_max > 0) {
      const rlimit limit{settings.descriptors_max, settings.descriptors_max};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (!settings.notify_socket.empty()) {
      ::setenv("NOTIFY_SOCKET", settings.notify_socket.c_str(), 1);
    }
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
}

RunningProgram::~RunningProgram() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  for (const std::string& directory : own_directories_)
    std::filesystem::remove_all(directory);
}

bool RunningProgram::wait_until_serving() {
  for (int tries = 0; tries < 500; ++tries) {
    if (output().find("vssd: serving") != std::string::npos) return true;
    std::this_thread::sleep_for(milliseconds{20});
  }
  return false;
}

int RunningProgram::wait_for_exit() {
  for (int tries = 0; tries < 500; ++tries) {
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) {
      process_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    std::this_thread::sleep_for(milliseconds{20});
  }
  return -1;
}

void RunningProgram::send_signal(int number) {
  ::kill(process_, number);
}

std::string RunningProgram::output() {
  std::array<char, 4096> piece{};
  for (;;) {
    pollfd readable{.fd = error_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 0) != 1) return output_;
    const ssize_t size = ::read(error_.get(), piece.data(), piece.size());
    if (size <= 0) return output_;
    output_.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace vss::conformance
