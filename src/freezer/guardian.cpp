#include "freezer/guardian.hpp"

#include <unistd.h>

#include <algorithm>

#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/poll.hpp"
#include "platform/process.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using base::milliseconds;

// A freezer whose thread hangs in the kernel gives no sign when it is killed: look this often while
// it has something frozen, or is about to.
constexpr milliseconds kLookInterval{50};
constexpr base::seconds kNameAfter{1};

}  // namespace

void Guardian::run() {
  while (!stopping_ || watch_) {
    std::array<platform::PollEntry, 5> entries;
    entries[0].fd = stopping_ ? -1 : parts_.stop.get();
    entries[1].fd = parts_.listener.get();
    entries[2].fd = client_ && !client_->lost ? client_->socket.get() : -1;
    entries[3].fd = watch_ && watch_->lanes ? watch_->lanes->finished_event() : -1;
    // One that holds nothing is not looked at: its end gives a sign, since no thread of it hangs.
    entries[4].fd = client_ && !watch_ ? client_->process.get() : -1;
    platform::wait_until(entries, next_wake());
    if (entries[0].readable) stopping_ = platform::taken_signal(parts_.stop.get()) != 0;
    if (entries[1].readable) accept_client();
    if (entries[2].readable) receive();
    if (entries[3].readable) watch_->lanes->drain();
    look();
  }
}

Instant Guardian::next_wake() const {
  if (!watch_) return Instant::never();
  const Instant tick = platform::now() + kLookInterval;
  return watch_ && !watch_->acting ? base::earlier_of(tick, watch_->deadline) : tick;
}

// --- the freezer's packets ---

void Guardian::accept_client() {
  auto socket = platform::accept_one(parts_.listener.get());
  if (!socket) return;
  const auto peer = platform::peer_credentials(socket->get());
  if (!peer || peer->user_id != ::geteuid()) return refuse(socket->get(), "only for the service");
  if (stopping_) return refuse(socket->get(), "the guardian is stopping");
  if (client_) {
    return refuse(socket->get(), watch_ && watch_->acting
                                     ? "it is still thawing what another vss-freezer had frozen"
                                     : "another vss-freezer is connected to it");
  }
  auto process = platform::open_process(peer->process_id);
  auto stat = platform::open_process_stat(peer->process_id);
  if (!process || !stat) return refuse(socket->get(), "it cannot watch your process");
  client_ = Client{};
  client_->socket = std::move(*socket);
  client_->process = std::move(*process);
  client_->stat = std::move(*stat);
  client_->process_id = peer->process_id;
}

void Guardian::receive() {
  alignas(GuardianPacket) std::array<std::byte, sizeof(GuardianPacket)> buffer;
  platform::ReceivedPacket received;
  const auto outcome = platform::receive_packet(client_->socket.get(), buffer, received);
  if (outcome == platform::IoOutcome::kWouldBlock) return;
  const auto packet =
      outcome == platform::IoOutcome::kDone ? GuardianPacket::from(received.bytes) : std::nullopt;
  if (packet) {
    handle(*packet, received);
  } else {
    client_->lost = true;
  }
  for (const int fd : received.descriptors)
    base::UniqueFd{fd};  // what nobody took
}

void Guardian::handle(const GuardianPacket& packet, platform::ReceivedPacket& received) {
  const bool current = watch_ && watch_->transaction.value == packet.transaction;
  if (packet.word == GuardianWord::kHello && !client_->table) {
    hello(packet, received);
  } else if (packet.word == GuardianWord::kArm && client_->table) {
    arm(packet, received);
  } else if (packet.word == GuardianWord::kDeadline && current && watch_->lanes) {
    watch_->deadline = Instant{packet.deadline};
    send(GuardianWord::kDeadlineSet, watch_->transaction);
  } else if (packet.word == GuardianWord::kDisarm && current && watch_->lanes) {
    watch_->disarm_asked = true;  // answered by look(), once everything is closed
  } else {
    refuse(client_->socket.get(), "this packet makes no sense now");
    client_->lost = true;
  }
}

void Guardian::hello(const GuardianPacket& packet, platform::ReceivedPacket& received) {
  if (static_cast<pid_t>(packet.process_id) != client_->process_id) {
    refuse(client_->socket.get(), "freezer and guardian must share one PID namespace");
    client_->lost = true;
    return;
  }
  if (received.descriptors.size() != 2) {
    client_->lost = true;
    return;
  }
  auto table = SlotTable::map(base::UniqueFd{received.descriptors[0]});
  auto page = ThawedPage::map(base::UniqueFd{received.descriptors[1]});
  received.descriptors.clear();
  if (!table || !page) {
    refuse(client_->socket.get(), "the shared files cannot be mapped");
    client_->lost = true;
    return;
  }
  client_->table.emplace(std::move(*table));
  client_->page.emplace(std::move(*page));
  send(GuardianWord::kWelcome, {});
}

void Guardian::arm(const GuardianPacket& packet, platform::ReceivedPacket& received) {
  if (!watch_) {
    watch_ = Watch{};
    watch_->transaction = {packet.transaction};
    watch_->expected = packet.total;
  }
  Watch& watch = *watch_;
  for (const int fd : received.descriptors)
    watch.filesystems.emplace_back(fd);
  const bool sensible = !watch.lanes && watch.transaction.value == packet.transaction &&
                        client_->table->generation() == watch.transaction &&
                        watch.expected == client_->table->count() &&
                        received.descriptors.size() == packet.count &&
                        watch.filesystems.size() == packet.first + packet.count &&
                        watch.filesystems.size() <= watch.expected;
  received.descriptors.clear();
  if (!sensible) {
    refuse(client_->socket.get(), "what is to be guarded does not agree with the slots");
    client_->lost = true;
    return;
  }
  if (watch.filesystems.size() < watch.expected) return;
  auto lanes =
      Lanes::make(*client_->table, std::move(watch.filesystems), parts_.ioctls, Thawer::kGuardian);
  if (!lanes) {
    refuse(client_->socket.get(), lanes.error().message);
    client_->lost = true;
    return;
  }
  watch.lanes = std::move(*lanes);
  watch.lanes->await_parked();
  send(GuardianWord::kArmed, watch.transaction);
}

void Guardian::send(GuardianWord word, base::TransactionId transaction) {
  GuardianPacket packet;
  packet.word = word;
  packet.transaction = transaction.value;
  if (platform::send_packet(client_->socket.get(), packet.bytes()) != platform::IoOutcome::kDone) {
    client_->lost = true;
  }
}

void Guardian::refuse(int socket, std::string_view reason) {
  GuardianPacket packet;
  packet.word = GuardianWord::kRefused;
  packet.reason = base::FixedText<160>{reason};
  platform::send_packet(socket, packet.bytes());
}

// --- acting ---

bool Guardian::client_gone() const {
  return client_->lost || platform::process_ended(client_->process.get()) ||
         platform::leader_state(client_->stat.get()) == platform::LeaderState::kGone;
}

bool Guardian::freezer_must_be_killed() const {
  if (platform::leader_state(client_->stat.get()) == platform::LeaderState::kStopped) return true;
  return std::ranges::any_of(client_->table->used(), [&](const Slot& slot) {
    const SlotState state = slot.state();
    if (!state.in_flight() || static_cast<pid_t>(state.actor.process_id) != client_->process_id) {
      return false;
    }
    // Frozen by its cgroup, say: it will never note what its FIFREEZE has done. To kill one that
    // waits for its device would gain nothing, and lose who can tell about it.
    return state.state != State::kIntent || !platform::thread_works(state.actor);
  });
}

void Guardian::look() {
  if (!client_) return;
  const bool gone = client_gone();
  if (!watch_ || !watch_->lanes) {
    if (gone || stopping_) drop_client();
    return;
  }
  const bool all_closed = client_->table->all_closed();
  const bool late = platform::now() >= watch_->deadline && !all_closed;
  // Looked at each time: it may come to hold a claim only now.
  if (late && !gone && freezer_must_be_killed()) platform::kill_process(client_->process.get());
  if (!watch_->acting && (gone || late || stopping_)) act();
  if (watch_->acting) name_stuck();
  if (!all_closed || !watch_->lanes->all_parked()) return;
  if (watch_->acting) client_->page->publish(watch_->transaction);
  if (gone || stopping_) return drop_client();
  if (watch_->disarm_asked) {
    watch_->lanes->release();
    send(GuardianWord::kDisarmed, watch_->transaction);
    watch_.reset();  // joins the threads, for which nobody waits any more
  }
}

void Guardian::act() {
  watch_->acting = true;
  watch_->acting_since = platform::now();
  watch_->lanes->thaw_all();
}

void Guardian::name_stuck() {
  if (!parts_.kernel_log || platform::now() - watch_->acting_since < kNameAfter) return;
  const std::span<Slot> slots = client_->table->used();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (watch_->named[i] == slots[i].open()) continue;
    base::FixedText<512> line{slots[i].open() ? "cannot thaw " : "thawed at last: "};
    line.append(slots[i].mount_point.view()).append(" (").append_number(slots[i].device.major);
    line.append(":").append_number(slots[i].device.minor).append(")");
    if (slots[i].open()) {
      line.append(slots[i].state().state == State::kIntent ? ": its freeze is still in flight"
                                                           : ": the kernel does not answer");
      line.append("; trying on");
    }
    platform::kernel_log_line(parts_.kernel_log.get(), line);
    watch_->named[i] = slots[i].open();
  }
}

void Guardian::drop_client() {
  watch_.reset();  // its lanes use the client's slots
  client_.reset();
}

}  // namespace vss::freezer
