#include "platform/helper_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace vss::platform {
namespace {

// What a shell sees of a program that goes to the background: the status of the process it started.
int status_of(const std::function<int(Background&)>& program) {
  const pid_t started = ::fork();
  if (started == 0) {
    auto background = Background::enter();
    ::_exit(background ? program(*background) : 99);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(started, &status, 0), started);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Background, AStartThatFailsGivesItsStatusToWhoStartedIt) {
  EXPECT_EQ(status_of([](Background&) { return 77; }), 77);
}

TEST(Background, AStartThatDiesIsAFailure) {
  EXPECT_EQ(status_of([](Background&) -> int { ::abort(); }), 1);
}

TEST(Background, IsLeftAloneOnceItIsReady) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const base::UniqueFd read_end{ends[0]};
  base::UniqueFd write_end{ends[1]};
  EXPECT_EQ(status_of([&](Background& background) {
              background.ready();
              ::usleep(50'000);
              return ::write(write_end.get(), "!", 1) == 1 ? 5 : 6;
            }),
            0);
  write_end.reset();
  char byte = 0;
  EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);  // it has gone on
}

}  // namespace
}  // namespace vss::platform
