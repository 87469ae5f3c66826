// What the tests of the bodies share.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "wire/frame.hpp"

namespace vss::wire {

// A packet and its view, which stays valid with it.
struct Packet {
  explicit Packet(FrameWriter writer) {
    const auto span = writer.bytes();
    bytes.assign(span.begin(), span.end());
    const auto decoded = decode_frame(bytes);
    EXPECT_TRUE(decoded.has_value());
    if (decoded) view = *decoded;
  }
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  std::vector<std::byte> bytes;
  FrameView view;
};

template <typename Decoder>
void expect_bad(const FrameWriter& writer, Decoder decode) {
  const Packet packet(writer);
  const auto body = decode(packet.view);
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error(), FrameError::kBadField);
}

}  // namespace vss::wire
