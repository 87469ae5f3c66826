// Frames that wait for vssd to read: a ring of fixed size, so that a reader that does not read
// costs neither time nor memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vss::freezer {

// Details may fill three quarters and are dropped and counted beyond; answers may use the rest,
// which no number of answers fills unless nobody reads at all. Freeze-safe after construction.
class Outbox {
 public:
  explicit Outbox(std::size_t bytes);

  enum class Kind { kDetail, kAnswer };
  // False: it does not fit. A dropped detail is counted.
  bool push(std::span<const std::byte> frame, Kind kind);

  bool empty() const { return used_ == 0; }
  // The oldest frame; valid until pop().
  std::span<const std::byte> front();
  void pop();
  void clear();

  bool room_for_details(std::size_t bytes) const;
  std::size_t dropped() const { return dropped_; }

 private:
  void copy_in(std::span<const std::byte> bytes);
  void copy_out(std::span<std::byte> bytes);

  std::vector<std::byte> ring_;
  std::vector<std::byte> front_;  // the oldest frame, taken out in one piece
  std::size_t front_size_ = 0;
  std::size_t head_ = 0;
  std::size_t used_ = 0;  // bytes, front_ included
  std::size_t dropped_ = 0;
};

}  // namespace vss::freezer
