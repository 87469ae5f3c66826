// The test vectors of the protocol: packets without their trailers, except where the name says so.
#pragma once

#include <string_view>

#include "hostsim/bytes.hpp"

namespace hostsim::vectors {

inline Bytes bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

// Zeros up to the length of a FREEZE, of which the vectors show only head and tail.
inline Bytes freeze_of(std::string_view head) {
  Bytes packet = bytes_of(head);
  packet.resize(6304);
  return packet;
}

inline constexpr std::string_view kNegotiate =  // T1
    "06 00 02 00 09 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 30 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 1c 00 00 00 00 00 00 03 00 00 02 00 03 00 00 00 00 00 01 00 00 00 03 00 00 00 05 00 00 "
    "00"
    "06 00 00 00 07 00 00 00";
inline constexpr std::string_view kNegotiated =  // T2
    "06 00 02 00 09 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 30 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 10 00 00 00 00 00 00 05 00 00 01 00 01 00 00 00 00 00 03 00 00 00 05 00 00 00 05 00 00 "
    "00"
    "06 00 00 00 07 00 00 00";
inline constexpr std::string_view kHotBackupInRing =  // T3, at 80
    "06 00 02 00 0a 00 00 00 11 00 00 00 00 00 00 00 01 00 00 00 34 00 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 20 00 00 00 00 00 01 03 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 50 00 00 00";
inline constexpr std::string_view kHotBackupAnswer =  // T4
    "06 00 02 00 0a 00 00 00 11 00 00 00 00 00 00 00 01 00 00 00 34 00 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 20 00 00 00 00 00 01 05 00 00 02 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
inline constexpr std::string_view kShortHotBackup =  // T3m
    "06 00 02 00 07 00 00 00 12 00 00 00 00 00 00 00 01 00 00 00 20 00 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 0c 00 00 00 00 00 01 03 00 00 02 00 00 00 00 00 00 00 00 00 00 00";
inline constexpr std::string_view kFreezeHead =  // T5
    "06 00 02 00 14 03 00 00 21 00 00 00 00 00 00 00 01 00 00 00 88 18 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 74 18 00 00 00 00 02 03 00 00 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 "
    "00"
    "01 00 00 00 a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae af 00 00 00 00 00 00 00 00 00 00 00 "
    "00";
inline constexpr std::string_view kFreezeAnswerHead =  // T6
    "06 00 02 00 14 03 00 00 21 00 00 00 00 00 00 00 01 00 00 00 88 18 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 74 18 00 00 00 00 02 05 00 00 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 "
    "00"
    "01 00 00 00 a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae af 00 00 00 00 00 00 00 00 00 00 00 "
    "00";
inline constexpr std::string_view kThaw =  // T7
    "06 00 02 00 0a 00 00 00 31 00 00 00 00 00 00 00 01 00 00 00 34 00 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 20 00 00 00 00 00 03 03 00 00 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
inline constexpr std::string_view kThawAnswerInRing =  // T8, at 6480
    "06 00 02 00 0a 00 00 00 31 00 00 00 00 00 00 00 01 00 00 00 34 00 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 20 00 00 00 00 00 03 05 00 00 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 50 19 00 00";
inline constexpr std::string_view kThawFailureInRing =  // T8f, at 6568
    "06 00 02 00 0a 00 00 00 31 00 00 00 00 00 00 00 01 00 00 00 34 00 00 00 03 00 00 00 05 00 05 "
    "00"
    "00 00 20 00 05 40 00 80 03 05 00 00 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 a8 19 00 00";
inline constexpr std::string_view kWrapTail =  // T9, the last 24 bytes of the data area
    "06 00 02 00 0a 00 00 00 41 00 00 00 00 00 00 00 01 00 00 00 34 00 00 00";
inline constexpr std::string_view kWrapHead =  // T9, the first 64 bytes of the data area
    "03 00 00 00 05 00 05 00 00 00 20 00 00 00 00 00 04 03 00 00 06 00 00 00 00 00 00 00 00 00 00 "
    "00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 e8 2f 00 "
    "00";

}  // namespace hostsim::vectors
