// An open channel: two rings, the dialogue on them, and the questions it puts to the coordinator.
// Holds no descriptor: a link says when the host signalled, and signals the host.
#pragma once

#include <functional>
#include <string_view>

#include "requesters/host_link.hpp"
#include "requesters/vmbus/dialogue.hpp"
#include "requesters/vmbus/ring_reader.hpp"
#include "requesters/vmbus/ring_writer.hpp"

namespace vss::requesters::vmbus {

// As which requester an opening of the channel speaks. The name is the link's: static text, since
// what is told of an exchange outlives the channel.
struct ChannelIdentity {
  coordinator::RequesterId id;
  std::string_view name;
};

// One thread; nothing blocks; freeze-safe once made.
class Channel {
 public:
  // `sending`: the ring to the host, `receiving`: the one from it. `signal_host` must not block.
  Channel(Ring sending, Ring receiving, ChannelIdentity identity, HostLinkOwner& owner,
          std::function<void()> signal_host);

  enum class Standing : std::uint8_t {
    kIdle,         // nothing to do before the host signals
    kMoreToDo,     // let others have their turn, then pump() again without waiting
    kAnswersWait,  // the host does not read its answers; its signal may be lost: look again soon
    kBroken,       // close it; broken_why() says why
  };
  // Takes what the host wrote, a few packets at a time, and gives it what is answered.
  Standing pump(base::Instant now);
  static constexpr int kPacketsAtOnce = 64;

  // Of this channel's requester. Gives the answer at once if there is room.
  void perform(const coordinator::Answer& answer);

  // The channel was closed, by whichever end: what is open on it ends.
  void closed(std::string_view why);

  coordinator::RequesterId id() const { return identity_.id; }
  std::string_view broken_why() const { return broken_why_; }
  bool answers_wait() const { return dialogue_.ready().has_value(); }
  bool served() const { return served_; }  // a well-formed request was answered
  const Ignored& ignored() const { return dialogue_.ignored(); }

 private:
  void took(const Taken& taken, std::span<const std::byte> buffer, base::Instant now);
  void ask(const Question& question);
  void give_answers();
  void break_off(std::string_view why) { broken_why_ = why; }

  RingWriter writer_;
  RingReader reader_;
  Dialogue dialogue_;
  ChannelIdentity identity_;
  HostLinkOwner& owner_;
  std::function<void()> signal_host_;
  std::string_view broken_why_;
  int dropped_in_a_row_ = 0;
  bool asked_anything_ = false;
  bool served_ = false;
};

}  // namespace vss::requesters::vmbus
