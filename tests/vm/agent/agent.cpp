#include "agent.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "machine.hpp"

namespace vmagent {
namespace {

using nlohmann::json;

json error_of(const std::string& what) {
  return {{"error", what}};
}
json failed(const std::string& what) {
  return error_of(what + ": " + strerror(errno));
}

// A write to a frozen disk would stop the agent for good.
bool is_on_a_disk(int descriptor) {
  struct statfs facts{};
  if (fstatfs(descriptor, &facts) != 0) return true;
  switch (static_cast<unsigned long>(facts.f_type)) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEBUGFS_MAGIC: return false;
    default: return true;
  }
}

std::expected<std::string, json> contents_of(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::unexpected(failed(path));
  Stream stream(file);
  stream.drain();
  stream.close();
  return stream.text();
}

json read_file(const json& request) {
  const auto text = contents_of(request.at("path"));
  return text ? json{{"text", *text}} : text.error();
}

json read_hex(const json& request) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto bytes = contents_of(request.at("path"));
  if (!bytes) return bytes.error();
  std::string hex;
  for (const char byte : bytes->substr(0, request.value("at_most", std::size_t{1} << 20))) {
    const auto value = static_cast<unsigned char>(byte);
    hex += kDigits[value >> 4];
    hex += kDigits[value & 15];
  }
  return {{"hex", hex}};
}

json clock_now() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return {{"boottime_ns", std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec}};
}

json write_file(const json& request) {
  const auto path = request.at("path").get<std::string>();
  const auto text = request.at("text").get<std::string>();
  // Made first where only a disk could be meant: creating a file there would wait as well.
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const int where = open(folder.c_str(), O_PATH | O_CLOEXEC);
  if (where < 0) return failed(folder);
  const bool disk = is_on_a_disk(where);
  close(where);
  if (disk) return error_of(path + ": lies on a disk, which may be frozen; let a program write it");
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, request.value("mode", 0644));
  if (file < 0) return failed(path);
  const ssize_t count = write(file, text.data(), text.size());
  const bool whole = count == static_cast<ssize_t>(text.size());
  const json result = whole ? json::object() : failed(path);
  close(file);
  return result;
}

int status_of(int waited) {
  return WIFSIGNALED(waited) ? -WTERMSIG(waited) : WEXITSTATUS(waited);
}

}  // namespace

Agent::Agent(int port, Watchdog watchdog) : port_(port), watchdog_(watchdog) {}

void Agent::run() {
  const int reaping = reaping_descriptor();
  while (!broken_) {
    std::vector<pollfd> watched{{.fd = port_, .events = POLLIN, .revents = 0},
                                {.fd = reaping, .events = POLLIN, .revents = 0}};
    for (auto& [pid, job] : jobs_) {
      watched.push_back({.fd = job.output.descriptor(), .events = POLLIN, .revents = 0});
      watched.push_back({.fd = job.errors.descriptor(), .events = POLLIN, .revents = 0});
    }
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    for (auto& [pid, job] : jobs_) {
      job.output.drain();
      job.errors.drain();
    }
    if (watched[1].revents != 0) reap();
    if (watched[0].revents != 0) read_port();
  }
}

void Agent::read_port() {
  char buffer[16384];
  const ssize_t count = read(port_, buffer, sizeof buffer);
  if (count < 0) {
    broken_ = errno != EINTR && errno != EAGAIN;
    return;
  }
  if (count == 0) {  // nobody is connected at the host's end yet
    usleep(10'000);
    return;
  }
  unread_.append(buffer, static_cast<std::size_t>(count));
  for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
    const std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    on_line(line);
  }
}

void Agent::on_line(const std::string& line) {
  watchdog_.feed();
  const json request = json::parse(line, nullptr, false);
  json result = error_of("not a request: " + line);
  if (request.is_object()) {
    try {
      result = answer(request);
    } catch (const json::exception& wrong) {
      result = error_of(wrong.what());
    }
    result["id"] = request.value("id", 0);
  }
  send(result);
}

json Agent::answer(const json& request) {
  const auto what = request.at("do").get<std::string>();
  if (what == "start") return start_job(request);
  if (what == "read") return read_file(request);
  if (what == "read_hex") return read_hex(request);
  if (what == "clock") return clock_now();
  if (what == "exists") {
    return {{"exists", access(request.at("path").get<std::string>().c_str(), F_OK) == 0}};
  }
  if (what == "write") return write_file(request);
  if (what == "finish") finish(request.at("code"));
  const pid_t pid = request.at("pid");
  if (what == "signal") {
    return kill(pid, request.at("signal")) == 0 ? json::object() : failed("kill");
  }
  const auto job = jobs_.find(pid);
  if (what == "so_far" && job != jobs_.end()) {
    return {{"output", job->second.output.text()}, {"errors", job->second.errors.text()}};
  }
  return error_of("no such request or process: " + request.dump());
}

json Agent::start_job(const json& request) {
  const Command command{
      .words = request.at("words"),
      .environment = request.value("environment", std::map<std::string, std::string>()),
      .input = request.value("input", "")};
  auto job = start(command);
  if (!job) return error_of(job.error());
  const pid_t pid = job->pid;
  jobs_.emplace(pid, *std::move(job));
  return {{"pid", pid}};
}

void Agent::reap() {
  drain_reaping_descriptor();
  int waited = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &waited, WNOHANG)) > 0;) {
    const auto found = jobs_.find(pid);  // an orphan, otherwise: this may be process 1
    if (found == jobs_.end()) continue;
    Job& job = found->second;
    for (Stream* stream : {&job.output, &job.errors}) {
      stream->drain();  // what a grandchild may still write is nobody's
      stream->close();
    }
    send({{"exited", pid},
          {"status", status_of(waited)},
          {"output", job.output.text()},
          {"errors", job.errors.text()}});
    jobs_.erase(found);
  }
}

void Agent::send(const json& message) {
  const std::string line = message.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t count = write(port_, line.data() + sent, line.size() - sent);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = port_, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      broken_ = true;
      return;
    }
  }
}

}  // namespace vmagent
