// A plain freezer: a daemon written for the device interface, as examples/freebsd_daemon.c. It has
// no slots and no guardian: what it has frozen when it is killed stays frozen, until the next one
// is told to thaw.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "simulation/participant.hpp"

namespace vss::simulation {

class PlainDaemon : public Participant {
 public:
  explicit PlainDaemon(World& world);

  // SIGKILL waits until its one thread comes back from the kernel, and so does its device.
  bool killable() const override { return !in_ioctl_; }
  bool busy() const { return !work_.empty(); }

 private:
  void say_hello() override { request_read(); }
  void got_event(const Question& question) override;
  void got_late(std::uint64_t) override {}
  void lost_connection() override;
  void got_killed() override;

  void begin(std::function<void()> work);
  void end();
  void freeze(const Question& question);
  void freeze_next(const Question& question);
  void thaw(const Question& question);
  void thaw_next(const Question& question, std::size_t left, bool success);

  std::deque<std::function<void()>> work_;  // the first one is being done
  bool in_ioctl_ = false;
  std::vector<unsigned> filesystems_;
  std::size_t frozen_ = 0;  // of these, from the first on
};

}  // namespace vss::simulation
