// Very many writers that answer everything with success, all from one thread: for tests of numbers,
// and for bench/scale.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "wire/participant.hpp"

namespace vss::conformance {

using std::chrono::milliseconds;

class Crowd {
 public:
  explicit Crowd(std::string socket_path);

  // Connects and registers until there are so many. False: not within `patience`.
  bool grow_to(std::size_t size, milliseconds patience);

  // Answers until `answers` more events were answered, or `patience` is over; gives how many.
  std::size_t serve_until(std::size_t answers, milliseconds patience);
  // Answers until there is something to read from `descriptor`, which is none of the crowd's.
  bool serve_until_readable(int descriptor, milliseconds patience);

  std::size_t registered() const { return registered_; }
  std::size_t answered() const { return answered_; }

 private:
  void connect_one();
  // One look at what is ready. True: `stranger` is among it.
  bool serve(milliseconds patience, int stranger = -1);
  void handle(int fd);

  std::string socket_path_;
  base::UniqueFd epoll_;
  std::vector<base::UniqueFd> peers_;
  std::size_t registered_ = 0;
  std::size_t answered_ = 0;
  std::array<std::byte, wire::kFrameBytesMax> buffer_;
};

// Raises this process's limit of open files to what `connections` need, as far as it may; gives how
// many it may have.
std::size_t connections_possible(std::size_t connections);

}  // namespace vss::conformance
