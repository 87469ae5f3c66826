// A writer that tells on standard error whether vssd is there. The built-in writers derive from it.
#pragma once

#include <vss/writer.hpp>

#include <chrono>
#include <string>

namespace vss::writers {

class ConsoleWriter : public Writer {
 public:
  explicit ConsoleWriter(const Options& options) : Writer(options), name_(options.name) {}

 protected:
  void connected(std::chrono::nanoseconds timeout) override;
  void disconnected(const std::string& why) override;

  // One line on standard error. Not while holding: it may be a file on a frozen filesystem.
  void say(const std::string& text) const;

 private:
  std::string name_;
};

// The time of a call that should be spent on its work, so that the answer still arrives in time.
inline BootClock::time_point work_deadline(BootClock::time_point reply_deadline) {
  constexpr std::chrono::milliseconds kLeast{50};
  const auto now = BootClock::now();
  if (reply_deadline == BootClock::time_point::max()) return now + std::chrono::seconds(30);
  return reply_deadline - std::max<BootClock::duration>((reply_deadline - now) / 10, kLeast);
}

}  // namespace vss::writers
