// vss-writer as it is run: its options, exit statuses, and what it does on SIGTERM.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vss/writer.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "testing/fake_server.h"

namespace {

using namespace std::chrono_literals;

class VssWriter : public testing::Test {
 protected:
  VssWriter() {
    std::string name = testing::TempDir() + "/vss_program_XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~VssWriter() override {
    if (pid_ > 0) stop();
    std::filesystem::remove_all(directory_);
  }

  void start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), VSS_WRITER_PROGRAM);
    std::vector<char*> values;
    for (std::string& argument : arguments)
      values.push_back(argument.data());
    values.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int output = ::open(file("output").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(values[0], values.data());
    ::_exit(99);
  }
  int wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int stop() {
    ::kill(pid_, SIGTERM);
    return wait();
  }
  int run(const std::vector<std::string>& arguments) {
    start(arguments);
    return wait();
  }

  std::string file(const std::string& name) const { return directory_ / name; }
  std::string contents(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
  }
  std::string output() const { return contents("output"); }
  bool printed(const std::string& what) const {
    for (int i = 0; i < 400; ++i) {
      if (output().find(what) != std::string::npos) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  std::filesystem::path directory_;
  pid_t pid_ = 0;
};

TEST_F(VssWriter, HelpFitsAScreen) {
  for (const std::vector<std::string>& help :
       {std::vector<std::string>{"--help"}, {"exec", "--help"}, {"sqlite", "--help"}}) {
    std::filesystem::remove(file("output"));
    EXPECT_EQ(run(help), 0);
    const std::string text = output();
    EXPECT_LE(std::ranges::count(text, '\n'), 24) << text;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST_F(VssWriter, RefusesAWrongCommandLine) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"frobnicate"}), 2);
  EXPECT_EQ(run({"exec", "--freeze", "true", "--thaw", "true"}), 2);
  EXPECT_TRUE(printed("exec needs --name"));
  EXPECT_EQ(run({"exec", "--name", "n", "--freeze", "true"}), 2);
  EXPECT_EQ(run({"exec", "--name", "n", "--freeze", "true", "--thaw", "true", "--level", "1000"}),
            2);
  EXPECT_EQ(run({"exec", "--name", "a/b", "--freeze", "true", "--thaw", "true"}), 2);
  EXPECT_EQ(run({"sqlite"}), 2);
}

TEST_F(VssWriter, RefusesAFileThatIsNoDatabase) {
  std::ofstream(file("text")) << std::string(2000, 'x');
  EXPECT_EQ(run({"sqlite", file("text"), file("missing")}), 2);
  EXPECT_TRUE(printed(file("text") + " is not an SQLite database"));
  EXPECT_TRUE(printed(file("missing") + ": No such file"));
}

TEST_F(VssWriter, RefusesABadConfiguration) {
  std::ofstream(file("bad.toml")) << "runtime_dirr = 1\n";
  EXPECT_EQ(run({"exec", "--name", "n", "--freeze", "true", "--thaw", "true", "--config",
                 file("bad.toml")}),
            2);
  EXPECT_TRUE(printed("bad.toml:1:1"));
}

TEST_F(VssWriter, WaitsForVssdSayingSoOnceAndEndsOnSigterm) {
  start({"exec", "--name", "n", "--freeze", "true", "--thaw", "true", "--runtime-dir",
         directory_.string()});
  EXPECT_TRUE(printed("waiting for vssd: cannot connect to " + file("app.sock")));
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(stop(), 0);
  const std::string text = output();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
}

TEST_F(VssWriter, LetsTheApplicationGoOnSigterm) {
  fake_server* server = fake_server_start();
  start({"exec", "--name", "n", "--freeze", "echo said; echo freeze >> " + file("log"), "--thaw",
         "echo $VSS_PHASE >> " + file("log"), "--socket", fake_server_socket(server)});
  fake_server_accept(server);
  EXPECT_TRUE(printed("registered with vssd; each answer may take 2000 ms"));
  fake_reply reply{};
  fake_server_tell(server, VSS_EVENT_PREPARE, 1, 5, 2000, 0);
  fake_server_take_reply(server, &reply);
  EXPECT_EQ(reply.status, 0u) << reply.reason;
  fake_server_tell(server, VSS_EVENT_FREEZE, 2, 5, 2000, 60'000);
  fake_server_take_reply(server, &reply);
  EXPECT_EQ(reply.status, 0u) << reply.reason;
  EXPECT_EQ(contents("log"), "freeze\n");
  EXPECT_EQ(output().find("said"), std::string::npos) << "it wrote while it held";
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(contents("log"), "freeze\nabort\n");
  EXPECT_NE(output().find("said\n"), std::string::npos);
  fake_server_stop(server);
}

}  // namespace
