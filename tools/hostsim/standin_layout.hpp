// What is said over /dev/vmbus_standin, the device of the test's VMBus: records of 16 bytes each
// way, as its README describes them.
#pragma once

#include <cstdint>

namespace hostsim {

struct StandinRecord {
  std::uint32_t kind = 0;
  std::uint32_t reserved = 0;
  std::uint64_t value = 0;
};
static_assert(sizeof(StandinRecord) == 16);

// Read.
inline constexpr std::uint32_t kStandinOpened = 1;  // value: bytes of both rings
inline constexpr std::uint32_t kStandinClosed = 2;
inline constexpr std::uint32_t kStandinSignal = 3;
// Written.
inline constexpr std::uint32_t kStandinInterrupt = 16;
inline constexpr std::uint32_t kStandinRescind = 17;
inline constexpr std::uint32_t kStandinOffer = 18;

}  // namespace hostsim
