#include "requesters/hv_utils/link.hpp"

#include <errno.h>

#include <array>
#include <utility>

#include "platform/clock.hpp"

namespace vss::requesters {

using Do = HvUtilsSession::Step::Do;

namespace {

// A device that stood this long, or carried one answer, was no failure to open it.
constexpr base::Duration kProvedAfter = base::seconds{10};
constexpr base::Duration kClosingSaidEvery = base::seconds{10};

using Sentence = base::FixedText<480>;

}  // namespace

struct HvUtilsLink::Opening {
  std::unique_ptr<platform::MessageDevice> device;
  coordinator::RequesterId id;
  base::Instant since;
  HvUtilsSession session;
  bool asked = false;                // the owner knows this requester
  bool answered = false;             // anything at all
  platform::EventLoop::Watch watch;  // last: stops before the device closes
};

HvUtilsLink::HvUtilsLink(platform::EventLoop& loop, HostLinkOwner& owner, std::uint16_t link_number,
                         std::string device_path, platform::OpenMessageDevice open)
    : loop_(loop),
      owner_(owner),
      ids_(link_number),
      path_(std::move(device_path)),
      open_(std::move(open)) {
  stand("not opened yet");
}

HvUtilsLink::~HvUtilsLink() = default;

base::Instant HvUtilsLink::next_deadline() const {
  if (opening_) return opening_->session.deadline();
  // Otherwise the owner calls when devices may be opened again.
  return owner_.may_open_devices() ? reopening_.at() : base::Instant::never();
}

void HvUtilsLink::on_time(base::Instant now) {
  if (opening_) return follow(opening_->session.on_time(now));
  if (reopening_.is_due(now) && owner_.may_open_devices()) open_device(now);
}

void HvUtilsLink::perform(const coordinator::Answer& answer) {
  if (!opening_ || opening_->id != answer.requester) return;
  follow(opening_->session.answer(answer.tag, answer.success, platform::now(),
                                  opening_->device->is_readable()));
}

void HvUtilsLink::open_device(base::Instant now) {
  auto device = open_(path_);
  if (!device) {
    reopening_.failed(now);
    return say_why_not(device.error());
  }
  reopening_.opened();
  last_open_error_ = 0;
  opening_ = std::make_unique<Opening>();
  opening_->device = std::move(*device);
  opening_->id = ids_.next();
  opening_->since = now;
  opening_->watch = loop_.watch(opening_->device->fd(), [this] { on_readable(); });
  stand("open, the kernel has not taken the registration yet");
  owner_.on_traffic(TrafficEvent::kOpened, {});
  follow(opening_->session.opened());
}

void HvUtilsLink::on_readable() {
  std::array<std::byte, wire::kHvVssMessageBytes> buffer;
  Opening& opening = *opening_;
  const bool was_registered = opening.session.registered();
  const auto count = opening.device->read(std::span{buffer}.first(opening.session.expects()));
  if (!count) {
    follow(opening.session.read_failed(count.error()));
  } else {
    const auto bytes = std::span{buffer}.first(*count);
    if (!bytes.empty()) owner_.on_traffic(TrafficEvent::kFromHost, bytes);
    const auto step = opening.session.received(bytes, platform::now());
    if (!was_registered && opening.session.registered()) {
      stand("open and registered");
      say_open();
    }
    follow(step);
  }
  owner_.on_deadline_changed();
}

// Until the session waits. What it calls may come back through perform(), and close the device.
void HvUtilsLink::follow(HvUtilsSession::Step step) {
  for (;;) {
    if (step.exchange) owner_.on_exchange(*step.exchange);
    switch (step.what) {
      case Do::kWait: return;
      case Do::kAsk: return ask();
      case Do::kClose: return close(step.why);
      case Do::kWrite: step = write(step.message); break;
    }
  }
}

HvUtilsSession::Step HvUtilsLink::write(const wire::HvVssMessage& message) {
  if (const auto written = opening_->device->write(message); !written) {
    return opening_->session.write_failed(written.error());
  }
  owner_.on_traffic(TrafficEvent::kFromGuest, message);
  auto next = opening_->session.written(platform::now());
  if (next.exchange) opening_->answered = true;
  return next;
}

void HvUtilsLink::ask() {
  using coordinator::RequesterKind;
  const HvUtilsSession::Request request = *opening_->session.outstanding();
  const coordinator::RequesterId id = opening_->id;
  opening_->asked = true;
  switch (*request.operation) {
    case wire::HvVssOperation::kHotBackup:
      return owner_.on_host_event(coordinator::CheckRequested{.requester = id,
                                                              .kind = RequesterKind::kHyperV,
                                                              .name = kHvUtilsName,
                                                              .tag = request.tag,
                                                              .options = {}});
    case wire::HvVssOperation::kFreeze:
      return owner_.on_host_event(coordinator::FreezeRequested{.requester = id,
                                                               .kind = RequesterKind::kHyperV,
                                                               .name = kHvUtilsName,
                                                               .tag = request.tag,
                                                               .options = {}});
    case wire::HvVssOperation::kThaw:
      return owner_.on_host_event(coordinator::ThawRequested{
          .requester = id, .name = kHvUtilsName, .tag = request.tag, .transaction = {}});
  }
}

void HvUtilsLink::close(std::string_view why) {
  const base::Instant now = platform::now();
  const coordinator::RequesterId id = opening_->id;
  const bool asked = opening_->asked;
  if (opening_->answered || now - opening_->since >= kProvedAfter) reopening_.proved();
  // Before anybody hears of it: hv_utils is not unloaded, and the host gets no answer, before this.
  opening_.reset();
  reopening_.failed(now);
  stand("closed, to be opened again");
  owner_.on_traffic(TrafficEvent::kClosed, {});
  say_closed(why, now);
  if (!asked) return;
  owner_.on_host_event(coordinator::RequesterGone{
      .requester = id,
      .reason = coordinator::Reason{"the channel to the Hyper-V host was closed: "}.append(why)});
}

// Once after each line that said the contrary.
void HvUtilsLink::say_open() {
  if (std::exchange(open_said_, true)) return;
  log(base::LogSeverity::kInfo, "is open: backups of the Hyper-V host are served");
}

// Once for each thing that is wrong, however often it is tried.
void HvUtilsLink::say_why_not(const base::Error& error) {
  if (error.os_errno == last_open_error_) return;
  last_open_error_ = error.os_errno;
  open_said_ = false;
  switch (error.os_errno) {
    case ENOENT:
    case ENXIO:
      stand("not there");
      return log(base::LogSeverity::kInfo,
                 "is not there: this machine is no guest of Hyper-V, or its host offers no backups "
                 "(or module hv_utils is missing); it is opened when it comes");
    case EBUSY:
      stand("held by another program");
      return log(
          base::LogSeverity::kWarning,
          "is held by another program, which answers the host in vssd's place. Where that is "
          "hv_vss_daemon, end hv-vss-daemon.service when nothing is frozen (`vssctl doctor` "
          "says how); it is tried again");
    case EACCES:
    case EPERM:
      stand("not accessible");
      return log(base::LogSeverity::kError,
                 "may not be opened by the user that vssd runs as: give it to that user by a udev "
                 "rule, KERNEL==\"vmbus/hv_vss\", OWNER=\"USER\"; it is tried again");
    default:
      stand("not to be opened");
      return log(base::LogSeverity::kError, Sentence{"does not open: "}.append(error.message));
  }
}

// A device that fails again and again, always in the same way, does not fill the log.
void HvUtilsLink::say_closed(std::string_view why, base::Instant now) {
  if (why == closing_reason_ && now - closing_said_ < kClosingSaidEvery) {
    ++closings_unsaid_;
    return;
  }
  Sentence text{"was closed, to be opened again when nothing is frozen: "};
  text.append(why);
  if (closings_unsaid_ > 0) {
    text.append(" (")
        .append_number(closings_unsaid_)
        .append(" closings before it were not logged)");
  }
  closing_reason_ = why;
  closing_said_ = now;
  closings_unsaid_ = 0;
  open_said_ = false;
  log(base::LogSeverity::kWarning, text);
}

void HvUtilsLink::log(base::LogSeverity severity, std::string_view what) {
  owner_.log(severity, Sentence{path_}.append(" ").append(what));
}

void HvUtilsLink::stand(std::string_view how) {
  standing_ = Sentence{path_}.append(": ").append(how);
}

}  // namespace vss::requesters
