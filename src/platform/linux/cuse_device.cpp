#include "platform/cuse_device.hpp"

#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fcntl.h>
#include <fuse3/cuse_lowlevel.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

namespace vss::platform {
namespace {

// No write(2) is served, so the kernel's least will do; the largest ioctl argument is 16 KiB.
constexpr unsigned kWriteBytesMax = 4096;
constexpr std::size_t kRequestBytesMax = std::size_t{32} << 10;
constexpr std::size_t kAnswerBytesMax = std::size_t{16} << 10;

}  // namespace

struct CuseDevice::State {
  // What the kernel still has from one open.
  struct Open {
    fuse_pollhandle* poller = nullptr;  // wants to hear of the next change
    fuse_req_t reader = nullptr;        // a read(2) that waits
    std::size_t reader_room = 0;
  };

  std::string name;
  fuse_session* session = nullptr;  // owns the descriptor
  int fd = -1;
  bool made = false;               // the kernel's INIT is answered
  CuseHandler* handler = nullptr;  // during serve_one() and wake()
  std::unordered_map<CuseHandler::Open, Open> opens;
  alignas(std::uint64_t) std::array<std::byte, kRequestBytesMax> request;
  std::array<std::byte, kAnswerBytesMax> answer;

  ~State() {
    for (auto& [number, open] : opens) {
      if (open.poller != nullptr) fuse_pollhandle_destroy(open.poller);
      if (open.reader != nullptr) fuse_reply_err(open.reader, ECONNABORTED);
    }
    if (session != nullptr) fuse_session_destroy(session);
  }

  static State& of(fuse_req_t request) { return *static_cast<State*>(fuse_req_userdata(request)); }

  Open* find(std::uint64_t number) {
    const auto found = opens.find(number);
    return found == opens.end() ? nullptr : &found->second;
  }
  Served take_request();
  void serve_reader(CuseHandler::Open number, Open& open);

  static void on_init(void*, fuse_conn_info* connection) { connection->max_write = kWriteBytesMax; }
  static void on_init_done(void* self) { static_cast<State*>(self)->made = true; }
  static void on_open(fuse_req_t request, fuse_file_info* info);
  static void on_release(fuse_req_t request, fuse_file_info* info);
  static void on_read(fuse_req_t request, std::size_t room, off_t, fuse_file_info* info);
  static void on_write(fuse_req_t request, const char*, std::size_t, off_t, fuse_file_info*) {
    fuse_reply_err(request, ENODEV);
  }
  static void on_ioctl(fuse_req_t request, int command, void*, fuse_file_info* info, unsigned,
                       const void* argument, std::size_t argument_bytes, std::size_t answer_bytes);
  static void on_poll(fuse_req_t request, fuse_file_info* info, fuse_pollhandle* poller);
  static void on_interrupt(fuse_req_t request, void* open);
};

namespace {

ssize_t read_through(int fd, void* room, std::size_t bytes, void*) {
  return ::read(fd, room, bytes);
}

// An error of any kind means that who asked is gone. Under this errno libfuse does not print it: a
// write to standard error may wait for ever.
ssize_t write_through(int fd, iovec* parts, int count, void*) {
  const ssize_t written = ::writev(fd, parts, count);
  if (written < 0) errno = ENOENT;
  return written;
}

void say_nothing(fuse_log_level, const char*, va_list) {}

bool is_over(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

void CuseDevice::State::on_open(fuse_req_t request, fuse_file_info* info) {
  State& self = of(request);
  const fuse_ctx* who = fuse_req_ctx(request);
  const auto opened = self.handler->on_open({.device = self.name,
                                             .process_id = who->pid,
                                             .user_id = who->uid,
                                             .for_writing = (info->flags & O_ACCMODE) != O_RDONLY});
  if (!opened) {
    fuse_reply_err(request, opened.error());
    return;
  }
  self.opens.try_emplace(*opened);
  info->fh = *opened;
  info->direct_io = 1;
  info->nonseekable = 1;
  if (fuse_reply_open(request, info) == 0) return;
  // The opener was killed meanwhile: the kernel will not say that it closes.
  self.opens.erase(*opened);
  self.handler->on_release(*opened);
}

void CuseDevice::State::on_release(fuse_req_t request, fuse_file_info* info) {
  State& self = of(request);
  if (const Open* open = self.find(info->fh)) {
    if (open->poller != nullptr) fuse_pollhandle_destroy(open->poller);
    self.opens.erase(info->fh);
    self.handler->on_release(info->fh);
  }
  fuse_reply_err(request, 0);
}

void CuseDevice::State::on_read(fuse_req_t request, std::size_t room, off_t, fuse_file_info* info) {
  State& self = of(request);
  Open* open = self.find(info->fh);
  if (open == nullptr || open->reader != nullptr) {
    fuse_reply_err(request, open == nullptr ? EBADF : EBUSY);
    return;
  }
  open->reader = request;
  open->reader_room = std::min(room, kAnswerBytesMax);
  self.serve_reader(info->fh, *open);
  if (open->reader == nullptr) return;
  const bool may_not_wait = (info->flags & O_NONBLOCK) != 0;
  if (may_not_wait || fuse_req_interrupted(request) != 0) {
    open->reader = nullptr;
    fuse_reply_err(request, may_not_wait ? EAGAIN : EINTR);
    return;
  }
  fuse_req_interrupt_func(request, on_interrupt, open);
}

// Answers who waits, unless there is still nothing.
void CuseDevice::State::serve_reader(CuseHandler::Open number, Open& open) {
  const auto count = handler->on_read(number, std::span{answer}.first(open.reader_room));
  if (!count && count.error() == EAGAIN) return;
  const fuse_req_t reader = std::exchange(open.reader, nullptr);
  if (!count) {
    fuse_reply_err(reader, count.error());
  } else if (fuse_reply_buf(reader, reinterpret_cast<const char*>(answer.data()), *count) != 0) {
    handler->on_unanswered(number);
  }
}

void CuseDevice::State::on_interrupt(fuse_req_t request, void* data) {
  auto& open = *static_cast<Open*>(data);
  if (open.reader != request) return;
  open.reader = nullptr;
  fuse_reply_err(request, EINTR);
}

void CuseDevice::State::on_ioctl(fuse_req_t request, int command, void*, fuse_file_info* info,
                                 unsigned, const void* argument, std::size_t argument_bytes,
                                 std::size_t answer_bytes) {
  State& self = of(request);
  const std::span given{static_cast<const std::byte*>(argument), argument_bytes};
  const auto room = std::span{self.answer}.first(std::min(answer_bytes, kAnswerBytesMax));
  const auto count = self.handler->on_ioctl(info->fh, static_cast<unsigned>(command), given, room);
  if (!count) {
    fuse_reply_err(request, count.error());
  } else if (fuse_reply_ioctl(request, 0, self.answer.data(), *count) != 0) {
    self.handler->on_unanswered(info->fh);
  }
}

void CuseDevice::State::on_poll(fuse_req_t request, fuse_file_info* info, fuse_pollhandle* poller) {
  State& self = of(request);
  Open* open = self.find(info->fh);
  if (poller != nullptr) {
    // One for each open is enough: the kernel wakes all who poll it, and asks for each again.
    if (open != nullptr) std::swap(open->poller, poller);
    if (poller != nullptr) fuse_pollhandle_destroy(poller);
  }
  const short ready = open != nullptr ? self.handler->on_poll(info->fh) : POLLERR;
  fuse_reply_poll(request, static_cast<unsigned>(ready));
}

CuseDevice::Served CuseDevice::State::take_request() {
  const ssize_t count = ::read(fd, request.data(), request.size());
  if (count <= 0) {
    // ENOENT: the request was taken back before it could be read.
    const bool nothing = count < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOENT);
    return nothing ? Served::kNothing : Served::kOver;
  }
  fuse_buf buffer{};
  buffer.size = static_cast<std::size_t>(count);
  buffer.mem = request.data();
  fuse_session_process_buf(session, &buffer);
  return Served::kOne;
}

CuseDevice::CuseDevice(std::unique_ptr<State> state) : state_(std::move(state)) {}
CuseDevice::~CuseDevice() = default;

base::Result<std::unique_ptr<CuseDevice>> CuseDevice::make(base::UniqueFd cuse,
                                                           const std::string& name) {
  auto state = std::make_unique<State>();
  state->name = name;
  fuse_set_log_func(say_nothing);
  const std::string device_name = "DEVNAME=" + name;
  std::array<const char*, 1> device_info{device_name.c_str()};
  cuse_info info{};
  info.dev_info_argc = device_info.size();
  info.dev_info_argv = device_info.data();
  cuse_lowlevel_ops operations{};
  operations.init = State::on_init;
  operations.init_done = State::on_init_done;
  operations.open = State::on_open;
  operations.release = State::on_release;
  operations.read = State::on_read;
  operations.write = State::on_write;
  operations.ioctl = State::on_ioctl;
  operations.poll = State::on_poll;
  std::string program = "vssd";
  std::array<char*, 2> arguments{program.data(), nullptr};
  fuse_args argument_list{1, arguments.data(), 0};
  state->session = cuse_lowlevel_new(&argument_list, &info, &operations, state.get());
  fuse_opt_free_args(&argument_list);
  if (state->session == nullptr) return base::fail("libfuse cannot make the device " + name);
  fuse_custom_io through{};
  through.read = read_through;
  through.writev = write_through;
  state->fd = cuse.get();
  if (const int error = fuse_session_custom_io(state->session, &through, cuse.get()); error != 0) {
    return base::fail("libfuse does not take the descriptor for the device " + name, -error);
  }
  static_cast<void>(cuse.release());  // the session closes it
  // The kernel's first request waits since the descriptor was opened; the node exists when its
  // answer is written, or the kernel has given the device up.
  state->take_request();
  if (!state->made || is_over(state->fd)) {
    return base::fail("the kernel refuses the device /dev/" + name +
                          ": another program serves one of this name (see /sys/class/cuse); stop "
                          "it, or set devices.cuse = \"off\"",
                      EEXIST);
  }
  return std::unique_ptr<CuseDevice>(new CuseDevice(std::move(state)));
}

int CuseDevice::fd() const {
  return state_->fd;
}

CuseDevice::Served CuseDevice::serve_one(CuseHandler& handler) {
  state_->handler = &handler;
  return state_->take_request();
}

void CuseDevice::wake(CuseHandler::Open number, CuseHandler& handler) {
  State::Open* open = state_->find(number);
  if (open == nullptr) return;
  state_->handler = &handler;
  if (open->poller != nullptr) {
    fuse_lowlevel_notify_poll(open->poller);
    fuse_pollhandle_destroy(std::exchange(open->poller, nullptr));
  }
  if (open->reader != nullptr) state_->serve_reader(number, *open);
}

}  // namespace vss::platform
