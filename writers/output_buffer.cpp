#include "writers/output_buffer.hpp"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace vss::writers {

void OutputBuffer::append(std::string_view bytes) {
  const std::size_t take = std::min(bytes.size(), limit_ - bytes_.size());
  bytes_.append(bytes.substr(0, take));
  dropped_ += bytes.size() - take;
}

void OutputBuffer::drain(int descriptor) {
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t size = ::read(descriptor, piece.data(), piece.size());
    if (size <= 0) return;
    append({piece.data(), static_cast<std::size_t>(size)});
  }
}

void OutputBuffer::flush(int descriptor) {
  if (dropped_ > 0) {
    bytes_ += "\n(" + std::to_string(dropped_) + " more bytes of output were dropped)\n";
    dropped_ = 0;
  }
  while (!bytes_.empty()) {
    // A pipe that polls writable takes this many bytes without blocking.
    pollfd ready = {descriptor, POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
    const ssize_t size =
        ::write(descriptor, bytes_.data(), std::min<std::size_t>(bytes_.size(), PIPE_BUF));
    if (size <= 0) return;
    bytes_.erase(0, static_cast<std::size_t>(size));
  }
}

std::string_view OutputBuffer::last_line() const {
  std::string_view text = bytes_;
  const std::size_t end = text.find_last_not_of("\r\n ");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const std::size_t line_break = text.rfind('\n');
  return line_break == std::string_view::npos ? text : text.substr(line_break + 1);
}

}  // namespace vss::writers
