// Errors as values: what every function that can fail returns.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace vss::base {

// Where a failure sends the process that meets it; each value has one exit status
// (exit_status.hpp).
enum class ErrorKind : std::uint8_t {
  kFailed,        // the operation was understood and did not succeed
  kUsage,         // a command line or a configuration is wrong
  kPrerequisite,  // root, a capability, a kernel feature or a package is missing
};

// Says what failed, where, and what to do about it, in one sentence for a person. Used while
// setting up and in operators' tools; the freeze window uses enums and FixedText, which do not
// allocate.
struct Error {
  std::string message;
  int os_errno = 0;  // errno where a system call failed, else 0
  ErrorKind kind = ErrorKind::kFailed;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

inline std::unexpected<Error> fail(std::string message, int os_errno = 0,
                                   ErrorKind kind = ErrorKind::kFailed) {
  return std::unexpected(Error{std::move(message), os_errno, kind});
}

inline std::unexpected<Error> fail_usage(std::string message) {
  return fail(std::move(message), 0, ErrorKind::kUsage);
}

}  // namespace vss::base
