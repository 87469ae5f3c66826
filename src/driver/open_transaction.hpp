// What the driver keeps beside the coordinator about the transaction that runs: what the freezer is
// asked for, what it reported, and what the record says that the coordinator does not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/configuration.hpp"
#include "coordinator/record.hpp"
#include "records/record.hpp"
#include "wire/control.hpp"

namespace vss::driver {

// One request as it was made. Large, so it lives on the heap; made before anything is frozen.
struct RequestDetails {
  wire::FilesystemRequest filesystems;  // the requester's choice under the administrator's policy
  std::string note;
  std::vector<std::string> paths;
};
std::unique_ptr<RequestDetails> details_of(const wire::ControlRequest& request,
                                           const config::Configuration& configuration);
// A host's request: all filesystems, what its kind of host requires.
std::unique_ptr<RequestDetails> details_of_host(coordinator::RequesterKind kind,
                                                const config::Configuration& configuration);
// The same policy for a plan, which asks for nothing else.
wire::FilesystemRequest under_policy(const wire::FilesystemRequest& request, bool require_given,
                                     const config::Configuration& configuration);

// Paths and patterns may each be within their limits and yet be too much for one frame to the
// freezer.
bool fits_a_frame(const wire::FilesystemRequest& request);

class OpenTransaction {
 public:
  OpenTransaction();

  void begin(base::TransactionId id, std::unique_ptr<RequestDetails> details,
             std::int64_t wall_clock_seconds);
  base::TransactionId id() const { return id_; }
  const wire::FilesystemRequest& request() const { return details_->filesystems; }

  // A kDetail frame. Kept as it came, in memory taken at start; what does not fit is counted.
  // Freeze-safe.
  void keep(const wire::FrameView& detail);

  // Not in the freeze window for its sake, but it allocates a good deal.
  records::TransactionRecord make_record(const coordinator::Record& record,
                                         std::vector<records::HostPart> host = {});

 private:
  static constexpr std::size_t kDetailBytesMax = std::size_t{4} << 20;

  base::TransactionId id_;
  std::unique_ptr<RequestDetails> details_;
  std::int64_t began_wall_ = 0;
  std::vector<std::byte> kept_;  // size of the fields, the fields; again and again
  std::uint32_t not_kept_ = 0;
};

// The record of a transaction that was open when the driver before this one died.
records::TransactionRecord record_of_lost(const coordinator::OpenNote& note,
                                          std::int64_t wall_clock_seconds);

}  // namespace vss::driver
