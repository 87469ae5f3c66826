// What the commands of a writer print, kept until it may be written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vss::writers {

// While filesystems are frozen, standard error may be a file on one of them, and writing there
// would sleep until the thaw. So output waits here, at most `limit` bytes of it; what comes beyond
// is dropped and counted.
class OutputBuffer {
 public:
  explicit OutputBuffer(std::size_t limit = 65'536) : limit_(limit) {}

  void append(std::string_view bytes);
  // Reads all that waits in a non-blocking descriptor.
  void drain(int descriptor);
  // Writes what `descriptor` takes without blocking; the rest stays.
  void flush(int descriptor);

  // The last line that has something in it, to be quoted in a reason.
  std::string_view last_line() const;
  bool empty() const { return bytes_.empty() && dropped_ == 0; }

 private:
  std::size_t limit_;
  std::string bytes_;
  std::size_t dropped_ = 0;
};

}  // namespace vss::writers
