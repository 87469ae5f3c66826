// What can fail returns a Result: a value, or one sentence and the cause that a caller may act on.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace hostsim {

enum class Cause {
  kOther,
  kClosed,       // the guest closed the channel
  kTimeout,      // nothing came in time
  kInterrupted,  // SIGINT or SIGTERM
};

struct Problem {
  Cause cause = Cause::kOther;
  std::string what;
};

template <class T>
using Result = std::expected<T, Problem>;

inline std::unexpected<Problem> failure(std::string what, Cause cause = Cause::kOther) {
  return std::unexpected(Problem{cause, std::move(what)});
}

// With what errno says.
inline std::unexpected<Problem> system_failure(std::string_view what) {
  return failure(std::string(what) + ": " + std::generic_category().message(errno));
}

}  // namespace hostsim
