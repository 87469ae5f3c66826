// What a correct guest answers, bit by bit.
#pragma once

#include <string>
#include <vector>

#include "hostsim/bytes.hpp"
#include "hostsim/ring.hpp"

namespace hostsim {

struct Verdict {
  std::uint32_t status = 0;  // what the guest says; worth nothing where there are complaints
  std::vector<std::string> complaints;
};

// Whose answers they are: the kernel's hv_utils answers much by itself, and some of it otherwise.
enum class AnswersOf : std::uint8_t { kVssd, kHvUtils };

// Judges one answer to a well-formed request; both without trailer.
Verdict check_answer(View request, View answer, AnswersOf whose = AnswersOf::kVssd);

// The answer as it stood in the ring: with its trailer.
Verdict check_answer(View request, const Received& answer, AnswersOf whose = AnswersOf::kVssd);

}  // namespace hostsim
