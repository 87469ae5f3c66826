// Frames that wait until the peer takes them: bounded, in memory that is taken once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vss::devices {

// Whole frames in order, each perhaps with the thawed page's descriptor. Pure; freeze-safe after
// construction. A frame that does not fit is refused: the caller gives the peer up, as one that
// does not read would otherwise hold memory for ever.
class OutgoingQueue {
 public:
  explicit OutgoingQueue(std::size_t bytes_max);

  bool push(std::span<const std::byte> frame, bool with_thawed_page);  // false: no room
  bool empty() const { return begin_ == end_; }
  std::span<const std::byte> front() const;  // not when empty; valid until the next push or pop
  bool front_carries_thawed_page() const;
  void pop();
  std::size_t bytes_waiting() const { return end_ - begin_; }

 private:
  struct Header {
    std::uint32_t bytes;
    std::uint32_t with_thawed_page;
  };
  Header front_header() const;

  std::vector<std::byte> buffer_;  // Header, frame, Header, frame… between begin_ and end_
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace vss::devices
