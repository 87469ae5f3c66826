#include "requesters/vmbus/ring_link.hpp"

#include "platform/clock.hpp"

namespace vss::requesters::vmbus {
namespace {

constexpr std::string_view kOpenStanding = "the channel is open";

}  // namespace

RingLink::RingLink(HostLinkOwner& owner, std::uint16_t link, std::string_view name,
                   base::Duration pause_max)
    : owner_(owner), ids_(link), name_(name), reopening_(pause_max), standing_("not opened yet") {}

base::Instant RingLink::next_deadline() const {
  if (is_open() || opening_) return look_at_;
  return may_open_door() ? reopening_.at() : base::Instant::never();
}

void RingLink::on_time(base::Instant now) {
  if (is_open()) {
    if (now >= look_at_) look();
  } else if (opening_) {
    if (now >= look_at_) close("the host does not say hello");
  } else if (reopening_.is_due(now) && may_open_door()) {
    opening_ = true;
    look_at_ = now + kOpeningAtMost;
    standing_ = "waiting for the host's hello";
    open_door();
  }
}

void RingLink::opened(Ring sending, Ring receiving) {
  opening_ = false;
  reopening_.opened();
  channel_.emplace(sending, receiving, ChannelIdentity{ids_.next(), name_}, owner_,
                   [this] { signal_host(); });
  owner_.on_traffic(TrafficEvent::kOpened, {});
  ignored_told_ = 0;
  standing_ = kOpenStanding;
  say(base::LogSeverity::kInfo, kOpenStanding);
  look();
}

void RingLink::look() {
  if (!is_open()) return;
  const base::Instant now = platform::now();
  const Channel::Standing standing = channel_->pump(now);
  if (channel_->served()) reopening_.proved();
  tell_ignored();
  base::Instant next = base::Instant::never();
  if (look_interval() > base::Duration{0}) next = now + look_interval();
  if (standing == Channel::Standing::kMoreToDo) next = now;
  if (standing == Channel::Standing::kAnswersWait) {
    next = base::earlier_of(next, now + kAnswersWaitLook);
  }
  look_at_ = next;
  if (standing == Channel::Standing::kBroken) return close(channel_->broken_why());
  owner_.on_deadline_changed();
}

void RingLink::perform(const coordinator::Answer& answer) {
  if (!is_open() || channel_->id() != answer.requester) return;
  channel_->perform(answer);
  // This may be in the middle of a look: what is wrong is dealt with in the next one.
  const base::Instant now = platform::now();
  if (!channel_->broken_why().empty()) look_at_ = now;
  if (channel_->answers_wait()) look_at_ = base::earlier_of(look_at_, now + kAnswersWaitLook);
}

void RingLink::close(std::string_view why) {
  const bool was_open = is_open();
  opening_ = false;
  close_door();
  reopening_.failed(platform::now());
  look_at_ = base::Instant::never();
  if (was_open) {
    owner_.on_traffic(TrafficEvent::kClosed, {});
    Channel gone = std::move(*channel_);
    channel_.reset();
    gone.closed(why);
  }
  standing_ = why;
  say(was_open ? base::LogSeverity::kWarning : base::LogSeverity::kInfo, why);
  owner_.on_deadline_changed();
}

// What the host wrote and got no answer to is said, and shown; it may be why its backups fail.
void RingLink::tell_ignored() {
  const Ignored& ignored = channel_->ignored();
  if (ignored.count == ignored_told_) return;
  ignored_told_ = ignored.count;
  Text text{kOpenStanding};
  text.append(", ").append_number(ignored.count).append(" of the host's packets were ignored: ");
  standing_ = text.append(ignored.last);
  say(base::LogSeverity::kWarning, Text{"a packet of the host is ignored: "}.append(ignored.last));
}

// The same again, or more than a few lines at once, is only counted: neither a host that is away
// nor one that comes and goes fills the log.
void RingLink::say(base::LogSeverity severity, std::string_view what) {
  const Text text{what};  // cut as the one before was
  const base::Instant now = platform::now();
  if (now >= said_at_ + kLogInterval) said_lately_ = 0;
  if (last_said_ == text || said_lately_ == kLinesAtOnce) {
    ++unsaid_;
    return;
  }
  ++said_lately_;
  base::FixedText<400> line{name_};
  line.append(": ").append(what);
  if (unsaid_ > 0) line.append(" (").append_number(unsaid_).append(" lines before it left out)");
  owner_.log(severity, line);
  last_said_ = text;
  said_at_ = now;
  unsaid_ = 0;
}

}  // namespace vss::requesters::vmbus
