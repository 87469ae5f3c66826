// One connection of a participant: its bytes become the coordinator's events, the coordinator's
// actions become frames. Pure: no descriptor, no clock, no thread, no log. The transport (socket/,
// and later the device nodes) owns the descriptor; the driver and the simulator carry events and
// actions to and fro.
//
// The round of one packet:
//   1. transport: `Input in = session.receive(now, packet)`
//   2. `in.event`: step the coordinator with it and perform the actions at once, those for this
//   session
//      through perform(). Joining is answered in that same step (AcceptParticipant or
//      RefuseParticipant).
//   3. `in.news`: a freezer's kDetail or kPlanEnd, for the record or for who asked for the plan.
//   4. transport: send what outgoing() holds, for as long as the peer takes it; sent() after each
//   frame.
//   5. session.closing(): close the connection (after one last attempt to send), then pass on
//      disconnected().
//
// Freeze-safe: memory is taken at construction. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "coordinator/actions.hpp"
#include "coordinator/events.hpp"
#include "devices/device_queue.hpp"
#include "devices/outgoing_queue.hpp"
#include "wire/participant.hpp"

namespace vss::devices {

// Which of the two devices the connection belongs to.
enum class Kind : std::uint8_t { kApplication, kFilesystem };

struct SessionLimits {
  std::size_t outgoing_bytes = 0;       // frames that the peer has not taken yet
  std::uint32_t frames_per_second = 0;  // more is a flood
};
SessionLimits default_limits(Kind kind);

// What one packet meant. Both may be empty: a READ of a participant that has joined asks nobody.
struct Input {
  std::optional<coordinator::Event> event;
  std::optional<wire::FrameView> news;  // kDetail or kPlanEnd, as sent; views the packet
};

class Session {
 public:
  // `connection` is the driver's own number, never reused; `process_id` names a plain client.
  Session(Kind kind, std::uint64_t connection, std::int64_t process_id);
  Session(Kind kind, std::uint64_t connection, std::int64_t process_id, SessionLimits limits);

  // One whole packet. Anything that no client of ours would send (no frame, a frame of the wrong
  // direction or out of turn, a flood) sets closing() with a reason and is otherwise ignored.
  Input receive(coordinator::Instant now, std::span<const std::byte> packet);

  // The device interface without frames, for the device nodes; receive() comes here too.
  // Opening a node joins a plain client: call it once, first; it is answered by perform().
  coordinator::Event open_device();
  wire::DeviceMessage read_device() { return device_.read(); }
  void unread_device(std::uint64_t message_id) { device_.unread(message_id); }
  std::optional<coordinator::Event> write_device(const wire::DeviceMessage& answer);
  bool device_readable() const { return device_.readable(); }

  // Counts one request of the peer. False: it is a flood, and closing() is set. receive() calls it.
  bool admit(coordinator::Instant now);
  // The requests of this second are more than half of a flood.
  bool near_flood() const { return frames_this_second_ > frames_per_second_ / 2; }

  // What the coordinator asked for. The caller has looked up the session by connection or
  // participant. `thawed_page`: the transport has the freezer's page to send along with the frame.
  void perform(const coordinator::AcceptParticipant&, bool thawed_page);
  void perform(const coordinator::RefuseParticipant&);
  // `request` goes with CHECK and PREPARE to a registered freezer; nobody else sees it.
  void perform(const coordinator::Tell&, const wire::FilesystemRequest* request = nullptr);
  void perform(const coordinator::Withdraw&);
  void perform(const coordinator::TellLate&);
  void perform(const coordinator::GrantTime&);

  // To a registered freezer: plan now. The answers come back as Input::news with this tag.
  void ask_for_plan(const wire::FilesystemRequest& request, std::uint32_t tag);
  // The thawed page became known after this writer had joined. Nothing for anybody else.
  void offer_thawed_page();

  // Frames waiting for the peer, oldest first.
  const OutgoingQueue& outgoing() const { return outgoing_; }
  void sent() { outgoing_.pop(); }

  // Set once, never taken back: the connection must go, and why.
  bool closing() const { return closing_; }
  const coordinator::Reason& closing_reason() const { return closing_reason_; }

  // The connection is gone, or the transport gives it up (`why` then; closing_reason() wins). The
  // event for the coordinator, once, where the participant had been accepted; afterwards the
  // session is dead.
  std::optional<coordinator::Event> disconnected(const coordinator::Reason& why);

  Kind kind() const { return kind_; }
  std::uint64_t connection() const { return connection_; }
  std::int64_t process_id() const { return process_id_; }
  coordinator::ParticipantId participant() const { return participant_; }
  bool accepted() const { return state_ == State::kPlain || state_ == State::kRegistered; }
  bool plain() const { return state_ == State::kPlain; }
  std::uint32_t late_answers() const { return late_answers_; }  // how often TellLate came

 private:
  enum class State : std::uint8_t {
    kNew,                // nothing said yet
    kJoiningPlain,       // within the step that answers open_device()
    kJoiningRegistered,  // within the step that answers kRegister
    kPlain,
    kRegistered,
    kOver,  // refused or disconnected
  };

  // The frame that made a plain client join: answered once it is accepted.
  enum class JoinFrame : std::uint8_t { kNone, kRead, kWrite, kReady };

  Input receive_new(const wire::FrameView& frame);
  Input receive_registration(const wire::FrameView& frame);
  Input receive_device_frame(const wire::FrameView& frame);
  Input receive_registered(const wire::FrameView& frame);
  Input receive_reply(const wire::FrameView& frame);
  void answer_first_device_frame();
  void answer_read(std::uint32_t tag);
  void answer_ready_if_readable();
  void send(wire::FrameWriter frame, bool with_thawed_page = false);
  void close(std::string_view reason);
  void refuse_registration(std::string_view reason);
  bool within_rate(coordinator::Instant now);

  Kind kind_;
  State state_ = State::kNew;
  std::uint64_t connection_;
  std::int64_t process_id_;
  coordinator::ParticipantId participant_;
  DeviceQueue device_;
  OutgoingQueue outgoing_;
  std::uint32_t frames_per_second_;
  coordinator::Instant second_began_;
  std::uint32_t frames_this_second_ = 0;
  std::uint32_t late_answers_ = 0;
  JoinFrame join_frame_ = JoinFrame::kNone;
  std::uint32_t join_tag_ = 0;
  std::optional<std::uint32_t> ready_tag_;  // of the kReady that waits for a request
  bool closing_ = false;
  coordinator::Reason closing_reason_;
};

}  // namespace vss::devices
