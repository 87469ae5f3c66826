#include "operator/messages.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.hpp"

namespace vss::operators {
namespace {

using base::Instant;
using base::milliseconds;
using base::UniqueFd;

// Standard error is something else for as long as this lives.
class ErrorInto {
 public:
  explicit ErrorInto(int fd) : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
    ::dup2(fd, STDERR_FILENO);
  }
  ~ErrorInto() { ::dup2(before_.get(), STDERR_FILENO); }
  ErrorInto(const ErrorInto&) = delete;
  ErrorInto& operator=(const ErrorInto&) = delete;

 private:
  UniqueFd before_;
};

class MessagesIntoPipe : public testing::Test {
 protected:
  MessagesIntoPipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    out_ = UniqueFd(ends[0]);
    in_ = UniqueFd(ends[1]);
  }
  std::string said() const {
    char buffer[4096];
    const ssize_t got = ::read(out_.get(), buffer, sizeof buffer);
    return {buffer, got > 0 ? static_cast<std::size_t>(got) : 0};
  }

  UniqueFd out_;
  UniqueFd in_;
};

TEST_F(MessagesIntoPipe, WaitWhileHeldBack) {
  const ErrorInto error(in_.get());
  Messages messages;
  messages.say("one");
  EXPECT_EQ(said(), "vssctl: one\n");
  messages.hold_back();
  messages.say("two");
  messages.show("three\n");
  EXPECT_EQ(said(), "");
  messages.let_go();
  EXPECT_EQ(said(), "vssctl: two\nthree\n");
}

TEST_F(MessagesIntoPipe, ProgressIsShownAfterASecondAndThenSeldom) {
  const ErrorInto error(in_.get());
  Messages messages;
  messages.hold_back();
  const Instant began{1'000'000'000};
  const auto at = [&](int after_ms) {
    messages.progress(began, began + milliseconds(after_ms), "thawing");
    return said();
  };
  EXPECT_EQ(at(900), "");
  EXPECT_EQ(at(1100), "vssctl: thawing, 1 s so far\n");
  EXPECT_EQ(at(2000), "");
  EXPECT_EQ(at(6200), "vssctl: thawing, 6 s so far\n");
}

TEST_F(MessagesIntoPipe, ProgressNeverWaitsForAReader) {
  const std::string page(4096, 'x');
  while (::write(in_.get(), page.data(), page.size()) > 0) {
  }
  ::fcntl(in_.get(), F_SETFL, 0);  // blocking from here on
  const ErrorInto error(in_.get());
  Messages messages;
  ::alarm(5);  // it would sleep in write(2)
  messages.progress(Instant{0}, Instant{0} + base::seconds(2), "thawing");
  EXPECT_GT(::alarm(0), 0U);
}

TEST(Messages, ProgressNeverGoesToAFile) {
  std::string name = (std::filesystem::temp_directory_path() / "openvss-messages-XXXXXX").string();
  const UniqueFd file(::mkstemp(name.data()));
  ASSERT_TRUE(file);
  std::filesystem::remove(name);
  {
    const ErrorInto error(file.get());
    Messages messages;
    messages.progress(Instant{0}, Instant{0} + base::seconds(2), "thawing");
  }
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), 0);
}

}  // namespace
}  // namespace vss::operators
