// Any bytes as the payload of a host's packet: an answer is as long as its request, says what it
// says, and nothing but status, flags and versions differs from it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "wire/hyperv/little_endian.hpp"
#include "wire/hyperv/vss_message.hpp"

namespace {

using namespace vss::wire::hyperv;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kStatusOffset = 20;
constexpr std::size_t kTransactionId = 24;
constexpr std::size_t kFlagsOffset = 25;

void check_answered(const Bytes& before, const Bytes& after, std::uint32_t status) {
  VSS_ASSERT(after.size() == before.size());
  VSS_ASSERT(get<std::uint32_t>(after, kStatusOffset) == status);
  VSS_ASSERT(get<std::uint8_t>(after, kFlagsOffset) == 5);
  VSS_ASSERT(after[kTransactionId] == before[kTransactionId]);
}

void negotiate(const Bytes& request) {
  Bytes answer = request;
  const auto negotiated = negotiate_in_place(answer);
  if (!negotiated) {
    VSS_ASSERT(answer == request);
    return;
  }
  check_answered(request, answer, negotiated->agreed ? kStatusOk : kStatusFail);
  const std::uint16_t count = negotiated->agreed ? 1 : 0;
  VSS_ASSERT(get<std::uint16_t>(answer, 28) == count && get<std::uint16_t>(answer, 30) == count);
  const std::size_t used = negotiated->agreed ? 44 : 28;
  VSS_ASSERT(std::all_of(answer.begin() + static_cast<std::ptrdiff_t>(used), answer.end(),
                         [](std::byte byte) { return byte == std::byte{0}; }));
}

void serve(const Bytes& request, std::size_t length) {
  const auto operation = decode_vss_operation(request, length);
  if (!operation) return;
  VSS_ASSERT(!to_text(*operation).empty());
  Bytes answer = request;
  answer_in_place(answer, kStatusFail);
  put_vss_flags(answer, kHotBackupFlags);
  check_answered(request, answer, kStatusFail);
  VSS_ASSERT(std::equal(answer.begin() + kVssPayloadBytesMin, answer.end(),
                        request.begin() + kVssPayloadBytesMin));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = std::as_bytes(std::span{data, size});
  const Bytes payload(given.begin(), given.end());
  const auto header = decode_ic_header(payload);
  if (!header) {
    VSS_ASSERT(!to_text(header.error()).empty());
    return 0;
  }
  VSS_ASSERT(header->length <= payload.size());
  if (header->type == kIcVss) {
    serve(payload, header->length);
  } else {
    negotiate(payload);
  }
  return 0;
}
