// For tests: a driver that keeps what a link tells it, and answers when it is told to.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "requesters/host_link.hpp"

namespace vss::requesters {

class FakeOwner final : public HostLinkOwner {
 public:
  struct Traffic {
    TrafficEvent what;
    std::vector<std::byte> bytes;
  };
  struct Line {
    base::LogSeverity severity;
    std::string text;
  };

  void on_host_event(const coordinator::Event& event) override {
    events.push_back(event);
    if (answer_at_once && !std::holds_alternative<coordinator::RequesterGone>(event)) {
      link->perform(answer_to(event, *answer_at_once));
    }
  }
  void on_exchange(const HostExchange& exchange) override { exchanges.push_back(exchange); }
  void on_traffic(TrafficEvent what, std::span<const std::byte> bytes) override {
    traffic.push_back({what, {bytes.begin(), bytes.end()}});
  }
  bool may_open_paths() const override { return !frozen; }
  bool may_open_devices() const override { return !frozen || devices_only; }
  void log(base::LogSeverity severity, std::string_view text) override {
    lines.push_back({severity, std::string(text)});
  }
  void on_deadline_changed() override { ++deadline_changes; }

  // The latest event, which has to be a T.
  template <typename T>
  T last() const {
    EXPECT_FALSE(events.empty());
    const T* event = events.empty() ? nullptr : std::get_if<T>(&events.back());
    EXPECT_NE(event, nullptr) << "another event came last";
    return event == nullptr ? T{} : *event;
  }
  template <typename T>
  std::size_t count() const {
    std::size_t found = 0;
    for (const auto& event : events)
      found += std::holds_alternative<T>(event) ? 1 : 0;
    return found;
  }

  static coordinator::Answer answer_to(const coordinator::Event& event, bool success) {
    coordinator::Answer answer;
    answer.success = success;
    std::visit(
        [&](const auto& request) {
          if constexpr (requires {
                          request.tag;
                          request.requester;
                        }) {
            answer.requester = request.requester;
            answer.tag = request.tag;
          }
        },
        event);
    return answer;
  }

  HostLink* link = nullptr;
  std::optional<bool> answer_at_once;  // before on_host_event() returns
  bool frozen = false;
  bool devices_only = false;  // may be opened all the same
  std::vector<coordinator::Event> events;
  std::vector<HostExchange> exchanges;
  std::vector<Traffic> traffic;
  std::vector<Line> lines;
  int deadline_changes = 0;
};

}  // namespace vss::requesters
