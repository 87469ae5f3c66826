// What the ring costs: packets in at one end and out at the other, beside memcpy of the same bytes.
#include <benchmark/benchmark.h>

#include <vector>

#include "requesters/vmbus/ring_reader.hpp"
#include "requesters/vmbus/ring_writer.hpp"
#include "wire/hyperv/packet.hpp"

namespace vss::requesters::vmbus {
namespace {

constexpr std::size_t kHeader = 4096;
constexpr std::size_t kPacketBytesMax = 16'384;

// As long as the argument, without trailer.
std::vector<std::byte> packet_of(const benchmark::State& state) {
  std::vector<std::byte> packet(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  std::ranges::copy(wire::hyperv::encode({.length = packet.size(), .transaction_id = 7}),
                    packet.begin());
  return packet;
}

void count_packets(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

class Memory {
 public:
  explicit Memory(std::size_t data_bytes) : words_((kHeader + data_bytes) / 8) {}
  Ring ring() { return Ring(std::as_writable_bytes(std::span{words_}), kHeader); }
  std::byte* data() { return std::as_writable_bytes(std::span{words_}).data() + kHeader; }

 private:
  std::vector<std::uint64_t> words_;
};

// 12 288 bytes of data, as hv_utils has: every 140th short packet wraps, every second long one.
constexpr std::size_t kSmallRing = 12'288;
// As uio_hv_generic makes it.
constexpr std::size_t kLargeRing = (std::size_t{2} << 20) - kHeader;

void ring(benchmark::State& state, std::size_t data_bytes) {
  Memory memory(data_bytes);
  RingWriter writer(memory.ring());
  RingReader reader(memory.ring());
  const auto packet = packet_of(state);
  std::array<std::byte, kPacketBytesMax> buffer{};
  for ([[maybe_unused]] auto once : state) {
    const bool given = writer.give(packet).what == Given::What::kDone;
    const Taken taken = reader.take(buffer);
    if (!given || taken.what != Taken::What::kPacket || taken.bytes != packet.size()) {
      state.SkipWithError("the packet did not come through");
      break;
    }
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

// The same bytes in and out at the same places, but none of what makes them packets.
void plain_memcpy(benchmark::State& state, std::size_t data_bytes) {
  Memory memory(data_bytes);
  const auto packet = packet_of(state);
  std::array<std::byte, kPacketBytesMax> buffer{};
  std::size_t at = 0;
  for ([[maybe_unused]] auto once : state) {
    if (at + packet.size() > data_bytes) at = 0;
    std::memcpy(memory.data() + at, packet.data(), packet.size());
    benchmark::ClobberMemory();
    std::memcpy(buffer.data(), memory.data() + at, packet.size());
    benchmark::ClobberMemory();
    at += packet.size() + wire::hyperv::kTrailerBytes;
  }
  count_packets(state);
}

// A HOT_BACKUP, and the FREEZE of a real host.
BENCHMARK_CAPTURE(ring, of_12_KiB, kSmallRing)->Arg(80)->Arg(6312);
BENCHMARK_CAPTURE(plain_memcpy, in_12_KiB, kSmallRing)->Arg(80)->Arg(6312);
BENCHMARK_CAPTURE(ring, of_2_MiB, kLargeRing)->Arg(80)->Arg(6312);
BENCHMARK_CAPTURE(plain_memcpy, in_2_MiB, kLargeRing)->Arg(80)->Arg(6312);

}  // namespace
}  // namespace vss::requesters::vmbus
