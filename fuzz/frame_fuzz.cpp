// Any bytes as a frame: refused, or read; and what was read is written and read again the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.hpp"
#include "wire/control.hpp"
#include "wire/participant.hpp"

namespace {

using namespace vss::wire;

// Written once, a body's frame no longer changes by being read and written.
template <typename Decode, typename Encode>
void hold_still(const FrameView& frame, Decode decode, Encode encode) {
  const auto body = decode(frame);
  if (!body) return;
  auto first = std::make_unique<FrameWriter>(encode(*body));
  if (!first->complete()) return;  // defaults were added to a frame that was full
  const auto checked = decode_frame(first->bytes());
  VSS_ASSERT(checked.has_value());
  const auto again = decode(*checked);
  VSS_ASSERT(again.has_value());
  auto second = std::make_unique<FrameWriter>(encode(*again));
  VSS_ASSERT(std::ranges::equal(first->bytes(), second->bytes()));
}

void try_bodies(const FrameView& frame) {
  const auto plain = [](const auto& body) { return make_frame(body); };
  const auto tagged = [](const auto& body) { return make_frame(body, 0); };
  hold_still(frame, decode_registration, tagged);
  hold_still(frame, decode_registration_reply, tagged);
  hold_still(frame, decode_event, plain);
  hold_still(frame, decode_reply, plain);
  hold_still(frame, decode_mount_detail, tagged);
  hold_still(frame, decode_freezer_status, plain);
  hold_still(frame, decode_control_request, tagged);
  hold_still(frame, decode_control_reply, tagged);
  hold_still(frame, decode_control_notice, plain);
  if (frame.kind == FrameKind::kPlan) {
    hold_still(frame, decode_filesystem_request,
               [](const auto& body) { return make_plan_request(body, 0); });
  }
  hold_still(frame, decode_plan_end, [](const auto& body) {
    return make_plan_end(body.summary, 0, body.status, body.reason);
  });
  if (frame.kind == FrameKind::kMoreTime) hold_still(frame, decode_more_time, make_more_time);
  const auto json = decode_control_data(frame);
  VSS_ASSERT(!json || json->size() <= frame.fields.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = decode_frame(std::as_bytes(std::span{data, size}));
  if (!frame) {
    VSS_ASSERT(!to_text(frame.error()).empty());
    return 0;
  }
  try_bodies(*frame);
  return 0;
}
