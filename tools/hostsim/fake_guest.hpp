// A guest in a thread, for the tests of the host: answers everything at once, freezes nothing.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "hostsim/ring.hpp"
#include "hostsim/shared_memory.hpp"
#include "hostsim/unique_fd.hpp"

namespace hostsim {

struct FakeGuestOptions {
  std::string path;
  // May change an answer before it is sent; false: it is not sent. Runs in the guest's thread.
  std::function<bool(Bytes& answer)> alter;
  bool signals = true;  // false: never
};

class FakeGuest {
 public:
  explicit FakeGuest(FakeGuestOptions options);
  FakeGuest(const FakeGuest&) = delete;
  FakeGuest& operator=(const FakeGuest&) = delete;
  ~FakeGuest();

  // Closes the channel; it connects again at once.
  void hang_up();
  int freezes() const { return freezes_; }
  int connections() const { return connections_; }

 private:
  struct Link;
  void serve();
  UniqueFd connect();
  bool open_link(UniqueFd socket, Link& link);
  void run(Link& link);
  bool drain(Link& link);
  bool send_answers(Link& link);
  Bytes answer_to(const Bytes& request);
  bool is_request(const Bytes& packet) const;

  FakeGuestOptions options_;
  UniqueFd wake_;
  bool frozen_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> hang_up_ = false;
  std::atomic<int> freezes_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace hostsim
