#include "hostsim/answer_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hostsim/fields.hpp"
#include "hostsim/message.hpp"

namespace hostsim {
namespace {

Version version_at(View packet, std::size_t offset) {
  return {load<std::uint16_t>(packet, offset), load<std::uint16_t>(packet, offset + 2)};
}

// What a request offers, as far as it is there.
std::vector<Version> offered(View request, std::size_t first, std::size_t count) {
  std::vector<Version> versions;
  for (std::size_t i = first; i < first + count; ++i) {
    versions.push_back(version_at(request, kVersionsAt + i * 4));
  }
  return versions;
}

void store_version(Bytes& packet, std::size_t offset, Version version) {
  store(packet, offset, version.major);
  store(packet, offset + 2, version.minor);
}

// NEGOTIATE's body in the answer: framework 3.0, else 1.0; message 5.0; nothing where one lacks.
void expect_negotiated(View request, View answer, Bytes& expected) {
  const auto frameworks = offered(request, 0, load<std::uint16_t>(request, kFrameworkCountAt));
  const auto messages =
      offered(request, frameworks.size(), load<std::uint16_t>(request, kMessageCountAt));
  const bool newer = std::ranges::count(frameworks, Version{3, 0}) > 0;
  const bool older = std::ranges::count(frameworks, Version{1, 0}) > 0;
  const bool match = (newer || older) && std::ranges::count(messages, Version{5, 0}) > 0;

  std::ranges::fill(std::span(expected).subspan(kVersionsAt), std::uint8_t{0});
  store<std::uint16_t>(expected, kFrameworkCountAt, match ? 1 : 0);
  store<std::uint16_t>(expected, kMessageCountAt, match ? 1 : 0);
  store<std::uint32_t>(expected, kStatusAt, match ? kStatusOk : kStatusFail);
  if (match) {
    store<std::uint16_t>(expected, kBodySizeAt, 16);
    store_version(expected, kVersionsAt, newer ? Version{3, 0} : Version{1, 0});
    store_version(expected, kVersionsAt + 4, {5, 0});
    // A host takes what is left of its own request behind the chosen versions.
    constexpr std::size_t kTail = kVersionsAt + 8;
    if (answer.size() == request.size() && request.size() > kTail &&
        std::ranges::equal(answer.subspan(kTail), request.subspan(kTail))) {
      std::ranges::copy(request.subspan(kTail), expected.begin() + kTail);
    }
    return;
  }
  // Nobody says how long an answer without versions calls itself.
  const auto size = load<std::uint16_t>(answer, kBodySizeAt);
  if (size == 8 || size == 16) store(expected, kBodySizeAt, size);
}

bool must_succeed(View request) {
  return asks_for(request, Operation::kGetDmInfo) || asks_for(request, Operation::kBuComplete);
}

// hv_utils asks nobody about these, and refuses none.
bool passed_on_by_hv_utils(View request) {
  return asks_for(request, Operation::kHotBackup) || asks_for(request, Operation::kFreeze) ||
         asks_for(request, Operation::kThaw);
}

bool may_succeed(View request) {
  return must_succeed(request) || asks_for(request, Operation::kHotBackup) ||
         asks_for(request, Operation::kFreeze) || asks_for(request, Operation::kThaw);
}

// The guest chooses between two statuses, where there is a choice.
void expect_status(View request, View answer, AnswersOf whose, Bytes& expected) {
  const auto status = load<std::uint32_t>(answer, kStatusAt);
  const bool unasked = whose == AnswersOf::kHvUtils && !passed_on_by_hv_utils(request);
  if (must_succeed(request) || unasked) {
    store(expected, kStatusAt, kStatusOk);
  } else if (!may_succeed(request)) {
    store(expected, kStatusAt, kStatusFail);
  } else {
    store(expected, kStatusAt, status == kStatusOk ? kStatusOk : kStatusFail);
  }
}

// In place: everything that is not named here is the request's.
Bytes expected_answer(View request, View answer, AnswersOf whose) {
  Bytes expected(request.begin(), request.end());
  store(expected, kExchangeFlagsAt, kAnswerFlags);
  if (load<std::uint16_t>(request, kMessageTypeAt) == kNegotiateType) {
    expect_negotiated(request, answer, expected);
    return expected;
  }
  expect_status(request, answer, whose, expected);
  // Through hv_utils the host gets its own flags back.
  if (asks_for(request, Operation::kHotBackup) && whose == AnswersOf::kVssd) {
    store(expected, kOperationBodyAt, kNoAutoRecovery);
  }
  if (asks_for(request, Operation::kGetDmInfo)) {
    store<std::uint32_t>(expected, kOperationBodyAt, 0);
  }
  return expected;
}

}  // namespace

Verdict check_answer(View request, View answer, AnswersOf whose) {
  Verdict verdict;
  verdict.status = load<std::uint32_t>(answer, kStatusAt);
  for (Difference& difference : differences(expected_answer(request, answer, whose), answer)) {
    verdict.complaints.push_back(std::move(difference.text));
  }
  return verdict;
}

Verdict check_answer(View request, const Received& answer, AnswersOf whose) {
  Verdict verdict = check_answer(request, View(answer.packet), whose);
  const std::uint64_t trailer = std::uint64_t{answer.start} << 32U;
  if (answer.trailer != trailer) {
    verdict.complaints.push_back(
        fmt::format("trailer: {:#018x}, not {:#018x}", answer.trailer, trailer));
  }
  return verdict;
}

}  // namespace hostsim
