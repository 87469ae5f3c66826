#include "simulation/participant.hpp"

#include <algorithm>
#include <utility>

#include "simulation/world.hpp"

namespace vss::simulation {

using base::Duration;
using base::Instant;
using base::milliseconds;
using base::seconds;
using wire::FrameKind;

namespace {

constexpr int kFloodFrames = 320;  // more than the session's limit for one second

}  // namespace

Participant::Participant(World& world, Actor actor, unsigned number, std::string name)
    : world_(world),
      actor_(actor),
      number_(number),
      name_(std::move(name)),
      random_(derive(world.scenario().seed, 1000 + 100 * static_cast<unsigned>(actor) + number)) {}

// --- its life ---

void Participant::start() {
  running_ = true;
  connect();
}

void Participant::connect() {
  if (!running_ || link_) return;
  if (may_connect()) link_ = world_.connect(*this);
  if (!link_) {
    run_after(milliseconds{40}, [this] { connect(); });
    return;
  }
  say_hello();
}

void Participant::die(std::optional<Duration> back_after) {
  if (!running_) return;
  world_.trace(name_, "dies", "back after {} ms",
               back_after ? back_after->count() / 1'000'000 : -1);
  ++life_;
  running_ = false;
  stopped_ = false;
  waiting_.clear();
  left_over_.clear();
  fault_of_question_.reset();
  if (link_) world_.close_by_peer(std::exchange(link_, nullptr));
  got_killed();
  if (!back_after) return;
  world_.timeline().after(*back_after, [this, life = life_] {
    if (life == life_) start();
  });
}

void Participant::stop(Duration how_long) {
  if (!running_ || stopped_) return;
  world_.trace(name_, "stops", "for {} ms", how_long.count() / 1'000'000);
  stopped_ = true;
  world_.timeline().after(how_long, [this, life = life_] {
    if (life != life_) return;
    world_.trace(name_, "continues", "with {} things to do", waiting_.size());
    stopped_ = false;
    for (const auto& next : std::exchange(waiting_, {})) {
      if (life == life_) next();
    }
  });
}

void Participant::run_after(Duration delay, std::function<void()> what) {
  run_at(world_.now() + delay, std::move(what));
}

void Participant::run_at(Instant when, std::function<void()> what) {
  world_.timeline().at(when, [this, life = life_, what = std::move(what)] {
    if (life != life_) return;
    if (stopped_) {
      waiting_.push_back(what);
    } else {
      what();
    }
  });
}

// --- what arrives ---

void Participant::receive(std::vector<std::byte> packet) {
  if (stopped_) {
    waiting_.push_back([this, packet = std::move(packet)] { handle(packet); });
  } else {
    handle(packet);
  }
}

void Participant::connection_closed(std::uint64_t connection) {
  if (stopped_) {
    waiting_.push_back([this, connection] { connection_closed(connection); });
    return;
  }
  if (!link_ || link_->id != connection) return;
  link_.reset();
  world_.trace(name_, "loses", "its connection");
  left_over_.clear();
  lost_connection();
  run_after(random_.between(milliseconds{20}, seconds{1}), [this] { connect(); });
}

void Participant::handle(std::span<const std::byte> packet) {
  const auto frame = wire::decode_frame(packet);
  VSS_ASSERT(frame);
  switch (frame->kind) {
    case FrameKind::kReady: send(wire::FrameWriter(FrameKind::kRead, 0).bytes()); return;
    case FrameKind::kReadReply: {
      request_read();
      if (frame->message.status != wire::kStatusSuccess) return;
      asked(world_.question_of_plain(frame->message));
      return;
    }
    case FrameKind::kEvent: {
      const auto event = wire::decode_event(*frame);
      VSS_ASSERT(event);
      got_frame(*frame);
      asked({event->operation, event->message_id, event->transaction, event->reply_deadline,
             event->hold_deadline});
      return;
    }
    case FrameKind::kLate:
      world_.saw_late(*this, frame->message.message_id);
      got_late(frame->message.message_id);
      return;
    default: got_frame(*frame); return;
  }
}

void Participant::got_frame(const wire::FrameView&) {}

void Participant::asked(const Question& question) {
  world_.saw(*this, question);
  send_left_over(question.transaction);
  if (auto fault = world_.fault_of_question(*this, question)) {
    fault_of_question_ = fault;
    faulty_message_ = question.message_id;
    if (fault->fault == Fault::kAsksMoreTime) ask_more_time(question, fault->salt);
  }
  got_event(question);
}

// --- what it answers ---

void Participant::answer(const Question& question, bool success, std::string_view reason,
                         std::optional<wire::FilesystemSummary> summary) {
  const Reply reply{question, success, std::string(reason), summary, leaves_nothing()};
  if (fault_of_question_ && faulty_message_ == question.message_id) {
    const FaultSpec fault = *std::exchange(fault_of_question_, std::nullopt);
    send_faulty(reply, fault);
  } else {
    send_right(reply);
  }
}

void Participant::send_faulty(const Reply& reply, const FaultSpec& fault) {
  Random random(fault.salt);
  const std::uint64_t id = reply.question.message_id;
  const auto operation = static_cast<std::uint32_t>(reply.question.operation);
  switch (fault.fault) {
    case Fault::kNeverAnswers: return;
    case Fault::kAnswersLate: {
      const Duration by = random.one_in(2) ? random.between(Duration{1}, milliseconds{5})
                                           : random.between(milliseconds{5}, seconds{20});
      run_at(reply.question.reply_deadline + by, [this, reply] { send_right(reply); });
      return;
    }
    case Fault::kAnswersInNext: left_over_.push_back(reply); return;
    case Fault::kAnswersTwice:
      send_right(reply);
      run_after(random.one_in(2) ? Duration{0} : random.between(milliseconds{1}, seconds{3}),
                [this, reply] { send_right(reply); });
      return;
    case Fault::kWrongId: send_reply(reply, id + 1 + random.below(9), operation); break;
    case Fault::kWrongOperation:
      send_reply(reply, id,
                 random.one_in(4)
                     ? 77
                     : (operation + 1 + static_cast<std::uint32_t>(random.below(4))) % 6);
      break;
    case Fault::kRefuses: {
      Reply no = reply;
      no.success = false;
      no.reason = "it says no";
      send_right(no);
      return;
    }
    case Fault::kAsksMoreTime:
      run_after(random.between(milliseconds{1}, seconds{8}), [this, reply] { send_right(reply); });
      return;
    default: VSS_ASSERT(false && "not a fault of a question"); return;
  }
  // Wrong once; then perhaps right, as things are by then: it may have been told to roll back.
  if (random.one_in(2)) return;
  run_after(random.between(Duration{0}, seconds{3}), [this, reply] {
    Reply now = reply;
    now.success &= still_true(reply.question);
    send_right(now);
  });
}

void Participant::ask_more_time(const Question& question, std::uint64_t salt) {
  if (!link_) return;
  Random random(salt + 1);
  send(wire::make_more_time({question.message_id, random.between(milliseconds{10}, seconds{10})})
           .bytes());
}

void Participant::send_left_over(base::TransactionId transaction) {
  const auto older = [&](const Reply& reply) { return reply.question.transaction != transaction; };
  for (const Reply& reply : left_over_) {
    if (older(reply)) send_right(reply);
  }
  std::erase_if(left_over_, older);
}

void Participant::send_reply(const Reply& reply, std::uint64_t message_id,
                             std::uint32_t operation) {
  if (!link_) return;
  const std::uint32_t status = reply.success ? wire::kStatusSuccess : wire::kStatusFail;
  if (plain_) {
    const wire::DeviceMessage message{
        .operation = operation, .status = status, .message_id = message_id, .reserved = {}};
    send(wire::FrameWriter(FrameKind::kWrite, 0, message).bytes());
    return;
  }
  send(wire::make_frame(wire::Reply{.operation = operation,
                                    .message_id = message_id,
                                    .status = status,
                                    .reason = wire::Reason{reply.reason},
                                    .summary = reply.summary,
                                    .clean = reply.clean})
           .bytes());
}

void Participant::send(std::span<const std::byte> packet) {
  if (link_) world_.send_up(link_, packet);
}

void Participant::request_read() {
  send(wire::FrameWriter(FrameKind::kReady, 0).bytes());
}

void Participant::flood(std::uint64_t salt) {
  if (!link_) return;
  Random random(salt);
  Reply reply;
  for (int i = 0; i < kFloodFrames; ++i) {
    reply.success = random.one_in(2);
    send_reply(reply, random.next(), static_cast<std::uint32_t>(random.below(7)));
  }
}

void Participant::talk_nonsense() {
  std::array<std::byte, 96> nonsense{};
  for (std::byte& byte : nonsense)
    byte = static_cast<std::byte>(random_.next());
  send(nonsense);
}

}  // namespace vss::simulation
