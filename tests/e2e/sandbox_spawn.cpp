#include "sandbox_spawn.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace vss::e2e {
namespace {

struct Request {
  std::vector<gid_t> groups;
  uid_t user = 0;
  std::vector<std::string> environment;
  std::vector<std::string> words;
  int output = -1;
  int errors = -1;
};

union RightsBuffer {
  cmsghdr header;
  std::array<char, CMSG_SPACE(2 * sizeof(int))> bytes;
};

std::vector<std::string> split_at_zero(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\0', begin);
    parts.push_back(text.substr(begin, end - begin));
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return parts;
}

// False at the end of the conversation.
bool receive(int socket, Request& request) {
  std::string text(65536, '\0');
  RightsBuffer rights{};
  iovec data{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = rights.bytes.data();
  message.msg_controllen = rights.bytes.size();
  const ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* control = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (control == nullptr || control->cmsg_len != CMSG_LEN(2 * sizeof(int))) return false;
  std::array<int, 2> descriptors{};
  std::memcpy(descriptors.data(), CMSG_DATA(control), sizeof descriptors);
  request.output = descriptors[0];
  request.errors = descriptors[1];
  std::vector<std::string> parts = split_at_zero(text.substr(0, static_cast<std::size_t>(size)));
  if (parts.size() < 4) return false;
  std::stringstream groups(parts[0]);
  for (std::string group; std::getline(groups, group, ',');) {
    request.groups.push_back(static_cast<gid_t>(std::stoul(group)));
  }
  request.user = static_cast<uid_t>(std::stoul(parts[1]));
  const auto environment_end = parts.begin() + 3 + std::stol(parts[2]);
  request.environment.assign(parts.begin() + 3, environment_end);
  request.words.assign(environment_end, parts.end());
  return !request.words.empty() && !request.groups.empty();
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& string : strings)
    result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void become(Request& request) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setsid();
  umask(022);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(request.output, STDOUT_FILENO) < 0 ||
      dup2(request.errors, STDERR_FILENO) < 0 ||
      setgroups(request.groups.size(), request.groups.data()) != 0 ||
      setgid(request.groups.front()) != 0 || setuid(request.user) != 0) {
    _exit(126);
  }
  std::vector<char*> environment = pointers(request.environment);
  std::vector<char*> words = pointers(request.words);
  execve(words.front(), words.data(), environment.data());
  dprintf(STDERR_FILENO, "sandbox: %s: %s\n", words.front(), std::strerror(errno));
  _exit(127);
}

void send_text(int socket, const std::string& text) {
  send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

void send_started(int socket, pid_t child) {
  std::string text = "started " + std::to_string(child);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  RightsBuffer rights{};
  iovec data{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = rights.bytes.data();
  message.msg_controllen = CMSG_SPACE(sizeof pidfd);
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof pidfd);
  std::memcpy(CMSG_DATA(control), &pidfd, sizeof pidfd);
  sendmsg(socket, &message, MSG_NOSIGNAL);
  close(pidfd);
}

void reap(int socket) {
  int status = 0;
  for (pid_t child = waitpid(-1, &status, WNOHANG); child > 0;
       child = waitpid(-1, &status, WNOHANG)) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    send_text(socket, "exited " + std::to_string(child) + " " + std::to_string(code));
  }
}

}  // namespace

void serve_programs(int socket) {
  sigset_t child_signal;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signal, nullptr);
  const int signals = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
  for (;;) {
    std::array<pollfd, 2> ready{{{socket, POLLIN, 0}, {signals, POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
    if ((ready[1].revents & POLLIN) != 0) {
      signalfd_siginfo ignored{};
      while (read(signals, &ignored, sizeof ignored) > 0) {
      }
      reap(socket);
    }
    if (ready[0].revents == 0) continue;
    Request request;
    if (!receive(socket, request)) return;
    const pid_t child = fork();
    if (child == 0) become(request);
    close(request.output);
    close(request.errors);
    send_started(socket, child);
  }
}

}  // namespace vss::e2e
