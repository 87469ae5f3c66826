#include "freezer/outbox.hpp"

#include <algorithm>
#include <cstdint>

#include "base/assert.hpp"
#include "wire/frame.hpp"

namespace vss::freezer {
namespace {

using Length = std::uint32_t;

}  // namespace

Outbox::Outbox(std::size_t bytes) : ring_(bytes), front_(wire::kFrameBytesMax) {}

bool Outbox::room_for_details(std::size_t bytes) const {
  return used_ + bytes + sizeof(Length) <= ring_.size() / 4 * 3;
}

bool Outbox::push(std::span<const std::byte> frame, Kind kind) {
  const bool fits = kind == Kind::kDetail ? room_for_details(frame.size())
                                          : used_ + frame.size() + sizeof(Length) <= ring_.size();
  if (!fits) {
    if (kind == Kind::kDetail) ++dropped_;
    return false;
  }
  const Length length = static_cast<Length>(frame.size());
  copy_in(std::as_bytes(std::span{&length, 1}));
  copy_in(frame);
  return true;
}

std::span<const std::byte> Outbox::front() {
  VSS_ASSERT(!empty());
  if (front_size_ == 0) {
    Length length = 0;
    copy_out(std::as_writable_bytes(std::span{&length, 1}));
    front_size_ = length;
    copy_out(std::span(front_).first(front_size_));
  }
  return std::span(front_).first(front_size_);
}

void Outbox::pop() {
  front();
  used_ -= front_size_ + sizeof(Length);
  front_size_ = 0;
}

void Outbox::clear() {
  head_ = used_ = front_size_ = dropped_ = 0;
}

void Outbox::copy_in(std::span<const std::byte> bytes) {
  // The tail lies behind what is in the ring; what front() took out no longer is, but still counts.
  std::size_t tail =
      (head_ + used_ - (front_size_ == 0 ? 0 : front_size_ + sizeof(Length))) % ring_.size();
  for (const std::byte byte : bytes) {
    ring_[tail] = byte;
    tail = tail + 1 == ring_.size() ? 0 : tail + 1;
  }
  used_ += bytes.size();
}

void Outbox::copy_out(std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) {
    byte = ring_[head_];
    head_ = head_ + 1 == ring_.size() ? 0 : head_ + 1;
  }
}

}  // namespace vss::freezer
