// Requests and the answers that belong to them: who was asked what, for how long, and whether the
// answer is right.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "hostsim/host.hpp"
#include "hostsim/report.hpp"

namespace hostsim {

class Conversation {
 public:
  // Every step that has ended, answered or not, and every packet that nobody asked for.
  using Sink = std::function<void(const StepReport&)>;

  Conversation(Host& host, Sink sink) : host_(host), sink_(std::move(sink)) {}

  // All three: an error is that no guest is there or that the user wants to leave. What the guest
  // does wrong is in the reports.
  Result<void> post(const Bytes& packet);
  Result<StepReport> ask(const Bytes& packet);
  // Until nothing is outstanding.
  Result<void> settle();
  // Until the time is over; answers are judged as they come.
  Result<void> rest(Clock::time_point deadline);
  // The host closes the channel; nobody waits for what is outstanding.
  void close();
  // What is outstanding, and what may be frozen: the channel is gone.
  void forget();

  Result<StepReport> ask(Operation operation) { return ask(packet_for(operation)); }
  Bytes packet_for(Operation operation);
  Bytes negotiation() { return negotiate_packet(host_.next_ids()); }

  // The host leaves: no filesystem stays frozen because of that, if five seconds are enough.
  void thaw_before_leaving();

 private:
  struct Outstanding {
    Bytes request;
    Clock::time_point sent;
    Clock::time_point deadline;
  };

  Result<void> next();
  void judge(const Arrival& arrival);
  void finish(std::uint64_t id, const StepReport& report);
  void give_up_all(const std::string& why);
  void notice_new_channel();
  void lose_damaged_ring(const std::string& what);
  void expire();

  Host& host_;
  Sink sink_;
  std::map<std::uint64_t, Outstanding> outstanding_;
  std::optional<std::uint64_t> awaited_;
  StepReport awaited_report_;
  std::uint64_t missing_signals_seen_ = 0;
  std::uint64_t channel_ = 0;
  bool may_be_frozen_ = false;
  bool leaving_ = false;
};

}  // namespace hostsim
