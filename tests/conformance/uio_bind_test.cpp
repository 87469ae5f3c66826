// The program vss-uio-bind: its line, its exit statuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/exit_status.hpp"
#include "platform/vmbus_for_test.hpp"

namespace vss::conformance {
namespace {

using platform::VmbusForTest;
using testing::AllOf;
using testing::HasSubstr;

struct Outcome {
  int status = -1;
  std::string text;  // standard output and error
};

Outcome run(const std::string& arguments) {
  const std::string command = std::string(UIO_BIND_PROGRAM) + " " + arguments + " 2>&1";
  Outcome outcome;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe) != nullptr)
    outcome.text += piece.data();
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  return outcome;
}

class UioBind : public testing::Test {
 protected:
  Outcome run_in_tree(const std::string& command) {
    return run("--sysfs " + vmbus_.root() + " " + command);
  }
  VmbusForTest vmbus_;
};

TEST_F(UioBind, WithoutADeviceAPrerequisiteIsMissing) {
  for (const char* command : {"bind", "restore", "status"}) {
    const Outcome outcome = run_in_tree(command);
    EXPECT_EQ(outcome.status, base::kExitPrerequisite) << command;
    EXPECT_THAT(outcome.text, HasSubstr("vss-uio-bind: there is no VSS device"));
  }
}

TEST_F(UioBind, StatusSaysWhoHasTheDevice) {
  vmbus_.offer();
  Outcome outcome = run_in_tree("status");
  EXPECT_EQ(outcome.status, base::kExitNo);
  EXPECT_THAT(outcome.text, HasSubstr("bound to hv_utils"));
  vmbus_.offer(platform::kUioDriver);
  outcome = run_in_tree("status");
  EXPECT_EQ(outcome.status, base::kExitYes);
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("/dev/uio7"), HasSubstr("4194304 bytes")));
}

TEST_F(UioBind, WhatIsDoneAlreadyIsSuccessInOneLine) {
  vmbus_.offer(platform::kUioDriver);
  const Outcome bound = run_in_tree("bind");
  EXPECT_EQ(bound.status, base::kExitYes) << bound.text;
  EXPECT_THAT(bound.text, HasSubstr("as before"));
  EXPECT_EQ(bound.text.find('\n'), bound.text.size() - 1);
  vmbus_.offer();
  EXPECT_EQ(run_in_tree("restore").status, base::kExitYes);
}

// Files that nobody obeys: the override that was written is cleared again.
TEST_F(UioBind, BindThatFailsSaysWhatAndExitsWithFailure) {
  vmbus_.offer();
  const Outcome outcome = run_in_tree("bind");
  if (!platform::check_uio_release(platform::kernel_release())) {
    EXPECT_EQ(outcome.status, base::kExitPrerequisite);
    EXPECT_THAT(outcome.text, HasSubstr("/dev/vmbus/hv_vss"));
    return;
  }
  EXPECT_EQ(outcome.status, base::kExitNo);
  EXPECT_THAT(outcome.text, HasSubstr("vss-uio-bind: cannot write "));
  EXPECT_EQ(vmbus_.override_text(), "");
}

TEST_F(UioBind, HelpFitsAScreenAndUsageIsChecked) {
  const Outcome help = run("--help");
  EXPECT_EQ(help.status, base::kExitYes);
  EXPECT_LE(std::ranges::count(help.text, '\n'), 24);
  EXPECT_EQ(run("").status, base::kExitUsage);
  EXPECT_EQ(run("seize").status, base::kExitUsage);
}

}  // namespace
}  // namespace vss::conformance
