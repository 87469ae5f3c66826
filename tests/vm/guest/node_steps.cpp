// A client of a device node that does what its arguments say, one step after the other, and says
// what came of each:
//
//     node_steps PATH
//     open|open-nonblock|read|ioctl-read|answer|poll:MILLISECONDS|sleep:MILLISECONDS...
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include "../../conformance/node_client.hpp"

namespace {

using vss::conformance::NodeClient;

class Steps {
 public:
  explicit Steps(const char* path) : path_(path) {}

  std::string take(std::string_view step) {
    if (step == "open") return said(node_.open(path_));
    if (step == "open-nonblock") return said(node_.open(path_, O_RDWR | O_NONBLOCK));
    if (step == "read") return message(node_.read(message_));
    if (step == "ioctl-read") return message(node_.ioctl_read(message_));
    if (step == "answer") return said(node_.ioctl_write(message_));
    if (step.starts_with("poll:")) {
      return polled(std::chrono::milliseconds{std::atoi(step.data() + 5)});
    }
    if (step.starts_with("sleep:")) {
      std::this_thread::sleep_for(std::chrono::milliseconds{std::atoi(step.data() + 6)});
      return "ok";
    }
    return "no such step";
  }

 private:
  static std::string said(int error) { return error == 0 ? "ok" : ::strerrorname_np(error); }
  std::string message(int error) const {
    if (error != 0) return said(error);
    return "opt " + std::to_string(message_.opt) + " status " + std::to_string(message_.status);
  }
  std::string polled(std::chrono::milliseconds at_most) const {
    const short events = node_.poll(at_most);
    std::string text = events == 0 ? "nothing" : "";
    if ((events & POLLIN) != 0) text += "IN";
    if ((events & POLLERR) != 0) text += "ERR";
    if ((events & POLLHUP) != 0) text += "HUP";
    return text;
  }

  const char* path_;
  NodeClient node_;
  hv_vss_opt_msg message_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Steps steps(argv[1]);
  for (int i = 2; i < argc; ++i) {
    const std::string result = steps.take(argv[i]);
    std::printf("%s: %s\n", argv[i], result.c_str());
    std::fflush(stdout);
  }
}
