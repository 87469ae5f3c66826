// The command `run`: steps in the order in which they are written.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "hostsim/host.hpp"

namespace hostsim {

struct ScriptStep {
  enum class Kind {
    kNegotiate,
    kOperation,
    kSleep,
    kUntil,
    kClose,
    kWait,
    kVanish,
    kRescind,
    kOffer,
    kInterrupt,
    kMute,
    kUnmute,
    kRaw,
    kWriteIndex,
  };
  Kind kind = Kind::kNegotiate;
  Operation operation = Operation::kCreate;
  bool in_background = false;  // the answer is not waited for
  std::chrono::milliseconds time{0};
  std::string file = {};                              // kUntil: goes on when it is there
  Bytes bytes = {};                                   // kRaw: what goes into the ring as a packet
  std::optional<std::uint32_t> index = std::nullopt;  // kWriteIndex; nothing: the right one
};

// An error names the word and what there is instead.
Result<std::vector<ScriptStep>> parse_script(const std::vector<std::string>& words);

// Prints each answer as it comes. The exit status.
int run_script(Host& host, const std::vector<ScriptStep>& steps, bool json);

}  // namespace hostsim
