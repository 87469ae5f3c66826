#include "requesters/vmbus/dialogue.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "wire/hyperv/packet.hpp"

namespace vss::requesters::vmbus {

namespace hyperv = wire::hyperv;
using hyperv::VssOperation;

Dialogue::Dialogue() : requests_(std::make_unique<std::array<Request, kRequestsMax>>()) {}

Dialogue::Request* Dialogue::find_free() {
  const auto found = std::ranges::find(*requests_, State::kFree, &Request::state);
  return found == requests_->end() ? nullptr : &*found;
}

std::span<std::byte> Dialogue::buffer() {
  filling_ = find_free();
  return filling_ == nullptr ? std::span<std::byte>{} : std::span<std::byte>{filling_->packet};
}

std::span<std::byte> Dialogue::payload_of(Request& request) {
  return std::span<std::byte>{request.packet}
      .first(request.bytes)
      .subspan(hyperv::kDescriptorBytes);
}

// An answer is a plain packet: the payload directly behind the descriptor, no flags. False: this is
// no data.
bool Dialogue::make_plain(Request& request) {
  const std::span<std::byte> packet = std::span{request.packet}.first(request.bytes);
  auto descriptor = hyperv::decode_descriptor(packet.first<hyperv::kDescriptorBytes>());
  if (descriptor.type != hyperv::kPacketInBand) return false;
  const auto payload = packet.subspan(descriptor.payload_offset);
  std::ranges::copy(payload, packet.begin() + hyperv::kDescriptorBytes);
  request.bytes = hyperv::kDescriptorBytes + payload.size();
  descriptor.payload_offset = hyperv::kDescriptorBytes;
  descriptor.length = request.bytes;
  descriptor.flags = 0;
  std::ranges::copy(hyperv::encode(descriptor), packet.begin());
  return true;
}

void Dialogue::ignored(std::string_view why) {
  ++ignored_.count;
  ignored_.last = why;
}

std::optional<Question> Dialogue::received(std::size_t bytes, base::Instant now) {
  VSS_ASSERT(filling_ != nullptr && bytes >= hyperv::kDescriptorBytes);
  Request& request = *std::exchange(filling_, nullptr);
  request.bytes = bytes;
  request.asked = now;
  if (!make_plain(request)) {
    ignored("a packet is not of type 6, data in-band");
    return std::nullopt;
  }
  const auto payload = payload_of(request);
  const auto header = hyperv::decode_ic_header(payload);
  if (!header) {
    ignored(hyperv::to_text(header.error()));
    return std::nullopt;
  }
  if (header->type == hyperv::kIcVss) return vss(request, header->length);
  const auto negotiated = hyperv::negotiate_in_place(payload);
  if (!negotiated) {
    ignored("a negotiation has fewer versions than it says");
    return std::nullopt;
  }
  request.name = "NEGOTIATE";
  finish(request, negotiated->agreed);
  return std::nullopt;
}

std::optional<Question> Dialogue::vss(Request& request, std::size_t length) {
  const auto operation = hyperv::decode_vss_operation(payload_of(request), length);
  if (!operation) {
    ignored(hyperv::to_text(operation.error()));
    return std::nullopt;
  }
  request.operation = *operation;
  request.name = hyperv::to_text(*operation);
  switch (*operation) {
    case VssOperation::kHotBackup:
    case VssOperation::kFreeze:
    case VssOperation::kThaw:
      if (questions() == kQuestionsMax) break;
      request.state = State::kAsked;
      request.tag = ++last_tag_;
      return Question{*operation, request.tag};
    case VssOperation::kGetDmInfo:
    case VssOperation::kBackupComplete: finish(request, true); return std::nullopt;
    default: break;
  }
  finish(request, false);
  return std::nullopt;
}

std::size_t Dialogue::questions() const {
  return static_cast<std::size_t>(std::ranges::count(*requests_, State::kAsked, &Request::state));
}

bool Dialogue::answer(std::uint32_t tag, bool success) {
  for (Request& request : *requests_) {
    if (request.state != State::kAsked || request.tag != tag) continue;
    finish(request, success);
    return true;
  }
  return false;
}

// The answer is the request: same length, same transaction ids, another status.
void Dialogue::finish(Request& request, bool success) {
  const auto payload = payload_of(request);
  if (request.name != "NEGOTIATE") {
    hyperv::answer_in_place(payload, success ? hyperv::kStatusOk : hyperv::kStatusFail);
    if (request.operation == VssOperation::kHotBackup) {
      hyperv::put_vss_flags(payload, hyperv::kHotBackupFlags);
    }
    if (request.operation == VssOperation::kGetDmInfo) {
      hyperv::put_vss_flags(payload, hyperv::kNoDmInfo);
    }
  }
  request.success = success;
  request.order = next_order_++;
  request.state = State::kReady;
}

std::optional<ReadyAnswer> Dialogue::ready() const {
  const Request* oldest = nullptr;
  for (const Request& request : *requests_) {
    if (request.state != State::kReady) continue;
    if (oldest == nullptr || request.order < oldest->order) oldest = &request;
  }
  if (oldest == nullptr) return std::nullopt;
  return ReadyAnswer{.packet = std::span<const std::byte>{oldest->packet}.first(oldest->bytes),
                     .request = oldest->name,
                     .asked = oldest->asked,
                     .success = oldest->success};
}

void Dialogue::given() {
  Request* oldest = nullptr;
  for (Request& request : *requests_) {
    if (request.state != State::kReady) continue;
    if (oldest == nullptr || request.order < oldest->order) oldest = &request;
  }
  VSS_ASSERT(oldest != nullptr);
  oldest->state = State::kFree;
}

}  // namespace vss::requesters::vmbus
