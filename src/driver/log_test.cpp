#include "driver/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/unique_fd.hpp"

namespace vss::driver {
namespace {

struct Ends {
  base::UniqueFd read, write;
};
Ends make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {base::UniqueFd{ends[0]}, base::UniqueFd{ends[1]}};
}
Ends make_socket() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  return {base::UniqueFd{ends[0]}, base::UniqueFd{ends[1]}};
}

std::string drain(int fd) {
  std::string all;
  std::array<char, 4096> piece{};
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  for (ssize_t size = 0; (size = ::read(fd, piece.data(), piece.size())) > 0;) {
    all.append(piece.data(), static_cast<std::size_t>(size));
  }
  return all;
}

TEST(Log, WritesWhatIsImportantEnough) {
  const Ends pipe = make_pipe();
  Log log(pipe.write.get(), base::LogSeverity::kInfo);
  log.info("serving");
  log.debug("detail");
  log.error("broken");
  EXPECT_TRUE(log.flush());
  EXPECT_EQ(drain(pipe.read.get()), "vssd: serving\nvssd: error: broken\n");
}

TEST(Log, DoesNotBlockOnAFullUnreadPipeOrSocketAndSaysWhatItDropped) {
  for (const Ends& ends : {make_pipe(), make_socket()}) {
    Log log(ends.write.get(), base::LogSeverity::kInfo);
    const std::string line(400, 'x');
    for (int i = 0; i < 10'000; ++i) {  // the descriptor is blocking: a wrong write would hang here
      log.info(line);
      log.flush();
    }
    EXPECT_FALSE(log.flush());
    std::string all;
    while (!log.flush())
      all += drain(ends.read.get());
    all += drain(ends.read.get());
    EXPECT_NE(all.find("log lines were dropped"), std::string::npos);
  }
}

TEST(Log, CutsALongLineAndEndsIt) {
  const Ends pipe = make_pipe();
  Log log(pipe.write.get(), base::LogSeverity::kInfo);
  log.info(std::string(5000, 'x'));
  log.info("next");
  EXPECT_TRUE(log.flush());
  EXPECT_NE(drain(pipe.read.get()).find("x\nvssd: next\n"), std::string::npos);
}

TEST(Log, AtTheEndWritesToNoFileThatMayBeFrozen) {
  const base::UniqueFd file{::memfd_create("log", MFD_CLOEXEC)};
  const auto size = [&] { return ::lseek(file.get(), 0, SEEK_END); };
  Log log(file.get(), base::LogSeverity::kInfo);
  log.info("stopped");
  log.flush_at_end(true);
  EXPECT_EQ(size(), 0);
  log.flush_at_end(false);
  EXPECT_GT(size(), 0);

  const Ends pipe = make_pipe();
  Log read_log(pipe.write.get(), base::LogSeverity::kInfo);
  read_log.info("stopped");
  read_log.flush_at_end(true);
  EXPECT_EQ(drain(pipe.read.get()), "vssd: stopped\n");
}

}  // namespace
}  // namespace vss::driver
