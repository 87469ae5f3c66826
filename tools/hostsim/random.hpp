// Choices that are the same for the same seed.
#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "hostsim/bytes.hpp"

namespace hostsim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() { return engine_(); }
  // 0 … bound-1. The slight inequality does not matter here.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  template <class T, std::size_t N>
  T one_of(const std::array<T, N>& choices) {
    return choices[below(N)];
  }
  Bytes bytes(std::size_t size) {
    Bytes result(size);
    for (std::uint8_t& byte : result) {
      byte = static_cast<std::uint8_t>(next());
    }
    return result;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace hostsim
