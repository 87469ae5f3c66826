// For tests: a link between the kernel and a driver, both of them played.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "platform/clock.hpp"
#include "requesters/hv_utils/fake_hv_utils.hpp"
#include "requesters/hv_utils/fake_owner.hpp"
#include "requesters/hv_utils/link.hpp"

namespace vss::requesters {

// The host's operations.
inline constexpr int kHotBackup = 2, kFreeze = 5, kThaw = 6;
using HostSaw = FakeHvUtils::HostSaw;
inline constexpr auto kOk = FakeHvUtils::kOk;
inline constexpr auto kFail = FakeHvUtils::kFail;

class HvUtilsLinkTest : public testing::Test {
 protected:
  HvUtilsLinkTest() { owner_.link = link_.get(); }

  void let_run() {
    while (loop_.run_ready()) {
    }
  }
  // As the driver does when the link's deadline has come.
  void wait_for_deadline() {
    const base::Instant at = link_->next_deadline();
    ASSERT_FALSE(at.is_never());
    link_->on_time(at);
    let_run();
  }
  void start() {
    link_->on_time(platform::now());
    let_run();
    ASSERT_EQ(kernel_.state(), FakeHvUtils::State::kReady);
  }
  void host_asks(int operation) {
    kernel_.host_asks(operation);
    let_run();
  }
  void answer(bool success) {
    link_->perform(FakeOwner::answer_to(owner_.events.back(), success));
    let_run();
  }
  template <typename Request>
  void expect_gone(const Request& request) {
    EXPECT_EQ(owner_.last<coordinator::RequesterGone>().requester, request.requester);
    EXPECT_FALSE(owner_.last<coordinator::RequesterGone>().reason.empty());
  }
  // The device was closed, comes back in time, and serves as if nothing had been.
  void expect_reopened_and_serving() {
    const auto events = owner_.events.size();
    ASSERT_FALSE(kernel_.client_open());
    wait_for_deadline();
    ASSERT_EQ(kernel_.state(), FakeHvUtils::State::kReady);
    host_asks(kHotBackup);
    ASSERT_EQ(owner_.events.size(), events + 1);
    answer(true);
    EXPECT_EQ(kernel_.host_saw().back(), std::pair(kHotBackup, kOk));
  }
  bool logged(std::string_view text) const {
    return std::ranges::any_of(owner_.lines,
                               [&](const auto& line) { return line.text.contains(text); });
  }

  FakeHvUtils kernel_;
  FakeOwner owner_;
  platform::EventLoop loop_;
  std::unique_ptr<HvUtilsLink> link_ = std::make_unique<HvUtilsLink>(
      loop_, owner_, std::uint16_t{1}, "/dev/vmbus/hv_vss", kernel_.opener());
};

}  // namespace vss::requesters
