// The pump: one event after the other through the coordinator, and what time brings.
#include "driver/driver.hpp"

#include <algorithm>

#include "driver/first_numbers.hpp"
#include "driver/status_report.hpp"
#include "platform/clock.hpp"
#include "platform/memory.hpp"
#include "platform/random.hpp"
#include "records/json.hpp"

namespace vss::driver {
namespace {

constexpr base::Duration kPageInterval = base::milliseconds{50};
constexpr base::Duration kLogInterval = base::milliseconds{100};
constexpr std::size_t kSpareConnections = 64;  // beyond the writers: the freezer, newcomers
constexpr coordinator::RequesterId kOwnRequester{0};

requesters::ControlServerOptions control_options(const config::Configuration& configuration,
                                                 const DriverOptions& options) {
  return {.policy = {.hold_max = configuration.hold_limit,
                     .administrators = configuration.control_group},
          .administrator_group = options.administrator_group,
          .administrator_user = options.administrator_user};
}

base::Duration longest_hold(const coordinator::Policy& policy) {
  base::Duration longest{0};
  for (const auto& requester : policy.requesters) {
    longest = std::max(longest, requester.budgets.hold);
  }
  return longest + policy.release_margin;
}

}  // namespace

Driver::Driver(platform::EventLoop& loop, platform::ServiceNotifier& notifier, Log& log,
               const config::Configuration& configuration, const DriverOptions& options,
               NoteFile note, records::RecordStore store)
    : loop_(loop),
      notifier_(notifier),
      log_(log),
      configuration_(configuration),
      options_(options),
      note_(std::move(note)),
      found_note_(note_.read()),
      store_(std::move(store)),
      first_(first_numbers(
          platform::wall_clock_seconds(), platform::random_number(), found_note_.first,
          {store_.highest(), options.last_thawed,
           found_note_.open ? found_note_.open->transaction : base::TransactionId{}})),
      coordinator_(configuration.policy, first_),
      participants_(loop, *this,
                    {.connections_max = configuration.policy.writers_max + kSpareConnections,
                     .freezer_user = options.freezer_user}),
      control_(loop, *this, control_options(configuration, options)) {
  loop_.set_deadline(base::Instant::never(), [this] { on_deadline(); });
}

Driver::~Driver() = default;

void Driver::serve(DriverSockets sockets) {
  note_.begin(found_note_, first_.transaction);
  if (const auto& found = found_note_.open) {
    log_.warning(base::FixedText<240>{"the driver before this one ended with transaction "}
                     .append(base::to_text(found->transaction))
                     .append(" open"));
    if (!store_.record_json(found->transaction, records::RecordStore::Source::kDiskToo)) {
      lost_ = found;
      lost_settled_at_ = platform::now() + longest_hold(configuration_.policy);
    }
    post(coordinator::NoteFound{*found});
    if (options_.last_thawed == found->transaction)
      post(coordinator::ThawedMark{found->transaction});
  }
  participants_.serve(devices::Kind::kApplication, std::move(sockets.app));
  participants_.serve(devices::Kind::kFilesystem, std::move(sockets.freezer));
  control_.serve(std::move(sockets.control));
  if (notifier_.alive_interval() > base::Duration{0}) next_alive_ = platform::now();
  notifier_.ready();
  log_.info("serving");
  set_next_deadline();  // which is at once where a door to a host is to be opened
}

void Driver::add_nodes(base::Result<devices::Nodes> nodes, devices::MakeNode make) {
  if (nodes) {
    nodes_.emplace(loop_, static_cast<devices::NodeHost&>(*this), std::move(*nodes),
                   std::move(make));
  } else {
    no_nodes_ = nodes.error().message;
    log_.info(base::FixedText<480>{"the device nodes are not served: "}.append(no_nodes_));
  }
}

void Driver::post(const coordinator::Event& event, std::unique_ptr<RequestDetails> details) {
  if (pumping_) {
    queue_.push_back({event, std::move(details)});
    return;
  }
  pumping_ = true;
  step(event, std::move(details));
  while (!queue_.empty()) {
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    step(next.event, std::move(next.details));
  }
  pumping_ = false;
  stop_if_finished(platform::now());
  set_next_deadline();
}

void Driver::step(const coordinator::Event& event, std::unique_ptr<RequestDetails> details) {
  const base::TransactionId before = coordinator_.record().id;
  const auto [actions, next_deadline] = coordinator_.step(platform::now(), event);
  coordinator_deadline_ = next_deadline;
  if (coordinator_.record().id != before) {
    transaction_.begin(coordinator_.record().id, std::move(details),
                       platform::wall_clock_seconds());
  }
  for (const coordinator::Action& action : actions) {
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  finish_step();
  participants_.reap();
  if (nodes_) nodes_->reap();
  control_.reap();
}

void Driver::on_deadline() {
  const base::Instant now = platform::now();
  if (now >= coordinator_deadline_) post(coordinator::Tick{});
  watch_thawed_page();
  next_page_look_ = base::Instant::never();
  if (now >= plans_.next_deadline()) fail_current_plan("the freezer did not answer in time");
  if (now >= lost_settled_at_) settle_lost();
  call_hosts(now);
  if (nodes_) nodes_->on_time(now);
  if (now >= next_alive_) {
    notifier_.alive();
    next_alive_ = now + notifier_.alive_interval();
  }
  stop_if_finished(now);
  set_next_deadline();
}

void Driver::set_next_deadline() {
  if (!disks_may_be_frozen()) {
    log_waits_ = !log_.flush();
    if (trace_) trace_->flush();
  }
  const base::Instant now = platform::now();
  base::Instant next = base::earlier_of(coordinator_deadline_, plans_.next_deadline());
  next = base::earlier_of(next, base::earlier_of(next_alive_, stop_by_));
  next = base::earlier_of(next, base::earlier_of(lost_settled_at_, next_host_deadline()));
  if (nodes_) next = base::earlier_of(next, nodes_->next_deadline());
  next = base::earlier_of(next, next_page_look(now));
  if (log_waits_) next = base::earlier_of(next, now + kLogInterval);
  loop_.set_deadline(next);
}

// A fixed moment, not one that every event moves further away.
base::Instant Driver::next_page_look(base::Instant now) {
  if (!window_open_ || participants_.registered_freezer_connected()) {
    next_page_look_ = base::Instant::never();
  } else if (next_page_look_.is_never()) {
    next_page_look_ = now + kPageInterval;
  }
  return next_page_look_;
}

bool Driver::freezer_connected() const {
  return participants_.freezer_connected() || (nodes_ && nodes_->daemon_connected());
}

// While vss-freezer is gone, the guardian's or the recovery's mark is the only word of the thaw,
// also where a plain daemon has taken its place. Whether it is the mark that is waited for, the
// coordinator knows: requests that were refused meanwhile have numbers of their own.
void Driver::watch_thawed_page() {
  if (!window_open_ || participants_.registered_freezer_connected()) return;
  const base::TransactionId thawed = thawed_page_.last_thawed();
  if (!thawed.valid() || thawed == last_mark_) return;
  last_mark_ = thawed;
  log_.info(base::FixedText<96>{"the thawed page shows transaction "}
                .append(base::to_text(thawed))
                .append(" as thawed"));
  post(coordinator::ThawedMark{thawed});
}

void Driver::shut_down() {
  if (!stop_by_.is_never()) return;
  stop_by_ = platform::now() + kStopAtMost;
  notifier_.stopping();
  log_.info("stopping");
  if (coordinator_.phase() != coordinator::Phase::kIdle) {
    post(coordinator::AbortRequested{
        .requester = kOwnRequester, .name = "vssd (it is being stopped)", .tag = 0});
  }
  stop_if_finished(platform::now());
  set_next_deadline();
}

void Driver::stop_if_finished(base::Instant now) {
  if (stop_by_.is_never()) return;
  const bool idle = coordinator_.phase() == coordinator::Phase::kIdle;
  const bool waits = !idle || (window_open_ && !nobody_thaws());
  if (waits && now < stop_by_) return;
  if (!idle || window_open_) log_.error("stopped without word that everything is thawed");
  loop_.stop();
}

// --- what the servers bring ---

void Driver::on_participant_event(const coordinator::Event& event) {
  if (const auto* joined = std::get_if<coordinator::FreezerJoined>(&event)) {
    // A second freezer is refused, and its standing means nothing.
    if (!freezer_connected()) standing_ = joined->standing;
  }
  if (const auto* status = std::get_if<coordinator::FreezerStatus>(&event)) {
    standing_ = status->standing;
  }
  post(event);
  if (standing_.clean && freezer_connected()) settle_lost();
  if (!freezer_connected()) {
    standing_ = {};
    while (plans_.current() != nullptr)
      fail_current_plan("the freezer is gone");
  }
  if (!pumping_) set_next_deadline();  // a door that waited for this may be opened
}

void Driver::on_freezer_news(const wire::FrameView& news) {
  if (news.kind == wire::FrameKind::kPlanEnd) return on_plan_end(news);
  if (news.tag == 0) return transaction_.keep(news);
  const auto requester = plans_.requester_of(news.tag);
  const auto detail = wire::decode_mount_detail(news);
  if (requester && detail) control_.plan_detail(*requester, *detail);
}

void Driver::on_thawed_page(int descriptor) {
  if (const auto mapped = thawed_page_.map(descriptor); !mapped) {
    log_.error(base::FixedText<240>{"the freezer's thawed page cannot be used: "}.append(
        mapped.error().message));
  }
}

void Driver::on_connection_over(std::string_view who, std::string_view why) {
  if (!connection_lines_.take(platform::now(), !disks_may_be_frozen())) return;
  if (const auto left_out = connection_lines_.take_left_out(); left_out > 0) {
    log_.warning(base::FixedText<96>{}.append_number(left_out).append(
        " lines on connections that were refused or ended were left out"));
  }
  log_.info(base::FixedText<400>{who}.append(": ").append(why));
  if (!pumping_) set_next_deadline();  // writes the log, if it may be written
}

void Driver::on_requester_event(const coordinator::Event& event) {
  post(event);
}

void Driver::on_transaction_request(const coordinator::Event& event,
                                    const wire::ControlRequest& request) {
  if (!stop_by_.is_never()) return refuse(event, "vssd is stopping");
  auto details = details_of(request, configuration_);
  if (!fits_a_frame(details->filesystems)) return refuse(event, kRequestTooLarge);
  post(event, std::move(details));
}

void Driver::refuse(const coordinator::Event& request, std::string_view reason) {
  coordinator::Answer refusal;
  refusal.reason = coordinator::Reason{reason};
  std::visit(
      [&](const auto& asked) {
        if constexpr (requires { asked.options; }) {
          refusal.requester = asked.requester;
          refusal.tag = asked.tag;
        }
      },
      request);
  answer(refusal);
}

coordinator::TransactionId Driver::open_transaction() const {
  return coordinator_.open_transaction();
}

std::string Driver::status_json() const {
  records::StatusDocument status = status_of(coordinator_, configuration_.policy, platform::now());
  status.version = options_.version;
  status.freezer.clean = standing_.clean;
  status.freezer.guardian_alive = standing_.guardian_alive;
  status.freezer.last_thawed = standing_.last_thawed;
  status.freezer.reason = std::string(standing_.reason.view());
  status.last = store_.newest();
  status.warnings = options_.warnings;
  status.heap_bytes = platform::heap_bytes_in_use();
  status.record_bytes = store_.heap_bytes();
  for (const NamedLink& host : hosts_)
    status.hosts.push_back(std::string(host.name) + ": " + std::string(host.link->standing()));
  status.nodes = nodes_ ? nodes_->standing() : "not served: " + no_nodes_;
  return records::to_json(status);
}

std::string Driver::writers_json() const {
  return records::to_json(writers_of(coordinator_, configuration_.policy));
}

std::string Driver::history_json() const {
  return store_.history_json();
}

base::Result<std::string> Driver::record_json(std::optional<coordinator::TransactionId> id) const {
  // What waits to be written is newer than everything in the store.
  if (const auto* record = unwritten_.find(id)) return records::to_json(*record);
  if (lost_ && (!id || *id == lost_->transaction)) {
    return records::to_json(record_of_lost(*lost_, platform::wall_clock_seconds()));
  }
  return store_.record_json(id, disks_may_be_frozen() ? records::RecordStore::Source::kMemoryOnly
                                                      : records::RecordStore::Source::kDiskToo);
}

}  // namespace vss::driver
