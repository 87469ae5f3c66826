// Runs the real vssctl against a fake vssd, for tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "operator/fake_vssd.hpp"

extern char** environ;

namespace vss::operators::testing {

struct Ended {
  int status = -1;
  std::string out;
  std::string err;
};

class VssctlTest : public ::testing::Test {
 protected:
  VssctlTest() {
    std::string name = (std::filesystem::temp_directory_path() / "openvss-vssctl-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) directory_ = name;
    write("empty.toml", "");
  }
  ~VssctlTest() override {
    vssd_.reset();
    std::filesystem::remove_all(directory_);
  }

  void serve(FakeVssd::Script script) {
    vssd_ = std::make_unique<FakeVssd>(directory_, std::move(script));
  }

  std::string path(const std::string& name) const { return directory_ + '/' + name; }
  void write(const std::string& name, std::string_view text) { std::ofstream(path(name)) << text; }
  std::string script_file(const std::string& name, const std::string& body) {
    write(name, "#!/bin/sh\n" + body + '\n');
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_all);
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream stream(path(name));
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }

  // Waits at most a second for a file that another process makes.
  bool appears(const std::string& name) const {
    for (int i = 0; i < 200 && !exists(name); ++i)
      ::usleep(5000);
    return exists(name);
  }

  // Its standard error is the file `err`; standard output is a pipe, as `$(vssctl …)` has it.
  pid_t spawn(std::vector<std::string> arguments, int out, const std::string& program) {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> pointers;
    for (auto& argument : arguments)
      pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, 1);
    ::posix_spawn_file_actions_addopen(&actions, 2, path("err").c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t pid = -1;
    EXPECT_EQ(::posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

  Ended finish(pid_t pid, int out) {
    Ended ended;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(out, buffer, sizeof buffer)) > 0;) {
      ended.out.append(buffer, static_cast<std::size_t>(got));
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    ended.err = read("err");
    return ended;
  }

  // `meanwhile` runs while the program does, with its process id.
  Ended run(std::vector<std::string> arguments, const std::function<void(pid_t)>& meanwhile = {},
            const std::string& program = VSSCTL_PROGRAM) {
    if (vssd_) vssd_->settle();
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    base::UniqueFd out(ends[0]);
    base::UniqueFd in(ends[1]);
    std::vector<std::string> all{"--runtime-dir", directory_, "--config", path("empty.toml")};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const pid_t pid = spawn(std::move(all), in.get(), program);
    in.reset();
    if (meanwhile) meanwhile(pid);
    Ended ended = finish(pid, out.get());
    if (vssd_) vssd_->settle();
    return ended;
  }

  std::string directory_;
  std::unique_ptr<FakeVssd> vssd_;
};

}  // namespace vss::operators::testing
