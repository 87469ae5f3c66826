#include "writers/output_buffer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace vss::writers {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int in() const { return ends_[1]; }
  int out() const { return ends_[0]; }
  std::string read_all() const {
    std::string text;
    std::array<char, 4096> piece;
    for (ssize_t size = 0; (size = ::read(out(), piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(OutputBuffer, PassesOnWhatItDrained) {
  const Pipe from;
  const Pipe to;
  ASSERT_EQ(::write(from.in(), "one\ntwo\n", 8), 8);
  OutputBuffer buffer;
  buffer.drain(from.out());
  EXPECT_EQ(buffer.last_line(), "two");
  EXPECT_EQ(to.read_all(), "");
  buffer.flush(to.in());
  EXPECT_EQ(to.read_all(), "one\ntwo\n");
  EXPECT_TRUE(buffer.empty());
}

TEST(OutputBuffer, DropsAndCountsWhatIsTooMuch) {
  const Pipe to;
  OutputBuffer buffer(4);
  buffer.append("123456");
  buffer.append("7");
  buffer.flush(to.in());
  EXPECT_EQ(to.read_all(), "1234\n(3 more bytes of output were dropped)\n");
}

TEST(OutputBuffer, NeverBlocksOnAFullPipe) {
  const Pipe to;
  ASSERT_EQ(::fcntl(to.in(), F_SETFL, 0), 0);
  OutputBuffer buffer(1'000'000);
  buffer.append(std::string(1'000'000, 'x'));
  buffer.flush(to.in());
  EXPECT_FALSE(buffer.empty());
  EXPECT_GT(to.read_all().size(), 4096u);
}

TEST(OutputBuffer, QuotesTheLastLineThatHasSomethingInIt) {
  OutputBuffer buffer;
  EXPECT_EQ(buffer.last_line(), "");
  buffer.append("first\nsecond \n\n \n");
  EXPECT_EQ(buffer.last_line(), "second");
}

}  // namespace
}  // namespace vss::writers
