#include "simulation/world.hpp"

#include <algorithm>
#include <array>
#include <variant>

namespace vss::simulation {

using base::milliseconds;
using base::seconds;
using coordinator::Action;
using coordinator::Event;

namespace {

// Far above what any episode needs: beyond it something goes round in circles.
constexpr std::size_t kHappeningsMax = 200'000;

}  // namespace

World::World(const Scenario& scenario, const Options& options)
    : scenario_(scenario),
      policy_(policy_of(scenario)),
      coverage_(options.coverage),
      trace_(options.keep_trace) {
  files_.page_changed = [this] { driver_->page_changed(); };
  for (const FilesystemSpec& filesystem : scenario_.filesystems) {
    kernel_.add(filesystem.number, filesystem.freezable);
  }
  for (const FaultSpec& fault : scenario_.faults)
    pending_.push_back({fault});
  promises_ = make_promises(*this);
  driver_ = std::make_unique<Driver>(*this, options.table);
  guardian_ = std::make_unique<Guardian>(*this);
  freezer_ = std::make_unique<Freezer>(*this);
  if (scenario_.plain_daemon) daemon_ = std::make_unique<PlainDaemon>(*this);
  for (const WriterSpec& writer : scenario_.writers) {
    writers_.push_back(std::make_unique<Writer>(*this, writer));
  }
}

World::~World() = default;

Outcome World::run() {
  driver_->start();
  daemon_ ? daemon_->start() : freezer_->start();
  for (const auto& writer : writers_)
    writer->start();
  timeline_.after(milliseconds{20}, [this] { begin_ask(); });
  std::size_t happenings = 0;
  while (!timeline_.empty() && !violation_) {
    timeline_.run_next();
    if (++happenings == kHappeningsMax) {
      violated(kLiveness, "the episode goes on for ever");
    }
  }
  if (!violation_) finish();
  Outcome outcome;
  outcome.violation = violation_;
  outcome.transactions = history_.transactions.size();
  outcome.trace_lines = trace_.lines();
  outcome.trace_hash = trace_.hash();
  outcome.trace = trace_.text();
  return outcome;
}

void World::finish() {
  if (driver_->phase() != Phase::kIdle) {
    violated(kLiveness, fmt::format("nothing happens any more in phase '{}'",
                                    coordinator::to_text(driver_->phase())));
  }
  for (const Filesystem& filesystem : kernel_.filesystems()) {
    if (filesystem.held_by_us()) {
      violated(5, fmt::format("fs{} stays frozen", filesystem.number));
    }
  }
  for (const auto& promise : promises_)
    promise->ended();
}

void World::violated(int promise, std::string text) {
  if (violation_) return;
  trace("promise", "BROKEN", "{}: {}", name_of_promise(promise), text);
  violation_ = Violation{promise, std::move(text), now()};
}

const Writer* World::writer(const Participant* participant) const {
  const auto found = std::ranges::find(writers_, participant, &std::unique_ptr<Writer>::get);
  return found == writers_.end() ? nullptr : found->get();
}

// --- asks ---

void World::begin_ask() {
  if (current_ask_ >= scenario_.asks.size()) return;
  const AskSpec& spec = scenario_.asks[current_ask_];
  requesters_.push_back(std::make_unique<Requester>(*this, spec, current_ask_, false));
  previous_ = std::exchange(scripted_, requesters_.back().get());
  scripted_->begin(spec.pause);
  schedule_faults(Phase::kIdle);
}

void World::ask_done() {
  timeline_.after(milliseconds{1}, [this] {
    ++current_ask_;
    begin_ask();
  });
}

// --- processes ---

void World::kill_freezer_that_holds_a_claim() {
  if (freezer_->stopped() && freezer_->holds_a_claim()) freezer_->die(seconds{1});
}

bool World::daemon_may_freeze() const {
  if (!daemon_ || !daemon_->running()) return false;
  const bool connected = std::ranges::any_of(history_.members, [this](const Membership& member) {
    return member.peer == daemon_.get() && member.left.is_never();
  });
  return daemon_->busy() || (daemon_->stopped() && !connected);
}

bool World::thaws_on_its_own(const Transaction& transaction) const {
  return freezer_->thawed_by_itself() == transaction.id;
}

void World::guardian_changed() {
  if (freezer_runs()) freezer_->guardian_changed();
}

// --- network ---

std::shared_ptr<Link> World::connect(Participant& peer) {
  auto link = driver_->accept(peer);
  if (link) {
    peers_[link->id] = &peer;
    trace(peer.name(), "connects", "connection {}", link->id);
  }
  return link;
}

void World::send_up(const std::shared_ptr<Link>& link, std::span<const std::byte> packet) {
  driver_->send_up(link, packet);
}

void World::deliver_down(const std::shared_ptr<Link>& link, std::span<const std::byte> packet) {
  const Instant arrival = std::max(now() + link->delay(), link->last_down);
  link->last_down = arrival;
  timeline_.at(arrival, [link, bytes = std::vector<std::byte>(packet.begin(), packet.end())] {
    if (link->peer_open) link->peer->receive(bytes);
  });
}

void World::deliver_close(const std::shared_ptr<Link>& link) {
  const Instant arrival = std::max(now() + link->delay(), link->last_down);
  link->last_down = arrival;
  timeline_.at(arrival, [link] {
    if (link->peer_open) link->peer->connection_closed(link->id);
  });
}

void World::note_plan(TransactionId transaction) {
  Transaction* t = history_.find(transaction);
  if (t == nullptr) return;
  (t->planned ? t->replanned : t->planned) = now();
}

void World::note_guardian_thaw() {
  if (Transaction* t = history_.find(files_.transaction)) ++t->guardian_thaws;
}

// --- requesters ---

std::size_t World::send(Request request) {
  request.tag = next_tag_++;
  history_.requests.push_back(request);
  const std::size_t index = history_.requests.size() - 1;
  Instant arrival = std::max(now() + Duration{100'000}, last_request_);
  if (next_request_at_) arrival = *std::exchange(next_request_at_, std::nullopt);
  last_request_ = arrival;
  timeline_.at(arrival, [this, index] { deliver(index); });
  return index;
}

void World::send_abort(TransactionId thawed) {
  Request request;
  request.kind = Request::Kind::kAbort;
  request.requester = next_requester();
  request.requester_kind = RequesterKind::kLocal;
  request.name = coordinator::Name{"vssctl:"}.append_number(request.requester.value);
  request.ask = current_ask_;
  request.thawed = thawed;
  send(request);
}

void World::deliver(std::size_t index) {
  Request& request = history_.requests[index];
  if (!driver_->up()) {
    request.excused = true;
    for (const auto& requester : requesters_)
      requester->lost(index);
    return;
  }
  request.delivered = now();
  using Kind = Request::Kind;
  Event event = coordinator::Tick{};
  switch (request.kind) {
    case Kind::kCheck:
      event = coordinator::CheckRequested{request.requester, request.requester_kind, request.name,
                                          request.tag, request.options};
      break;
    case Kind::kFreeze:
      event = coordinator::FreezeRequested{request.requester, request.requester_kind, request.name,
                                           request.tag, request.options};
      break;
    case Kind::kThaw:
      event =
          coordinator::ThawRequested{request.requester, request.name, request.tag, request.names};
      break;
    case Kind::kAbort:
      if (Transaction* t = history_.find(request.thawed)) t->word_given = true;
      event = coordinator::AbortRequested{request.requester, request.name, request.tag,
                                          request.thawed.valid()};
      break;
  }
  request_in_step_ = index;
  driver_->step(event);
}

void World::requester_gone(coordinator::RequesterId requester, const coordinator::Reason& reason) {
  const Instant arrival = std::max(now() + Duration{100'000}, last_request_);
  last_request_ = arrival;
  timeline_.at(arrival, [this, requester, reason] {
    for (Request& request : history_.requests) {
      if (request.requester == requester && request.answers == 0) request.excused = true;
    }
    gone_requesters_.push_back(requester);
    trace("requester", "gone", "{}", requester.value);
    driver_->step(coordinator::RequesterGone{requester, reason});
  });
}

void World::deliver(const coordinator::Answer& answer) {
  for (std::size_t i = history_.requests.size(); i-- > 0;) {
    const Request& request = history_.requests[i];
    if (request.requester != answer.requester || request.tag != answer.tag) continue;
    timeline_.after(Duration{100'000}, [this, i, answer, life = driver_lives_] {
      if (life != driver_lives_) return;
      for (const auto& requester : requesters_)
        requester->answered(i, answer);
    });
    return;
  }
}

void World::deliver(const coordinator::Notify& notice) {
  timeline_.after(Duration{100'000}, [this, notice] {
    for (const auto& requester : requesters_) {
      if (requester->id() == notice.requester) requester->noticed(notice);
    }
  });
}

void World::driver_died() {
  ++driver_lives_;
  for (const auto& promise : promises_)
    promise->driver_died();
  for (Request& request : history_.requests) {
    if (request.answers == 0) request.excused = true;
  }
  for (Transaction& t : history_.transactions) {
    if (t.ended) continue;
    t.driver_lost = t.ended = true;
    t.ended_at = now();
  }
  for (Membership& member : history_.members) {
    if (member.left.is_never()) member.left = now();
  }
  for (const auto& requester : requesters_)
    requester->driver_died();
}

// --- filesystems of a request ---

bool World::selects(const Request& request, unsigned filesystem) {
  switch (request.options.selection) {
    case Selection::kAll: return true;
    case Selection::kNone: return false;
    case Selection::kPaths: return filesystem % 2 == 0;
  }
  return false;
}

const wire::FilesystemRequest* World::filesystem_request(TransactionId transaction) {
  const Transaction* found = history_.find(transaction);
  if (found == nullptr) return nullptr;
  const Request& request = history_.requests[found->request];
  filesystem_request_.selection = static_cast<wire::Selection>(request.options.selection);
  filesystem_request_.paths.clear();
  if (request.options.selection != Selection::kPaths) return &filesystem_request_;
  for (const Filesystem& filesystem : kernel_.filesystems()) {
    if (!selects(request, filesystem.number)) continue;
    filesystem_request_.paths.push_back(wire::Path{"/fs"}.append_number(filesystem.number));
  }
  // Of paths there is always one, if only to what is not there.
  if (filesystem_request_.paths.empty()) filesystem_request_.paths.push_back("/fs0");
  return &filesystem_request_;
}

}  // namespace vss::simulation
