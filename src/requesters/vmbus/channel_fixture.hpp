// A channel between HostForTest and a coordinator's stand-in that notes what it is asked.
#pragma once

#include <gmock/gmock.h>

#include "requesters/vmbus/channel.hpp"
#include "requesters/vmbus/host_for_test.hpp"
#include "wire/hyperv/ic_message.hpp"
#include "wire/hyperv/little_endian.hpp"

namespace vss::requesters::vmbus {

class OwnerForTest : public HostLinkOwner {
 public:
  void on_host_event(const coordinator::Event& event) override {
    events.push_back(event);
    if (on_event) on_event(event);
  }
  void on_exchange(const HostExchange& exchange) override { exchanges.push_back(exchange); }
  void on_traffic(TrafficEvent what, std::span<const std::byte>) override {
    traffic.push_back(what);
  }
  bool may_open_paths() const override { return may_open; }
  bool may_open_devices() const override { return may_open || devices_only; }
  void log(base::LogSeverity, std::string_view text) override { logged.emplace_back(text); }
  void on_deadline_changed() override {}

  // The newest event, which must be of this kind.
  template <typename Event>
  const Event& last() const {
    EXPECT_FALSE(events.empty());
    EXPECT_TRUE(std::holds_alternative<Event>(events.back()));
    return std::get<Event>(events.back());
  }
  template <typename Event>
  std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const auto& event) { return std::holds_alternative<Event>(event); }));
  }

  std::vector<coordinator::Event> events;
  std::function<void(const coordinator::Event&)> on_event;
  std::vector<HostExchange> exchanges;
  std::vector<TrafficEvent> traffic;
  std::vector<std::string> logged;
  bool may_open = true;
  bool devices_only = false;  // may be opened all the same
};

struct ChannelFixture : testing::Test {
  static constexpr coordinator::RequesterId kId{77};

  HostForTest host;
  OwnerForTest owner;
  int signals = 0;
  Channel channel{host.from_guest.ring(), host.to_guest.ring(), ChannelIdentity{kId, "hyperv:test"},
                  owner, [this] { ++signals; }};
  base::Instant now{1'000'000'000};

  Channel::Standing pump() { return channel.pump(now); }
  Channel::Standing receive(const Bytes& packet) {
    host.write(packet);
    return pump();
  }
  void answer(std::uint32_t tag, bool success) {
    channel.perform({.requester = kId,
                     .tag = tag,
                     .success = success,
                     .transaction = {},
                     .grade = {},
                     .hold_deadline = {},
                     .reason = {}});
  }

  // A VSS request with a small body and this transaction id in packet and message.
  static Bytes request(int operation, std::uint8_t id) {
    Bytes packet = wire::hyperv::vectors::kHotBackup;
    packet[8] = packet[0x28] = static_cast<std::byte>(id);
    packet[0x2c] = static_cast<std::byte>(operation);
    return packet;
  }
  static std::uint32_t status_of(const Bytes& packet) {
    return wire::hyperv::get<std::uint32_t>(packet, 0x24);
  }
  static int id_of(const Bytes& packet) { return static_cast<int>(packet[0x28]); }
};

}  // namespace vss::requesters::vmbus
