// Which events wait for a reply, so that none is answered twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wire/participant.hpp"

namespace vss::sdk {

// Remembers the last few events of one connection. vssd asks a writer one thing at a time and only
// overtakes itself on the way back, so that more than a handful are never of interest.
class Answers {
 public:
  struct Asked {
    std::uint64_t id = 0;
    wire::Operation operation{};
    base::TransactionId transaction;
    base::Instant reply_deadline = base::Instant::never();
    base::Instant hold_deadline = base::Instant::never();
    bool answered = false;
  };

  void asked(const wire::Event& event) {
    events_[next_] = {.id = event.message_id,
                      .operation = event.operation,
                      .transaction = event.transaction,
                      .reply_deadline = event.reply_deadline,
                      .hold_deadline = event.hold_deadline};
    next_ = (next_ + 1) % events_.size();
  }
  // nullptr: no such event.
  Asked* find(std::uint64_t id) {
    for (Asked& event : events_) {
      if (event.id == id) return &event;
    }
    return nullptr;
  }
  void clear() { events_ = {}; }

 private:
  std::array<Asked, 8> events_{};
  std::size_t next_ = 0;
};

}  // namespace vss::sdk
