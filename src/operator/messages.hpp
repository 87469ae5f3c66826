// What vssctl says to a person on standard error.
//
// Standard error may be a file on a filesystem that is frozen: a write to it would sleep until the
// thaw, and vssctl with it. So nothing is written while something may be frozen; it waits here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "operator/options.hpp"

namespace vss::operators {

class Messages {
 public:
  Messages();

  // One line, `vssctl: …`; kept while held back.
  void say(std::string_view text);
  // Text as it is.
  void show(std::string_view text);

  void hold_back() { held_back_ = true; }
  void let_go();

  // For what takes longer than a second: called as often as one likes, prints after 1 s and then
  // every 5 s, only where that can neither block nor reach a disk (a terminal or a pipe with room).
  void progress(base::Instant began, base::Instant now, std::string_view what);

 private:
  void write(std::string_view text);

  bool held_back_ = false;
  bool may_show_progress_ = false;
  base::Instant next_progress_;
  std::string waiting_;
};

// An error when standard output is a file, and filesystems are to be frozen: it may lie on one of
// them, which would swallow what is written until the thaw. `what` is done through a pipe: `how`.
base::Status check_output(const TransactionOptions& options, std::string_view what,
                          std::string_view how);

}  // namespace vss::operators
