// A process that the agent runs in the guest, with what it writes.
#pragma once

#include <sys/types.h>

#include <expected>
#include <map>
#include <string>
#include <vector>

namespace vmagent {

struct Command {
  std::vector<std::string> words;  // the program first, looked up in PATH
  std::map<std::string, std::string> environment;
  std::string input;  // its stdin; at most 64 KiB, a pipe's size
};

// One stream of a job: read without waiting, kept up to kAtMost bytes.
class Stream {
 public:
  static constexpr std::size_t kAtMost = std::size_t{8} << 20;

  explicit Stream(int descriptor) : descriptor_(descriptor) {}
  int descriptor() const { return descriptor_; }
  const std::string& text() const { return text_; }

  // What is there now; closes at its end.
  void drain();
  void close();

 private:
  int descriptor_;
  std::string text_;
};

struct Job {
  pid_t pid;
  Stream output, errors;
};

// Forks and executes; an error says which call failed. The child has no descriptor of the agent's.
std::expected<Job, std::string> start(const Command& command);

}  // namespace vmagent
