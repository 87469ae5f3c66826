#include "writers/console_writer.hpp"

#include <cstdio>

namespace vss::writers {

void ConsoleWriter::connected(std::chrono::nanoseconds timeout) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  say("registered with vssd; each answer may take " + std::to_string(ms.count()) + " ms");
}

void ConsoleWriter::disconnected(const std::string& why) {
  say("waiting for vssd: " + why);
}

void ConsoleWriter::say(const std::string& text) const {
  std::fprintf(stderr, "vss-writer: %s: %s\n", name_.c_str(), text.c_str());
}

}  // namespace vss::writers
