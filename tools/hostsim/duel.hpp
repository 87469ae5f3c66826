// What hostile acts are made of: packets whose fate is watched, and the way back to order.
#pragma once

#include <unordered_map>

#include "hostsim/host.hpp"
#include "hostsim/random.hpp"

namespace hostsim {

// How often a packet may be answered.
enum class Expect { kOneAnswer, kAtMostOne, kNoAnswer };

// Lives for one act. An error of any function is a complaint about the guest, but for
// Cause::kInterrupted.
class Duel {
 public:
  Duel(Host& host, Random random) : host_(host), random_(random) {}

  Random& random() { return random_; }
  Channel& channel() { return host_.channel(); }
  Ids next_ids() { return host_.next_ids(); }
  Bytes request(Operation operation);

  // The ring may be damaged by what follows: the guest may close, and may answer what it finds.
  void allow_anything() { anything_allowed_ = true; }

  // The host wants to leave: nothing is waited for longer than five seconds.
  void be_brief() { brief_ = true; }

  // Waits for room. Without a guest, which was allowed to go: does nothing.
  Result<void> send(const Bytes& packet, Expect expect);
  // Without a look at the answers; false: there was no room.
  Result<bool> try_send(const Bytes& packet, Expect expect);
  // Whatever is in the ring, and a signal whether or not it is due.
  Result<void> write_raw(const Bytes& bytes);

  // Until every request that deserves an answer has it, and one more sent after them.
  Result<void> resync();
  // Until the guest has read everything, closes, or does not within a short while.
  Result<void> let_it_read();
  Result<void> let_it_react(std::chrono::milliseconds time);
  // The host closes; the guest has to come back.
  Result<void> reconnect();
  bool has_guest() { return host_.has_guest() && host_.channel_number() == channel_; }
  void expect_signals(bool expected) { host_.expect_signals(expected); }
  // THAW, and its answer; what FREEZE did is undone.
  Result<void> thaw();

 private:
  struct Watched {
    Bytes packet;
    Expect expect;
    int answers = 0;
  };

  void watch(const Bytes& packet, Expect expect);
  Result<void> judge(const Arrival& arrival);
  Result<void> collect();
  Result<void> after_loss(const Problem& problem);

  Host& host_;
  Random random_;
  std::unordered_map<std::uint64_t, Watched> watched_;
  std::uint64_t channel_ = host_.channel_number();
  std::size_t awaited_ = 0;
  bool anything_allowed_ = false;
  bool brief_ = false;
  bool slow_ = false;  // something was asked that takes its time
};

}  // namespace hostsim
