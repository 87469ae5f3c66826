#include "requesters/vmbus/hello.hpp"

#include <gmock/gmock.h>

#include <array>

#include "wire/hyperv/little_endian.hpp"

namespace vss::requesters::vmbus {
namespace {

using testing::HasSubstr;

std::array<std::byte, 16> hello(std::uint32_t magic, std::uint32_t version,
                                std::uint32_t ring_bytes, std::uint32_t last) {
  std::array<std::byte, 16> bytes{};
  using wire::hyperv::put;
  put(std::span<std::byte>{bytes}, 0, magic);
  put(std::span<std::byte>{bytes}, 4, version);
  put(std::span<std::byte>{bytes}, 8, ring_bytes);
  put(std::span<std::byte>{bytes}, 12, last);
  return bytes;
}

TEST(Hello, TellsTheSizeOfARing) {
  EXPECT_EQ(ring_bytes_of_hello(hello(kHelloMagic, 1, 16'384, 0)), 16'384U);
  EXPECT_EQ(ring_bytes_of_hello(hello(kHelloMagic, 1, 4U << 20, 0)), 4U << 20);
}

TEST(Hello, OfAnotherProtocolIsRefused) {
  EXPECT_THAT(ring_bytes_of_hello(hello(1, 1, 16'384, 0)).error(), HasSubstr("VMBS"));
  EXPECT_THAT(ring_bytes_of_hello(hello(kHelloMagic, 2, 16'384, 0)).error(),
              HasSubstr("version 1"));
  EXPECT_THAT(ring_bytes_of_hello(hello(kHelloMagic, 1, 16'384, 1)).error(),
              HasSubstr("end with 0"));
}

TEST(Hello, OfTheWrongLengthIsRefused) {
  const auto good = hello(kHelloMagic, 1, 16'384, 0);
  EXPECT_THAT(ring_bytes_of_hello(std::span{good}.first(15)).error(), HasSubstr("16 bytes"));
  EXPECT_THAT(ring_bytes_of_hello({}).error(), HasSubstr("16 bytes"));
}

TEST(Hello, RingOfAnImpossibleSizeIsRefused) {
  for (const std::uint32_t bytes : {0U, 12'288U, 16'385U, 16'392U, 4U << 20 | 4096U, ~0U}) {
    EXPECT_THAT(ring_bytes_of_hello(hello(kHelloMagic, 1, bytes, 0)).error(),
                HasSubstr("multiple of 4096"))
        << bytes;
  }
}

}  // namespace
}  // namespace vss::requesters::vmbus
