/*
 * vss::Writer: take part in shadow copies, in C++20. Header-only, over <vss/writer.h>, whose text
 * on events, levels and what not to do while holding applies here too; read it first.
 *
 * A WRITER
 *
 *     class Ledger : public vss::Writer {
 *      public:
 *       Ledger() : Writer({.name = "ledger", .level = VSS_LEVEL_APPLICATION}) {}
 *       vss::Answer freeze(const vss::Request&) override {
 *         return books_.flush_and_hold() ? vss::yes() : vss::no("the books are locked");
 *       }
 *       vss::Answer thaw(const vss::Request&) override { books_.go_on(); return vss::yes(); }
 *     };
 *
 *     Ledger ledger;
 *     ledger.run();      // until somebody calls ledger.stop()
 *
 * Every call is answered by what it returns, at once when it returns. A call that throws counts as
 * no(), with the exception's text as the reason.
 *
 * ORDER. check() may come at any time outside a transaction. After prepare() or freeze() exactly
 * one thaw() or abort() comes, also when vssd dies or takes an answer for late; then the next
 * transaction may begin. freeze() is not called where prepare() said no. abort() comes without
 * freeze() before it where the transaction ended in between, and after a freeze() that said no.
 *
 * TWO WAYS TO RUN IT
 *   run()                     its own loop: connects, reconnects with growing pauses (0.1 s to 5
 *                             s) when vssd is not there, dispatches, returns after stop().
 *   descriptor(), dispatch()  inside a loop of yours: connect() once; when descriptor() is
 *                             readable, dispatch(); when that returns false, connect() again after
 *                             a pause.
 *
 * THREADS. All calls come from the thread that is in run() or dispatch(); no other may use the
 * object meanwhile, except stop(), which any thread and any signal handler may call.
 *
 * BLOCKING. The member functions below do not block, except run() and more_time(). The functions
 * you override may, within `reply_deadline`: while one runs, nothing else is dispatched.
 *
 * ERRORS. The constructor and run() throw vss::Error for what will not get better by waiting (a bad
 * name, no descriptors left). That vssd is missing, lost or refuses is no exception: disconnected()
 * tells.
 */
#ifndef VSS_WRITER_HPP
#define VSS_WRITER_HPP

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include <vss/writer.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace vss {

// The clock of all deadlines: it never steps and counts while the machine sleeps.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec time{};
#ifdef CLOCK_BOOTTIME
    ::clock_gettime(CLOCK_BOOTTIME, &time);
#else
    ::clock_gettime(CLOCK_MONOTONIC, &time);
#endif
    return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
};

// `code` is one of those that writer.h lists, negative.
class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

// What a call answers: success, or why not, in one sentence for the administrator.
struct Answer {
  bool success = true;
  std::string reason;
};
inline Answer yes() {
  return {};
}
inline Answer no(std::string reason) {
  return {false, std::move(reason)};
}

// One call. `id` is 0 where libvss made the ABORT itself. A deadline that is not set is far away.
struct Request {
  std::uint64_t id = 0;
  std::uint64_t transaction = 0;
  BootClock::time_point reply_deadline = BootClock::time_point::max();
  BootClock::time_point hold_deadline = BootClock::time_point::max();  // from freeze() on
};

struct Options {
  std::string name;
  std::string runtime_dir = {};  // empty: /run/openvss
  std::string socket = {};       // empty: app.sock in runtime_dir
  int level = VSS_LEVEL_DATABASE;
  bool required = true;
  std::chrono::nanoseconds timeout{0};  // wanted for check, freeze and thaw; 0: vssd's default
  std::string version = {};
  std::int64_t server_uid = -1;  // see vss_writer_options
};

class Writer {
 public:
  explicit Writer(const Options& options);
  virtual ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Connects, dispatches and reconnects until stop(); a stop() before run() makes it return at
  // once. A transaction that is open then is given up: abort() is called. Then destroy the object:
  // vssd takes that for the loss of this writer.
  void run();

  // Makes run() return as soon as the call it is in has returned. Any thread, any signal handler.
  void stop() noexcept;

  // Tries once to reach vssd; false: disconnected() was called with the reason. Registration
  // itself is answered later, within dispatch().
  bool connect();
  bool is_connected() const noexcept { return connected_; }

  // Readable when dispatch() has something to do; stays the same for the object's life.
  int descriptor() const noexcept { return vss_writer_fd(writer_); }

  // Makes all calls that are due. False: there is no connection, and no abort() is still to come.
  bool dispatch();

 protected:
  // Could you take part now? Change nothing.
  virtual Answer check(const Request&) { return yes(); }
  // Everything runs. Do what is slow, and open what freeze() needs.
  virtual Answer prepare(const Request&) { return yes(); }
  // Bring what is under way to the file, start nothing new, write nothing from here on.
  virtual Answer freeze(const Request&) = 0;
  // Run again. A no says that the data may have changed since freeze(): the copy is not used then.
  virtual Answer thaw(const Request&) = 0;
  // As thaw(), for a copy that will not be used; see ORDER above.
  virtual Answer abort(const Request& request) { return thaw(request); }

  // vssd accepted this writer and grants it this time for each check, freeze and thaw.
  virtual void connected(std::chrono::nanoseconds) {}
  // No connection, and why. Told once as long as the reason stays the same.
  virtual void disconnected(const std::string&) {}

  // Within check(), prepare(), freeze(), thaw(), abort(): asks that the answer may come later, this
  // long from now, and waits for vssd's word, at most a second and half of the time left. Returns
  // the deadline that holds from now on: the old one if nothing was granted.
  BootClock::time_point more_time(const Request& request, std::chrono::nanoseconds duration);

  // Within the same: the transaction is over or the connection lost, so that going on is no use.
  // Looks without waiting; cheap enough for a retry loop.
  bool is_overtaken();

 private:
  void handle(const vss_event& event);
  Answer call(std::uint32_t kind, const Request& request) noexcept;
  bool receive(vss_event& event);
  void note_disconnected(const std::string& why);
  void pause(std::chrono::milliseconds duration) const;
  bool stop_requested() const;
  void give_up();

  vss_writer* writer_ = nullptr;
  int stop_pipe_[2] = {-1, -1};
  bool connected_ = false;
  bool said_why_ = false;
  std::string why_;
  std::deque<vss_event> waiting_;  // that came while more_time() or is_overtaken() looked
  std::optional<Request> open_;    // from prepare() or freeze() to thaw() or abort()
  int receive_result_ = 0;
};

// -----------------------------------------------------------------------------------------------

inline Writer::Writer(const Options& options) {
  vss_writer_options raw = VSS_WRITER_OPTIONS_INIT;
  raw.name = options.name.c_str();
  raw.runtime_dir = options.runtime_dir.empty() ? nullptr : options.runtime_dir.c_str();
  raw.socket = options.socket.empty() ? nullptr : options.socket.c_str();
  raw.level = options.level;
  raw.criticality = options.required ? VSS_REQUIRED : VSS_OPTIONAL;
  raw.timeout = static_cast<std::uint64_t>(std::max<std::int64_t>(options.timeout.count(), 0));
  raw.version = options.version.empty() ? nullptr : options.version.c_str();
  raw.server_uid = options.server_uid;
  if (const int error = vss_writer_create(&raw, &writer_); error < 0) {
    throw Error(error, error == -EINVAL ? "libvss is older than the header this was built with"
                                        : "no memory or no file descriptor is left");
  }
  if (::pipe2(stop_pipe_, O_CLOEXEC | O_NONBLOCK) != 0) {
    const int error = -errno;
    vss_writer_destroy(writer_);
    throw Error(error, "no file descriptor is left");
  }
}

inline Writer::~Writer() {
  vss_writer_destroy(writer_);
  ::close(stop_pipe_[0]);
  ::close(stop_pipe_[1]);
}

inline void Writer::stop() noexcept {
  const int saved = errno;  // a signal handler must leave it alone
  [[maybe_unused]] const auto ignored = ::write(stop_pipe_[1], "", 1);
  errno = saved;
}

inline bool Writer::stop_requested() const {
  pollfd ready = {stop_pipe_[0], POLLIN, 0};
  return ::poll(&ready, 1, 0) > 0;
}

inline void Writer::pause(std::chrono::milliseconds duration) const {
  pollfd ready = {stop_pipe_[0], POLLIN, 0};
  ::poll(&ready, 1, static_cast<int>(duration.count()));
}

inline void Writer::run() {
  constexpr std::chrono::milliseconds kFirstPause{100};
  constexpr std::chrono::milliseconds kLongestPause{5000};
  std::chrono::milliseconds next_pause = kFirstPause;
  while (!stop_requested()) {
    if (!connect()) {
      pause(std::exchange(next_pause, std::min(2 * next_pause, kLongestPause)));
      continue;
    }
    bool going = true;
    while (going && !stop_requested()) {
      pollfd ready[2] = {{descriptor(), POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}};
      if (::poll(ready, 2, -1) < 0 && errno != EINTR) throw Error(-errno, "poll failed");
      going = dispatch();
      if (connected_) next_pause = kFirstPause;
    }
    if (!going) pause(std::exchange(next_pause, std::min(2 * next_pause, kLongestPause)));
  }
  give_up();
}

inline void Writer::give_up() {
  if (!open_) return;
  Request request = *std::exchange(open_, std::nullopt);
  request.id = 0;
  request.reply_deadline = BootClock::time_point::max();  // nobody waits for the answer
  call(VSS_EVENT_ABORT, request);
}

inline bool Writer::connect() {
  const int error = vss_writer_connect(writer_);
  if (error == -EINVAL) throw Error(error, vss_writer_error(writer_));
  if (error < 0) note_disconnected(vss_writer_error(writer_));
  return error == 0 || error == -EISCONN || error == -EBUSY;
}

inline void Writer::note_disconnected(const std::string& why) {
  connected_ = false;
  if (std::exchange(said_why_, true) && why == why_) return;
  why_ = why;
  disconnected(why_);
}

inline bool Writer::receive(vss_event& event) {
  receive_result_ = vss_writer_next(writer_, &event);
  return receive_result_ > 0;
}

inline bool Writer::dispatch() {
  for (;;) {
    vss_event event{};
    if (!waiting_.empty()) {
      event = waiting_.front();
      waiting_.pop_front();
    } else if (!receive(event)) {
      break;
    }
    handle(event);
    if (stop_requested()) return true;
  }
  if (receive_result_ == 0) return true;
  note_disconnected(vss_writer_error(writer_));
  return receive_result_ != -ENOTCONN && dispatch();  // an abort() may follow what was reported
}

inline void Writer::handle(const vss_event& event) {
  Request request;
  request.id = event.id;
  request.transaction = event.transaction;
  request.reply_deadline = BootClock::time_point(std::chrono::nanoseconds(event.reply_deadline));
  request.hold_deadline = BootClock::time_point(std::chrono::nanoseconds(event.hold_deadline));
  switch (event.kind) {
    case VSS_EVENT_PREPARE:
    case VSS_EVENT_FREEZE: open_ = request; break;
    case VSS_EVENT_THAW:
    case VSS_EVENT_ABORT: open_.reset(); break;
    case VSS_EVENT_CHECK: break;
    case VSS_EVENT_REGISTERED:
      connected_ = true;
      said_why_ = false;
      connected(std::chrono::nanoseconds(event.duration));
      return;
    default: return;  // more time that nobody waits for any more
  }
  const Answer answer = call(event.kind, request);
  // Whatever comes of it, next() will tell: a lost connection, or an ABORT for a late answer.
  vss_writer_reply(writer_, event.id, answer.success ? 0 : 1, answer.reason.c_str());
}

inline Answer Writer::call(std::uint32_t kind, const Request& request) noexcept {
  try {
    switch (kind) {
      case VSS_EVENT_CHECK: return check(request);
      case VSS_EVENT_PREPARE: return prepare(request);
      case VSS_EVENT_FREEZE: return freeze(request);
      case VSS_EVENT_THAW: return thaw(request);
      default: return abort(request);
    }
  } catch (const std::exception& error) {
    return no(error.what());
  } catch (...) {
    return no("the writer failed for an unknown reason");
  }
}

inline BootClock::time_point Writer::more_time(const Request& request,
                                               std::chrono::nanoseconds duration) {
  if (vss_writer_more_time(writer_, request.id, static_cast<std::uint64_t>(duration.count())) < 0) {
    return request.reply_deadline;
  }
  const auto asked = BootClock::now();
  const auto patience = asked + std::min<BootClock::duration>(std::chrono::seconds(1),
                                                              (request.reply_deadline - asked) / 2);
  for (auto now = BootClock::now(); now < patience; now = BootClock::now()) {
    vss_event event{};
    while (receive(event)) {
      if (event.kind == VSS_EVENT_MORE_TIME && event.transaction == request.transaction) {
        return BootClock::time_point(std::chrono::nanoseconds(event.reply_deadline));
      }
      waiting_.push_back(event);
    }
    if (receive_result_ < 0) break;
    pollfd ready = {descriptor(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience - now);
    ::poll(&ready, 1, static_cast<int>(left.count()));
  }
  return request.reply_deadline;
}

inline bool Writer::is_overtaken() {
  vss_event event{};
  while (receive(event))
    waiting_.push_back(event);
  const bool released = std::any_of(waiting_.begin(), waiting_.end(), [](const vss_event& e) {
    return e.kind == VSS_EVENT_ABORT || e.kind == VSS_EVENT_THAW;
  });
  return released || vss_writer_is_connected(writer_) == 0;
}

}  // namespace vss

#endif  // VSS_WRITER_HPP
