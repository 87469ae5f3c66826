// Sessions in the states that their tests begin with, and the frames that go in and out.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "devices/session.hpp"

namespace vss::devices {

using coordinator::AcceptParticipant;
using coordinator::Answered;
using coordinator::Instant;
using coordinator::ParticipantId;
using coordinator::Tell;
using coordinator::WriterJoined;
using wire::FrameKind;
using Op = coordinator::Operation;

inline constexpr ParticipantId kId{3, 7};
inline constexpr Instant kNow{1'000'000'000};

inline std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> packet(FrameKind kind, std::uint32_t tag = 1,
                                     const wire::DeviceMessage& message = {}) {
  return copy_of(wire::FrameWriter(kind, tag, message).bytes());
}

inline wire::DeviceMessage answer_to(const wire::DeviceMessage& request, std::uint32_t status = 0) {
  wire::DeviceMessage answer = request;
  answer.status = status;
  return answer;
}

// The next frame that the session would send; the kind is 0 where there is none.
struct Sent {
  std::vector<std::byte> bytes;
  wire::FrameView frame;
  bool with_page = false;
};
inline Sent take(Session& session) {
  Sent sent;
  if (session.outgoing().empty()) return sent;
  sent.bytes = copy_of(session.outgoing().front());
  sent.with_page = session.outgoing().front_carries_thawed_page();
  sent.frame = *wire::decode_frame(sent.bytes);
  session.sent();
  return sent;
}

template <typename Wanted>
Wanted event_of(const Input& input) {
  EXPECT_TRUE(input.event && std::holds_alternative<Wanted>(*input.event));
  return std::get<Wanted>(*input.event);
}

inline Session plain_session(Kind kind = Kind::kApplication) {
  Session session(kind, 42, 812);
  session.receive(kNow, packet(FrameKind::kRead));
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  take(session);
  return session;
}

inline Session registered_session(bool page = false) {
  Session session(Kind::kApplication, 42, 812);
  wire::Registration registration;
  registration.name = "db";
  session.receive(kNow, wire::make_frame(registration, 9).bytes());
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = base::seconds{2}},
                  page);
  return session;
}

inline Session registered_freezer() {
  Session session(Kind::kFilesystem, 42, 812);
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  session.receive(kNow, wire::make_frame(registration).bytes());
  session.perform(AcceptParticipant{.connection = 42, .id = kId, .timeout = {}}, false);
  take(session);
  return session;
}

inline Tell tell(Op operation, std::uint64_t message_id) {
  return {.id = kId, .operation = operation, .message_id = message_id, .transaction = {5}};
}

inline wire::DeviceMessage read(Session& session) {
  session.receive(kNow, packet(FrameKind::kRead, 77));
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kReadReply);
  EXPECT_EQ(reply.frame.tag, 77U);
  return reply.frame.message;
}

inline Answered write(Session& session, const wire::DeviceMessage& message) {
  const Input input = session.receive(kNow, packet(FrameKind::kWrite, 78, message));
  const Sent reply = take(session);
  EXPECT_EQ(reply.frame.kind, FrameKind::kWriteReply);
  EXPECT_EQ(reply.frame.message.status, wire::kStatusSuccess);
  return event_of<Answered>(input);
}

}  // namespace vss::devices
