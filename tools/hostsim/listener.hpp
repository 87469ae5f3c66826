// The socket on which the host waits for a guest.
#pragma once

#include <string>

#include "hostsim/result.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

class Listener {
 public:
  // Replaces a socket on which nobody listens; one that is alive is an error.
  static Result<Listener> open(const std::string& path);
  Listener(Listener&& other) noexcept
      : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  int fd() const { return fd_.get(); }
  // A guest that waits; never blocks. An invalid descriptor: none.
  Result<UniqueFd> accept() const;

 private:
  Listener(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  UniqueFd fd_;
  std::string path_;
};

}  // namespace hostsim
