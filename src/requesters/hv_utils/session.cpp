#include "requesters/hv_utils/session.hpp"

#include <errno.h>

#include "base/assert.hpp"

namespace vss::requesters {

using wire::HvVssOperation;
using Do = HvUtilsSession::Step::Do;

namespace {

base::Duration limit_of(std::optional<HvVssOperation> operation) {
  if (operation == HvVssOperation::kFreeze) return kHvFreezeLimit;
  return operation == HvVssOperation::kThaw ? kHvThawLimit : kHvCheckLimit;
}

bool is_passing(int error) {
  return error == EINTR || error == EAGAIN;
}

}  // namespace

HvUtilsSession::Step HvUtilsSession::opened() {
  return write_registration();
}

std::size_t HvUtilsSession::expects() const {
  const bool version = registration_ == Registration::kAwaited && !version_outgrown_;
  return version ? wire::kHvVssVersionBytes : wire::kHvVssMessageBytes;
}

HvUtilsSession::Step HvUtilsSession::received(std::span<const std::byte> bytes, base::Instant now) {
  if (bytes.empty()) return close("the other end is gone");
  const bool may_be_version = registration_ != Registration::kDone;
  if (may_be_version && bytes.size() == wire::kHvVssVersionBytes) return take_version(bytes);
  return take_request(bytes, now);
}

HvUtilsSession::Step HvUtilsSession::read_failed(int error) {
  if (is_passing(error)) return {};
  if (error == EINVAL && expects() == wire::kHvVssVersionBytes) {
    version_outgrown_ = true;
    return {};
  }
  if (error == EINVAL) return close("a message is longer than any that is known");
  return close("the kernel takes the device away");
}

HvUtilsSession::Step HvUtilsSession::take_version(std::span<const std::byte> bytes) {
  if (wire::read_hv_vss_version(bytes) != wire::kHvVssVersion) {
    return close("the kernel speaks an unknown version");
  }
  registration_ = Registration::kDone;
  return {};
}

HvUtilsSession::Step HvUtilsSession::take_request(std::span<const std::byte> bytes,
                                                  base::Instant now) {
  const auto request = wire::read_hv_vss_request(bytes);
  if (!request) return close("a message had a wrong length");
  // Whatever is written next would be taken for the answer to one of the two, nobody knows which.
  if (outstanding_) return close("a request came while another one waited for its answer");
  version_outgrown_ = false;
  outstanding_ = Request{.operation = request->operation(),
                         .tag = ++last_tag_,
                         .asked = now,
                         .limit = now + limit_of(request->operation())};
  if (!outstanding_->operation) return write_answer(false);
  return {.what = Do::kAsk};
}

HvUtilsSession::Step HvUtilsSession::answer(std::uint32_t tag, bool success, base::Instant now,
                                            bool another_waits) {
  if (!outstanding_ || outstanding_->tag != tag) return {};
  if (now >= outstanding_->limit) return on_time(now);
  if (another_waits) return close("the kernel gave up a request before it was answered");
  return write_answer(success);
}

HvUtilsSession::Step HvUtilsSession::on_time(base::Instant now) {
  if (now < deadline()) return {};
  return close("a request was not answered before the kernel would give it up");
}

base::Instant HvUtilsSession::deadline() const {
  return outstanding_ ? outstanding_->limit : base::Instant::never();
}

HvUtilsSession::Step HvUtilsSession::written(base::Instant now) {
  if (!answering_) {
    registration_ = Registration::kAwaited;
    return {};
  }
  VSS_ASSERT(outstanding_.has_value());
  // A request that lay before the registration is done with: now there is room for it.
  Step next = registration_ == Registration::kRefused ? write_registration() : Step{};
  next.exchange =
      HostExchange{.link = kHvUtilsName,
                   .request = outstanding_->operation ? wire::to_text(*outstanding_->operation)
                                                      : std::string_view{"unknown operation"},
                   .asked = outstanding_->asked,
                   .answered = now,
                   .success = *answering_};
  outstanding_.reset();
  answering_.reset();
  return next;
}

HvUtilsSession::Step HvUtilsSession::write_failed(int error) {
  if (error == EBADF) return close("the kernel takes the device away");
  if (answering_) {
    return close(error == EINVAL ? "the kernel had given up a request when it was answered"
                                 : "an answer could not be given");
  }
  // The device was opened between a request's coming and its being read, and has it still.
  if (error == EINVAL || error == EFAULT) {
    registration_ = Registration::kRefused;
    return {};
  }
  return close("the registration could not be written");
}

HvUtilsSession::Step HvUtilsSession::write_registration() {
  registration_ = Registration::kWriting;
  return {.what = Do::kWrite, .message = wire::make_hv_vss_registration()};
}

HvUtilsSession::Step HvUtilsSession::write_answer(bool success) {
  answering_ = success;
  return {.what = Do::kWrite, .message = wire::make_hv_vss_answer(success)};
}

HvUtilsSession::Step HvUtilsSession::close(std::string_view why) {
  return {.what = Do::kClose, .why = why};
}

}  // namespace vss::requesters
