#include "requesters/vmbus/uio_link.hpp"

#include "platform/clock.hpp"
#include "requesters/vmbus/channel_fixture.hpp"
#include "requesters/vmbus/fake_uio.hpp"

namespace vss::requesters::vmbus {
namespace {

namespace vectors = wire::hyperv::vectors;
using coordinator::FreezeRequested;
using coordinator::RequesterGone;
using coordinator::ThawRequested;
using testing::Contains;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using Word = Ring::Word;

class UioLinkTest : public testing::Test {
 protected:
  void let_run() {
    while (loop_.run_ready()) {
    }
  }
  void start() {
    link_.on_time(platform::now());
    let_run();
    ASSERT_TRUE(uio_.open);
  }
  void host_sends(const Bytes& packet) {
    uio_.host.write(packet);
    uio_.host_signals();
    let_run();
  }
  // As the driver does when the link's deadline has come.
  void wait_for_deadline() {
    ASSERT_FALSE(link_.next_deadline().is_never());
    link_.on_time(link_.next_deadline());
    let_run();
  }
  template <typename Request>
  void answer(const Request& request, bool success) {
    link_.perform({.requester = request.requester,
                   .tag = request.tag,
                   .success = success,
                   .transaction = {},
                   .grade = {},
                   .hold_deadline = {},
                   .reason = {}});
  }
  std::uint32_t mask() { return uio_.host.to_guest.get(Word::kInterruptMask); }

  FakeUio uio_;
  OwnerForTest owner_;
  platform::EventLoop loop_;
  UioLink link_{loop_, owner_, 1, uio_.opener()};
};

TEST_F(UioLinkTest, OpensNothingBeforeItIsTold) {
  let_run();
  EXPECT_EQ(uio_.openings, 0);
  EXPECT_LE(link_.next_deadline(), platform::now());
}

TEST_F(UioLinkTest, ServesABackupUnderItsName) {
  start();
  host_sends(vectors::kNegotiate);
  EXPECT_THAT(uio_.host.read(), Optional(ElementsAreArray(vectors::kNegotiateAnswer)));
  host_sends(vectors::kHotBackup);
  answer(owner_.last<coordinator::CheckRequested>(), true);
  EXPECT_THAT(uio_.host.read(), Optional(ElementsAreArray(vectors::kHotBackupAnswer)));
  host_sends(vectors::kFreeze);
  EXPECT_EQ(owner_.last<FreezeRequested>().name.view(), "hyperv:uio");
  answer(owner_.last<FreezeRequested>(), true);
  EXPECT_THAT(uio_.host.read(), Optional(ElementsAreArray(vectors::kFreezeAnswer)));
  host_sends(vectors::kThaw);
  answer(owner_.last<ThawRequested>(), true);
  EXPECT_THAT(uio_.host.read(), Optional(ElementsAreArray(vectors::kThawAnswer)));
  EXPECT_EQ(uio_.signals, 4);
}

TEST_F(UioLinkTest, SignalsTheHostOnlyWhereItsRingWasEmpty) {
  start();
  host_sends(vectors::kNegotiate);
  host_sends(vectors::kNegotiate);  // and the first answer was not read yet
  EXPECT_EQ(uio_.signals, 1);
  EXPECT_TRUE(uio_.host.read());
  EXPECT_TRUE(uio_.host.read());
}

TEST_F(UioLinkTest, DoesNotSignalAHostThatMasksSignals) {
  start();
  uio_.host.from_guest.set(Word::kInterruptMask, 1);
  host_sends(vectors::kNegotiate);
  EXPECT_TRUE(uio_.host.read());
  EXPECT_EQ(uio_.signals, 0);
}

TEST_F(UioLinkTest, OneSignalIsEnoughForAllThatWaits) {
  start();
  uio_.host.write(vectors::kNegotiate);
  host_sends(vectors::kNegotiate);
  EXPECT_TRUE(uio_.host.read());
  EXPECT_TRUE(uio_.host.read());
}

TEST_F(UioLinkTest, PacketThatCameWithTheOpeningNeedsNoSignal) {
  uio_.kept_open = true;
  uio_.host.write(vectors::kNegotiate);
  start();
  EXPECT_TRUE(uio_.host.read());
}

TEST_F(UioLinkTest, MaskThatWasSetBeforeTheOpeningIsCleared) {
  uio_.set_mask();
  start();
  EXPECT_EQ(mask(), 0U);
}

TEST_F(UioLinkTest, EachDrainEndsWithTheMaskCleared) {
  start();
  uio_.set_mask();  // as the kernel does at the interrupt of this very packet
  host_sends(vectors::kNegotiate);
  EXPECT_TRUE(uio_.host.read());
  EXPECT_EQ(mask(), 0U);
}

TEST_F(UioLinkTest, LooksAtLeastOnceASecond) {
  start();
  const base::Instant now = platform::now();
  EXPECT_GT(link_.next_deadline(), now);
  EXPECT_LE(link_.next_deadline(), now + UioLink::kLookInterval);
  host_sends(vectors::kNegotiate);
  EXPECT_LE(link_.next_deadline(), platform::now() + UioLink::kLookInterval);
}

TEST_F(UioLinkTest, LookHealsASignalThatWasLostToAMaskSetLater) {
  start();
  uio_.set_mask();
  uio_.host.write(vectors::kNegotiate);  // the host sees the mask and does not signal
  let_run();
  EXPECT_FALSE(uio_.host.read());
  wait_for_deadline();
  EXPECT_TRUE(uio_.host.read());
  EXPECT_EQ(mask(), 0U);
  host_sends(vectors::kNegotiate);
  EXPECT_TRUE(uio_.host.read());
}

TEST_F(UioLinkTest, RescindInAHoldClosesAtOnceAndReopensAfterIt) {
  start();
  host_sends(vectors::kFreeze);
  const auto freeze = owner_.last<FreezeRequested>();
  answer(freeze, true);
  owner_.may_open = false;
  uio_.rescind();
  let_run();
  EXPECT_FALSE(uio_.open);
  EXPECT_EQ(owner_.last<RequesterGone>().requester, freeze.requester);
  EXPECT_THAT(std::string(owner_.last<RequesterGone>().reason.view()), HasSubstr("rescinded"));
  EXPECT_EQ(owner_.traffic.back(), TrafficEvent::kClosed);
  EXPECT_TRUE(link_.next_deadline().is_never());
  link_.on_time(platform::now() + base::seconds{60});
  EXPECT_EQ(uio_.openings, 1);

  owner_.may_open = true;
  wait_for_deadline();
  ASSERT_TRUE(uio_.open);
  host_sends(vectors::kFreeze);
  EXPECT_NE(owner_.last<FreezeRequested>().requester, freeze.requester);
}

TEST_F(UioLinkTest, OpensWhereDevicesAloneMayBeOpened) {
  owner_.may_open = false;
  owner_.devices_only = true;
  wait_for_deadline();
  EXPECT_TRUE(uio_.open);
}

TEST_F(UioLinkTest, AnswerAfterARescindIsForNobody) {
  start();
  host_sends(vectors::kFreeze);
  const auto freeze = owner_.last<FreezeRequested>();
  uio_.rescind();
  let_run();
  answer(freeze, true);
  EXPECT_THAT(owner_.exchanges, IsEmpty());
  wait_for_deadline();
  answer(freeze, true);
  EXPECT_THAT(owner_.exchanges, IsEmpty());
  EXPECT_FALSE(uio_.host.read());
}

// The vssd before this one crashed; something else keeps the channel open.
TEST_F(UioLinkTest, RequestThatWasLeftInTheRingIsTakenByTheNextProcess) {
  uio_.kept_open = true;
  uio_.host.begin_at(6568);
  uio_.host.write(vectors::kFreeze);
  start();
  answer(owner_.last<FreezeRequested>(), false);
  EXPECT_THAT(uio_.host.read(), Optional(testing::SizeIs(vectors::kFreeze.size())));
  EXPECT_EQ(uio_.host.to_guest.get(Word::kReadIndex), uio_.host.to_guest.get(Word::kWriteIndex));
}

TEST_F(UioLinkTest, IndexOutsideTheRingClosesAndOpensAnew) {
  start();
  uio_.host.to_guest.set(Word::kWriteIndex, 4);
  uio_.host_signals();
  let_run();
  EXPECT_FALSE(uio_.open);
  wait_for_deadline();
  EXPECT_TRUE(uio_.open);
  host_sends(vectors::kNegotiate);
  EXPECT_TRUE(uio_.host.read());
}

TEST_F(UioLinkTest, DeviceThatIsNotThereIsSaidOnceAndTriedAgain) {
  uio_.error = "the VSS device is bound to hv_utils";
  link_.on_time(platform::now());
  wait_for_deadline();
  wait_for_deadline();
  EXPECT_EQ(uio_.openings, 3);
  EXPECT_EQ(owner_.logged.size(), 1U);
  EXPECT_THAT(owner_.logged, Contains(HasSubstr("hyperv:uio: the VSS device is bound")));
  EXPECT_EQ(link_.standing(), uio_.error);
  uio_.error.clear();
  wait_for_deadline();
  EXPECT_TRUE(uio_.open);
}

TEST_F(UioLinkTest, RingsOfAnImpossibleSizeAreRefused) {
  for (const std::size_t cut_off : {std::size_t{8}, std::size_t{4096}, 6 * std::size_t{4096}}) {
    uio_.cut_off = cut_off;
    link_.on_time(platform::now() + base::seconds{60});
    EXPECT_FALSE(uio_.open) << cut_off;
    EXPECT_THAT(std::string(link_.standing()), HasSubstr("size"));
  }
}

}  // namespace
}  // namespace vss::requesters::vmbus
