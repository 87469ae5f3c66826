#include "devices/outgoing_queue.hpp"

#include <cstring>

#include "base/assert.hpp"

namespace vss::devices {

OutgoingQueue::OutgoingQueue(std::size_t bytes_max) {
  buffer_.resize(bytes_max);
}

bool OutgoingQueue::push(std::span<const std::byte> frame, bool with_thawed_page) {
  const std::size_t needed = sizeof(Header) + frame.size();
  if (needed > buffer_.size() - bytes_waiting()) return false;
  if (needed > buffer_.size() - end_) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, bytes_waiting());
    end_ -= begin_;
    begin_ = 0;
  }
  const Header header{static_cast<std::uint32_t>(frame.size()), with_thawed_page ? 1U : 0U};
  std::memcpy(buffer_.data() + end_, &header, sizeof header);
  std::memcpy(buffer_.data() + end_ + sizeof header, frame.data(), frame.size());
  end_ += needed;
  return true;
}

std::span<const std::byte> OutgoingQueue::front() const {
  return {buffer_.data() + begin_ + sizeof(Header), front_header().bytes};
}

bool OutgoingQueue::front_carries_thawed_page() const {
  return front_header().with_thawed_page != 0;
}

void OutgoingQueue::pop() {
  begin_ += sizeof(Header) + front_header().bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

OutgoingQueue::Header OutgoingQueue::front_header() const {
  VSS_ASSERT(!empty());
  Header header{};
  std::memcpy(&header, buffer_.data() + begin_, sizeof header);
  return header;
}

}  // namespace vss::devices
