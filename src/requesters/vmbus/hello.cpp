#include "requesters/vmbus/hello.hpp"

#include "wire/hyperv/little_endian.hpp"

namespace vss::requesters::vmbus {

std::expected<std::size_t, std::string_view> ring_bytes_of_hello(std::span<const std::byte> hello) {
  using wire::hyperv::get;
  if (hello.size() != kHelloBytes) return std::unexpected("the host's hello is not 16 bytes long");
  if (get<std::uint32_t>(hello, 0) != kHelloMagic) {
    return std::unexpected("the host's hello does not begin with VMBS");
  }
  if (get<std::uint32_t>(hello, 4) != kHelloVersion) {
    return std::unexpected("the host's hello is not of version 1");
  }
  if (get<std::uint32_t>(hello, 12) != 0) {
    return std::unexpected("the host's hello does not end with 0");
  }
  const std::size_t bytes = get<std::uint32_t>(hello, 8);
  if (bytes < kRingBytesMin || bytes > kRingBytesMax || bytes % kRingHeaderBytes != 0) {
    return std::unexpected("the host's rings are no multiple of 4096 from 16384 to 4194304 bytes");
  }
  return bytes;
}

}  // namespace vss::requesters::vmbus
