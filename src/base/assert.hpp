// Assertions for our own bugs. They stay on in every build; bad input is never asserted.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace vss::base {

// Freeze-safe: one write(2) to standard error, then abort. Allocates nothing.
[[noreturn]] inline void assertion_failed(const char* what) {
  const char prefix[] = "openvss: assertion failed: ";
  [[maybe_unused]] auto ignored = ::write(STDERR_FILENO, prefix, sizeof prefix - 1);
  ignored = ::write(STDERR_FILENO, what, std::strlen(what));
  ignored = ::write(STDERR_FILENO, "\n", 1);
  std::abort();
}

}  // namespace vss::base

#define VSS_STRINGIZE_(x) #x
#define VSS_STRINGIZE(x) VSS_STRINGIZE_(x)
#define VSS_ASSERT(condition) \
  ((condition)                \
       ? static_cast<void>(0) \
       : ::vss::base::assertion_failed(__FILE__ ":" VSS_STRINGIZE(__LINE__) ": " #condition))
