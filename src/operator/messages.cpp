#include "operator/messages.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/console.hpp"

namespace vss::operators {
namespace {

constexpr base::Duration kFirstProgress = base::seconds(1);
constexpr base::Duration kNextProgress = base::seconds(5);

}  // namespace

Messages::Messages() {
  struct stat about{};
  may_show_progress_ =
      ::fstat(STDERR_FILENO, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode);
}

void Messages::say(std::string_view text) {
  show("vssctl: " + std::string(text) + '\n');
}

void Messages::show(std::string_view text) {
  if (held_back_) {
    waiting_ += text;
  } else {
    write(text);
  }
}

void Messages::let_go() {
  held_back_ = false;
  write(waiting_);
  waiting_.clear();
}

void Messages::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads any more
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Messages::progress(base::Instant began, base::Instant now, std::string_view what) {
  const base::Instant first = began + kFirstProgress;
  if (!may_show_progress_ || now < first || now < next_progress_) return;
  next_progress_ = now + kNextProgress;
  const auto seconds = std::chrono::duration_cast<base::seconds>(now - began).count();
  platform::print_line(
      STDERR_FILENO, "vssctl: " + std::string(what) + ", " + std::to_string(seconds) + " s so far");
}

base::Status check_output(const TransactionOptions& options, std::string_view what,
                          std::string_view how) {
  struct stat about{};
  const bool is_file = ::fstat(STDOUT_FILENO, &about) == 0 && S_ISREG(about.st_mode);
  if (!is_file || options.selection == wire::Selection::kNone) return {};
  return base::fail_usage(
      "standard output is a file, which may lie on a filesystem that is about to be frozen; " +
      std::string(what) + " through a pipe: " + std::string(how));
}

}  // namespace vss::operators
