// What the codecs cost: our own frames, and the host's messages from packet to answer.
#include <benchmark/benchmark.h>

#include <cstring>

#include "wire/hyperv/packet.hpp"
#include "wire/hyperv/vectors_for_test.hpp"
#include "wire/hyperv/vss_message.hpp"
#include "wire/participant.hpp"

namespace vss::wire {
namespace {

namespace vectors = hyperv::vectors;

Event freeze_event() {
  return {.operation = Operation::kFreeze,
          .message_id = 77,
          .transaction = {4711},
          .reply_deadline = {1'000'000'000},
          .hold_deadline = {2'000'000'000}};
}

Registration registration() {
  Registration registration;
  registration.name = "orders-db";
  registration.version = "16.4";
  registration.level = 120;
  registration.timeout = base::seconds{5};
  return registration;
}

void count_messages(benchmark::State& state, std::size_t bytes_each) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_each));
}

// Field by field into a frame; the frame's 64 KiB are not cleared.
void make_event(benchmark::State& state) {
  const Event event = freeze_event();
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto once : state) {
    FrameWriter frame = make_frame(event);
    benchmark::DoNotOptimize(frame.bytes().data());
    bytes = frame.bytes().size();
  }
  count_messages(state, bytes);
}
BENCHMARK(make_event);

void decode_event(benchmark::State& state) {
  FrameWriter frame = make_frame(freeze_event());
  for ([[maybe_unused]] auto once : state) {
    const auto view = decode_frame(frame.bytes());
    benchmark::DoNotOptimize(decode_event(*view));
  }
  count_messages(state, frame.bytes().size());
}
BENCHMARK(decode_event);

void decode_registration(benchmark::State& state) {
  FrameWriter frame = make_frame(registration());
  for ([[maybe_unused]] auto once : state) {
    const auto view = decode_frame(frame.bytes());
    benchmark::DoNotOptimize(decode_registration(*view));
  }
  count_messages(state, frame.bytes().size());
}
BENCHMARK(decode_registration);

// As the dialogue does it: a private copy, which becomes the answer.
std::span<std::byte> payload_of_copy(const vectors::Bytes& packet, std::span<std::byte> copy) {
  std::memcpy(copy.data(), packet.data(), packet.size());
  const auto descriptor = hyperv::decode_descriptor(copy.first<hyperv::kDescriptorBytes>());
  return copy.subspan(descriptor.payload_offset, descriptor.length - descriptor.payload_offset);
}

void answer_negotiation(benchmark::State& state) {
  std::array<std::byte, 16'384> copy{};
  for ([[maybe_unused]] auto once : state) {
    benchmark::DoNotOptimize(
        hyperv::negotiate_in_place(payload_of_copy(vectors::kNegotiate, copy)));
    benchmark::ClobberMemory();
  }
  count_messages(state, vectors::kNegotiate.size());
}
BENCHMARK(answer_negotiation);

void answer_vss(benchmark::State& state, const vectors::Bytes& packet) {
  std::array<std::byte, 16'384> copy{};
  for ([[maybe_unused]] auto once : state) {
    const auto payload = payload_of_copy(packet, copy);
    const auto header = hyperv::decode_ic_header(payload);
    const auto operation = hyperv::decode_vss_operation(payload, header->length);
    if (operation == hyperv::VssOperation::kHotBackup) {
      hyperv::put_vss_flags(payload, hyperv::kHotBackupFlags);
    }
    hyperv::answer_in_place(payload, hyperv::kStatusOk);
    benchmark::ClobberMemory();
  }
  count_messages(state, packet.size());
}
BENCHMARK_CAPTURE(answer_vss, hot_backup, vectors::kHotBackup);
BENCHMARK_CAPTURE(answer_vss, freeze_of_6312_bytes, vectors::kFreeze);

}  // namespace
}  // namespace vss::wire
