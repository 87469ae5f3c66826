// What an examination reads: files, processes, other programs' output.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.hpp"
#include "platform/clock.hpp"
#include "platform/file_facts.hpp"
#include "platform/processes.hpp"
#include "platform/program_output.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class Examination : public ::testing::Test {
 protected:
  Examination() {
    std::string name = (fs::temp_directory_path() / "openvss-examination-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) directory_ = name;
  }
  ~Examination() override { fs::remove_all(directory_); }

  // One process of a made-up /proc.
  void add_process(int id, const std::string& status, const std::string& wchan) const {
    const fs::path process = fs::path(directory_) / std::to_string(id);
    fs::create_directories(process / "fd");
    std::ofstream(process / "status") << status;
    std::ofstream(process / "wchan") << wchan;
  }

  std::string directory_;
};

std::string status_text(const std::string& name, const std::string& state, int user, int locked) {
  return "Name:\t" + name + "\nState:\t" + state + "\nUid:\t0\t" + std::to_string(user) +
         "\t0\t0\nVmLck:\t     " + std::to_string(locked) + " kB\nThreads:\t1\n";
}

TEST_F(Examination, FilesAreSeenAsTheyAre) {
  EXPECT_EQ(look_at(directory_ + "/absent").kind, FileKind::kAbsent);
  EXPECT_EQ(look_at(directory_).kind, FileKind::kDirectory);
  EXPECT_EQ(look_at("/dev/null").kind, FileKind::kDevice);
  EXPECT_FALSE(look_at("/proc").in_memory);
  std::ofstream(directory_ + "/file") << "text";
  ASSERT_EQ(::chmod((directory_ + "/file").c_str(), 0640), 0);
  const FileFacts file = look_at(directory_ + "/file");
  EXPECT_EQ(file.kind, FileKind::kFile);
  EXPECT_EQ(file.mode, 0640U);
  EXPECT_EQ(file.user, ::geteuid());
  fs::create_symlink("file", directory_ + "/link");
  EXPECT_EQ(look_at(directory_ + "/link").kind, FileKind::kOther);
  const auto socket = listen_at(directory_ + "/socket", 0600);
  ASSERT_TRUE(socket);
  EXPECT_EQ(look_at(directory_ + "/socket").kind, FileKind::kSocket);
}

TEST_F(Examination, ProcessesAreReadFromProc) {
  add_process(12, status_text("vssd", "S (sleeping)", 990, 20480), "ep_poll");
  add_process(7, status_text("cp", "D (disk sleep)", 0, 0), "percpu_rwsem_wait");
  add_process(8, status_text("dd", "D (disk sleep)", 0, 0), "io_schedule");
  add_process(9, "Name:\tkthread\nState:\tS (sleeping)\nUid:\t0\t0\t0\t0\n", "");
  fs::create_directories(directory_ + "/sys");
  const auto processes = list_processes(directory_);
  ASSERT_EQ(processes.size(), 3U);
  EXPECT_EQ(processes[0].name, "cp");
  EXPECT_TRUE(processes[0].waits_for_thaw);
  EXPECT_FALSE(processes[1].waits_for_thaw);
  EXPECT_EQ(processes[2].id, 12);
  EXPECT_EQ(processes[2].user, 990U);
  EXPECT_EQ(processes[2].locked_bytes, 20480U * 1024);
}

TEST_F(Examination, TornStatusOfAProcessIsSkipped) {
  add_process(7, "Name:\tcp\nUid:\t0", "");
  add_process(8, "", "");
  add_process(9, "Name:\tcp\nUid:\t\nVmLck:\t\n", "");
  EXPECT_TRUE(list_processes(directory_).empty());
}

TEST_F(Examination, TheRealProcShowsThisProcess) {
  const auto processes = list_processes();
  const auto self = std::ranges::find(processes, ::getpid(), &ProcessEntry::id);
  ASSERT_NE(self, processes.end());
  EXPECT_EQ(self->user, ::geteuid());
  EXPECT_FALSE(self->waits_for_thaw);
}

TEST_F(Examination, WhoHasAFileOpenIsSeenByRoot) {
  const std::string path = directory_ + "/device";
  const base::UniqueFd open(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(open);
  const auto holders = processes_that_opened(path);
  if (::geteuid() != 0) {
    EXPECT_FALSE(holders);
    return;
  }
  ASSERT_TRUE(holders);
  EXPECT_THAT(*holders, ElementsAre(::getpid()));
}

TEST(ProgramOutput, IsWhatItPrints) {
  const auto text = output_of({"sh", "-c", "echo one; echo two >&2; exit 3"}, base::seconds(10));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "one\n");
}

TEST(ProgramOutput, OneThatIsNotThereIsAnError) {
  const auto text = output_of({"openvss-no-such-program"}, base::seconds(10));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().os_errno, ENOENT);
}

TEST(ProgramOutput, OneThatDoesNotEndIsKilled) {
  const base::Instant began = now();
  const auto text = output_of({"sleep", "60"}, base::milliseconds(50));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().os_errno, ETIMEDOUT);
  EXPECT_LT(now() - began, base::seconds(30));
}

}  // namespace
}  // namespace vss::platform
