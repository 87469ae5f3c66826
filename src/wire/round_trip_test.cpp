// Whatever values a body has, it comes back with them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wire/control.hpp"
#include "wire/participant.hpp"

namespace vss::wire {
namespace {

// The same bytes again: what was read, written and read once more.
template <typename Body, typename Decoder>
Body through_the_wire(FrameWriter writer, Decoder decode) {
  RC_ASSERT(writer.complete());
  const auto frame = decode_frame(writer.bytes());
  RC_ASSERT(frame.has_value());
  const auto body = decode(*frame);
  RC_ASSERT(body.has_value());
  return *body;
}

bool same_bytes(FrameWriter a, FrameWriter b) {
  return std::ranges::equal(a.bytes(), b.bytes());
}

template <typename Enum>
Enum any_of(Enum first, Enum last) {
  return Enum{
      *rc::gen::inRange(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last) + 1)};
}

base::Duration any_duration() {
  return base::Duration{*rc::gen::inRange<std::int64_t>(0, 31'536'000'000'000'000)};
}

base::Instant any_instant() {
  if (*rc::gen::inRange(0, 8) == 0) return base::Instant::never();
  return {*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 62)};
}

template <std::size_t Capacity>
base::FixedText<Capacity> any_text(char first, char last, std::size_t least = 0) {
  const auto size = *rc::gen::inRange(least, Capacity + 1);
  auto gen = rc::gen::inRange(static_cast<int>(first), static_cast<int>(last) + 1);
  const auto bytes = *rc::gen::container<std::vector<int>>(size, gen);
  const std::string text(bytes.begin(), bytes.end());
  return base::FixedText<Capacity>(std::string_view(text));
}

Path any_path() {
  Path path("/");
  return path.append(any_text<1023>('!', '~'));
}

void fill(FilesystemRequest& request) {
  request.selection = any_of(Selection::kAll, Selection::kPaths);
  request.unfreezable = any_of(UnfreezablePolicy::kSync, UnfreezablePolicy::kFail);
  request.require = any_of(Grade::kCrash, Grade::kApplication);
  request.pre_sync = any_of(PreSync::kAuto, PreSync::kAlways);
  request.stall_budget = any_duration();
  const int paths = request.selection == Selection::kPaths ? *rc::gen::inRange(1, 20) : 0;
  for (int i = 0; i < paths; ++i)
    request.paths.push_back(any_path());
  const int patterns = *rc::gen::inRange(0, 20);
  for (int i = 0; i < patterns; ++i)
    request.exclude.push_back(any_text<256>('!', '~', 1));
}

Event any_event() {
  Event event;
  event.operation = any_of(Operation::kCheck, Operation::kAbort);
  event.message_id = *rc::gen::nonZero<std::uint64_t>();
  event.transaction = {*rc::gen::arbitrary<std::uint64_t>()};
  event.reply_deadline = any_instant();
  event.hold_deadline = any_instant();
  return event;
}

// Every property: the frame of the body that came back is the frame that was sent.
void check(const char* what, const std::function<void()>& property) {
  EXPECT_TRUE(rc::check(what, property)) << what;
}

TEST(RoundTrip, Registration) {
  check("registration", [] {
    Registration sent;
    sent.role = any_of(Role::kWriter, Role::kFreezer);
    sent.name = any_text<64>('0', '~', 1);
    sent.level = *rc::gen::inRange(0, 1000);
    sent.criticality = any_of(Criticality::kRequired, Criticality::kOptional);
    sent.timeout = any_duration();
    sent.version = any_text<32>(' ', '~');
    if (sent.role == Role::kFreezer && *rc::gen::arbitrary<bool>()) {
      sent.freezer_status = FreezerStatus{.clean = *rc::gen::arbitrary<bool>(),
                                          .guardian_alive = *rc::gen::arbitrary<bool>(),
                                          .last_thawed = {*rc::gen::arbitrary<std::uint64_t>()},
                                          .transaction = {*rc::gen::arbitrary<std::uint64_t>()},
                                          .reason = any_text<240>(' ', '~')};
    }
    const auto got = through_the_wire<Registration>(make_frame(sent), decode_registration);
    RC_ASSERT(got.freezer_status == sent.freezer_status);
    RC_ASSERT(same_bytes(make_frame(got), make_frame(sent)));
  });
}

TEST(RoundTrip, EventWithARequest) {
  check("event", [] {
    const Event sent = any_event();
    auto request = std::make_unique<FilesystemRequest>();
    fill(*request);
    const FrameWriter frame = make_frame(sent, *request);
    const auto got = through_the_wire<Event>(frame, decode_event);
    auto back = std::make_unique<FilesystemRequest>(
        through_the_wire<FilesystemRequest>(frame, decode_filesystem_request));
    RC_ASSERT(same_bytes(make_frame(got, *back), frame));
  });
}

TEST(RoundTrip, Reply) {
  check("reply", [] {
    Reply sent;
    sent.operation = *rc::gen::arbitrary<std::uint32_t>();
    sent.message_id = *rc::gen::arbitrary<std::uint64_t>();
    sent.status = *rc::gen::arbitrary<std::uint32_t>();
    sent.reason = any_text<240>(' ', '~');
    if (*rc::gen::arbitrary<bool>()) {
      sent.summary = FilesystemSummary{.to_freeze = *rc::gen::arbitrary<std::uint32_t>(),
                                       .frozen = *rc::gen::arbitrary<std::uint32_t>(),
                                       .plan_changed = *rc::gen::inRange(0u, 2u)};
    }
    const auto got = through_the_wire<Reply>(make_frame(sent), decode_reply);
    RC_ASSERT(got.summary == sent.summary);
    RC_ASSERT(same_bytes(make_frame(got), make_frame(sent)));
  });
}

TEST(RoundTrip, MountDetail) {
  check("mount detail", [] {
    MountDetail sent;
    sent.transaction = {*rc::gen::arbitrary<std::uint64_t>()};
    sent.device_major = *rc::gen::arbitrary<std::uint32_t>();
    sent.device_minor = *rc::gen::arbitrary<std::uint32_t>();
    sent.mount_id = *rc::gen::arbitrary<std::uint32_t>();
    sent.layer = *rc::gen::inRange(-1, 100);
    sent.action = any_of(MountAction::kFreeze, MountAction::kVeto);
    sent.result = any_of(MountResult::kPlanned, MountResult::kStuck);
    sent.error = *rc::gen::inRange(0, 4096);
    sent.began = {*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 62)};
    sent.freeze_time = any_duration();
    sent.thaw_time = any_duration();
    sent.mount_point = any_path();
    sent.filesystem_type = any_text<32>('a', 'z');
    sent.source = any_text<256>('\x01', '\x7f');
    sent.reason = any_text<240>(' ', '~');
    const auto got = through_the_wire<MountDetail>(make_frame(sent), decode_mount_detail);
    RC_ASSERT(same_bytes(make_frame(got), make_frame(sent)));
  });
}

TEST(RoundTrip, ControlRequest) {
  check("control request", [] {
    auto sent = std::make_unique<ControlRequest>();
    sent->command = *rc::gen::element(ControlCommand::kStatus, ControlCommand::kExplain,
                                      ControlCommand::kSnapshot, ControlCommand::kCheck);
    sent->transaction = {*rc::gen::arbitrary<std::uint64_t>()};
    fill(sent->filesystems);
    sent->require_given = *rc::gen::arbitrary<bool>();
    sent->hold_budget = any_duration();
    sent->note = any_text<256>(' ', '~');
    auto got = std::make_unique<ControlRequest>(
        through_the_wire<ControlRequest>(make_frame(*sent, 3), decode_control_request));
    RC_ASSERT(same_bytes(make_frame(*got, 3), make_frame(*sent, 3)));
  });
}

TEST(RoundTrip, ControlNotice) {
  check("control notice", [] {
    ControlNotice sent{.kind = any_of(NoticeKind::kExpired, NoticeKind::kEnded), .outcome = {}};
    sent.outcome.status = *rc::gen::arbitrary<std::uint32_t>();
    sent.outcome.transaction = {*rc::gen::arbitrary<std::uint64_t>()};
    sent.outcome.hold_deadline = any_instant();
    sent.outcome.grade = any_of(Grade::kCrash, Grade::kApplication);
    sent.outcome.reason = any_text<240>(' ', '~');
    const auto got = through_the_wire<ControlNotice>(make_frame(sent), decode_control_notice);
    RC_ASSERT(same_bytes(make_frame(got), make_frame(sent)));
  });
}

// No bytes make a decoder do more than refuse.
TEST(RoundTrip, OfAnythingIsRefusedOrRead) {
  check("anything", [] {
    auto bytes = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
    FrameWriter writer(FrameKind{*rc::gen::inRange<std::uint16_t>(0, 60)}, 0);
    const auto head = writer.bytes();
    std::vector<std::byte> packet(head.begin(), head.end());
    for (const std::uint8_t b : bytes)
      packet.push_back(std::byte{b});
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(packet.data() + 8, &size, sizeof size);
    const auto frame = decode_frame(packet);
    if (!frame) return;
    const auto registration = decode_registration(*frame);
    if (registration) RC_ASSERT(!registration->name.empty());
    const auto detail = decode_mount_detail(*frame);
    if (detail) RC_ASSERT(detail->mount_point.view().starts_with('/'));
    const auto reply = decode_reply(*frame);
    if (reply) RC_ASSERT(frame->kind == FrameKind::kReply);
  });
}

}  // namespace
}  // namespace vss::wire
