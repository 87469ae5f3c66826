#include "freezer/guardian.hpp"

#include <fcntl.h>
#include <signal.h>

#include "freezer/guardian_fixture.hpp"
#include "freezer/guardian_link.hpp"
#include "freezer/slot_fixture.hpp"
#include "platform/clock.hpp"
#include "platform/poll.hpp"

namespace vss::freezer {
namespace {

using News = GuardianLink::News;

// A guardian on a thread of this process; the freezer is a forked child that plays its part and can
// be killed and stopped.
class GuardianTest : public SlotTest {
 protected:
  GuardianTest()
      : guardian(::testing::TempDir() + "/guardian." + std::to_string(::getpid()) + ".sock", kernel,
                 kernel_log_to(log)),
        page(anonymous_page()) {}

  static base::UniqueFd kernel_log_to(base::UniqueFd& reader) {
    int ends[2];
    VSS_ASSERT(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.reset(ends[0]);
    return base::UniqueFd{ends[1]};
  }
  std::string logged() {
    std::array<char, 2048> text;
    const ssize_t size = ::read(log.get(), text.data(), text.size());
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  // The freezer's part: arms for `count` slots; then `body`; then it sleeps until it is killed.
  static void await(GuardianLink& link, News wanted) {
    for (;;) {
      std::array<platform::PollEntry, 1> entries{
          platform::PollEntry{link.descriptor(), link.wants_write(), false, false}};
      platform::wait_until(entries, platform::now() + base::seconds{1});
      News news = News::kNothing;
      if (entries[0].writable) news = link.continue_sending();
      if (entries[0].readable) news = link.receive();
      if (news == wanted) return;
      if (news == News::kLost) ::_exit(1);
    }
  }
  GuardianLink armed_link(base::Duration deadline_after) {
    GuardianLink link;
    link.connect(guardian.path(), table, page);
    await(link, News::kReady);
    std::vector<int> fds;
    for (const base::UniqueFd& fd : descriptors)
      fds.push_back(fd.get());
    link.arm(table.generation(), fds);
    await(link, News::kArmed);
    link.set_deadline(table.generation(), platform::now() + deadline_after);
    await(link, News::kDeadlineSet);
    return link;
  }
  pid_t freezer(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    body();
    for (;;)
      ::pause();
  }
  static void reap(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  bool all_frozen(std::size_t count) {
    return eventually([&] {
      for (std::size_t i = 0; i < count; ++i) {
        if (state(i).state != State::kFrozen) return false;
      }
      return true;
    });
  }

  base::UniqueFd log;  // of the kernel
  GuardianThread guardian;
  ThawedPage page;
};

TEST_F(GuardianTest, ThawsAndPublishesWhenTheFreezerIsKilled) {
  begin(10);
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::seconds{60});
    for (std::size_t i = 0; i < 10; ++i)
      freeze_once(table[i], fd(i), kernel);
    ::pause();
  });
  ASSERT_TRUE(all_frozen(10));
  EXPECT_EQ(page.last().value, 0U);
  reap(child);
  EXPECT_TRUE(eventually([&] { return page.last().value == 7; }));
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_FALSE(kernel[i].frozen);
    EXPECT_EQ(kernel[i].thaw_calls, 1);
    EXPECT_EQ(state(i), SlotState::closed(Outcome::kThawed, Thawer::kGuardian));
  }
}

TEST_F(GuardianTest, ThawsAtItsDeadlineAndKillsAStoppedFreezer) {
  begin(2);
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::milliseconds{300});
    for (std::size_t i = 0; i < 2; ++i)
      freeze_once(table[i], fd(i), kernel);
    ::pause();
  });
  ASSERT_TRUE(all_frozen(2));
  ::kill(child, SIGSTOP);
  EXPECT_TRUE(eventually([&] { return table.all_closed(); }));
  EXPECT_FALSE(kernel[0].frozen);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(GuardianTest, ThawsAtItsDeadlineBesideAFreezerThatRunsAndHoldsNoClaim) {
  begin(1);
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::milliseconds{300});
    freeze_once(table[0], fd(0), kernel);
    ::pause();
  });
  ASSERT_TRUE(all_frozen(1));
  EXPECT_TRUE(eventually([&] { return page.last().value == 7; }));
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kGuardian));
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0);  // it was not killed
  reap(child);
}

TEST_F(GuardianTest, TakesOverTheClaimOfAFreezerThatHangsInItsThaw) {
  begin(1);
  kernel[0].hold_thaw = true;
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::milliseconds{300});
    freeze_once(table[0], fd(0), kernel);
    try_thaw(table[0], fd(0), kernel, Thawer::kFreezer);  // the model blocks here
  });
  ASSERT_TRUE(eventually([&] { return kernel[0].in_thaw.load(); }));
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);  // killed at the deadline
  kernel[0].hold_thaw = false;
  EXPECT_TRUE(eventually([&] { return table.all_closed(); }));
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kOwnerUnknown, Thawer::kGuardian));
}

// As one in a frozen cgroup: its first thread does not look stopped, and its note stays for ever.
TEST_F(GuardianTest, KillsAtItsDeadlineAFreezerThatDoesNotGoOnWithItsFreeze) {
  begin(1);
  kernel[0].hold_freeze = true;
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::milliseconds{300});
    freeze_once(table[0], fd(0), kernel);  // the model sleeps here, and not as a device does
  });
  ASSERT_TRUE(eventually([&] { return kernel[0].in_freeze.load(); }));
  int status = 0;
  EXPECT_TRUE(eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }));
  EXPECT_TRUE(WIFSIGNALED(status));
  if (!WIFSIGNALED(status)) reap(child);
  EXPECT_TRUE(eventually([&] { return table.all_closed(); }));
}

TEST_F(GuardianTest, NamesOnTheKernelsLogWhatItCannotThaw) {
  begin(2);
  kernel[1].hold_thaw = true;
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::seconds{60});
    for (std::size_t i = 0; i < 2; ++i)
      freeze_once(table[i], fd(i), kernel);
    ::pause();
  });
  ASSERT_TRUE(all_frozen(2));
  reap(child);
  std::string line;
  EXPECT_TRUE(eventually([&] { return !(line = logged()).empty(); }));
  EXPECT_EQ(line, "<27>openvss: cannot thaw /fake (8:1): the kernel does not answer; trying on\n");
  kernel[1].hold_thaw = false;
  EXPECT_TRUE(eventually([&] { return !(line = logged()).empty(); }));
  EXPECT_EQ(line, "<27>openvss: thawed at last: /fake (8:1)\n");
}

TEST_F(GuardianTest, LeavesALivingFreezerAloneBeforeTheDeadline) {
  begin(1);
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::seconds{60});
    freeze_once(table[0], fd(0), kernel);
    try_thaw(table[0], fd(0), kernel, Thawer::kFreezer);
    link.disarm(table.generation());
    await(link, News::kDisarmed);
    page.publish({99});
    ::pause();
  });
  EXPECT_TRUE(eventually([&] { return page.last().value == 99; }));
  EXPECT_EQ(state(0), SlotState::closed(Outcome::kThawed, Thawer::kFreezer));
  reap(child);
}

TEST_F(GuardianTest, ThawsBeforeItStops) {
  begin(1);
  const pid_t child = freezer([&] {
    GuardianLink link = armed_link(base::seconds{60});
    freeze_once(table[0], fd(0), kernel);
    ::pause();
  });
  ASSERT_TRUE(all_frozen(1));
  guardian.stop();
  EXPECT_FALSE(kernel[0].frozen);
  EXPECT_EQ(page.last().value, 7U);
  reap(child);
}

TEST_F(GuardianTest, RefusesASecondFreezer) {
  begin(1);
  GuardianLink first = armed_link(base::seconds{60});
  GuardianLink second;
  second.connect(guardian.path(), table, page);
  EXPECT_TRUE(eventually([&] { return second.receive() == News::kLost; }));
  EXPECT_NE(second.reason().view().find("another vss-freezer"), std::string_view::npos);
}

TEST_F(GuardianTest, RefusesToArmForAnotherTransactionThanTheSlots) {
  begin(1);
  GuardianLink link;
  link.connect(guardian.path(), table, page);
  await(link, News::kReady);
  link.arm({table.generation().value + 1}, {fd(0)});
  EXPECT_TRUE(eventually([&] { return link.receive() == News::kLost; }));
}

TEST_F(GuardianTest, RefusesToArmForSlotsThatDisagree) {
  begin(2);
  GuardianLink link;
  link.connect(guardian.path(), table, page);
  await(link, News::kReady);
  link.arm(table.generation(), {fd(0)});
  EXPECT_TRUE(eventually([&] { return link.receive() == News::kLost; }));
}

}  // namespace
}  // namespace vss::freezer
