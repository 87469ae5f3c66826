#include "handle.hpp"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/runtime_paths.hpp"
#include "channel.hpp"

namespace vss::sdk {
namespace {

using base::Instant;
using namespace std::chrono_literals;

// How often the thawed page is looked at while the connection is gone.
constexpr base::Duration kPagePoll = 50ms;
// vssd releases writers 4 s after the hold deadline at the latest. One that is silent for so long
// after it hangs, and counts as lost.
constexpr base::Duration kSilence = 10s;
constexpr std::uint64_t kMoreTimeMax = 24ULL * 3600 * 1'000'000'000;

using Text = base::FixedText<480>;

std::string socket_path(const vss_writer_options& options) {
  if (options.socket != nullptr) return options.socket;
  const std::string directory =
      options.runtime_dir != nullptr ? options.runtime_dir : base::runtime::kDirectoryDefault;
  return directory + "/" + base::runtime::kAppSocket;
}

std::string text_or_nothing(const char* text) {
  return text != nullptr ? text : "";
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

std::string_view remedy_of(int error) {
  switch (error) {
    case -ENOENT:
    case -ECONNREFUSED: return "; is vssd running, with this runtime directory?";
    case -EACCES: return "; put this user into the group of the socket (vss)";
    case -EAGAIN: return "; vssd is busy, try again";
    case -ENAMETOOLONG: return "; choose a shorter runtime directory";
    default: return "";
  }
}

}  // namespace

Handle::Handle(const vss_writer_options& options)
    : name_(text_or_nothing(options.name)),
      path_(socket_path(options)),
      version_(text_or_nothing(options.version)),
      level_(options.level),
      criticality_(options.criticality),
      timeout_(options.timeout),
      server_uid_(options.server_uid) {}

int Handle::open() {
  return wakeup_.open();
}

int Handle::check_options(wire::Registration& registration) {
  const bool good_name = !name_.empty() && name_.size() <= registration.name.capacity() &&
                         is_printable(name_) && name_.find('/') == std::string::npos;
  if (!good_name) {
    return fail(-EINVAL,
                "the writer's name must be 1 to 64 printable ASCII characters without '/'");
  }
  if (level_ < base::kLevelMin || level_ > base::kLevelMax) {
    return fail(-EINVAL, "the writer's level must be 0 to 999");
  }
  if (criticality_ != VSS_REQUIRED && criticality_ != VSS_OPTIONAL) {
    return fail(-EINVAL, "the writer's criticality must be VSS_REQUIRED or VSS_OPTIONAL");
  }
  if (timeout_ > kMoreTimeMax) return fail(-EINVAL, "the writer's timeout must be at most a day");
  if (version_.size() > registration.version.capacity() || !is_printable(version_)) {
    return fail(-EINVAL, "the writer's version must be at most 32 printable ASCII characters");
  }
  registration.name = std::string_view(name_);
  registration.level = level_;
  registration.criticality = wire::Criticality{static_cast<std::uint32_t>(criticality_)};
  registration.timeout = base::Duration{static_cast<std::int64_t>(timeout_)};
  registration.version = std::string_view(version_);
  return 0;
}

// Anyone may listen at a path of his own; only who is allowed may tell this writer to hold.
int Handle::check_server(int socket) {
  uid_t user = 0;
  if (const int error = peer_user(socket, user); error < 0) {
    return fail(error, Text("cannot tell who listens at ").append(path_));
  }
  const bool allowed =
      server_uid_ < 0 ? user == 0 || user == ::geteuid() : std::int64_t{user} == server_uid_;
  if (allowed) return 0;
  return fail(-EPERM, Text(path_)
                          .append(" belongs to user ")
                          .append_number(user)
                          .append(", who may not drive this writer; see server_uid"));
}

int Handle::connect() {
  if (socket_) return fail(-EISCONN, "this writer is connected already");
  if (obligation_.owed()) return fail(-EBUSY, "the ABORT of the lost connection is still to come");
  wire::Registration registration;
  if (const int error = check_options(registration); error < 0) return error;
  base::UniqueFd socket;
  int error = connect_to(path_, socket);
  if (error < 0) {
    return fail(error, Text("cannot connect to ")
                           .append(path_)
                           .append(": ")
                           .append(::strerror(-error))
                           .append(remedy_of(error)));
  }
  error = check_server(socket.get());
  if (error < 0) return error;
  error = wakeup_.watch(socket.get());
  if (error < 0) return fail(error, "cannot watch the socket");
  socket_ = std::move(socket);
  end_of_connection_ = 0;
  return send(wire::make_frame(registration)) ? 0 : -ECONNREFUSED;
}

int Handle::next(vss_event& event) {
  event = {};
  wakeup_.take();
  if (receive(event)) return 1;
  const bool silent = socket_ && obligation_.may_hold() &&
                      !obligation_.hold_deadline().is_never() &&
                      now() >= obligation_.hold_deadline() + kSilence;
  if (silent) lose(0, "vssd has been silent since the hold deadline");
  if (end_of_connection_ != 0) return std::exchange(end_of_connection_, 0);
  if (obligation_.abort_is_due(now(), thawed_page_.last_thawed())) {
    event.kind = VSS_EVENT_ABORT;
    event.transaction = obligation_.transaction().value;
    event.reply_deadline = VSS_NO_DEADLINE;
    event.hold_deadline = obligation_.hold_deadline().nanoseconds_since_boot;
    obligation_.aborted();
    set_timer();
    return 1;
  }
  if (socket_ || obligation_.owed()) return 0;
  set_timer();
  return -ENOTCONN;
}

int Handle::reply(std::uint64_t id, bool success, std::string_view reason) {
  if (id == 0) return 0;
  Answers::Asked* asked = nullptr;
  if (const int error = find_unanswered(id, asked); error < 0) return error;
  wire::Reply reply;
  reply.operation = static_cast<std::uint32_t>(asked->operation);
  reply.message_id = id;
  reply.status = success ? wire::kStatusSuccess : wire::kStatusFail;
  if (!success) reply.reason = reason;
  asked->answered = true;
  obligation_.answered(id, success);
  return send(wire::make_frame(reply)) ? 0 : -ENOTCONN;
}

int Handle::more_time(std::uint64_t id, std::uint64_t duration) {
  if (duration == 0 || duration > kMoreTimeMax) {
    return fail(-EINVAL, "more time must be above 0 and at most a day");
  }
  Answers::Asked* asked = nullptr;
  if (const int error = find_unanswered(id, asked); error < 0) return error;
  const wire::MoreTime more{id, base::Duration{static_cast<std::int64_t>(duration)}};
  return send(wire::make_more_time(more)) ? 0 : -ENOTCONN;
}

int Handle::find_unanswered(std::uint64_t id, Answers::Asked*& asked) {
  if (!socket_) return -ENOTCONN;  // the text says already why there is none
  asked = answers_.find(id);
  if (asked == nullptr) return fail(-ESTALE, "no event with this id came on this connection");
  if (asked->answered) return fail(-EALREADY, "this event was answered already");
  return 0;
}

// A vssd that does not take a frame of a few bytes has not read for hundreds of them: it is as good
// as gone, and waiting for it would block.
bool Handle::send(wire::FrameWriter frame) {
  const int error = send_frame(socket_.get(), frame.bytes());
  if (error == 0) return true;
  lose(0, Text("the connection to vssd is lost: ").append(::strerror(-error)));
  return false;
}

void Handle::lose(int error, std::string_view text) {
  close_connection();
  obligation_.lost(now());
  end_of_connection_ = error;
  fail(error, text);
  set_timer();
}

void Handle::close_connection() {
  if (socket_) wakeup_.unwatch(socket_.get());
  socket_.reset();
  answers_.clear();
}

// While connected only vssd's silence is timed. Without a connection next() has something to say
// (at once, or when the page or the deadline allows it) until it has said -ENOTCONN.
void Handle::set_timer() {
  if (!socket_ && (obligation_.owed() || end_of_connection_ != 0)) {
    wakeup_.every(kPagePoll);
  } else if (socket_ && obligation_.may_hold()) {
    wakeup_.at(obligation_.hold_deadline() + kSilence);
  } else {
    wakeup_.at(Instant::never());
  }
}

int Handle::fail(int error, std::string_view text) {
  const std::size_t length = std::min(text.size(), error_.size() - 1);
  std::memcpy(error_.data(), text.data(), length);
  error_[length] = '\0';
  return error;
}

}  // namespace vss::sdk
