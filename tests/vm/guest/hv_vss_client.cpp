// A client of /dev/vmbus/hv_vss that does exactly what it is told, to learn what the kernel says.
//
//   hv_vss_client STEP...
//
//   open          O_RDWR | O_NONBLOCK; a second one is kept beside the first
//   register      write REGISTER1, 12 bytes
//   read=N        read into N bytes: the count and the first byte
//   write=N       write N zero bytes
//   answer=HEX    write 12 bytes, the first four this number
//   poll=MS       wait so long for an event
//   alarm=MS      SIGALRM after so long, with a handler that asks for SA_RESTART
//   sleep=MS, close
//
// Each step is a line: "read=12: 12 bytes, first 5" or "open: EBUSY".
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>  // strerrorname_np
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* kDevice = "/dev/vmbus/hv_vss";
constexpr std::size_t kMessageBytes = 12;
constexpr std::uint32_t kRegister1 = 129;

class Client {
 public:
  // What came of it; "" for a step that does not exist.
  std::string perform(std::string_view step) {
    const std::size_t equals = step.find('=');
    const std::string_view name = step.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : step.substr(equals + 1);
    if (name == "open") return open_device();
    if (name == "close") return close_device();
    if (name == "register") return write_word(kRegister1, kMessageBytes);
    if (name == "answer") return write_word(number(value, 16), kMessageBytes);
    if (name == "write") return write_word(0, number(value, 10));
    if (name == "read") return read_bytes(number(value, 10));
    if (name == "poll") return wait(number(value, 10));
    if (name == "alarm") return set_alarm(number(value, 10));
    if (name == "sleep") return sleep_for(number(value, 10));
    return "";
  }

 private:
  static std::uint32_t number(std::string_view text, int base) {
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
  }

  static std::string failed() { return strerrorname_np(errno); }

  int device() const { return devices_.empty() ? -1 : devices_.front(); }

  std::string open_device() {
    const int device = open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) return failed();
    devices_.push_back(device);
    return "ok";
  }

  std::string close_device() {
    for (const int device : devices_)
      close(device);
    devices_.clear();
    return "ok";
  }

  std::string write_word(std::uint32_t word, std::size_t bytes) const {
    std::vector<char> message(std::max(bytes, sizeof word));
    std::memcpy(message.data(), &word, sizeof word);
    const ssize_t count = write(device(), message.data(), bytes);
    return count < 0 ? failed() : std::to_string(count) + " bytes";
  }

  std::string read_bytes(std::size_t bytes) const {
    std::vector<unsigned char> message(bytes);
    const ssize_t count = read(device(), message.data(), bytes);
    if (count < 0) return failed();
    return std::to_string(count) + " bytes, first " + std::to_string(message.at(0));
  }

  std::string wait(std::uint32_t milliseconds) const {
    pollfd watched{.fd = device(), .events = POLLIN, .revents = 0};
    poll(&watched, 1, static_cast<int>(milliseconds));
    std::string events;
    if ((watched.revents & POLLIN) != 0) events += " IN";
    if ((watched.revents & POLLERR) != 0) events += " ERR";
    if ((watched.revents & POLLHUP) != 0) events += " HUP";
    return events.empty() ? "nothing" : events.substr(1);
  }

  static std::string set_alarm(std::uint32_t milliseconds) {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    timer.it_value.tv_sec = milliseconds / 1000;
    timer.it_value.tv_usec = static_cast<suseconds_t>(milliseconds % 1000) * 1000;
    setitimer(ITIMER_REAL, &timer, nullptr);
    return "ok";
  }

  static std::string sleep_for(std::uint32_t milliseconds) {
    timespec time{.tv_sec = milliseconds / 1000,
                  .tv_nsec = static_cast<long>(milliseconds % 1000) * 1'000'000};
    nanosleep(&time, nullptr);
    return "ok";
  }

  std::vector<int> devices_;
};

}  // namespace

int main(int count, char** words) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  Client client;
  for (int index = 1; index < count; ++index) {
    const std::string result = client.perform(words[index]);
    if (result.empty()) {
      std::fprintf(stderr, "hv_vss_client: no such step: %s\n", words[index]);
      return 2;
    }
    std::printf("%s: %s\n", words[index], result.c_str());
  }
  return 0;
}
